"""The register of one organisation: its signed head, its files, and what it is made of."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, null, select

from node.adapters.database.award_tables import ACHIEVEMENT_VERSIONS, ACHIEVEMENTS
from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.publication_rows import PICTURE_COLUMNS, picture
from node.adapters.database.publication_tables import PICTURES, REGISTER_FILES, REGISTER_HEADS
from node.ports.errors import ConflictError
from node.ports.publishing import KEPT_FILES, Picture, RegisterFile, RegisterHead, VersionLine


class RegisterRowsReader(Bound):
    """The register of one organisation."""

    __slots__ = ()

    async def head(self) -> RegisterHead | None:
        """The head that was signed last."""
        row = await self.row(REGISTER_HEADS)
        return None if row is None else RegisterHead(**without_organisation(row))

    async def versions(self) -> tuple[VersionLine, ...]:
        """Every published version."""
        table, whose = ACHIEVEMENT_VERSIONS.c, ACHIEVEMENTS.c
        statement = (
            select(
                table.achievement,
                table.version,
                table.digest,
                func.length(table.document).label("size"),
                table.published_at,
                whose.withdrawn_at,
            )
            .join(ACHIEVEMENTS, (whose.organisation == table.organisation) & (whose.id == table.achievement))
            .where(table.organisation == self.organisation)
            .order_by(table.published_at, table.achievement, table.version)
        )
        return tuple(VersionLine(**row) for row in await self.rows(statement))

    async def pictures(self) -> tuple[Picture, ...]:
        """Every published picture."""
        statement = self.select(PICTURES, PICTURES.c.published_at.is_not(None)).with_only_columns(*PICTURE_COLUMNS)
        return tuple(map(picture, await self.rows(statement.order_by(PICTURES.c.published_at, PICTURES.c.digest))))


class RegisterRows(RegisterRowsReader):
    """… and changing it."""

    __slots__ = ()

    async def put(self, head: RegisterHead, files: Sequence[RegisterFile]) -> None:
        """Publish this head and all of its files."""
        found = await self.row(REGISTER_HEADS, lock=True)
        if head.number != (0 if found is None else found["number"]) + 1:
            raise ConflictError(
                "another head of the register was signed meanwhile",
                code="store.changed",
                remedy="Make it again of what there is now.",
            )
        row = asdict(head)
        if found is None:
            await self.insert(REGISTER_HEADS, row)
        else:
            await self.changed(self.update(REGISTER_HEADS).values(**row))
        table = REGISTER_FILES
        rows = [{**asdict(one), "left_at": None} for one in {one.digest: one for one in files}.values()]
        await self.changed(self.update(table, table.c.left_at.is_(None)).values(left_at=head.signed_at))
        await self.insert_new(table, rows, "digest")
        await self.changed(
            self.update(table, table.c.digest.in_([one["digest"] for one in rows])).values(left_at=null())
        )
        await self.changed(self.delete(table, table.c.left_at < head.signed_at - KEPT_FILES))
