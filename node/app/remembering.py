"""What a node remembers of chains and status lists that it has seen, from one start to the next.

It decides nothing by itself: what is wrong with the file is said, the file kept under another name, and another begun.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import Final

import orjson

from node.documents import DocumentError, parse_object
from node.verification.errors import MaterialError
from node.verification.seen import NOTHING_SEEN, Seen

FILE: Final = "seen.json"
UNREADABLE: Final = ".unreadable"
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""As many heads and blocks as are remembered take some 2 MB."""
_OWNER_ONLY: Final = 0o600
_LOG: Final = logging.getLogger(__name__)


class Memory:
    """The file in a node's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self) -> Seen:
        """What was kept last; nothing where there is no such file, or none that can be read."""
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            return Seen.from_json(parse_object(data, max_bytes=MAX_FILE_BYTES))
        except FileNotFoundError:
            return NOTHING_SEEN
        except (OSError, DocumentError, MaterialError):
            _LOG.warning("What was remembered of chains cannot be read; it is kept beside, and begun anew.")
            with contextlib.suppress(OSError):
                self._path.replace(self._path.with_name(FILE + UNREADABLE))
            return NOTHING_SEEN

    async def keep(self, seen: Seen) -> None:
        """Keep this in the place of what was kept before."""
        try:
            await asyncio.to_thread(self._write, orjson.dumps(seen.to_json()))
        except OSError:
            _LOG.warning("What was seen of chains cannot be kept for the next start.")

    def _write(self, data: bytes) -> None:
        temporary = self._path.with_name(f".{FILE}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
                file.write(data)
            temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)
