"""The objects that make up a badge, as views: an assertion, its badge class, the profile of its issuer, keys, lists.

A view tells what is well formed and leaves out the rest. An object may stand for another by its IRI or hold a copy of
it; which of the two counts, and where a copy may come from, is a matter of verification.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#open-badges-vocabulary
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from node.credentials.structure import one_or_many, types_of
from node.documents import JsonObject, JsonValue

ASSERTION: Final = "Assertion"
NOT_REVOKED: Final = (None, False, "false", "")
"""How it may say that it was not revoked; whatever else it says there, its issuer had a reason to."""
_MEMBERS_OF_1_0: Final = frozenset({"uid", "recipient", "badge", "verify"})
"""Version 1.0 had no types: an object with these members is an assertion."""


class Kind(StrEnum):
    """How an assertion is to be verified, by its own word."""

    HOSTED = "hosted"
    SIGNED = "signed"
    OTHER = "other"


_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "hosted": Kind.HOSTED,
        "HostedBadge": Kind.HOSTED,
        "signed": Kind.SIGNED,
        "SignedBadge": Kind.SIGNED,
    }
)


class Link(NamedTuple):
    """What a member says of another object: its IRI, a copy of it, or both; neither where it says nothing usable."""

    iri: str | None
    copy: JsonObject | None


def link(value: JsonValue) -> Link:
    """The link in a member that holds one."""
    if isinstance(value, dict):
        own = value.get("id")
        inside = value if value.keys() - {"id"} else None
        return Link(own if isinstance(own, str) and own else None, inside)
    return Link(value if isinstance(value, str) and value else None, None)


def links(value: JsonValue) -> tuple[Link, ...]:
    """The links in a member that holds one or several."""
    found = [link(item) for item, _ in one_or_many(value, "")]
    return tuple([item for item in found if item != (None, None)])


def is_assertion(document: JsonObject) -> bool:
    """Whether a document says that it is an assertion of Open Badges, rather than anything else."""
    types = types_of(document)
    return ASSERTION in types if types else document.keys() >= _MEMBERS_OF_1_0


_WEB: Final = re.compile(
    r"https?://(?P<authority>(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)(?P<way>[/?#].*)?",
    re.DOTALL | re.IGNORECASE,
)
_USUAL_PORT: Final = re.compile(r":(?:443|80)")


def on_the_web(iri: str | None) -> bool:
    """Whether an IRI is an address on the web."""
    return iri is not None and _WEB.fullmatch(iri) is not None


def authority_of(iri: str) -> str | None:
    """The host of an address on the web in lower case, with its port where that is an unusual one; None for others."""
    match = _WEB.fullmatch(iri)
    if match is None:
        return None
    authority = match["authority"].lower()
    host, colon, port = authority.rpartition(":")
    return host if colon and _USUAL_PORT.fullmatch(f":{port}") else authority


def way_of(iri: str) -> str:
    """What stands behind the host of an address on the web."""
    match = _WEB.fullmatch(iri)
    return (match["way"] or "/") if match else ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """An award of a badge to one recipient."""

    document: JsonObject

    @property
    def id(self) -> str | None:
        """Its IRI; None in version 1.0."""
        return _text(self.document, "id")

    @property
    def uid(self) -> str | None:
        """What version 1 called it by, within its issuer."""
        return _text(self.document, "uid")

    @property
    def kind(self) -> Kind | None:
        """How it is to be verified; None where it does not say."""
        stated = types_of(self._verification) if self._verification else ()
        kinds = {_KINDS.get(name, Kind.OTHER) for name in stated}
        known = kinds - {Kind.OTHER}
        if len(known) == 1:
            return known.pop()
        return Kind.OTHER if kinds else None

    @property
    def address(self) -> str | None:
        """Where it is hosted: its id, or in version 1 the address that its instructions name."""
        if on_the_web(self.id):
            return self.id
        url = self._verification.get("url")
        return url if isinstance(url, str) and on_the_web(url) else None

    @property
    def creator(self) -> Link:
        """The key that it says to be signed with; in version 1 its address stood under `url`."""
        value = self._verification.get("creator")
        return link(self._verification.get("url") if value is None else value)

    @property
    def badge(self) -> Link:
        """Its badge class."""
        return link(self.document.get("badge"))

    @property
    def revoked(self) -> bool:
        """Whether it says of itself that it was revoked; some write it as a text."""
        return self.document.get("revoked") not in NOT_REVOKED

    @property
    def _verification(self) -> JsonObject:
        value = self.document.get("verification", self.document.get("verify"))
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class BadgeClass:
    """What can be earned."""

    document: JsonObject

    @property
    def id(self) -> str | None:
        """Its IRI."""
        return _text(self.document, "id")

    @property
    def issuer(self) -> Link:
        """The profile of who issues it."""
        return link(self.document.get("issuer"))


@dataclass(frozen=True, slots=True)
class Profile:
    """Who issues badges, and by what rules these are to be verified."""

    document: JsonObject

    @property
    def id(self) -> str | None:
        """Its IRI."""
        return _text(self.document, "id")

    @property
    def name(self) -> str | None:
        """What it calls itself."""
        return _text(self.document, "name")

    @property
    def keys(self) -> tuple[Link, ...]:
        """The keys that it signs with."""
        return links(self.document.get("publicKey"))

    @property
    def revocation_list(self) -> str | None:
        """Where it publishes what was revoked of the badges that it signed."""
        return link(self.document.get("revocationList")).iri

    @property
    def instructions(self) -> JsonObject:
        """Its own rules for where its assertions are hosted; empty where it gives none."""
        value = self.document.get("verification")
        return value if isinstance(value, dict) else {}


def endorsements(assertion: JsonObject) -> list[tuple[str, str | None]]:
    """The endorsements that an assertion, its badge class and its issuer name: of which of them, and by which IRI.

    The badge class and the profile are those that stand inside.

    Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#Endorsement
    """
    badge = link(assertion.get("badge")).copy or {}
    issuer = link(badge.get("issuer")).copy or {}
    places = (("", assertion), ("/badge", badge), ("/badge/issuer", issuer))
    return [(path, named.iri) for path, place in places for named in links(place.get("endorsement"))]


def texts(value: JsonValue) -> tuple[str, ...]:
    """The texts of a member that holds one or several."""
    return tuple([item for item, _ in one_or_many(value, "") if isinstance(item, str) and item])


def _text(document: JsonObject, member: str) -> str | None:
    value = document.get(member)
    return value if isinstance(value, str) and value else None
