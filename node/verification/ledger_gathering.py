"""Gathering of what chains hold: only on chains that the verifier listed with nodes, and only what documents name.

1. Name the records: each that a credential of the subject names, on a chain whose nodes may be asked.
2. Find the questions: what the receipts that came with the subject lead to, and which status lists count where a
   credential promises heads of them.
3. Ask each chain, side by side: its last final block, and one proof of all answers at the end of it.

The questions tell the nodes what is asked about; that it is asked, whoever runs them sees. Nothing is judged.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from anchoring.errors import AnchoringError
from anchoring.facts import HeadOf, Question
from anchoring.heads import list_id
from anchoring.ledger import LedgerReader
from node.credentials.credential import Credential
from node.credentials.record_name import Promise, RecordName, named_records
from node.verification.chains import TrustedChain, is_test_network
from node.verification.ledger_material import FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import Origin, ResolutionFailure
from node.verification.records import decoded_receipts
from node.verification.sources import Sources
from node.verification.status_gathering import lists_of
from node.verification.subject import Handed, read_subject
from node.verification.trust import Trust

MAX_CHAINS: Final = 8
"""Chains that are asked for one subject."""
MAX_QUESTIONS: Final = 64
"""Questions to one chain; a batch of documents has one answer for all of them. A proof shows twice as many slots, and
no question of these kinds needs more than two."""
ASK_SECONDS: Final = 10.0
"""One chain, with all its nodes."""


@dataclass(slots=True)
class _Asked:
    """A chain, whoever answers for it, and what is asked."""

    chain: TrustedChain
    reader: LedgerReader
    questions: dict[Question, None] = field(default_factory=dict)


async def gather_ledgers(
    subject: Handed, sources: Sources, trust: Trust, held: LedgerMaterial | None
) -> LedgerMaterial | None:
    """What is held already, and what chains answer now; None where that is nothing. Never raises for either."""
    given = held or LedgerMaterial()
    asked = _asked(subject, sources, trust, given)
    if not asked:
        return given or None
    answers = await asyncio.gather(*(_ask(each, sources) for each in asked))
    for each, (block, fact, failure) in zip(asked, answers, strict=True):
        if block is not None and fact is not None:
            given = replace(given, blocks=(*given.blocks, block), facts=(fact, *given.facts))
        if failure is not None:
            given = replace(given, failures={**given.failures, each.chain.caip: failure})
    return given or None


def records_of(subject: Handed) -> list[RecordName]:
    """The records that the credentials of a subject name, each once."""
    return list(dict.fromkeys(_named(subject)))


def _named(subject: Handed) -> Iterator[RecordName]:
    for part in read_subject(subject).parts:
        if isinstance(part.value, dict) and "evidence" in part.value:
            yield from named_records(Credential(part.value).evidence).names


def _asked(subject: Handed, sources: Sources, trust: Trust, given: LedgerMaterial) -> list[_Asked]:
    found: dict[int, _Asked] = {}
    named = {name.record for name in records_of(subject)}  # 1.
    # 2. Which list counts comes first: strangers bring as many receipts as they like, with proofs of their own.
    for name, question in (*promised_heads(subject), *_receipts(given)):
        chain = trust.chain(name.chain_id)
        if name not in named or chain is None or is_test_network(chain.chain.id, chain.kind):
            continue
        if name.contract != chain.contract.address:
            continue
        each = found.get(chain.chain.id)
        if each is None and len(found) < MAX_CHAINS and (reader := sources.ledger(chain)) is not None:
            each = found[chain.chain.id] = _Asked(chain, reader)
        if each is not None and len(each.questions) < MAX_QUESTIONS:
            each.questions[question] = None
    return list(found.values())


def promised_heads(subject: Handed) -> Iterator[tuple[RecordName, HeadOf]]:
    """Where the heads stand that the credentials of a subject promise of their lists, and what to ask there."""
    for name, url in promised_lists(subject):
        yield name, HeadOf(name.namespace, list_id(url))


def promised_lists(subject: Handed) -> Iterator[tuple[RecordName, str]]:
    """The lists of which the credentials of a subject promise heads, each with the record that has to hold them."""
    for part in read_subject(subject).parts:
        if isinstance(part.value, dict) and "evidence" in part.value:
            for name in named_records(Credential(part.value).evidence).promising(Promise.HEADS):
                yield from [(name.record, url) for url in lists_of(part)]


def _receipts(given: LedgerMaterial) -> Iterator[tuple[RecordName, Question]]:
    for receipt in decoded_receipts(given.receipts):
        site = receipt.site
        yield RecordName(site.chain_id, site.contract, site.namespace), receipt.question


async def _ask(
    asked: _Asked, sources: Sources
) -> tuple[QuorumBlock | None, FactProof | None, ResolutionFailure | None]:
    """The last final block and the proof; or why there is none.  3."""
    chain, questions = asked.chain, tuple(asked.questions)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            block = await asked.reader.final_block()
            proof = await asked.reader.prove(questions, block)
    except TimeoutError:
        failure = ResolutionFailure("TIMEOUT", "the nodes of the chain took too long", sources.now())
        return None, None, failure
    except AnchoringError as error:
        return None, None, ResolutionFailure(error.code, str(error), sources.now())
    return (
        QuorumBlock(block.chain.id, block.chain.genesis, block.number, block.hash, Origin.LIVE),
        FactProof(chain.chain.id, chain.contract.address, questions, proof.encode(), Origin.LIVE),
        None,
    )
