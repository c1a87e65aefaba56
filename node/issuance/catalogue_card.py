"""What a catalogue shows of an achievement, and the words by which it is found.

Who looks for something to learn has to see five things: what is asked for, how much work it is, how it is assessed,
what it costs, what it counts towards. All but the cost are in the achievement; what is not stated is named as a gap.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from node.credentials.micro_credential.classification import Classification
from node.credentials.structure import objects_of
from node.documents import JsonObject, JsonValue
from node.ports.awarding import search_key

MAX_CARD_CHARS: Final = 600
"""Of one text on a card; the whole of it is on the achievement's own page."""
MAX_WORDS_CHARS: Final = 8_000
"""Of all words that one achievement is found by; a page of text."""
MAX_CARD_ITEMS: Final = 16
"""Workloads, languages and targets on a card."""
_SIGNS: Final = re.compile(r"[^\w]+")


class Fact(StrEnum):
    """What each entry of a catalogue shows, or names as a gap."""

    CRITERIA = "criteria"
    WORKLOAD = "workload"
    ASSESSMENT = "assessment"
    COST = "cost"
    STACKING = "stacking"


def card_of(document: JsonObject, found: Classification) -> JsonObject:
    """The card of a version."""
    image = document.get("image")
    criteria = document.get("criteria")
    stated = criteria if isinstance(criteria, dict) else {}
    return {
        "class": found.credential_class.value,
        "score": {"met": found.met, "of": len(found.elements)},
        "language": _text(document.get("inLanguage")),
        "name": _languages(document, "name"),
        "description": _languages(document, "description"),
        "criteria": {"narrative": _text(stated.get("narrative")), "page": _text(stated.get("id"))},
        "workload": [
            {"value": _text(one.get("value")), "unit": _text(one.get("unit"))}
            for one in objects_of(document, "workload")[:MAX_CARD_ITEMS]
        ],
        "assessment": _text(document.get("assessmentType")),
        "participation": _text(document.get("participationType")),
        "stackability": _text(document.get("stackability")),
        "stacks_into": list[JsonValue](
            [one for one in map(_text, _many(document.get("stacksInto"))) if one][:MAX_CARD_ITEMS]
        ),
        "image": _text(image.get("id") if isinstance(image, dict) else image),
    }


def gaps_of(card: Mapping[str, JsonValue], offer: Mapping[str, JsonValue] | None) -> list[Fact]:
    """Which of the five facts an entry does not state."""
    criteria = card.get("criteria")
    stated = {
        Fact.CRITERIA: isinstance(criteria, dict) and any(criteria.values()),
        Fact.WORKLOAD: bool(card.get("workload")),
        Fact.ASSESSMENT: bool(card.get("assessment")),
        Fact.COST: bool(offer and offer.get("cost")),
        Fact.STACKING: bool(card.get("stackability") or card.get("stacks_into")),
    }
    return [fact for fact, there in stated.items() if not there]


def words_of(document: JsonObject) -> str:
    """The words of a version, in every language that it has, as they are compared: each with a space before it."""
    found = dict.fromkeys(word for text in _texts(document) for word in plain_words(text))
    return f" {' '.join(found)[:MAX_WORDS_CHARS]} "


def plain_words(text: str) -> list[str]:
    """The words of a text as they are compared: without signs between them; one with a hyphen whole and in parts."""
    whole = _SIGNS.sub(" ", search_key(text.replace("-", ""))).split()
    return [*whole, *_SIGNS.sub(" ", search_key(text)).split()] if "-" in text else whole


def _texts(document: JsonObject) -> Iterator[str]:
    for part in (document, *objects_of(document, "resultDescription")):
        for member in ("name", "humanCode", "fieldOfStudy", "specialization"):
            yield from _strings([part.get(member)])
        yield from _strings(_many(part.get("tag")))
        for alignment in objects_of(part, "alignment"):
            yield from _strings([alignment.get("targetName"), alignment.get("targetCode")])
        for member in ("nameMap", "descriptionMap"):
            others = part.get(member)
            yield from _strings(others.values() if isinstance(others, dict) else ())
    yield from _strings([document.get("description")])


def _strings(values: Iterable[JsonValue]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _languages(document: JsonObject, member: str) -> JsonObject:
    """A text by language; under "" the one whose language may not be stated."""
    others = document.get(f"{member}Map")
    found: JsonObject = {"": _text(document.get(member))}
    for tag, text in list(others.items() if isinstance(others, dict) else ())[:MAX_CARD_ITEMS]:
        found[tag] = _text(text)
    return found


def _many(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: JsonValue) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    return value if len(value) <= MAX_CARD_CHARS else f"{value[: MAX_CARD_CHARS - 1]}…"
