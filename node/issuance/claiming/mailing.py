"""Letters out of the outbox: each handed over at least once, and shown once.

The task names a link, and nothing of a person. What is in the letter is looked up when it is sent, so what was erased,
cancelled, claimed or replaced meanwhile is not written about any more, and nothing of a letter is kept.

1. The link still leads somewhere, and there is an address.
2. The letter is made: the same for the same link, under the same Message-ID. Whoever dies after it was handed over and
   before that was noted hands it over once more, and mail programs show it once.
3. It is handed over. What the server takes another time waits as all tasks do; what it will never take waits for a
   person among the tasks that were given up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from node.documents import JsonObject
from node.issuance.background.tasks import Checkpoint, HopelessError, Later, member, unwatched
from node.issuance.claiming.addresses import mail_address
from node.issuance.claiming.desk import LANGUAGE
from node.issuance.claiming.fetching import Baked, Fetching
from node.issuance.claiming.linking import Linking
from node.issuance.claiming.messages import message_of
from node.issuance.claiming.writing import Facts, letter_of
from node.issuance.errors import NotIssuableError
from node.ports.awarding import Award
from node.ports.errors import AbsentError
from node.ports.links import Link, LinkKind
from node.ports.mail import Attachment, Mail, MailLanguage, MailRefusedError, Sender
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.store import Store

NAME: Final = "document"
"""Of an attached file: the same for everybody."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a letter is about, as it stands."""

    link: Link
    award: Award
    achievement: JsonObject
    issuer: str
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Carries out `Kind.SEND_MAIL`."""

    store: Store
    mail: Mail
    linking: Linking
    fetching: Fetching
    now: Callable[[], datetime]
    checkpoint: Checkpoint = unwatched

    async def carry(self, claimed: Claimed) -> Later | None:
        """Send the letter of a link; raises MailWaitsError, and HopelessError for what never will be taken."""
        organisation = claimed.organisation
        try:
            found = await self._found(organisation, member(claimed, "link"))
        except AbsentError:
            return None  # it was erased
        recipient = found.link.address or found.award.email
        if recipient is None or not found.link.lives(self.now()):
            return None
        try:
            facts = await self._facts(organisation, found, recipient)
            message = message_of(letter_of(facts), found.sender, self.mail.letterhead, found.issuer)
            sender = str(message["From"].addresses[0].addr_spec)
            self.checkpoint("mail.made")
            await self.mail.send(message, sender, mail_address(recipient))
        except (MailRefusedError, NotIssuableError) as error:
            raise HopelessError(str(error), code=error.code, remedy=error.remedy) from error
        self.checkpoint("mail.sent")
        return None

    async def _found(self, organisation: OrganisationId, name: str) -> _Found:
        async with self.store.node_view() as node:
            issuer = (await node.organisations.find(organisation)).name
        async with self.store.view(organisation) as view:
            link = await view.links.find(name)
            award = await view.awards.find(link.award)
            version = await view.achievements.version(award.achievement or "", award.version)
            return _Found(link, award, orjson.loads(version.document), issuer, await view.senders.find())

    async def _facts(self, organisation: OrganisationId, found: _Found, recipient: str) -> Facts:
        secret = await self.linking.secret(organisation, self.now())
        said = found.award.content.get(LANGUAGE)
        language: MailLanguage = "pl" if said == "pl" else "en" if said == "en" else found.sender.language
        return Facts(
            award=found.award,
            achievement=found.achievement,
            issuer=found.issuer,
            link=found.link,
            url=self.linking.url(secret, organisation, found.link),
            recipient=recipient,
            language=language,
            attached=await self._attached(organisation, found),
        )

    async def _attached(self, organisation: OrganisationId, found: _Found) -> Attachment | None:
        """The picture with the document in it, else the document; of what is to be claimed, the picture alone."""
        if found.link.kind is LinkKind.CLAIM:
            picture = await self.fetching.bare_picture(found.achievement)
            return None if picture is None else _picture(picture)
        document = await self.fetching.of_award(organisation, found.award.id)
        baked = await self.fetching.picture(document)
        if baked is not None:
            return _picture(baked)
        content = document.credential.secured
        kind = "application/json" if content[:1] == b"{" else "application/jwt"
        return Attachment(f"{NAME}.{'json' if content[:1] == b'{' else 'jwt'}", kind, content)


def _picture(baked: Baked) -> Attachment:
    return Attachment(f"{NAME}.{baked.suffix}", baked.media_type, baked.content)
