"""From the signed document to the verdict, over ledgers: anchored, proven, and checked again without them."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from eth_hash.auto import keccak
from ledger_stages import NEEDS_NODE, STAGES
from ledger_support import SIGNER, checkpoint_of, commitments, naming, pending
from verification_support import ISSUER, badge, found, one

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.checkpoint import CheckpointTrust
from anchoring.layout import recovery_commitment
from anchoring.operations import AnchorValue, OpenNamespace
from anchoring.receipt import State
from anchoring.signing_key import SigningKey
from node.credentials.record_name import RecordName
from node.verification.chains import ChainKind, TrustedChain
from node.verification.checkpoint_signers import signer_of
from node.verification.gather import gather
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import VerificationMaterial
from node.verification.sources import Sources
from node.verification.trust import ListedIssuer, Trust, TrustList

AUTHORITY, GUARDIAN, THIEF = (SigningKey(bytes([number]) * 32) for number in (1, 3, 5))
OVER = ["memory", "devchain", "anvil by JSON-RPC"]


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.peer] if name in NEEDS_NODE else []) for name in OVER]
)
def stage(request):
    with ExitStack() as stack:
        stage = stack.enter_context(STAGES[request.param]())
        stack.enter_context(stage.runner)
        yield stage


def _opening(salt):
    return OpenNamespace(AUTHORITY.address, recovery_commitment(GUARDIAN.address, keccak(b"salt")), keccak(salt))


def _call(stage, operation, signer=AUTHORITY):
    ledger = stage.ledger
    typed = TypedCall.soon(
        operation, chain_id=ledger.chain.id, contract=ledger.contract.address, now=stage.now(), lifetime=3000
    )
    return asyncio.run(authorize(typed, signer))


def _trust(stage, name, kind=ChainKind.LOCAL, **members):
    chain = TrustedChain("Own", stage.ledger.chain, kind, stage.ledger.contract, ("http://127.0.0.1:1",), **members)
    entry = ListedIssuer(ISSUER.did, "Example University", "university.example", namespaces=frozenset([name]))
    return Trust(lists=(TrustList("demo", {ISSUER.did: entry}),), chains=(chain,))


def _now(stage):
    return datetime.fromtimestamp(stage.now() + 60, UTC)


def _gathered(stage, document, trust, receipt):
    async def resolve(did):
        raise AssertionError(did)

    sources = Sources(resolve, lambda: _now(stage), ledger=lambda _chain: stage.ledger)
    return stage.do(gather(document, sources, trust, ledgers=LedgerMaterial((receipt.encode(),))))


@pytest.mark.threat(107)
@pytest.mark.threat(114)
def test_a_document_is_anchored_and_checked_with_and_without_the_ledger(stage):
    opening = _opening(b"one")
    name = RecordName(stage.ledger.chain.id, stage.ledger.contract.address, opening.namespace)
    document = ISSUER.sign(badge(evidence=naming(name)))
    tree, receipt = pending(commitments(document)[0], name, document["id"])
    trust = _trust(stage, name)
    stage.settled(AuthorizedCall(opening))

    waiting = _gathered(stage, document, trust, receipt)
    assert found(one(document, material=waiting, trust=trust, at=_now(stage)), "anchor")[1] == "anchor.waiting"

    theft = _call(stage, AnchorValue(opening.namespace, tree.anchored), THIEF)
    stage.settled(theft)  # refused: he is not the authority
    robbed = _gathered(stage, document, trust, receipt)
    assert found(one(document, material=robbed, trust=trust, at=_now(stage)), "anchor")[1] == "anchor.waiting"

    stage.settled(_call(stage, AnchorValue(opening.namespace, tree.anchored)))
    material = _gathered(stage, document, trust, receipt)
    entry = one(document, material=material, trust=trust, at=_now(stage))
    assert found(entry, "anchor") == ("passed", "anchor.passed")

    block = stage.final()
    final = receipt.refreshed(
        stage.do(stage.ledger.prove([receipt.question], block)), block=block, contract=stage.ledger.contract
    )
    assert final.state is State.FINAL
    signed = checkpoint_of(block, stage.now())
    offline = VerificationMaterial.from_json(
        VerificationMaterial(ledgers=LedgerMaterial((final.encode(),), (signed,))).to_json()
    )
    signers = _trust(stage, name, checkpoints=_signers(stage))
    assert found(one(document, material=offline, trust=signers, at=_now(stage)), "anchor") == (
        "passed",
        "anchor.passed",
    )
    as_test = _trust(stage, name, ChainKind.TEST, checkpoints=_signers(stage))
    assert found(one(document, material=offline, trust=as_test, at=_now(stage)), "anchor")[1] == "anchor.test_network"
    unknown = replace(signers, chains=())
    assert found(one(document, material=offline, trust=unknown, at=_now(stage)), "anchor")[0] == "indeterminate"


def _signers(stage):
    return CheckpointTrust(stage.ledger.chain, frozenset({signer_of(SIGNER.public)}), 1)
