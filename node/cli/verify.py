"""`glejt verify`: the verdict on files, one or many, each for itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from node.app import sources
from node.cli.errors import CliError, describe, status_of
from node.cli.files import STDIN
from node.cli.inputs import (
    carried_by,
    credential_in,
    moment,
    policy_for,
    read_credential,
    read_file,
    read_list,
    trust_for,
)
from node.cli.invocation import Invocation
from node.cli.kinds import CAPSULE
from node.cli.many import MANY, READ_FROM_FOLDERS, Handed, Progress, each_document, in_order, is_folder
from node.cli.verdict_text import show
from node.config import allows_loopback
from node.credentials.errors import PictureError
from node.credentials.micro_credential.label import document_digest
from node.documents import MAX_CREDENTIAL_BYTES, MAX_PRESENTATION_BYTES, DocumentError, JsonValue
from node.verification.case import Request
from node.verification.check import CheckName
from node.verification.errors import CapsuleError
from node.verification.gather import gather
from node.verification.labels import is_label
from node.verification.linked_gathering import judged_with_resources
from node.verification.material import StatusListCopy, VerificationMaterial
from node.verification.policy import Policy
from node.verification.received import receive, subject_of
from node.verification.report import Report, Verdict
from node.verification.sources import Sources
from node.verification.trust import Trust
from node.verification.verify import verify

if TYPE_CHECKING:
    from anchoring.ledger import LedgerReader
    from node.adapters.judging.pool import Judges
    from node.cli.expected import Expected
    from node.cli.memory import Memory
    from node.verification.ledger_material import LedgerMaterial
    from node.verification.material import ResourceCopy
    from node.verification.opened_capsule import Opened

STATUS: Final[Mapping[Verdict, int]] = MappingProxyType(
    {Verdict.ACCEPTED: 0, Verdict.REJECTED: 1, Verdict.CANNOT_TELL: 20}
)
WORST_FIRST: Final = (1, 2, 20, 0)
"""What a run over many files says with its one status."""
WAITED_FOR: Final = 8
"""Files under way beside those that are judged: their hosts are being asked."""
MAX_JOBS: Final = 64
"""Processes; each takes some 60 MB."""
JOB_SECONDS: Final = 30.0
"""How long one document may be judged in a run over many: far beyond what honest ones take on a machine under load."""
PATIENCE_SECONDS: Final = 3600.0
"""How long a file waits for its turn: in a run over many there is nobody to be told to come back later."""


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
    label: tuple[str, ...] = ()
    expect: str | None = None
    jobs: str | None = None
    receipt: tuple[str, ...] = ()
    checkpoint: tuple[str, ...] = ()
    no_memory: bool = False
    accreditation: tuple[str, ...] = ()
    embedded: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """By what, and as of when, each file is judged."""

    policy: Policy
    trust: Trust
    request: Request | None
    at: datetime
    sources: Sources
    lists: tuple[StatusListCopy, ...] = ()
    labels: "tuple[LabelFile, ...]" = ()
    expected: "Expected | None" = None
    ledgers: "LedgerMaterial | None" = None
    memory: "Memory | None" = None
    capsule: "Opened | None" = None
    """The one that is being judged, of which whatever is fresher was gathered anew."""
    accreditations: "tuple[ResourceCopy, ...]" = ()

    @property
    def beside(self) -> tuple[JsonValue, ...]:
        """What was handed over with each file."""
        return (*(label.value for label in self.labels), *(self.capsule.beside if self.capsule else ()))

    def _with(self, capsule: "Opened") -> "Judge":
        return replace(
            self, capsule=capsule, lists=(*self.lists, *capsule.lists), ledgers=capsule.ledgers(self.ledgers)
        )

    async def report(self, data: bytes, judges: "Judges | None", capsule: "Opened | None" = None) -> Report:
        """The report on one document, by the processes where there are any; raises DocumentError for other bytes."""
        if capsule is not None:
            return await self._with(capsule).report(data, judges)
        subject = subject_of(data)
        material = await gather(
            subject,
            self.sources,
            self.trust,
            lists=self.lists,
            beside=self.beside,
            ledgers=self.ledgers,
            accreditations=self.accreditations,
            brought=self.capsule.accreditations if self.capsule else (),
        )
        if self.capsule is not None:
            material = self.capsule.within(material)

        async def judge(known: VerificationMaterial) -> Report:
            return await self._judged(data, subject, known, judges)

        report, material = await judged_with_resources(judge, material, self.sources)
        if self.memory is not None:
            self.memory.note(material, report)
        return report

    async def _judged(
        self, data: bytes, subject: JsonValue, material: VerificationMaterial, judges: "Judges | None"
    ) -> Report:
        if judges is None:
            return verify(
                subject, material, self.policy, self.at, trust=self.trust, request=self.request, beside=self.beside
            )
        from node.ports.judging import JudgesError  # noqa: PLC0415 -- most runs are over few files

        try:
            told = await judges.verify(data, material, self.policy, self.at, request=self.request, beside=self.beside)
        except JudgesError as error:
            raise CliError("judging", details=f"{error} ({error.code})") from error
        return Report.from_json(told, self.policy, self.at)


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A signed label that lies in a file; `digest` is what reports call it by."""

    name: str
    value: JsonValue
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one file: a report, or why there is none."""

    outcome: Report | CliError | DocumentError | PictureError | CapsuleError
    capsule: "Opened | None" = None

    @property
    def status(self) -> int:
        """The exit status of this file alone."""
        return STATUS[self.outcome.verdict] if isinstance(self.outcome, Report) else status_of(self.outcome)

    @property
    def labels(self) -> set[JsonValue]:
        """The digests of the labels that were compared with what is in this file."""
        if not isinstance(self.outcome, Report):
            return set()
        found = [credential.check(CheckName.CLASS).evidence.get("labels") for credential in self.outcome.credentials]
        return {digest for digests in found if isinstance(digests, list) for digest in digests}


def verify_files(invocation: Invocation, names: Sequence[str], question: Question, *, as_json: bool) -> int:
    """Answer for each file, in order; the status is the worst of them."""
    if [*names, *question.receipt, *question.checkpoint].count(STDIN) > 1:
        raise CliError("usage.stdin_twice")
    jobs = _jobs(question.jobs)
    request = _request(question)
    policy = policy_for(invocation, question.policy)
    lists = tuple(status_list(invocation, name) for name in question.status)
    labels = tuple(_label(invocation, name) for name in question.label)

    async def judged(trust: Trust, own: "LedgerReader | None" = None) -> int:
        judge = _judge(invocation, question, policy, request, trust=trust, own=own)
        status = await _verify_all(invocation, names, replace(judge, lists=lists, labels=labels), jobs, as_json=as_json)
        if judge.memory is not None:
            judge.memory.keep()
        return status

    trust = trust_for(invocation, question.trust)
    if question.embedded is None:
        return asyncio.run(judged(trust))
    from node.cli.embedded import with_embedded  # noqa: PLC0415 -- few verifiers have a chain

    return asyncio.run(with_embedded(invocation, trust, question.embedded, judged))


def _judge(  # noqa: PLR0913 -- by what is judged
    invocation: Invocation,
    question: Question,
    policy: Policy,
    request: Request | None,
    *,
    trust: Trust,
    own: "LedgerReader | None",
) -> Judge:
    memory = None if question.no_memory else _memory(invocation, trust)
    ledgers = _ledgers(question)
    return Judge(
        # Who asks for an answer relies on it; what a process reports is read by the policy that it judged by.
        policy=policy if request is None else replace(policy, requires=policy.requires | {CheckName.HOLDER}),
        trust=trust,
        request=request,
        at=moment("--at", question.at) if question.at else datetime.now(UTC).replace(microsecond=0),
        sources=sources(
            online=not (question.offline or invocation.settings.offline),
            loopback=allows_loopback(os.environ),
            remember=True,
            trust=trust,
            seen=memory.seen.blocks if memory is not None else (),
            own=own,
        ),
        expected=_expected(question.expect),
        ledgers=memory.within(ledgers) if memory is not None else ledgers,
        memory=memory,
        accreditations=_accreditations(question.accreditation),
    )


async def _verify_all(
    invocation: Invocation, names: Sequence[str], judge: Judge, jobs: int | None, *, as_json: bool
) -> int:
    """Answer for all of them.

    1. Few files are judged here, one after another. For many, processes are started, in which each document has a time
       and a memory of its own: one that is built to cost much does not keep the others from an answer.
    2. Several files are under way together, so that slow hosts are waited for side by side.
    3. Answers come in the order of the files; no more of them are held than are under way.
    """
    files = each_document(names)
    begun = list(islice(files, MANY))
    size = jobs or (1 if len(begun) < MANY else os.process_cpu_count() or 1)
    many = len(names) > 1 or [handed.name for handed in begun] != list(names)
    progress = Progress(invocation.out)
    statuses: set[int] = set()
    compared: set[JsonValue] = set()
    async with _processes(judge.trust, size) as judges:  # 1.

        async def work(handed: Handed) -> Answer:
            return await _answer(invocation, handed, judge, judges)

        width = 1 if len(begun) == 1 else WAITED_FOR + size  # 2.
        async for handed, answer in in_order(chain(begun, files), work, width):  # 3.
            _tell(invocation, handed.name, answer, judge.trust, as_json=as_json, many=many)
            statuses.add(answer.status)
            compared |= answer.labels
            progress.step(answer.status)
    progress.end()
    for label in judge.labels:
        if label.digest not in compared:
            invocation.out.remark("remark.label_unused", name=label.name)
    return next(status for status in WORST_FIRST if status in statuses)


@asynccontextmanager
async def _processes(trust: Trust, size: int) -> "AsyncIterator[Judges | None]":
    if size == 1:
        yield None
        return
    from node.adapters.judging.pool import Judges  # noqa: PLC0415 -- most runs are over few files

    waiting = WAITED_FOR + size
    async with Judges(trust=trust, size=size, seconds=JOB_SECONDS, waiting=waiting, patience=PATIENCE_SECONDS) as pool:
        yield pool


async def _answer(invocation: Invocation, handed: Handed, judge: Judge, judges: "Judges | None") -> Answer:
    """What is known of one file; one that cannot be read does not keep the others from an answer."""
    try:
        data, capsule = _data(invocation, handed)
        if judge.expected is not None:
            judge.expected.require(data)
        return Answer(await judge.report(data, judges, capsule), capsule)
    except (CliError, DocumentError, PictureError, CapsuleError) as error:
        return Answer(error)


def _data(invocation: Invocation, handed: Handed) -> "tuple[bytes, Opened | None]":
    """What is to be judged, and the capsule it was in; a folder stands for itself where nothing could be checked."""
    if handed.line is not None:
        return carried_by(invocation, handed.line, limit=MAX_PRESENTATION_BYTES, tokens=True).text, None
    name = handed.name
    if name != STDIN and is_folder(Path(name)):
        raise CliError("input.nothing_inside", name=name, kinds=", ".join(sorted(READ_FROM_FOLDERS)))
    file = read_file(invocation, name)
    if CAPSULE in file:
        from node.verification.opened_capsule import opened  # noqa: PLC0415 -- few files are capsules

        if (capsule := opened(file)) is not None:
            return capsule.document, capsule
    return credential_in(invocation, name, file, limit=MAX_PRESENTATION_BYTES), None


def _tell(  # noqa: PLR0913 -- an answer, and how it is to be told
    invocation: Invocation, name: str, answer: Answer, trust: Trust, *, as_json: bool, many: bool
) -> None:
    out, outcome = invocation.out, answer.outcome
    named = {"file": name} if many else {}
    if not isinstance(outcome, Report):
        told = describe(outcome, invocation.words)
        if as_json:
            out.answer_json({**named, "error": told})
        out.error(told, file=name)
        return
    told_of = {} if answer.capsule is None else {"capsule": answer.capsule.told(trust)}
    if answer.capsule is not None:
        from node.cli.capsule_inputs import remark_on_contexts  # noqa: PLC0415 -- as above

        remark_on_contexts(invocation, told_of["capsule"], name)
    if as_json:
        out.answer_json({**named, **outcome.to_json(), **told_of})
    else:
        show(invocation, outcome, heading=name if many else "", dated=answer.capsule is not None)


def _jobs(text: str | None) -> int | None:
    """How many files are to be judged at the same time, as typed."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_JOBS):
        raise CliError("usage.jobs", value=text, most=MAX_JOBS)
    return int(text)


def status_list(invocation: Invocation, name: str) -> StatusListCopy:
    """The copy of a status list that lies in a file, under the address that it calls its own."""
    from node.verification.brought import brought_list  # noqa: PLC0415 -- few verdicts need a list from a file

    text = read_list(invocation, name)
    copy = brought_list(text, datetime.now(UTC))
    if copy is None:
        raise CliError("input.no_status_list", name=name)
    return copy


def _label(invocation: Invocation, name: str) -> LabelFile:
    """A signed label that lies in a file."""
    value = subject_of(read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES))
    received = receive(value)
    if not is_label(received):
        raise CliError("input.no_label", name=name)
    return LabelFile(name, value, document_digest(received.value))


def _ledgers(question: Question) -> "LedgerMaterial | None":
    if not (question.receipt or question.checkpoint):
        return None
    from node.cli.ledger_inputs import read_ledgers  # noqa: PLC0415 -- few verdicts are asked with any

    return read_ledgers(question.receipt, question.checkpoint)


def _memory(invocation: Invocation, trust: Trust) -> "Memory | None":
    """What is remembered of chains; nothing else is, so that who trusts none has no memory."""
    if not trust.chains or invocation.settings.no_memory:
        return None
    from node.cli.memory import Memory  # noqa: PLC0415 -- few verifiers trust chains

    return Memory(invocation, trust)


def _accreditations(names: Sequence[str]) -> "tuple[ResourceCopy, ...]":
    if not names:
        return ()
    from node.cli.accrediting import read_accreditation  # noqa: PLC0415 -- few verdicts are asked with any

    return tuple(map(read_accreditation, names))


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
