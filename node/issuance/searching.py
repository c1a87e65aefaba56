"""What somebody means who searches a catalogue: words of a text, or one of the many names of a micro-credential."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from node.issuance.catalogue_card import plain_words

MAX_QUERY_CHARS: Final = 200
MAX_QUERY_WORDS: Final = 8
"""Words that are looked for; all of them have to be found."""


@dataclass(frozen=True, slots=True)
class Term:
    """A thing with many names; each name is the beginnings of its words."""

    key: str
    classes: frozenset[str]
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is searched for: beginnings of words, classes, and which terms were named."""

    words: tuple[str, ...]
    classes: frozenset[str]
    terms: tuple[str, ...]


def meaning_of(query: str) -> Meaning:
    """What a query means; names of terms are taken out of it, longer names first, and stand for classes."""
    words = plain_words(query[:MAX_QUERY_CHARS].replace("-", ""))
    classes: frozenset[str] = frozenset()
    found: list[str] = []
    for term, name in _names():
        at = _place(words, name)
        if at is not None:
            del words[at : at + len(name)]
            classes |= term.classes
            if term.key not in found:
                found.append(term.key)
    return Meaning(tuple(words[:MAX_QUERY_WORDS]), classes, tuple(found))


def _place(words: Sequence[str], name: Sequence[str]) -> int | None:
    """Where a name stands among the words."""
    for at in range(len(words) - len(name) + 1):
        if all(word.startswith(part) for word, part in zip(words[at:], name, strict=False)):
            return at
    return None


@cache
def _names() -> tuple[tuple[Term, tuple[str, ...]], ...]:
    """Every name with its term; names of more words first, since they say more."""
    table = tomllib.loads(files(__package__).joinpath("search_terms.toml").read_text("utf-8"))
    terms = [
        Term(key, frozenset(one["classes"]), tuple(tuple(name.split()) for name in one["names"]))
        for key, one in table.items()
    ]
    return tuple(sorted(((term, name) for term in terms for name in term.names), key=lambda pair: -len(pair[1])))
