"""Notices to holders, and withdrawals of many."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping

from node.adapters.database.aftercare_tables import NOTICES, WITHDRAWALS
from node.adapters.database.bound import Bound, without_organisation
from node.ports.aftercare import Change, Notice, Withdrawal, WithdrawalState
from node.ports.errors import AbsentError

_NOTICE = "notice with this id"
_WITHDRAWAL = "withdrawal with this id"


class NoticeRowsReader(Bound):
    """The notices of one organisation."""

    __slots__ = ()

    async def find(self, notice: str) -> Notice:
        """The notice."""
        return _notice(await self.found(_NOTICE, NOTICES, id=notice))

    async def of_award(self, award: str) -> tuple[Notice, ...]:
        """All that became of an award."""
        rows = await self.rows(self.select(NOTICES, NOTICES.c.award == award).order_by(NOTICES.c.id))
        return tuple(map(_notice, rows))

    async def waiting(self, *, after: str = "", limit: int = 100) -> tuple[Notice, ...]:
        """Those that nobody was told of yet."""
        statement = self.select(NOTICES, NOTICES.c.told_at.is_(None), NOTICES.c.id > after)
        return tuple(map(_notice, await self.rows(statement.order_by(NOTICES.c.id).limit(limit))))


class NoticeRows(NoticeRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, notices: Sequence[Notice]) -> None:
        """Keep these."""
        await self.insert(NOTICES, *map(asdict, notices))

    async def told(self, notice: str, by: str, at: datetime) -> bool:
        """The holder was told in this way."""
        statement = self.update(NOTICES, NOTICES.c.id == notice, NOTICES.c.told_at.is_(None))
        if await self.changed(statement.values(told_at=at, told_by=by)):
            return True
        await self.find(notice)
        return False


class WithdrawalRowsReader(Bound):
    """The withdrawals of many of one organisation."""

    __slots__ = ()

    async def find(self, withdrawal: str, *, lock: bool = False) -> Withdrawal:
        """The withdrawal."""
        return _withdrawal(await self.found(_WITHDRAWAL, WITHDRAWALS, lock=lock, id=withdrawal))

    async def listed(self, *, limit: int = 100) -> tuple[Withdrawal, ...]:
        """The latest first."""
        statement = self.select(WITHDRAWALS).order_by(WITHDRAWALS.c.id.desc()).limit(limit)
        return tuple(map(_withdrawal, await self.rows(statement)))


class WithdrawalRows(WithdrawalRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, withdrawal: Withdrawal) -> None:
        """Keep a new one."""
        await self.insert(WITHDRAWALS, asdict(withdrawal))

    async def save(self, withdrawal: Withdrawal) -> None:
        """Keep how far it has come."""
        values = {name: value for name, value in asdict(withdrawal).items() if name != "id"}
        if not await self.changed(self.update(WITHDRAWALS, WITHDRAWALS.c.id == withdrawal.id).values(**values)):
            raise AbsentError(_WITHDRAWAL)


def _notice(row: RowMapping) -> Notice:
    values = without_organisation(row)
    return Notice(**values | {"change": Change(values["change"])})


def _withdrawal(row: RowMapping) -> Withdrawal:
    values = without_organisation(row)
    said = {"state": WithdrawalState(values["state"]), "lists": tuple(values["lists"])}
    return Withdrawal(**values | said)
