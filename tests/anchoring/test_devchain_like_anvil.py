"""The same calls at the same blocks and times leave the same words in the same slots as on anvil."""

import asyncio

import pytest
from anvil_support import running_chain
from devchain_support import START, Sender, devchain
from eth_hash.auto import keccak

from anchoring.calls import AuthorizedCall, TypedCall, accepted, authorize
from anchoring.deployments import Deployment, KeylessDeployment
from anchoring.devchain.machine import CONTRACTS
from anchoring.layout import proven_facts, recovery_commitment, slots_of
from anchoring.ledger import ENDLESS, AccreditationOf, AnchorOf, HeadOf, HistoryEntry, StateOf
from anchoring.operations import (
    Accredit,
    AnchorValue,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)
from anchoring.signing_key import SigningKey
from anchoring.storage_proof import ABSENT, proven

pytestmark = pytest.mark.peer

AUTHORITY, SUCCESSOR, GUARDIAN = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
LIST, ONE, TWO, SUBJECT, SCOPE, SALT = (keccak(name) for name in (b"list", b"1", b"2", b"subject", b"scope", b"salt"))
OPENING = OpenNamespace(AUTHORITY.address, recovery_commitment(GUARDIAN.address, SALT), SALT)
SPACE = OPENING.namespace
LINE = (SPACE, SUBJECT, SCOPE)
QUESTIONS = [
    AnchorOf(SPACE, ONE),
    AnchorOf(SPACE, TWO),
    HeadOf(SPACE, LIST),
    HeadOf(SPACE, TWO),
    AccreditationOf(*LINE, 0),
    AccreditationOf(*LINE, 1),
    HistoryEntry(SPACE, 0),
    HistoryEntry(SPACE, 1),
    StateOf(SPACE),
]
FIRST = 10
"""The block in which the story begins on both."""


def calls(chain_id, contract):
    """A story for one chain: what is signed names it, what is stored does not."""

    def signed(operation, signer=AUTHORITY):
        return asyncio.run(authorize(TypedCall(operation, chain_id, contract, START + 3000), signer))

    def consent(successor):
        return asyncio.run(accepted(SPACE, successor, chain_id=chain_id, contract=contract, deadline=START + 3000))

    following = recovery_commitment(SUCCESSOR.address, SALT)
    return [
        AuthorizedCall(OPENING),
        signed(AnchorValue(SPACE, ONE)),
        signed(SetHead(SPACE, LIST, ONE, 7, START + 90_000)),
        signed(SetHead(SPACE, TWO, ONE, 2**64 - 1, ENDLESS)),
        signed(Accredit(*LINE, 0, 1_700_000_000, ENDLESS, ONE)),
        signed(WithdrawAccreditation(*LINE, 0)),
        signed(Accredit(*LINE, 1, 1_700_000_000, START + 90_000, TWO)),
        signed(RotateAuthority(SPACE, 1, SUCCESSOR.address, consent(SUCCESSOR))),
        signed(
            RequestRecovery(SPACE, 1, AUTHORITY.address, following, SALT, consent(AUTHORITY), GUARDIAN.address),
            GUARDIAN,
        ),
    ]


def on_anvil():
    """The words of the story's slots, and what they say, on anvil."""
    factory, trust = KeylessDeployment.factory(), Deployment.named("TrustAnchor")
    with running_chain("--disable-default-create2-deployer", "--timestamp", str(START - 60)) as chain:
        chain.ask("anvil_setBalance", "0x" + factory.sender.hex(), hex(factory.cost))
        chain.ask("eth_sendRawTransaction", "0x" + factory.transaction.hex())
        chain.ask("evm_mine")
        for name in CONTRACTS:
            deployment = Deployment.named(name)
            chain.transact(deployment.factory, deployment.data)
        while chain.block().number < FIRST - 1:
            chain.ask("evm_mine")
        for place, call in enumerate(calls(chain.chain.id, trust.contract.address)):
            chain.ask("evm_setNextBlockTimestamp", START + 12 * place)
            chain.transact(trust.contract.address, call.data())
        block = chain.block()
        proof = chain.prove(trust.contract, {slot for question in QUESTIONS for slot in slots_of(question)})
        return shown(proof, block, trust.contract)


def on_the_embedded_chain(folder):
    clock = [START - 60.0]
    with devchain(folder, at_once=False, clock=clock) as bench:
        chain, sender = bench.chain, Sender(bench.chain.gas_account._key)
        while bench.final().number < FIRST - 1:
            bench.do(chain.mine())
        for place, call in enumerate(calls(chain.chain.id, chain.contract.address)):
            clock[0] = START + 12.0 * place
            raw = sender.raw(chain.chain.id, place, chain.contract.address, call.data(), gas=500_000)
            bench.do(bench.endpoint.send(raw))
            bench.do(chain.mine())
            assert bench.do(bench.endpoint.inclusion(keccak(raw))).succeeded
        block = bench.final()
        return shown(bench.do(chain.prove(QUESTIONS, block)), block, chain.contract)


def shown(proof, block, contract):
    slots = {slot for question in QUESTIONS for slot in slots_of(question)}
    words = proven(proof, block_hash=block.hash, contract=contract, slots=slots).words
    facts = proven_facts(proof, block_hash=block.hash, contract=contract, questions=QUESTIONS).facts
    return block.number, words, facts


def test_the_same_story_leaves_the_same_storage(tmp_path):
    theirs, ours = on_anvil(), on_the_embedded_chain(tmp_path)
    assert ours == theirs
    number, words, facts = ours
    assert number == FIRST + len(calls(1, bytes(20))) - 1
    assert sum(word != ABSENT for word in words.values()) >= 12
    assert [facts[question] is None for question in QUESTIONS] == [
        question == AnchorOf(SPACE, TWO) for question in QUESTIONS
    ]
