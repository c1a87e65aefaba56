"""What a verifier will see, in words: each value that is shown, and whether its holder could have hidden it."""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from node.documents import JsonObject, JsonValue, pointer
from node.verification.phrases import Language, shown

KEPT: Final = frozenset({"id", "type"})
"""Members of every object on the way to what is shown; they come along."""
_CONTEXT: Final = "@context"
_PROOF: Final = "proof"
_STEP: Final = " / "


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One value that is shown, and its place in the whole credential; `always` that its holder had no choice."""

    path: str
    value: str | float | bool | None
    always: bool

    def told(self, language: Language) -> str:
        """The line about it, fit to be shown: where it stands, in words, and the value."""
        words, steps = _names(language), self.path.split("/")[1:]
        named = [
            str(int(step) + 1) if step.isdigit() else words.get(step, shown(step.replace("~1", "/").replace("~0", "~")))
            for step in steps
        ]
        return f"{_STEP.join(named)}: {shown(self.value)}"

    def to_json(self) -> JsonObject:
        """The value as a program reads it."""
        return {"path": self.path, "value": self.value, "always": self.always}


def disclosed(document: JsonObject, mandatory: Collection[str], chosen: Collection[str]) -> tuple[Disclosed, ...]:
    """Everything that a derivation of the document with these pointers shows, in the document's order."""
    shown_by_choice = (*mandatory, *chosen)
    return tuple(
        Disclosed(path, value, _is_shown(path, mandatory))
        for path, value in _leaves(document, "")
        if _is_shown(path, shown_by_choice)
    )


def hidden(document: JsonObject, mandatory: Collection[str], chosen: Collection[str]) -> tuple[str, ...]:
    """The places of the values that it does not show."""
    pointers = (*mandatory, *chosen)
    return tuple(path for path, _ in _leaves(document, "") if not _is_shown(path, pointers))


def in_short(seen: Iterable[Disclosed]) -> Iterator[Disclosed]:
    """The same for people: without types, and of the achievement, which is always shown whole, its name alone."""
    for one in seen:
        steps = one.path.split("/")
        achievement = "achievement" in steps and one.always
        if "type" not in steps and (not achievement or steps[-2:] == ["achievement", "name"]):
            yield one


def _is_shown(path: str, pointers: Collection[str]) -> bool:
    """Whether a value is part of what a pointer names, or of the identifier or type of an object on the way to it."""
    if any(path == one or path.startswith(f"{one}/") for one in pointers):
        return True
    steps = path.split("/")
    for place, step in enumerate(steps):
        if place and step in KEPT:
            owner = "/".join(steps[:place])
            if any(one.startswith(f"{owner}/") for one in pointers):
                return True
    return False


def _leaves(value: JsonValue, path: str) -> Iterator[tuple[str, str | float | bool | None]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != _CONTEXT and not (name == _PROOF and not path):
                yield from _leaves(inner, path + pointer(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, path + pointer(index))
    else:
        yield path, value


@cache
def _names(language: Language) -> Mapping[str, str]:
    """Members of credentials by the words that people use for them."""
    table = tomllib.loads(files("node.wallet").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
    return dict(table["member"])
