"""What runs keep of persons who got nothing: the cells of rows that were rejected, and rows that are still to come."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from node.ports.awarding import search_key
from node.ports.errors import RuleError
from node.ports.store import UnitOfWork, View

REFUSED = "refused"
"""The member of an outcome that has rows with their cells; the others have numbers of rows and ids of awards."""


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """A page of which some rows were a person's."""

    run: str
    page: int
    gone: int
    kept: bytes
    """The outcome of the page without them."""


async def rejected_rows(view: View | UnitOfWork, wanted: str) -> AsyncIterator[RejectedRows]:
    """The pages with rejected rows that have a cell like this one.

    Raises RuleError where such a row is still to come: who is erased now would be awarded by it afterwards.
    """
    key, before = search_key(wanted), None
    while runs := await view.runs.listed(before=before):
        before = runs[-1].id
        for run in runs:
            after = -1
            while pages := await view.runs.pages(run.id, after=after):
                after = pages[-1].number
                for page in pages:
                    if page.content is not None and _has(orjson.loads(page.content), key):
                        raise RuleError(
                            "a run has this person in a row that is still to come",
                            code="erasure.run",
                            remedy=f"Have the run {run.id} end, or cancel and remove it; then erase.",
                        )
                    if page.outcome is not None and (found := _without(run.id, page.number, page.outcome, key)):
                        yield found


def _without(run: str, page: int, outcome: bytes, key: str) -> RejectedRows | None:
    told = orjson.loads(outcome)
    kept = [row for row in told[REFUSED] if not _has(row[1], key)]
    gone = len(told[REFUSED]) - len(kept)
    return RejectedRows(run, page, gone, orjson.dumps({**told, REFUSED: kept})) if gone else None


def _has(value: object, key: str) -> bool:
    """Whether a text somewhere in a value is the same, but for capitals, accents and spaces."""
    if isinstance(value, str):
        return search_key(value) == key
    if isinstance(value, list):
        return any(_has(each, key) for each in value)
    return isinstance(value, dict) and any(_has(each, key) for each in value.values())
