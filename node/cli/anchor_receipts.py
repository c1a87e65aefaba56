"""Receipts in files: one beside each document, or one file of lines beside a file of lines; written whole, and merged.

A receipt that is there already is never made worse: what both know together is written. One of another document is left
alone, and told of.
"""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anchoring.errors import InvalidError
from anchoring.receipt import MAX_BYTES, Receipt
from node.cli.errors import CliError
from node.cli.files import StagedFile, staged_file
from node.cli.many import LINES, Handed

SUFFIX: Final = ".receipt"
"""Behind the whole name of the document."""
OF_LINES: Final = ".receipts.jsonl"
"""Behind the name of a file of lines: receipts in base64, each in the line of its document; null stands for none."""


@dataclass(slots=True)
class ReceiptFiles:
    """Where the receipts of one run go: beside the documents, or into a folder, by the documents' names."""

    folder: Path | None
    written: int = 0
    conflicts: list[str] = field(default_factory=list)
    _lines: dict[str, StagedFile] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def put(self, handed: Handed, receipts: Sequence[Receipt]) -> None:
        """The receipts of one document; a document with several proofs has several."""
        if handed.line is None:
            for number, receipt in enumerate(receipts, 1):
                self._put_file(self.place_of(handed.name, number), receipt)
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
            self._at.clear()

    def _put_file(self, path: Path, receipt: Receipt) -> None:
        try:
            before = read_receipt(path) if path.exists() else None
            merged = receipt if before is None else before.merge(receipt)
        except (CliError, InvalidError):
            self.conflicts.append(str(path))
            return
        if merged != before:
            # Not waited for: whoever loses it makes it again, out of the journal.
            temporary = path.with_name(f".{path.name}.part")
            try:
                temporary.write_bytes(merged.encode())
                temporary.replace(path)
            except OSError as error:
                raise CliError("output.unwritable", name=path, reason=error.strerror or "") from error
        self.written += 1

    def _put_line(self, file: str, number: int, receipts: Sequence[Receipt]) -> None:
        if file not in self._lines:
            path = Path(file)
            named = (self.folder or path.parent) / f"{path.name.removesuffix(LINES)}{OF_LINES}"
            self._lines[file] = self._stack.enter_context(staged_file(named))
            self._at[file] = 1
        stream = self._lines[file].file
        stream.write(b"null\n" * (number - self._at[file]))
        stream.write(b'"%b"\n' % b64encode(receipts[0].encode()) if receipts else b"null\n")
        self._at[file] = number + 1
        self.written += bool(receipts)


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
