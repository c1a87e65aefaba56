"""How what was handed over differs from what the host of the badge gives.

An issuer may correct a text, or move a picture, long after the award; that makes nobody a forger. What an award is
about does not change: who, what, by whom, from when, until when.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.open_badges_2.dates import parse_date
from node.credentials.open_badges_2.identity import read_identity, same_recipient
from node.credentials.open_badges_2.objects import Assertion, BadgeClass
from node.documents import JsonObject, JsonValue, pointer
from node.verification.open_badges_2.library import same_address

DATES: Final = ("issuedOn", "expires")
IDENTIFYING: Final = frozenset({"recipient", "badge", *DATES})
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


def compare(received: JsonObject, published: JsonObject) -> Iterator[Differing]:
    """The members that differ; those that are only missing from what was handed over are no difference."""
    mine, theirs = read_identity(received.get("recipient")), read_identity(published.get("recipient"))
    same = None if mine is None or theirs is None else same_recipient(mine, theirs)
    if same is not True:
        yield Differing(Difference.UNKNOWN if same is None else Difference.CONTRADICTS, "/recipient")
    yield from _badge(Assertion(received), Assertion(published))
    for name in DATES:
        if not _same_date(received.get(name), published.get(name)):
            yield Differing(Difference.CONTRADICTS, pointer(name))
    for name, value in received.items():
        if name not in IDENTIFYING | NOTHING and published.get(name) != value:
            yield Differing(Difference.CHANGED, pointer(name))


def _badge(mine: Assertion, theirs: Assertion) -> Iterator[Differing]:
    """The badge class is the same by its IRI, and where it was handed over whole, by its issuer and its title too."""
    received, published = mine.badge, theirs.badge
    if received.iri is not None and published.iri is not None and not same_address(received.iri, published.iri):
        yield Differing(Difference.CONTRADICTS, "/badge")
    elif received.copy is not None and published.copy is not None:
        one, other = BadgeClass(received.copy).issuer.iri, BadgeClass(published.copy).issuer.iri
        if one is not None and other is not None and not same_address(one, other):
            yield Differing(Difference.CONTRADICTS, "/badge/issuer")
        for name, value in received.copy.items():
            if name not in {"issuer", *NOTHING} and published.copy.get(name) != value:
                yield Differing(Difference.CHANGED, pointer("badge", name))
    elif received.copy is not None and received.iri is None:
        yield Differing(Difference.CHANGED, "/badge")


def _same_date(one: JsonValue, other: JsonValue) -> bool:
    if one == other:
        return True
    try:
        return parse_date(one) == parse_date(other)
    except TimestampError:
        return False
