"""Challenges that the node draws for verifiers: each counts once, within minutes, for this node's own origin.

A challenge that a node drew is known by its form. One in another form is the caller's own: whoever drew it has to see
to it that it counts once, and here it is compared and nothing else.

Spec: https://www.w3.org/TR/vcalm/#create-challenge
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.ports.organisations import OrganisationId
from node.ports.store import Store, UnitOfWork

CHALLENGE_BYTES: Final = 16
"""128 bits: nobody guesses one that was not told to him."""
_FORM: Final = re.compile(r"glejt-challenge-[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a holder has to answer, for whom, and until when."""

    challenge: str
    domain: str
    expires_at: datetime


def is_drawn_here(challenge: str) -> bool:
    """Whether a challenge has the form of those that nodes draw."""
    return _FORM.fullmatch(challenge) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenges:
    """The challenges of this node's organisations, for its own origin."""

    store: Store
    now: Callable[[], datetime]
    origin: str

    async def draw(self, organisation: OrganisationId) -> Challenge:
        """A new one, which only this organisation can have answered."""
        challenge, at = f"glejt-challenge-{secrets.token_hex(CHALLENGE_BYTES)}", self.now()

        async def work(unit: UnitOfWork) -> datetime:
            await unit.challenges.forget(at)
            return await unit.challenges.issue(challenge, self.origin, at)

        return Challenge(challenge, self.origin, await self.store.change(organisation, work))

    async def consume(self, organisation: OrganisationId, challenge: str) -> bool:
        """Whether it was drawn for this organisation, counts still, and was not answered; it is over then."""
        at = self.now()
        return await self.store.change(organisation, lambda unit: unit.challenges.consume(challenge, self.origin, at))
