"""The composition root: where the parts that know nothing of one another are put together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from did_methods import jwk, key, web
from did_methods.errors import AbsentError, UnavailableError
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.resolution import Method, resolve
from did_methods.web import WebMethod
from node.adapters.fetch import GuardedFetch
from node.adapters.remembered_fetch import RememberedFetch
from node.adapters.web_url import Rules
from node.documents import parse_object
from node.verification.errors import FetchError
from node.verification.sources import Fetch, Sources, no_fetch

ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def methods(*, online: bool = False, loopback: bool = False, remember: bool = False) -> Mapping[str, Method]:
    """The DID methods of this program. did:key and did:jwk read the identifier alone; did:web asks its host, if at all.

    A document of did:web has its host for its authority, so a host that leads elsewhere is not followed.
    """
    fetch = _fetch(online=online, loopback=loopback, remember=remember, same_host=True)
    return MappingProxyType(
        {
            key.METHOD: KeyMethod(),
            jwk.METHOD: JwkMethod(),
            web.METHOD: WebMethod(DocumentReader(fetch), parse_object, loopback=loopback),
        }
    )


def sources(*, online: bool = False, loopback: bool = False, remember: bool = False) -> Sources:
    """What gathering asks of the outside: DIDs, addresses and the machine's clock; offline, nobody is asked anything.

    `loopback` opens this machine's own addresses to what strangers name, for tests and development. `remember` asks
    nobody twice for the same thing within minutes, for runs over many documents in one event loop.
    """
    known = methods(online=online, loopback=loopback, remember=remember)
    return Sources(
        resolve=lambda did: resolve(did, known),
        now=lambda: datetime.now(UTC),
        fetch=_fetch(online=online, loopback=loopback, remember=remember),
    )


def _fetch(*, online: bool, loopback: bool, remember: bool, same_host: bool = False) -> Fetch:
    if not online:
        return no_fetch
    guarded = GuardedFetch(Rules(loopback=loopback), same_host=same_host)
    return RememberedFetch(guarded) if remember else guarded


class DocumentReader:
    """A Fetch as did:web asks for it: bytes alone, and the errors of that room."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> bytes:
        """The bytes that the address answers with."""
        try:
            return (await self._fetch(url, accept=accept, max_bytes=max_bytes)).body
        except FetchError as error:
            kind = AbsentError if error.status in ABSENT else UnavailableError
            raise kind(str(error), code=error.code, remedy=error.remedy) from error
