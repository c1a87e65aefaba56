"""`glejt verify --node`: the verdict of a node on files. Its policies and its trust count, and nothing of this machine.

What a file carries is sent, and nothing else of it: no name of a file, and of a picture only the credential in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPMethod, HTTPStatus
from itertools import chain, islice
from typing import Final

from node.adapters.node_client import Answered, Asked, NodeClient, NodeClientError, bad_answer
from node.cli.errors import CliError, Refused, describe, status_of
from node.cli.expected import Expected
from node.cli.files import STDIN
from node.cli.inputs import carried_by, credential_in, read_file
from node.cli.invocation import Invocation
from node.cli.kinds import CAPSULE, foreign_kind
from node.cli.many import Handed, Progress, each_document, in_order
from node.cli.remote import Remote, require_node, require_none, with_node
from node.cli.verdict_text import show
from node.cli.verify import STATUS, WORST_FIRST, Question
from node.credentials.errors import PictureError, TimestampError
from node.credentials.timestamps import parse_timestamp
from node.documents import MAX_PRESENTATION_BYTES, DocumentError, JsonObject
from node.verification.check import CheckName
from node.verification.policy import BUILT_IN, DEFAULT, Policy, built_in
from node.verification.report import Report, Verdict

WIDTH: Final = 4
"""Documents that are with the node at one time: it has others to answer."""
_JSON: Final = "application/vc"
_TEXT: Final = "text/plain"
_CAPSULE: Final = "application/cbor"


@dataclass(frozen=True, slots=True)
class Judged:
    """A report as the node wrote it, and as it is read here."""

    written: JsonObject
    report: Report


type Outcome = Judged | CliError | DocumentError | PictureError | NodeClientError


def verify_remotely(
    invocation: Invocation, names: Sequence[str], question: Question, remote: Remote, *, as_json: bool
) -> int:
    """Answer for each file, in order; the status is the worst of them."""
    require_node(remote)
    require_none(
        offline=question.offline,
        trust=question.trust,
        at=question.at,
        status=question.status,
        label=question.label,
        receipt=question.receipt,
        checkpoint=question.checkpoint,
        accreditation=question.accreditation,
        embedded=question.embedded,
        jobs=question.jobs,
        no_memory=question.no_memory,
    )
    if list(names).count(STDIN) > 1:
        raise CliError("usage.stdin_twice")
    if question.domain is not None and question.challenge is None:
        raise CliError("usage.request")
    expected = None if question.expect is None else Expected.named(question.expect)

    async def work(client: NodeClient) -> int:
        async def answer(handed: Handed) -> Outcome:
            try:
                data, media_type = _data(invocation, handed)
                if expected is not None:
                    expected.require(data)
                return await _judged(client, data, media_type, question)
            except (CliError, DocumentError, PictureError) as error:
                return error
            except NodeClientError as error:
                return error

        files = each_document(names)
        begun = list(islice(files, 2))
        many = len(names) > 1 or [handed.name for handed in begun] != list(names)
        progress, statuses = Progress(invocation.out), set[int]()
        async for handed, outcome in in_order(chain(begun, files), answer, WIDTH):
            status = _tell(invocation, handed.name, outcome, as_json=as_json, many=many)
            statuses.add(status)
            progress.step(status)
        progress.end()
        return next(status for status in WORST_FIRST if status in statuses)

    return with_node(invocation, remote, work)


def _data(invocation: Invocation, handed: Handed) -> tuple[bytes, str]:
    """What is sent, and as what."""
    if handed.line is not None:
        data = carried_by(invocation, handed.line, limit=MAX_PRESENTATION_BYTES, tokens=True).text
    else:
        file = read_file(invocation, handed.name)
        if CAPSULE in file and foreign_kind(file) not in {"png", "svg", "pdf"}:
            return file, _CAPSULE if foreign_kind(file) == "capsule" else _JSON
        data = credential_in(invocation, handed.name, file, limit=MAX_PRESENTATION_BYTES)
    return data, _JSON if data.lstrip().startswith((b"{", b"[", b"\xef\xbb\xbf")) else _TEXT


async def _judged(client: NodeClient, data: bytes, media_type: str, question: Question) -> Judged:
    given = {"policy": question.policy, "challenge": question.challenge, "domain": question.domain}
    query = tuple((name, value) for name, value in given.items() if value is not None)
    # A challenge that was drawn by the node is spent by its verdict: asked again, the answer would be another.
    drawn = question.challenge is not None
    answer = await client.ask(
        Asked(
            HTTPMethod.POST,
            "/credentials/verify",
            query,
            data,
            media_type,
            takes=(HTTPStatus.OK, HTTPStatus.BAD_REQUEST),
            again=not drawn,
        )
    )
    return read_judged(answer, asked=drawn)


def read_judged(answer: Answered, *, asked: bool) -> Judged:
    """The report in an answer; status, `verified` and report have to say the same, and the report to fit together."""
    told = answer.json()
    written = told.get("report")
    if written is None and told.get("verified") is False and answer.status == HTTPStatus.BAD_REQUEST:
        errors = told.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        if isinstance(first, dict):
            raise Refused("remote.spent", details=f"{first.get('detail')} ({first.get('code')})")
    if not isinstance(written, dict):
        raise bad_answer(answer.origin, "answers without a report")
    try:
        report = Report.from_json(written, _policy(str(written["policy"]), asked=asked), _moment(written))
        stated = Verdict(str(written["verdict"]))
    except (KeyError, TypeError, ValueError, TimestampError) as error:
        raise bad_answer(answer.origin, f"answers with a report that cannot be read ({type(error).__name__})") from None
    accepted = stated is Verdict.ACCEPTED
    if (
        report.verdict is not stated
        or told.get("verified") is not accepted
        or (answer.status == HTTPStatus.OK) != accepted
    ):
        raise bad_answer(answer.origin, "answers with a verdict that its report does not bear out")
    return Judged(written, report)


def _policy(name: str, *, asked: bool) -> Policy:
    """A policy by the name that stands in a report; what another one of the node's own requires is not known here."""
    policy = built_in(name) if name in BUILT_IN else replace(built_in(DEFAULT), name=name)
    return replace(policy, requires=policy.requires | {CheckName.HOLDER}) if asked else policy


def _moment(written: JsonObject) -> datetime:
    return parse_timestamp(str(written["at"]))


def _tell(invocation: Invocation, name: str, outcome: Outcome, *, as_json: bool, many: bool) -> int:
    """Tell the answer on one file; its exit status."""
    out = invocation.out
    named = {"file": name} if many else {}
    if isinstance(outcome, Judged):
        if as_json:
            out.answer_json({**named, **outcome.written})
        else:
            show(invocation, outcome.report, heading=name if many else "")
        return STATUS[outcome.report.verdict]
    told = describe(outcome, invocation.words)
    if as_json:
        out.answer_json({**named, "error": told})
    out.error(told, file=name)
    return status_of(outcome)
