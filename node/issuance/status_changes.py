"""One credential withdrawn, suspended, or good again: the row, the event and the task to publish in one transaction.

The row is the truth, and a published list a rendering of it: of any number of changes at once none is lost. What is
withdrawn for good stays so, whoever asks.

Spec: https://www.w3.org/TR/vcalm/#update-status
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.documents import JsonObject
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import order_head
from node.issuance.organisation.events import record as write_down
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError
from node.ports.oversight import Approval
from node.ports.status_rows import TOKEN_LIST, EntryRecord, ListRecord
from node.ports.store import Store, UnitOfWork
from node.ports.work import Nudge, publish_list
from node.status.entry import Generation, Purpose
from node.status.token_status_list import INVALID, SUSPENDED, VALID

CHANGED: Final = "credential.status"
TYPES: Final = frozenset({Generation.BITSTRING.entry, Generation.BITSTRING.subject})
"""What callers name the kind of status by: the entry, or the list that it points into."""
_OF_TOKENS: Final[Mapping[str, int]] = {Purpose.REVOCATION: INVALID, Purpose.SUSPENSION: SUSPENDED}
MAX_REASON_CHARS: Final = 256
"""Of a reason, which nobody but the organisation reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOrder:
    """Which status of which credential is to be what; `list_url` and `place` pick one of several, where given."""

    credential: str
    kind: str
    purpose: str
    value: bool
    reason: str = ""
    list_url: str | None = None
    place: str | None = None
    granted: str | None = None
    """The request that a second person has agreed to."""

    @property
    def asked(self) -> JsonObject:
        """All that is asked for."""
        return {
            "credentialId": self.credential,
            "credentialStatus": {"type": self.kind, "statusPurpose": self.purpose},
            "status": self.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What came of it: whether anything changed, and whether the list that says so is published."""

    list_id: str
    list_url: str
    changed: bool
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanges:
    """The use case, with what it stands on."""

    store: Store
    work: Nudge
    now: Callable[[], datetime]

    async def change(self, caller: Caller, order: StatusOrder) -> StatusChange | Approval:
        """Change a status, and wait a little until verifiers can see it; or what a second person has to agree to first.

        Raises AbsentError for a credential, or a status of it, that is not the organisation's; RuleError where that
        would take back what is final; NotIssuableError for a kind of status that is not kept here.
        """
        if order.kind not in TYPES:
            raise NotIssuableError(
                "no status of this type is kept here",
                code="issuance.status_type",
                path="/credentialStatus/type",
                remedy=f"Name {Generation.BITSTRING.entry}.",
            )
        done = await self.store.change(caller.organisation, lambda unit: self._set(unit, caller, order))
        if isinstance(done, Approval):
            return done
        record, changed = done
        self.work.wake()
        published = await self.work.published(record.id, self.now())
        return StatusChange(record.id, record.url, changed, published)

    async def _set(self, unit: UnitOfWork, caller: Caller, order: StatusOrder) -> tuple[ListRecord, bool] | Approval:
        require_open(unit)
        award = await unit.awards.of_credential(order.credential)
        record, entry = await _entry(unit, award.id, order)
        at, value = self.now(), _value(order, record, entry)
        asked = await require_second_person(unit, Action.STATUS, order.asked, caller, at, granted=order.granted)
        if asked is not None:
            return asked
        changed = await unit.status.set_value(record.id, entry.place, value, at, order.reason or "not stated")
        if changed:
            write_down(
                unit, caller, CHANGED, award.id, at, {"purpose": record.purpose, "value": value, "list": record.id}
            )
            await order_head(unit, at)  # before `status.publish`: whoever adds rows that others add, adds them in order
        await unit.outbox.add([publish_list(record.id, at)])
        return record, changed


async def _entry(unit: UnitOfWork, award: str, order: StatusOrder) -> tuple[ListRecord, EntryRecord]:
    for entry in await unit.status.entries_of(award):
        record = await unit.status.find(entry.list)
        named = order.list_url in {None, record.url} and order.place in {None, str(entry.place)}
        if named and (record.purpose == order.purpose or _says(record, order.purpose)):
            return record, entry
    raise AbsentError("status of this credential for this purpose")


def _says(record: ListRecord, purpose: str) -> bool:
    """Whether a list is one for tokens, whose places are wide enough to say this."""
    return record.purpose == TOKEN_LIST and purpose in _OF_TOKENS and _OF_TOKENS[purpose] < 1 << record.size


def _value(order: StatusOrder, record: ListRecord, entry: EntryRecord) -> int:
    """What is to stand at the place. In a list for tokens one value says all: what is not meant stays as it is."""
    if record.purpose != TOKEN_LIST:
        return int(order.value)
    meant = _OF_TOKENS[order.purpose]
    if order.value:
        return meant
    return VALID if entry.value == meant else entry.value
