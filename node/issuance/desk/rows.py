"""The rows of a table as documents that are ready to be signed, and by what name each award goes.

1. A row has as many cells as there are headings.
2. It is read as an award's file would be, and composed with the achievement; what is wrong is told by its column.
3. Its award has the identifier that the row gives. One that gives none is named by its learner: the same person has
   the same version of an achievement once, however often, and in whatever order, tables say so. A person is known by
   e-mail address, else by DID, else by another identifier; else by the name, where nothing else is said.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from unicodedata import normalize

import orjson

from node.credentials.achievement import read_achievement
from node.credentials.award_file import read_award
from node.credentials.award_table import AwardTable
from node.credentials.compose import assemble, award_place
from node.credentials.draft import Fresh
from node.credentials.errors import AchievementError, CompositionError, CredentialsError
from node.credentials.identity import EMAIL, NAME, SALT_BYTES
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.award_batch import Problem, RowError
from node.issuance.errors import IssuanceError
from node.ports.awarding import search_key
from node.ports.tables import RefusedRow, RowsOrder, Wish
from node.proofs.errors import ProofsError

MAX_KEY_CHARS: Final = 512
"""Of an identifier that a row gives."""
NAMED: Final = "learner:"
"""How the name of an award begins that its learner gives it."""
_TAG: Final = b"glejt/award-of-learner/v1"
_LATER: Final = "urn:uuid:00000000-0000-4000-8000-000000000000"
"""In the place of an identifier that is given when the award is intended."""
_REFUSALS: Final = (CredentialsError, IssuanceError, ProofsError)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that can be awarded; its document lacks what the intent says."""

    wish: Wish
    cells: tuple[str, ...]
    award: JsonObject
    document: UnsecuredDocument


class Drafting:
    """The columns of a table, and what its rows are awarded."""

    def __init__(self, order: RowsOrder) -> None:
        """Raises CompositionError for columns that are no part of an award, and what does not go together."""
        self._order = order
        described: JsonObject = orjson.loads(order.achievement)
        self.achievement = read_achievement(described)
        self.table = AwardTable(order.headings, dict(order.columns), orjson.loads(order.shared), self.achievement)
        self._fresh = Fresh(order.issuer, order.at, lambda: _LATER, partial(secrets.token_urlsafe, SALT_BYTES))

    def draft(self, row: int, cells: Sequence[str]) -> Draft:
        """What a row says; raises RowError."""
        if len(cells) != len(self.table.headings):  # 1.
            message = f"the row has {len(cells)} cells, and there are {len(self.table.headings)} headings"
            raise RowError([Problem("", "csv.cells", message, "Put cells in quotation marks that hold a comma.")])
        award = self.table.award(cells)
        try:  # 2.
            document = assemble(self.achievement, read_award(award, self._fresh))
        except _REFUSALS as error:
            raise self.refusal(error, award) from error
        learner = _texts(award.get("learner"))
        ends = document.get("validUntil")
        names = learner.get(NAME, ""), learner.get(EMAIL, "")
        wish = Wish(row, self._key(award, learner), *names, ends if isinstance(ends, str) else None)
        return Draft(wish, tuple(cells), award, document)

    def refusal(self, error: Exception, award: JsonObject) -> RowError:
        """What is wrong with a row, by the columns."""
        if isinstance(error, AchievementError):
            return RowError([Problem("", one.code, one.message, one.remedy) for one in error.problems])
        if isinstance(error, CompositionError):
            return RowError(
                [Problem(self._heading(one.path, award), one.code, one.message, one.remedy) for one in error.problems]
            )
        path, code = str(getattr(error, "path", "")), str(getattr(error, "code", ""))
        heading = self._heading(award_place(path), award)
        return RowError([Problem(heading, code, str(error), str(getattr(error, "remedy", "")))])

    def _heading(self, path: str, award: JsonObject) -> str:
        return self.table.heading_of(path, award)

    def _key(self, award: JsonObject, learner: dict[str, str]) -> str:
        """Step 3."""
        given = award.get("id")
        if isinstance(given, str):
            if len(given) > MAX_KEY_CHARS or given.startswith(NAMED):
                message = f"an identifier has at most {MAX_KEY_CHARS} characters"
                heading = self._heading("/id", award)
                raise RowError([Problem(heading, "award.id", message, "Write a URL of your own, or leave it out.")])
            return given
        kind, value = next(_persons(learner), ("", ""))
        if not value:
            message, remedy = "nothing says who the learner is", "Write a name, and an e-mail address."
            raise RowError([Problem("", "award.learner", message, remedy)])
        digest = hashlib.sha256(_TAG)
        for part in (self._order.naming, kind.encode(), value.encode()):
            digest.update(len(part).to_bytes(4) + part)
        return NAMED + digest.hexdigest()


def _persons(learner: dict[str, str]) -> Iterator[tuple[str, str]]:
    """By what a learner is known, the surest first."""
    if learner.get(EMAIL):
        yield EMAIL, normalize("NFC", learner[EMAIL].strip()).lower()
    if learner.get("id"):
        yield "id", learner["id"].strip()
    for kind in sorted(learner.keys() - {EMAIL, "id", NAME}):
        yield kind, normalize("NFC", learner[kind].strip())
    if learner.get(NAME):
        yield NAME, search_key(learner[NAME])


def _texts(value: object) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def refused(row: int, cells: Sequence[str], error: RowError) -> RefusedRow:
    """A row with what is wrong with it."""
    return RefusedRow(
        row, tuple(cells), tuple([(one.heading, one.code, one.message, one.remedy) for one in error.problems])
    )


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows of a page as it is kept."""
    return [(row, cells) for row, cells in orjson.loads(content)]


def page_of(rows: Sequence[tuple[int, Sequence[str]]]) -> bytes:
    """A page as it is kept."""
    return orjson.dumps(rows)


def naming_of(achievement: str, version: int, series: str) -> bytes:
    """What the name of an award depends on beside its learner."""
    return orjson.dumps([achievement, version, series])


def moment_of(at: datetime) -> datetime:
    """The time in whole seconds, as documents have it."""
    return at.replace(microsecond=0)
