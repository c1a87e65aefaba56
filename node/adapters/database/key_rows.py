"""Keys at rest, the keys over them, and which master keys there are; the secrets in these rows are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.bound import Bound
from node.adapters.database.tables import DATA_KEYS, KEYS, MASTER_KEYS
from node.documents import JsonObject
from node.ports.vault import KeyPurpose, KeyState

CURRENT: Final = "current"
FORMER: Final = "former"


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as it lies in the database."""

    id: str
    purpose: KeyPurpose
    public: str
    state: KeyState
    generation: int
    sealed: bytes
    created_at: datetime
    retired_at: datetime | None = None


class KeyRows(Bound):
    """The keys of one organisation."""

    __slots__ = ()

    async def add(self, key: SealedKey) -> None:
        """Take a new one."""
        values = {field: getattr(key, field) for field in SealedKey.__dataclass_fields__}
        await self.insert(KEYS, values)

    async def keys(self, *conditions: ColumnElement[bool]) -> tuple[SealedKey, ...]:
        """All that fit."""
        return tuple(map(_sealed, await self.rows(self.select(KEYS, *conditions).order_by(KEYS.c.id))))

    async def find(self, key: str) -> SealedKey:
        """The key of this name."""
        return _sealed(await self.found("key of this name", KEYS, KEYS.c.id == key))

    async def retire(self, key: str, at: datetime) -> None:
        """Sign with it no more."""
        statement = self.update(KEYS, KEYS.c.id == key, KEYS.c.state == KeyState.ACTIVE)
        await self.find(key)
        await self.changed(statement.values(state=KeyState.RETIRED, retired_at=at))

    async def reseal(self, key: SealedKey, generation: int, sealed: bytes) -> None:
        """Put a key under another key of its organisation, unless somebody did."""
        same = (KEYS.c.id == key.id, KEYS.c.generation == key.generation)
        await self.changed(self.update(KEYS, *same).values(generation=generation, sealed=sealed))

    async def data_keys(self) -> Sequence[RowMapping]:
        """The keys over them, the newest first."""
        return await self.rows(self.select(DATA_KEYS).order_by(DATA_KEYS.c.generation.desc()))

    async def add_data_key(self, generation: int, master: str, wrapped: bytes, at: datetime) -> None:
        """Take a new key over them, unless there is one of this generation."""
        row = {"generation": generation, "master": master, "wrapped": wrapped, "created_at": at}
        await self.inserted(DATA_KEYS, row, "generation")

    async def drop_data_keys(self, before: int) -> None:
        """Remove the older ones under which nothing lies."""
        used = self.select(KEYS).with_only_columns(KEYS.c.generation)
        old = DATA_KEYS.c.generation < before
        await self.changed(self.delete(DATA_KEYS, old, DATA_KEYS.c.generation.not_in(used)))


@dataclass(frozen=True, slots=True)
class MasterKeyRows:
    """Which master keys there are, and what lies under them, for the whole node."""

    connection: AsyncConnection

    async def all(self) -> Sequence[RowMapping]:
        """The master keys, the current one first."""
        return await self._rows(select(MASTER_KEYS).order_by(MASTER_KEYS.c.state))

    async def add(self, key_id: str, sealed: JsonObject | None, at: datetime) -> None:
        """Make this the current one; done again, it changes nothing."""
        known = {row["id"] for row in await self.all()}
        if key_id in known:
            return
        await self.connection.execute(update(MASTER_KEYS).values(state=FORMER))
        row = {"id": key_id, "state": CURRENT, "sealed": sealed, "created_at": at}
        await self.connection.execute(insert(MASTER_KEYS), row)

    async def reseal(self, key_id: str, sealed: JsonObject) -> None:
        """Keep the same key under another passphrase."""
        await self.connection.execute(update(MASTER_KEYS).where(MASTER_KEYS.c.id == key_id).values(sealed=sealed))

    async def wrapped_by_others(self, current: str) -> Sequence[RowMapping]:
        """The keys of organisations that lie under former master keys."""
        return await self._rows(_ordered(DATA_KEYS).where(DATA_KEYS.c.master != current))

    async def rewrap(self, row: RowMapping, master: str, wrapped: bytes) -> None:
        """Put one under another master key, unless somebody did."""
        same = [DATA_KEYS.c[name] == row[name] for name in ("organisation", "generation", "master")]
        await self.connection.execute(update(DATA_KEYS).where(*same).values(master=master, wrapped=wrapped))

    async def drop_former(self) -> None:
        """Remove the former master keys under which nothing lies."""
        used = select(DATA_KEYS.c.master)
        await self.connection.execute(
            delete(MASTER_KEYS).where(MASTER_KEYS.c.state == FORMER, MASTER_KEYS.c.id.not_in(used))
        )

    async def _rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        rows: Sequence[RowMapping] = (await self.connection.execute(statement)).mappings().all()
        return rows


def _ordered(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


def _sealed(row: RowMapping) -> SealedKey:
    return SealedKey(
        row["id"],
        KeyPurpose(row["purpose"]),
        row["public"],
        KeyState(row["state"]),
        row["generation"],
        row["sealed"],
        row["created_at"],
        row["retired_at"],
    )
