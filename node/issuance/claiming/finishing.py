"""From an award that was begun, or claimed, to its credential: once, whoever dies meanwhile.

1. What is intended stands in the store: the award, its places in status lists, and, of a claim, whose it is and since
   when. A task is due a minute later, by which the node goes on if whoever is at it dies.
2. The credential is composed of that. Only its salt is new each time: what was signed before was handed to nobody.
3. It is signed where foreign input is read, as of the moment at which it was awarded or claimed.
4. Credential, leaf, private link, letter and event are stored in one transaction. Only then is it handed out.

Whoever is second in 4 takes what is stored. So a crash anywhere leaves either an award that is gone on with, or one
credential, and never two.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import orjson

from node.issuance.allocating import Allocating, Place, places_of
from node.issuance.announcing import announce
from node.issuance.background.tasks import Later, member
from node.issuance.claiming.composing import Who, credential_id, document_of
from node.issuance.claiming.linking import Linking, made
from node.issuance.issuing import ISSUED, SALT_BYTES, composed
from node.issuance.organisation.events import order_head, said
from node.issuance.profile_options import ProfileOptions, options_of, order_of
from node.ports.anchor_rows import Leaf
from node.ports.awarding import Award, AwardState, Secured
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.judging import Judging, SigningOrder
from node.ports.judging import Secured as Signed
from node.ports.links import Link, LinkKind
from node.ports.organisations import OrganisationId, Profile
from node.ports.outbox import Claimed
from node.ports.oversight import Event
from node.ports.status_rows import TOKEN_LIST
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, Vault
from node.ports.webhooks import EventType
from node.ports.work import Nudge, anchor_batch, issue_award, send_mail

GONE_ON_AFTER: Final = timedelta(minutes=1)
"""So long whoever began has for signing and storing, which takes some milliseconds."""
NODE: Final = "node"
"""Who acts where a task does."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What was stored before anything is signed."""

    award: Award
    profile: Profile
    options: ProfileOptions
    achievement: bytes
    places: tuple[Place, ...]
    link: Link | None
    """The link by which it was claimed."""

    @property
    def at(self) -> datetime:
        """As of when it is signed."""
        claimed = None if self.link is None else self.link.accepted_at
        return (claimed or self.award.awarded_at).replace(microsecond=0)

    @property
    def who(self) -> Who:
        """Whose it is; the address is the one to which the link went that was used."""
        address = self.award.email if self.link is None else (self.link.address or self.award.email)
        return Who(self.award.name, address, None if self.link is None else self.link.holder)

    @property
    def signing(self) -> SigningOrder:
        """How it is signed."""
        token = next(((one.entry.list_url, one.entry.index) for one in self.places if _is_token(one)), None)
        order = order_of(self.profile, self.options)
        return replace(order, anchored=self.options.anchor is not None, token_status=token)


@dataclass(frozen=True, slots=True)
class Finished:
    """A credential that is there, and the private link to it, where one was made just now."""

    award: Award
    credential: Secured
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """The use case, with what it stands on; `mails` says whether letters are sent."""

    store: Store
    vault: Vault
    judges: Judging
    work: Nudge
    now: Callable[[], datetime]
    linking: Linking
    mails: bool = False

    async def begin(self, unit: UnitOfWork, award: Award, profile: Profile, at: datetime) -> None:
        """Step 1, in the transaction that begins or claims it: its places, and the task that goes on with it."""
        options = options_of(profile)
        token = order_of(profile, options).vct is not None
        allocating = Allocating(unit, profile, self.linking.public_url, at.replace(microsecond=0), token=token)
        await allocating.places(award.id, options.status)
        await unit.outbox.add([issue_award(award.id, at + GONE_ON_AFTER)])

    async def finish(self, organisation: OrganisationId, award: str, actor: str = NODE) -> Finished:
        """Steps 2 to 4; what is stored already is taken as it is.

        Raises AbsentError for an award that is gone, RuleError for one that was neither begun nor claimed, and what
        keeps it from being signed.
        """
        begun = await self.store.change(organisation, lambda unit: self._begun(unit, award))
        if begun.award.state is AwardState.ISSUED:
            return await self._stored(organisation, begun.award)
        async with self.store.node_view() as view:
            issuer = (await view.organisations.find(organisation)).name
        signed = await self._signed(organisation, begun, issuer)  # 2. and 3.
        secret, at = await self.linking.secret(organisation, self.now()), self.now()
        address = None if begun.link is None else begun.link.address
        link = made(secret, organisation, award, LinkKind.DOCUMENT, at, address)
        try:
            credential = await self.store.change(
                organisation, lambda unit: self._keep(unit, begun, signed, link, actor, at)
            )
        except ConflictError:
            return await self._stored(organisation, begun.award)
        self.work.wake()
        return Finished(replace(begun.award, state=AwardState.ISSUED), credential, link)

    async def carry(self, claimed: Claimed) -> Later | None:
        """Go on with one whose beginner is gone; `Kind.ISSUE_AWARD`."""
        try:
            await self.finish(claimed.organisation, member(claimed, "award"))
        except AbsentError:
            return None  # it was erased
        except RuleError as error:
            if error.code != "award.state":
                raise
        return None

    async def trial(self, organisation: OrganisationId, award: Award, begun: Begun, issuer: str) -> None:
        """Sign it as if it were claimed now, and throw that away: what would be refused then is refused now."""
        await self._signed(organisation, replace(begun, award=award), issuer)

    async def _begun(self, unit: UnitOfWork, award: str) -> Begun:
        found = await unit.awards.find(award)
        links = await unit.links.of_award(award)
        link = next((one for one in links if one.kind is LinkKind.CLAIM and one.accepted_at is not None), None)
        if found.state is AwardState.CANCELLED or (found.state is AwardState.WAITING and link is None):
            raise RuleError(
                f"an award that is {found.state} is not issued by this",
                code="award.state",
                remedy="Have its learner claim it, or make a new award.",
            )
        profile = await unit.identities.profile(found.profile)
        version = await unit.achievements.version(found.achievement or "", found.version)
        places = await places_of(unit, award)
        return Begun(found, profile, options_of(profile), version.document, places, link)

    async def _signed(self, organisation: OrganisationId, begun: Begun, issuer: str) -> Signed:
        given = await asyncio.to_thread(document_of, begun.award, begun.achievement, begun.profile, issuer, begun.who)
        document = composed(given, begun.award, begun.options, begun.places)
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        return await self.judges.secure(orjson.dumps(document), begun.signing, keys, created=begun.at)

    async def _keep(  # noqa: PLR0913, PLR0917 -- what is stored together
        self, unit: UnitOfWork, begun: Begun, signed: Signed, link: Link, actor: str, at: datetime
    ) -> Secured:
        award, form = begun.award, begun.profile.form
        credential = Secured(award.id, form, credential_id(award.id), begun.at, signed.body)
        await unit.awards.secure([credential], at)
        if begun.options.anchor is not None and signed.commitment is not None:
            namespace, salt = str(begun.options.anchor), secrets.token_bytes(SALT_BYTES)
            await unit.anchors.want([Leaf(award.id, form, namespace, signed.commitment, salt)])
            await unit.outbox.add([anchor_batch(namespace, at)])
        await announce(unit, EventType.AWARD_ISSUED, at, [award.id])
        await unit.links.put(link)
        if self.mails and (link.address or award.email) is not None:
            await unit.outbox.add([send_mail(link.id, at)])
        details = said(profile=begun.profile.id, form=form, claimed=begun.link is not None)
        unit.audit.record(Event(at, actor, ISSUED, award.id, details))
        await order_head(unit, at)
        return credential

    async def _stored(self, organisation: OrganisationId, award: Award) -> Finished:
        async with self.store.view(organisation) as view:
            found = await view.awards.find(award.id)
            for credential in await view.awards.credentials(award.id):
                links = await view.links.of_award(award.id)
                live = [one for one in links if one.kind is LinkKind.DOCUMENT and one.lives(self.now())]
                return Finished(found, credential, live[-1] if live else None)
        raise AbsentError("credential of this award")


def _is_token(place: Place) -> bool:
    return place.entry.purpose == TOKEN_LIST
