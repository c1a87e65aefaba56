"""What was handed over as a badge of Open Badges 2: its JSON, a JWS over that, or the address where it is hosted."""

from dataclasses import dataclass, replace
from typing import Self

from node.credentials.open_badges_2.objects import Assertion, Kind, is_assertion
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, parse_object
from node.proofs.jose.jws import Jws


@dataclass(frozen=True, slots=True)
class ReceivedBadge:
    """A badge as it was received: nothing in it has been verified, and of a hosted one nothing but its address counts.

    `address_only` says that nothing else was handed over; `document` then says no more than that.
    """

    document: JsonObject
    jws: Jws | None = None
    address_only: bool = False

    @classmethod
    def at(cls, address: str) -> Self:
        """The badge that is hosted at an address."""
        return cls({"id": address, "type": "Assertion", "verification": {"type": "HostedBadge"}}, address_only=True)

    @property
    def assertion(self) -> Assertion:
        """The assertion, by its bringer's word."""
        return Assertion(self.document)

    @property
    def kind(self) -> Kind | None:
        """How it is to be verified; what is signed and does not say otherwise is verified by its signature."""
        stated = self.assertion.kind
        return Kind.SIGNED if stated is None and self.jws is not None else stated


def badge_in_jws(jws: Jws) -> ReceivedBadge | None:
    """The badge that a JWS is over, or None where it is over something else."""
    try:
        document = parse_object(jws.payload, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError:
        return None
    return replace(ReceivedBadge(document), jws=jws) if is_assertion(document) else None
