"""Asking chains: whom the trust file lists, about what documents name and receipts lead to, within bounds."""

import asyncio
import time
from dataclasses import dataclass, field, replace

import pytest
from ledger_support import (
    CHAIN,
    NAME,
    STRANGE,
    HandMadeState,
    anchored,
    block_of,
    checkpoint,
    naming,
    trusted_chain,
    trusting,
)
from verification_support import AT, ISSUER, badge, found, one, presentation

from anchoring.checkpoint import Chain
from anchoring.errors import UnprovenError
from anchoring.layout import slots_of
from anchoring.receipt import Mined
from node.verification import ledger_gathering
from node.verification.chains import ChainKind
from node.verification.gather import gather
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin
from node.verification.sources import Sources
from node.verification.trust import Trust

TRUST = trusting(ISSUER)
DOCUMENT = ISSUER.sign(badge(evidence=naming()))
CASE = anchored(DOCUMENT)
PENDING = replace(CASE.receipt, progress=None)


@dataclass
class Node:
    """A LedgerReader over one state."""

    state: HandMadeState
    chain: Chain = CHAIN
    error: Exception | None = None
    seconds: float = 0.0
    asked: list = field(default_factory=list)

    @property
    def contract(self):
        return self.state.contract

    async def final_block(self):
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return block_of(self.state, self.chain)

    async def prove(self, questions, block):
        self.asked.append(tuple(questions))
        assert block.hash == self.state.hash
        return self.state.proof(slot for question in self.asked[-1] for slot in slots_of(question))


def _gathered(node, subject=DOCUMENT, trust=TRUST, held=LedgerMaterial((PENDING.encode(),)), called=None):  # noqa: B008 -- frozen
    def ledger(chain):
        if called is not None:
            called.append(chain.chain.id)
        return node

    async def resolve(did):
        raise AssertionError(did)

    return asyncio.run(gather(subject, Sources(resolve, lambda: AT, ledger=ledger), trust, ledgers=held))


def test_a_receipt_is_proven_under_a_block_that_nodes_agree_on():
    node = Node(CASE.record.state)
    for receipt in (PENDING, PENDING.mined(900, bytes(32)), CASE.receipt):
        material = _gathered(node, held=LedgerMaterial((receipt.encode(),)))
        assert found(one(DOCUMENT, material=material, trust=TRUST), "anchor") == ("passed", "anchor.passed")
        (block,), (fact,) = material.ledgers.blocks, material.ledgers.facts
        assert (block.origin, fact.origin) == (Origin.LIVE, Origin.LIVE)
        assert block.genesis == CHAIN.genesis
    assert node.asked == [(PENDING.question,)] * 3


def test_what_was_gathered_and_saved_counts_again_where_nobody_touched_it():
    material = _gathered(Node(CASE.record.state))
    own = type(material).from_json(material.to_json(), own=True)
    assert found(one(DOCUMENT, material=own, trust=TRUST), "anchor") == ("passed", "anchor.passed")
    handed_over = type(material).from_json(material.to_json())
    assert found(one(DOCUMENT, material=handed_over, trust=TRUST), "anchor") == ("indeterminate", "anchor.waiting")


def test_an_anchor_that_is_not_there_yet():
    material = _gathered(Node(HandMadeState({})))
    assert found(one(DOCUMENT, material=material, trust=TRUST), "anchor") == ("indeterminate", "anchor.waiting")


@pytest.mark.threat(91)
def test_a_node_that_answers_what_is_not_proven_is_not_believed():
    """The block that it calls final has another state than its proof."""
    lying = Node(CASE.record.state)
    other = HandMadeState({}, number=lying.state.number + 1)

    async def made_up():
        return block_of(other)

    lying.final_block = made_up
    lying.prove = lambda questions, _block: Node(CASE.record.state).prove(questions, block_of(CASE.record.state))
    material = _gathered(lying)
    assert found(one(DOCUMENT, material=material, trust=TRUST), "anchor") == ("indeterminate", "anchor.waiting")


@pytest.mark.parametrize(
    ("error", "seconds", "code"),
    [
        (UnprovenError("gone", code="ledger.unknown_block", remedy="x"), 0.0, "ledger.unknown_block"),
        (None, 5.0, "TIMEOUT"),
    ],
)
def test_nodes_that_do_not_answer_leave_what_came_with_the_file(error, seconds, code, monkeypatch):
    monkeypatch.setattr(ledger_gathering, "ASK_SECONDS", 0.05)
    held = LedgerMaterial((CASE.receipt.encode(),), (CASE.checkpoint,))
    material = _gathered(Node(CASE.record.state, error=error, seconds=seconds), held=held)
    assert material.ledgers.failures["eip155:1"].code == code
    assert replace(material.ledgers, failures={}) == held
    assert found(one(DOCUMENT, material=material, trust=TRUST), "anchor") == ("passed", "anchor.passed")


@pytest.mark.parametrize(
    ("subject", "trust", "held"),
    [
        (ISSUER.sign(badge()), TRUST, LedgerMaterial((PENDING.encode(),))),
        (DOCUMENT, Trust(), LedgerMaterial((PENDING.encode(),))),
        (DOCUMENT, trusting(ISSUER, chains=[trusted_chain(ChainKind.TEST)]), LedgerMaterial((PENDING.encode(),))),
        (DOCUMENT, TRUST, LedgerMaterial()),
        (DOCUMENT, TRUST, LedgerMaterial((b"no receipt",), (CASE.checkpoint,))),
        (
            ISSUER.sign(badge(evidence=naming(replace(NAME, namespace=STRANGE)))),
            TRUST,
            LedgerMaterial((PENDING.encode(),)),
        ),
        (7, TRUST, LedgerMaterial((PENDING.encode(),))),
    ],
    ids=[
        "names no record",
        "no chain",
        "a test network",
        "nothing held",
        "no receipt",
        "another record",
        "no document",
    ],
)
def test_nobody_is_asked_about_what_no_document_names(subject, trust, held):
    called, node = [], Node(CASE.record.state)
    material = _gathered(node, subject, trust, held, called)
    assert called == []
    assert node.asked == []
    assert (material.ledgers or LedgerMaterial()) == held


def test_nobody_is_there_to_be_asked():
    assert _gathered(None).ledgers == LedgerMaterial((PENDING.encode(),))
    assert _gathered(None, held=None).ledgers is None


def test_many_documents_are_asked_about_at_once_and_so_far():
    documents = [ISSUER.sign(badge(id=f"urn:uuid:{number}", evidence=naming())) for number in range(3)]
    record = CASE.record
    cases = [anchored(document, record=record) for document in documents]
    node = Node(record.state)
    held = LedgerMaterial(tuple(replace(case.receipt, progress=Mined(1, bytes(32))).encode() for case in cases) * 2)
    material = _gathered(node, presentation(*documents), held=held)
    assert len(node.asked) == 1
    assert len(node.asked[0]) == 3
    receipts = [replace(PENDING, place=replace(PENDING.place, root=bytes([number]) * 32)) for number in range(100)]
    node.asked.clear()
    _gathered(node, held=LedgerMaterial(tuple(receipt.encode() for receipt in receipts)))
    assert [len(questions) for questions in node.asked] == [ledger_gathering.MAX_QUESTIONS]
    assert material.ledgers.failures == {}


def test_chains_are_asked_side_by_side_and_so_many():
    names = [replace(NAME, chain_id=number) for number in range(1, 20)]
    chains = [trusted_chain(chain=Chain(name.chain_id, CHAIN.genesis)) for name in names]
    trust = trusting(ISSUER, names=names, chains=[replace(chain, name=chain.caip) for chain in chains])
    documents = [ISSUER.sign(badge(id=f"urn:uuid:{name.chain_id}", evidence=naming(name))) for name in names]
    site = PENDING.site
    receipts = [replace(PENDING, site=replace(site, chain_id=name.chain_id)).encode() for name in names]
    called: list[int] = []
    slow = Node(CASE.record.state, seconds=0.2)
    begun = time.monotonic()
    _gathered(slow, presentation(*documents), trust, LedgerMaterial(tuple(receipts)), called)
    assert len(called) == ledger_gathering.MAX_CHAINS
    assert time.monotonic() - begun < 0.2 * ledger_gathering.MAX_CHAINS


def test_a_checkpoint_alone_is_kept():
    held = LedgerMaterial((), (checkpoint(CASE.record.state),))
    assert _gathered(Node(CASE.record.state), held=held).ledgers == held
