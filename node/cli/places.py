"""Places in a status list for the credentials of a table.

Which places are taken is kept in a file beside the list, and written before a place is given out: of two batches at
once, and of one that was interrupted, no two credentials get the same place.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from did_methods.errors import MultibaseError
from did_methods.multibase import decode_base64url
from node.cli.errors import CliError
from node.cli.files import locked, read_input, write_whole
from node.credentials.credential import Credential
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, parse_object
from node.issuance.status_lists import bits_of
from node.status.bitstring import MAX_BYTES, Bitstring
from node.status.encoded_list import encode, expand
from node.status.entry import StatusEntry
from node.status.errors import StatusError
from node.status.indexes import TakenIndexes, free_indexes
from node.status.status_list import SEALED_UNTIL, read_status_list

SUFFIX: Final = ".taken"
"""Behind the name of the list: the file that says which of its places are taken."""
MAX_TAKEN_BYTES: Final = 2 * MAX_BYTES
"""The longest list there is, in base64."""
AT_ONCE: Final = 1_000
"""Places drawn at a time; writing down that they are taken costs as much as issuing a hundred credentials."""


class Places:
    """Places of one list, given out one by one; `trial` writes nothing down."""

    __slots__ = ("_drawn", "_given", "_list", "_path", "_trial", "_url", "purpose")

    def __init__(self, name: str, *, trial: bool) -> None:
        """Raises CliError or StatusError for what is no list that credentials of a batch could point to."""
        self._list = Path(name).expanduser()
        self._path = self._list.with_name(self._list.name + SUFFIX)
        self._trial = trial
        self._drawn: list[int] = []
        self._given: list[int] = []
        self._url, self.purpose, _ = self._read()
        self._taken()

    def next(self) -> JsonObject:
        """The status entry of the next credential; raises StatusFullError where no place is left."""
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
        return StatusEntry(self._url, index, self.purpose).to_json()

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

    def _read(self) -> tuple[str, str, Bitstring]:
        data = read_input(str(self._list), limit=MAX_CREDENTIAL_BYTES)
        document = parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES)
        content = read_status_list(document)
        if Credential(document).validity.end == SEALED_UNTIL:
            raise CliError("places.sealed", name=self._list)
        bits = bits_of(content)
        if content.id is None or len(content.purposes) != 1 or bits.size != 1:
            raise CliError("places.kind", name=self._list)
        return content.id, min(content.purposes), bits

    def _taken(self) -> TakenIndexes:
        """The places that are taken: those written down, and those at which something is set."""
        _, _, bits = self._read()
        data = b""
        if self._path.exists():
            noted = parse_object(read_input(str(self._path), limit=MAX_TAKEN_BYTES), max_bytes=MAX_TAKEN_BYTES)
            text = noted.get("taken")
            if noted.get("list") != self._url or noted.get("entries") != bits.entries or not isinstance(text, str):
                raise CliError("places.other", name=self._path)
            try:
                data = expand(decode_base64url(text, max_chars=MAX_TAKEN_BYTES))
            except (MultibaseError, StatusError) as error:
                raise CliError("places.other", name=self._path) from error
        taken = TakenIndexes(bits.entries, data)
        taken.take([index for index, _ in bits.nonzero()])
        return taken

    def _write(self, taken: TakenIndexes) -> None:
        if not self._trial:
            noted = {"list": self._url, "entries": taken.entries, "taken": encode(taken.bits)}
            write_whole(self._path, (json.dumps(noted) + "\n").encode(), force=True)


@contextmanager
def reserved(name: str | None, *, trial: bool) -> Iterator[Places | None]:
    """Places in the list, if there is one; those that are not kept at the end of the block are free again."""
    places = None if name is None else Places(name, trial=trial)
    try:
        yield places
    finally:
        if places is not None:
            places.close()
