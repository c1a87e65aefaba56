"""Row 83: whether the signed end of a log stands on a chain, and receipts that do not belong to it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from audit_support import CONTRACT, receipt_of

from anchoring.checkpoint import Chain as BlockChain
from anchoring.checkpoint import TrustedBlock
from anchoring.errors import IndeterminateError
from anchoring.facts import Anchor
from anchoring.receipt import Finality
from anchoring.storage_proof import Contract, StorageProof
from node.issuance.errors import AuditError
from node.issuance.organisation.log import Head, check_export
from node.issuance.organisation.log_anchors import Standing, anchored_ends
from node.ports.oversight import SignedHead
from node.verification.chains import ChainKind, TrustedChain
from node.verification.trust import Trust

pytestmark = pytest.mark.threat(83)

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DID = "did:web:university.example"
NO_PROOF = StorageProof(b"", (), ())
"""What a receipt carries is not looked at where the chain is asked itself."""


class Chain:
    """A chain that says one thing of one question."""

    def __init__(self, fact, question=None, *, height=90):
        self.fact, self.question, self.height = fact, question, height

    async def final_block(self):
        if isinstance(self.fact, Exception):
            raise self.fact
        return TrustedBlock(TRUSTED.chain, self.height, b"\6" * 32)

    async def answer(self, question, block):
        assert block.number == self.height
        return self.fact if question == self.question else None


TRUSTED = TrustedChain("test", BlockChain(777, b"\3" * 32), ChainKind.PUBLIC, CONTRACT, rpc=("http://127.0.0.1:1",))
SIGNED = SignedHead(1, NOW, b"eyJ.signed.head")
END = Head(DID, "org-a", 1, b"\7" * 32, NOW)
FACT = Anchor(80, 1_790_000_000, 0, 0)


TRUST = Trust(chains=(TRUSTED,))


def ends(receipt, chain, trust=TRUST):
    (end,) = asyncio.run(anchored_ends([(END, SIGNED.signed, receipt.encode())], trust, lambda _: chain))
    return end


def test_an_end_stands_on_a_chain_where_the_chain_says_so():
    receipt = receipt_of(SIGNED, "org-a")
    end = ends(receipt, Chain(FACT, receipt.question))
    assert (end.standing, int(end.time.timestamp()), end.chain) == (Standing.ANCHORED, FACT.time, "eip155:777")
    final = replace(receipt, progress=Finality(FACT, NO_PROOF))
    assert (ends(final, Chain(FACT, receipt.question))).standing is Standing.ANCHORED
    assert (ends(receipt, Chain(None))).standing is Standing.WAITING
    assert (ends(final, Chain(None, height=79))).standing is Standing.WAITING
    gone = IndeterminateError("nobody answers", code="rpc.unreachable", remedy="Try again.")
    for chain, trust in ((Chain(gone), TRUST), (None, TRUST), (None, Trust())):
        assert (ends(receipt, chain, trust)).standing is Standing.UNKNOWN
    elsewhere = replace(TRUSTED, contract=Contract(b"\x09" * 20, b"\2" * 32))
    assert (ends(receipt, Chain(FACT, receipt.question), Trust(chains=(elsewhere,)))).standing is Standing.UNKNOWN


RECEIPT = receipt_of(SIGNED, "org-a")
FINAL = replace(RECEIPT, progress=Finality(FACT, NO_PROOF))
SAYING = Chain(FACT, RECEIPT.question)
WRONG = {
    "of another end": (receipt_of(replace(SIGNED, signed=b"eyJ.another.head"), "org-a"), SAYING),
    "of another log": (receipt_of(SIGNED, "org-b"), SAYING),
    "of another number": (receipt_of(SIGNED, "org-a", number=2), SAYING),
    "of another time": (FINAL, Chain(replace(FACT, time=FACT.time - 1), RECEIPT.question)),
    "of what its chain does not hold": (FINAL, Chain(None)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_receipt_is_refused(case):
    with pytest.raises(AuditError) as caught:
        ends(*WRONG[case])
    assert caught.value.code == "audit.receipt"


def test_what_is_no_receipt_is_refused():
    with pytest.raises(AuditError) as caught:
        asyncio.run(anchored_ends([(END, SIGNED.signed, b"no receipt")], Trust(), lambda _: None))
    assert caught.value.code == "audit.receipt"


def test_two_ends_of_one_number_that_differ_are_no_ends_of_one_log():
    with pytest.raises(AuditError) as caught:
        check_export([], [END, replace(END, digest=b"\0" * 32)])
    assert caught.value.code == "audit.contradicted"
