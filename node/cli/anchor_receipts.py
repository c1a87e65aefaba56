"""Receipts in files: one beside each document, or one file of lines beside a file of lines; written whole, and merged.

A receipt that is there already is never made worse: what both know together is written. One of an earlier batch, which
shows the same document, stays as it is; one of another document is left alone, and told of.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from anchoring.errors import InvalidError, MerkleError
from anchoring.merkle import leaf_hash, root_from_path
from anchoring.receipt import MAX_BYTES, Receipt, State
from node.cli.errors import CliError
from node.cli.files import StagedFile, replace_whole, staged_file
from node.cli.many import LINES, Handed

SUFFIX: Final = ".receipt"
"""Behind the whole name of the document."""
OF_LINES: Final = ".receipts.jsonl"
"""Behind the name of a file of lines: receipts in base64, each in the line of its document; null stands for none."""
_MAX_LINE: Final = 2 * MAX_BYTES
"""Of a receipt in base64, with quotation marks."""


@dataclass(slots=True)
class ReceiptFiles:
    """Where the receipts of one run go: beside the documents, or into a folder, by the documents' names."""

    folder: Path | None
    written: int = 0
    conflicts: list[str] = field(default_factory=list)
    _lines: dict[str, StagedFile] = field(default_factory=dict)
    _before: dict[str, BinaryIO] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def put(self, handed: Handed, receipts: Mapping[bytes, Receipt]) -> None:
        """The receipts of one document, by what was committed to; a document with several proofs has several."""
        if handed.line is None:
            for number, (commitment, receipt) in enumerate(receipts.items(), 1):
                self._put_file(self.place_of(handed.name, number), receipt, commitment)
        else:
            file, _, line = handed.name.rpartition(":")
            self._put_line(file, int(line), receipts)

    def place_of(self, name: str, number: int = 1) -> Path:
        """Where the receipt of a file goes."""
        path = Path(name)
        numbered = path.name if number == 1 else f"{path.name}.{number}"
        return (self.folder or path.parent) / f"{numbered}{SUFFIX}"

    def close(self, *, release: bool) -> None:
        """Put files of lines in their place; without `release`, leave those that were there."""
        try:
            for staged in self._lines.values() if release else ():
                staged.release(force=True)
        finally:
            self._stack.close()
            self._lines.clear()
            self._before.clear()
            self._at.clear()

    def _put_file(self, path: Path, receipt: Receipt, commitment: bytes) -> None:
        try:
            before = read_receipt(path) if path.exists() else None
            kept = before is not None and before.place != receipt.place and _shows(before, receipt, commitment)
            merged = receipt if before is None else before if kept else before.merge(receipt)
        except (CliError, InvalidError):
            self.conflicts.append(str(path))
            return
        if merged != before:
            replace_whole(path, merged.encode())  # whoever loses it makes it again, out of the journal
        self.written += 1

    def _put_line(self, file: str, number: int, receipts: Mapping[bytes, Receipt]) -> None:
        if file not in self._lines:
            path = Path(file)
            named = (self.folder or path.parent) / f"{path.name.removesuffix(LINES)}{OF_LINES}"
            self._before[file] = self._stack.enter_context(named.open("rb")) if named.exists() else BytesIO()
            self._lines[file] = self._stack.enter_context(staged_file(named))
            self._at[file] = 1
        stream, before = self._lines[file].file, self._before[file]
        for _ in range(number - self._at[file]):
            before.readline(_MAX_LINE)
            stream.write(b"null\n")
        known = _receipt_in(before.readline(_MAX_LINE))
        first = next(iter(receipts.items()), None)
        told = None if first is None else self._merged(f"{file}:{number}", known, first[1], first[0])
        stream.write(b"null\n" if told is None else b'"%b"\n' % b64encode(told.encode()))
        self._at[file] = number + 1
        self.written += bool(receipts)

    def _merged(self, name: str, known: Receipt | None, made: Receipt, commitment: bytes) -> Receipt:
        """What to write into a line: of two anchors of one document the one that was known, as its time is earlier."""
        if known is None or (known.site, known.subject) != (made.site, made.subject):
            return made  # lines were added or taken away
        if known.place != made.place and _shows(known, made, commitment):
            return known
        try:
            return known.merge(made)
        except InvalidError:
            self.conflicts.append(name)
            return known


def _shows(before: Receipt, receipt: Receipt, commitment: bytes) -> bool:
    """Whether an earlier receipt is of the same document in the same record; which of them is final decides."""
    place = before.place
    try:
        root = root_from_path(leaf_hash(place.salt, commitment), place.index, place.size, place.path)
    except MerkleError:
        return False
    same = (before.site, before.subject, root) == (receipt.site, receipt.subject, place.root)
    return same and before.state is State.FINAL


def read_receipt(path: Path) -> Receipt:
    """The receipt in a file; nothing in it has been checked."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CliError("input.unreadable", name=path, reason=error.strerror or "") from error
    try:
        return Receipt.decode(data)
    except InvalidError as error:
        raise CliError("input.no_receipt", name=path) from error


def _receipt_in(line: bytes) -> Receipt | None:
    """The receipt in a line that an earlier run wrote; None for what is none."""
    try:
        return Receipt.decode(b64decode(line.strip().strip(b'"'), validate=True))
    except (Base64Error, InvalidError):
        return None
