"""What an organisation's own people see and do of the background work: the outbox, and their status lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.organisation.events import record
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.api_keys import Caller
from node.ports.outbox import Task
from node.ports.oversight import Approval
from node.ports.status_rows import ListRecord
from node.ports.store import Store, UnitOfWork
from node.ports.work import seal_list

ABOUT: Final = ("list", "batch", "namespace")
"""What may be shown of what a task carries."""


@dataclass(frozen=True, slots=True)
class OutboxDesk:
    """The outbox of the caller's organisation."""

    store: Store
    now: Callable[[], datetime]

    async def listed(self, caller: Caller, *, dead: bool, limit: int) -> tuple[Task, ...]:
        """What waits, the next first; or what was given up."""
        async with self.store.view(caller.organisation) as view:
            return await (view.outbox.dead(limit=limit) if dead else view.outbox.waiting(limit=limit))

    async def retry(self, caller: Caller, task: str) -> None:
        """Try something again that was given up; raises AbsentError."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            await unit.outbox.retry(task, at)
            record(unit, caller, "outbox.retry", task, at)

        await self.store.change(caller.organisation, work)


def about(task: Task) -> str | None:
    """Which list, batch or namespace a task is about."""
    for name in ABOUT:
        value = task.payload.get(name)
        if isinstance(value, str):
            return value
    return None


@dataclass(frozen=True, slots=True)
class ListsDesk:
    """The status lists of the caller's organisation."""

    store: Store
    now: Callable[[], datetime]

    async def listed(self, caller: Caller) -> tuple[ListRecord, ...]:
        """All of them."""
        async with self.store.view(caller.organisation) as view:
            return await view.status.lists()

    async def seal(self, caller: Caller, list_id: str, granted: str | None = None) -> Approval | None:
        """Have a list published for the last time, to count for good; raises AbsentError.

        Nothing in it can be changed after that. Whoever ends an organisation seals its lists before. Where a change of
        a status takes a second person, so does this: it says of everything in the list how it stays.
        """
        at = self.now()

        async def work(unit: UnitOfWork) -> Approval | None:
            await unit.status.find(list_id)
            asked = await require_second_person(
                unit, Action.STATUS, {"seal": {"list": list_id}}, caller, at, granted=granted
            )
            if asked is None:
                await unit.outbox.add([seal_list(list_id, at)])
                record(unit, caller, "status.seal", list_id, at)
            return asked

        return await self.store.change(caller.organisation, work)
