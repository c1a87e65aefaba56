"""Invitations to take a credential: minted on a click, with what they offer as it is then."""

from dataclasses import dataclass
from datetime import datetime

from node.didcomm.protocols.out_of_band import GOAL_ISSUE
from node.documents import JsonObject
from node.exchange.didcomm.bestowing import CREDENTIAL, FORM, ISSUER
from node.exchange.didcomm.inviting import GOAL_MEDIATE, Inviting, Minted, Wanted
from node.ports.api_keys import Caller
from node.ports.invitations import Invitation
from node.ports.offers import Offers
from node.ports.organisations import OrganisationId
from node.ports.oversight import Event
from node.ports.store import UnitOfWork
from node.ports.threads import Purpose, Relation

OFFERED = "credential.offer"
MEDIATED = "mediation.invite"
GOAL = "A credential is waiting for you."
MEDIATOR_GOAL = "Messages for you are kept here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """The use case, with what it stands on; it is an Invitations for claim links, too."""

    inviting: Inviting
    offers: Offers

    async def mint(self, organisation: OrganisationId, award: str, link: str, at: datetime) -> Invitation:  # noqa: ARG002 -- as the port has it
        """A new invitation to receive this award; raises OfferGoneError where it does not wait."""
        minted = await self.mint_for(organisation, award, link)
        return Invitation(minted.short_url, minted.relation.expires_at)

    async def mint_for(self, organisation: OrganisationId, award: str, link: str) -> Minted:
        """The same, with all its forms."""
        return await self._minted(organisation, {"kind": "claim", "award": award, "link": link}, award, None)

    async def offer(self, caller: Caller, context: JsonObject) -> Minted:
        """A new invitation to receive what `context` says; raises OfferGoneError."""
        return await self._minted(caller.organisation, context, None, caller)

    async def mediate(self, caller: Caller) -> Minted:
        """A new invitation for a phone for which this node is to keep messages."""

        async def also(unit: UnitOfWork, relation: Relation) -> None:
            unit.audit.record(Event(relation.made_at, caller.actor, MEDIATED, relation.invitation, {}))

        wanted = Wanted(purpose=Purpose.MEDIATE, goal_code=GOAL_MEDIATE, goal=MEDIATOR_GOAL, context={})
        return await self.inviting.mint(caller.organisation, wanted, also)

    async def _minted(
        self, organisation: OrganisationId, context: JsonObject, award: str | None, caller: Caller | None
    ) -> Minted:
        shown = await self.offers.show(organisation, context)
        said: JsonObject = {CREDENTIAL: shown.credential, FORM: shown.form.value, ISSUER: shown.issuer}

        async def also(unit: UnitOfWork, relation: Relation) -> None:
            if caller is not None:
                unit.audit.record(Event(relation.made_at, caller.actor, OFFERED, relation.invitation, {}))

        wanted = Wanted(purpose=Purpose.ISSUE, goal_code=GOAL_ISSUE, goal=GOAL, context=context | said, about=award)
        return await self.inviting.mint(organisation, wanted, also)
