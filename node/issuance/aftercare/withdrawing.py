"""Many awards withdrawn for one reason: chosen by a filter or by their ids, counted first, done piece by piece.

1. What is chosen is counted, and summed up in a digest of all ids. So far it is a dry run.
2. What is asked for has that digest in it: a second person agrees to exactly these awards.
3. The order is stored, with a task. Awards that come later are not meant, though they fit.
4. The task goes through them in the order of their ids, PIECE at a time: rows, notices, events, log and how far it has
   come in one transaction. A process that dies is followed by one that goes on where it was.
5. Each list is published when all is done; where that takes long, every PUBLISH_EVERY meanwhile.

What is withdrawn already stays as it is, and counts as such; what has no place in a list is counted, too.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue
from node.issuance.aftercare.changing import check_reason
from node.issuance.announcing import announce
from node.issuance.background.tasks import Later, member
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import order_head, record
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.aftercare import Change, Notice, Reason, Withdrawal, WithdrawalState
from node.ports.api_keys import Caller
from node.ports.awarding import MAX_AT_ONCE, AwardQuery, AwardState, Standing
from node.ports.errors import AbsentError
from node.ports.identifiers import new_id
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.oversight import Approval, Event
from node.ports.store import Store, UnitOfWork, View
from node.ports.webhooks import EventType
from node.ports.work import Nudge, publish_list, revoke_many, tell_holder

PIECE: Final = 1000
"""Awards of one transaction: others wait for it a few hundredths of a second."""
MAX_IDS: Final = 10_000
"""Awards that are named one by one; for more there are filters."""
PUBLISH_EVERY: Final = timedelta(seconds=30)
_DIGEST_TAG: Final = b"glejt/withdrawal/v1"
_FILTER: Final = ("achievement", "version", "profile", "run", "awardedFrom", "awardedBefore", "standing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which awards: all that fit, or those with these ids."""

    achievement: str | None = None
    version: int | None = None
    profile: str | None = None
    run: str | None = None
    awarded_from: datetime | None = None
    awarded_before: datetime | None = None
    standing: Standing | None = None
    ids: tuple[str, ...] | None = None

    @property
    def said(self) -> JsonObject:
        """It, as JSON."""
        if self.ids is not None:
            return {"ids": [*sorted(set(self.ids))]}
        values: JsonObject = {
            "achievement": self.achievement,
            "version": self.version,
            "profile": self.profile,
            "run": self.run,
            "awardedFrom": None if self.awarded_from is None else format_timestamp(self.awarded_from),
            "awardedBefore": None if self.awarded_before is None else format_timestamp(self.awarded_before),
            "standing": self.standing,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a choice comes to."""

    total: int
    digest: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing:
    """The use cases, with what they stand on."""

    store: Store
    work: Nudge
    now: Callable[[], datetime]

    async def count(self, organisation: OrganisationId, choice: Choice) -> Counted:
        """Step 1: what would be withdrawn; raises NotIssuableError for a choice of nothing in particular."""
        _check(choice)
        async with self.store.view(organisation) as view:
            return await _count(view, choice.said)

    async def order(
        self, caller: Caller, choice: Choice, reason: Reason, granted: str | None = None
    ) -> Withdrawal | Approval:
        """Steps 2 and 3; or what a second person has to agree to first."""
        _check(choice)
        check_reason(Change.REVOKED, reason)
        at = self.now()

        async def work(unit: UnitOfWork) -> Withdrawal | Approval:
            require_open(unit)
            counted = await _count(unit, choice.said)
            why = {"reason": reason.code, "words": reason.words}
            payload: JsonObject = {"revoke": choice.said, "count": counted.total, "digest": counted.digest, **why}
            asked = await require_second_person(unit, Action.STATUS, payload, caller, at, granted=granted)
            if asked is not None:
                return asked
            made = Withdrawal(
                id=new_id(),
                chosen=choice.said,
                reason=reason.code,
                words=reason.words,
                actor=caller.actor,
                key=caller.key,
                last=counted.last,
                total=counted.total,
                made_at=at,
            )
            await unit.withdrawals.add(made)
            details: JsonObject = {"count": counted.total, "digest": counted.digest}
            record(unit, caller, "award.revoke_many", made.id, at, details)
            await unit.outbox.add([revoke_many(made.id, at)])
            await order_head(unit, at)
            return made

        done = await self.store.change(caller.organisation, work)
        self.work.wake()
        return done

    async def find(self, organisation: OrganisationId, withdrawal: str) -> Withdrawal:
        """How one stands; raises AbsentError."""
        async with self.store.view(organisation) as view:
            return await view.withdrawals.find(withdrawal)

    async def listed(self, organisation: OrganisationId) -> tuple[Withdrawal, ...]:
        """The latest first."""
        async with self.store.view(organisation) as view:
            return await view.withdrawals.listed()

    async def carry(self, claimed: Claimed) -> Later | None:
        """Steps 4 and 5: carry out REVOKE_MANY."""
        name = member(claimed, "withdrawal")
        try:
            while await self.store.change(claimed.organisation, lambda unit: self._piece(unit, name)):
                pass
        except AbsentError:
            return None
        self.work.wake()
        return None

    async def _piece(self, unit: UnitOfWork, name: str) -> bool:
        """One piece; whether more is to come."""
        found = await unit.withdrawals.find(name, lock=True)
        if found.state is WithdrawalState.DONE:
            return False
        require_open(unit)
        at = self.now()
        page = await _page(unit, found.chosen, found.cursor, found.last, PIECE)
        awards = page.awards
        done = await unit.status.revoke(awards, at, str(Reason(found.reason, found.words))) if awards else None
        if done is not None:
            changed = [award for award in awards if award in done.changed]
            await self._tell(unit, found, changed, at)
            found = replace(
                found,
                changed=found.changed + len(changed),
                unchanged=found.unchanged + len(done.placed - done.changed),
                without=found.without + len(awards) - len(done.placed),
                lists=tuple(sorted({*found.lists, *done.lists})),
            )
        found = replace(found, cursor=page.last)
        if not page.more:
            found = replace(found, state=WithdrawalState.DONE, finished_at=at)
        await unit.withdrawals.save(found)
        due = at + PUBLISH_EVERY if page.more else at
        await unit.outbox.add([publish_list(each, due) for each in found.lists])
        return page.more

    async def _tell(self, unit: UnitOfWork, found: Withdrawal, changed: Sequence[str], at: datetime) -> None:
        """The log, the holders and the subscribers of a piece."""
        if not changed:
            return
        details: dict[str, JsonValue] = {"withdrawal": found.id, "awards": list(changed), "key": found.key}
        unit.audit.record(Event(at, found.actor, "award.revoked_many", found.id, details))
        notices = [Notice(new_id(), award, Change.REVOKED, found.reason, found.words, at) for award in changed]
        await unit.notices.add(notices)
        mailed = await unit.awards.with_address(changed)
        await unit.outbox.add([tell_holder(each.id, at) for each in notices if each.award in mailed])
        await announce(unit, EventType.AWARD_REVOKED, at, changed, withdrawal=found.id)
        await order_head(unit, at)


def _check(choice: Choice) -> None:
    if choice.ids is not None and not 0 < len(choice.ids) <= MAX_IDS:
        raise NotIssuableError(
            f"from 1 to {MAX_IDS} awards are named one by one",
            code="award.choice",
            path="/awards",
            remedy="Choose more by a filter, or in several orders.",
        )
    if choice.ids is None and not set(choice.said) - {"standing"}:
        raise NotIssuableError(
            "that would be all awards of the organisation",
            code="award.choice",
            path="/filter",
            remedy=f"Name at least one of: {', '.join(_FILTER[:-1])}.",
        )


def _query(chosen: Mapping[str, JsonValue]) -> AwardQuery:
    """The filter of a choice."""
    texts = {name: value for name, value in chosen.items() if isinstance(value, str)}
    version = chosen.get("version")
    moments = {name: parse_timestamp(texts[name]) for name in ("awardedFrom", "awardedBefore") if name in texts}
    return AwardQuery(
        achievement=texts.get("achievement"),
        state=AwardState.ISSUED,
        version=version if isinstance(version, int) else None,
        profile=texts.get("profile"),
        run=texts.get("run"),
        standing=Standing(texts["standing"]) if "standing" in texts else None,
        awarded_from=moments.get("awardedFrom"),
        awarded_before=moments.get("awardedBefore"),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """Some of those that were chosen, in order."""

    awards: tuple[str, ...]
    last: str
    """Up to which all were looked at."""
    more: bool


async def _page(
    view: View | UnitOfWork, chosen: Mapping[str, JsonValue], after: str, until: str | None, limit: int
) -> _Page:
    """Awards that were chosen and issued: of ids that are named, some may be gone."""
    ids = chosen.get("ids")
    if not isinstance(ids, list):
        awards = await view.awards.chosen(_query(chosen), after=after, until=until, limit=limit)
        return _Page(awards, awards[-1] if awards else after, len(awards) == limit)
    wanted = [each for each in ids if isinstance(each, str) and after < each and (until is None or each <= until)]
    named = wanted[:limit]
    return _Page(await view.awards.existing(named), named[-1] if named else after, len(wanted) > limit)


async def _count(view: View | UnitOfWork, chosen: Mapping[str, JsonValue]) -> Counted:
    digest, total, page = hashlib.sha256(_DIGEST_TAG), 0, _Page((), "", more=True)
    while page.more:
        page = await _page(view, chosen, page.last, None, MAX_AT_ONCE)
        for award in page.awards:
            digest.update(len(award).to_bytes(4) + award.encode())
        total += len(page.awards)
    return Counted(total, digest.hexdigest(), page.last)
