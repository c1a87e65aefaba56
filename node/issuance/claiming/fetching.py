"""What a private link to a document gives: the credential, its picture with the credential in it, a page to print.

The picture is the achievement's, where that lies here. A credential that no picture takes comes as it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from node.documents import DocumentError, JsonObject
from node.issuance.claiming.desk import LANGUAGE
from node.issuance.claiming.linking import digest_of
from node.issuance.errors import LinkGoneError
from node.ports.awarding import Award, Secured
from node.ports.errors import AbsentError
from node.ports.judging import InputRefusedError, Judging
from node.ports.links import Link, LinkKind
from node.ports.organisations import OrganisationId
from node.ports.store import Store

SUFFIXES: Final = {"image/png": "png", "image/svg+xml": "svg"}
_PICTURE: Final = re.compile(r"/pictures/([0-9a-f]{64})\.(?:png|svg)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document:
    """A credential that was issued, with what it was issued of."""

    organisation: OrganisationId
    issuer: str
    award: Award = field(repr=False)
    achievement: JsonObject
    credential: Secured
    link: Link | None = None

    @property
    def language(self) -> str | None:
        """In which language the learner is written to, where that was said."""
        said = self.award.content.get(LANGUAGE)
        return said if isinstance(said, str) else None


@dataclass(frozen=True, slots=True)
class Baked:
    """A picture, with the credential in it where there is one."""

    content: bytes = field(repr=False)
    media_type: str

    @property
    def suffix(self) -> str:
        """The end of its file's name."""
        return SUFFIXES[self.media_type]


@dataclass(frozen=True, slots=True)
class Fetching:
    """The use case, with what it stands on."""

    store: Store
    judges: Judging
    now: Callable[[], datetime]
    public_url: str

    async def by_link(self, token: str) -> Document:
        """The document that a link leads to; raises LinkGoneError."""
        async with self.store.node_view() as node:
            try:
                organisation, link = await node.public.link(digest_of(token), LinkKind.DOCUMENT, self.now())
            except AbsentError:
                raise LinkGoneError from None
        try:
            return await self.of_award(organisation, link.award, link)
        except AbsentError:
            raise LinkGoneError from None

    async def of_award(self, organisation: OrganisationId, award: str, link: Link | None = None) -> Document:
        """The document of an award; raises AbsentError where there is none."""
        async with self.store.node_view() as node:
            issuer = (await node.organisations.find(organisation)).name
        async with self.store.view(organisation) as view:
            found = await view.awards.find(award)
            version = await view.achievements.version(found.achievement or "", found.version)
            for credential in await view.awards.credentials(award):
                achievement = orjson.loads(version.document)
                return Document(organisation, issuer, found, achievement, credential, link)
        raise AbsentError("credential of this award")

    async def picture(self, document: Document) -> Baked | None:
        """The picture with the credential in it; None where the achievement has none here, or the form fits in none."""
        found = await self.bare_picture(document.achievement)
        if found is None:
            return None
        try:
            baked = await self.judges.bake(found.content, document.credential.secured)
        except (DocumentError, InputRefusedError):
            return None
        return Baked(baked, found.media_type)

    async def bare_picture(self, achievement: JsonObject) -> Baked | None:
        """The picture of an achievement, where it lies here."""
        image = achievement.get("image")
        address = image.get("id") if isinstance(image, dict) else image
        if not isinstance(address, str) or not address.startswith(self.public_url):
            return None
        named = _PICTURE.fullmatch(address.removeprefix(self.public_url))
        if named is None:
            return None
        try:
            async with self.store.node_view() as node:
                picture, content = await node.public.picture(named[1])
        except AbsentError:
            return None
        return Baked(content, picture.media_type)

    async def page(self, document: Document, language: str) -> bytes | None:
        """The page to print, as a PDF; None for a form that no page is made of."""
        try:
            return await self.judges.print_page(document.credential.secured, language)
        except (DocumentError, InputRefusedError):
            return None
