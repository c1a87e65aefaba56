"""Documents of those the holder talks to: in the identifier itself, or asked for once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from did_methods import jwk, key, peer
from did_methods.did import parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError
from node.didcomm.errors import UnresolvedError
from node.documents import JsonObject

MAX_RESOLVED: Final = 4
"""Identifiers that are asked for because of one message."""
_REMEMBERED: Final = 256
_READ: Final[Mapping[str, Callable[..., JsonObject]]] = {
    key.METHOD: key.resolve_key,
    peer.METHOD: peer.resolve_peer,
    jwk.METHOD: jwk.resolve_jwk,
}

type Resolve = Callable[[str], Awaitable[DidDocument | None]]
"""Asks for the document of a DID; None where it has none, or nobody can tell now."""


@dataclass(frozen=True, slots=True)
class Library:
    """Documents that are at hand; `resolve` brings others."""

    resolve: Resolve
    brought: dict[str, DidDocument] = field(default_factory=dict)

    def __call__(self, did: str) -> DidDocument | None:
        """The document of a DID, or None where it has to be asked for."""
        return self.brought.get(did) or contained(did)

    async def until_done[T](self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work comes to, with the documents that it needs; raises UnresolvedError for one that nobody has."""
        for _ in range(MAX_RESOLVED):
            try:
                return await work()
            except UnresolvedError as error:
                document = await self.resolve(error.did)
                if document is None:
                    raise
                self.brought[error.did] = document
        return await work()


@lru_cache(maxsize=_REMEMBERED)
def contained(did: str) -> DidDocument | None:
    """The document that an identifier holds; None where it holds none."""
    try:
        parsed = parse_did(did)
        read = _READ.get(parsed.method)
        return None if read is None else DidDocument.parse(read(parsed))
    except DidMethodsError:
        return None
