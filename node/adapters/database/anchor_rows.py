"""What is to be anchored, in which batches, and the receipts."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, and_, func, select, tuple_

from node.adapters.database.award_tables import BATCHES, CREDENTIALS, LEAVES
from node.adapters.database.bound import Bound, values_of, without_organisation
from node.ports.anchor_rows import BatchRecord, BatchState, Leaf
from node.ports.errors import ConflictError, RuleError

_KEEPING: Final = (
    "UPDATE leaves SET receipt = ? WHERE award = ? AND form = ? AND organisation = ? AND coalesce(batch, '') = ?"
)
_KEEPING_TOGETHER: Final = (
    "UPDATE leaves SET receipt = made.receipt FROM unnest(%s::text[], %s::text[], %s::bytea[]) "
    "AS made (award, form, receipt) WHERE leaves.award = made.award AND leaves.form = made.form "
    "AND leaves.organisation = %s AND coalesce(leaves.batch, '') = %s"
)
"""The same for PostgreSQL, which takes many at once."""
_TAKING_TOGETHER: Final = (
    "UPDATE leaves SET batch = %s FROM unnest(%s::text[], %s::text[]) AS taken (award, form) "
    "WHERE leaves.award = taken.award AND leaves.form = taken.form AND leaves.organisation = %s"
)


class AnchorRowsReader(Bound):
    """What one organisation anchors."""

    __slots__ = ()

    async def batch(self, batch: str) -> BatchRecord:
        """The batch."""
        return _batch(await self.found("batch with this id", BATCHES, BATCHES.c.id == batch))

    async def unfinished(self) -> tuple[BatchRecord, ...]:
        """The batches that are open or submitted."""
        states = BATCHES.c.state.in_([BatchState.OPEN, BatchState.SUBMITTED])
        return tuple(map(_batch, await self.rows(self.select(BATCHES, states).order_by(BATCHES.c.id))))

    async def leaves(self, batch: str, *, after: tuple[str, str] = ("", ""), limit: int = 10_000) -> tuple[Leaf, ...]:
        """The leaves of a batch."""
        place = tuple_(LEAVES.c.award, LEAVES.c.form)
        statement = self.select(LEAVES, LEAVES.c.batch == batch, place > after)
        same = tuple(LEAVES.c[name] == CREDENTIALS.c[name] for name in ("organisation", "award", "form"))
        named = statement.join(CREDENTIALS, and_(*same)).add_columns(CREDENTIALS.c.credential)
        rows = await self.rows(named.order_by(LEAVES.c.award, LEAVES.c.form).limit(limit))
        return tuple(map(_leaf, rows))

    async def leaf(self, award: str, form: str) -> Leaf:
        """The leaf of a credential."""
        conditions = (LEAVES.c.award == award, LEAVES.c.form == form)
        return _leaf(await self.found("anchor of this credential", LEAVES, *conditions))


class AnchorRows(AnchorRowsReader):
    """… and changing it."""

    __slots__ = ()

    async def want(self, leaves: Sequence[Leaf]) -> None:
        """Have these anchored with the next batch."""
        await self.insert_new(
            LEAVES, [{**_values(leaf), "batch": None, "receipt": None} for leaf in leaves], "award", "form"
        )

    async def open(self, batch: BatchRecord, *, limit: int, empty: bool = False) -> int:
        """Begin a batch of what is wanted in its namespace."""
        waiting = (LEAVES.c.batch.is_(None), LEAVES.c.namespace == batch.namespace)
        chosen = self.select(LEAVES, *waiting).order_by(LEAVES.c.award, LEAVES.c.form).limit(limit)
        keys = chosen.with_only_columns(LEAVES.c.award, LEAVES.c.form).with_for_update(skip_locked=True)
        await self.insert(BATCHES, asdict(batch))
        if self.connection.dialect.name == "sqlite":
            named = tuple_(LEAVES.c.award, LEAVES.c.form).in_(select(keys.cte()))
            await self.connection.execute(self.update(LEAVES, named, *waiting).values(batch=batch.id))
            counted = self.select(LEAVES, LEAVES.c.batch == batch.id).with_only_columns(func.count())
            taken = await self.connection.scalar(counted) or 0
        else:
            # Apart: in one statement PostgreSQL, which has not counted the table yet, compares each leaf with each.
            # What is locked stays as it was found.
            found = (await self.connection.execute(keys)).all()
            given = batch.id, [award for award, _ in found], [form for _, form in found], self.organisation
            taken = (await self.connection.exec_driver_sql(_TAKING_TOGETHER, given)).rowcount
        if not taken and not empty:
            await self.changed(self.delete(BATCHES, BATCHES.c.id == batch.id))
        return taken

    async def submit(self, batch: str, anchored: bytes, call: bytes, receipts: Sequence[Leaf], at: datetime) -> None:
        """Keep root, call and receipts, before the chain is told."""
        await self.keep(batch, receipts)
        await self._keep(batch, at, state=BatchState.SUBMITTED, anchored=anchored, call=call, secret=None)

    async def keep(self, batch: str, receipts: Sequence[Leaf]) -> None:
        """Keep receipts of a batch that is open."""
        await self._require(batch, BatchState.OPEN)
        if not receipts:
            return
        # One whose person was erased meanwhile has no row any more, and gets no receipt. Each is looked up by its
        # key: by the batch, PostgreSQL would go through all of it for each of them, until it has counted the table.
        if self.connection.dialect.name == "sqlite":
            place = self.organisation, batch
            made = [(leaf.receipt, leaf.award, leaf.form, *place) for leaf in receipts]
            await self.connection.exec_driver_sql(_KEEPING, made)
        else:
            columns = [[leaf.award for leaf in receipts], [leaf.form for leaf in receipts]]
            given = (*columns, [leaf.receipt for leaf in receipts], self.organisation, batch)
            await self.connection.exec_driver_sql(_KEEPING_TOGETHER, given)

    async def authorize(self, batch: str, call: bytes, at: datetime, *, before: bytes) -> None:
        """Keep another call that brings the same root."""
        await self._require(batch, BatchState.SUBMITTED)
        if (await self.batch(batch)).call != before:
            raise ConflictError(
                "somebody else has authorised this batch anew meanwhile",
                code="store.changed",
                remedy="Follow the call that stands there now.",
            )
        await self._keep(batch, at, call=call)

    async def finish(self, batch: str, finality: bytes, at: datetime) -> None:
        """Keep the proof that all of the batch share; a newer one replaces it."""
        await self._require(batch, BatchState.SUBMITTED, BatchState.FINAL)
        await self._keep(batch, at, state=BatchState.FINAL, finality=finality)

    async def refuse(self, batch: str, at: datetime) -> int:
        """Free the leaves of a batch that can never be anchored."""
        await self._require(batch, BatchState.OPEN, BatchState.SUBMITTED)
        await self._keep(batch, at, state=BatchState.REFUSED, secret=None)
        return await self.changed(self.update(LEAVES, LEAVES.c.batch == batch).values(batch=None, receipt=None))

    async def _require(self, batch: str, *states: BatchState) -> None:
        row = await self.found("batch with this id", BATCHES, BATCHES.c.id == batch, lock=True)
        if row["state"] not in states:
            raise RuleError(
                f"the batch is {row['state']}", code="batch.state", remedy="Look at the batch again; it has got on."
            )

    async def _keep(self, batch: str, at: datetime, **values: object) -> None:
        await self.changed(self.update(BATCHES, BATCHES.c.id == batch).values(changed_at=at, **values))


def _batch(row: RowMapping) -> BatchRecord:
    return BatchRecord(**{**without_organisation(row), "state": BatchState(row["state"])})


def _values(leaf: Leaf) -> dict[str, Any]:
    return {name: value for name, value in values_of(leaf).items() if name != "credential"}


def _leaf(row: RowMapping) -> Leaf:
    return Leaf(**without_organisation(row))
