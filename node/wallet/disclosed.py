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


def seen_and_hidden(
    document: JsonObject, mandatory: Collection[str], chosen: Collection[str]
) -> tuple[tuple[Disclosed, ...], tuple[str, ...]]:
    """Everything that a derivation of the document with these pointers shows, and the places of what it does not.

    Both are in the document's order.
    """
    always, either = _Shown(mandatory), _Shown((*mandatory, *chosen))
    seen: list[Disclosed] = []
    hidden: list[str] = []
    for path, value in _leaves(document, ""):
        if path in either:
            seen.append(Disclosed(path, value, path in always))
        else:
            hidden.append(path)
    return tuple(seen), tuple(hidden)


def all_of(document: JsonObject) -> tuple[Disclosed, ...]:
    """Every value of a document that is shown as it is."""
    return tuple([Disclosed(path, value, always=True) for path, value in _leaves(document, "")])


def in_short(seen: Iterable[Disclosed]) -> Iterator[Disclosed]:
    """The same for people: without types, and of the achievement, which is always shown whole, its name alone."""
    for one in seen:
        steps = one.path.split("/")
        achievement = "achievement" in steps and one.always
        if "type" not in steps and (not achievement or steps[-2:] == ["achievement", "name"]):
            yield one


class _Shown:
    """The values that pointers show: parts of what they name, and identifier and type of each object on the way."""

    __slots__ = ("_named", "_on_the_way")

    def __init__(self, pointers: Collection[str]) -> None:
        self._named = frozenset(pointers)
        steps = [one.split("/") for one in self._named]
        self._on_the_way = frozenset(["/".join(each[:end]) for each in steps for end in range(1, len(each))])

    def __contains__(self, path: str) -> bool:
        parent, steps = "", path.split("/")
        if parent in self._named:
            return True
        for step in steps[1:]:
            if step in KEPT and parent in self._on_the_way:
                return True
            parent = f"{parent}/{step}"
            if parent in self._named:
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
