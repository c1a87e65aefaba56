"""What the two databases say when something fails, as errors of the store.

Spec: https://www.sqlite.org/rescode.html, https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from node.ports.errors import (
    ConflictError,
    RuleError,
    StoreBrokenError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)

_FULL: Final = frozenset({sqlite3.SQLITE_FULL})
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OF_THE_DISK: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF
"""SQLite's extended codes carry the plain one in their last byte."""
_OF_ONE_STATEMENT: Final = frozenset(
    {None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG}
)
"""After these, and where the driver itself refused, SQLite's transaction goes on."""
_AGAIN: Final = frozenset({"40001", "40P01"})
"""PostgreSQL gave this one up for the sake of another: done again, it may go well."""
_TEXT_STATES: Final = frozenset({"", "22021"})
"""No text: without a state the driver refused it, before anything was sent."""
_FULL_STATES: Final = frozenset({"53100"})
_PASSING_CLASSES: Final = ("40", "53", "55", "57")
_DISK_CLASSES: Final = ("58", "XX")


def again(error: Exception) -> bool:
    """Whether the very same may be done once more at once: two got into each other's way and nothing was stored."""
    return isinstance(error, DBAPIError) and _state(error) in _AGAIN


def spoils_others(error: BaseException) -> bool:
    """Whether the failure of one statement says that the whole transaction is lost."""
    return isinstance(error, DBAPIError) and _code(error) not in _OF_ONE_STATEMENT


def translated(error: Exception) -> Exception:
    """The error of the store for one of the database; any other error is returned as it is."""
    if isinstance(error, PoolTimeoutError):
        return _busy("every connection to the database is in use")
    if isinstance(error, IntegrityError):
        return ConflictError(
            "something with this name is there already, or what it refers to is not there",
            code="store.conflict",
            remedy="Look at what there is; choose another name, or create first what it refers to.",
        )
    if isinstance(error, DBAPIError):
        return _of_sqlite(error) if isinstance(error.orig, sqlite3.Error) else _of_postgresql(error)
    if isinstance(error, SQLAlchemyError):
        return unreachable()
    return error


@contextmanager
def told() -> Iterator[None]:
    """Turns the database's errors into the store's."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translated(error) from error


def _of_sqlite(error: DBAPIError) -> StoreError:
    primary = _code(error)
    if primary in _FULL:
        return StoreFullError()
    if primary in _PASSING:
        return _busy("another process writes to the database")
    if primary in _OF_THE_DISK:
        return broken()
    return _failed(error)


def _of_postgresql(error: DBAPIError) -> StoreError:
    state = _state(error) or ""
    if isinstance(error, DataError) and state in _TEXT_STATES:
        return RuleError(
            "a text has a character that is not stored",
            code="store.text",
            remedy="Leave out the character U+0000; no name has it.",
        )
    if state in _FULL_STATES:
        return StoreFullError()
    if state.startswith(_PASSING_CLASSES):
        return _busy("the database is busy, or about to stop")
    if state.startswith(_DISK_CLASSES) or error.connection_invalidated:
        return broken()
    if not state or state.startswith("08"):
        return unreachable()
    return _failed(error)


def broken() -> StoreBrokenError:
    """The error after which nothing more is written until the database is opened anew."""
    return StoreBrokenError(
        "the database failed while it was writing; whether the last of it was stored is not known",
        code="store.broken",
        remedy="Check the disk and the log of the database, then start again. What was acknowledged is stored.",
    )


def _code(error: DBAPIError) -> int | None:
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _busy(message: str) -> StoreBusyError:
    return StoreBusyError(message, code="store.busy", remedy="Try again in a moment; nothing was stored.")


def unreachable() -> StoreBusyError:
    """The error of a database that is not there."""
    return StoreBusyError(
        "the database cannot be reached",
        code="store.unavailable",
        remedy="Check that it runs, and the address and the password in the settings.",
    )


def _failed(error: DBAPIError) -> StoreError:
    return StoreError(
        f"the database refused: {type(error.orig).__name__}",
        code="store.unsupported",
        remedy="Report it with what you were doing; nothing was stored.",
    )
