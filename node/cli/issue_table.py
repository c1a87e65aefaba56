"""`glejt issue --csv`: an achievement awarded to everybody in a table.

Rows are read, composed and signed one after the other, so that a million of them take no more memory than one. What is
wrong with a row is told with its number and column, and the others go on. The result is put in its place whole, once
the last row is done and a sample has been verified.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from node.cli.composing import fresh_for, read_draft, tell
from node.cli.errors import CliError, Refused, describe
from node.cli.files import StagedFile, StagedFolder, staged_file, staged_folder
from node.cli.invocation import Invocation
from node.cli.issue import (
    TOKENS,
    Input,
    Order,
    TableOrder,
    Token,
    betrayed,
    checked,
    linter_for,
    placed,
    remark_on_losses,
    remark_on_privacy,
    token_of,
)
from node.cli.output import visible
from node.cli.places import Places, reserved
from node.cli.signing import signing_for
from node.cli.table import ENCODINGS, Rejects, Row, Table, encoding_named, opened_table
from node.cli.words import Words
from node.credentials.achievement import read_achievement
from node.credentials.award_table import AwardTable
from node.credentials.compose import check_whole
from node.credentials.errors import AchievementError, CompositionError
from node.credentials.record_name import with_records
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.award_batch import AwardBatch, Problem, RowError
from node.issuance.batch import Batch, Tally
from node.issuance.errors import IssuanceError
from node.issuance.privacy import PrivacyFinding, PrivacyLinter
from node.issuance.secure import Signing
from node.issuance.token_batch import TokenBatch
from node.status.errors import StatusError

LINES: Final = ".jsonl"
"""How the name of a result ends that is one file with a credential in each line, rather than a folder of files."""
REJECTED: Final = ".rejected.csv"
"""What is put behind the name of the result for the table of rejected rows, unless it is named."""
TOLD_ROWS: Final = 20
"""Rejected rows that are told of in the terminal; the table of rejected rows has all."""
EVERY_SECONDS: Final = 0.5
"""How often progress is shown: often enough to be seen moving, seldom enough to be read."""


class Sink(Protocol):
    """Where signed credentials go."""

    def write(self, row: int, credential: bytes) -> None:
        """Add the credential of one row."""

    def release(self, *, force: bool) -> None:
        """Put all of them in their place."""


@dataclass(frozen=True, slots=True)
class Lines:
    """One file with a credential in each line, in the order of the rows; a token is a text of JSON there."""

    staged: StagedFile
    tokens: bool

    def write(self, _row: int, credential: bytes) -> None:
        """Add a line."""
        self.staged.file.write(b'"%b"\n' % credential if self.tokens else credential + b"\n")

    def release(self, *, force: bool) -> None:
        """Give the file its name."""
        self.staged.release(force=force)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with a file for each credential, named by the number of its row, never by what stands in it."""

    staged: StagedFolder
    tokens: bool

    def write(self, row: int, credential: bytes) -> None:
        """Add a file."""
        self.staged.write(f"row-{row:07}.{'jwt' if self.tokens else 'json'}", credential + b"\n")

    def release(self, *, force: bool) -> None:  # noqa: ARG002 -- what a folder holds is never replaced
        """Give the folder its name."""
        self.staged.release()


class Nowhere:
    """A trial: what is signed is for nobody."""

    def write(self, row: int, credential: bytes) -> None:
        """Leave it."""

    def release(self, *, force: bool) -> None:
        """There is nothing to release."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the privacy linter says of the credentials of a table, each thing once."""

    linter: PrivacyLinter
    tokens: "Tokens"
    created: datetime
    found: dict[PrivacyFinding, None] = field(default_factory=dict)

    def admit(self, document: JsonObject) -> None:
        """Judge a document whole, and note what would betray its holder."""
        check_whole(document)
        told = betrayed(self.linter, UnsecuredDocument(document), self.tokens.order, self.created)
        self.found.update(dict.fromkeys(told))

    def findings(self) -> list[PrivacyFinding]:
        """All that is to be said, once every row was looked at."""
        return [*self.found, *self.linter.rare()]


@dataclass(slots=True)
class Tokens:
    """Signs the awards of a table as tokens of one form; `order` has the place in a Token Status List of the next."""

    signing: Signing
    order: Order
    created: datetime
    last: Token | None = None

    async def sign(self, document: UnsecuredDocument) -> str:
        """The token for one document."""
        self.last = await token_of(document, self.signing, self.order, self.created)
        return self.last.text


@dataclass(frozen=True, slots=True)
class Placing:
    """Gives each award its place in a list, if there is one: in the document, or in the claims around it."""

    places: Places | None
    tokens: Tokens

    def next(self) -> list[JsonObject]:
        """The status entries of the next document; raises StatusFullError where no place is left."""
        if self.places is None:
            return []
        if self.tokens.order.vct is None:
            return [self.places.next()]
        self.tokens.order = placed(self.tokens.order, self.places)
        return []

    def take_back(self) -> None:
        """Keep the last place for another award."""
        if self.places is not None:
            self.places.take_back()


@dataclass(slots=True)
class Progress:
    """How far it is, on standard error where that is a terminal."""

    invocation: Invocation
    table: Table
    issued: int = 0
    rejected: int = 0
    begun: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def show(self) -> None:
        """Say how many rows are done, how fast, and how long the rest will take."""
        now = time.monotonic()
        if now - self.shown < EVERY_SECONDS or not sys.stderr.isatty() or self.invocation.out.quiet:
            return
        self.shown, took = now, max(now - self.begun, 0.001)
        left = took * (1 - self.table.read) / max(self.table.read, 0.001)
        done = self.issued + self.rejected
        said = self.invocation.words("table.progress", done=done, rate=round(done / took), left=round(left))
        sys.stderr.write(f"\r\x1b[K{said}")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")


def issue_table(invocation: Invocation, source: Input, order: Order, asked: TableOrder) -> int:
    """Award an achievement to everybody in a table.

    1. Read what all awards share, and the headings; refuse before a passphrase is asked for.
    2. Row by row: compose, sign, and set aside; tell of what is wrong with a row.
    3. Verify the last credential; put the table of rejected rows in its place, and then what was signed.
    """
    created = checked(invocation, order)  # 1.
    result, rejects = outputs(source, order, asked)
    shared, described = read_draft(invocation, source.award or ""), read_draft(invocation, source.achievement or "")
    shared = with_records(shared, order.records)
    fresh = fresh_for(invocation, order.key, created)
    with ExitStack() as stack:
        table = stack.enter_context(opened_table(asked.csv or "", encoding_named(asked.encoding or "") or ENCODINGS[0]))
        try:
            achievement = read_achievement(described)
            columns = AwardTable(table.headings, renamed(asked.columns), shared, achievement)
        except CompositionError as error:
            tell(invocation, error, (source.achievement if isinstance(error, AchievementError) else asked.csv) or "")
            return Refused.status
        signing = signing_for(
            invocation,
            order.key,
            order.passphrase_file,
            suite=order.form_suite,
            proof_array=True,
            trial=asked.dry_run,
            disclosure=order.disclosure,
        )
        tokens = Tokens(signing, order, created)
        privacy = Privacy(linter_for(invocation, order), tokens, created)
        batch = (
            TokenBatch(tokens.sign, privacy.admit)
            if order.form in TOKENS
            else Batch(signing, created=created, admit=privacy.admit)
        )
        awards = AwardBatch(achievement, columns, fresh, batch)
        progress = Progress(invocation, table)
        try:
            typed = order.vct is not None
            places = stack.enter_context(reserved(asked.status, trial=asked.dry_run, tokens=typed))
            if places is not None:
                places.require_issuer(signing.profile.issuer)
            sink = sink_for(stack, result, tokens=order.form in TOKENS)
            rejected = stack.enter_context(staged_file(rejects)) if rejects else None
            mistakes = Rejects(rejected.file, table.headings, table.delimiter) if rejected else None
            asyncio.run(_issue_rows(awards, Placing(places, tokens), sink, mistakes, progress))  # 2.
            awards.batch.finish()  # 3.
        except (IssuanceError, StatusError) as error:
            progress.end()
            invocation.out.error(describe(error, invocation.words))
            return Refused.status
        progress.end()
        if mistakes is not None:
            mistakes.close()
        if rejected is not None and progress.rejected:
            rejected.release(force=asked.force)
        if tokens.last is not None:  # what a form has no place for is the same for all awards of an achievement
            remark_on_losses(invocation, tokens.last)
        betrays = remark_on_privacy(invocation, privacy.findings())
        released = bool(progress.issued) and not (asked.strict and (progress.rejected or betrays))
        if released:
            if places is not None:
                places.keep()  # first: a place that is lost harms nobody, one that is given out twice withdraws two
            sink.release(force=asked.force)
        _report(progress, awards.batch.tally, result if released else None, rejects, trial=asked.dry_run)
        if betrays and asked.strict:
            return Refused.status
    return Refused.status if progress.rejected or not progress.issued else 0


async def _issue_rows(
    awards: AwardBatch,
    placing: Placing,
    sink: Sink,
    mistakes: Rejects | None,
    progress: Progress,
) -> None:
    """Step 2."""
    width = len(progress.table.headings)
    for row in progress.table:
        try:
            credential = await _credential(awards, placing, row, progress)
        except RowError as error:
            progress.rejected += 1
            tell_of(progress, row, error.problems)
            if mistakes is not None:
                words = progress.invocation.words
                mistakes.add(row, [(one.heading, one.message, remedy_of(one, words)) for one in error.problems], width)
        else:
            sink.write(row.number, credential)
            progress.issued += 1
        progress.show()


async def _credential(awards: AwardBatch, placing: Placing, row: Row, progress: Progress) -> bytes:
    """The signed credential of a row; raises RowError."""
    if not row.whole:
        ragged = CliError("csv.cells", cells=len(row.cells), headings=len(progress.table.headings))
        told = describe(ragged, progress.invocation.words)
        raise RowError([Problem("", told["code"], told["message"], told["remedy"])])
    status = placing.next()
    try:
        return await awards.issue(row.cells, status)
    except RowError:
        placing.take_back()
        raise


def tell_of(progress: Progress, row: Row, problems: Sequence[Problem]) -> None:
    """What is wrong with a row, in the terminal; the table of rejected rows has it all."""
    if progress.rejected > TOLD_ROWS:
        return
    progress.end()
    out, words = progress.invocation.out, progress.invocation.words
    for one in problems:
        place = words("table.cell", row=row.number, heading=visible(one.heading))
        where = place if one.heading else words("table.row", row=row.number)
        told = {"message": visible(one.message), "remedy": visible(remedy_of(one, words)), "code": one.code}
        out.error(told, file=where)


def remedy_of(problem: Problem, words: Words) -> str:
    """What to do about it, in the language of the run where the catalogue has it."""
    key = f"error.{problem.code}.remedy"
    return words(key, remedy=problem.remedy) if key in words else problem.remedy


def _report(progress: Progress, tally: Tally, result: Path | None, rejects: Path | None, *, trial: bool) -> None:
    out = progress.invocation.out
    took = max(time.monotonic() - progress.begun, 0.001)
    rate = round(progress.issued / took)
    if trial:
        out.remark("table.trial", issued=progress.issued)
    elif result is None:
        out.remark("table.nothing")
    else:
        out.remark("table.issued", issued=progress.issued, name=result, seconds=f"{took:.1f}", rate=rate)
        out.remark("table.tally", templated=tally.templated, general=tally.general, verified=tally.verified)
    if progress.rejected:
        out.remark("table.rejected" if rejects else "table.would_reject", rejected=progress.rejected, name=rejects)


def outputs(source: Input, order: Order, asked: TableOrder) -> tuple[Path | None, Path | None]:
    """Where the credentials and the rejected rows go; nowhere on trial, but for rejected rows that were asked for."""
    given = (source.achievement, source.award)
    others = (source.file, source.endorsement, source.accreditation, order.token_status)
    if None in given or any(other is not None for other in others):
        raise CliError("usage.csv")
    if asked.encoding is not None and encoding_named(asked.encoding) is None:
        raise CliError("usage.choice", option="--encoding", value=asked.encoding, known=", ".join(ENCODINGS))
    if asked.out is None and not asked.dry_run:
        raise CliError("usage.missing", name="--out")
    result = None if asked.dry_run or asked.out is None else Path(asked.out).expanduser()
    named = Path(asked.rejects).expanduser() if asked.rejects else None
    rejects = named or (result.with_name(result.name + REJECTED) if result else None)
    for path in (result, rejects):  # before a passphrase is asked for
        replaceable = asked.force and (path is rejects or (path is not None and path.suffix == LINES))
        if path is not None and path.exists() and not replaceable:
            raise CliError("output.exists", name=path)
    return result, rejects


def sink_for(stack: ExitStack, result: Path | None, *, tokens: bool) -> Sink:
    """Where what is signed goes: a file with lines, or a folder."""
    if result is None:
        return Nowhere()
    if result.suffix == LINES:
        return Lines(stack.enter_context(staged_file(result)), tokens)
    return Folder(stack.enter_context(staged_folder(result)), tokens)


def renamed(columns: Sequence[str]) -> dict[str, str]:
    """What the headings mean, by heading."""
    pairs = [column.rpartition("=") for column in columns]
    for column, (heading, sign, _) in zip(columns, pairs, strict=True):
        if not sign or not heading.strip():
            raise CliError("usage.column", value=column)
    return {heading.strip(): name.strip() for heading, _, name in pairs}
