"""The words of the command line, in each language it speaks."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from node.verification.phrases import LANGUAGES, Language

CATALOGUE = Path(__file__).with_name("catalogue")
PARTS = ("", "anchor.", "identity.", "node.", "register.", "remote.", "wallet.")
"""The words of a language are in several files, each with the words of one part of the program."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's catalogue: a key such as `error.input.empty.said` names a text with places for values."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under `key` with its places filled; a key that no catalogue has is a bug and raises KeyError."""
        return self.texts[key].format_map(values)

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def nearest(self, prefix: str, code: str) -> str | None:
        """The key for the longest leading part of a dotted code that the catalogue has under `prefix`, if any."""
        while code:
            if f"{prefix}.{code}.said" in self.texts:
                return f"{prefix}.{code}"
            code = code.rpartition(".")[0]
        return None


@cache
def words_in(language: Language) -> Words:
    """The catalogue of a language."""
    texts: dict[str, str] = {}
    for part in PARTS:
        texts |= _flat(tomllib.loads((CATALOGUE / f"{part}{language}.toml").read_text("utf-8")))
    return Words(language, texts)


def spoken(flag: str | None, environment: Mapping[str, str]) -> Language:
    """The language to answer in before any settings are read: the flag, GLEJT_LANG, then the locale's; else English."""
    for wanted in (flag, environment.get("GLEJT_LANG")):
        for language in LANGUAGES:
            if wanted == language:
                return language
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):  # the order POSIX gives; the first that is set decides
        if value := environment.get(name):
            return "pl" if value.split("_")[0].split(".")[0] == "pl" else "en"
    return "en"


def flag_value(argv: Sequence[str], flag: str) -> str | None:
    """The value given to a long option anywhere on a command line, read without understanding the rest of it."""
    for index, argument in enumerate(argv):
        if argument == "--":
            break
        if argument == flag and index + 1 < len(argv):
            return argv[index + 1]
        if argument.startswith(f"{flag}="):
            return argument.partition("=")[2]
    return None


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Nested tables as dotted keys."""
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
