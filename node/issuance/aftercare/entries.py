"""The places of an award in status lists, and a change of one: row, log, notice, events, publication, or nothing.

The row is the truth, and a published list a rendering of it: of any number of changes at once none is lost. What is
withdrawn for good stays so, whoever asks.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.announcing import announce
from node.issuance.organisation.events import order_head
from node.issuance.organisation.events import record as write_down
from node.issuance.organisation.events import said as to_say
from node.ports.aftercare import Change, Notice, Reason, Replacement
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError, RuleError
from node.ports.identifiers import new_id
from node.ports.status_rows import TOKEN_LIST, EntryRecord, ListRecord
from node.ports.store import UnitOfWork
from node.ports.webhooks import EventType
from node.ports.work import publish_list, tell_holder
from node.status.entry import Purpose
from node.status.token_status_list import INVALID, SUSPENDED, VALID

CHANGED: Final = "credential.status"
REPLACED: Final = "award.replace"
OF_TOKENS: Final[Mapping[str, int]] = {Purpose.REVOCATION: INVALID, Purpose.SUSPENSION: SUSPENDED}
"""What one value of a list of tokens says."""
EVENT_OF: Final[Mapping[Change, EventType]] = {
    Change.REVOKED: EventType.AWARD_REVOKED,
    Change.SUSPENDED: EventType.AWARD_SUSPENDED,
    Change.LIFTED: EventType.AWARD_LIFTED,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place of an award in a list."""

    award: str
    record: ListRecord
    entry: EntryRecord

    def value(self, purpose: str, *, said: bool) -> int:
        """What is to stand there. In a list for tokens one value says all: what is not meant stays as it is."""
        if self.record.purpose != TOKEN_LIST:
            return int(said)
        meant = OF_TOKENS[purpose]
        if said:
            return meant
        return VALID if self.entry.value == meant else self.entry.value

    def change(self, value: int) -> Change:
        """What becomes of the award by this value."""
        if value == VALID:
            return Change.LIFTED
        suspends = self.record.purpose == Purpose.SUSPENSION or (
            self.record.purpose == TOKEN_LIST and value == SUSPENDED
        )
        return Change.SUSPENDED if suspends else Change.REVOKED


async def place_of(
    unit: UnitOfWork, award: str, purpose: str, *, list_url: str | None = None, place: str | None = None
) -> Place:
    """The place of an award that can say this; raises AbsentError where it has none."""
    for entry in await unit.status.entries_of(award):
        record = await unit.status.find(entry.list)
        named = list_url in {None, record.url} and place in {None, str(entry.place)}
        if named and (record.purpose == purpose or _says(record, purpose)):
            return Place(award, record, entry)
    raise AbsentError("status of this credential for this purpose")


async def set_place(  # noqa: PLR0913, PLR0917 -- who changes what, why, and when
    unit: UnitOfWork, caller: Caller, place: Place, value: int, reason: Reason, at: datetime, *, said: str | None = None
) -> bool:
    """Set it; whether it is another value now. `said` is what the organisation keeps as the reason, if not `reason`.

    The list is published again in any case: whoever asks twice may not have seen it.
    """
    record = place.record
    changed = await unit.status.set_value(record.id, place.entry.place, value, at, said or str(reason))
    if changed:
        details = to_say(purpose=record.purpose, value=value, list=record.id)
        write_down(unit, caller, CHANGED, place.award, at, details)
        change = place.change(value)
        await notify(unit, place.award, change, reason, at)
        await announce(unit, EVENT_OF[change], at, [place.award])
        await order_head(unit, at)  # before `status.publish`: whoever adds rows that others add, adds them in order
    await unit.outbox.add([publish_list(record.id, at)])
    return changed


async def require_replaceable(unit: UnitOfWork, award: str) -> None:
    """Raise RuleError for an award whose place no other one may take.

    What is withdrawn or suspended would be good again by that, and what lies in a sealed list would stay good.
    """
    said = (await unit.status.standings([award])).get(award, frozenset())
    if said:
        raise RuleError(
            "the award is withdrawn, or suspended",
            code="award.not_good",
            remedy="Lift the suspension first; instead of what is withdrawn, award anew.",
        )
    with suppress(AbsentError):
        if (await place_of(unit, award, Purpose.REVOCATION)).record.sealed_at is not None:
            raise RuleError(
                "the status list of this award is sealed, so it cannot be withdrawn for another one",
                code="status.sealed",
                remedy="Issue another one beside it.",
            )


async def end_replaced(
    unit: UnitOfWork, caller: Caller, replacing: Replacement, successor: str, at: datetime
) -> tuple[str, ...]:
    """Withdraw an award whose place another one has taken, where it has a place that says so, and have all told.

    The lists that have to say it.
    """
    old, reason = replacing.award, replacing.reason
    await require_replaceable(unit, old)  # once more: somebody may have withdrawn it while the other one was signed
    lists: tuple[str, ...] = ()
    with suppress(AbsentError):
        place = await place_of(unit, old, Purpose.REVOCATION)
        lists = (place.record.id,)
        value = place.value(Purpose.REVOCATION, said=True)
        await unit.status.set_value(place.record.id, place.entry.place, value, at, f"{replacing.change}: {reason}")
        await unit.outbox.add([publish_list(place.record.id, at)])
    write_down(unit, caller, REPLACED, old, at, to_say(by=successor, change=replacing.change.value))
    await notify(unit, old, replacing.change, reason, at, successor)
    await announce(unit, EventType.AWARD_REPLACED, at, [old], by=successor, change=replacing.change.value)
    return lists


async def notify(  # noqa: PLR0913, PLR0917 -- who is told what, and why
    unit: UnitOfWork, award: str, change: Change, reason: Reason, at: datetime, successor: str | None = None
) -> None:
    """Have the holder of an award told what became of it: by mail where an address is known; a wallet may ask, too."""
    notice = Notice(new_id(), award, change, reason.code, reason.words, at, successor)
    await unit.notices.add([notice])
    if (await unit.awards.find(award)).email is not None:
        await unit.outbox.add([tell_holder(notice.id, at)])


def _says(record: ListRecord, purpose: str) -> bool:
    """Whether a list is one for tokens, whose places are wide enough to say this."""
    return record.purpose == TOKEN_LIST and purpose in OF_TOKENS and OF_TOKENS[purpose] < 1 << record.size
