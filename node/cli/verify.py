"""`glejt verify`: the verdict on files, one after another."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from node.app import sources
from node.cli.errors import CliError, describe, status_of
from node.cli.files import STDIN
from node.cli.inputs import moment, policy_for, read_credential, read_list, subject_in, trust_for
from node.cli.invocation import Invocation
from node.cli.verdict_text import show
from node.config import allows_loopback
from node.credentials.errors import PictureError
from node.documents import MAX_PRESENTATION_BYTES, DocumentError
from node.verification.case import Request
from node.verification.gather import gather
from node.verification.linked_gathering import gather_resources, wanted_resources
from node.verification.material import Origin, StatusListCopy
from node.verification.policy import Policy
from node.verification.received import read_text
from node.verification.report import Report, Verdict
from node.verification.sources import Sources
from node.verification.trust import Trust
from node.verification.verify import verify

if TYPE_CHECKING:
    from node.cli.expected import Expected

STATUS: Final[Mapping[Verdict, int]] = MappingProxyType(
    {Verdict.ACCEPTED: 0, Verdict.REJECTED: 1, Verdict.CANNOT_TELL: 20}
)
WORST_FIRST: Final = (1, 2, 20, 0)
"""What a run over many files says with its one status."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of `verify`, as typed."""

    policy: str | None
    trust: str | None
    at: str | None
    challenge: str | None
    domain: str | None
    offline: bool
    status: tuple[str, ...] = ()
    expect: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """By what, and as of when, each file is judged."""

    policy: Policy
    trust: Trust
    request: Request | None
    at: datetime
    sources: Sources
    lists: tuple[StatusListCopy, ...] = ()
    expected: "Expected | None" = None
    fetched: dict[str, StatusListCopy] = field(default_factory=dict)
    """The status lists that were fetched for earlier files of this run, by address."""

    async def report(self, data: bytes) -> Report:
        """The report on one document; raises DocumentError for bytes that are none."""
        subject = subject_in(data)
        material = await gather(subject, self.sources, self.trust, lists=(*self.lists, *self.fetched.values()))
        self.fetched.update({copy.url: copy for copy in material.status_lists if copy.origin is Origin.LIVE})
        report = verify(subject, material, self.policy, self.at, trust=self.trust, request=self.request)
        if not wanted_resources(report):
            return report
        material = await gather_resources(report, material, self.sources)
        return verify(subject, material, self.policy, self.at, trust=self.trust, request=self.request)


def verify_files(invocation: Invocation, names: Sequence[str], question: Question, *, as_json: bool) -> int:
    """Answer for each file, in order; the status is the worst of them."""
    if names.count(STDIN) > 1:
        raise CliError("usage.stdin_twice")
    judge = Judge(
        policy=policy_for(invocation, question.policy),
        trust=trust_for(invocation, question.trust),
        request=_request(question),
        at=moment("--at", question.at) if question.at else datetime.now(UTC).replace(microsecond=0),
        sources=sources(
            online=not (question.offline or invocation.settings.offline), loopback=allows_loopback(os.environ)
        ),
        lists=tuple(_status_list(invocation, name) for name in question.status),
        expected=_expected(question.expect),
    )
    many = len(names) > 1
    statuses = {_one(invocation, name, judge, as_json=as_json, many=many) for name in names}
    return next(status for status in WORST_FIRST if status in statuses)


def _one(invocation: Invocation, name: str, judge: Judge, *, as_json: bool, many: bool) -> int:
    """Answer for one file and return its status; a file that cannot be read does not keep the others from an answer."""
    out = invocation.out
    named = {"file": name} if many else {}
    try:
        data = read_credential(invocation, name, limit=MAX_PRESENTATION_BYTES)
        if judge.expected is not None:
            judge.expected.require(data)
        report = asyncio.run(judge.report(data))
    except (CliError, DocumentError, PictureError) as error:
        told = describe(error, invocation.words)
        if as_json:
            out.answer_json({**named, "error": told})
        out.error(told, file=name)
        return status_of(error)
    if as_json:
        out.answer_json({**named, **report.to_json()})
    else:
        show(invocation, report, heading=name if many else "")
    return STATUS[report.verdict]


def _status_list(invocation: Invocation, name: str) -> StatusListCopy:
    """The copy of a status list that lies in a file, under the address that it calls its own."""
    text = read_list(invocation, name)
    document = read_text(text).value
    url = document.get("id") if isinstance(document, dict) else None
    if not isinstance(url, str):
        raise CliError("input.no_status_list", name=name)
    return StatusListCopy(url, text, Origin.FILE, datetime.now(UTC))


def _expected(text: str | None) -> "Expected | None":
    if text is None:
        return None
    from node.cli.expected import Expected  # noqa: PLC0415 -- few verdicts are asked with a page in hand

    return Expected.named(text)


def _request(question: Question) -> Request | None:
    """What the holder was asked to answer: a challenge and a domain belong together."""
    if question.challenge is None and question.domain is None:
        return None
    if question.challenge is None or question.domain is None:
        raise CliError("usage.request")
    return Request(question.challenge, question.domain)
