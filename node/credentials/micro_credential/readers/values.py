"""What the readers share: values of lists, and what alignments state."""

from collections.abc import Iterable, Mapping
from typing import Final

from node.credentials.micro_credential.places import Place, Stated, only
from node.credentials.micro_credential.record import Level, Listed, Quality
from node.credentials.micro_credential.tables import Foreign, Kind, Tables

OTHER: Final = "other"
_REFERENCES: Final = ("id", "@id")


def listed(places: Iterable[Place], kind: Kind, tables: Tables, foreign: Foreign | None = None) -> tuple[Listed, ...]:
    """Values of a list; without a foreign list they are ours, as a term or as the IRI it stands for."""
    found = []
    for place in places:
        label = label_of(place)
        if label is not None:
            term = tables.values[kind].find(label) if foreign is None else mapped(label, tables.mapping(foreign, kind))
            found.append(Listed(term, label, place))
    return tuple(found)


def assessments(places: Iterable[Place], tables: Tables, foreign: Foreign) -> tuple[Listed, ...]:
    """Kinds of assessment of a foreign list: one that is not mapped is an assessment of another kind."""
    return tuple(
        [
            found._replace(term=OTHER) if found.term is None and found.label.strip() else found
            for found in listed(places, "assessment", tables, foreign)
        ]
    )


def label_of(place: Place) -> str | None:
    """The text of a listed value, or the identifier of an object that names it."""
    if (text := place.text) is not None:
        return text
    return next((value for name in _REFERENCES if isinstance(value := place.object.get(name), str)), None)


def mapped(label: str, table: Mapping[str, str]) -> str | None:
    """The value of ours that a foreign one maps to; case does not matter in words."""
    return table.get(label) or table.get(label.strip().casefold())


def texts(stated: Iterable[Stated]) -> tuple[str, ...]:
    """The texts without their places."""
    return tuple([one.text for one in stated])


def level(place: Place, framework: str | None) -> Level:
    """A level that an alignment states; the framework is the alignment's own where its type names none."""
    return Level(
        framework or only(place.stated("targetFramework")),
        only(place.numbers("targetCode")),
        only(place.stated("targetUrl")),
        place,
    )


def quality(place: Place, tables: Tables) -> Quality:
    """Who assures quality, as an alignment states it."""
    return Quality(
        texts(place.stated("targetName")),
        texts(place.stated("targetUrl")),
        listed(place.walk("targetFramework"), "quality", tables),
        place,
    )


def full_name(place: Place, given: str, family: str) -> tuple[Stated, ...]:
    """The name made of its two parts, where both are there and say something."""
    parts = []
    for name in (given, family):
        parts += [stated.text for stated in place.in_languages(name) if stated.text.strip()][:1]
    return (Stated(" ".join(parts), place),) if len(parts) > 1 else ()
