"""Conversations over DIDComm."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, bindparam, func

from node.adapters.database.bound import Bound, own_rows, values_of, without_organisation
from node.adapters.database.thread_erasure import drop_relations
from node.adapters.database.thread_tables import (
    HANDED,
    LETTERS,
    PRESENTATION_REQUESTS,
    RELATIONS,
    THREADS,
)
from node.documents import JsonObject
from node.ports.errors import AbsentError, RuleError
from node.ports.threads import (
    KEPT_INVITATIONS,
    KEPT_THREADS,
    MAX_LETTERS,
    MAX_LISTED,
    MAX_THREADS,
    Handed,
    KeptThread,
    Letter,
    PresentationRequest,
    Purpose,
    Relation,
    RequestState,
)

_RELATION: Final = "relation of this identifier"
_REQUEST: Final = "request for a presentation with this id"
_DECIDED: Final = (RequestState.ACCEPTED, RequestState.REJECTED)


_WAITING: Final = (
    own_rows(LETTERS, LETTERS.c.ours == bindparam("its_ours"))
    .order_by(LETTERS.c.made_at, LETTERS.c.id)
    .limit(bindparam("many"))
)


class ThreadRowsReader(Bound):
    """The conversations of one organisation."""

    __slots__ = ()

    async def relation(self, ours: str) -> Relation:
        """The relation of this identifier of ours."""
        return relation_of(await self.found(_RELATION, RELATIONS, ours=ours))

    async def thread(self, key: str) -> KeptThread | None:
        """The thread that is kept under this key."""
        row = await self.row(THREADS, key=key)
        return None if row is None else _thread(row)

    async def threads_of(self, ours: str) -> tuple[KeptThread, ...]:
        """The threads of a relation."""
        statement = self.select(THREADS, THREADS.c.ours == ours).order_by(THREADS.c.changed_at.desc(), THREADS.c.key)
        return tuple(map(_thread, await self.rows(statement.limit(MAX_THREADS))))

    async def letters(self, ours: str, *, limit: int = MAX_LETTERS) -> tuple[Letter, ...]:
        """What waits for a relation."""
        rows = await self.rows_of(_WAITING, its_ours=ours, many=limit)
        return tuple(Letter(**without_organisation(row)) for row in rows)

    async def request(self, request: str) -> PresentationRequest:
        """A request for a presentation."""
        return _request(await self.found(_REQUEST, PRESENTATION_REQUESTS, id=request))

    async def requests(self, *, before: str | None = None, limit: int = 50) -> tuple[PresentationRequest, ...]:
        """A page of requests, the newest first."""
        table = PRESENTATION_REQUESTS
        conditions = () if before is None else (table.c.id < before,)
        statement = self.select(table, *conditions).order_by(table.c.id.desc()).limit(limit)
        return tuple(map(_request, await self.rows(statement)))

    async def handed(self, award: str) -> tuple[Handed, ...]:
        """To whom the credential of an award was handed."""
        rows = await self.rows(self.select(HANDED, HANDED.c.award == award).order_by(HANDED.c.ours))
        return tuple(map(_handed, rows))

    async def handed_in(self, ours: str) -> tuple[Handed, ...]:
        """What was handed over in a relation."""
        rows = await self.rows(self.select(HANDED, HANDED.c.ours == ours).order_by(HANDED.c.award))
        return tuple(map(_handed, rows))

    async def to_tell(self, *, after: str = "", limit: int = MAX_LISTED) -> tuple[Handed, ...]:
        """What was handed over, by award."""
        statement = self.select(HANDED, HANDED.c.award > after).order_by(HANDED.c.award, HANDED.c.ours).limit(limit)
        return tuple(map(_handed, await self.rows(statement)))

    async def offered(self, award: str) -> tuple[Relation, ...]:
        """The invitations for an award."""
        statement = self.select(RELATIONS, RELATIONS.c.about == award).order_by(RELATIONS.c.made_at.desc())
        return tuple(map(relation_of, await self.rows(statement.limit(MAX_LISTED))))


class ThreadRows(ThreadRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def invite(self, relation: Relation, *, about: str | None = None) -> None:
        """Keep a new relation with its invitation."""
        await self.insert(RELATIONS, {**values_of(relation), "about": about})

    async def lock(self, ours: str) -> Relation:
        """The relation, which nobody else changes before this change has ended."""
        return relation_of(await self.found(_RELATION, RELATIONS, lock=True, ours=ours))

    async def take_up(self, ours: str, theirs: str, at: datetime) -> None:
        """Somebody took up the invitation, or goes by another identifier from now on."""
        if not await self.set(RELATIONS, {"theirs": theirs, "heard_at": at}, ours=ours):
            raise AbsentError(_RELATION)

    async def keep(self, thread: KeptThread, *, new: bool = False) -> None:
        """Keep a thread as it is now."""
        values = {**values_of(thread), "final": int(thread.final)}
        if not new and await self.set(THREADS, values, key=thread.key, ours=thread.ours):
            return
        counted = self.select(THREADS, THREADS.c.ours == thread.ours).with_only_columns(func.count().label("many"))
        (row,) = await self.rows(counted)
        if row["many"] >= MAX_THREADS:
            raise RuleError(
                f"the relation has {MAX_THREADS} threads, and takes no more",
                code="thread.many",
                remedy="Let threads end, or begin a new relation.",
            )
        await self.insert(THREADS, values)

    async def post(self, letters: Sequence[Letter]) -> int:
        """Have messages sent, as far as there is room."""
        posted = 0
        for letter in letters:
            counted = self.select(LETTERS, LETTERS.c.ours == letter.ours).with_only_columns(func.count().label("many"))
            (row,) = await self.rows(counted)
            if row["many"] >= MAX_LETTERS:
                break
            await self.inserted(LETTERS, values_of(letter), "id")
            posted += 1
        return posted

    async def sent(self, letters: Collection[str]) -> None:
        """These were sent."""
        if letters:
            await self.changed(self.delete(LETTERS, LETTERS.c.id.in_(letters)))

    async def ask(self, request: PresentationRequest) -> None:
        """Keep a request for a presentation."""
        await self.insert(PRESENTATION_REQUESTS, asdict(request))

    async def progress(
        self, request: str, state: RequestState, at: datetime, *, report: JsonObject | None = None
    ) -> None:
        """Bring a request on; one that has its verdict keeps it."""
        table = PRESENTATION_REQUESTS
        values: dict[str, Any] = {"state": state, "changed_at": at}
        if report is not None:
            values["report"] = report
        open_still = self.update(table, table.c.id == request, table.c.state.not_in(_DECIDED))
        if not await self.changed(open_still.values(**values)):
            await self.request(request)

    async def hand(self, handed: Handed) -> None:
        """Note that a credential was handed over."""
        await self.inserted(HANDED, {**asdict(handed), "receipt_told": int(handed.receipt_told)}, "award", "ours")

    async def tell(self, handed: Handed) -> None:
        """Note what was told of it by now."""
        told = {"receipt_told": int(handed.receipt_told), "status_told": handed.status_told}
        await self.set(HANDED, told, award=handed.award, ours=handed.ours)

    async def due(self, at: datetime, *, limit: int = MAX_LISTED) -> tuple[KeptThread, ...]:
        """The threads that are not over and whose time is."""
        table = THREADS.c
        statement = self.select(THREADS, table.final == 0, table.expires_at <= at).order_by(table.expires_at)
        return tuple(map(_thread, await self.rows(statement.limit(limit))))

    async def forget(self, at: datetime) -> int:
        """Drop letters, threads and invitations that are over; an invitation's key with it."""
        gone = await self.changed(self.delete(LETTERS, LETTERS.c.expires_at <= at))
        ended = (THREADS.c.final == 1, THREADS.c.changed_at <= at - KEPT_THREADS)
        gone += await self.changed(self.delete(THREADS, *ended))
        over = (RELATIONS.c.theirs.is_(None), RELATIONS.c.expires_at <= at - KEPT_INVITATIONS)
        rows = await self.rows(self.select(RELATIONS, *over).with_only_columns(RELATIONS.c.ours).limit(MAX_LISTED))
        return gone + await drop_relations(self, [row["ours"] for row in rows])


def relation_of(row: RowMapping) -> Relation:
    """A relation, by its row."""
    values = {name: value for name, value in without_organisation(row).items() if name != "about"}
    return Relation(**{**values, "purpose": Purpose(row["purpose"])})


def _thread(row: RowMapping) -> KeptThread:
    return KeptThread(**{**without_organisation(row), "final": bool(row["final"])})


def _request(row: RowMapping) -> PresentationRequest:
    return PresentationRequest(**{**without_organisation(row), "state": RequestState(row["state"])})


def _handed(row: RowMapping) -> Handed:
    return Handed(**{**without_organisation(row), "receipt_told": bool(row["receipt_told"])})
