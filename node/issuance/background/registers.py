"""Registers in the background: made anew when something was published, and looked after from time to time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from node.issuance.background.schedule import active
from node.issuance.background.tasks import Later
from node.issuance.registering import Registrar
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.outbox import Claimed

RENEW_EVERY: Final = timedelta(minutes=10)
"""In which a new key, profile or identifier comes into the register: these order nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Registers:
    """Makes the registers of all organisations of the node."""

    registrar: Registrar

    async def publish(self, claimed: Claimed) -> Later | None:
        """Carry out PUBLISH_REGISTER."""
        await self.registrar.publish(claimed.organisation)
        return None

    async def renew(self) -> None:
        """Have every register say what is published now; one that does stays as it is."""
        for organisation in [one async for one in active(self.registrar.store)]:
            try:
                await self.registrar.publish(organisation)
            except (AbsentError, RuleError, ConflictError):
                continue  # it was closed, or another process was faster
