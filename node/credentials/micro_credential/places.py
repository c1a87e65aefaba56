"""Places of a document: values together with where they stand, so that a finding can point at what it is about.

To JSON-LD a value, an array of it and an array in an array are the same statement, and so are a text and a value object
around it. A proof over RDF holds for each of these forms, so they are read alike: a step leads to a list of places.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from node.credentials.structure import one_or_many
from node.documents import JsonObject, JsonValue, pointer


class Stated(NamedTuple):
    """A text as it stands, and where."""

    text: str
    path: str


class Place(NamedTuple):
    """A value of a document and the JSON pointer to it."""

    value: JsonValue
    path: str = ""

    def walk(self, *names: str) -> list["Place"]:
        """Every value that these members lead to, one after the other; null says nothing."""
        found = self.step(names[0]) if names else [self]
        for name in names[1:]:
            found = [inner for place in found for inner in place.step(name)]
        return found

    def step(self, name: str) -> list["Place"]:
        """Every value of one member."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        if value is None:
            return []
        path = f"{self.path}/{name}" if name.isalnum() else self.path + pointer(name)
        return _flat(value, path) if value.__class__ is list else [Place(value, path)]

    def nearest(self, *names: str) -> str:
        """The pointer to the value that these members lead to, or to the nearest parent that exists.

        An array of several, in the middle of the way, is as far as one pointer can go.
        """
        place = self
        for number, name in enumerate(names, start=1):
            if not isinstance(place.value, dict) or name not in place.value:
                return place.path
            inner = place.step(name)
            if len(inner) != 1 or number == len(names):
                return place.path + pointer(name)
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
        value = self.plain
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

    def stated(self, *names: str) -> tuple[Stated, ...]:
        """The texts that these members lead to."""
        return tuple([Stated(text, place.path) for place in self.walk(*names) if (text := place.text) is not None])

    def numbers(self, *names: str) -> tuple[Stated, ...]:
        """The numbers that these members lead to, as decimal texts; a text may be one."""
        return tuple([Stated(text, place.path) for place in self.walk(*names) if (text := place.number) is not None])

    def in_languages(self, *names: str) -> tuple[Stated, ...]:
        """The texts that these members lead to, where each may be a map from languages to texts."""
        found: list[Stated] = []
        for place in self.walk(*names):
            if (text := place.text) is not None:
                found.append(Stated(text, place.path))
            else:
                for language in place.object:
                    found += place.stated(language)
        return tuple(found)


def only(stated: Iterable[Stated]) -> str | None:
    """The one text among these; where they differ none is meant, since the order of values means nothing."""
    texts = {text for text, _ in stated}
    return texts.pop() if len(texts) == 1 else None


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


def _flat(values: list[JsonValue], path: str) -> list[Place]:
    found: list[Place] = []
    for value, place in one_or_many(values, path):
        if isinstance(value, list):
            found += _flat(value, place)
        elif value is not None:
            found.append(Place(value, place))
    return found
