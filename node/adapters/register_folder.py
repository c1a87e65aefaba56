"""A copy of a register in a folder: files by their digests, and one that says which heads are there.

    FOLDER/copy.json                the address of the register, and the digest of each organisation's head
    FOLDER/files/ab/abcd…           everything, by the SHA-256 of its bytes

Each file is written whole under another name first, and is read as what its name says or not at all. `copy.json` is
written last; so whoever reads the folder meanwhile, or after a crash, finds an older copy that is whole.
"""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from node.documents import DocumentError, parse_object
from node.verification.errors import RegisterError
from node.verification.register_form import MAX_FILE_BYTES, MAX_REGISTERS, Pin

FORMAT: Final = "glejt/register-copy/v1"
COPY: Final = "copy.json"
FILES: Final = "files"
MAX_COPY_FILE_BYTES: Final = 4 * 1024 * 1024
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RegisterFolder:
    """A Copying and a CopyReader."""

    path: Path

    def exists(self) -> bool:
        """Whether there is a copy."""
        return (self.path / COPY).is_file()

    def stated(self) -> tuple[str, dict[str, str]]:
        """The address of the register, and the heads; raises RegisterError for a folder that holds no copy."""
        try:
            with (self.path / COPY).open("rb") as file:
                table = parse_object(file.read(MAX_COPY_FILE_BYTES + 1), max_bytes=MAX_COPY_FILE_BYTES)
        except (OSError, DocumentError) as error:
            raise _no_copy("there is no copy of a register in the folder") from error
        url, heads = table.get("url"), table.get("heads")
        if table.get("format") != FORMAT or not isinstance(url, str) or not isinstance(heads, dict):
            raise _no_copy("what is in the folder is no copy of a register")
        named = {
            name: digest for name, digest in heads.items() if isinstance(digest, str) and _DIGEST.fullmatch(digest)
        }
        if len(named) != len(heads) or len(heads) > MAX_REGISTERS:
            raise _no_copy("the copy names heads that cannot be")
        return url, named

    def heads(self) -> Mapping[str, str]:
        """The digests of the heads that the copy has."""
        return self.stated()[1] if self.exists() else {}

    def has(self, pin: Pin) -> bool:
        """Whether the copy has these bytes."""
        content = self.read(pin.sha256)
        return content is not None and len(content) == pin.size

    def read(self, digest: str) -> bytes | None:
        """The file of this digest."""
        if not _DIGEST.fullmatch(digest):
            return None
        try:
            with self._place(digest).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError:
            return None
        return content if sha256(content).hexdigest() == digest else None

    def put(self, content: bytes) -> str:
        """Take a file."""
        digest = sha256(content).hexdigest()
        place = self._place(digest)
        if self.read(digest) is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, content)
        return digest

    def keep(self, url: str, heads: Mapping[str, str]) -> None:
        """Say which heads are there."""
        self.path.mkdir(parents=True, exist_ok=True)
        stated = {"format": FORMAT, "url": url, "heads": dict(sorted(heads.items()))}
        _write(self.path / COPY, orjson.dumps(stated, option=orjson.OPT_INDENT_2), lasting=True)

    def _place(self, digest: str) -> Path:
        return self.path / FILES / digest[:2] / digest


def _write(place: Path, content: bytes, *, lasting: bool = False) -> None:
    """Write a file so that it is there whole or not at all; `lasting` waits for the disk, for all before it too."""
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.sync()
        temporary.replace(place)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _no_copy(message: str) -> RegisterError:
    return RegisterError(
        message,
        code="register.copy",
        remedy="Name the folder that a register was copied to: glejt register mirror URL FOLDER",
    )
