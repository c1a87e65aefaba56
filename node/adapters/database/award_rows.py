"""Awards and credentials."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, func, or_, select, union, union_all, update

from node.adapters.database.aftercare_tables import NOTICES
from node.adapters.database.award_tables import AWARDS, CREDENTIALS, LEAVES, STATUS_ENTRIES
from node.adapters.database.bound import Bound, values_of
from node.adapters.database.link_tables import LINKS
from node.adapters.database.status_said import said_of
from node.adapters.database.thread_erasure import erase_conversations
from node.ports.awarding import (
    MAX_AT_ONCE,
    MAX_FOUND,
    NEXT,
    Award,
    AwardQuery,
    AwardState,
    Secured,
    Standing,
    family_key,
    search_key,
)
from node.ports.errors import ConflictError, RuleError, StoreError

MANY: Final = 10_000
"""Awards that begin with some words, from which on they are not looked up one by one."""
_LAST: Final = "\U0010ffff"
"""Comes after every other character, in the order of code points."""


_ISSUING: Final = update(AWARDS).where(
    AWARDS.c.organisation == bindparam("of"),
    AWARDS.c.id.in_(bindparam("ids", expanding=True)),
    AWARDS.c.state.in_([state for state, after in NEXT.items() if AwardState.ISSUED in after]),
)


class AwardRowsReader(Bound):
    """The awards of one organisation."""

    __slots__ = ()

    async def find(self, award: str) -> Award:
        """The award."""
        return _award(await self.found("award with this id", AWARDS, id=award))

    async def by_client_keys(self, keys: Sequence[str]) -> Mapping[str, Award]:
        """Those of these client keys that there are."""
        _require_few(len(keys))
        awards = map(_award, await self.rows(self.select(AWARDS, AWARDS.c.client_key.in_(keys))))
        return {award.client_key: award for award in awards}

    async def search(self, query: AwardQuery) -> tuple[Award, ...]:
        """A page of awards.

        Words that few awards begin with are looked up in their indexes. Of words that many begin with a page is soon
        full: there the awards are gone through from the newest on, which would take long for few.
        """
        conditions = self._fitting(query)
        if query.before is not None:
            conditions.append(AWARDS.c.id < query.before)
        if query.words is not None and (words := search_key(query.words)):
            ranges = [_begins(column, words) for column in (AWARDS.c.name_key, AWARDS.c.family_key, AWARDS.c.email_key)]
            parts = [self.select(AWARDS, each).with_only_columns(AWARDS.c.id) for each in ranges]
            some = union_all(*(select(part.limit(MANY).subquery()) for part in parts)).subquery()
            many = await self.connection.scalar(select(func.count()).select_from(some)) or 0
            conditions.append(or_(*ranges) if many >= MANY else AWARDS.c.id.in_(union(*parts)))
        limit = max(1, min(query.limit, MAX_FOUND))
        statement = self.select(AWARDS, *conditions).order_by(AWARDS.c.id.desc()).limit(limit)
        return tuple(map(_award, await self.rows(statement)))

    async def count(self, query: AwardQuery) -> int:
        """How many awards fit."""
        statement = self.select(AWARDS, *self._fitting(query), *self._beginning(query))
        return await self.connection.scalar(statement.with_only_columns(func.count())) or 0

    async def chosen(
        self, query: AwardQuery, *, after: str = "", until: str | None = None, limit: int = MAX_AT_ONCE
    ) -> tuple[str, ...]:
        """The ids of awards that fit, in order."""
        conditions = [*self._fitting(query), *self._beginning(query), AWARDS.c.id > after]
        if until is not None:
            conditions.append(AWARDS.c.id <= until)
        statement = self.select(AWARDS, *conditions).with_only_columns(AWARDS.c.id).order_by(AWARDS.c.id)
        return tuple((await self.connection.execute(statement.limit(limit))).scalars())

    async def existing(self, awards: Sequence[str]) -> tuple[str, ...]:
        """Which of these ids there are."""
        _require_few(len(awards))
        statement = self.select(AWARDS, AWARDS.c.id.in_(awards), AWARDS.c.state == AwardState.ISSUED)
        found = await self.connection.execute(statement.with_only_columns(AWARDS.c.id).order_by(AWARDS.c.id))
        return tuple(found.scalars())

    async def of_person(self, name: str | None, email: str | None, *, limit: int) -> tuple[str, ...]:
        """The ids of awards of somebody of this name and this address."""
        asked = [(AWARDS.c.name_key, name), (AWARDS.c.email_key, email)]
        conditions = [column == search_key(text) for column, text in asked if text]
        statement = self.select(AWARDS, *conditions).with_only_columns(AWARDS.c.id).order_by(AWARDS.c.id)
        return tuple((await self.connection.execute(statement.limit(limit if conditions else 0))).scalars())

    async def with_address(self, awards: Sequence[str]) -> frozenset[str]:
        """Which of these have an e-mail address."""
        _require_few(len(awards))
        statement = self.select(AWARDS, AWARDS.c.id.in_(awards), AWARDS.c.email.is_not(None))
        return frozenset((await self.connection.execute(statement.with_only_columns(AWARDS.c.id))).scalars())

    async def replacing(self, award: str) -> Award | None:
        """The award that takes the place of this one."""
        row = await self.row(AWARDS, AWARDS.c.replaces == award)
        return None if row is None else _award(row)

    def _beginning(self, query: AwardQuery) -> list[ColumnElement[bool]]:
        words = search_key(query.words or "")
        columns = (AWARDS.c.name_key, AWARDS.c.family_key, AWARDS.c.email_key)
        return [or_(*(_begins(column, words) for column in columns))] if words else []

    def _fitting(self, query: AwardQuery) -> list[ColumnElement[bool]]:
        """What a query asks for, but for its words and its page."""
        table = AWARDS.c
        asked = [
            (table.achievement, query.achievement),
            (table.version, query.version),
            (table.profile, query.profile),
            (table.state, query.state),
            (table.run, query.run),
        ]
        conditions: list[ColumnElement[bool]] = [column == value for column, value in asked if value is not None]
        if query.awarded_from is not None:
            conditions.append(table.awarded_at >= query.awarded_from)
        if query.awarded_before is not None:
            conditions.append(table.awarded_at < query.awarded_before)
        if query.ends_before is not None:
            conditions.append(table.valid_until < query.ends_before)
        if query.standing is not None:
            conditions += self._standing(query.standing, query.at)
        return conditions

    def _standing(self, standing: Standing, at: datetime | None) -> list[ColumnElement[bool]]:
        table = AWARDS.c
        expired = [] if at is None else [table.valid_until <= at]
        if standing is Standing.EXPIRED:
            return [table.state == AwardState.ISSUED, *expired, table.valid_until.is_not(None)]
        revoked, suspended = (table.id.in_(self._set(each)) for each in (Standing.REVOKED, Standing.SUSPENDED))
        if standing is Standing.REVOKED:
            return [revoked]
        if standing is Standing.SUSPENDED:
            return [suspended, ~revoked]
        lasting = [or_(table.valid_until.is_(None), ~each) for each in expired]
        return [table.state == AwardState.ISSUED, ~revoked, ~suspended, *lasting]

    def _set(self, standing: Standing) -> Select[Any]:
        """The awards of which a list says this."""
        return said_of(self.organisation, standing).with_only_columns(STATUS_ENTRIES.c.award)

    async def in_state(self, state: AwardState, *, after: str = "", limit: int = MAX_AT_ONCE) -> tuple[Award, ...]:
        """The awards in a state, the oldest first."""
        statement = self.select(AWARDS, AWARDS.c.state == state, AWARDS.c.id > after).order_by(AWARDS.c.id).limit(limit)
        return tuple(map(_award, await self.rows(statement)))

    async def credential(self, award: str, form: str) -> Secured:
        """The credential of an award in this form."""
        found = await self.found("credential of this award in this form", CREDENTIALS, award=award, form=form)
        return _secured(found)

    async def of_credential(self, credential: str) -> Award:
        """The award that was made known by the credential with this identifier."""
        named = self.select(CREDENTIALS, CREDENTIALS.c.credential == credential).with_only_columns(CREDENTIALS.c.award)
        return _award(await self.found("credential with this identifier", AWARDS, AWARDS.c.id.in_(named.limit(1))))

    async def signed(self, awards: Sequence[str]) -> tuple[Secured, ...]:
        """The credentials of these awards."""
        _require_few(len(awards))
        statement = self.select(CREDENTIALS, CREDENTIALS.c.award.in_(awards))
        return tuple(map(_secured, await self.rows(statement.order_by(CREDENTIALS.c.award, CREDENTIALS.c.form))))

    async def credentials(self, award: str) -> tuple[Secured, ...]:
        """In every form there is."""
        statement = self.select(CREDENTIALS, CREDENTIALS.c.award == award).order_by(CREDENTIALS.c.form)
        return tuple(map(_secured, await self.rows(statement)))


class AwardRows(AwardRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def intend(self, awards: Sequence[Award]) -> frozenset[str]:
        """Record awards before anything is signed."""
        _require_few(len(awards))
        ids = {award.client_key: award.id for award in reversed(awards)}  # of two with one key, the first one counts
        new = await self.insert_new(AWARDS, [_row(award) for award in awards], "client_key")
        return frozenset(ids[key] for key in new)

    async def lock(self, award: str) -> Award:
        """The award, which nobody else changes before this ends."""
        return _award(await self.found("award with this id", AWARDS, lock=True, id=award))

    async def secure(self, credentials: Sequence[Secured], at: datetime) -> None:
        """Keep what was signed."""
        _require_few(len(credentials))
        rows = [{**values_of(each), "digest": hashlib.sha256(each.secured).digest()} for each in credentials]
        new = await self.insert_new(CREDENTIALS, rows, "award", "form")
        ids = sorted({each.award for each in credentials})
        if len(new) < len(rows):
            await self._require_same(rows, ids)
        issuing = {"of": self.organisation, "ids": ids, "state": AwardState.ISSUED, "changed_at": at}
        if (await self.connection.execute(_ISSUING, issuing)).rowcount == len(ids):
            return
        issued = await self.rows(
            self.select(AWARDS, AWARDS.c.id.in_(ids), AWARDS.c.state == AwardState.ISSUED).with_only_columns(
                AWARDS.c.id
            )
        )
        if len(issued) != len(ids):
            raise ConflictError(
                "an award among them was cancelled, or erased, meanwhile",
                code="store.changed",
                remedy="Look at the awards again; nothing of this was stored.",
            )

    async def _require_same(self, rows: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> None:
        """That what was stored before is what was signed now."""
        stored = await self.rows(
            self.select(CREDENTIALS, CREDENTIALS.c.award.in_(ids)).with_only_columns(
                CREDENTIALS.c.award, CREDENTIALS.c.form, CREDENTIALS.c.digest
            )
        )
        digests = {(row["award"], row["form"]): row["digest"] for row in stored}
        if any(digests[row["award"], row["form"]] != row["digest"] for row in rows):
            raise ConflictError(
                "another credential was stored for this award already",
                code="store.conflict",
                remedy="Take the one that is stored; what was signed last was never handed out.",
            )

    async def change(self, award: str, state: AwardState, at: datetime) -> None:
        """Bring an award to a state that may follow."""
        row = await self.found("award with this id", AWARDS, AWARDS.c.id == award, lock=True)
        if state not in NEXT[AwardState(row["state"])]:
            raise RuleError(
                f"an award that is {row['state']} cannot become {state}",
                code="award.state",
                remedy="Withdraw the credential of an award that was issued; make a new award otherwise.",
            )
        await self.changed(self.update(AWARDS, AWARDS.c.id == award).values(state=state, changed_at=at))

    async def erase(self, awards: Iterable[str]) -> int:
        """Remove awards, and all that shows whose they were."""
        ids = list(awards)
        _require_few(len(ids))
        await self.changed(self.update(STATUS_ENTRIES, STATUS_ENTRIES.c.award.in_(ids)).values(award=None, reason=None))
        await self.changed(self.delete(NOTICES, NOTICES.c.award.in_(ids)))
        await self.changed(self.delete(LEAVES, LEAVES.c.award.in_(ids)))
        await erase_conversations(self, ids)
        await self.changed(self.delete(LINKS, LINKS.c.award.in_(ids)))
        await self.changed(self.delete(CREDENTIALS, CREDENTIALS.c.award.in_(ids)))
        return await self.changed(self.delete(AWARDS, AWARDS.c.id.in_(ids)))


def _require_few(count: int) -> None:
    if count > MAX_AT_ONCE:
        raise StoreError(
            f"{count} rows at once; at most {MAX_AT_ONCE} are written together",
            code="store.value",
            remedy="Write them in several pieces.",
        )


def _begins(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """A range, which an index answers; a pattern with an escape in it would not be."""
    return (column >= words) & (column < words + _LAST)


def _row(award: Award) -> dict[str, Any]:
    return {
        **values_of(award),
        "changed_at": award.awarded_at,
        "name_key": search_key(award.name),
        "family_key": family_key(award.name),
        "email_key": search_key(award.email or ""),
    }


def _award(row: RowMapping) -> Award:
    return Award(
        id=row["id"],
        client_key=row["client_key"],
        achievement=row["achievement"],
        version=row["version"],
        profile=row["profile"],
        awarded_at=row["awarded_at"],
        name=row["name"],
        email=row["email"],
        content=row["content"],
        state=AwardState(row["state"]),
        replaces=row["replaces"],
        valid_until=row["valid_until"],
        run=row["run"],
    )


def _secured(row: RowMapping) -> Secured:
    return Secured(row["award"], row["form"], row["credential"], row["signed_at"], row["secured"])
