"""The node's agent in the background: its tasks, and what it does from time to time, once it is there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from node.adapters.dial import GuardedDialer
from node.adapters.didcomm_transport import Transport
from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.exchange.didcomm.keeping import SWEEP_EVERY, TELL_EVERY, TIDY_EVERY
from node.issuance.background.schedule import Periodic
from node.issuance.background.tasks import Carry
from node.ports.outbox import Claimed
from node.ports.work import Kind

if TYPE_CHECKING:
    from node.exchange.didcomm.keeping import Keeping


def transport(*, loopback: bool) -> Transport:
    """The way to addresses that strangers name."""
    return Transport(GuardedDialer(GuardedFetch(Rules(loopback=loopback))))


@dataclass(slots=True)
class Talking:
    """The agent, which stands on the services that the work is put together for: it comes after."""

    keeping: "Keeping | None" = None
    _there: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, keeping: "Keeping") -> None:
        """Here it is."""
        self.keeping = keeping
        self._there.set()

    def kinds(self) -> Mapping[str, Carry]:
        """What needs nobody outside."""
        return {Kind.GO_ON_WITH: self._go_on}

    def outside(self) -> Mapping[str, Carry]:
        """What waits for hosts of others."""
        return {Kind.SEND_LETTERS: self._send}

    def periodic(self) -> tuple[Periodic, ...]:
        """What is done from time to time."""
        return (
            Periodic("Sending to those who hold a way open", SWEEP_EVERY, self._sweep),
            Periodic("Ending conversations", TIDY_EVERY, self._tidy),
            Periodic("Telling holders", TELL_EVERY, self._tell),
        )

    async def _found(self) -> "Keeping":
        await self._there.wait()
        if self.keeping is None:
            raise TypeError("the agent is there without its tasks")
        return self.keeping

    async def _go_on(self, claimed: Claimed) -> None:
        await (await self._found()).go_on(claimed)

    async def _send(self, claimed: Claimed) -> None:
        await (await self._found()).send(claimed)

    async def _sweep(self) -> None:
        await (await self._found()).sweep()

    async def _tidy(self) -> None:
        await (await self._found()).tidy()

    async def _tell(self) -> None:
        await (await self._found()).tell()
