"""One credential withdrawn, suspended, or good again: the row, the event and the task to publish in one transaction.

The row is the truth, and a published list a rendering of it: of any number of changes at once none is lost. What is
withdrawn for good stays so, whoever asks.

Spec: https://www.w3.org/TR/vcalm/#update-status
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.documents import JsonObject
from node.issuance.aftercare.entries import place_of, set_place
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.aftercare import MAX_WORDS_CHARS, Reason
from node.ports.api_keys import Caller
from node.ports.oversight import Approval
from node.ports.status_rows import ListRecord
from node.ports.store import Store, UnitOfWork
from node.ports.work import Nudge
from node.status.entry import Generation

TYPES: Final = frozenset({Generation.BITSTRING.entry, Generation.BITSTRING.subject})
"""What callers name the kind of status by: the entry, or the list that it points into."""


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
        place = await place_of(unit, award.id, order.purpose, list_url=order.list_url, place=order.place)
        at = self.now()
        asked = await require_second_person(unit, Action.STATUS, order.asked, caller, at, granted=order.granted)
        if asked is not None:
            return asked
        value, reason = place.value(order.purpose, said=order.value), Reason("other", order.reason[:MAX_WORDS_CHARS])
        changed = await set_place(unit, caller, place, value, reason, at, said=order.reason or "not stated")
        return place.record, changed
