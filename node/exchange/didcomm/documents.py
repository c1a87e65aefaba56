"""The documents of those who write to us: in the identifier itself, or asked for where foreign input is read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from did_methods import jwk, key, peer
from did_methods.did import parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError
from node.didcomm.errors import UnresolvedError
from node.documents import JsonObject
from node.ports.judging import InputRefusedError, Judging

MAX_RESOLVED: Final = 4
"""Identifiers that are asked for because of one message: its sender, a former one, a holder, a mediator."""
_REMEMBERED: Final = 1024
_READ: Final[Mapping[str, Callable[..., JsonObject]]] = {
    key.METHOD: key.resolve_key,
    peer.METHOD: peer.resolve_peer,
    jwk.METHOD: jwk.resolve_jwk,
}


@dataclass(frozen=True, slots=True)
class Known:
    """Documents: those that were brought, and those that an identifier holds itself."""

    brought: Mapping[str, DidDocument]

    def __call__(self, did: str) -> DidDocument | None:
        """The document of a DID, or None where it has to be asked for."""
        return self.brought.get(did) or contained(did)


@lru_cache(maxsize=_REMEMBERED)
def contained(did: str) -> DidDocument | None:
    """The document that an identifier holds; None where it holds none."""
    try:
        parsed = parse_did(did)
        read = _READ.get(parsed.method)
        return None if read is None else DidDocument.parse(read(parsed))
    except DidMethodsError:
        return None


@dataclass(frozen=True, slots=True)
class Resolving:
    """Does what needs documents, until those it needs are at hand."""

    judges: Judging

    async def done[T](self, work: Callable[[Known, frozenset[str]], T]) -> T:
        """What the work comes to, in a thread; its second argument are identifiers that nobody can resolve.

        Raises UnresolvedError for one of these that it cannot do without, and for one too many.
        """
        return await self.until_done(lambda known, unresolvable: asyncio.to_thread(work, known, unresolvable))

    async def until_done[T](self, work: Callable[[Known, frozenset[str]], Awaitable[T]]) -> T:
        """The same for what is awaited."""
        brought: dict[str, DidDocument] = {}
        unresolvable: set[str] = set()
        while True:
            try:
                return await work(Known(brought), frozenset(unresolvable))
            except UnresolvedError as error:
                if error.did in unresolvable or len(brought) + len(unresolvable) >= MAX_RESOLVED:
                    raise
                document = await self.document(error.did)
                if document is None:
                    unresolvable.add(error.did)
                else:
                    brought[error.did] = document

    async def document(self, did: str) -> DidDocument | None:
        """The document of a DID; None where it has none, or nobody can tell now."""
        try:
            found = (await self.judges.resolve(did)).document
            return None if found is None else DidDocument.parse(found)
        except (DidMethodsError, InputRefusedError):
            return None
