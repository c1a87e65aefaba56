"""A person is erased: the award, what was signed of it, the salt of its anchor, and why its status was changed.

What stays says nothing of anybody: a root on the chain, in which nobody finds this credential without the salt; the
places in status lists, which keep their values and go to nobody else; and in the log that it was done, by whom, to
which id. The holder's own copy is as good as before, but its status can be changed no more: who wants it withdrawn does
that first. So it takes a second person wherever a change of a status does.

Databases overwrite what was erased where they keep it for a while, as in their logs, when they are purged, which the
background work has done from time to time. Backups that were made before have it until they are thrown away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.organisation.events import record, said
from node.issuance.organisation.second_person import Action, agreed
from node.ports.api_keys import Caller
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork

ERASED: Final = "award.erase"


@dataclass(frozen=True, slots=True)
class Erasing:
    """The use case, with what it stands on."""

    store: Store
    now: Callable[[], datetime]

    async def erase(self, caller: Caller, award: str, granted: str | None = None) -> Approval | None:
        """Erase it; or what a second person has to agree to first. Raises AbsentError for what is not theirs."""
        at = self.now()

        async def work(unit: UnitOfWork) -> Approval | None:
            await unit.awards.find(award)

            async def erase() -> None:
                await unit.awards.erase([award])
                record(unit, caller, ERASED, award, at)

            return await agreed(unit, Action.STATUS, said(erase=award), caller, at, granted, erase)

        return await self.store.change(caller.organisation, work)
