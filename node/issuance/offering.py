"""What an invitation offers: a credential that was given whole, or an award that waits to be claimed.

1. Shown before, it is the credential as it would be: nothing is signed, and no place is taken.
2. Issued, it is bound to the holder that was shown: their identifier is that of the subject. It is issued by the same
   pipeline as any other, once under the name of its invitation, so asking twice comes to the same credential.
3. What keeps it from being issued for good is told as one thing: it is not to be had. Who has the invitation is told
   no more; the organisation finds the rest in its log.
"""

import asyncio
import hashlib
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from anchoring.receipt import Receipt, State
from node.credentials.credential import Credential
from node.documents import JsonObject
from node.issuance.background.batches import receipt_of
from node.issuance.claiming.claims import CLAIMER, Claims
from node.issuance.claiming.composing import Who, document_of
from node.issuance.errors import IssuanceError, NotIssuableError
from node.issuance.issuing import IssueOrder, Issuing, Once, planned
from node.issuance.organisation.second_person import Action, taking_two
from node.ports.api_keys import Caller
from node.ports.awarding import AwardState, Secured, Standing
from node.ports.errors import AbsentError, CapError, ConflictError, RuleError
from node.ports.judging import Form, InputRefusedError
from node.ports.offers import Bestowed, OfferGoneError, Shown
from node.ports.organisations import OrganisationId
from node.ports.oversight import Approval
from node.ports.store import Store, View

WHOLE, CLAIM = "whole", "claim"
"""Kinds of what an invitation is for."""
CREDENTIAL, FORM, ISSUER = "credential", "form", "issuer"
"""Members of it, of which the last two say how the profile stood when it was offered."""
_ONCE: Final = b"glejt/offer-once/v1"
_LOG: Final = logging.getLogger(__name__)
_FOR_GOOD: Final = (IssuanceError, InputRefusedError, AbsentError, ConflictError, RuleError)
"""What trying again does not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """An Offers, with what it stands on; without `claims` no award waits here."""

    store: Store
    issuing: Issuing
    now: Callable[[], datetime]
    claims: Claims | None = None

    async def offered(self, caller: Caller, order: IssueOrder) -> JsonObject:
        """What an invitation is for that offers this credential, given whole.

        Raises AbsentError for a profile that is not there, IssuanceError for what could not be issued, RuleError where
        a second person would have to agree, who could not know to whom.
        """
        async with self.store.view(caller.organisation) as view:
            profile = await view.identities.profile(order.profile)
            settings = await view.settings.find()
        if Action.ISSUE in taking_two(settings):
            raise RuleError(
                "issuing takes a second person here, who would have to know the holder before",
                code="offer.second_person",
                remedy="Make an award that is claimed: it is agreed to when it is made.",
            )
        _require_unbound(order.credential)
        planned(profile, order)
        return {
            "kind": WHOLE,
            "profile": order.profile,
            CREDENTIAL: order.credential,
            "credentialId": order.credential_id,
            "mandatory": [*order.mandatory],
            "caller": {"key": caller.key, "member": caller.member, "madeBy": caller.made_by},
            FORM: form_of(profile.form).value,
            ISSUER: profile.did,
        }

    async def show(self, organisation: OrganisationId, context: JsonObject) -> Shown:
        """What is offered.  1."""
        try:
            if context.get("kind") == CLAIM:
                async with self.store.view(organisation) as view:
                    return await self._award_shown(organisation, view, context)
        except _FOR_GOOD as error:
            raise _gone(error) from error
        credential, form = context.get(CREDENTIAL), context.get(FORM)
        if not isinstance(credential, dict) or not isinstance(form, str):
            raise OfferGoneError("the offer is damaged")
        return Shown(credential=credential, form=Form(form), issuer=str(context.get(ISSUER)))

    async def bestow(self, organisation: OrganisationId, context: JsonObject, holder: str, once: str) -> Bestowed:
        """Issue it to this holder.  2."""
        try:
            if context.get("kind") == CLAIM:
                return await self._claimed(organisation, context, holder)
            return await self._issued(organisation, context, holder, once)
        except CapError:
            raise  # in a minute it may sign again
        except _FOR_GOOD as error:  # 3.
            raise _gone(error) from error

    async def final_receipts(self, organisation: OrganisationId, award: str) -> tuple[JsonObject, ...]:
        """What anchors the credential of an award for good."""
        try:
            async with self.store.view(organisation) as view:
                return tuple(
                    [
                        told
                        for each in await view.awards.credentials(award)
                        for told in await _receipts(view, each, final=True)
                    ]
                )
        except AbsentError:
            return ()

    async def statuses(self, organisation: OrganisationId, awards: Sequence[str]) -> Mapping[str, str]:
        """Which of these awards have a credential that was withdrawn or suspended."""
        async with self.store.view(organisation) as view:
            standings = await view.status.standings(awards)
        return {
            award: "withdrawn" if Standing.REVOKED in found else "suspended"
            for award, found in standings.items()
            if found & {Standing.REVOKED, Standing.SUSPENDED}
        }

    async def _award_shown(self, organisation: OrganisationId, view: View, context: JsonObject) -> Shown:
        award = await view.awards.find(str(context.get("award")))
        if award.state is not AwardState.WAITING:
            raise OfferGoneError("the award does not wait any more")
        profile = await view.identities.profile(award.profile)
        version = await view.achievements.version(award.achievement or "", award.version)
        async with self.store.node_view() as node:
            issuer = (await node.organisations.find(organisation)).name
        who = Who(award.name, award.email, None)
        document = await asyncio.to_thread(document_of, award, version.document, profile, issuer, who)
        return Shown(credential=document, form=form_of(profile.form), issuer=profile.did)

    async def _claimed(self, organisation: OrganisationId, context: JsonObject, holder: str) -> Bestowed:
        """The award that waits, claimed by the link that the invitation was minted by."""
        if self.claims is None:
            raise OfferGoneError("awards are not claimed at this node")
        name = str(context.get("award"))
        async with self.store.view(organisation) as view:
            link = await view.links.find(str(context.get("link")))
        if link.award != name or (link.accepted_at is not None and link.holder != holder):
            raise OfferGoneError("somebody has claimed it")
        if link.accepted_at is None:
            await self.claims.accept_by(organisation, link, holder=holder)
        finished = await self.claims.finishing.finish(organisation, name, CLAIMER)
        async with self.store.view(organisation) as view:
            receipts = await _receipts(view, finished.credential, final=False)
        return _bestowed(finished.credential, receipts)

    async def _issued(self, organisation: OrganisationId, context: JsonObject, holder: str, once: str) -> Bestowed:
        given, said, mandatory = context.get(CREDENTIAL), context.get("caller"), context.get("mandatory")
        if not isinstance(given, dict) or not isinstance(said, dict) or not isinstance(mandatory, list):
            raise OfferGoneError("the offer is damaged")
        member, named = said.get("member"), context.get("credentialId")
        caller = Caller(
            organisation,
            str(said.get("key")),
            frozenset(),
            member if isinstance(member, str) else None,
            str(said.get("madeBy")),
        )
        credential = bound_to(given, holder)
        digest = hashlib.sha256(_ONCE + orjson.dumps([credential, holder], option=orjson.OPT_SORT_KEYS)).digest()
        issued = await self.issuing.issue(
            caller,
            IssueOrder(
                profile=str(context.get("profile")),
                credential=credential,
                credential_id=named if isinstance(named, str) else None,
                mandatory=tuple(map(str, mandatory)),
                once=Once(f"didcomm:{once}", digest),
            ),
        )
        if isinstance(issued, Approval):
            raise OfferGoneError("a second person would have to agree")
        async with self.store.view(organisation) as view:
            (secured,) = await view.awards.credentials(issued.award)
            receipts = await _receipts(view, secured, final=False)
        return _bestowed(secured, receipts)


def _bestowed(secured: Secured, receipts: tuple[JsonObject, ...]) -> Bestowed:
    return Bestowed(
        award=secured.award,
        credential=secured.credential,
        body=secured.secured,
        form=form_of(secured.form),
        receipts=receipts,
    )


def form_of(name: str) -> Form:
    """What a profile of this form makes of a credential."""
    return {"jwt": Form.JWT, "sd-jwt": Form.SD_JWT}.get(name, Form.PROOF)


def bound_to(credential: JsonObject, holder: str) -> JsonObject:
    """The credential about this holder; raises NotIssuableError where it has several subjects, or one of another."""
    _require_unbound(credential)
    subject = credential.get("credentialSubject")
    one = subject[0] if isinstance(subject, list) else subject
    return credential | {"credentialSubject": {"id": holder, **(one if isinstance(one, dict) else {})}}


def receipt_json(receipt: Receipt) -> JsonObject:
    """A receipt as it is attached to a message: its bytes, and how far it has come."""
    return {"receipt": urlsafe_b64encode(receipt.encode()).rstrip(b"=").decode(), "state": receipt.state.value}


async def _receipts(view: View, secured: Secured, *, final: bool) -> tuple[JsonObject, ...]:
    try:
        receipt = await receipt_of(view, secured.award, secured.form)
    except AbsentError:
        return ()
    if receipt is None or (final and receipt.state is not State.FINAL):
        return ()
    return (receipt_json(receipt),)


def _require_unbound(credential: JsonObject) -> None:
    subjects = Credential(credential).subjects
    if len(subjects) != 1 or "id" in subjects[0]:
        raise NotIssuableError(
            "the credential has several subjects, or says already whose it is",
            code="offer.subject",
            path="/credential/credentialSubject",
            remedy="Offer one subject without an id: it gets that of the holder who takes it up.",
        )


def _gone(error: Exception) -> OfferGoneError:
    _LOG.info("An offer could not be kept: %s", getattr(error, "code", type(error).__name__))
    return OfferGoneError("what was offered is not to be had")
