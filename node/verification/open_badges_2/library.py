"""What is known of the objects that hosts publish, by their addresses.

A host is asked at the https form of an address, whatever the address says: what is had without TLS is nobody's word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from node.credentials.open_badges_2.objects import authority_of, links, on_the_web
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, parse_object
from node.verification.material import BadgeObjectCopy, Origin, VerificationMaterial

_PLAIN: Final = re.compile(r"http://(?P<host>[^/?#:@]+)(?P<way>[/?].*)?", re.DOTALL | re.IGNORECASE)
BEST_FIRST: Final[Mapping[Origin, int]] = MappingProxyType({Origin.LIVE: 0, Origin.SAVED: 1, Origin.FILE: 2})


def asked_at(iri: str) -> str:
    """The address that is asked for an object: without a fragment, and with https unless a port is named."""
    address = iri.partition("#")[0]
    match = _PLAIN.fullmatch(address)
    return f"https://{match['host']}{match['way'] or ''}" if match else address


def same_address(one: str | None, other: str | None) -> bool:
    """Whether two IRIs are the same but for http in the place of https."""
    if one is None or other is None:
        return False
    return one.removeprefix("http://").removeprefix("https://") == other.removeprefix("http://").removeprefix(
        "https://"
    )


@dataclass(frozen=True, slots=True)
class Published:
    """An object that its host publishes, as this verifier fetched it, or as a file claims it."""

    iri: str
    document: JsonObject
    origin: Origin
    time: datetime
    place: str
    """The address that answered in the end."""

    @property
    def host(self) -> str | None:
        """The host that answered in the end."""
        return authority_of(self.place)

    @property
    def own(self) -> bool:
        """Whether this verifier had it from the host; what came with a file is nobody's word."""
        return self.origin is not Origin.FILE

    @property
    def moved(self) -> bool:
        """Whether another host answered than the one whose word it should be."""
        return self.host != authority_of(asked_at(self.iri))


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that its host took away for good. It may say why."""

    iri: str
    document: JsonObject
    origin: Origin
    time: datetime

    @property
    def own(self) -> bool:
        """Whether this verifier was told so by the host."""
        return self.origin is not Origin.FILE


@dataclass(frozen=True, slots=True)
class Absent:
    """An object that is not at hand, and why."""

    iri: str
    reason: str


class Library:
    """The copies in the material by address; `asked` are the addresses that were looked up, in order."""

    __slots__ = ("_copies", "_failures", "asked")

    def __init__(self, material: VerificationMaterial) -> None:
        self._failures = material.failures
        self._copies: dict[str, BadgeObjectCopy] = {}
        self.asked: dict[str, None] = {}
        for copy in material.badge_objects:
            known = self._copies.get(copy.url)
            if known is None or _rank(copy) < _rank(known):
                self._copies[copy.url] = copy

    def find(self, iri: str) -> Published | Gone | Absent:
        """The object that has this IRI, from the address that the IRI is.

        1. The IRI is an address on the web.
        2. A copy is at hand; or its host has taken the object away.
        3. The copy is one JSON object, strictly read.
        4. It calls this IRI its own, or is of the years when objects had no IRI. One with a fragment stands inside.
        """
        if not on_the_web(iri):  # 1.
            return Absent(iri, f"{iri[:96]} is no address on the web")
        address = asked_at(iri)
        self.asked[address] = None
        copy = self._copies.get(address)  # 2.
        if copy is None:
            failure = self._failures.get(address)
            return Absent(iri, failure.message if failure else f"nobody asked {address[:96]}")
        if copy.gone:
            return Gone(iri, _object(copy) or {}, copy.origin, copy.obtained_at)
        whole = _object(copy)  # 3.
        if whole is None:
            return Absent(iri, f"what is at {address[:96]} is no JSON object")
        found = _named(whole, iri)  # 4.
        if found is None:
            return Absent(iri, f"what is at {address[:96]} calls another address its own")
        return Published(iri, found, copy.origin, copy.obtained_at, copy.served_from)


def _rank(copy: BadgeObjectCopy) -> tuple[int, float]:
    """What this verifier fetched before what a file brought; the newest first."""
    return BEST_FIRST.get(copy.origin, len(BEST_FIRST)), -copy.obtained_at.timestamp()


def _object(copy: BadgeObjectCopy) -> JsonObject | None:
    try:
        return parse_object(copy.content, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError:
        return None


def _named(whole: JsonObject, iri: str) -> JsonObject | None:
    """The object with this IRI: the whole, or, where the IRI has a fragment, a key inside it."""
    own = whole.get("id")
    if own is None and "#" not in iri:
        return whole
    if isinstance(own, str) and same_address(own, iri):
        return whole
    inside = links(whole.get("publicKey")) if "#" in iri else ()
    return next((key.copy for key in inside if key.copy is not None and same_address(key.iri, iri)), None)
