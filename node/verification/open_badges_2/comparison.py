"""How what was handed over differs from what the host of the badge gives.

An issuer may correct a text, or move a picture, long after the award; that makes nobody a forger. What an award is
about does not change: who, what, by whom, from when, until when.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.open_badges_2.dates import parse_date
from node.credentials.open_badges_2.identity import read_identity, same_recipient
from node.credentials.open_badges_2.objects import Assertion, BadgeClass, Link
from node.documents import JsonObject, JsonValue, pointer
from node.verification.open_badges_2.library import same_address

DATES: Final = ("issuedOn", "expires")
IDENTIFYING: Final = frozenset({"recipient", "badge", *DATES})
NAMING: Final = frozenset({"type", "identity", "hashed", "salt"})
"""What names a recipient, in one of several spellings."""
NOTHING: Final = frozenset({"@context", "id"})
"""Members that say nothing of the award: contexts are not processed, and by the id the other was found."""


class Difference(StrEnum):
    """What a difference means."""

    CONTRADICTS = "contradicts"
    UNKNOWN = "unknown"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Differing:
    """One member that differs."""

    kind: Difference
    path: str


def compare(received: JsonObject, published: JsonObject, badge: JsonObject | None = None) -> Iterator[Differing]:
    """The members that differ; those that are only missing from what was handed over are no difference.

    `badge` is the badge class that the published one names, with its issuer's profile inside where that is known.
    """
    mine, theirs = read_identity(received.get("recipient")), read_identity(published.get("recipient"))
    same = None if mine is None or theirs is None else same_recipient(mine, theirs)
    if same is not True:
        yield Differing(Difference.UNKNOWN if same is None else Difference.CONTRADICTS, "/recipient")
    yield from _changed(received.get("recipient"), published.get("recipient"), "/recipient", NAMING)
    yield from _badge(Assertion(received).badge, Assertion(published).badge, badge)
    for name in DATES:
        if not _same_date(received.get(name), published.get(name)):
            yield Differing(Difference.CONTRADICTS, pointer(name))
    yield from _changed(received, published, "", IDENTIFYING | NOTHING)


def _badge(received: Link, published: Link, named: JsonObject | None) -> Iterator[Differing]:
    """The badge class is the same by its IRI; where it was handed over whole, by its issuer too."""
    if received.iri is not None and published.iri is not None and not same_address(received.iri, published.iri):
        yield Differing(Difference.CONTRADICTS, "/badge")
        return
    if received.copy is None:
        return
    if named is None:
        yield Differing(Difference.CHANGED, "/badge")
        return
    one, other = BadgeClass(received.copy).issuer, BadgeClass(named).issuer
    if one.iri is not None and other.iri is not None and not same_address(one.iri, other.iri):
        yield Differing(Difference.CONTRADICTS, "/badge/issuer")
    if other.copy is not None:
        yield from _changed(one.copy, other.copy, "/badge/issuer", NOTHING)
    yield from _changed(received.copy, named, "/badge", NOTHING | {"issuer"})


def _changed(mine: JsonValue, theirs: JsonValue, path: str, but: AbstractSet[str]) -> Iterator[Differing]:
    """The members that somebody may have changed since."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name, value in mine.items():
            if name not in but and theirs.get(name) != value:
                yield Differing(Difference.CHANGED, path + pointer(name))


def _same_date(one: JsonValue, other: JsonValue) -> bool:
    if one == other:
        return True
    try:
        return parse_date(one) == parse_date(other)
    except TimestampError:
        return False
