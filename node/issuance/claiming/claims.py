"""An award, claimed by its private link: looked at as often as anybody likes, taken once.

1. To look changes nothing, ever: scanners of mail open every link.
2. Whoever wants the document for a key of their own asks for a challenge, and signs it; the presentation is judged
   where foreign input is read, by the steps that judge every holder.
3. In one transaction: the link is used up, the challenge is spent, and what is intended is stored: whose it is, since
   when, its places. Of many at once, one gets it; where anything fails, the link works as before.
4. It is issued as in `finishing`, by us or, if we die, by the node a minute later.

Whoever has claimed sends the same once more with the same key, within GRACE, and gets the same: an answer can be
lost. Everybody else is told that the link leads nowhere. What was claimed is fetched by the link in the answer, and in
the letter; where neither came through, the issuer sends another one.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from node.documents import JsonObject, JsonValue
from node.issuance.announcing import announce
from node.issuance.claiming.desk import LANGUAGE
from node.issuance.claiming.finishing import Finished, Finishing
from node.issuance.claiming.linking import Linking, digest_of
from node.issuance.errors import ClaimError, LinkGoneError
from node.issuance.organisation.caps import spend
from node.issuance.organisation.closing import require_open
from node.ports.awarding import Award, AwardState
from node.ports.errors import AbsentError, CapError, RuleError
from node.ports.invitations import Invitation, Invitations
from node.ports.links import Link, LinkKind
from node.ports.organisations import OrganisationId, State
from node.ports.oversight import Event
from node.ports.store import UnitOfWork
from node.ports.webhooks import EventType
from node.verification.case import Request

CLAIMED: Final = "award.claim"
CLAIMER: Final = "claimer"
"""Who acts: whoever had the link."""
CHALLENGE_BYTES: Final = 16
MAX_AGAIN_CHARS: Final = 128
_AGAIN: Final = b"glejt/claim-again/v1"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link leads to: of whom, what, and until when."""

    organisation: OrganisationId
    issuer: str
    award: Award = field(repr=False)
    achievement: JsonObject
    link: Link

    @property
    def language(self) -> str | None:
        """In which language the learner is written to, where that was said."""
        said = self.award.content.get(LANGUAGE)
        return said if isinstance(said, str) else None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was handed over to show a key: a message, the member of it that is the presentation, the challenge."""

    message: bytes = field(repr=False)
    inside: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A challenge for one answer."""

    challenge: str
    domain: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What was claimed, and where it is fetched from now on."""

    finished: Finished
    url: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The use case, with what it stands on. Everything raises LinkGoneError for a link that leads nowhere."""

    finishing: Finishing
    linking: Linking
    now: Callable[[], datetime]
    invitations: Invitations | None = None

    async def look(self, token: str) -> Offer:
        """What the link offers; nothing is changed by looking."""
        organisation, link = await self._found(token, None)
        async with self.finishing.store.node_view() as node:
            issuer = (await node.organisations.find(organisation)).name
        async with self.finishing.store.view(organisation) as view:
            award = await view.awards.find(link.award)
            if award.state is not AwardState.WAITING:
                raise LinkGoneError
            version = await view.achievements.version(award.achievement or "", award.version)
        return Offer(organisation, issuer, award, orjson.loads(version.document), link)

    async def draw(self, token: str) -> Drawn:
        """A challenge, which answers for this link alone, once, within minutes."""
        organisation, link = await self._found(token, None)
        challenge, at = f"glejt-claim-{secrets.token_hex(CHALLENGE_BYTES)}", self.now()

        async def work(unit: UnitOfWork) -> datetime:
            await unit.challenges.forget(at)
            return await unit.challenges.issue(challenge, self._place(link), at)

        until = await self.finishing.store.change(organisation, work)
        return Drawn(challenge, self.linking.public_url, until)

    async def invite(self, token: str) -> Invitation | None:
        """An invitation for an agent, minted now; None where this node talks to none."""
        organisation, link = await self._found(token, None)
        if self.invitations is None:
            return None
        return await self.invitations.mint(organisation, link.award, link.id, self.now())

    async def accept(self, token: str, *, again: str | None = None, proof: Proof | None = None) -> Taken:
        """Take what is offered, for whoever has the link, or for the key that `proof` shows.

        Raises ClaimError for a proof that shows no key, and where the issuer has to see to something first; the link
        works as before then.
        """
        known = None if again is None else hashlib.sha256(_AGAIN + again.encode()).digest()
        organisation, link = await self._found(token, known)
        if link.accepted_at is None:
            holder = None if proof is None else await self._holder(proof)
            challenge = None if proof is None else proof.challenge
            try:
                await self.accept_by(organisation, link, again=known, holder=holder, challenge=challenge)
            except LinkGoneError:
                if known is None:
                    raise
                await self._found(token, known)  # the same, sent twice at once
        finished = await self.finishing.finish(organisation, link.award, CLAIMER)
        if finished.link is None:
            return Taken(finished, None)
        secret = await self.linking.secret(organisation, self.now())
        return Taken(finished, self.linking.url(secret, organisation, finished.link))

    async def accept_by(
        self,
        organisation: OrganisationId,
        link: Link,
        *,
        again: bytes | None = None,
        holder: str | None = None,
        challenge: str | None = None,
    ) -> None:
        """Step 3; of many at once, all but one raise LinkGoneError."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            if challenge is not None and not await unit.challenges.consume(challenge, self._place(link), at):
                raise _unproven("the challenge was answered before, is over, or is of another link")
            if await unit.links.accept(link.digest, at, again=again, holder=holder) is None:
                raise LinkGoneError
            award = await unit.awards.find(link.award)
            if award.state is not AwardState.WAITING:
                raise LinkGoneError
            profile = await unit.identities.profile(award.profile)
            if profile.state is not State.ACTIVE:
                raise _unready()
            require_open(unit)
            await spend(unit, profile, at)
            await self.finishing.begin(unit, award, profile, at)
            details: dict[str, JsonValue] = {"link": link.id, "key": "claimer", "bound": holder is not None}
            await announce(unit, EventType.AWARD_CLAIMED, at, [award.id])
            unit.audit.record(Event(at, CLAIMER, CLAIMED, award.id, details))

        try:
            await self.finishing.store.change(organisation, work)
        except CapError:
            raise
        except RuleError as error:  # it closes, or its lists are not to be written to
            raise _unready() from error

    async def _found(self, token: str, again: bytes | None) -> tuple[OrganisationId, Link]:
        """The link, by one look that is the same for all that leads nowhere."""
        async with self.finishing.store.node_view() as node:
            try:
                return await node.public.link(digest_of(token), LinkKind.CLAIM, self.now(), again=again)
            except AbsentError:
                raise LinkGoneError from None

    async def _holder(self, proof: Proof) -> str:
        request = Request(proof.challenge, self.linking.public_url)
        return await self.finishing.judges.possession(proof.message, request, inside=proof.inside)

    def _place(self, link: Link) -> str:
        """For what a challenge counts: this node, and this link."""
        return f"{self.linking.public_url}#{link.id}"


def _unproven(message: str) -> ClaimError:
    return ClaimError(
        message,
        code="claim.proof",
        path="/verifiablePresentation",
        remedy="Ask for a new challenge, sign it with a key of yours, and send it within five minutes.",
    )


def _unready() -> ClaimError:
    return ClaimError(
        "the issuer does not issue at the moment",
        code="claim.unready",
        remedy="Try again later, or ask the issuer. The link works as before.",
    )
