"""Keys at rest, the keys over them, and which master keys there are; the secrets in these rows are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from did_methods.multikey import PublicKey
from node.adapters.database.bound import Bound, insert_by, own_rows
from node.adapters.database.tables import DATA_KEYS, KEY_USES, KEYS, MASTER_KEYS
from node.documents import JsonObject
from node.ports.errors import CapError
from node.ports.organisations import Caps, OrganisationId
from node.ports.vault import KeyPurpose, KeyRecord, KeyState, SealedKey

_MINUTE: Final = 60
_DAY: Final = 24 * 60 * _MINUTE
CURRENT: Final = "current"
FORMER: Final = "former"
_FOR_PURPOSE: Final = own_rows(KEYS, KEYS.c.purpose == bindparam("purpose")).order_by(KEYS.c.id)


class KeyRowsReader(Bound):
    """The keys of one organisation."""

    __slots__ = ()

    async def records(self) -> tuple[KeyRecord, ...]:
        """What may be known of the keys, but for pairwise ones."""
        return tuple(map(record_of, await self.keys(KEYS.c.purpose != KeyPurpose.PAIRWISE)))

    async def keys(self, *conditions: ColumnElement[bool]) -> tuple[SealedKey, ...]:
        """All that fit."""
        return tuple(map(_sealed, await self.rows(self.select(KEYS, *conditions).order_by(KEYS.c.id))))

    async def find(self, key: str) -> SealedKey:
        """The key of this name."""
        return _sealed(await self.found("key of this name", KEYS, id=key))

    async def for_purpose(self, purpose: KeyPurpose) -> tuple[SealedKey, ...]:
        """Those that were made for this."""
        return tuple(map(_sealed, await self.rows_of(_FOR_PURPOSE, purpose=purpose)))

    async def data_keys(self) -> Sequence[RowMapping]:
        """The keys over them, the newest first."""
        return await self.rows(self.select(DATA_KEYS).order_by(DATA_KEYS.c.generation.desc()))


class KeyRows(KeyRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, key: SealedKey) -> None:
        """Take a new one."""
        values = {field: getattr(key, field) for field in SealedKey.__dataclass_fields__}
        await self.insert(KEYS, values)

    async def retire(self, key: str, at: datetime) -> None:
        """Sign with it no more."""
        statement = self.update(KEYS, KEYS.c.id == key, KEYS.c.state == KeyState.ACTIVE)
        await self.find(key)
        await self.changed(statement.values(state=KeyState.RETIRED, retired_at=at))

    async def spend(self, key: str, at: datetime, caps: Caps, *, count: int = 1, by_minute: bool = True) -> None:
        """Count so many signatures to come of a key: one statement looks and counts, so no two get the same place."""
        second = int(at.timestamp())
        minute, day = second // _MINUTE, second // _DAY
        if not 0 < count <= min(caps.per_minute, caps.per_day):
            raise CapError(f"{count} signatures at once are more than the key may make", 0)
        row = {"key": key, "minute": minute, "in_minute": count if by_minute else 0, "day": day, "in_day": count}
        counted = {**row, "organisation": self.organisation, "per_minute": caps.per_minute, "per_day": caps.per_day}
        if (await self.connection.execute(_counting(self.connection.dialect.name), counted)).first() is None:
            found = await self.found("key of this name", KEY_USES, KEY_USES.c.key == key)
            if found["day"] >= day and found["in_day"] + count > caps.per_day:
                raise CapError(f"the key signs {caps.per_day} times a day at most", _DAY - second % _DAY)
            raise CapError(f"the key signs {caps.per_minute} times a minute at most", _MINUTE - second % _MINUTE)

    async def reseal(self, key: SealedKey, generation: int, sealed: bytes) -> None:
        """Put a key under another key of its organisation, unless somebody did."""
        same = (KEYS.c.id == key.id, KEYS.c.generation == key.generation)
        await self.changed(self.update(KEYS, *same).values(generation=generation, sealed=sealed))

    async def add_data_key(self, generation: int, master: str, wrapped: bytes, at: datetime) -> None:
        """Take a new key over them, unless there is one of this generation."""
        row = {"generation": generation, "master": master, "wrapped": wrapped, "created_at": at}
        await self.inserted(DATA_KEYS, row, "generation")

    async def drop_data_keys(self, before: int) -> None:
        """Remove the older ones under which nothing lies."""
        used = self.select(KEYS).with_only_columns(KEYS.c.generation)
        old = DATA_KEYS.c.generation < before
        await self.changed(self.delete(DATA_KEYS, old, DATA_KEYS.c.generation.not_in(used)))


@cache
def _counting(dialect: str) -> Any:  # noqa: ANN401 -- one of two kinds
    """Counts signatures, and returns nothing where they would be too many."""
    statement = insert_by(dialect, KEY_USES).values({name: bindparam(name) for name in KEY_USES.c.keys()})  # noqa: SIM118 -- of a collection of columns
    used, new = KEY_USES.c, statement.excluded
    # Clocks of several processes differ by a little: the one behind counts in the later span.
    same_minute, same_day = used.minute >= new.minute, used.day >= new.day
    in_minute = case((same_minute, used.in_minute + new.in_minute), else_=new.in_minute)
    in_day = case((same_day, used.in_day + new.in_day), else_=new.in_day)
    return statement.on_conflict_do_update(
        index_elements=["organisation", "key"],
        set_={
            "minute": case((same_minute, used.minute), else_=new.minute),
            "in_minute": in_minute,
            "day": case((same_day, used.day), else_=new.day),
            "in_day": in_day,
        },
        where=and_(in_minute <= bindparam("per_minute"), in_day <= bindparam("per_day")),
    ).returning(used.in_day)


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

    async def one_under(self, master: str) -> RowMapping | None:
        """A key of an organisation that lies under a master key."""
        found = _ordered(DATA_KEYS).where(DATA_KEYS.c.master == master).limit(1)
        return next(iter(await self._rows(found)), None)

    async def rotating(self) -> tuple[OrganisationId, ...]:
        """The organisations with more than one key of their own, as one is replacing another."""
        several = select(DATA_KEYS.c.organisation).group_by(DATA_KEYS.c.organisation).having(func.count() > 1)
        return tuple(map(OrganisationId, (await self.connection.execute(several)).scalars()))

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


def record_of(key: SealedKey) -> KeyRecord:
    """What may be known of a key."""
    public = PublicKey.from_multibase(key.public)
    return KeyRecord(key.id, key.purpose, public, key.created_at, key.state, key.retired_at)


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
