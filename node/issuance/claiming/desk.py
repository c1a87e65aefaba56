"""The issuer's desk for one person: an award at once or to be claimed, another link, a letter elsewhere, an end.

1. The version, the profile and the person are looked at; the credential is composed, and of a claim also signed, and
   thrown away: what would keep the learner from getting it later is told to the issuer now.
2. In one transaction: a second person has agreed, where that is set; the award stands under the issuer's own name for
   it, so that the same twice is one; with it the private link and its letter, or the places and the task to go on.
3. At once: it is issued as in `finishing`.

Where no letter can be sent the link is told to the issuer, to be handed out; so it is whenever the issuer asks for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonObject, JsonValue
from node.issuance.claiming.addresses import mail_address
from node.issuance.claiming.composing import FILE, GIVEN_HERE
from node.issuance.claiming.finishing import Begun, Finishing
from node.issuance.claiming.linking import Linking, made
from node.issuance.errors import NotIssuableError, WithdrawnError
from node.issuance.organisation.caps import spend
from node.issuance.organisation.closing import require_open
from node.issuance.organisation.events import record
from node.issuance.organisation.second_person import Action, require_second_person
from node.issuance.profile_options import options_of
from node.ports.api_keys import Caller
from node.ports.awarding import Award, AwardState, Published
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.identifiers import new_id
from node.ports.links import Link, LinkKind
from node.ports.mail import MailLanguage
from node.ports.organisations import Profile, State
from node.ports.oversight import Approval
from node.ports.secret import Secret
from node.ports.store import UnitOfWork, View
from node.ports.work import send_mail

MAX_NAME_CHARS: Final = 200
MAX_KEY_CHARS: Final = 128
MAX_FILE_BYTES: Final = 64 * 1024
LANGUAGE: Final = "language"
KIND: Final = "kind"


class AwardKind(StrEnum):
    """When the credential is made."""

    ONCE = "once"
    """Now; its learner gets a link to fetch it."""
    CLAIM = "claim"
    """When its learner takes it, and may show a key of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardOrder:
    """What is to be awarded, to whom, and how."""

    achievement: str
    version: int | None
    profile: str
    kind: AwardKind
    name: str
    email: str | None
    language: MailLanguage | None
    file: JsonObject
    """The members of an award's file, of what is not the same for everybody."""
    client_key: str | None = None
    granted: str | None = None

    @property
    def asked(self) -> JsonObject:
        """All that is asked for."""
        return {
            "achievement": self.achievement,
            "version": self.version,
            "profile": self.profile,
            "kind": self.kind.value,
            "name": self.name,
            "email": self.email,
            "language": self.language,
            "award": self.file,
            "clientKey": self.client_key,
        }

    @property
    def content(self) -> Mapping[str, JsonValue]:
        """What is kept beside the name and the address."""
        kept: JsonObject = {FILE: self.file, KIND: self.kind.value}
        return kept if self.language is None else {**kept, LANGUAGE: self.language}


@dataclass(frozen=True, slots=True)
class Awarded:
    """An award, and what becomes of its link: it is written to the learner, or told here."""

    award: Award
    mailed: bool
    url: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardDesk:
    """The use case, with what it stands on."""

    finishing: Finishing
    linking: Linking
    now: Callable[[], datetime]

    async def award(self, caller: Caller, order: AwardOrder) -> Awarded | Approval:
        """Award it; or what a second person has to agree to first.

        Raises AbsentError for a version or profile that is not there, IssuanceError and InputRefusedError for what
        could not be signed, ConflictError for another award under the same name.
        """
        _require_person(order)
        store, now = self.finishing.store, self.now()
        async with store.node_view() as node:
            issuer = (await node.organisations.find(caller.organisation)).name
        async with store.view(caller.organisation) as view:  # 1.
            profile, version = await _found(view, order)
        award = _award(order, version, now)
        trial = Begun(award, profile, options_of(profile), version.document, (), None)
        await self.finishing.trial(caller.organisation, award, trial, issuer)
        secret = await self.linking.secret(caller.organisation, now)

        async def work(unit: UnitOfWork) -> tuple[Award, Link | None] | Approval:  # 2.
            return await self._intend(unit, caller, order, award, secret)

        intended = await store.change(caller.organisation, work)
        if isinstance(intended, Approval):
            return intended
        found, link = intended
        if found.state is AwardState.WAITING or found.state is AwardState.CANCELLED:
            self.finishing.work.wake()
            return self._awarded(caller, found, secret, link, hand=False)
        done = await self.finishing.finish(caller.organisation, found.id, caller.actor)  # 3.
        return self._awarded(caller, done.award, secret, done.link, hand=False)

    async def again(self, caller: Caller, award: str, *, address: str | None, hand: bool) -> Awarded:
        """Another link in the place of the one there is: to claim an award, or to fetch what was issued.

        It goes to `address`, if there is one, else to the award's own; with `hand` it is told to the issuer instead.
        Raises AbsentError, and RuleError for an award that was cancelled.
        """
        if address is not None:
            mail_address(address)
        now, done = self.now(), None
        secret = await self.linking.secret(caller.organisation, now)
        async with self.finishing.store.view(caller.organisation) as view:
            found = await view.awards.find(award)
            claimed = any(one.accepted_at for one in await view.links.of_award(award))
        if found.state is AwardState.INTENDED or (found.state is AwardState.WAITING and claimed):
            done = await self.finishing.finish(caller.organisation, award, caller.actor)

        async def work(unit: UnitOfWork) -> tuple[Award, Link]:
            kept = await unit.awards.find(award)
            _require_to_be_had(kept)
            kind = LinkKind.CLAIM if kept.state is AwardState.WAITING else LinkKind.DOCUMENT
            if kind is LinkKind.CLAIM:
                require_open(unit)
            link = made(secret, unit.organisation, award, kind, now, address)
            await unit.links.put(link)
            mailed = self._mails(kept, link, hand=hand)
            if mailed:
                await unit.outbox.add([send_mail(link.id, now)])
            details: JsonObject = {"kind": kind.value, "mailed": mailed, "elsewhere": address is not None}
            record(unit, caller, "award.link", award, now, details)
            return kept, link

        kept, link = await self.finishing.store.change(caller.organisation, work)
        self.finishing.work.wake()
        return self._awarded(caller, kept if done is None else done.award, secret, link, hand=hand)

    async def cancel(self, caller: Caller, award: str) -> Award:
        """End an award that nobody has claimed, and its link; raises AbsentError, and RuleError for any other."""
        now = self.now()

        async def work(unit: UnitOfWork) -> Award:
            await unit.links.end(award, list(LinkKind), now)
            if any(one.accepted_at for one in await unit.links.of_award(award)):
                raise RuleError(
                    "it was claimed already",
                    code="award.state",
                    remedy="Withdraw the credential instead: POST /credentials/status",
                )
            await unit.awards.change(award, AwardState.CANCELLED, now)
            record(unit, caller, "award.cancel", award, now)
            return await unit.awards.find(award)

        return await self.finishing.store.change(caller.organisation, work)

    async def _intend(
        self, unit: UnitOfWork, caller: Caller, order: AwardOrder, award: Award, secret: Secret
    ) -> tuple[Award, Link | None] | Approval:
        require_open(unit)
        now = award.awarded_at
        if not await unit.awards.intend([award]):
            found = (await unit.awards.by_client_keys([award.client_key]))[award.client_key]
            return _same(found, award), _living(await unit.links.of_award(found.id), now)
        asked = await require_second_person(unit, Action.ISSUE, order.asked, caller, now, granted=order.granted)
        if asked is not None:
            await unit.awards.erase([award.id])
            return asked
        profile = await unit.identities.profile(award.profile)
        await spend(unit, profile, now)
        details: JsonObject = {"profile": award.profile, "kind": order.kind.value}
        record(unit, caller, "award.make", award.id, now, details)
        if order.kind is AwardKind.ONCE:
            await self.finishing.begin(unit, award, profile, now)
            return award, None
        link = made(secret, unit.organisation, award.id, LinkKind.CLAIM, now)
        await unit.links.put(link)
        if self._mails(award, link, hand=False):
            await unit.outbox.add([send_mail(link.id, now)])
        return award, link

    def _mails(self, award: Award, link: Link, *, hand: bool) -> bool:
        return self.finishing.mails and not hand and (link.address or award.email) is not None

    def _awarded(self, caller: Caller, award: Award, secret: Secret, link: Link | None, *, hand: bool) -> Awarded:
        if link is None:
            return Awarded(award, mailed=False)
        mailed = self._mails(award, link, hand=hand)
        url = None if mailed else self.linking.url(secret, caller.organisation, link)
        return Awarded(award, mailed, url, link.expires_at)


async def _found(view: View, order: AwardOrder) -> tuple[Profile, Published]:
    profile = await view.identities.profile(order.profile)
    if profile.state is not State.ACTIVE:
        raise AbsentError("signing profile in use with this name")
    achievement = await view.achievements.find(order.achievement)
    if achievement.withdrawn_at is not None:
        raise WithdrawnError(
            "the achievement is withdrawn, and awarded no more",
            code="achievement.withdrawn",
            path="/achievement",
            remedy="Award another one; what was awarded before stays as it is.",
        )
    return profile, await view.achievements.version(order.achievement, order.version)


def _award(order: AwardOrder, version: Published, at: datetime) -> Award:
    name = new_id()
    return Award(
        id=name,
        client_key=order.client_key or name,
        achievement=version.achievement,
        version=version.version,
        profile=order.profile,
        awarded_at=at,
        name=order.name,
        email=order.email,
        content=order.content,
        valid_until=_ends(order.file.get("validUntil")),
        state=AwardState.WAITING if order.kind is AwardKind.CLAIM else AwardState.INTENDED,
    )


def _ends(value: JsonValue) -> datetime | None:
    """When it ends by itself; what is no moment is refused where the credential is composed."""
    try:
        return None if value is None else parse_timestamp(value)
    except TimestampError:
        return None


def _same(found: Award, award: Award) -> Award:
    """The award that is there already, where it is the same."""
    asked = replace(award, id=found.id, awarded_at=found.awarded_at, state=found.state, replaces=found.replaces)
    if asked != found:
        raise ConflictError(
            "another award has this clientKey",
            code="store.conflict",
            remedy="Give each award a clientKey of its own; to repeat a request, send it unchanged.",
        )
    return found


def _living(links: tuple[Link, ...], at: datetime) -> Link | None:
    return next((one for one in links if one.lives(at)), None)


def _require_to_be_had(award: Award) -> None:
    if award.state is AwardState.CANCELLED:
        raise RuleError(
            "the award was cancelled", code="award.state", remedy="Make a new award for whoever is to have it."
        )


def _require_person(order: AwardOrder) -> None:
    """That letters could be written to whoever it is, and that the node gives what it gives itself."""
    if not 0 < len(order.name.strip()) <= MAX_NAME_CHARS or not order.name.isprintable():
        raise NotIssuableError(
            "the name is no text of one line",
            code="award.name",
            path="/name",
            remedy=f"Write the learner's name, in at most {MAX_NAME_CHARS} characters.",
        )
    if order.email is not None:
        mail_address(order.email)
    if own := sorted(GIVEN_HERE & order.file.keys()):
        raise NotIssuableError(
            f"{own[0]} is given by the node",
            code="award.member",
            path=f"/{FILE}/{own[0]}",
            remedy="Leave it out.",
        )
