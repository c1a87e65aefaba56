"""Invitations for agents, minted when somebody asks for one: a claim link lives longer than any of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from node.ports.organisations import OrganisationId


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation for one agent."""

    url: str = field(repr=False)
    expires_at: datetime


class Invitations(Protocol):
    """Whoever talks to agents."""

    async def mint(self, organisation: OrganisationId, award: str, link: str, at: datetime) -> Invitation:
        """A new invitation to receive this award, for whoever has this claim link; it works once.

        Whoever carries the exchange out claims the award with the link's id, by `Claims.accept_by`.
        """
