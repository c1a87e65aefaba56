"""The folder of a node: made for its owner alone, and held by one process at a time.

FolderError    folder.{absent, running, unusable, open, foreign}
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCK: Final = "node.lock"
DATABASE: Final = "glejt.sqlite3"
CHAIN: Final = "chain"
PASSPHRASE: Final = "passphrase"  # noqa: S105 -- the name of a file
"""What opens the master key, where glejt made it up itself."""
NEXT_PASSPHRASE: Final = "passphrase.next"  # noqa: S105 -- likewise
CONTROL: Final = "control"
"""The socket by which commands on this machine ask the node that runs."""
TRIAL: Final = ".trial-"
"""What folders begin with in which a backup is tried out."""
_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_FOLDER: Final = 0o700
_OTHERS: Final = 0o077
_MAX_NOTE_BYTES: Final = 512


class FolderError(Exception):
    """A node's folder cannot be used."""

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class NodeFolder:
    """Where a node keeps everything."""

    path: Path

    @property
    def database(self) -> Path:
        """The database, where it is a file here."""
        return self.path / DATABASE

    @property
    def chain(self) -> Path:
        """The embedded chain."""
        return self.path / CHAIN

    @property
    def passphrase(self) -> Path:
        """The passphrase that was made here."""
        return self.path / PASSPHRASE

    @property
    def next_passphrase(self) -> Path:
        """The one that is about to replace it."""
        return self.path / NEXT_PASSPHRASE

    @property
    def control(self) -> Path:
        """The socket of the node that runs."""
        return self.path / CONTROL

    @contextmanager
    def held(self, note: str = "") -> Iterator[None]:
        """Alone in the folder, which is made where it is not there; `note` says to others who is.

        Raises FolderError with the code folder.running where another process is in it.
        """
        try:
            self.path.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise self._running() from error
            self._tidy()
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}{note and f', {note}'}\n".encode(), 0)
            yield
        finally:
            os.close(handle)

    def require_free(self) -> None:
        """Raise FolderError with the code folder.running where a process is in it now; nothing is made."""
        if self.is_held:
            raise self._running()

    def _running(self) -> FolderError:
        try:
            who = (self.path / LOCK).read_bytes()[:_MAX_NOTE_BYTES].decode("utf-8", "replace").strip()
        except OSError:  # it was taken away meanwhile
            who = ""
        return FolderError(
            f"a node runs in {self.path} already{f' ({who})' if who else ''}",
            code="folder.running",
            remedy="Use that one, or stop it first. For another beside it, name a folder with --data.",
        )

    def _tidy(self) -> None:
        """Remove copies that a process had made to try a backup out, and died over; they name people."""
        for left in self.path.glob(f"{TRIAL}*"):
            shutil.rmtree(left, ignore_errors=True)

    def free_bytes(self) -> int:
        """The room left where it lies."""
        try:
            return shutil.disk_usage(self.path).free
        except OSError as error:
            raise _unusable(self.path, error) from error

    def open_to_others(self) -> tuple[Path, ...]:
        """What in it others on this machine may look into."""
        found = [self.path, *sorted(self.path.rglob("*"))] if self.path.is_dir() else []
        return tuple(each for each in found if not each.is_symlink() and each.stat().st_mode & _OTHERS)

    def foreign_owner(self) -> bool:
        """Whether it is another account's, who then decides what is in it."""
        return self.path.exists() and self.path.stat().st_uid != os.geteuid()

    @property
    def is_held(self) -> bool:
        """Whether a process is in it now."""
        try:
            handle = os.open(self.path / LOCK, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False


def require_private(folder: NodeFolder) -> None:
    """Refuse a folder that others may look into, and one that is not ours: keys of people lie in it."""
    if folder.foreign_owner():
        raise FolderError(
            f"{folder.path} belongs to another account",
            code="folder.foreign",
            remedy="Run the node as the account that the folder belongs to, or give it the folder (chown -R).",
        )
    if found := folder.open_to_others():
        mode = stat.S_IMODE(found[0].stat().st_mode)
        raise FolderError(
            f"others on this machine may look into {found[0]}: its mode is {mode:03o}",
            code="folder.open",
            remedy=f"Set the modes: chmod -R go= {folder.path}",
        )


def _unusable(path: Path, error: OSError) -> FolderError:
    return FolderError(
        f"{path} cannot be used: {error.strerror}",
        code="folder.unusable",
        remedy="Name a folder that you may write to, on a disk with room, with --data.",
    )
