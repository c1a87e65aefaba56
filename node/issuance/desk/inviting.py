"""Links for awards of a run that wait for their learners, and letters that bring them: some hundred at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from node.issuance.background.tasks import Later
from node.issuance.claiming.linking import Linking, made
from node.ports.awarding import AwardState
from node.ports.errors import AbsentError
from node.ports.links import LinkKind
from node.ports.outbox import Claimed
from node.ports.secret import Secret
from node.ports.store import Store, UnitOfWork
from node.ports.work import send_mail


@dataclass(frozen=True, slots=True)
class Inviting:
    """Carries out INVITE; an award that has a link keeps it."""

    store: Store
    linking: Linking
    now: Callable[[], datetime]
    mails: bool

    async def carry(self, claimed: Claimed) -> Later | None:
        """Make the links of some awards."""
        given = claimed.task.payload.get("awards")
        awards = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
        secret = await self.linking.secret(claimed.organisation, self.now())
        await self.store.change(claimed.organisation, lambda unit: self._invite(unit, awards, secret))
        return None

    async def _invite(self, unit: UnitOfWork, awards: list[str], secret: Secret) -> None:
        at = self.now()
        for award in awards:
            try:
                found = await unit.awards.find(award)
            except AbsentError:
                continue  # it was erased
            if found.state is not AwardState.WAITING or await unit.links.of_award(award):
                continue
            link = made(secret, unit.organisation, award, LinkKind.CLAIM, at)
            await unit.links.put(link)
            if self.mails and found.email is not None:
                await unit.outbox.add([send_mail(link.id, at)])
