"""The catalogue of one language, and how dates and other people's texts are put into its phrases."""

import json
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from node.documents import JsonValue

type Language = Literal["en", "pl"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "pl")
MAX_TEXT_CHARS: Final = 300
"""How much of a received text is put into a phrase: a did:jwk fits, a name that would bury the answer does not."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Needed to spell words of several scripts; they reorder nothing."""
_ISOLATE: Final = "\u2068"
_END_ISOLATE: Final = "\u2069"
_DELETE: Final = "\x7f"


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language: a dotted key such as `row.4.fail_ended` names a text with places for values."""

    language: Language
    texts: Mapping[str, str]
    months: tuple[str, ...]

    def __call__(self, key: str, /, **values: str) -> str:
        """The text under the key, its places filled with values that are fit to be shown."""
        return self.texts[key].format_map(values)

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def date(self, value: JsonValue | datetime) -> str:
        """A time in words, in UTC; from evidence, the RFC 3339 text that our checks write there."""
        if isinstance(value, str):
            try:
                at = datetime.fromisoformat(value).astimezone(UTC)
            except ValueError:
                return shown(value)
        elif isinstance(value, datetime):
            at = value.astimezone(UTC)
        else:
            return self("not_given")
        return self(
            "date.pattern",
            day=str(at.day),
            month=self.months[at.month - 1],
            year=f"{at.year:04}",
            hour=f"{at.hour:02}",
            minute=f"{at.minute:02}",
        )

    def listed(self, kind: Literal["assessment", "supervision", "participation", "quality"], value: JsonValue) -> str:
        """A listed value in words; one that is on no list as it was received."""
        key = f"{kind}.{value}"
        return self(key) if key in self else self.given(value)

    def given(self, value: JsonValue) -> str:
        """A received value, or the words for its absence."""
        return self("not_given") if value is None or value == "" else shown(value)


@cache
def phrases(language: Language) -> Phrases:
    """The catalogue of a language."""
    table = tomllib.loads(files("node.verification").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    flatten(table, "", texts)
    return Phrases(language, texts, tuple(table["date"]["months"]))


def shown(value: JsonValue) -> str:
    """A received value as it may stand inside a phrase: one line, bounded, and unable to disturb the words around it.

    Control characters, line and bidi marks become escapes; a text with right-to-left letters is isolated.

    Spec: https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_TEXT_CHARS:
        text = text[: MAX_TEXT_CHARS - 1] + "…"
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    text = "".join(c if c.isprintable() or c in _JOINERS else _escaped(c) for c in text)
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text


def _escaped(character: str) -> str:
    """The character in the notation of JSON."""
    return "\\u007f" if character == _DELETE else json.dumps(character)[1:-1]


def flatten(table: Mapping[str, object], prefix: str, texts: dict[str, str]) -> None:
    """Nested tables as dotted keys; lists are read by name."""
    for key, value in table.items():
        if isinstance(value, str):
            texts[prefix + key] = value
        elif isinstance(value, dict):
            flatten(value, f"{prefix}{key}.", texts)
