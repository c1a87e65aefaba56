"""One credential, given whole, issued by a profile; a crash between any two steps issues nothing twice.

1. The profile is the organisation's, and in use; the credential names its DID as the issuer, and is nothing that
   the node alone signs, nor an achievement of the organisation's that is awarded no more.
2. The intent is stored: the request that counts once, the award, and its places in the profile's lists. Where that
   takes a second person, it is asked for instead, and stored once it was agreed to.
3. What is signed is composed of what was given and of the intent; nothing else is added, and nothing is changed.
4. It is read where foreign input is read, and signed there by a key that only this process has.
5. Credential, leaf, tasks, event and answer are stored in one transaction. Only then is it handed out.

A process that dies after 2 leaves an award of which nothing was signed: the same request goes on with it, to the same
places. One that dies after 4 signs once more; what was signed before was never handed out. After 5 the same request
gets what is stored.

Spec: https://www.w3.org/TR/vcalm/#issue-credential
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from did_methods.errors import shown
from node.credentials.achievement import OPEN_BADGES_CONTEXT
from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.record_name import with_records
from node.credentials.structure import Version, version_of
from node.documents import JsonObject, JsonValue
from node.issuance.aftercare.entries import end_replaced, require_replaceable
from node.issuance.allocating import Allocating, Place, places_of
from node.issuance.announcing import announce
from node.issuance.awarding import learner_of, require_awarded_still, version_awarded
from node.issuance.errors import IssuerMismatchError, NotIssuableError
from node.issuance.organisation.caps import spend
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import order_head, record
from node.issuance.organisation.second_person import Action, require_second_person, taking_two
from node.issuance.profile_options import ProfileOptions, options_of, order_of
from node.issuance.reserved import check_reserved
from node.ports.aftercare import Replacement
from node.ports.anchor_rows import Leaf
from node.ports.api_keys import Caller
from node.ports.awarding import Award, AwardState, Published, Secured
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.identifiers import new_id
from node.ports.judging import Form, InputRefusedError, Judging, SigningOrder
from node.ports.judging import Secured as Signed
from node.ports.organisations import OrganisationId, Profile, State
from node.ports.oversight import Approval, Request
from node.ports.status_rows import TOKEN_LIST
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, Vault
from node.ports.webhooks import EventType
from node.ports.work import Nudge, anchor_batch

MAX_ID_CHARS: Final = 512
"""An identifier of a credential; longer ones are no addresses that anything could be found at."""
SALT_BYTES: Final = 32
PROOF_MEDIA_TYPE: Final = "application/vc"
JWT_MEDIA_TYPE: Final = "application/vc+jwt"
SD_JWT_MEDIA_TYPE: Final = "application/vc+sd-jwt"
WALLET_MEDIA_TYPE: Final = "application/dc+sd-jwt"
ISSUED: Final = "credential.issue"


@dataclass(frozen=True, slots=True)
class Once:
    """That a request counts once, by the key its client gave it, and what it asked for."""

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueOrder:
    """What is to be issued by which profile. `credential_id` names a credential that does not name itself."""

    profile: str
    credential: JsonObject
    credential_id: str | None = None
    mandatory: tuple[str, ...] = ()
    once: Once | None = None
    replacing: Replacement | None = None
    """The award whose place it takes, which is withdrawn as this one is stored."""
    granted: str | None = None
    """The request that a second person has agreed to."""

    @property
    def asked(self) -> JsonObject:
        """All that is asked for."""
        if self.replacing is not None:
            return {"profile": self.profile, **self.replacing.request}
        return {
            "profile": self.profile,
            "credential": self.credential,
            "options": {"credentialId": self.credential_id, "mandatoryPointers": list(self.mandatory)},
        }

    @property
    def identifier(self) -> str | None:
        """By what the credential is asked for later on; raises NotIssuableError for two names, or one that is none."""
        stated = self.credential.get("id", self.credential_id)
        if stated is None:
            return None
        if not isinstance(stated, str) or not 0 < len(stated) <= MAX_ID_CHARS:
            raise NotIssuableError(
                f"{shown(stated)} is no identifier of a credential",
                code="issuance.identifier",
                path="/credential/id" if "id" in self.credential else "/options/credentialId",
                remedy=f"Write a URL of at most {MAX_ID_CHARS} characters, or leave it out.",
            )
        if self.credential_id not in {None, stated}:
            raise NotIssuableError(
                "credentialId is another name than the credential's own",
                code="issuance.identifier",
                path="/options/credentialId",
                remedy="Leave credentialId out: it names a credential that has no id.",
            )
        return stated


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential as it is handed out; `first_in` are lists that were begun for it, and are not published yet."""

    award: str
    body: bytes
    media_type: str
    first_in: tuple[str, ...] = ()
    ended_in: tuple[str, ...] = ()
    """Lists that are to say that the award before it is withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be done for an order, all of it checked."""

    order: IssueOrder
    profile: Profile
    options: ProfileOptions
    signing: SigningOrder


@dataclass(frozen=True, slots=True)
class _Intent:
    """What was stored before anything was signed."""

    plan: _Plan
    award: Award
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """The use case, with what it stands on."""

    store: Store
    vault: Vault
    judges: Judging
    work: Nudge
    now: Callable[[], datetime]
    public_url: str

    async def issue(self, caller: Caller, order: IssueOrder) -> Issued | Approval:
        """The credential, signed by the profile and stored; or what a second person has to agree to first.

        Raises AbsentError for a profile that is not there, IssuanceError and InputRefusedError for what must not be
        signed, ConflictError for an identifier that another credential has, and what the ports raise.
        """
        intent = await self.store.change(caller.organisation, lambda unit: self._intend(unit, caller, order))  # 1., 2.
        if isinstance(intent, Approval):
            return intent
        plan = intent.plan
        if intent.award.state is AwardState.ISSUED:
            return await self._stored(caller.organisation, plan, intent.award)
        document = composed(order.credential, intent.award, plan.options, intent.places)  # 3.
        signed = await self._signed(caller.organisation, intent, document)  # 4.
        try:
            ended = await self.store.change(
                caller.organisation, lambda unit: self._keep(unit, caller, intent, signed)
            )  # 5.
        except ConflictError as error:
            try:  # the same request was faster
                return await self._stored(caller.organisation, plan, intent.award)
            except AbsentError:
                raise error from None
        begun = tuple([place.list_id for place in intent.places if place.begun])
        if begun or plan.options.anchor is not None or order.replacing is not None:  # else nothing is due at once
            self.work.wake()
        return Issued(intent.award.id, signed.body, media_type_of(plan.signing), begun, ended)

    async def _intend(self, unit: UnitOfWork, caller: Caller, order: IssueOrder) -> _Intent | Approval:
        """Steps 1 and 2, in one transaction: what is intended is intended by the profile as it is then."""
        require_open(unit)
        profile, now = await unit.identities.profile(order.profile), self.now()
        plan = planned(profile, order)
        at = now.replace(microsecond=0)
        awarded = await version_awarded(unit, order.credential, self.public_url)
        award = _award(plan, awarded, new_id(), at)
        answered = False
        if order.once is not None:
            begun = await unit.requests.begin(Request(order.once.key, order.once.digest, {"award": award.id}, at))
            award, answered = _award(plan, awarded, str(begun.intent["award"]), at), begun.answer is not None
        if order.replacing is not None:
            award, begun_before = await _replacing(unit, order.replacing, award)
            if begun_before:
                return _Intent(plan, award, await places_of(unit, award.id))
        if await unit.awards.intend([award]):
            if answered:
                raise ConflictError(
                    "what this request had issued was erased",
                    code="award.erased",
                    remedy="To award it anew, send it with an Idempotency-Key of its own.",
                )
            await require_awarded_still(unit, awarded)
            action = await _action(unit, order)
            asked = await require_second_person(unit, action, order.asked, caller, now, granted=order.granted)
            if asked is not None:
                await unit.awards.erase([award.id])
                return asked
            await spend(unit, profile, now)
            allocating = Allocating(unit, profile, self.public_url, at, token=plan.signing.vct is not None)
            return _Intent(plan, award, await allocating.places(award.id, plan.options.status))
        found = (await unit.awards.by_client_keys([award.client_key]))[award.client_key]
        again = found.id == award.id or found.state is AwardState.INTENDED
        if not again or found.content != award.content or found.profile != profile.id:
            raise ConflictError(
                "a credential with this identifier was issued already",
                code="store.conflict",
                remedy="Give each credential an identifier of its own; to repeat a request, send its Idempotency-Key.",
            )
        return _Intent(plan, found, await places_of(unit, found.id))

    async def _signed(self, organisation: OrganisationId, intent: _Intent, document: JsonObject) -> Signed:
        """Step 4; what is refused leaves no award behind, so that it can be corrected and sent again."""
        plan, award = intent.plan, intent.award
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        signing = replace(plan.signing, token_status=_token_status(intent.places))
        try:
            return await self.judges.secure(orjson.dumps(document), signing, keys, created=award.awarded_at)
        except InputRefusedError as error:
            await self.store.change(organisation, lambda unit: unit.awards.erase([award.id]))
            if plan.options.records and error.code == "context.undefined_type" and _is_added(error.path, plan):
                raise NotIssuableError(
                    "the profile adds a record to the evidence, and the credential's contexts do not know its type",
                    code="issuance.record_context",
                    path="/credential/@context",
                    remedy=f"Add the context of Open Badges, {OPEN_BADGES_CONTEXT}, or use a profile without "
                    "anchor and heads.",
                ) from error
            raise

    async def _keep(self, unit: UnitOfWork, caller: Caller, intent: _Intent, signed: Signed) -> tuple[str, ...]:
        """Step 5; the lists that say that what it replaces is withdrawn."""
        ended: tuple[str, ...] = ()
        plan, award, at = intent.plan, intent.award, self.now()
        form = plan.profile.form
        await unit.awards.secure([Secured(award.id, form, award.client_key, award.awarded_at, signed.body)], at)
        if plan.options.anchor is not None and signed.commitment is not None:
            namespace, salt = str(plan.options.anchor), secrets.token_bytes(SALT_BYTES)
            await unit.anchors.want([Leaf(award.id, form, namespace, signed.commitment, salt)])
            await unit.outbox.add([anchor_batch(namespace, at)])
        if plan.order.once is not None:
            await unit.requests.answer(plan.order.once.key, {"award": award.id})
        if plan.order.replacing is not None:
            ended = await end_replaced(unit, caller, plan.order.replacing, award.id, at)
        await announce(unit, EventType.AWARD_ISSUED, at, [award.id])
        record(unit, caller, ISSUED, award.id, at, {"profile": plan.profile.id, "form": form})
        await order_head(unit, at)  # after `anchor.batch`: what others add, too, is added in order
        return ended

    async def _stored(self, organisation: OrganisationId, plan: _Plan, award: Award) -> Issued:
        """What the same request was answered with."""
        async with self.store.view(organisation) as view:
            stored = await view.awards.credential(award.id, plan.profile.form)
        return Issued(award.id, stored.secured, media_type_of(plan.signing))


def planned(profile: Profile, order: IssueOrder) -> _Plan:
    """Step 1, as far as the document says it by itself; raises as `issue` does."""
    if profile.state is not State.ACTIVE:
        raise AbsentError("signing profile in use with this name")
    options = options_of(profile)
    issuer = Credential(order.credential).issuer
    if issuer != profile.did:
        raise IssuerMismatchError(
            f"the credential names the issuer {shown(issuer)}, and the profile signs for {shown(profile.did)}",
            code="issuance.issuer",
            path="/credential/issuer",
            remedy="Put the profile's DID where the issuer stands, or use the profile of the issuer that stands there.",
        )
    check_reserved(order.credential)
    if options.status:
        _check_status(order.credential)
    _ = order.identifier
    signing = order_of(profile, options, order.mandatory)
    return _Plan(
        order=order, profile=profile, options=options, signing=replace(signing, anchored=options.anchor is not None)
    )


def composed(given: JsonObject, award: Award, options: ProfileOptions, places: tuple[Place, ...]) -> JsonObject:
    """Step 3: the credential with what the profile's options add."""
    document = dict(given)
    if options.generate_id and "id" not in document:
        document["id"] = award.client_key
    entries: list[JsonValue] = [place.entry.to_json() for place in places if place.entry.purpose != TOKEN_LIST]
    if entries:
        document["credentialStatus"] = entries if len(entries) > 1 else entries[0]
    return with_records(document, options.records)


def _is_added(path: str, plan: _Plan) -> bool:
    """Whether a place in the evidence is one that the profile filled."""
    given = plan.order.credential.get("evidence", [])
    first = len(given) if isinstance(given, list) else 1
    return any(path.startswith(f"/evidence/{first + number}/") for number in range(len(plan.options.records)))


def _token_status(places: tuple[Place, ...]) -> tuple[str, int] | None:
    """The place that a token names."""
    return next(((one.entry.list_url, one.entry.index) for one in places if one.entry.purpose == TOKEN_LIST), None)


def media_type_of(signing: SigningOrder) -> str:
    """The media type of what is signed so."""
    if signing.form is Form.SD_JWT:
        return SD_JWT_MEDIA_TYPE if signing.vct is None else WALLET_MEDIA_TYPE
    return JWT_MEDIA_TYPE if signing.form is Form.JWT else PROOF_MEDIA_TYPE


def _award(plan: _Plan, awarded: Published | None, award: str, at: datetime) -> Award:
    """The award of a credential that was given whole; what it says is in the credential alone."""
    order, profile, options = plan.order, plan.profile, plan.options
    named = order.identifier or (f"urn:uuid:{award}" if options.generate_id else award)
    asked = [order.credential, order.mandatory] if order.replacing is None else order.asked
    digest = hashlib.sha256(orjson.dumps(asked)).hexdigest()
    achievement, version = (None, None) if awarded is None else (awarded.achievement, awarded.version)
    name = learner_of(order.credential)
    ends = _end_of(order.credential)
    return Award(award, named, achievement, version, profile.id, at, name, content={"given": digest}, valid_until=ends)


def _end_of(credential: JsonObject) -> datetime | None:
    """When it ends, as it says; what is no time is refused where it is read."""
    try:
        return Credential(credential).validity.end
    except TimestampError:
        return None


async def _action(unit: UnitOfWork, order: IssueOrder) -> Action:
    """What may take a second person: who replaces an award withdraws one, too."""
    if order.replacing is not None and Action.STATUS in taking_two(await unit.settings.find()):
        return Action.STATUS
    return Action.ISSUE


async def _replacing(unit: UnitOfWork, replacing: Replacement, award: Award) -> tuple[Award, bool]:
    """The award that takes the place of another, and whether the same was begun before.

    What was begun and is asked for otherwise now was never handed out, and is gone.
    """
    old = await unit.awards.lock(replacing.award)
    if old.state is not AwardState.ISSUED:
        raise RuleError(
            "nothing was issued yet by this award that could be replaced",
            code="award.unissued",
            remedy="Cancel it, and award it anew.",
        )
    begun = await unit.awards.replacing(old.id)
    if begun is not None and begun.content == award.content and begun.profile == award.profile:
        return begun, True
    if begun is not None and begun.state is not AwardState.INTENDED:
        raise RuleError(
            f"the award {begun.id} has taken the place of this one already",
            code="award.replaced",
            remedy="Change that one.",
        )
    if begun is not None:
        await unit.awards.erase([begun.id])
    await require_replaceable(unit, old.id)
    known = replace(award, achievement=old.achievement, version=old.version) if award.achievement is None else award
    return replace(known, name=award.name or old.name, email=old.email, replaces=old.id), False


def _check_status(credential: JsonObject) -> None:
    """That the profile's places can be added."""
    if "credentialStatus" in credential:
        raise NotIssuableError(
            "the credential names a status list, and this profile gives it a place in its own",
            code="issuance.status_given",
            path="/credential/credentialStatus",
            remedy="Leave credentialStatus out, or use a profile whose option status is an empty list.",
        )
    if version_of(credential) is Version.V1_1:
        raise NotIssuableError(
            "the contexts of the data model 1.1 have no words for the status lists that are made here",
            code="issuance.version",
            path="/credential/@context",
            remedy="Write it by the data model 2.0, or use a profile whose option status is an empty list.",
        )
