"""Achievements: drafts that change, versions that stay."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, func, null, select

from node.adapters.database.award_tables import ACHIEVEMENT_VERSIONS, ACHIEVEMENTS
from node.adapters.database.bound import Bound, without_organisation
from node.documents import JsonValue
from node.ports.awarding import Achievement, Published
from node.ports.errors import AbsentError, ConflictError, RuleError


class AchievementRowsReader(Bound):
    """The achievements of one organisation."""

    __slots__ = ()

    async def find(self, achievement: str) -> Achievement:
        """The achievement."""
        return await self._found(achievement, lock=False)

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Achievement, ...]:
        """Those whose id comes after this one."""
        statement = self.select(ACHIEVEMENTS, ACHIEVEMENTS.c.id > after).order_by(ACHIEVEMENTS.c.id).limit(limit)
        return tuple(map(_achievement, await self.rows(statement)))

    async def count(self) -> int:
        """How many there are."""
        own = ACHIEVEMENTS.c.organisation == self.organisation
        return await self.connection.scalar(select(func.count()).select_from(ACHIEVEMENTS).where(own)) or 0

    async def version(self, achievement: str, version: int | None = None) -> Published:
        """A version, or the latest."""
        table = ACHIEVEMENT_VERSIONS
        statement = self.select(table, table.c.achievement == achievement).order_by(table.c.version.desc()).limit(1)
        rows = await self.rows(statement if version is None else statement.where(table.c.version == version))
        if not rows:
            raise AbsentError("published version of this achievement")
        return published(rows[0])

    async def versions(self, achievement: str) -> tuple[Published, ...]:
        """All versions."""
        table = ACHIEVEMENT_VERSIONS
        statement = self.select(table, table.c.achievement == achievement).order_by(table.c.version)
        return tuple(map(published, await self.rows(statement)))

    async def _found(self, achievement: str, *, lock: bool) -> Achievement:
        return _achievement(
            await self.found("achievement with this id", ACHIEVEMENTS, ACHIEVEMENTS.c.id == achievement, lock=lock)
        )


class AchievementRows(AchievementRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, achievement: Achievement) -> None:
        """Take a new one."""
        await self.insert(ACHIEVEMENTS, asdict(achievement))

    async def save(self, achievement: str, draft: Mapping[str, JsonValue], at: datetime, *, revision: int) -> int:
        """Keep this draft."""
        await self._require_latest(achievement, revision)
        statement = self.update(ACHIEVEMENTS, ACHIEVEMENTS.c.id == achievement)
        await self.changed(statement.values(draft=draft, revision=revision + 1, changed_at=at))
        return revision + 1

    async def publish(self, achievement: str, document: bytes, by: str, at: datetime, *, revision: int) -> Published:
        """Publish these bytes as the next version."""
        if (await self._require_latest(achievement, revision)).draft is None:
            raise RuleError(
                "nothing was changed since it was published",
                code="achievement.empty",
                remedy="Save a draft first; a version that is published stays as it is.",
            )
        table = ACHIEVEMENT_VERSIONS.c
        last = select(func.max(table.version)).where(
            table.organisation == self.organisation, table.achievement == achievement
        )
        number = (await self.connection.scalar(last) or 0) + 1
        version = Published(achievement, number, hashlib.sha256(document).digest(), by, at, document)
        await self.insert(ACHIEVEMENT_VERSIONS, asdict(version))
        statement = self.update(ACHIEVEMENTS, ACHIEVEMENTS.c.id == achievement)
        await self.changed(statement.values(draft=null(), revision=revision + 1, changed_at=at))
        return version

    async def withdraw(self, achievement: str, at: datetime) -> None:
        """Award it no more."""
        found = await self._found(achievement, lock=True)
        if found.withdrawn_at is None:
            await self.changed(self.update(ACHIEVEMENTS, ACHIEVEMENTS.c.id == achievement).values(withdrawn_at=at))

    async def _require_latest(self, achievement: str, revision: int) -> Achievement:
        found = await self._found(achievement, lock=True)
        if found.withdrawn_at is not None:
            raise RuleError(
                "the achievement is withdrawn",
                code="achievement.withdrawn",
                remedy="Make a new one; what was awarded before stays as it is.",
            )
        if found.revision != revision:
            raise ConflictError(
                "somebody else has changed the achievement meanwhile",
                code="store.changed",
                remedy="Load it again, look at what has changed, and make your change there.",
            )
        return found


def published(row: RowMapping) -> Published:
    """The record of a row."""
    return Published(**without_organisation(row))


def _achievement(row: RowMapping) -> Achievement:
    return Achievement(**without_organisation(row))
