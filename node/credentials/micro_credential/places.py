"""Places of a document: values together with where they stand, so that a finding can point at what it is about.

To JSON-LD a value, an array of it and an array in an array are the same statement, and so are a text and a value object
around it. A proof over RDF holds for each of these forms, so they are read alike: a step leads to a list of places.

Hundreds of places are looked at for each document, and a few are pointed at. So a place keeps the steps that led to it,
and makes a pointer of them when asked; and it is not frozen, which would treble the time to make one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from node.credentials.objects import Trail, trail_pointer
from node.documents import JsonObject, JsonValue


@dataclass(slots=True)
class Place:
    """A value of a document; it stands at the end of the trail that begins where the pointer `start` leads to."""

    value: JsonValue
    start: str = ""
    trail: Trail = None

    @property
    def path(self) -> str:
        """The JSON pointer to the place."""
        return trail_pointer(self.trail, self.start)

    def step(self, name: str) -> list["Place"]:
        """Every value of one member; null says nothing."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        if value is None:
            return []
        trail = (self.trail, name)
        return self._each(value, trail) if isinstance(value, list) else [Place(value, self.start, trail)]

    def walk(self, *names: str) -> list["Place"]:
        """Every value that these members lead to, one after the other."""
        return walk([self], *names)

    def _each(self, values: list[JsonValue], trail: Trail) -> list["Place"]:
        found: list[Place] = []
        for index, value in enumerate(values):
            if isinstance(value, list):
                found += self._each(value, (trail, index))
            elif value is not None:
                found.append(Place(value, self.start, (trail, index)))
        return found

    def nearest(self, *names: str) -> str:
        """The pointer to the value that these members lead to, or to the nearest parent that exists.

        An array of several, in the middle of the way, is as far as one pointer can go.
        """
        place = self
        for number, name in enumerate(names, start=1):
            if not isinstance(place.value, dict) or name not in place.value:
                break
            inner = [] if number == len(names) else place.step(name)
            if len(inner) != 1:
                return trail_pointer((place.trail, name), place.start)
            place = inner[0]
        return place.path

    @property
    def object(self) -> JsonObject:
        """The value as an object; empty where it is none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def plain(self) -> JsonValue:
        """The value without the value object that may be around it."""
        return self.value.get("@value") if isinstance(self.value, dict) else self.value

    @property
    def text(self) -> str | None:
        """The value as a text, in a language or in none."""
        value = self.value
        if isinstance(value, dict):
            value = value.get("@value")
        return value if isinstance(value, str) else None

    @property
    def number(self) -> str | None:
        """The value as a decimal text: a number in the digits it stands for, a text as it is."""
        value = self.plain
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return str(int(value)) if value == int(value) else repr(value)

    def stated(self, name: str, *names: str) -> tuple["Stated", ...]:
        """The texts that these members lead to."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        if value is None:
            return ()
        if isinstance(value, str) and not names:  # most texts stand alone
            return (Stated(value, Place(value, self.start, (self.trail, name))),)
        return stated(self.step(name), *names)

    def numbers(self, name: str, *names: str) -> tuple["Stated", ...]:
        """The numbers that these members lead to, as decimal texts; a text may be one."""
        found = self.step(name)
        return _numbers(walk(found, *names)) if found else ()

    def in_languages(self, *names: str) -> tuple["Stated", ...]:
        """The texts that these members lead to, where each may be a map from languages to texts."""
        found: list[Stated] = []
        for place in self.walk(*names):
            if (text := place.text) is not None:
                found.append(Stated(text, place))
            else:
                for language in place.object:
                    found += place.stated(language)
        return tuple(found)


@dataclass(slots=True)
class Stated:
    """A text as it stands, and where."""

    text: str
    place: Place


def walk(places: list[Place], *names: str) -> list[Place]:
    """Every value that these members lead to from any of the places."""
    for name in names:
        if not places:
            break
        places = places[0].step(name) if len(places) == 1 else [inner for place in places for inner in place.step(name)]
    return places


def stated(places: list[Place], *names: str) -> tuple[Stated, ...]:
    """The texts that these members lead to from any of the places."""
    return tuple([Stated(text, place) for place in walk(places, *names) if (text := place.text) is not None])


def _numbers(places: list[Place]) -> tuple[Stated, ...]:
    return tuple([Stated(text, place) for place in places if (text := place.number) is not None])


def only(stated: Iterable[Stated]) -> str | None:
    """The one text among these; where they differ none is meant, since the order of values means nothing."""
    different = {one.text for one in stated}
    return different.pop() if len(different) == 1 else None


class Home(NamedTuple):
    """Where each statement would stand: in the document, or in its part that is about the achievement."""

    document: Place
    part: Place
    of_document: Mapping[str, tuple[str, ...]]
    of_part: Mapping[str, tuple[str, ...]]

    def __call__(self, name: str) -> str:
        """The pointer to the place of a statement, or to its nearest parent that exists."""
        members = self.of_document.get(name)
        return self.part.nearest(*self.of_part[name]) if members is None else self.document.nearest(*members)
