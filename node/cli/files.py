"""Files in and out: bounded reading, and writing that is whole or did not happen."""

import errno
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from node.cli.errors import CliError

STDIN = "-"
MAX_LINE_BYTES = 16 * 1024
"""A file that holds a passphrase holds little else."""
PUBLIC = 0o644
PUBLIC_FOLDER = 0o755
TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})
"""What a file system answers where there is something of that name already."""
NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What a file system answers that knows no second name for a file, as on many memory sticks."""


def read_input(name: str, *, limit: int) -> bytes:
    """The bytes of a file, or of standard input for `-`; more than `limit` are refused without being read."""
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise CliError(*_why_unreadable(error), reason=error.strerror or "", name=name) from error
    except ValueError as error:  # a NUL in the name
        raise CliError("input.missing", name=name) from error
    if len(data) > limit:
        raise CliError("input.too_large", limit=limit // 1024)
    if not data.strip():
        raise CliError("input.empty")
    return data


def read_first_line(path: Path) -> str:
    """The first line of a small text file, without its end; for passphrases."""
    data = read_input(str(path), limit=MAX_LINE_BYTES)
    try:
        return data.decode("utf-8").split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError as error:
        raise CliError("input.not_text", name=path) from error


def require_free(path: Path, *, force: bool) -> None:
    """Refuse early what `write_whole` would refuse once the work is done."""
    if path.is_dir():
        raise CliError("output.is_folder", name=path)
    if path.exists() and not force:
        raise CliError("output.exists", name=path)
    if not path.parent.is_dir():
        raise CliError("output.unwritable", name=path, reason=os.strerror(errno.ENOENT))


def write_whole(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file so that it is there whole or not at all; one that exists is replaced only with `force`."""
    with staged_file(path) as staged:
        staged.file.write(data)
        staged.release(force=force)


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file whole, over one that exists. Not waited for: one that a crash takes has to be made again."""
    with staged_file(path) as staged:
        staged.file.write(data)
        staged.release(force=True, lasting=False)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that is being written under another name; it is there once it is released."""

    path: Path
    file: BinaryIO
    temporary: Path

    def release(self, *, force: bool, lasting: bool = True) -> None:
        """Give it its name; one that exists is replaced only with `force`. `lasting` waits for the disk."""
        self.file.flush()
        if lasting:
            os.fsync(self.file.fileno())
        os.fchmod(self.file.fileno(), PUBLIC & ~_umask())
        _put(self.temporary, self.path, force=force)


@contextmanager
def staged_file(path: Path) -> Iterator[StagedFile]:
    """A file to write into; what was not released is gone afterwards."""
    if path.is_dir():
        raise CliError("output.is_folder", name=path)
    with _told(path):
        handle, temporary = tempfile.mkstemp(prefix=".glejt-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield StagedFile(path, file, Path(temporary))
        finally:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()


@dataclass(frozen=True, slots=True)
class StagedFolder:
    """A folder that is being filled under another name; it is there once it is released."""

    path: Path
    temporary: Path

    def write(self, name: str, data: bytes) -> None:
        """One more file in it."""
        (self.temporary / name).write_bytes(data)

    def release(self) -> None:
        """Give it its name; a folder of that name must be empty."""
        os.sync()  # once, as waiting for each of the files would take longer than making them
        self.temporary.chmod(PUBLIC_FOLDER & ~_umask())
        try:
            self.temporary.rename(self.path)
        except OSError as error:
            if error.errno in TAKEN:
                raise FileExistsError(errno.EEXIST, "exists") from error
            raise


@contextmanager
def staged_folder(path: Path) -> Iterator[StagedFolder]:
    """A folder to write files into; what was not released is gone afterwards."""
    with _told(path):
        temporary = Path(tempfile.mkdtemp(prefix=".glejt-", dir=path.parent))
        try:
            yield StagedFolder(path, temporary)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among all that change a list in this folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise CliError("input.missing", name=folder) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell of what keeps a file or folder from being written."""
    try:
        yield
    except FileExistsError as error:
        raise CliError("output.exists", name=path) from error
    except OSError as error:
        raise CliError("output.unwritable", name=path, reason=error.strerror or "") from error


def _put(temporary: Path, path: Path, *, force: bool) -> None:
    """Give the finished file its name; without `force` a name taken in the meantime is an error, not overwritten."""
    if force:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists") from error
        temporary.rename(path)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _why_unreadable(error: OSError) -> tuple[str]:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return ("input.missing",)
        case IsADirectoryError():
            return ("input.is_folder",)
        case PermissionError():
            return ("input.forbidden",)
        case _:
            return ("input.unreadable",)
