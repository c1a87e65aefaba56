"""Closing an organisation so that what it issued can be checked for good.

1. Nothing is issued or withdrawn any more. This begins when every transaction that saw it otherwise has ended.
2. Every status list is ordered to be sealed: its last version counts without an end, and so does its head.
3. Once nothing waits in the outbox that others would miss, it is closed. Until then it is closing: the node goes on
   renewing, anchoring and setting heads, its members mend what was given up, and whoever asks again goes on from here.

A Token Status List cannot be sealed. An organisation that has one stays closing, for as long as somebody may want to
check its tokens, or is closed all the same, and they run out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.background.desk import about
from node.issuance.organisation.events import record
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.organisations import OrganisationId, State
from node.ports.outbox import Task
from node.ports.status_rows import TOKEN_LIST, ListRecord
from node.ports.store import Store, UnitOfWork, View
from node.ports.work import Kind, seal_list

FOR_OTHERS: Final = (Kind.MIRROR_LIST.value,)
"""Kinds of tasks that never end, and that nobody misses who checks what the organisation issued."""
MAX_TASKS: Final = 10_000
"""So many are looked at, so that those which never end hide no others."""
_WAIT: Final = "Ask again in a moment: the node is at it."
_RETRY: Final = (
    "See what is wrong; then POST /organisation/outbox/{task}/retry with a key of the organisation, and ask again."
)


@dataclass(frozen=True, slots=True)
class StillOpen:
    """Something that others would miss if the organisation were closed now."""

    what: str
    """The kind of a task, or `list`."""
    about: str | None
    problem: str | None
    remedy: str


@dataclass(frozen=True, slots=True)
class Closing:
    """How far it is; once it is closed, `still_open` is what was lost by not waiting."""

    closed: bool
    still_open: tuple[StillOpen, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosingDesk:
    """Closes organisations, for whoever runs the node."""

    store: Store
    now: Callable[[], datetime]

    async def close(self, caller: Caller, organisation: str, *, anyway: bool = False) -> Closing:
        """Close it, or go on with that; asked again once it is closed, this changes nothing.

        `anyway` closes it though something is still open, which is lost. Raises AbsentError, and RuleError for the
        organisation of the caller's own key, which would close the door behind itself.
        """
        which = OrganisationId(organisation)
        if which == caller.organisation:
            raise RuleError(
                "this key is of that organisation",
                code="organisation.own",
                remedy="Close it with a key of another organisation, or one that is made on the machine for another.",
            )
        async with self.store.node_view() as node:
            state = (await node.organisations.find(which)).state
        if state is State.CLOSED:
            return Closing(closed=True)
        if state is State.ACTIVE:
            await self._note(caller, which, "organisation.closing", ())
            await self.store.node_change(lambda node: node.organisations.begin_closing(which))  # 1.
        await self.store.change(which, self._seal)  # 2.
        async with self.store.view(which) as view:
            still_open = await _still_open(view)
        if still_open and not anyway:
            return Closing(closed=False, still_open=still_open)
        await self._note(caller, which, "organisation.close", still_open)
        beside = None if anyway else FOR_OTHERS
        if await self.store.node_change(lambda node: node.organisations.close(which, beside=beside)):  # 3.
            return Closing(closed=True, still_open=still_open)
        return Closing(closed=False, still_open=(StillOpen("outbox", None, None, _WAIT),))

    async def _note(self, caller: Caller, which: OrganisationId, action: str, lost: tuple[StillOpen, ...]) -> None:
        async def work(unit: UnitOfWork) -> None:
            record(unit, caller, action, which, self.now(), {"lost": [one.what for one in lost]} if lost else None)

        await self.store.change(which, work)

    async def _seal(self, unit: UnitOfWork) -> None:
        given_up = {about(task) for task in await unit.outbox.dead(limit=MAX_TASKS) if task.kind == Kind.SEAL_LIST}
        open_lists = [one.id for one in await unit.status.lists() if _sealable(one) and one.id not in given_up]
        await unit.outbox.add([seal_list(each, self.now()) for each in sorted(open_lists)])


def require_open(unit: UnitOfWork) -> None:
    """Raises RuleError in an organisation that is about to be closed."""
    if unit.closing:
        raise RuleError(
            "the organisation is being closed: it issues and withdraws nothing any more",
            code="organisation.closing",
            remedy="What it issued stays as it is. Issue with another organisation.",
        )


def _sealable(one: ListRecord) -> bool:
    return one.sealed_at is None and one.reconciled and one.purpose != TOKEN_LIST


async def _still_open(view: View) -> tuple[StillOpen, ...]:
    """Lists that are not sealed, then what was given up, then what waits."""
    lists = [_open_list(one) for one in await view.status.lists() if one.sealed_at is None]
    dead = [_task(task, _RETRY.format(task=task.id)) for task in await view.outbox.dead(limit=MAX_TASKS)]
    waiting = [_task(task, _WAIT) for task in await view.outbox.waiting(limit=MAX_TASKS)]
    return (*lists, *(one for one in (*dead, *waiting) if one.what not in FOR_OTHERS))


def _open_list(one: ListRecord) -> StillOpen:
    if one.purpose == TOKEN_LIST:
        remedy = (
            "Leave the organisation closing, and the list is renewed; or close it anyway, and it runs out in a day."
        )
        return StillOpen("list", one.id, "status.token_seal: a Token Status List cannot be sealed", remedy)
    if not one.reconciled:
        remedy = f"POST /organisation/status-lists/{one.id}/reconcile with the version published last, and ask again."
        return StillOpen("list", one.id, "status.unreconciled: it is from a backup, and may lack withdrawals", remedy)
    return StillOpen("list", one.id, "it is not sealed yet", _WAIT)


def _task(task: Task, remedy: str) -> StillOpen:
    return StillOpen(task.kind, about(task), task.problem, remedy)
