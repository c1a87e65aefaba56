"""What is to be anchored, in which batches, and the receipts."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, func, select, tuple_

from node.adapters.database.award_tables import BATCHES, CREDENTIALS, LEAVES
from node.adapters.database.bound import Bound, values_of, without_organisation
from node.ports.anchor_rows import BatchRecord, BatchState, Leaf
from node.ports.errors import ConflictError, RuleError


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
        # Apart, so that it is looked up once: within the change PostgreSQL may look again, and find what is still free.
        keys = chosen.with_only_columns(LEAVES.c.award, LEAVES.c.form).with_for_update(skip_locked=True).cte()
        await self.insert(BATCHES, asdict(batch))
        statement = self.update(LEAVES, tuple_(LEAVES.c.award, LEAVES.c.form).in_(select(keys)), *waiting)
        await self.connection.execute(statement.values(batch=batch.id))
        counted = select(func.count()).where(LEAVES.c.organisation == self.organisation, LEAVES.c.batch == batch.id)
        taken = await self.connection.scalar(counted) or 0
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
        if receipts:
            # One whose person was erased meanwhile has no row any more, and gets no receipt. Each is looked up by its
            # key: by the batch, PostgreSQL would go through all of it for each of them, until it has counted the table.
            statement = self.update(
                LEAVES,
                func.coalesce(LEAVES.c.batch, "") == batch,
                LEAVES.c.award == bindparam("of_award"),
                LEAVES.c.form == bindparam("of_form"),
            ).values(receipt=bindparam("made"))
            made = [{"of_award": leaf.award, "of_form": leaf.form, "made": leaf.receipt} for leaf in receipts]
            await self.connection.execute(statement, made)

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
