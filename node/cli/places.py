"""Places in a status list for the credentials of a table, or for one.

Which places are taken is kept in a file beside the list, and written before a place is given out: of two batches at
once, and of one that was interrupted, no two credentials get the same place.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from did_methods.errors import MultibaseError
from did_methods.multibase import decode_base64url
from node.cli.errors import CliError
from node.cli.files import locked, read_input, write_whole
from node.credentials.credential import Credential
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, parse_object
from node.issuance.status_lists import bits_of
from node.issuance.token_status_list import token_list_in
from node.status.bitstring import MAX_BYTES
from node.status.encoded_list import encode, expand
from node.status.entry import StatusEntry
from node.status.errors import StatusError
from node.status.indexes import TakenIndexes, free_indexes
from node.status.status_list import SEALED_UNTIL, read_status_list
from node.status.token_status_list import TokenStatusEntry, read_token_status_list
from node.verification.received import read_text

SUFFIX: Final = ".taken"
"""Behind the name of the list: the file that says which of its places are taken."""
MAX_TAKEN_BYTES: Final = 2 * MAX_BYTES
"""The longest list there is, in base64."""
AT_ONCE: Final = 1_000
"""Places drawn at a time; writing down that they are taken costs as much as issuing a hundred credentials."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a list says that matters for giving out places in it; that of tokens has no purpose."""

    url: str
    purpose: str
    issuer: str | None
    entries: int
    set: tuple[int, ...]


class Places:
    """Places of one list, given out one by one: a Token Status List, or one that credentials of the W3C name.

    `trial` writes nothing down.
    """

    __slots__ = ("_drawn", "_given", "_list", "_path", "_tokens", "_trial", "_url", "issuer", "purpose")

    def __init__(self, name: str, *, trial: bool, tokens: bool = False) -> None:
        """Raises CliError or StatusError for what is no list that credentials of a batch could point to."""
        self._list = Path(name).expanduser()
        self._path = self._list.with_name(self._list.name + SUFFIX)
        self._trial = trial
        self._tokens = tokens
        self._drawn: list[int] = []
        self._given: list[int] = []
        listed = self._read()
        self._url, self.purpose, self.issuer = listed.url, listed.purpose, listed.issuer
        self._taken()

    def next(self) -> JsonObject:
        """The status entry of the next credential; raises StatusFullError where no place is left."""
        return StatusEntry(self._url, self._draw(), self.purpose).to_json()

    def next_of_tokens(self) -> TokenStatusEntry:
        """The place of the next token; raises StatusFullError where none is left."""
        return TokenStatusEntry(self._draw(), self._url)

    def require_issuer(self, issuer: str) -> None:
        """Refuse the list of somebody else, which no verifier would ask about these credentials."""
        if self.issuer != issuer:
            raise CliError("places.issuer", name=self._list, issuer=issuer)

    def _draw(self) -> int:
        if not self._drawn:
            with locked(self._list.parent):
                taken = self._taken()
                count = min(AT_ONCE, max(1, taken.entries - len(taken)))
                if self._trial:
                    taken.take(self._given)
                self._drawn = free_indexes(taken.entries, taken, count)
                taken.take(self._drawn)
                self._write(taken)
        index = self._drawn.pop()
        self._given.append(index)
        return index

    def take_back(self) -> None:
        """Keep the last one for another credential: the one it was for was not issued."""
        self._drawn.append(self._given.pop())

    def keep(self) -> None:
        """The credentials that the places were given out for are released."""
        self._given = []

    def close(self) -> None:
        """Let others have the places that no released credential has."""
        unused = self._drawn + self._given
        self._drawn, self._given = [], []
        if unused and not self._trial:
            with locked(self._list.parent):
                taken = self._taken()
                taken.give_back(unused)
                self._write(taken)

    def _read(self) -> _Listed:
        try:
            text = read_input(str(self._list), limit=MAX_CREDENTIAL_BYTES).decode()
        except UnicodeDecodeError as error:
            raise CliError("input.not_text", name=self._list) from error
        jws = token_list_in(text)
        if (jws is not None) is not self._tokens:
            raise CliError("places.form", name=self._list)
        if jws is not None:
            listed = read_token_status_list(parse_object(jws.payload))
            return _Listed(
                listed.uri, "", listed.issuer, listed.entries, tuple([index for index, _ in listed.nonzero()])
            )
        received = read_text(text)
        document = received.value if isinstance(received.value, dict) else {}
        content = read_status_list(document)
        credential = Credential(document)
        if credential.validity.end == SEALED_UNTIL:
            raise CliError("places.sealed", name=self._list)
        bits = bits_of(content)
        if content.id is None or len(content.purposes) != 1 or bits.size != 1:
            raise CliError("places.kind", name=self._list)
        taken = tuple([index for index, _ in bits.nonzero()])
        return _Listed(content.id, min(content.purposes), credential.issuer, bits.entries, taken)

    def _taken(self) -> TakenIndexes:
        """The places that are taken: those written down, and those at which something is set."""
        listed = self._read()
        data = b""
        if self._path.exists():
            noted = parse_object(read_input(str(self._path), limit=MAX_TAKEN_BYTES), max_bytes=MAX_TAKEN_BYTES)
            text = noted.get("taken")
            if noted.get("list") != self._url or noted.get("entries") != listed.entries or not isinstance(text, str):
                raise CliError("places.other", name=self._path)
            try:
                data = expand(decode_base64url(text, max_chars=MAX_TAKEN_BYTES))
            except (MultibaseError, StatusError) as error:
                raise CliError("places.other", name=self._path) from error
        taken = TakenIndexes(listed.entries, data)
        taken.take(listed.set)
        return taken

    def _write(self, taken: TakenIndexes) -> None:
        if not self._trial:
            noted = {"list": self._url, "entries": taken.entries, "taken": encode(taken.bits)}
            write_whole(self._path, (json.dumps(noted) + "\n").encode(), force=True)


@contextmanager
def reserved(name: str | None, *, trial: bool, tokens: bool = False) -> Iterator[Places | None]:
    """Places in the list, if there is one; those that are not kept at the end of the block are free again."""
    places = None if name is None else Places(name, trial=trial, tokens=tokens)
    try:
        yield places
    finally:
        if places is not None:
            places.close()
