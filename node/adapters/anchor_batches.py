"""Batches of anchored objects in one SQLite file of their own, for one contract on one chain.

What a method took is on the disk when it returns (`synchronous=FULL`). Several processes may have the file open; that a
signed object is in one batch of a namespace alone is the file's own rule. Of documents nothing is kept but commitments
and salts: neither names nor places of files.

Spec: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from anchoring import cbor
from anchoring.checkpoint import Chain
from anchoring.errors import InvalidError, TransactionError
from anchoring.facts import Anchor
from anchoring.receipt import Finality, Mined
from anchoring.storage_proof import Contract, StorageProof
from node.issuance.anchor_batches import Content, Sealed, StoredBatch, sealed

LAYOUT: Final = 1
BUSY_SECONDS: Final = 60.0
"""How long another process may hold the file: a full batch takes some seconds."""
_OWNER_ONLY: Final = 0o600
_TABLES: Final = (
    "CREATE TABLE site (layout INTEGER, chain BLOB, genesis BLOB, contract BLOB)",
    """CREATE TABLE batches (
    number INTEGER PRIMARY KEY, namespace BLOB, value BLOB UNIQUE, documents INTEGER, sealed_at INTEGER, leaves BLOB,
    mined BLOB, final BLOB
)""",
    """CREATE TABLE documents (
    namespace BLOB, commitment BLOB, batch INTEGER REFERENCES batches (number), salt BLOB,
    PRIMARY KEY (namespace, commitment)
) WITHOUT ROWID""",
    "CREATE INDEX documents_by_batch ON documents (batch)",
)
_COLUMNS: Final = "number, namespace, value, documents, sealed_at, mined, final"


class SqliteBatchStore:
    """A BatchStore in a file; that of another contract or chain is refused."""

    def __init__(self, path: Path, chain: Chain, contract: Contract) -> None:
        self._path = path
        with _told(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                self._database.execute("PRAGMA journal_mode=TRUNCATE")
                self._database.execute("PRAGMA synchronous=FULL")
                self._database.execute("PRAGMA secure_delete=ON")
                self._open(chain, contract)
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def seal(self, namespace: bytes, commitments: Sequence[bytes], *, now: int) -> Sealed:
        """Make a batch of those that are in none yet."""

        def work(database: sqlite3.Connection) -> Sealed:
            wanted = dict.fromkeys(commitments)
            new = [each for each in wanted if not _is_there(database, namespace, each)]
            if not new:
                return Sealed(None, len(wanted))
            made, content = sealed(new)
            inserted = database.execute(
                "INSERT INTO batches (namespace, value, documents, sealed_at, leaves) VALUES (?, ?, ?, ?, ?)",
                [namespace, made.anchored, len(new), now, content.leaves],
            )
            number = int(inserted.lastrowid or 0)
            database.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?)",
                ((namespace, commitment, number, salt) for commitment, salt in content.salts.items()),
            )
            return Sealed(StoredBatch(number, namespace, made.anchored, len(new), now), len(wanted) - len(new))

        return self._do(work)

    def batches(self, namespace: bytes | None = None, *, unfinished: bool = False) -> tuple[StoredBatch, ...]:
        """The batches, in their order."""
        chosen = "(? IS NULL OR namespace = ?) AND (? OR final IS NULL)"
        query = f"SELECT {_COLUMNS} FROM batches WHERE {chosen}"  # noqa: S608 - our own
        with _told(self._path):
            rows = self._database.execute(f"{query} ORDER BY number", [namespace, namespace, not unfinished])
            return tuple(map(_batch, rows))

    def batch_of(self, namespace: bytes, commitment: bytes) -> StoredBatch | None:
        """The batch that holds this object."""
        query = (
            f"SELECT {_COLUMNS} FROM batches WHERE number = "  # noqa: S608 - our own
            "(SELECT batch FROM documents WHERE namespace = ? AND commitment = ?)"
        )
        with _told(self._path):
            row = self._database.execute(query, [namespace, commitment]).fetchone()
            return None if row is None else _batch(row)

    def content(self, number: int) -> Content:
        """What is in the batch with this number."""
        with _told(self._path):
            (leaves,) = self._database.execute("SELECT leaves FROM batches WHERE number = ?", [number]).fetchone()
            salts = self._database.execute("SELECT commitment, salt FROM documents WHERE batch = ?", [number])
            return Content(leaves, dict(salts))

    def record(self, number: int, progress: Mined | Finality) -> None:
        """How far its anchor has come."""
        column = "final" if isinstance(progress, Finality) else "mined"

        def work(database: sqlite3.Connection) -> None:
            database.execute(
                f"UPDATE batches SET {column} = ? WHERE number = ?",  # noqa: S608 - one of two
                [_packed(progress), number],
            )

        self._do(work)

    def _do[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _told(self._path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                done = work(self._database)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            return done

    def _open(self, chain: Chain, contract: Contract) -> None:
        wanted = (LAYOUT, chain.id.to_bytes(32), chain.genesis, contract.address)

        def work(database: sqlite3.Connection) -> None:
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'site'").fetchone():
                for statement in _TABLES:
                    database.execute(statement)
                database.execute("INSERT INTO site VALUES (?, ?, ?, ?)", wanted)
            if database.execute("SELECT layout, chain, genesis, contract FROM site").fetchall() != [wanted]:
                raise TransactionError(
                    f"{self._path} holds batches of another chain or contract",
                    code="transaction.other_chain",
                    remedy="Keep one folder for each contract and chain: give another one with --journal.",
                )

        self._do(work)


def _is_there(database: sqlite3.Connection, namespace: bytes, commitment: bytes) -> bool:
    query = "SELECT 1 FROM documents WHERE namespace = ? AND commitment = ?"
    return database.execute(query, [namespace, commitment]).fetchone() is not None


def _batch(row: tuple[int, bytes, bytes, int, int, bytes | None, bytes | None]) -> StoredBatch:
    number, namespace, value, documents, sealed_at, mined, final = row
    progress = _finality(final) if final is not None else None if mined is None else _mined(mined)
    return StoredBatch(number, namespace, value, documents, sealed_at, progress)


def _packed(progress: Mined | Finality) -> bytes:
    if isinstance(progress, Mined):
        return cbor.encode([progress.block, progress.hash])
    anchor = progress.anchor
    return cbor.encode([anchor.block, anchor.time, anchor.authority, anchor.era, progress.proof.encode()])


def _mined(data: bytes) -> Mined:
    block, block_hash = cbor.as_list(cbor.decode(data), 2)
    return Mined(cbor.as_integer(block), cbor.as_bytes(block_hash))


def _finality(data: bytes) -> Finality:
    *numbers, proof = cbor.as_list(cbor.decode(data), 5)
    return Finality(Anchor(*map(cbor.as_integer, numbers)), StorageProof.decode(cbor.as_bytes(proof)))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, InvalidError, ValueError) as error:
        raise TransactionError(
            f"{path} cannot be read or written: {error}",
            code="transaction.store",
            remedy="Check that the folder is there, that there is room, and that nothing else has changed the file.",
        ) from error
