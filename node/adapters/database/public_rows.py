"""What anybody may see: published achievements, status lists, DIDs; of organisations that closed, too."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.achievement_rows import published
from node.adapters.database.award_tables import ACHIEVEMENT_VERSIONS, ACHIEVEMENTS, STATUS_LISTS
from node.adapters.database.bound import without_organisation
from node.adapters.database.copy_tables import LIST_COPIES
from node.adapters.database.identity_rows import hosted_did
from node.adapters.database.link_rows import link_of
from node.adapters.database.publication_rows import entry, picture
from node.adapters.database.publication_rows import statement as held
from node.adapters.database.publication_tables import (
    CATALOGUE_ENTRIES,
    PICTURES,
    REGISTER_FILES,
    REGISTER_HEADS,
    STATEMENTS,
)
from node.adapters.database.tables import DIDS, ORGANISATIONS, SIGNING_PROFILES
from node.ports.awarding import Published
from node.ports.errors import AbsentError
from node.ports.links import Link, LinkKind
from node.ports.organisations import HostedDid, Organisation, OrganisationId, State
from node.ports.publishing import MAX_ENTRIES, Entry, EntryQuery, Picture, RegisterFile, RegisterHead, Statement


@dataclass(frozen=True, slots=True)
class PublicRows:
    """Nothing is found here that its organisation has not published."""

    connection: AsyncConnection

    async def achievement(self, achievement: str, version: int | None = None) -> Published:
        """A published version, or the latest."""
        table = ACHIEVEMENT_VERSIONS
        statement = select(table).where(table.c.achievement == achievement).order_by(table.c.version.desc()).limit(1)
        wanted = statement if version is None else statement.where(table.c.version == version)
        return published(await self._found("published achievement", wanted))

    async def catalogue(self, *, after: str = "", limit: int = 100) -> tuple[Published, ...]:
        """The latest versions of what is awarded."""
        table = ACHIEVEMENT_VERSIONS
        page = (
            select(ACHIEVEMENTS.c.organisation, ACHIEVEMENTS.c.id)
            .where(ACHIEVEMENTS.c.id > after, ACHIEVEMENTS.c.withdrawn_at.is_(None))
            .where(
                select(table.c.version)
                .where(table.c.organisation == ACHIEVEMENTS.c.organisation, table.c.achievement == ACHIEVEMENTS.c.id)
                .exists()
            )
            .order_by(ACHIEVEMENTS.c.id)
            .limit(limit)
            .subquery()
        )
        latest = (
            select(table.c.organisation, table.c.achievement, func.max(table.c.version))
            .join(page, (table.c.organisation == page.c.organisation) & (table.c.achievement == page.c.id))
            .group_by(table.c.organisation, table.c.achievement)
        )
        columns = tuple_(table.c.organisation, table.c.achievement, table.c.version)
        statement = select(table).where(columns.in_(latest)).order_by(table.c.achievement)
        return tuple(map(published, (await self.connection.execute(statement)).mappings()))

    async def entry(self, achievement: str) -> Entry:
        """The entry of a published achievement."""
        statement = select(CATALOGUE_ENTRIES).where(CATALOGUE_ENTRIES.c.achievement == achievement)
        return entry(await self._found("published achievement", statement))

    async def entries(self, query: EntryQuery) -> tuple[Entry, ...]:
        """A page of the catalogue.

        Words are looked for in the entries themselves: that takes milliseconds for a thousand, and some tenths of a
        second for ten thousand.
        """
        place = func.strpos if self.connection.dialect.name == "postgresql" else func.instr
        table = CATALOGUE_ENTRIES
        awarded = (
            (ACHIEVEMENTS.c.organisation == table.c.organisation)
            & (ACHIEVEMENTS.c.id == table.c.achievement)
            & ACHIEVEMENTS.c.withdrawn_at.is_(None)
        )
        active = (ORGANISATIONS.c.id == table.c.organisation) & (ORGANISATIONS.c.state == State.ACTIVE)
        statement = select(table).join(ACHIEVEMENTS, awarded).join(ORGANISATIONS, active)
        statement = statement.where(table.c.achievement > query.after)
        for word in query.words:
            statement = statement.where(place(table.c.words, f" {word}") > 0)
        if query.classes:
            statement = statement.where(table.c.credential_class.in_(sorted(query.classes)))
        if query.organisation is not None:
            statement = statement.where(table.c.organisation == query.organisation)
        page = statement.order_by(table.c.achievement).limit(max(1, min(query.limit, MAX_ENTRIES)))
        return tuple(map(entry, (await self.connection.execute(page)).mappings()))

    async def picture(self, digest: str) -> tuple[Picture, bytes]:
        """A picture that a published achievement has."""
        statement = select(PICTURES).where(PICTURES.c.digest == digest, PICTURES.c.published_at.is_not(None)).limit(1)
        row = await self._found("published picture", statement)
        return picture(row), row["image"]

    async def statement(self, digest: str) -> Statement:
        """A statement that an organisation publishes about itself."""
        return held(await self._found("statement", select(STATEMENTS).where(STATEMENTS.c.digest == digest).limit(1)))

    async def registers(self, *, after: str = "", limit: int = 100) -> tuple[tuple[Organisation, RegisterHead], ...]:
        """The organisations that have a register, with its head."""
        heads, whose = REGISTER_HEADS.c, ORGANISATIONS.c
        columns = [whose.name, whose.created_at, whose.state.label("organisation_state"), *heads]
        statement = select(*columns).join(ORGANISATIONS, whose.id == heads.organisation)
        page = statement.where(heads.organisation > after).order_by(heads.organisation).limit(limit)
        return tuple(map(_registered, (await self.connection.execute(page)).mappings()))

    async def register(self, organisation: OrganisationId) -> RegisterHead:
        """The head of an organisation's register."""
        statement = select(REGISTER_HEADS).where(REGISTER_HEADS.c.organisation == organisation)
        return RegisterHead(**without_organisation(await self._found("register of this organisation", statement)))

    async def register_file(self, digest: str) -> RegisterFile:
        """A file of a register."""
        statement = select(REGISTER_FILES).where(REGISTER_FILES.c.digest == digest).limit(1)
        row = await self._found("file of a register", statement)
        return RegisterFile(row["digest"], row["media_type"], row["content"])

    async def status_list(self, url: str) -> bytes:
        """The version of a list that was published last.

        Not one from a backup: what was withdrawn since would be good again, until the list was compared with a copy.
        """
        statement = select(STATUS_LISTS.c.published).where(STATUS_LISTS.c.url == url, STATUS_LISTS.c.reconciled)
        row = await self._found("status list at this address", statement.where(STATUS_LISTS.c.published.is_not(None)))
        document: bytes = row["published"]
        return document

    async def list_copy(self, digest: str) -> tuple[str, bytes]:
        """A version of a list, by its digest."""
        row = await self._found(
            "copy with this digest", select(LIST_COPIES).where(LIST_COPIES.c.digest == digest).limit(1)
        )
        return row["url"], row["document"]

    async def did(self, did: str) -> HostedDid:
        """A DID that is hosted here."""
        statement = select(DIDS).where(DIDS.c.did == did, DIDS.c.document.is_not(None))
        return hosted_did(await self._found("DID that is hosted here", statement))

    async def hosted_dids(self, *, after: str = "", limit: int = 100) -> tuple[tuple[OrganisationId, HostedDid], ...]:
        """The DIDs that are hosted here, with whose they are."""
        statement = (
            select(DIDS).where(DIDS.c.did > after, DIDS.c.document.is_not(None)).order_by(DIDS.c.did).limit(limit)
        )
        rows = (await self.connection.execute(statement)).mappings()
        return tuple((OrganisationId(row["organisation"]), hosted_did(row)) for row in rows)

    async def profile_owner(self, profile: str) -> OrganisationId:
        """Whose a signing profile is."""
        statement = select(SIGNING_PROFILES.c.organisation).where(SIGNING_PROFILES.c.id == profile)
        return OrganisationId((await self._found("signing profile of this name", statement))["organisation"])

    async def link(
        self, digest: bytes, kind: LinkKind, at: datetime, *, again: bytes | None = None
    ) -> tuple[OrganisationId, Link]:
        """The private link with this digest, and whose it is."""
        return await link_of(self.connection, digest, kind, at, again)

    async def _found(self, what: str, statement: Select[Any]) -> RowMapping:
        row: RowMapping | None = (await self.connection.execute(statement)).mappings().first()
        if row is None:
            raise AbsentError(what)
        return row


def _registered(row: RowMapping) -> tuple[Organisation, RegisterHead]:
    whose = Organisation(
        OrganisationId(row["organisation"]), row["name"], row["created_at"], State(row["organisation_state"])
    )
    return whose, RegisterHead(row["number"], row["state"], row["document"], row["signed_at"])
