"""Who shows something: by which key, which only they have."""

from dataclasses import dataclass

from did_methods.did import parse_did_url
from node.ports import KeyStore


@dataclass(frozen=True, slots=True)
class Holder:
    """The one who shows: a verification method, and the keys that its private half is among."""

    verification_method: str
    keys: KeyStore

    @property
    def did(self) -> str:
        """The holder's identifier."""
        return str(parse_did_url(self.verification_method).did)
