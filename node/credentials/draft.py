"""A draft: a file of ours that says what a credential is to be composed of, read member by member.

Everything that is wrong is collected, so that it can be mended in one go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.errors import TimestampError, shown
from node.credentials.findings import Finding, wrong
from node.credentials.structure import one_or_many
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonObject, JsonValue, pointer

MAX_ITEMS: Final = 64
"""Objects in one place of a draft, but for results: evidence, endorsements, status entries."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a credential needs that no file says: who signs, when, and what has to be new each time."""

    issuer: str
    now: datetime
    new_id: Callable[[], str]
    """A URL that was never used before."""
    new_salt: Callable[[], str]
    """At least 128 bits from a CSPRNG, as text."""


class Draft:
    """One file while it is being read. A member that is wrong is noted, and read as if it were not there."""

    __slots__ = ("_code", "document", "problems")

    def __init__(self, document: JsonObject, code: str) -> None:
        self.document = document
        self.problems: list[Finding] = []
        self._code = code

    def refuse(self, kind: str, path: str, message: str, remedy: str) -> None:
        """Note what is wrong with the value at this place."""
        self.problems.append(wrong(f"{self._code}.{kind}", path, message, remedy))

    def only(self, known: frozenset[str]) -> None:
        """That there are no members but these: one that is misspelt would be missed."""
        for name in self.document:
            if name not in known:
                remedy = f"Correct its spelling, or leave it out; known are {', '.join(sorted(known))}."
                self.refuse("member", pointer(name), f"{shown(name)} is no member of such a file", remedy)

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.document.get(name)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.refuse("text", pointer(name), f"{shown(value)} is no text", "Write a text, or leave it out.")
        return None

    def required(self, name: str, remedy: str) -> str:
        """A text that has to be there."""
        if self.document.get(name) is None:
            self.refuse("missing", pointer(name), f"there is no {name}", remedy)
        return self.text(name) or ""

    def moment(self, name: str) -> datetime | None:
        """A date and time with a zone."""
        value = self.document.get(name)
        try:
            return None if value is None else parse_timestamp(value)
        except TimestampError as error:
            self.refuse("time", pointer(name), str(error), error.remedy)
            return None

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.document.get(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        self.refuse("number", pointer(name), f"{shown(value)} is no number", "Write a number, without quotes.")
        return None

    def object(self, name: str) -> JsonObject | None:
        """An object."""
        value = self.document.get(name)
        if value is None or isinstance(value, dict):
            return value
        self.refuse("object", pointer(name), f"{shown(value)} is no object", "Write an object, in braces.")
        return None

    def objects(self, name: str, most: int = MAX_ITEMS) -> tuple[JsonObject, ...]:
        """One object or several."""
        found: list[JsonObject] = []
        values = one_or_many(self.document.get(name, []), pointer(name))
        if len(values) > most:
            self.refuse("limit", pointer(name), f"there are {len(values)}; at most {most} are read", "Give fewer.")
            return ()
        for value, path in values:
            if isinstance(value, dict):
                found.append(value)
            else:
                self.refuse("object", path, f"{shown(value)} is no object", "Write an object, in braces.")
        return tuple(found)

    def issuer(self, signer: str) -> JsonObject:
        """The Profile of the issuer, with the identifier of who signs unless the file gives one."""
        profile = self.object("issuer") or {}
        return profile if "id" in profile else {"id": signer, **profile}


def members_of(document: JsonObject, names: frozenset[str]) -> Mapping[str, JsonValue]:
    """The members with these names, in the order of the document."""
    return {name: value for name, value in document.items() if name in names and value is not None}
