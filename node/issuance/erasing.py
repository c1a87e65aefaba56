"""A person is erased: the award, what was signed of it, the salt of its anchor, and why its status was changed.

What stays says nothing of anybody: a root on the chain, in which nobody finds this credential without the salt; the
places in status lists, which keep their values and go to nobody else; and in the log that it was done, by whom, to
which id. The holder's own copy is as good as before, but its status can be changed no more: who wants it withdrawn does
that first. So it takes a second person wherever a change of a status does.

With an award go its notices, its links and what would have been written to its holder. Programs that have subscribed
are told, so that they delete what they have. All awards of a person go together, chosen by name and e-mail address as
they stand in the awards; so does what runs say of rows that were rejected. A run under way that still has such a row is
to be ended first. What waits for a second person, and names somebody, is gone once it is over: within a week.

Databases overwrite what was erased where they keep it for a while, as in their logs, when they are purged, which the
background work has done from time to time. Backups that were made before have it until they are thrown away.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.announcing import announce
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.events import record, said
from node.issuance.organisation.second_person import Action, agreed
from node.issuance.rejected_rows import rejected_rows
from node.ports.api_keys import Caller
from node.ports.awarding import search_key
from node.ports.errors import RuleError
from node.ports.organisations import OrganisationId
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork, View
from node.ports.webhooks import EventType

ERASED: Final = "award.erase"
MAX_AWARDS: Final = 1000
"""Awards of one person: more are of somebody else, too."""
_DIGEST_TAG: Final = b"glejt/erasure/v1"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be erased: all that is given has to be the same, but for capitals, accents and spaces."""

    name: str | None = None
    email: str | None = None

    @property
    def sought(self) -> str:
        """What rows of tables are looked through for: an address is of one person alone."""
        return self.email or self.name or ""


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of a person."""

    awards: tuple[str, ...]
    rows: int
    """Rows that runs have rejected."""

    @property
    def digest(self) -> str:
        """Which awards: two that are the same have the same."""
        return hashlib.sha256(_DIGEST_TAG + "\n".join(self.awards).encode()).hexdigest()


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
                await _erase(unit, caller, [award], at)

            return await agreed(unit, Action.STATUS, said(erase=award), caller, at, granted, erase)

        return await self.store.change(caller.organisation, work)

    async def traces(self, organisation: OrganisationId, person: Person) -> Traces:
        """What there is of a person, so that somebody can look before it is gone."""
        _check(person)
        async with self.store.view(organisation) as view:
            return await _traces(view, person)

    async def erase_person(
        self, caller: Caller, person: Person, digest: str, granted: str | None = None
    ) -> Traces | Approval:
        """Erase all there is of a person, which is what `traces` has shown; or what has to be agreed to first.

        Raises RuleError where it is not the same any more, or a run under way has the person in a row.
        """
        _check(person)
        at = self.now()

        async def work(unit: UnitOfWork) -> Traces | Approval:
            found = await _traces(unit, person)
            if found.digest != digest:
                raise RuleError(
                    "these are not the awards that were looked at",
                    code="erasure.other",
                    remedy="Look again at what there is, and give the digest of that.",
                )

            async def erase() -> Traces:
                if found.awards:
                    await _erase(unit, caller, found.awards, at)
                await _forget_rows(unit, person)
                return found

            asked = said(erase=[*found.awards], digest=digest)
            return await agreed(unit, Action.STATUS, asked, caller, at, granted, erase)

        return await self.store.change(caller.organisation, work)


async def _erase(unit: UnitOfWork, caller: Caller, awards: Sequence[str], at: datetime) -> None:
    await unit.awards.erase(awards)
    for award in awards:
        record(unit, caller, ERASED, award, at)
    await announce(unit, EventType.AWARD_ERASED, at, awards)


def _check(person: Person) -> None:
    if not search_key(person.name or "") and not search_key(person.email or ""):
        raise NotIssuableError(
            "nobody is named",
            code="erasure.person",
            path="/email",
            remedy="Give a name, or an e-mail address, or both.",
        )


async def _traces(view: View | UnitOfWork, person: Person) -> Traces:
    awards = await view.awards.of_person(person.name, person.email, limit=MAX_AWARDS + 1)
    if len(awards) > MAX_AWARDS:
        raise RuleError(
            f"more than {MAX_AWARDS} awards are of that name",
            code="erasure.many",
            remedy="Give the e-mail address, too.",
        )
    rows = sum([page.gone async for page in rejected_rows(view, person.sought)])
    return Traces(awards, rows)


async def _forget_rows(unit: UnitOfWork, person: Person) -> None:
    """What runs say of rows that they rejected."""
    for page in [page async for page in rejected_rows(unit, person.sought)]:
        await unit.runs.rewrite(page.run, page.page, page.kept)
