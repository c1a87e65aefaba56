"""Making a capsule: which contexts its documents need, proofs under blocks that others vouch for, and what it lacks.

What is gathered is put in as it is; nothing is taken out of a document, and nothing is judged but for one purpose: a
rehearsal says what somebody with the same trust, and no network, could not check.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from anchoring.checkpoint import SignedCheckpoint, TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.facts import Question
from anchoring.header import Header
from anchoring.ledger import LedgerReader
from anchoring.receipt import Finality
from anchoring.storage_proof import StorageProof
from node.credentials.contexts import Contexts
from node.documents import DocumentError, JsonValue
from node.verification.capsule import MAX_CONTEXTS, Capsule
from node.verification.chains import TrustedChain
from node.verification.check import CheckName, Outcome
from node.verification.checkpoint_signers import signed_by
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.received import subject_of
from node.verification.records import decoded_receipts
from node.verification.report import CredentialReport, Report
from node.verification.sources import FindLedger
from node.verification.subject import read_subject
from node.verification.trust import NO_TRUST, Trust
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary

REHEARSED: Final = (CheckName.CONTEXT, CheckName.ISSUER_KEY, CheckName.STATUS, CheckName.ANCHOR)
"""Checks that a capsule is made for; who is shown a document, and who guarantees it, is another matter. Why a signature
cannot be tried, one of them says."""
LATER: Final = "archive"
"""The policy of those who check when the issuer is gone."""
NESTED: Final = 32
"""How deep contexts are looked for, as deep as documents go."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What could not be checked by a capsule alone: which check of which document, and why."""

    place: str
    check: CheckName
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NeededBlock:
    """A block under which something in a capsule is proven: who has no reason to trust it needs a checkpoint of it."""

    chain_id: int
    number: int
    hash: bytes


def make_capsule(
    documents: Sequence[bytes],
    material: VerificationMaterial = EMPTY,
    *,
    made: datetime,
    beside: Sequence[bytes] = (),
    trust: Trust = NO_TRUST,
) -> Capsule:
    """The capsule of documents, exactly as they were received, with what was gathered for them; raises CapsuleError.

    The contexts are those that the documents name, by the digests of what this verifier takes them for.
    """
    texts = [*documents, *beside, *(copy.content.encode() for copy in material.status_lists)]
    known = vocabulary(trust.contexts).contexts
    return Capsule.of(documents, material, made=made, beside=beside, contexts=dict(needed_contexts(texts, known)))


def needed_contexts(texts: Iterable[bytes], known: Contexts) -> Iterator[tuple[str, str]]:
    """The contexts that documents name, wherever in them, each with the digest of its one form; none unknown."""
    found: dict[str, None] = {}
    for text in texts:
        for value in _documents(text):
            found |= dict.fromkeys(_contexts(value, NESTED))
    for url in [url for url in found if url in known][:MAX_CONTEXTS]:
        yield url, known.digest(url)


async def proven_under_checkpoints(
    material: VerificationMaterial, trust: Trust, ledger: FindLedger, at: datetime
) -> VerificationMaterial:
    """The same with what nodes proved just now proven once more, at the blocks of the checkpoints among it.

    Who gets the capsule may have those checkpoints and no other. Chains whose nodes do not remember so far are left.
    """
    ledgers = material.ledgers
    if ledgers is None:
        return material
    added: list[FactProof] = []
    for chain, block in _checkpoint_blocks(ledgers, trust, at):
        reader = ledger(chain)
        asked = tuple(
            dict.fromkeys(
                question
                for fact in ledgers.facts
                if fact.origin is Origin.LIVE and fact.chain_id == chain.chain.id
                for question in fact.questions
            )
        )
        if reader is not None and asked:
            added += await _proven(reader, chain, asked, block)
    return replace(material, ledgers=replace(ledgers, facts=(*ledgers.facts, *added)))


def rehearse(capsule: Capsule, trust: Trust, at: datetime, *, blocks: LedgerMaterial | None = None) -> Report:
    """The report of somebody who has the capsule and this trust, and nothing else.

    With the blocks of `blocks`, which nodes agreed on, it is as if there were checkpoints of them.
    """
    material = capsule.material
    if blocks is not None and material.ledgers is not None:
        material = replace(material, ledgers=replace(material.ledgers, blocks=blocks.blocks))
    return verify(
        subject_of(capsule.subject_bytes),
        material,
        built_in(LATER),
        at,
        trust=trust,
        beside=capsule.beside_values,
    )


def lacks_in(report: Report) -> Iterator[Lack]:
    """What a rehearsal could not check for want of something in the capsule."""
    for number, entry in enumerate(report.credentials, start=1):
        for name in REHEARSED:
            check = entry.check(name)
            if check.outcome is Outcome.INDETERMINATE and "because" not in check.evidence:
                yield Lack(_place(entry, number), name, check.code, check.message)


def needed_blocks(capsule: Capsule) -> tuple[NeededBlock, ...]:
    """The blocks that proofs in a capsule end in, each once, the latest of each chain first.

    Files of histories on chains name their own blocks and are left out.
    """
    ledgers = capsule.material.ledgers or LedgerMaterial()
    found: dict[NeededBlock, None] = {}
    for fact in ledgers.facts:
        try:
            header = StorageProof.decode(fact.proof).header
            found[_block(fact.chain_id, header)] = None
        except AnchoringError:
            continue
    for receipt in decoded_receipts(ledgers.receipts):
        if isinstance(receipt.progress, Finality):
            try:
                found[_block(receipt.site.chain_id, receipt.progress.proof.header)] = None
            except AnchoringError:
                continue
    return tuple(sorted(found, key=lambda block: (block.chain_id, -block.number)))


async def _proven(
    reader: LedgerReader, chain: TrustedChain, asked: tuple[Question, ...], block: TrustedBlock
) -> list[FactProof]:
    try:
        proof = await reader.prove(asked, block)
    except AnchoringError:
        return []  # the proof under the last final block remains
    return [FactProof(chain.chain.id, chain.contract.address, asked, proof.encode(), Origin.LIVE)]


def _checkpoint_blocks(
    ledgers: LedgerMaterial, trust: Trust, at: datetime
) -> Iterator[tuple[TrustedChain, TrustedBlock]]:
    for data in ledgers.checkpoints:
        for chain in trust.chains:
            if chain.checkpoints is not None:
                try:
                    yield chain, chain.checkpoints.accept(SignedCheckpoint.decode(data), check=signed_by, at=at)
                except AnchoringError:
                    continue


def _block(chain_id: int, header: bytes) -> NeededBlock:
    read = Header.parse(header)
    return NeededBlock(chain_id, read.number, read.hash)


def _place(entry: CredentialReport, number: int) -> str:
    identifier = entry.summary.get("id")
    return identifier if isinstance(identifier, str) else str(number)


def _documents(text: bytes) -> Iterator[JsonValue]:
    """What a text says: the JSON itself, and what is in envelopes in it."""
    try:
        subject = subject_of(text)
    except DocumentError:
        return
    yield subject
    found = read_subject(subject)
    for part in (*((found.presentation,) if found.presentation else ()), *found.parts):
        yield part.value


def _contexts(value: JsonValue, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "@context":
                yield from (url for url in (member if isinstance(member, list) else [member]) if isinstance(url, str))
            else:
                yield from _contexts(member, depth - 1)
    elif isinstance(value, list):
        for member in value:
            yield from _contexts(member, depth - 1)
