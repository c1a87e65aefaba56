"""What anybody may see: published achievements, status lists, DIDs; of organisations that closed, too."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.achievement_rows import published
from node.adapters.database.award_tables import ACHIEVEMENT_VERSIONS, ACHIEVEMENTS, STATUS_LISTS
from node.adapters.database.identity_rows import hosted_did
from node.adapters.database.tables import DIDS, SIGNING_PROFILES
from node.ports.awarding import Published
from node.ports.errors import AbsentError
from node.ports.organisations import HostedDid, OrganisationId


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

    async def status_list(self, url: str) -> bytes:
        """The version of a list that was published last."""
        statement = select(STATUS_LISTS.c.published).where(STATUS_LISTS.c.url == url)
        row = await self._found("status list at this address", statement.where(STATUS_LISTS.c.published.is_not(None)))
        document: bytes = row["published"]
        return document

    async def did(self, did: str) -> HostedDid:
        """A DID that is hosted here."""
        statement = select(DIDS).where(DIDS.c.did == did, DIDS.c.document.is_not(None))
        return hosted_did(await self._found("DID that is hosted here", statement))

    async def profile_owner(self, profile: str) -> OrganisationId:
        """Whose a signing profile is."""
        statement = select(SIGNING_PROFILES.c.organisation).where(SIGNING_PROFILES.c.id == profile)
        return OrganisationId((await self._found("signing profile of this name", statement))["organisation"])

    async def _found(self, what: str, statement: Select[Any]) -> RowMapping:
        row: RowMapping | None = (await self.connection.execute(statement)).mappings().first()
        if row is None:
            raise AbsentError(what)
        return row
