"""`glejt anchor run`: signed credentials into a batch, the batch onto the chain, a receipt for each.

1. Each document is read, its signature checked, and that it names the record; what would not count is left out.
2. What is in no batch yet is stored as one, salts and all, before anything is sent; receipts are written at once.
3. Batches that are not final, of this run and of earlier ones, are brought to the chain.
4. Receipts are written anew, as far as the anchor has come.

A run that was cut off is simply run again: what is in a batch stays in that one, so there is one anchor, and the same
receipts. Nothing of it is held in memory but one batch.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anchoring.calls import AuthoritySigner
from anchoring.ledger import CallProgress
from anchoring.operations import AnchorValue
from anchoring.receipt import Finality, Mined
from anchoring.transactions.store import StoredCall
from node.app import sources
from node.cli.anchor_chain import (
    Authority,
    ChainOptions,
    Office,
    authority_of,
    follow,
    namespace_named,
    run_on_chain,
    state_status,
)
from node.cli.anchor_namespace import coins
from node.cli.anchor_receipts import ReceiptFiles
from node.cli.errors import CliError, Coded, Refused, Unknowable, describe, status_of
from node.cli.files import STDIN
from node.cli.inputs import carried_by, read_credential, trust_for
from node.cli.invocation import Invocation
from node.cli.many import READ_FROM_FOLDERS, Handed, each_document, is_folder
from node.cli.verify import WORST_FIRST
from node.config import allows_loopback
from node.credentials.errors import PictureError
from node.credentials.record_name import RecordName
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject
from node.issuance.anchor import anchor_batch, require_authority
from node.issuance.anchor_batches import MAX_DOCUMENTS, Receipts, StoredBatch
from node.issuance.anchorable import Anchorable, anchorables
from node.issuance.errors import AnchoringRefused, UncheckedError
from node.issuance.namespaces import Namespace
from node.verification.gather import gather
from node.verification.keys import KeyRing
from node.verification.policy import built_in
from node.verification.received import subject_of
from node.verification.records import moment
from node.verification.sources import Sources
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

TOLD: Final = 20
"""Documents that are left out and told of in the terminal; --json has them all."""
EVERY_SECONDS: Final = 0.5
_NO_LINE: Final = b""
"""Stands for a line that was read: what is held is not the document but where it stands."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked of `anchor run`, as typed."""

    files: Sequence[str]
    namespace: str | None
    authority: Authority
    out: str | None = None
    offline: bool = False
    wait: bool = False


@dataclass(slots=True)
class Tally:
    """How many documents came to what."""

    taken: int = 0
    before: int = 0
    refused: int = 0
    unchecked: int = 0
    shown: float = 0.0
    begun: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> int:
        """The exit status as far as documents go."""
        return Refused.status if self.refused else Unknowable.status if self.unchecked else 0


@dataclass(frozen=True, slots=True)
class Checker:
    """Finds out what is anchored of a document."""

    name: RecordName
    trust: Trust
    outside: Sources

    async def of(self, data: bytes) -> tuple[Anchorable, ...]:
        """What is anchored; raises AnchoringRefused and DocumentError."""
        subject = subject_of(data)
        material = await gather(subject, self.outside, self.trust)
        ring = KeyRing(material, self.trust, built_in(), datetime.now(UTC))
        return anchorables(subject, self.name, ring, vocabulary(self.trust.contexts))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: batches that were not final before it, their calls, and the receipts that were written."""

    batches: tuple[StoredBatch, ...]
    calls: tuple[CallProgress, ...]
    files: ReceiptFiles


class Spool:
    """What was taken, on the disk for the length of a run: where each document stands, and what is anchored of it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by `close`

    def add(self, handed: Handed, documents: Sequence[Anchorable]) -> None:
        """Note one document."""
        told = [[each.commitment.hex(), each.subject.hex()] for each in documents]
        self._file.write(json.dumps([handed.name, handed.line is not None, told]) + "\n")

    def __iter__(self) -> Iterator[tuple[Handed, tuple[Anchorable, ...]]]:
        self._file.seek(0)
        for line in self._file:
            name, is_line, told = json.loads(line)
            documents = tuple(Anchorable(bytes.fromhex(one), bytes.fromhex(subject)) for one, subject in told)
            yield Handed(name, _NO_LINE if is_line else None), documents

    def close(self) -> None:
        """Forget it."""
        self._file.close()


def run(invocation: Invocation, options: ChainOptions, asked: Run, *, as_json: bool) -> int:
    """Anchor signed credentials; without any, go on with what was begun."""
    if STDIN in asked.files:
        raise CliError("anchor.stdin")
    folder = None if asked.out is None else Path(asked.out).expanduser()
    if folder is not None and not folder.is_dir():
        raise CliError("output.unwritable", name=folder, reason=os.strerror(2))
    namespace = namespace_named(asked.namespace)
    signer = authority_of(invocation, asked.authority)
    trust = trust_for(invocation, options.trust)
    outside = sources(
        online=not (asked.offline or invocation.settings.offline),
        loopback=allows_loopback(os.environ),
        remember=True,
        trust=trust,
    )
    checker = Checker(namespace.name, trust, outside)

    async def work(opened: Office) -> int:
        opened.require(namespace.name)
        intake = Intake(opened, checker, folder, Tally(), Spool())
        done = await _run(opened, namespace, signer, intake, asked)
        return await _report(opened, intake.tally, done, as_json=as_json)

    return run_on_chain(invocation, options, work, name=namespace.name)


@dataclass(slots=True)
class Intake:
    """Takes documents up, a batch at a time: steps 1 and 2, and later 4."""

    opened: Office
    checker: Checker
    folder: Path | None
    tally: Tally
    spool: Spool
    files: ReceiptFiles = field(init=False)
    made: Receipts = field(init=False)

    def __post_init__(self) -> None:
        self._anew()

    async def collect(self, names: Sequence[str]) -> None:
        """Check each document, and store what is new in batches; write the receipts that there are then."""
        pending: list[tuple[Handed, tuple[Anchorable, ...]]] = []
        count = 0
        for done, handed in enumerate(each_document(names)):
            documents = await checked(self.opened.invocation, self.checker, handed, self.tally)
            pending.append((Handed(handed.name, None if handed.line is None else _NO_LINE), documents))
            count += len(documents)
            _show(self.opened.invocation, self.tally, done)
            if count >= MAX_DOCUMENTS:
                self._seal(pending)
                pending, count = [], 0
        if pending:
            self._seal(pending)
        self.files.close(release=True)
        _end_line(self.tally)

    def write_again(self) -> None:
        """Write the receipts of what was taken anew, as far as anchors have come."""
        self._anew()
        for handed, documents in self.spool:
            self._write(handed, documents)
        self.files.close(release=True)

    def close(self) -> None:
        """Leave nothing behind that is not finished."""
        self.files.close(release=False)
        self.spool.close()

    def _anew(self) -> None:
        self.files = ReceiptFiles(self.folder)
        chain = self.opened.chain
        self.made = Receipts(self.opened.desk.orders.batches, chain.chain.id, chain.contract)

    def _seal(self, pending: Sequence[tuple[Handed, tuple[Anchorable, ...]]]) -> None:
        """Store what is new as a batch; then, and not before, write receipts."""
        desk, record = self.opened.desk, self.checker.name.namespace
        commitments = [each.commitment for _, documents in pending for each in documents]
        if commitments:
            sealed = desk.orders.batches.seal(record, commitments, now=int(desk.now()))
            self.tally.before += sealed.before
            self.tally.taken += 0 if sealed.batch is None else sealed.batch.documents
        for handed, documents in pending:
            self._write(handed, documents)
            self.spool.add(handed, documents)

    def _write(self, handed: Handed, documents: Sequence[Anchorable]) -> None:
        found = {each.commitment: self.made.of(self.checker.name.namespace, each) for each in documents}
        self.files.put(handed, {each: receipt for each, receipt in found.items() if receipt is not None})


async def _run(opened: Office, namespace: Namespace, signer: AuthoritySigner, intake: Intake, asked: Run) -> Outcome:
    record = namespace.name.namespace
    await require_authority(opened.desk, record, signer)
    try:
        await intake.collect(asked.files)  # 1. and 2.
        brought, calls = await _bring(opened, namespace, signer, wait=asked.wait)  # 3.
        if any(batch.progress is not None for batch in opened.desk.orders.batches.batches(record)):
            intake.write_again()  # 4.
    finally:
        intake.close()
    return Outcome(brought, calls, intake.files)


async def checked(invocation: Invocation, checker: Checker, handed: Handed, tally: Tally) -> tuple[Anchorable, ...]:
    """What is anchored of one document; nothing, where it was told why."""
    try:
        return await checker.of(_read(invocation, handed))
    except (AnchoringRefused, CliError, DocumentError, PictureError) as error:
        unchecked = isinstance(error, UncheckedError) or status_of(error) == Unknowable.status
        if unchecked:
            tally.unchecked += 1
        else:
            tally.refused += 1
        if tally.refused + tally.unchecked <= TOLD and isinstance(error, CliError | Coded):
            _end_line(tally)
            invocation.out.error(describe(error, invocation.words), file=handed.name)
        return ()


def _read(invocation: Invocation, handed: Handed) -> bytes:
    if handed.line is None:
        if is_folder(Path(handed.name)):
            raise CliError("input.nothing_inside", name=handed.name, kinds=", ".join(sorted(READ_FROM_FOLDERS)))
        return read_credential(invocation, handed.name, limit=MAX_CREDENTIAL_BYTES)
    return carried_by(invocation, handed.line, limit=MAX_CREDENTIAL_BYTES, tokens=True).text


async def _bring(
    opened: Office, namespace: Namespace, signer: AuthoritySigner, *, wait: bool
) -> tuple[tuple[StoredBatch, ...], tuple[CallProgress, ...]]:
    """Step 3: order what anchors each batch that is not final, follow that, and keep what has come of it."""
    desk, record = opened.desk, namespace.name.namespace
    batches = desk.orders.batches.batches(record, unfinished=True)
    ids: dict[bytes, None] = {}
    for batch in batches:
        ids |= dict.fromkeys(await anchor_batch(desk, batch, signer, namespace.opening))
    told = await follow(opened, list(ids), wait=wait)
    final = {batch.number for batch in await desk.prove_batches(batches)}
    for call in told.calls:
        if isinstance(call.operation, AnchorValue):
            for batch in batches:
                if batch.value == call.operation.value and batch.number not in final:
                    await desk.note_mined(batch, call, opened.access.look)
    return batches, told.calls


async def _report(opened: Office, tally: Tally, done: Outcome, *, as_json: bool) -> int:
    out, words = opened.invocation.out, opened.invocation.words
    for name in done.files.conflicts[:TOLD]:
        out.error(describe(CliError("anchor.receipt_conflict", name=name), words), file=name)
    known = {batch.number: batch for batch in opened.desk.orders.batches.batches()}
    batches = [known[batch.number] for batch in done.batches]
    stored = [await opened.desk.orders.calls.find(call.id) for call in done.calls]
    cost = sum(dearest(each) for each in stored if each is not None)
    documents = sum(batch.documents for batch in batches)
    if as_json:
        counts: JsonObject = {
            "anchored": tally.taken,
            "before": tally.before,
            "refused": tally.refused,
            "unchecked": tally.unchecked,
            "receipts": done.files.written,
            "costAtMost": str(cost),
        }
        out.answer_json({"network": opened.network(), **counts, "batches": [batch_json(batch) for batch in batches]})
    else:
        out.answer(words("anchor.taken", taken=tally.taken, before=tally.before, receipts=done.files.written))
        for batch in batches:
            state = words(f"anchor.state.{state_of(batch)}")
            out.answer(words("anchor.batch", number=batch.number, documents=batch.documents, state=state))
        if documents and cost:
            out.answer(words("anchor.cost", cost=coins(cost), each=coins(cost // documents)))
    if tally.refused + tally.unchecked:
        out.remark("anchor.left_out", count=tally.refused + tally.unchecked)
    found = {tally.status, state_status(opened, done.calls), Refused.status if done.files.conflicts else 0}
    return next(status for status in WORST_FIRST if status in found)


def state_of(batch: StoredBatch) -> str:
    """How far the anchor of a batch has come."""
    return "pending" if batch.progress is None else "final" if batch.final else "mined"


def batch_json(batch: StoredBatch) -> JsonObject:
    """A batch, as answers in JSON tell it."""
    progress = batch.progress
    anchor = progress.anchor if isinstance(progress, Finality) else None
    return {
        "number": batch.number,
        "value": f"0x{batch.value.hex()}",
        "documents": batch.documents,
        "state": state_of(batch),
        "block": progress.block if isinstance(progress, Mined) else None if anchor is None else anchor.block,
        "time": None if anchor is None else format_timestamp(moment(anchor.time)),
    }


def dearest(call: StoredCall) -> int:
    """What the transactions of a call may cost at the most, in wei: of those with one number only one is paid."""
    by_number: dict[int, int] = {}
    for each in call.attempts:
        by_number[each.nonce] = max(by_number.get(each.nonce, 0), each.gas * each.fees.maximum)
    return sum(by_number.values())


def _show(invocation: Invocation, tally: Tally, done: int) -> None:
    """How far it is, on standard error where that is a terminal."""
    now = time.monotonic()
    if now - tally.shown < EVERY_SECONDS or not sys.stderr.isatty() or invocation.out.quiet:
        return
    tally.shown = now
    rate = round(done / max(now - tally.begun, 0.001))
    sys.stderr.write(f"\r\x1b[K{invocation.words('anchor.progress', done=done, rate=rate)}")
    sys.stderr.flush()


def _end_line(tally: Tally) -> None:
    if tally.shown:
        tally.shown = 0.0
        sys.stderr.write("\r\x1b[K")
