"""Status lists as rows."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, RowMapping, Text, cast, func

from node.adapters.database.award_tables import STATUS_ENTRIES, STATUS_LISTS
from node.adapters.database.bound import Bound, own_rows, values_of, without_organisation
from node.adapters.database.copy_tables import LIST_COPIES
from node.adapters.database.status_said import said_of
from node.ports.awarding import Standing
from node.ports.errors import ConflictError, RuleError
from node.ports.status_rows import TOKEN_LIST, EntryRecord, ListRecord, RevokedMany
from node.status.entry import Purpose
from node.status.errors import StatusFullError
from node.status.indexes import TakenIndexes, free_indexes
from node.status.status_list import FINAL
from node.status.token_status_list import INVALID

_LIGHT: Final = tuple(column for column in STATUS_LISTS.c if column.name not in {"organisation", "published"})
"""What most who ask for a list want: not the list itself, of some kilobytes."""
_LISTS: Final = own_rows(STATUS_LISTS).with_only_columns(*_LIGHT).order_by(STATUS_LISTS.c.id)
DRAWS: Final = (2, 4, 8, 16)
"""How many times as many places are drawn as are needed, one time after the other, where many are needed at once."""
FEW_DRAWN: Final = 16
"""… and some more, for the last few."""
GUESSES: Final = 4
"""Draws of places without looking which are free; while a list is half empty, a fifth is needed once in 16 times."""


class StatusRowsReader(Bound):
    """The status lists of one organisation."""

    __slots__ = ()

    async def find(self, list_id: str) -> ListRecord:
        """The list."""
        return await self._list(list_id, lock=False)

    async def lists(self) -> tuple[ListRecord, ...]:
        """All of them."""
        return tuple(ListRecord(**row) for row in await self.rows_of(_LISTS))

    async def entries_of(self, award: str) -> tuple[EntryRecord, ...]:
        """The places of an award."""
        table = STATUS_ENTRIES.c
        statement = self.select(STATUS_ENTRIES, table.award == award).order_by(table.list, table.place)
        return tuple(map(_entry, await self.rows(statement)))

    async def standings(self, awards: Sequence[str]) -> Mapping[str, frozenset[Standing]]:
        """Which of these awards are revoked or suspended."""
        found: dict[str, frozenset[Standing]] = {}
        for standing in (Standing.REVOKED, Standing.SUSPENDED):
            said = said_of(self.organisation, standing).where(STATUS_ENTRIES.c.award.in_(awards))
            rows = await self.rows(said.with_only_columns(STATUS_ENTRIES.c.award))
            for row in rows:
                found[row["award"]] = found.get(row["award"], frozenset()) | {standing}
        return found

    async def values(self, list_id: str) -> dict[int, int]:
        """The values that are set, by their places."""
        return {place: value for value, places in (await self.places(list_id)).items() for place in places}

    async def places(self, list_id: str) -> dict[int, list[int]]:
        """The places that are set, by their values."""
        if not (await self.find(list_id)).reconciled:
            raise RuleError(
                "the list comes from a backup, and what was withdrawn since then is not in it",
                code="status.unreconciled",
                remedy="Give the version that was published last, from any mirror; then it is published again.",
            )
        table = STATUS_ENTRIES.c
        statement = self.select(STATUS_ENTRIES, table.list == list_id, table.value > 0).group_by(table.value)
        # One row for each value, not for each place: there may be a hundred thousand of those.
        rows = await self.rows(statement.with_only_columns(table.value, self._joined(table.place).label("places")))
        return {row["value"]: orjson.loads(f"[{row['places']}]") for row in rows}

    def _joined(self, column: ColumnElement[int]) -> ColumnElement[str]:
        """The numbers of a group in one text, which the engines spell differently."""
        if self.connection.dialect.name == "postgresql":
            return func.string_agg(cast(column, Text), ",")
        return func.group_concat(column, ",")

    async def published(self, list_id: str) -> bytes | None:
        """The version that was published last."""
        row = await self.found("status list with this id", STATUS_LISTS, STATUS_LISTS.c.id == list_id)
        published: bytes | None = row["published"]
        return published

    async def _list(self, list_id: str, *, lock: bool) -> ListRecord:
        row = await self.found("status list with this id", STATUS_LISTS, lock=lock, id=list_id)
        return ListRecord(**{name: value for name, value in without_organisation(row).items() if name != "published"})


class StatusListRows(StatusRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, record: ListRecord) -> None:
        """Take a new list."""
        await self.insert(STATUS_LISTS, asdict(record))

    async def allocate(self, list_id: str, awards: Sequence[str]) -> tuple[int, ...]:
        """A free place for each award.

        1. Draw places by the system's randomness and try to take them: the table takes no place twice, so whoever is
           second draws again, and nobody waits for anybody.
        2. In a list so full that this does not end soon, look which are free while nobody else takes any.
        """
        record = await self._open_list(list_id)
        places: dict[int, int] = {}  # by the awards' numbers
        for _ in range(GUESSES):  # 1.
            open_numbers = [number for number in range(len(awards)) if number not in places]
            drawn = {secrets.randbelow(record.entries): number for number in open_numbers}
            places |= await self._take(list_id, awards, drawn)
            if len(places) == len(awards):
                break
        else:
            await self._allocate_looking(list_id, awards, places)
        return tuple(places[number] for number in range(len(awards)))

    async def spread(self, list_id: str, awards: Sequence[str]) -> dict[str, int]:
        """Free places for as many as find one by drawing.

        Each time some more places are drawn than there are awards without one, those that are taken are left out, and
        of the others each is as likely as any other. What is drawn grows, as a list is fuller; how full it is nobody
        counts.
        """
        record = await self._open_list(list_id)
        places: dict[int, int] = {}
        for times in DRAWS:
            open_numbers = [number for number in range(len(awards)) if number not in places]
            if not open_numbers:
                break
            wanted = times * len(open_numbers) + FEW_DRAWN
            drawn = {secrets.randbelow(record.entries) for _ in range(min(record.entries, wanted))}
            free = list(drawn - await self._taken_of(list_id, drawn))
            secrets.SystemRandom().shuffle(free)
            places |= await self._take(list_id, awards, dict(zip(free, open_numbers, strict=False)))
        return {awards[number]: place for number, place in places.items()}

    async def _open_list(self, list_id: str) -> ListRecord:
        record = await self.find(list_id)
        if not record.open or record.sealed_at is not None:
            raise RuleError(
                "the list takes no new credentials", code="status.closed", remedy="Use another list, or make one."
            )
        return record

    async def _taken_of(self, list_id: str, places: Iterable[int]) -> set[int]:
        table = STATUS_ENTRIES.c
        statement = self.select(STATUS_ENTRIES, table.list == list_id, table.place.in_(places))
        return {row["place"] for row in await self.rows(statement.with_only_columns(table.place))}

    async def _allocate_looking(self, list_id: str, awards: Sequence[str], places: dict[int, int]) -> None:
        """Step 2. Whoever draws meanwhile may still take a place that was free when we looked: then we look again."""
        record = await self._list(list_id, lock=True)
        while open_numbers := [number for number in range(len(awards)) if number not in places]:
            table = STATUS_ENTRIES.c
            rows = await self.rows(self.select(STATUS_ENTRIES, table.list == list_id).with_only_columns(table.place))
            taken = TakenIndexes(record.entries)
            taken.take(row["place"] for row in rows)
            try:
                free = free_indexes(record.entries, taken, len(open_numbers))
            except StatusFullError as error:
                raise RuleError(str(error), code="status.full", remedy="Make another list.") from error
            places |= await self._take(list_id, awards, dict(zip(free, open_numbers, strict=True)))

    async def _take(self, list_id: str, awards: Sequence[str], wanted: dict[int, int]) -> dict[int, int]:
        """The places of those that got one, by their numbers, of places that were `wanted` for these numbers."""
        rows = [_taken(list_id, place, awards[number]) for place, number in wanted.items()]
        return {wanted[place]: place for place in await self.insert_new(STATUS_ENTRIES, rows, "list", "place")}

    async def set_value(self, list_id: str, place: int, value: int, at: datetime, reason: str) -> bool:
        """Set the value of a place."""
        record = await self.find(list_id)
        table = STATUS_ENTRIES.c
        row = await self.found(
            "status entry at this place", STATUS_ENTRIES, table.list == list_id, table.place == place, lock=True
        )
        if row["value"] == value:
            return False
        if record.sealed_at is not None:
            raise _sealed()
        if not 0 <= value < 1 << record.size:
            raise RuleError(
                f"the value {value} has no room in {record.size} bits",
                code="status.value",
                remedy=f"Use a value from 0 to {(1 << record.size) - 1}.",
            )
        if _is_final(record.purpose, row["value"]):
            raise RuleError(
                f"a {record.purpose} is final, and cannot be taken back",
                code="status.final",
                remedy="Issue a new credential; suspend, rather than withdraw, what may be good again.",
            )
        statement = self.update(STATUS_ENTRIES, table.list == list_id, table.place == place)
        await self.changed(statement.values(value=value, changed_at=at, reason=reason))
        return True

    async def revoke(self, awards: Sequence[str], at: datetime, reason: str) -> RevokedMany:
        """Withdraw all of these.

        The places are locked in one order first: two withdrawals of the same then wait for each other, and not in a
        circle.
        """
        table, lists = STATUS_ENTRIES.c, STATUS_LISTS.c
        saying = lists.purpose.in_([Purpose.REVOCATION.value, TOKEN_LIST])
        sealing = {row["id"]: row["sealed_at"] for row in await self.rows(self.select(STATUS_LISTS, saying))}
        theirs = self.select(STATUS_ENTRIES, table.award.in_(awards), table.list.in_(sealing))
        rows = await self.rows(theirs.order_by(table.list, table.place).with_for_update(key_share=True))
        open_rows = [row for row in rows if row["value"] != INVALID]
        if any(sealing[row["list"]] is not None for row in open_rows):
            raise _sealed()
        changed = frozenset(row["award"] for row in open_rows)
        statement = self.update(
            STATUS_ENTRIES, table.award.in_(changed), table.list.in_(sealing), table.value != INVALID
        )
        await self.changed(statement.values(value=INVALID, changed_at=at, reason=reason))
        return RevokedMany(
            changed, frozenset(row["award"] for row in rows), frozenset(row["list"] for row in open_rows)
        )

    async def publish(self, list_id: str, document: bytes, at: datetime, *, version: int) -> None:
        """Serve this from now on."""
        record = await self._list(list_id, lock=True)
        if record.version + 1 != version or record.sealed_at is not None or not record.reconciled:
            raise ConflictError(
                f"version {version} does not follow version {record.version} of the list",
                code="store.changed",
                remedy="Render the list again from its rows as they are now.",
            )
        statement = self.update(STATUS_LISTS, STATUS_LISTS.c.id == list_id)
        await self.changed(statement.values(published=document, published_at=at, version=version))
        digest = hashlib.sha256(document).hexdigest()
        copy = {"digest": digest, "url": record.url, "mirrored": None, "had_at": at, "document": document}
        await self.inserted(LIST_COPIES, copy, "digest")

    async def seal(self, list_id: str, at: datetime) -> None:
        """Change and publish it no more."""
        record = await self._list(list_id, lock=True)
        if record.sealed_at is None:
            await self.changed(self.update(STATUS_LISTS, STATUS_LISTS.c.id == list_id).values(sealed_at=at, open=False))

    async def reconcile(self, list_id: str, published: dict[int, int], at: datetime) -> int:
        """Take over what the version published last says and the rows do not."""
        record = await self._list(list_id, lock=True)
        if record.reconciled:
            raise RuleError(
                "the rows of this list are the truth",
                code="status.reconciled",
                remedy="Only a list from a backup takes over what was published.",
            )
        table = STATUS_ENTRIES.c
        rows = await self.rows(self.select(STATUS_ENTRIES, table.list == list_id))
        before = {row["place"]: row["value"] for row in rows}
        reason, changed = "published before the database was restored", 0
        # Nothing final is lost on either side; of what can be lifted, the published version is the later word.
        known = {place: value if _is_final(record.purpose, value) else 0 for place, value in before.items()}
        wanted = known | published | {place: value for place, value in known.items() if value}
        for place, value in sorted(wanted.items()):
            if value == before.get(place, 0):
                continue
            changed += 1
            values = {"value": value, "changed_at": at, "reason": reason}
            if place in before:
                await self.changed(
                    self.update(STATUS_ENTRIES, table.list == list_id, table.place == place).values(**values)
                )
            else:
                await self.insert(STATUS_ENTRIES, {**_taken(list_id, place, None), **values})
        await self.changed(self.update(STATUS_LISTS, STATUS_LISTS.c.id == list_id).values(reconciled=True))
        return changed


def _sealed() -> RuleError:
    return RuleError(
        "the list is sealed: its issuer promised that no other version follows",
        code="status.sealed",
        remedy="Nothing can be changed in it any more.",
    )


def _is_final(purpose: str, value: int) -> bool:
    """Whether a value of a place stays as it is for good."""
    return bool(value) and (purpose in FINAL or (purpose == TOKEN_LIST and value == INVALID))


def _taken(list_id: str, place: int, award: str | None) -> dict[str, Any]:
    return values_of(EntryRecord(list_id, place, award))


def _entry(row: RowMapping) -> EntryRecord:
    return EntryRecord(**without_organisation(row))
