"""Calls and transactions under way, in one SQLite file of their own.

Whatever a method took is on the disk when it returns (`synchronous=FULL`), also through a power cut. There is no
write-ahead log, of which older versions of the library lose parts; several processes may have the file open, and the
lease of an account says which of them sends. A process that was overtaken can store no more.

Spec: https://www.sqlite.org/pragma.html#pragma_synchronous
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain
from anchoring.errors import InvalidError, TransactionError, shown
from anchoring.ledger import CallProgress, CallState
from anchoring.storage_proof import Contract
from anchoring.transactions.fees import Fees
from anchoring.transactions.store import MAX_OPEN, SETTLED, Attempt, Lease, LeaseLostError, StoredCall, too_many

LAYOUT: Final = 1
"""Of the tables; another program's file has another."""
BUSY_SECONDS: Final = 10.0
"""How long another process may hold the file; it does so for some milliseconds."""
_OWNER_ONLY: Final = 0o600

_TABLES: Final = """
CREATE TABLE site (layout INTEGER, chain BLOB, genesis BLOB, contract BLOB, code_hash BLOB, anchored_until INTEGER);
CREATE TABLE calls (
    place INTEGER PRIMARY KEY, id BLOB UNIQUE, call BLOB, state TEXT, hash BLOB, block INTEGER, problem TEXT
);
CREATE INDEX calls_by_state ON calls (state);
CREATE TABLE attempts (
    place INTEGER PRIMARY KEY, call BLOB REFERENCES calls (id), account BLOB, nonce TEXT, hash BLOB UNIQUE, raw BLOB,
    gas TEXT, maximum TEXT, priority TEXT, made_at INTEGER, sent INTEGER
);
CREATE INDEX attempts_by_call ON attempts (call);
CREATE TABLE leases (account BLOB PRIMARY KEY, token INTEGER, holder TEXT, until REAL);
"""
# Fees and numbers of transactions may exceed what a column holds as a number.


class SqliteTransactionStore:
    """A TransactionStore for one contract on one chain; a file of another one is refused."""

    def __init__(self, path: Path, chain: Chain, contract: Contract) -> None:
        self._path = path
        self._lock = threading.Lock()
        with _told(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
            self._database = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            try:
                self._database.execute("PRAGMA journal_mode=TRUNCATE")
                self._database.execute("PRAGMA synchronous=FULL")
                self._database.execute("PRAGMA foreign_keys=ON")
                self._open(chain, contract)
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    async def add(self, call: AuthorizedCall) -> None:
        """Take a call."""

        def work(database: sqlite3.Connection) -> None:
            if database.execute("SELECT 1 FROM calls WHERE id = ?", [call.id]).fetchone():
                return
            marks, open_states = _open_states()
            (count,) = database.execute(
                f"SELECT count(*) FROM calls WHERE state IN ({marks})",  # noqa: S608 - question marks alone
                open_states,
            ).fetchone()
            if count >= MAX_OPEN:
                raise too_many()
            database.execute(
                "INSERT INTO calls (id, call, state) VALUES (?, ?, ?)", [call.id, call.encode(), CallState.BATCHED]
            )

        await self._do(work)

    async def open_calls(self) -> tuple[StoredCall, ...]:
        """The calls that are not settled."""
        marks, open_states = _open_states()
        return await self._do(lambda database: _read(database, f"state IN ({marks})", open_states))

    async def find(self, call_id: bytes) -> StoredCall | None:
        """The call with this id."""
        found = await self._do(lambda database: _read(database, "id = ?", [call_id]))
        return found[0] if found else None

    async def lease(self, account: bytes, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take the account."""

        def work(database: sqlite3.Connection) -> Lease | None:
            row = database.execute("SELECT token, holder, until FROM leases WHERE account = ?", [account]).fetchone()
            token, held_by, until = row or (0, holder, now)
            # One that ends later than any would is of a clock that was wrong.
            if held_by != holder and now < until <= now + seconds:
                return None
            token = token if row and held_by == holder else token + 1
            database.execute("REPLACE INTO leases VALUES (?, ?, ?, ?)", [account, token, holder, now + seconds])
            return Lease(account, token)

        return await self._do(work)

    async def save(
        self,
        lease: Lease,
        *,
        attempts: Iterable[Attempt] = (),
        sent: Iterable[bytes] = (),
        progress: Iterable[CallProgress] = (),
        anchored_until: int = 0,
    ) -> None:
        """Store all of this in one."""

        def work(database: sqlite3.Connection) -> None:
            held = database.execute("SELECT token FROM leases WHERE account = ?", [lease.account]).fetchone()
            if held != (lease.token,):
                raise LeaseLostError
            database.executemany(
                "INSERT INTO attempts (call, account, nonce, hash, raw, gas, maximum, priority, made_at, sent) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(each) for each in attempts],
            )
            database.executemany("UPDATE attempts SET sent = 1 WHERE hash = ?", [[each] for each in sent])
            database.executemany(
                "UPDATE calls SET state = ?, hash = ?, block = ?, problem = ? WHERE id = ?",
                [[each.state, each.transaction, each.block, each.problem, each.id] for each in progress],
            )
            if anchored_until:
                database.execute("UPDATE site SET anchored_until = max(anchored_until, ?)", [anchored_until])

        await self._do(work)

    async def anchored_until(self) -> int:
        """The time of the latest block that holds something of ours."""
        (until,) = await self._do(lambda database: database.execute("SELECT anchored_until FROM site").fetchone())
        return int(until)

    async def _do[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction, whole or not at all, in a thread that may wait for the disk."""

        def run() -> T:
            with self._lock, _told(self._path):
                return _transacted(self._database, work)

        # A caller that is cancelled meanwhile must not leave before the transaction has ended.
        return await asyncio.shield(asyncio.to_thread(run))

    def _open(self, chain: Chain, contract: Contract) -> None:
        wanted = (LAYOUT, chain.id.to_bytes(32), chain.genesis, contract.address, contract.code_hash)

        def work(database: sqlite3.Connection) -> None:
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'site'").fetchone():
                for statement in _TABLES.split(";\n"):
                    database.execute(statement)
                database.execute("INSERT INTO site VALUES (?, ?, ?, ?, ?, 0)", wanted)
            found = database.execute("SELECT layout, chain, genesis, contract, code_hash FROM site").fetchall()
            if found != [wanted]:
                raise TransactionError(
                    f"{self._path.name} is of another chain or contract than {chain.id} with {shown(contract.address)}",
                    code="transaction.other_chain",
                    remedy="Keep one file for each contract and chain, and never point one at another chain.",
                )

        _transacted(self._database, work)


def _transacted[T](database: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    # At once for writing: two that read first and then both want to write would both be sent away.
    database.execute("BEGIN IMMEDIATE")
    try:
        done = work(database)
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return done


def _read(database: sqlite3.Connection, condition: str, values: list[str] | list[bytes]) -> tuple[StoredCall, ...]:
    attempts: dict[bytes, list[Attempt]] = {}
    for call, account, nonce, transaction, raw, gas, maximum, priority, made_at, sent in database.execute(
        "SELECT call, account, nonce, hash, raw, gas, maximum, priority, made_at, sent FROM attempts "  # noqa: S608 - our own
        f"WHERE call IN (SELECT id FROM calls WHERE {condition}) ORDER BY place",
        values,
    ):
        fees = Fees(int(maximum), int(priority))
        attempt = Attempt(call, account, int(nonce), transaction, raw, int(gas), fees, made_at, bool(sent))
        attempts.setdefault(call, []).append(attempt)
    calls = []
    for call_id, encoded, state, transaction, block, problem in database.execute(
        f"SELECT id, call, state, hash, block, problem FROM calls WHERE {condition} ORDER BY place",  # noqa: S608 - our own
        values,
    ):
        call = AuthorizedCall.decode(encoded)
        progress = CallProgress(call_id, CallState(state), call.operation, transaction, block, problem)
        calls.append(StoredCall(progress, call, tuple(attempts.get(call_id, ()))))
    return tuple(calls)


def _row(attempt: Attempt) -> list[bytes | str | int]:
    numbers = (attempt.gas, attempt.fees.maximum, attempt.fees.priority)
    return [
        *(attempt.call, attempt.account, str(attempt.nonce), attempt.hash, attempt.raw),
        *map(str, numbers),
        *(attempt.made_at, int(attempt.sent)),
    ]


def _open_states() -> tuple[str, list[str]]:
    states = [state.value for state in CallState if state not in SETTLED]
    return ", ".join("?" * len(states)), states


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, InvalidError, ValueError) as error:
        raise TransactionError(
            f"{path.name} cannot be read or written: {error}",
            code="transaction.store",
            remedy="Check that the folder is there, that there is room, and that nothing else has changed the file.",
        ) from error
