"""What `verify` remembers between runs: how far chains and status lists had come, in a file of the person's own.

So a list that is taken back, or a chain, is noticed in the next run. The memory never decides for a document, and what
is wrong with the file keeps nobody from an answer: it is said, and the run goes on without.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson

from node.cli.errors import CliError
from node.cli.files import locked, read_input, write_whole
from node.cli.invocation import Invocation
from node.config import memory_file
from node.documents import DocumentError, parse_object
from node.verification.errors import MaterialError
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import VerificationMaterial
from node.verification.report import Report
from node.verification.seen import NOTHING_SEEN, Seen, blocks_in, heads_in
from node.verification.trust import Trust

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""As many heads and blocks as are remembered take some 2 MB."""
PRIVATE_FOLDER: Final = 0o700
UNREADABLE: Final = ".unreadable"
"""Behind the name of a memory that could not be read, where it is kept."""


class Memory:
    """The memory of one run: what was known at its beginning, and what it saw."""

    def __init__(self, invocation: Invocation, trust: Trust, path: Path | None = None) -> None:
        self._out = invocation.out
        self._trust = trust
        self._path = path or memory_file()
        self.seen = self._read()
        self._learned = NOTHING_SEEN

    def within(self, held: LedgerMaterial | None) -> LedgerMaterial | None:
        """What is held of chains, with what is remembered."""
        return replace(held or LedgerMaterial(), seen=self.seen) if self.seen else held

    def note(self, material: VerificationMaterial, report: Report) -> None:
        """Take over what one verification proved."""
        self._learned = self._learned.learning(heads_in(report, self._trust), blocks_in(material.ledgers))

    def keep(self) -> None:
        """Write down what is new, beside what other runs have written meanwhile."""
        if not self._learned:
            return
        folder = self._path.parent
        try:
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with locked(folder):
                known = self._read()
                following = known.learning(self._learned.heads, self._learned.blocks)
                if following != known:
                    write_whole(self._path, dumped(following), force=True)
        except CliError as error:
            self._out.remark("remark.memory_unwritten", name=self._path, reason=str(error))
        except OSError as error:
            self._out.remark("remark.memory_unwritten", name=self._path, reason=error.strerror or "")

    def _read(self) -> Seen:
        if not self._path.is_file():
            return NOTHING_SEEN
        try:
            data = read_input(str(self._path), limit=MAX_FILE_BYTES)
            return Seen.from_json(parse_object(data, max_bytes=MAX_FILE_BYTES))
        except (CliError, DocumentError, MaterialError) as error:
            kept = self._path.with_name(self._path.name + UNREADABLE)
            with suppress(OSError):
                self._path.replace(kept)
            self._out.remark("remark.memory_unreadable", name=self._path, kept=kept, reason=str(error))
            return NOTHING_SEEN


def dumped(seen: Seen) -> bytes:
    """The bytes of the file."""
    return orjson.dumps(seen.to_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
