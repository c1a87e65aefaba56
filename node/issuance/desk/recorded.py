"""What a run looks up once, and what is known of a page of it while it is under way."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from node.credentials.errors import TimestampError
from node.credentials.timestamps import parse_timestamp
from node.issuance.allocating import Place
from node.issuance.awarding import MAX_NAME_CHARS
from node.issuance.claiming.composing import FILE, GIVEN_HERE
from node.issuance.desk.order import RunOrder
from node.issuance.desk.outcome import PageOutcome
from node.issuance.desk.rows import NAMED, moment_of, rows_of
from node.issuance.profile_options import ProfileOptions
from node.ports.api_keys import Caller
from node.ports.awarding import Award, AwardState
from node.ports.identifiers import new_id
from node.ports.key_store import KeyStore
from node.ports.organisations import OrganisationId, Profile
from node.ports.runs import Run
from node.ports.status_rows import TOKEN_LIST
from node.ports.tables import Intended, RefusedRow, Rows, RowsOrder, Wish
from node.proofs.disclosure import BBS

if TYPE_CHECKING:
    from node.documents import JsonValue

TWICE: Final = "award.twice"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, looked up once."""

    run: Run
    order: RunOrder
    profile: Profile
    options: ProfileOptions
    rows: RowsOrder
    keys: KeyStore
    caller: Caller
    namespace: str | None

    @property
    def organisation(self) -> OrganisationId:
        """Whose it is."""
        return self.caller.organisation


class What(StrEnum):
    """What a row's award is."""

    OURS = "ours"
    """To be awarded by this row."""
    DONE = "done"
    """Awarded by this row already."""
    ALREADY = "already"
    """Awarded by an earlier table, or otherwise."""
    TWICE = "twice"
    """Awarded by another row of the same table."""
    TAKEN = "taken"
    """Another award has this identifier."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Found:
    """What a row's award is, which one, and at which places."""

    what: What
    award: Award
    places: tuple[Place, ...] = ()


@dataclass(slots=True)
class AtWork:
    """A page under way."""

    content: bytes | None
    outcome: PageOutcome = field(default_factory=PageOutcome)
    ours: dict[int, Award] = field(default_factory=dict)
    done: frozenset[int] = frozenset()

    def take(self, wish: Wish, found: Found) -> None:
        """Note what a row's award is."""
        if found.what is What.OURS:
            self.ours[wish.row] = found.award
        elif wish.row not in self.done:
            self.done |= {wish.row}
            note(self.outcome, wish, found.what, found.award.id, self.content)


_SAID: Final = {
    What.TWICE: (
        TWICE,
        "another row of the table is about the same learner",
        "Leave one of them out; of two persons of one name, give e-mail addresses or other numbers.",
    ),
    What.TAKEN: ("award.taken", "another award has this id", "Give each award an id of its own."),
    What.CANCELLED: (
        "award.cancelled",
        "this was awarded before, and taken back before it was claimed",
        "Award it in a series of its own, or with an id of its own.",
    ),
}


def note(outcome: PageOutcome, wish: Wish, what: What, award: str, content: bytes | None) -> None:
    """Note what became of a row that is not to be signed."""
    if what in {What.OURS, What.DONE}:
        outcome.awarded.append((wish.row, award))
    elif what is What.ALREADY:
        outcome.already.append((wish.row, award))
    else:
        code, message, remedy = _SAID[what]
        cells = next((cells for row, cells in rows_of(content or b"[]") if row == wish.row), [])
        outcome.refused.append(RefusedRow(wish.row, tuple(cells), (("", code, message, remedy),)))


def what_of(plan: Plan, wish: Wish, award: Award, state: AwardState) -> What:
    """What an award that is there is to a row."""
    if (award.achievement, award.version) != (plan.order.achievement, plan.order.version):
        return What.TAKEN
    if award.content.get("run") == plan.run.id:
        if award.content.get("row") != wish.row:
            return What.TWICE
        return What.OURS if award.state is AwardState.INTENDED and state is AwardState.INTENDED else What.DONE
    return What.CANCELLED if award.state is AwardState.CANCELLED else What.ALREADY


def award_of(plan: Plan, wish: Wish, state: AwardState, at: datetime) -> Award:
    """The award of a row, as it is intended."""
    content: dict[str, JsonValue] = {"run": plan.run.id, "row": wish.row}
    if wish.award is not None:
        content[FILE] = {name: value for name, value in wish.award.items() if name not in GIVEN_HERE}
    order = plan.order
    return Award(
        new_id(),
        wish.key,
        order.achievement,
        order.version,
        order.profile,
        at,
        wish.name[:MAX_NAME_CHARS],
        wish.email or None,
        content,
        state,
        valid_until=_moment(wish.ends),
        run=plan.run.id,
    )


def _moment(ends: str | None) -> datetime | None:
    """When an award ends; whoever read its row has read that, too, and a document that says nonsense is not signed."""
    try:
        return None if ends is None else parse_timestamp(ends)
    except TimestampError:
        return None


def credential_of(award: Award) -> str:
    """By what the credential is asked for later on: the identifier that the row gave, or one of the award's."""
    return f"urn:uuid:{award.id}" if award.client_key.startswith(NAMED) else award.client_key


def intended_of(found: Found) -> Intended:
    """The intent, as those are told who sign."""
    entries = tuple([place.entry.to_json() for place in found.places if place.entry.purpose != TOKEN_LIST])
    token = next(
        ((one.entry.list_url, one.entry.index) for one in found.places if one.entry.purpose == TOKEN_LIST), None
    )
    return Intended(found.award.id, credential_of(found.award), entries, token)


def begin_of(at: datetime, form: str) -> datetime:
    """Since when awards are in force: of what nobody can be recognised by, the day alone."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) if form == BBS else moment_of(at)


def numbers_of(made: Rows) -> frozenset[int]:
    """The rows of which it is known what became."""
    return frozenset([one.row for one in made.signed] + [one.row for one in made.refused])


def outcome_of(made: Rows, at_work: AtWork | None) -> PageOutcome:
    """What came of some rows."""
    awarded = [] if at_work is None else [(one.row, at_work.ours[one.row].id) for one in made.signed]
    return PageOutcome(awarded, [], list(made.refused), dict.fromkeys(made.remarks))
