"""`glejt issue --csv --node`: an achievement awarded by a node to everybody in a table, a request for each row.

A run that is cut off is run again: what was issued comes back, and nothing is issued twice (`remote_run`). What is
wrong with a row is told of that row. Where the node itself is the trouble, the run stops, and can go on later.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from node.adapters.node_client import NodeClient, NodeClientError, NodeProblemError
from node.cli.composing import read_draft, tell
from node.cli.errors import CliError, Refused, describe
from node.cli.files import staged_file
from node.cli.invocation import Invocation
from node.cli.issue import Input, Order, TableOrder, linter_for, remark_on_privacy
from node.cli.issue_table import Folder, Lines, Progress, Sink, outputs, remedy_of, renamed, sink_for, tell_of
from node.cli.many import in_order
from node.cli.remote import Remote, with_node
from node.cli.remote_issue import Profile, Signed, Wanted, of_profile, profile_of, signed_by
from node.cli.remote_run import Run, content_of
from node.cli.table import ENCODINGS, Rejects, Row, Table, encoding_named, opened_table
from node.credentials.achievement import Achievement, read_achievement
from node.credentials.award_table import AwardTable
from node.credentials.compose import check_whole
from node.credentials.errors import AchievementError, CompositionError
from node.documents import JsonObject, JsonValue, UnsecuredDocument
from node.issuance.award_batch import AwardBatch, Problem, RowError
from node.issuance.privacy import PrivacyFinding, PrivacyLinter
from node.issuance.token_batch import TokenBatch

WIDTH: Final = 4
"""Rows that are with the node at one time."""
_OF_A_ROW: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What a node answers of what was sent; everything else is about the node, or about who asks."""
_OF_ALL: Final = ("issuance.profile", "key_store.", "vault.")
"""… unless the code says that no row would fare better."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rows of one table share."""

    client: NodeClient | None
    """None on trial: nothing is sent."""
    profile: Profile
    wanted: Wanted
    achievement: Achievement
    columns: AwardTable
    run: Run
    linter: PrivacyLinter
    found: dict[PrivacyFinding, None]

    async def issue(self, row: Row, headings: list[str]) -> Signed | RowError:
        """The credential of a row, or what is wrong with the row; raises what stops the run."""
        own, signed = self.run.of(content_of(headings, row.cells)), Signed(b"", token=False)

        async def send(document: UnsecuredDocument) -> str:
            nonlocal signed
            if self.client is not None:
                try:
                    signed = await signed_by(self.client, self.wanted, document, own.request)
                except NodeProblemError as error:
                    if error.status not in _OF_A_ROW or error.code.startswith(_OF_ALL):
                        raise
                    raise RowError([Problem("", error.code, str(error), error.remedy)]) from error
            return ""

        fresh = own.fresh(self.profile.did, self.run.at)
        batch = AwardBatch(self.achievement, self.columns, fresh, TokenBatch(send, self._admit))
        try:
            await batch.issue(row.cells)
        except RowError as error:
            return error
        return signed

    def _admit(self, document: JsonObject) -> None:
        check_whole(document)
        self.found.update(dict.fromkeys(self.linter.look(UnsecuredDocument(document))))


def issue_table_remotely(invocation: Invocation, source: Input, order: Order, asked: TableOrder, remote: Remote) -> int:
    """Award an achievement to everybody in a table.

    1. Read what all awards share, and the headings; refuse before anything is sent.
    2. Row by row: compose, have it issued, and set it aside; tell of what is wrong with a row.
    3. Put the table of rejected rows in its place, and then what was issued.
    """
    profile = remote.needed_profile  # 1.
    result, rejects = outputs(source, order, asked)
    shared, described = read_draft(invocation, source.award or ""), read_draft(invocation, source.achievement or "")
    with ExitStack() as stack:
        table = stack.enter_context(opened_table(asked.csv or "", encoding_named(asked.encoding or "") or ENCODINGS[0]))
        names = renamed(asked.columns)
        try:
            achievement = read_achievement(described)
            columns = AwardTable(table.headings, names, shared, achievement)
        except CompositionError as error:
            tell(invocation, error, (source.achievement if isinstance(error, AchievementError) else asked.csv) or "")
            return Refused.status
        sink = sink_for(stack, result, tokens=False)
        rejected = stack.enter_context(staged_file(rejects)) if rejects else None
        mistakes = Rejects(rejected.file, table.headings, table.delimiter) if rejected else None
        progress, found = Progress(invocation, table), dict[PrivacyFinding, None]()

        async def work(client: NodeClient) -> None:
            known = await profile_of(client, profile)
            made_of: dict[str, JsonValue] = {
                "node": client.address.origin,
                "profile": profile,
                "issuer": known.did,
                "files": [described, shared],
                "columns": dict(names),
                "mandatory": list(order.mandatory),
            }
            run = Run.beside(result, made_of)
            if run.resumed:
                invocation.out.remark("remark.remote_resumed", time=run.at, name=result)
            desk = Desk(
                client=None if asked.dry_run else client,
                profile=known,
                wanted=Wanted(profile, order.mandatory, remote.headers),
                achievement=achievement,
                columns=columns,
                run=run,
                linter=linter_for(invocation, of_profile(known)),
                found=found,
            )
            await _issue_rows(desk, table, sink, mistakes, progress)
            found.update(dict.fromkeys(desk.linter.rare()))

        try:
            with_node(invocation, remote, work)  # 2.
        except (NodeClientError, CliError):
            progress.end()
            if progress.issued:
                invocation.out.remark("remark.remote_stopped", issued=progress.issued)
            raise
        progress.end()
        if mistakes is not None:
            mistakes.close()
        if rejected is not None and progress.rejected:  # 3.
            rejected.release(force=asked.force)
        remark_on_privacy(invocation, list(found))
        if progress.issued:
            sink.release(force=asked.force)
        _report(invocation, progress, result=result, rejects=rejects, trial=asked.dry_run)
    return Refused.status if progress.rejected or not progress.issued else 0


async def _issue_rows(desk: Desk, table: Table, sink: Sink, mistakes: Rejects | None, progress: Progress) -> None:
    """Step 2: some rows are with the node at one time, and answers are taken in the order of the rows."""
    width, words = len(table.headings), progress.invocation.words

    async def work(row: Row) -> Signed | RowError:
        if not row.whole:
            told = describe(CliError("csv.cells", cells=len(row.cells), headings=width), words)
            return RowError([Problem("", told["code"], told["message"], told["remedy"])])
        return await desk.issue(row, table.headings)

    async for row, outcome in in_order(iter(table), work, WIDTH):
        if isinstance(outcome, RowError):
            progress.rejected += 1
            tell_of(progress, row, outcome.problems)
            if mistakes is not None:
                told = [(one.heading, one.message, remedy_of(one, words)) for one in outcome.problems]
                mistakes.add(row, told, width)
        else:
            _as(sink, token=outcome.token).write(row.number, outcome.data)
            progress.issued += 1
        progress.show()


def _as(sink: Sink, *, token: bool) -> Sink:
    """The sink for what is a token, or is not: a profile says which only by what it signs."""
    return replace(sink, tokens=token) if isinstance(sink, Lines | Folder) else sink


def _report(invocation: Invocation, progress: Progress, *, result: object, rejects: object, trial: bool) -> None:
    out = invocation.out
    if trial:
        out.remark("table.trial", issued=progress.issued)
    elif not progress.issued:
        out.remark("table.nothing")
    else:
        out.remark("remark.remote_table", issued=progress.issued, name=result)
    if progress.rejected:
        out.remark("table.rejected" if rejects else "table.would_reject", rejected=progress.rejected, name=rejects)
