"""The credential's side: an entry in `credentialStatus` that says which place of which list speaks of it.

Two kinds are read: BitstringStatusListEntry, and the StatusList2021Entry of credentials from before it was a standard.
Only the first is written.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from node.credentials.errors import shown
from node.credentials.structure import is_url, types_of
from node.documents import JsonObject, JsonValue
from node.status.errors import StatusEntryError, UnsupportedStatusError
from node.status.messages import Messages, read_messages, read_size, write_messages

MAX_INDEX_CHARS: Final = 16
"""No list is so long that an index in it would need more digits."""
MAX_REFERENCES: Final = 8
"""Addresses that explain a status; they are shown, never fetched."""

_INDEX: Final = re.compile(rf"0|[1-9][0-9]{{0,{MAX_INDEX_CHARS - 1}}}", re.ASCII)


class Purpose(StrEnum):
    """The purposes whose meaning is standard; an entry may state any other, which only its issuer understands."""

    REVOCATION = "revocation"
    """Withdrawn, for good."""
    SUSPENSION = "suspension"
    """Withdrawn for the time being."""
    REFRESH = "refresh"
    """There is a newer document; this one still stands."""
    MESSAGE = "message"
    """Something that its messages say, and that no program can judge."""


class Generation(Enum):
    """A generation of status lists, by the types of its entry, its list, and what is in it."""

    BITSTRING = ("BitstringStatusListEntry", "BitstringStatusListCredential", "BitstringStatusList")
    OF_2021 = ("StatusList2021Entry", "StatusList2021Credential", "StatusList2021")

    def __init__(self, entry: str, credential: str, subject: str) -> None:
        self.entry = entry
        self.credential = credential
        self.subject = subject


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """Where the status of a credential stands, and what is found there."""

    list_url: str
    index: int
    purpose: str = Purpose.REVOCATION
    size: int = 1
    messages: Messages | None = None
    references: tuple[str, ...] = ()
    generation: Generation = Generation.BITSTRING

    def to_json(self) -> JsonObject:
        """The entry as a credential carries it."""
        entry: JsonObject = {
            "id": f"{self.list_url}#{self.index}",
            "type": Generation.BITSTRING.entry,
            "statusPurpose": str(self.purpose),
            "statusListIndex": str(self.index),
            "statusListCredential": self.list_url,
        }
        if self.size > 1:
            entry["statusSize"] = self.size
        if self.messages is not None:
            entry["statusMessage"] = write_messages(self.messages)
        if self.references:
            entry["statusReference"] = list(self.references)
        return entry


def generation_of(entry: JsonObject) -> Generation | None:
    """The generation of an entry by its type; None for another kind of status."""
    kinds = [generation for generation in Generation if generation.entry in types_of(entry)]
    return kinds[0] if len(kinds) == 1 else None


def read_entry(entry: JsonObject, path: str = "") -> StatusEntry:
    """The entry in an object of `credentialStatus`.

    Raises UnsupportedStatusError for another kind of status, StatusEntryError for one that says it improperly. An index
    is a text of decimal digits: a number, a sign or a leading zero is refused, as other readers may not agree on it.
    """
    generation = generation_of(entry)
    if generation is None:
        raise UnsupportedStatusError(f"a status of the type {shown(entry.get('type'))} is not known here", path=path)
    index = entry.get("statusListIndex")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise _refused("index", f"{shown(index)} is no index: a text of decimal digits", f"{path}/statusListIndex")
    url = entry.get("statusListCredential")
    if not isinstance(url, str) or not is_url(url):
        raise _refused("list", f"{shown(url)} is no address of a list", f"{path}/statusListCredential")
    purpose = entry.get("statusPurpose")
    if not isinstance(purpose, str) or not purpose:
        raise _refused("purpose", f"{shown(purpose)} is no purpose", f"{path}/statusPurpose")
    size = read_size(entry, path, StatusEntryError) or 1
    return StatusEntry(
        list_url=url,
        index=int(index),
        purpose=purpose,
        size=size,
        messages=read_messages(entry, "statusMessage", size, path, StatusEntryError),
        references=_references(entry.get("statusReference", []), path),
        generation=generation,
    )


def _references(value: JsonValue, path: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    urls = tuple(item for item in values if isinstance(item, str) and is_url(item))
    if len(urls) != len(values) or len(urls) > MAX_REFERENCES:
        message = f"{shown(value)} is not one to {MAX_REFERENCES} addresses"
        raise _refused("reference", message, f"{path}/statusReference")
    return urls


def _refused(member: str, message: str, path: str) -> StatusEntryError:
    return StatusEntryError(message, code=f"status.entry.{member}", path=path)
