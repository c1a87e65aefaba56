"""The node as an issuer: what an invitation offers is issued to who took it up, bound to the holder that they name.

One invitation is good for one credential. It is issued by the same pipeline as any other, once under the invitation's
name: whoever dies over it, or asks twice, comes to the same credential.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import orjson

from node.didcomm.protocols.changes import RECEIPT_WANTED, SendReceipts
from node.didcomm.protocols.exchange import Exchange
from node.didcomm.protocols.formats import DI_CREDENTIAL, SD_JWT, TOKEN
from node.didcomm.protocols.holder_binding import Challenge
from node.didcomm.protocols.issue_credential import PROPOSED, REQUEST_RECEIVED, REQUESTED, Issue, Offer
from node.didcomm.protocols.machine import Effect
from node.didcomm.protocols.step import Abandon
from node.exchange.didcomm.reactions import Decided, Reaction, Reactions, Scene
from node.ports.judging import Form
from node.ports.offers import OfferGoneError, Offers
from node.ports.organisations import OrganisationId
from node.ports.store import Store, UnitOfWork
from node.ports.threads import Handed, Purpose, Relation

NONCE_BYTES: Final = 16
CREDENTIAL, FORM, ISSUER = "credential", "form", "issuer"
"""Members of what an invitation is for, in which the offer stands as it was when the invitation was minted."""
FORMAT_OF: Final[Mapping[Form, str]] = MappingProxyType(
    {Form.PROOF: DI_CREDENTIAL, Form.JWT: TOKEN, Form.SD_JWT: SD_JWT}
)
GONE: Final = "e.p.req.declined"


async def _proposed(scene: Scene, _: Effect) -> Reaction:
    """Whatever they would like, they are offered what they were invited for."""
    context = scene.relation.context
    credential, form, issuer = context.get(CREDENTIAL), context.get(FORM), context.get(ISSUER)
    if scene.relation.purpose is not Purpose.ISSUE or not isinstance(credential, dict) or not isinstance(form, str):
        return Reaction(Abandon(GONE))
    offer = Offer(
        credential=credential,
        formats=(FORMAT_OF[Form(form)],),
        challenge=Challenge(secrets.token_urlsafe(NONCE_BYTES), str(issuer)),
    )
    return Reaction(offer)


async def _requested(_: Scene, __: Effect) -> Reaction:
    return Reaction(later=True)


ISSUING: Final[Reactions] = MappingProxyType({PROPOSED: _proposed, REQUESTED: _requested, RECEIPT_WANTED: _requested})


@dataclass(frozen=True, slots=True)
class Bestowing:
    """What is left to do once a request for a credential, or for its receipts, is recorded."""

    store: Store
    offers: Offers

    async def decide(self, organisation: OrganisationId, relation: Relation, exchange: Exchange) -> Decided:
        """The credential, or why there is none; raises what may go well another time."""
        if exchange.state == REQUEST_RECEIVED and "holder" in exchange.record:
            return await self._issue(organisation, relation, exchange)
        return await self._receipts(organisation, relation, exchange)

    async def _issue(self, organisation: OrganisationId, relation: Relation, exchange: Exchange) -> Decided:
        holder = str(exchange.record["holder"])
        try:
            given = await self.offers.bestow(organisation, relation.context, holder, relation.invitation)
        except OfferGoneError:
            return Decided(Abandon(GONE))
        credential = orjson.loads(given.body) if given.form is Form.PROOF else given.body.decode("ascii")

        async def also(unit: UnitOfWork) -> None:
            await unit.threads.hand(
                Handed(
                    award=given.award,
                    ours=relation.ours,
                    thread=exchange.thread,
                    credential=given.credential,
                    at=relation.made_at if relation.heard_at is None else relation.heard_at,
                )
            )

        return Decided(Issue(credential=credential, receipts=given.receipts), also, about=given.award)

    async def _receipts(self, organisation: OrganisationId, relation: Relation, exchange: Exchange) -> Decided:
        """What anchors a credential by now; as long as nothing does, it is waited. Who has none of us is told so."""
        asked = str(exchange.record.get("credential"))
        async with self.store.view(organisation) as view:
            handed = await view.threads.handed_in(relation.ours)
        award = next((each.award for each in handed if each.credential == asked), None)
        if award is None:
            return Decided(Abandon(GONE))
        receipts = await self.offers.final_receipts(organisation, award)
        return Decided(SendReceipts(credential=asked, receipts=receipts)) if receipts else Decided(None)
