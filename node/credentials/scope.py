"""What an accreditation is for: types, achievements, levels, countries. What it does not mention, it does not limit.

One scope covers another where it is nowhere narrower, and a document where the document is within every limit; what the
document leaves unsaid is within none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import rfc8785

from node.credentials.errors import ScopeError, shown
from node.credentials.structure import is_url
from node.documents import JsonObject, JsonValue, pointer

MAX_ITEMS: Final = 64
"""Values of one limit: a school accredited for each of its courses has some dozens."""
MAX_CHARS: Final = 512
"""Of one value; identifiers of achievements are addresses."""
TYPES: Final = "types"
ACHIEVEMENTS: Final = "achievement"
LEVELS: Final = "level"
COUNTRIES: Final = "limitJurisdiction"
_MEMBERS: Final = (TYPES, ACHIEVEMENTS, LEVELS, COUNTRIES)
_LEVEL: Final = ("framework", "code")
_COUNTRY_CHARS: Final = 2


class Level(NamedTuple):
    """A level of a framework: `EQF` and `4`, `PRK` and `6`."""

    framework: str
    code: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What a document says of itself that a scope can limit."""

    types: frozenset[str]
    """The types of the document, and those that its achievement gives itself."""
    achievements: frozenset[str | None]
    """Their identifiers; None stands for one without."""
    levels: frozenset[Level | None]
    """None stands for a level whose framework or code cannot be read."""
    countries: frozenset[str]
    """Of the issuer, in two letters."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an accreditation is for; an empty limit is none.

    Of `types` a document has to have all, as of the types of a credential. All that it states of achievements, levels
    and countries has to be among those named: a document that also claims a level outside is not covered.
    """

    types: frozenset[str] = frozenset()
    achievements: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()
    countries: frozenset[str] = frozenset()

    @classmethod
    def read(cls, value: JsonValue, path: str = "") -> Self:
        """The scope in an object of these members and no others: one that was not understood would be a limit lost.

        Raises ScopeError, with the place of what is wrong.
        """
        if not isinstance(value, dict):
            raise ScopeError(f"{shown(value)} is no object that says what it is for", path=path)
        for name in value:
            if name not in _MEMBERS:
                raise ScopeError(f"{shown(name)} limits an accreditation in a way not known here", path=_at(path, name))
        levels = list(_items(value, LEVELS, path))
        return cls(
            frozenset(_texts(value, TYPES, path)),
            frozenset(_urls(value, path)),
            frozenset(_level(item, place) for item, place in levels),
            frozenset(_countries(value, path)),
        )

    def to_json(self) -> JsonObject:
        """The one form of this scope, which `read` takes; limits that are none are left out."""
        told: JsonObject = {}
        if self.types:
            told[TYPES] = list[JsonValue](sorted(self.types))
        if self.achievements:
            told[ACHIEVEMENTS] = list[JsonValue](sorted(self.achievements))
        if self.levels:
            told[LEVELS] = [{"framework": framework, "code": code} for framework, code in sorted(self.levels)]
        if self.countries:
            told[COUNTRIES] = list[JsonValue](sorted(self.countries))
        return told

    def canonical(self) -> bytes:
        """The bytes whose hash stands for this scope: the RFC 8785 form of `to_json`."""
        return rfc8785.dumps(self.to_json())

    def covers(self, other: Self) -> bool:
        """Whether whatever the other covers, this covers too, by what the two say."""
        return (
            self.types <= other.types
            and _wider(self.achievements, other.achievements)
            and _wider(self.levels, other.levels)
            and _wider(self.countries, other.countries)
        )

    def admits(self, stated: Stated) -> bool:
        """Whether a document that states this is within every limit."""
        return (
            self.types <= stated.types
            and _within(stated.achievements, self.achievements)
            and _within(stated.levels, self.levels)
            and _within(stated.countries, self.countries)
        )


def _wider[T](limit: frozenset[T], other: frozenset[T]) -> bool:
    return not limit or (bool(other) and other <= limit)


def _within[T](stated: frozenset[T | None] | frozenset[T], limit: frozenset[T]) -> bool:
    return not limit or (bool(stated) and stated <= limit)


def _items(value: JsonObject, name: str, path: str) -> Iterator[tuple[JsonValue, str]]:
    """The values of a limit, each once; one that is there is not empty, for an empty one would be none."""
    if name not in value:
        return
    listed, place = value[name], _at(path, name)
    if not isinstance(listed, list):
        yield listed, place
        return
    if not 0 < len(listed) <= MAX_ITEMS:
        raise ScopeError(f"{len(listed)} values of {shown(name)}; a limit has from one to {MAX_ITEMS}", path=place)
    for index, item in enumerate(listed):
        yield item, place + pointer(index)


def _texts(value: JsonObject, name: str, path: str) -> Iterator[str]:
    for item, place in _items(value, name, path):
        yield _text(item, place)


def _text(item: JsonValue, place: str) -> str:
    if not isinstance(item, str) or not item or item != item.strip() or len(item) > MAX_CHARS:
        raise ScopeError(f"{shown(item)} is no text that could be compared", path=place)
    return item


def _urls(value: JsonObject, path: str) -> Iterator[str]:
    for item, place in _items(value, ACHIEVEMENTS, path):
        text = _text(item, place)
        if not is_url(text):
            raise ScopeError(f"{shown(text)} is no identifier of an achievement", path=place)
        yield text


def _level(item: JsonValue, place: str) -> Level:
    if not isinstance(item, dict) or item.keys() != set(_LEVEL):
        raise ScopeError(f"{shown(item)} is no level: framework and code", path=place)
    framework, code = (_text(item[name], _at(place, name)) for name in _LEVEL)
    return Level(framework, code)


def _countries(value: JsonObject, path: str) -> Iterator[str]:
    for item, place in _items(value, COUNTRIES, path):
        text = _text(item, place)
        if len(text) != _COUNTRY_CHARS or not (text.isascii() and text.isalpha() and text.isupper()):
            raise ScopeError(f"{shown(text)} is no country in two letters", path=place)
        yield text


def _at(path: str, name: str) -> str:
    return path + pointer(name)
