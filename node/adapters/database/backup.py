"""The whole database in one file that either engine takes, made while the node works, and checked by restoring.

A file is a ZIP archive: for each table its rows, one a line as JSON, in the order of their keys, bytes in base64; and
`manifest.json`, written last, with the revision of the tables, and for each table how many rows it has and their
SHA-256. The same rows make the same lines on both engines, so moving to the other one is to restore there, and what
arrived can be compared with what left. Other files that belong to the node stand in it as they are.

Making one:

1. One view of one moment is read, table by table; nobody waits for it.
2. Then other files are copied: what the rows refer to was there before them, so it is in a copy made after.
3. The file is written under another name, and given its own once all of it is on the disk.

Restoring, in one transaction, into a database with nothing in it:

1. The whole file is read, its rows are counted and summed up; what differs from the manifest stops everything.
2. The tables are made as they were in the revision of the backup, and filled.
3. The rows are read back from the database, and have to have the same sums.
4. The tables are brought to today's revision.
5. A backup is of the past: what was single-use then may be used, what was withdrawn since is not withdrawn in it. So
   challenges and requests for a second person go, keys for programs are over, and no status list gives away places or
   is published before it was compared with its last published version. To move to another engine leaves all as it is:
   then nothing may have been done with the old one since.

Spec: https://www.sqlite.org/isolation.html, https://www.postgresql.org/docs/current/transaction-iso.html
"""

import asyncio
import base64
import contextlib
import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import batched
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

import orjson
from sqlalchemy import LargeBinary, MetaData, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.award_tables import STATUS_LISTS
from node.adapters.database.engine import Database
from node.adapters.database.migration import known_revisions, migrate, revision_of
from node.adapters.database.tables import API_KEYS, APPROVALS, CHALLENGES
from node.ports.errors import BackupError

FORMAT: Final = "glejt/backup/v1"
MANIFEST: Final = "manifest.json"
MAX_MANIFEST_BYTES: Final = 1024 * 1024
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
"""The longest row is a DID's history, or a status list of eight million places."""
ROWS_AT_ONCE: Final = 1000
_OWNER_ONLY: Final = 0o600
_VERSIONS: Final = "alembic_version"
_FILES: Final = "files/"
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table comes to."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file comes to."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What a manifest says."""

    revision: str
    made_at: str
    tables: dict[str, Sum]
    files: dict[str, Kept] = field(default_factory=dict)


type Copy = Callable[[Path], Awaitable[None]]
"""Makes a copy of something that may be in use, of one moment, at a path where nothing is."""


async def back_up(
    database: Database, path: Path, at: datetime, *, beside: Mapping[str, Copy] = MappingProxyType({})
) -> Backup:
    """Write a backup to a new file that only its owner may read, with copies of other files `beside` the rows."""
    with (
        _written(path, _beside(path)) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        async with database.reading() as connection:  # 1.
            revision = await revision_of(connection)
            if revision is None:
                raise BackupError(
                    "the database is empty", code="backup.shape", remedy="Check the address; there is nothing to keep."
                )
            sums = {}
            for table in await _tables(connection):
                with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as entry:
                    sums[str(table.name)] = await _summed(connection, table, entry)
        files = {name: await _copied(copy, f"{_FILES}{name}", path, archive) for name, copy in beside.items()}  # 2.
        backup = Backup(revision, at.isoformat(), sums, files)
        stated = {name: {"rows": each.rows, "sha256": each.sha256} for name, each in sums.items()}
        manifest = {"format": FORMAT, "revision": revision, "made_at": backup.made_at, "tables": stated}
        if files:
            manifest["files"] = {name: asdict(each) for name, each in files.items()}
        archive.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return backup


async def restore(database: Database, path: Path, at: datetime, *, moving: bool = False) -> Backup:
    """Fill a database that has nothing in it; raises BackupError, and then it still has nothing in it.

    `database` was opened without a revision. `moving` keeps everything as it was: see above.
    """
    with _archive(path) as archive:
        backup = _checked(archive)  # 1.
        if backup.revision not in known_revisions():
            raise BackupError(
                f"the backup is of revision {backup.revision}, which this version of glejt does not know",
                code="backup.revision",
                remedy="Restore it with the version of glejt that made it, or a later one.",
            )

        async def work(connection: AsyncConnection) -> None:
            await _require_empty(connection)
            await migrate(connection, backup.revision)  # 2.
            tables = await _tables(connection)
            if {table.name for table in tables} != set(backup.tables):
                raise _shape("its tables are not those of its revision")
            for table in tables:
                await _fill(connection, table, archive)
            for table in tables:
                _compare(table.name, await _summed(connection, table), backup)  # 3.
            await migrate(connection)  # 4.
            if not moving:
                await _distrust(connection, at)  # 5.

        await database.transact_alone(work)
    return backup


def check_backup(path: Path) -> Backup:
    """What a backup says of itself, after its rows were read and summed up; raises BackupError."""
    with _archive(path) as archive:
        return _checked(archive)


async def take_out(path: Path, name: str, target: Path) -> None:
    """Write a file that stands in a backup to where nothing is; raises BackupError where it is not as it was kept."""

    def work() -> None:
        with _archive(path) as archive, _written(target, _beside(target)) as file:
            _compare_file(name, _sum_of(_chunks_of(archive, f"{_FILES}{name}"), file), _manifest(archive))

    await asyncio.to_thread(work)


async def sums(database: Database) -> dict[str, Sum]:
    """What each table comes to, for comparing two databases."""
    async with database.reading() as connection:
        return {str(table.name): await _summed(connection, table) for table in await _tables(connection)}


async def _tables(connection: AsyncConnection) -> list[Table]:
    """The tables as they are in the database, those that others refer to first."""
    metadata = MetaData()
    await connection.run_sync(metadata.reflect)
    return [table for table in metadata.sorted_tables if table.name != _VERSIONS]


async def _summed(connection: AsyncConnection, table: Table, entry: IO[bytes] | None = None) -> Sum:
    """What a table comes to; its lines are written where `entry` is given."""
    digest, count = hashlib.sha256(), 0
    async for rows in _chunks(connection, table):
        lines = b"".join(map(_line, rows))
        digest.update(lines)
        count += len(rows)
        if entry is not None:
            await asyncio.to_thread(entry.write, lines)
    return Sum(count, digest.hexdigest())


async def _chunks(connection: AsyncConnection, table: Table) -> AsyncIterator[list[Any]]:
    statement = select(table).order_by(*table.primary_key.columns)
    result = await connection.stream(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    async for rows in result.partitions():
        yield list(rows)


def _line(row: Any) -> bytes:  # noqa: ANN401 -- a row
    values = [base64.b64encode(value).decode() if isinstance(value, bytes) else value for value in row]
    return orjson.dumps(values) + b"\n"


async def _fill(connection: AsyncConnection, table: Table, archive: zipfile.ZipFile) -> None:
    columns = [(column.name, isinstance(column.type, LargeBinary)) for column in table.columns]
    for lines in batched(_lines(archive, table.name), ROWS_AT_ONCE, strict=False):
        await connection.execute(table.insert(), [_row(line, columns) for line in lines])


async def _copied(copy: Copy, entry: str, path: Path, archive: zipfile.ZipFile) -> Kept:
    temporary = _beside(path)
    try:
        await copy(temporary)
        with temporary.open("rb") as source, archive.open(entry, "w", force_zip64=True) as kept:
            return await asyncio.to_thread(_sum_of, iter(lambda: source.read(_CHUNK_BYTES), b""), kept)
    finally:
        temporary.unlink(missing_ok=True)


def _sum_of(chunks: Iterable[bytes], target: IO[bytes] | None = None) -> Kept:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
    return Kept(size, digest.hexdigest())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def _checked(archive: zipfile.ZipFile) -> Backup:
    backup = _manifest(archive)
    for name in backup.files:
        _compare_file(name, _sum_of(_chunks_of(archive, f"{_FILES}{name}")), backup)
    for name in backup.tables:
        digest, rows = hashlib.sha256(), 0
        for line in _lines(archive, name):
            digest.update(line)
            rows += 1
        _compare(name, Sum(rows, digest.hexdigest()), backup)
    return backup


def _lines(archive: zipfile.ZipFile, table: str) -> Iterator[bytes]:
    try:
        with archive.open(f"{table}.jsonl") as entry:
            while line := entry.readline(MAX_LINE_BYTES):
                yield line
    except (KeyError, OSError, zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise _shape(f"the rows of {table} cannot be read") from error


def _chunks_of(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    try:
        with archive.open(name) as entry:
            while chunk := entry.read(_CHUNK_BYTES):
                yield chunk
    except (KeyError, OSError, zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise _shape(f"{name} in it cannot be read") from error


def _row(line: bytes, columns: list[tuple[str, bool]]) -> dict[str, Any]:
    try:
        values = orjson.loads(line)
        return {
            name: base64.b64decode(value, validate=True) if binary and value is not None else value
            for (name, binary), value in zip(columns, values, strict=True)
        }
    except (ValueError, TypeError) as error:
        raise _shape("a row in it has not the columns of its table") from error


async def _require_empty(connection: AsyncConnection) -> None:
    for table in await _tables(connection):
        if await connection.scalar(select(func.count()).select_from(table)):
            raise BackupError(
                "there is something in the database already",
                code="backup.not_empty",
                remedy="Restore into a new one; compare, and point the settings there.",
            )


async def _distrust(connection: AsyncConnection, at: datetime) -> None:
    await connection.execute(delete(CHALLENGES))
    await connection.execute(update(API_KEYS).where(API_KEYS.c.revoked_at.is_(None)).values(revoked_at=at))
    await connection.execute(delete(APPROVALS))  # one that was granted may have been carried out since
    unsealed = STATUS_LISTS.c.sealed_at.is_(None)
    await connection.execute(update(STATUS_LISTS).where(unsealed).values(open=False, reconciled=False))


def _compare(table: str, found: Sum, backup: Backup) -> None:
    if found != backup.tables[table]:
        raise BackupError(
            f"the rows of {table} are not those that were kept",
            code="backup.checksum",
            remedy="Use another backup. This one was damaged, or changed.",
        )


def _compare_file(name: str, found: Kept, backup: Backup) -> None:
    if found != backup.files.get(name):
        raise BackupError(
            f"the file {name} is not the one that was kept",
            code="backup.checksum",
            remedy="Use another backup. This one was damaged, or changed.",
        )


def _manifest(archive: zipfile.ZipFile) -> Backup:
    try:
        with archive.open(MANIFEST) as entry:
            stated = orjson.loads(entry.read(MAX_MANIFEST_BYTES))
        tables = {name: Sum(int(each["rows"]), str(each["sha256"])) for name, each in stated["tables"].items()}
        kept = stated.get("files", {}).items()
        files = {name: Kept(int(each["size"]), str(each["sha256"])) for name, each in kept}
        if stated["format"] == FORMAT:
            return Backup(str(stated["revision"]), str(stated["made_at"]), tables, files)
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zipfile.BadZipFile) as error:
        raise _shape("it has no list of what is in it") from error
    raise _shape("it is of another kind")


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _shape("it cannot be read, or is cut off") from error
    with archive:
        yield archive


@contextlib.contextmanager
def _written(path: Path, temporary: Path) -> Iterator[IO[bytes]]:
    """A new file that is there whole or not at all."""
    if path.exists():
        raise BackupError(f"the file {path.name} exists", code="backup.exists", remedy="Choose another name.")
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise BackupError(
            f"the backup cannot be written: {error.strerror}",
            code="backup.unwritable",
            remedy="Choose a folder that exists, that you may write to, and that has room.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _shape(reason: str) -> BackupError:
    return BackupError(
        f"the backup cannot be used: {reason}", code="backup.shape", remedy="Use another backup of this node."
    )
