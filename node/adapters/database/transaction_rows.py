"""Calls and transactions under way, in the node's own database: a TransactionStore.

Several processes may send on PostgreSQL; the lease of an account says which, and who was overtaken stores no more.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain
from anchoring.errors import InvalidError, TransactionError, shown
from anchoring.ledger import CallProgress, CallState
from anchoring.storage_proof import Contract
from anchoring.transactions.fees import Fees
from anchoring.transactions.store import MAX_OPEN, SETTLED, Attempt, Lease, LeaseLostError, StoredCall, too_many
from node.adapters.database.bound import insert_into
from node.adapters.database.engine import Database
from node.adapters.database.work_tables import CHAIN_ATTEMPTS, CHAIN_CALLS, CHAIN_LEASES, CHAIN_SITES
from node.ports.errors import StoreError

_OPEN = CHAIN_CALLS.c.state.not_in(sorted(SETTLED))


@dataclass(frozen=True, slots=True)
class DatabaseTransactionStore:
    """A TransactionStore for one contract on one chain; another chain of the same number is refused."""

    database: Database
    site: str

    @classmethod
    async def opened(cls, database: Database, chain: Chain, contract: Contract) -> Self:
        """The store of this contract; raises TransactionError where the chain began otherwise when it was seen last."""
        site = f"eip155:{chain.id}:0x{contract.address.hex()}"
        row = {"id": site, "genesis": chain.genesis, "code_hash": contract.code_hash, "anchored_until": 0}

        async def work(connection: AsyncConnection) -> tuple[bytes, bytes]:
            new = insert_into(connection, CHAIN_SITES).on_conflict_do_nothing(index_elements=["id"])
            await connection.execute(new, row)
            columns = (CHAIN_SITES.c.genesis, CHAIN_SITES.c.code_hash)
            found = (await connection.execute(select(*columns).where(CHAIN_SITES.c.id == site))).one()
            return found.genesis, found.code_hash

        store = cls(database, site)
        if await store._do(work) != (chain.genesis, contract.code_hash):
            raise TransactionError(
                f"the database knows another chain {chain.id}, or another contract {shown(contract.address)} on it",
                code="transaction.other_chain",
                remedy="Use another database for another chain, and never point one at a chain of the same number.",
            )
        return store

    async def add(self, call: AuthorizedCall) -> None:
        """Take a call."""

        async def work(connection: AsyncConnection) -> None:
            await self._lock(connection)
            of_site = CHAIN_CALLS.c.site == self.site
            if await connection.scalar(select(CHAIN_CALLS.c.number).where(of_site, CHAIN_CALLS.c.id == call.id)):
                return
            if (await connection.scalar(select(func.count()).where(of_site, _OPEN)) or 0) >= MAX_OPEN:
                raise too_many()
            last = await connection.scalar(select(func.max(CHAIN_CALLS.c.number)).where(of_site)) or 0
            row = {"site": self.site, "id": call.id, "number": last + 1, "call": call.encode()}
            await connection.execute(insert(CHAIN_CALLS), {**row, "state": CallState.BATCHED})

        await self._do(work)

    async def open_calls(self) -> tuple[StoredCall, ...]:
        """The calls that are not settled."""
        return await self._read(_OPEN)

    async def find(self, call_id: bytes) -> StoredCall | None:
        """The call with this id."""
        found = await self._read(CHAIN_CALLS.c.id == call_id)
        return found[0] if found else None

    async def lease(self, account: bytes, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take the account."""

        async def work(connection: AsyncConnection) -> Lease | None:
            await self._lock(connection)
            same = (CHAIN_LEASES.c.site == self.site, CHAIN_LEASES.c.account == account)
            row = (await connection.execute(select(CHAIN_LEASES).where(*same))).mappings().first()
            if row is None:
                values = {"site": self.site, "account": account, "token": 1, "holder": holder, "until": now + seconds}
                await connection.execute(insert(CHAIN_LEASES), values)
                return Lease(account, 1)
            # One that ends later than any would is of a clock that was wrong.
            if row["holder"] != holder and now < row["until"] <= now + seconds:
                return None
            token = row["token"] if row["holder"] == holder else row["token"] + 1
            change = update(CHAIN_LEASES).where(*same).values(token=token, holder=holder, until=now + seconds)
            await connection.execute(change)
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
        made, taken, known = tuple(attempts), sorted(sent), tuple(progress)

        async def work(connection: AsyncConnection) -> None:
            await self._lock(connection)
            same = (CHAIN_LEASES.c.site == self.site, CHAIN_LEASES.c.account == lease.account)
            if await connection.scalar(select(CHAIN_LEASES.c.token).where(*same)) != lease.token:
                raise LeaseLostError
            for attempt in made:
                await connection.execute(insert(CHAIN_ATTEMPTS), await self._row(connection, attempt))
            if taken:
                of_site = (CHAIN_ATTEMPTS.c.site == self.site, CHAIN_ATTEMPTS.c.hash.in_(taken))
                await connection.execute(update(CHAIN_ATTEMPTS).where(*of_site).values(sent=True))
            for each in known:
                of_call = (CHAIN_CALLS.c.site == self.site, CHAIN_CALLS.c.id == each.id)
                values = {"state": each.state, "hash": each.transaction, "block": each.block, "problem": each.problem}
                await connection.execute(update(CHAIN_CALLS).where(*of_call).values(**values))
            later = (CHAIN_SITES.c.id == self.site, CHAIN_SITES.c.anchored_until < anchored_until)
            await connection.execute(update(CHAIN_SITES).where(*later).values(anchored_until=anchored_until))

        await self._do(work)

    async def anchored_until(self) -> int:
        """The time of the latest block that holds something of ours."""

        async def work(connection: AsyncConnection) -> int:
            of_site = CHAIN_SITES.c.id == self.site
            return int(await connection.scalar(select(CHAIN_SITES.c.anchored_until).where(of_site)) or 0)

        return await self._do(work, writing=False)

    async def _lock(self, connection: AsyncConnection) -> None:
        """One transaction of a site after the other: they look before they write."""
        await connection.execute(select(CHAIN_SITES.c.id).where(CHAIN_SITES.c.id == self.site).with_for_update())

    async def _row(self, connection: AsyncConnection, attempt: Attempt) -> dict[str, Any]:
        of_call = (CHAIN_ATTEMPTS.c.site == self.site, CHAIN_ATTEMPTS.c.call == attempt.call)
        last = await connection.scalar(select(func.max(CHAIN_ATTEMPTS.c.number)).where(*of_call)) or 0
        return {  # fees and numbers of transactions may exceed what a column holds as a number
            "site": self.site,
            "hash": attempt.hash,
            "call": attempt.call,
            "number": last + 1,
            "account": attempt.account,
            "nonce": str(attempt.nonce),
            "raw": attempt.raw,
            "gas": str(attempt.gas),
            "maximum": str(attempt.fees.maximum),
            "priority": str(attempt.fees.priority),
            "made_at": attempt.made_at,
            "sent": attempt.sent,
        }

    async def _read(self, condition: ColumnElement[bool]) -> tuple[StoredCall, ...]:
        async def work(connection: AsyncConnection) -> tuple[StoredCall, ...]:
            chosen = select(CHAIN_CALLS).where(CHAIN_CALLS.c.site == self.site, condition)
            calls = (await connection.execute(chosen.order_by(CHAIN_CALLS.c.number))).mappings().all()
            of_calls = CHAIN_ATTEMPTS.c.call.in_(chosen.with_only_columns(CHAIN_CALLS.c.id))
            listed = select(CHAIN_ATTEMPTS).where(CHAIN_ATTEMPTS.c.site == self.site, of_calls)
            attempts: dict[bytes, list[Attempt]] = {}
            for row in (await connection.execute(listed.order_by(CHAIN_ATTEMPTS.c.number))).mappings():
                attempts.setdefault(row["call"], []).append(_attempt(row))
            return tuple(_stored(row, tuple(attempts.get(row["id"], ()))) for row in calls)

        return await self._do(work, writing=False)

    async def _do[T](self, work: Callable[[AsyncConnection], Awaitable[T]], *, writing: bool = True) -> T:
        try:
            if writing:
                return await self.database.transact(work)
            async with self.database.reading() as connection:
                return await work(connection)
        except (StoreError, InvalidError, ValueError) as error:
            if isinstance(error, TransactionError):
                raise
            raise TransactionError(
                f"the database cannot be read or written: {error}",
                code="transaction.store",
                remedy="Check that it runs, and that there is room.",
            ) from error


def _attempt(row: RowMapping) -> Attempt:
    fees = Fees(int(row["maximum"]), int(row["priority"]))
    made = (row["call"], row["account"], int(row["nonce"]), row["hash"], row["raw"], int(row["gas"]))
    return Attempt(*made, fees, row["made_at"], row["sent"])


def _stored(row: RowMapping, attempts: tuple[Attempt, ...]) -> StoredCall:
    call = AuthorizedCall.decode(row["call"])
    progress = CallProgress(
        row["id"], CallState(row["state"]), call.operation, row["hash"], row["block"], row["problem"]
    )
    return StoredCall(progress, call, attempts)
