"""The awards of a table, composed and signed row by row.

What is wrong with a row is told of that row, and the others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from node.credentials.achievement import Achievement
from node.credentials.award_file import read_award
from node.credentials.award_table import AwardTable
from node.credentials.compose import assemble, award_place
from node.credentials.draft import Fresh
from node.credentials.errors import AchievementError, AwardError, CompositionError, CredentialsError
from node.credentials.findings import wrong
from node.documents import JsonObject, JsonValue
from node.issuance.batch import Batch
from node.issuance.errors import IssuanceError, TemplateError
from node.issuance.token_batch import TokenBatch
from node.proofs.errors import ProofsError


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a row from being awarded; `heading` names the column, and is empty where none is to blame."""

    heading: str
    code: str
    message: str
    remedy: str


class RowError(Exception):
    """A row cannot be awarded as it stands; `problems` has everything that is known to be wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class AwardBatch:
    """The awards of one achievement by one table, signed as one batch."""

    achievement: Achievement
    table: AwardTable
    fresh: Fresh
    batch: Batch | TokenBatch
    _given: set[int] = field(default_factory=set, init=False)
    """Hashes of the identifiers that the table gave: they take less than half of what the identifiers would."""

    async def issue(self, cells: Sequence[str], status: Sequence[JsonObject] = ()) -> bytes:
        """The credential of one row, or the token, with these status entries.

        Raises RowError, and TemplateError to stop the batch.

        Cells are as many as the table has headings.
        """
        award = self.table.award(cells)
        if status:
            stated = award.get("credentialStatus", [])
            entries: list[JsonValue] = [*(stated if isinstance(stated, list) else [stated]), *status]
            award["credentialStatus"] = entries
        try:
            document = assemble(self.achievement, read_award(award, self.fresh))
            own = {hash(award["id"])} if "id" in award else set()
            if own & self._given:
                raise AwardError([wrong("award.id", "/id", "another row has the same id already", "Give it its own.")])
            credential = await self.batch.issue(document)
        except TemplateError:
            raise
        except AchievementError as error:
            raise RowError([Problem("", one.code, one.message, one.remedy) for one in error.problems]) from error
        except CompositionError as error:
            raise RowError(
                [Problem(self._heading(one.path, award), one.code, one.message, one.remedy) for one in error.problems]
            ) from error
        except (CredentialsError, IssuanceError, ProofsError) as error:
            heading = self._heading(award_place(error.path), award)
            raise RowError([Problem(heading, error.code, str(error), error.remedy)]) from error
        self._given.update(own)
        return credential

    def _heading(self, path: str, award: JsonObject) -> str:
        return self.table.heading_of(path, award)
