"""One award withdrawn, suspended, or good again, for a reason of the list, and its holder told.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.documents import JsonObject
from node.issuance.aftercare.entries import place_of, set_place
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.second_person import Action, require_second_person
from node.issuance.status_changes import StatusChange
from node.ports.aftercare import MAX_WORDS_CHARS, REASONS, Change, Notice, Reason
from node.ports.api_keys import Caller
from node.ports.awarding import Award, AwardState, Standing
from node.ports.organisations import OrganisationId
from node.ports.oversight import Approval
from node.ports.status_rows import ListRecord
from node.ports.store import Store, UnitOfWork
from node.ports.work import Nudge
from node.status.entry import Purpose

PURPOSE_OF: Final[Mapping[Change, tuple[str, bool]]] = {
    Change.REVOKED: (Purpose.REVOCATION.value, True),
    Change.SUSPENDED: (Purpose.SUSPENSION.value, True),
    Change.LIFTED: (Purpose.SUSPENSION.value, False),
}
"""Which status says so, and how."""


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """What is to become of which award, and why."""

    award: str
    change: Change
    reason: Reason
    granted: str | None = None
    """The request that a second person has agreed to."""

    @property
    def asked(self) -> JsonObject:
        """All that is asked for."""
        words = {"reason": self.reason.code, "words": self.reason.words}
        return {"change": self.change.value, "award": self.award, **words}


@dataclass(frozen=True, slots=True)
class Life:
    """What became of an award until now."""

    award: Award
    standing: Standing | None
    notices: tuple[Notice, ...]
    replaced_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """The use case, with what it stands on."""

    store: Store
    work: Nudge
    now: Callable[[], datetime]

    async def change(self, caller: Caller, order: ChangeOrder) -> StatusChange | Approval:
        """Do it, and wait a little until verifiers can see it; or what a second person has to agree to first.

        Raises AbsentError for an award, or a status of it, that is not the organisation's; RuleError where that would
        take back what is final; NotIssuableError for a reason that is not in the list.
        """
        check_reason(order.change, order.reason)
        done = await self.store.change(caller.organisation, lambda unit: self._change(unit, caller, order))
        if isinstance(done, Approval):
            return done
        record, changed = done
        self.work.wake()
        published = await self.work.published(record.id, self.now())
        return StatusChange(record.id, record.url, changed, published)

    async def _change(self, unit: UnitOfWork, caller: Caller, order: ChangeOrder) -> tuple[ListRecord, bool] | Approval:
        require_open(unit)
        await unit.awards.find(order.award)
        purpose, said = PURPOSE_OF[order.change]
        place, at = await place_of(unit, order.award, purpose), self.now()
        asked = await require_second_person(unit, Action.STATUS, order.asked, caller, at, granted=order.granted)
        if asked is not None:
            return asked
        changed = await set_place(unit, caller, place, place.value(purpose, said=said), order.reason, at)
        return place.record, changed

    async def life(self, organisation: OrganisationId, award: str) -> Life:
        """What became of an award until now; raises AbsentError."""
        at = self.now()
        async with self.store.view(organisation) as view:
            found = await view.awards.find(award)
            said = await view.status.standings([award])
            notices, successor = await view.notices.of_award(award), await view.awards.replacing(award)
        replaced = successor is not None and successor.state is AwardState.ISSUED
        return Life(
            found, standing_of(found, said, at), notices, successor.id if successor is not None and replaced else None
        )


def standing_of(award: Award, said: Mapping[str, frozenset[Standing]], at: datetime) -> Standing | None:
    """What is to be said of an award at a time; None of one that was not issued."""
    if award.state is not AwardState.ISSUED:
        return None
    of_it = said.get(award.id, frozenset())
    if Standing.REVOKED in of_it:
        return Standing.REVOKED
    if award.valid_until is not None and award.valid_until <= at:
        return Standing.EXPIRED
    return Standing.SUSPENDED if of_it else Standing.GOOD


def check_reason(change: Change, reason: Reason) -> None:
    """Raise NotIssuableError for a reason that is none."""
    if reason.code not in REASONS[change] or len(reason.words) > MAX_WORDS_CHARS:
        raise NotIssuableError(
            "this is no reason for what is asked for",
            code="award.reason",
            path="/reason",
            remedy=f"Give one of: {', '.join(REASONS[change])}; and in `words` up to {MAX_WORDS_CHARS} characters.",
        )
