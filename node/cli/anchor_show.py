"""`glejt anchor status`, `receipt`, `refresh`, `verify`: how far anchors have come, and what shows them."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anchoring.checkpoint import TrustedBlock
from anchoring.errors import AnchoringError, IndeterminateError
from anchoring.facts import AnchorOf
from anchoring.receipt import Receipt, Site
from anchoring.storage_proof import StorageProof
from anchoring.transactions.store import StoredCall
from node.app import sources
from node.cli.anchor_chain import ChainOptions, Office, call_json, call_text, namespace_named, run_on_chain
from node.cli.anchor_namespace import coins
from node.cli.anchor_receipts import SUFFIX, ReceiptFiles, read_receipt
from node.cli.anchor_run import TOLD, Checker, Tally, batch_json, checked, dearest, state_of
from node.cli.errors import CliError, Coded, Refused, Unknowable, describe
from node.cli.files import STDIN, write_whole
from node.cli.inputs import read_credential, trust_for
from node.cli.invocation import Invocation
from node.cli.ledger_inputs import read_ledgers
from node.cli.many import each_document, is_folder
from node.cli.output import visible
from node.cli.verify import STATUS
from node.config import allows_loopback
from node.credentials.record_name import RecordName
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject
from node.issuance.anchor_batches import Receipts, StoredBatch
from node.issuance.errors import NotAnchorableError
from node.verification.check import CheckName, Outcome
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.received import subject_of
from node.verification.records import moment
from node.verification.report import Verdict
from node.verification.verify import verify
from node.verification.wording import wording

ANCHOR_ROW: Final = 5
"""Of the seven rows of a verdict."""
_VERDICTS: Final = {Outcome.PASSED: Verdict.ACCEPTED, Outcome.FAILED: Verdict.REJECTED}


def status(invocation: Invocation, options: ChainOptions, namespace: str | None, *, as_json: bool) -> int:
    """Say what is under way, what it costs, what stands in the way, and what is next; nothing is asked of any node."""
    named = None if namespace is None else namespace_named(namespace)

    async def work(opened: Office) -> int:
        orders = opened.desk.orders
        calls = await orders.calls.open_calls()
        batches = orders.batches.batches(None if named is None else named.name.namespace)
        waiting = [batch for batch in batches if not batch.final]
        if as_json:
            opened.invocation.out.answer_json(
                {
                    "network": opened.network(),
                    "calls": [_call_json(each) for each in calls],
                    "batches": [batch_json(batch) for batch in waiting],
                    "finished": len(batches) - len(waiting),
                }
            )
            return 0
        out, words = invocation.out, invocation.words
        out.answer(words("anchor.finished", batches=len(batches) - len(waiting), documents=_documents(batches)))
        for batch in waiting:
            state = words(f"anchor.state.{state_of(batch)}")
            told = words("anchor.batch", number=batch.number, documents=batch.documents, state=state)
            out.answer(f"{told} {words('anchor.since', time=format_timestamp(moment(batch.sealed_at)))}")
        for each in calls:
            kind, state = type(each.call.operation).__name__, call_text(opened, each.progress)
            out.answer(visible(words("anchor.call", kind=kind, state=state, cost=coins(dearest(each)))))
            if each.progress.problem:
                out.answer(f"  {visible(problem_text(invocation, each.progress.problem))}", "amber")
        if calls or waiting:
            out.remark("anchor.go_on")
        return 0

    return run_on_chain(invocation, options, work, name=None if named is None else named.name, write=False)


def problem_text(invocation: Invocation, code: str) -> str:
    """What stands in the way, in words."""
    key = f"anchor.problem.{code}"
    return invocation.words(key) if key in invocation.words else code


def receipts(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    options: ChainOptions,
    files: Sequence[str],
    namespace: str | None,
    *,
    out: str | None,
    offline: bool,
    as_json: bool,
) -> int:
    """Make the receipts of documents that were anchored, or make them newer; takes the journal, and no key."""
    if STDIN in files:
        raise CliError("anchor.stdin")
    folder = None if out is None else Path(out).expanduser()
    if folder is not None and not folder.is_dir():
        raise CliError("output.unwritable", name=folder, reason=os.strerror(2))
    named, trust = namespace_named(namespace), trust_for(invocation, options.trust)
    outside = sources(
        online=not (offline or invocation.settings.offline),
        loopback=allows_loopback(os.environ),
        remember=True,
        trust=trust,
    )
    checker = Checker(named.name, trust, outside)

    async def work(opened: Office) -> int:
        opened.require(named.name)
        record, store = named.name.namespace, opened.desk.orders.batches
        try:
            await opened.desk.prove_batches(store.batches(record, unfinished=True))
        except IndeterminateError as error:
            _remark(invocation, error)
        made = Receipts(store, opened.chain.chain.id, opened.chain.contract)
        tally, placed, states = Tally(), ReceiptFiles(folder), set[str]()
        try:
            for handed in each_document(files):
                documents = await checked(invocation, checker, handed, tally)
                made_of = {document.commitment: made.of(record, document) for document in documents}
                found = {each: receipt for each, receipt in made_of.items() if receipt is not None}
                states.update(receipt.state.value for receipt in found.values())
                if documents and not found:
                    tally.refused += 1
                    if tally.refused <= TOLD:
                        invocation.out.error(describe(_unknown(), invocation.words), file=handed.name)
                placed.put(handed, found)
            placed.close(release=True)
        finally:
            placed.close(release=False)
        if as_json:
            listed: list[str] = sorted(states)
            invocation.out.answer_json({"network": opened.network(), "receipts": placed.written, "states": [*listed]})
        else:
            state = ", ".join(invocation.words(f"anchor.state.{each}") for each in sorted(states))
            invocation.out.answer(invocation.words("anchor.receipts", count=placed.written, states=state))
        return Refused.status if placed.conflicts else tally.status

    return run_on_chain(invocation, options, work, name=named.name, write=False)


def refresh(invocation: Invocation, options: ChainOptions, names: Sequence[str], *, as_json: bool) -> int:
    """Prove receipts again under the newest final block; anyone can, and no key is needed."""
    paths = list(_receipt_files(names))
    read = {path: read_receipt(path) for path in paths}
    if not read:
        raise CliError("anchor.no_receipts")
    site = next(iter(read.values())).site

    async def work(opened: Office) -> int:
        block = await opened.desk.reader.final_block()
        proofs: dict[AnchorOf, StorageProof] = {}
        worst = 0
        for path, receipt in read.items():
            try:
                fresh = await _refreshed(opened, receipt, block, proofs)
            except AnchoringError as error:
                worst = max(worst, Unknowable.status if isinstance(error, IndeterminateError) else Refused.status)
                if isinstance(error, Coded):
                    invocation.out.error(describe(error, invocation.words), file=str(path))
                continue
            write_whole(path, fresh.encode(), force=True)
            if as_json:
                invocation.out.answer_json({"file": str(path), "network": opened.network(), "block": block.number})
            else:
                invocation.out.answer(visible(invocation.words("anchor.refreshed", name=path, number=block.number)))
        return worst

    return run_on_chain(invocation, options, work, name=_name(site), write=False)


async def _refreshed(
    opened: Office, receipt: Receipt, block: TrustedBlock, proofs: dict[AnchorOf, StorageProof]
) -> Receipt:
    if receipt.question not in proofs:
        proofs[receipt.question] = await opened.desk.reader.prove([receipt.question], block)
    return receipt.refreshed(proofs[receipt.question], block=block, contract=opened.chain.contract)


def verify_anchor(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    options: ChainOptions,
    file: str,
    receipt_files: Sequence[str],
    checkpoints: Sequence[str],
    *,
    offline: bool,
    as_json: bool,
) -> int:
    """Say whether a receipt shows the anchor of a document: the check `anchor` of a verdict, and nothing else of it."""
    document = subject_of(read_credential(invocation, file, limit=MAX_CREDENTIAL_BYTES))
    named = list(receipt_files) or [f"{file}{SUFFIX}"]
    if not (receipt_files or Path(named[0]).exists()):
        raise CliError("anchor.no_receipt", name=file)
    held = read_ledgers(named, checkpoints)
    first = read_receipt(Path(named[0]))
    trust = trust_for(invocation, options.trust)
    outside = sources(
        online=not (offline or invocation.settings.offline), loopback=allows_loopback(os.environ), trust=trust
    )

    async def judged(opened: Office | None) -> int:
        known, asked = trust, outside
        if opened is not None and trust.chain(opened.chain.chain.id) is None:
            known = replace(trust, chains=(*trust.chains, opened.chain))
        if opened is not None:
            reader, number = opened.access.reader, opened.chain.chain.id
            asked = replace(outside, ledger=lambda chain: reader if chain.chain.id == number else None)
        material = await gather(document, asked, known, ledgers=held)
        report = verify(document, material, built_in(), datetime.now(UTC), trust=known)
        worst = Verdict.ACCEPTED
        for entry, said in zip(report.credentials, wording(report, invocation.words.language).credentials, strict=True):
            check = entry.check(CheckName.ANCHOR)
            found = _VERDICTS.get(check.outcome, Verdict.CANNOT_TELL)
            worst = max(worst, found, key=[Verdict.ACCEPTED, Verdict.CANNOT_TELL, Verdict.REJECTED].index)
            if as_json:
                invocation.out.answer_json(check.to_json())
            else:
                invocation.out.answer(said.rows[ANCHOR_ROW - 1].text)
        return STATUS[worst]

    if offline or (options.embedded is None and options.chain is None):
        return asyncio.run(judged(None))
    return run_on_chain(invocation, options, judged, name=_name(first.site), write=False)


def _name(site: Site) -> RecordName:
    return RecordName(site.chain_id, site.contract, site.namespace)


def _receipt_files(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name).expanduser()
        if is_folder(path):
            yield from sorted(path.rglob(f"*{SUFFIX}"))
        else:
            yield path


def _call_json(each: StoredCall) -> JsonObject:
    told = call_json(each.progress)
    return {"operation": type(each.call.operation).__name__, **told, "costAtMost": str(dearest(each))}


def _documents(batches: Sequence[StoredBatch]) -> int:
    return sum(batch.documents for batch in batches if batch.final)


def _remark(invocation: Invocation, error: Exception) -> None:
    if isinstance(error, Coded):
        invocation.out.remark("anchor.unproven", details=str(error))


def _unknown() -> NotAnchorableError:
    return NotAnchorableError(
        "it is in no batch of this journal",
        code="anchoring.receipt",
        remedy="Anchor it with glejt anchor run, or name the journal in which it was: --journal",
    )
