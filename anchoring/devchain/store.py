"""The chain's database: keys and values in one SQLite file, changed block by block, by one process at a time.

What the EVM writes while it makes a block stays in memory until `commit`, which returns once the block is on the disk.
So a process that is killed leaves a file that ends with the last block anybody was told of, or with the one after it.
SQLite does not notice a changed byte, so every value carries a checksum.
"""

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from eth.abc import AtomicWriteBatchAPI
from eth.db.backends.base import BaseAtomicDB

from anchoring.devchain.opening import FILE
from anchoring.errors import EmbeddedChainError

LOCK: Final = "lock"
FORMAT: Final = 1
_APPLICATION: Final = int.from_bytes(b"gljt")
"""Stands in the head of the file, where `file` and SQLite find it."""
_CHECKSUM_BYTES: Final = 4
_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_MAX_PID_BYTES: Final = 20
_ANOTHER: Final = "Begin a new chain in a folder that does not exist yet; nothing of public value is lost."


class Store(BaseAtomicDB, AtomicWriteBatchAPI):
    """A folder with the database in it, held for this process alone until it is closed."""

    def __init__(self, folder: Path) -> None:
        """Open or make it; raises EmbeddedChainError."""
        self._folder = folder
        self._written: dict[bytes, bytes | None] = {}
        self._failed = False
        self._lock = _locked(folder)
        try:
            self._connection = _connected(folder / FILE)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getitem__(self, key: bytes) -> bytes:
        if key in self._written:
            value = self._written[key]
            if value is None:
                raise KeyError(key)
            return value
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        value, checksum = row[:-_CHECKSUM_BYTES], row[-_CHECKSUM_BYTES:]
        if _checksum(key, value) != checksum:
            raise self.damaged(f"the value under {key[:32].hex()} is not the one that was written")
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._written[key] = value

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._written[key] = None

    def _exists(self, key: bytes) -> bool:
        if key in self._written:
            return self._written[key] is not None
        return self._row(key) is not None

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """Itself: nothing lasts before `commit`, and whoever fails discards."""
        yield self

    @property
    def empty(self) -> bool:
        """Whether nothing was ever committed to it."""
        return self._asked("SELECT 1 FROM entries LIMIT 1") is None

    def commit(self) -> None:
        """Put everything written since the last time on the disk, or nothing of it; raises EmbeddedChainError.

        After a failure nothing more can be written: what a disk that failed once has kept is only known by reading it
        anew.
        """
        if self._failed:
            raise self._unwritable("an earlier block could not be written")
        values = [(key, value + _checksum(key, value)) for key, value in self._written.items() if value is not None]
        gone = [(key,) for key, value in self._written.items() if value is None]
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                self._connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", values)
                self._connection.executemany("DELETE FROM entries WHERE key = ?", gone)
        except sqlite3.OperationalError as error:
            self._failed = True
            raise self._unwritable(str(error)) from error
        except sqlite3.DatabaseError as error:
            self._failed = True
            raise self.damaged(str(error)) from error
        finally:
            self._written.clear()

    def discard(self) -> None:
        """Forget everything written since the last commit."""
        self._written.clear()

    def copy(self, path: Path) -> None:
        """Write what was committed to a new file, which is a chain's like this one; raises EmbeddedChainError."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE))
            target = sqlite3.connect(path, isolation_level=None)
            try:
                self._connection.backup(target)
            finally:
                target.close()
        except (OSError, sqlite3.Error) as error:
            raise _error(
                f"no copy of the chain can be written to {path}: {error}",
                "unwritable",
                "Give a folder that you may write to, on a disk with room.",
            ) from error

    def close(self) -> None:
        """Let go of the folder; what was not committed is gone."""
        self._written.clear()
        with suppress(sqlite3.Error):
            self._connection.close()
        with suppress(OSError):  # it was closed before
            os.close(self._lock)
        self._lock = -1

    def damaged(self, what: str) -> EmbeddedChainError:
        """The error that tells of a file that is not as this program left it."""
        return _error(f"{self._folder / FILE} is damaged: {what}", "damaged", f"Put a copy of it back. {_ANOTHER}")

    def _row(self, key: bytes) -> bytes | None:
        row = self._asked("SELECT value FROM entries WHERE key = ?", key)
        return None if row is None else bytes(row[0])

    def _asked(self, query: str, *values: bytes) -> tuple[bytes, ...] | None:
        try:
            row: tuple[bytes, ...] | None = self._connection.execute(query, values).fetchone()
        except sqlite3.ProgrammingError as error:
            raise _error(f"the chain in {self._folder} was closed", "closed", "Open it again.") from error
        except sqlite3.OperationalError as error:
            raise _error(
                f"{self._folder / FILE} cannot be read: {error}",
                "unreadable",
                "See that the disk works, and start again.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self.damaged(str(error)) from error
        return row

    def _unwritable(self, why: str) -> EmbeddedChainError:
        return _error(
            f"nothing can be written to {self._folder / FILE}: {why}",
            "unwritable",
            "See that the disk works and has room, and start again: every block that was told of is there.",
        )


def _locked(folder: Path) -> int:
    """The handle of the lock of this folder, which is made where it is not there."""
    handle = -1
    try:
        folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d" % os.getpid(), 0)
    except BlockingIOError as error:
        holder = os.pread(handle, _MAX_PID_BYTES, 0).decode("ascii", "replace") or "?"
        os.close(handle)
        raise _error(
            f"the chain in {folder} is in use by process {holder}",
            "busy",
            "Ask that process, or stop it first; or give another folder, which gets a chain of its own.",
        ) from error
    except OSError as error:
        if handle >= 0:
            os.close(handle)
        raise _error(
            f"no chain can be kept in {folder}: {error.strerror}", "folder", "Give a folder that you may write to."
        ) from error
    return handle


def _connected(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))
        _make_durable(path.parent)
    except OSError as error:
        raise _error(
            f"{path} cannot be opened: {error.strerror}", "folder", "Give a folder that you may write to."
        ) from error
    try:
        # One thread after the other uses it, never two at once.
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _error(f"{path} cannot be opened: {error}", "damaged", f"Put a copy of it back. {_ANOTHER}") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    # One connection in one process, which is also the one that checkpoints: versions of SQLite before 3.51.3 can lose
    # what is in a write-ahead log when there are several. With FULL, each commit waits until the log is on the disk.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
    if not application and not tables:
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {FORMAT};"
            "CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID; COMMIT;"
        )
    elif (application, version) != (_APPLICATION, FORMAT):
        raise _error(f"{path} was not written by this version of the program", "foreign", _ANOTHER)
    elif tables != ["entries"]:
        raise sqlite3.DatabaseError("its table is missing")


def _make_durable(folder: Path) -> None:
    """Wait until the disk knows which files are in the folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(key: bytes, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(key)).to_bytes(_CHECKSUM_BYTES)


def _error(message: str, code: str, remedy: str) -> EmbeddedChainError:
    return EmbeddedChainError(message, code=f"devchain.{code}", remedy=remedy)
