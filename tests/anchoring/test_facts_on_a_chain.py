"""The contract on a real chain, asked by the storage proofs that the chain itself gives."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import rlp
from anchoring_support import HandMadeTrie, changed_bytes
from anvil_support import call_data, running_chain, word
from eth_hash.auto import keccak

from anchoring.batch import batch, fresh_salts, fresh_secret
from anchoring.block_bridge import HISTORY, earlier_block, slot_of
from anchoring.errors import AnchoringError, FactError, TrieProofError, UnprovenError, UntrustedBlockError
from anchoring.event_proof import EventProof, proven_block
from anchoring.layout import namespace_id, proven_facts, recovery_commitment, slots_of
from anchoring.ledger import ENDLESS, AccreditationOf, Anchor, AnchorOf, AuthorityAt, HeadOf
from anchoring.receipt import Receipt, Site, State, anchor_shown_by

pytestmark = pytest.mark.peer

LIST, SEALED_LIST, DIGEST, SUBJECT, SCOPE, EVIDENCE = (
    keccak(name) for name in (b"list", b"sealed list", b"digest", b"subject", b"scope", b"evidence")
)
SALT, RECOVERY_SALT = keccak(b"salt"), keccak(b"recovery salt")
COMMITMENTS = [keccak(b"document %d" % number) for number in range(3)]
SALTS = fresh_salts(3)
BATCH = batch(COMMITMENTS, SALTS, fresh_secret())
OTHERS = 40
"""Other anchors, so that the contract's storage is a tree with some depth."""


@pytest.fixture(scope="module")
def told():
    """A chain on which an authority opened a namespace, anchored, published, accredited, withdrew and handed over."""
    with running_chain() as chain:
        chain.ask("anvil_setBlockTimestampInterval", 12)
        contract = chain.deploy("TrustAnchor")
        recovery = recovery_commitment(chain.accounts[9], RECOVERY_SALT)
        ns = namespace_id(chain.accounts[0], recovery, SALT)

        def send(signature, *words, tail=b"", sender=0):
            receipt = chain.transact(contract.address, call_data(signature, *words, tail=tail), sender=sender)
            return int(receipt["blockNumber"], 16)

        def accept(successor):
            """The successor's consent, signed by anvil's own account, laid out as the dynamic argument it is."""
            deadline = _time(chain) + 600
            typed = {
                "domain": {
                    "name": "glejt TrustAnchor",
                    "version": "1",
                    "chainId": chain.chain.id,
                    "verifyingContract": "0x" + contract.address.hex(),
                },
                "primaryType": "Accept",
                "types": {
                    "EIP712Domain": [
                        {"name": "name", "type": "string"},
                        {"name": "version", "type": "string"},
                        {"name": "chainId", "type": "uint256"},
                        {"name": "verifyingContract", "type": "address"},
                    ],
                    "Accept": [
                        {"name": "namespace", "type": "bytes32"},
                        {"name": "successor", "type": "address"},
                        {"name": "deadline", "type": "uint256"},
                    ],
                },
                "message": {
                    "namespace": "0x" + ns.hex(),
                    "successor": "0x" + successor.hex(),
                    "deadline": str(deadline),
                },
            }
            signature = bytes.fromhex(chain.ask("eth_signTypedData_v4", "0x" + successor.hex(), typed)[2:])
            return word(deadline) + word(64) + word(len(signature)) + signature.ljust(96, b"\0")

        opened = send("open(address,bytes32,bytes32)", chain.accounts[0], recovery, SALT)
        anchored = send("anchor(bytes32,bytes32)", ns, BATCH.anchored)
        for number in range(OTHERS):
            send("anchor(bytes32,bytes32)", ns, keccak(b"other %d" % number))
        set_head = "setHead(bytes32,bytes32,bytes32,uint64,uint48,bool)"
        until = _time(chain) + 86_400
        head = send(set_head, ns, LIST, DIGEST, 7, until, 0)
        send(set_head, ns, SEALED_LIST, DIGEST, 2**64 - 1, ENDLESS, 1)
        accredit = "accredit(bytes32,bytes32,bytes32,uint32,uint48,uint48,bytes32)"
        send(accredit, ns, SUBJECT, SCOPE, 0, 1_700_000_000, ENDLESS, EVIDENCE)
        send("revokeAccreditation(bytes32,bytes32,bytes32,uint32)", ns, SUBJECT, SCOPE, 0)
        send(accredit, ns, SUBJECT, SCOPE, 1, 1_700_000_000, until, EVIDENCE)
        rotate = "rotate(bytes32,uint32,address,(uint256,bytes))"
        rotated = send(rotate, ns, 1, chain.accounts[1], 128, tail=accept(chain.accounts[1]))
        late = keccak(b"anchored by the successor")
        anchored_late = send("anchor(bytes32,bytes32)", ns, late, sender=1)
        chain.ask("anvil_mine", "0x5")
        yield SimpleNamespace(**{name: value for name, value in locals().items() if not name.startswith("_")})


def _time(chain):
    return int(chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def _time_of(chain, number):
    return int(chain.ask("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)


def _proof(told, *questions, number="latest"):
    return told.chain.prove(told.contract, {slot for question in questions for slot in slots_of(question)}, number)


def _proven(told, *questions, number="latest"):
    block = told.chain.block(number)
    return proven_facts(
        _proof(told, *questions, number=number), block_hash=block.hash, contract=told.contract, questions=questions
    ).facts


def test_anchor_head_accreditation_and_authority_in_one_proof_present_and_absent(told):
    block = told.chain.block().number
    questions = [
        AnchorOf(told.ns, BATCH.anchored),
        AnchorOf(told.ns, told.late),
        HeadOf(told.ns, LIST),
        HeadOf(told.ns, SEALED_LIST),
        AccreditationOf(told.ns, SUBJECT, SCOPE, 0),
        AccreditationOf(told.ns, SUBJECT, SCOPE, 1),
        AuthorityAt(told.ns, block, 1),
    ]
    absent = [
        AnchorOf(told.ns, keccak(b"never")),
        AnchorOf(SALT, BATCH.anchored),
        HeadOf(SALT, LIST),
        AccreditationOf(told.ns, SUBJECT, SCOPE, 2),
        AccreditationOf(told.ns, SCOPE, SUBJECT, 0),
        AuthorityAt(SALT, block, 0),
    ]
    facts = _proven(told, *questions, *absent)
    assert [facts[question] for question in absent] == [None] * 6
    first, late, head, sealed, revoked, standing, authority = (facts[question] for question in questions)
    assert first == Anchor(told.anchored, _time_of(told.chain, told.anchored), authority=0, era=0)
    assert late == Anchor(told.anchored_late, _time_of(told.chain, told.anchored_late), authority=1, era=0)
    assert (head.digest, head.version, head.valid_until, head.sealed) == (DIGEST, 7, told.until, False)
    assert head.time == _time_of(told.chain, told.head)
    assert (sealed.version, sealed.valid_until, sealed.sealed) == (2**64 - 1, ENDLESS, True)
    assert (revoked.valid_from, revoked.valid_until, revoked.evidence) == (1_700_000_000, ENDLESS, EVIDENCE)
    assert revoked.recorded_at < revoked.revoked_at
    assert revoked.revoked_by == 0
    assert (standing.valid_until, standing.revoked_at, standing.revoked_by) == (told.until, None, None)
    assert (authority.address, authority.since_block) == (told.chain.accounts[1], told.rotated)


@pytest.mark.threat(108)
def test_who_could_write_at_each_block(told):
    for block in (told.opened - 1, told.opened, told.rotated - 1, told.rotated, told.chain.block().number):
        held = 1 if block >= told.rotated else 0
        question = AuthorityAt(told.ns, block, held)
        answer = _proven(told, question)[question]
        if block < told.opened:
            assert answer is None
        else:
            assert answer.address == told.chain.accounts[held]
        with pytest.raises(FactError):
            _proven(told, replace(question, index=1 - held))
    with pytest.raises(UnprovenError):
        _proven(told, AuthorityAt(told.ns, told.rotated, 0), number=told.rotated - 1)


def test_the_past_is_proven_at_its_own_block(told):
    question = HeadOf(told.ns, LIST)
    assert _proven(told, question, number=told.head - 1)[question] is None
    assert _proven(told, question, number=told.head)[question].version == 7


def test_every_changed_byte_of_a_real_proof_is_refused(told):
    questions = [AnchorOf(told.ns, BATCH.anchored), HeadOf(told.ns, LIST), AccreditationOf(told.ns, SUBJECT, SCOPE, 1)]
    proof, block = _proof(told, *questions), told.chain.block()
    encoded = proof.encode()
    assert len(encoded) <= 8000
    tried = 0
    for altered in changed_bytes(encoded, bits=(0, 3, 7)):
        with pytest.raises(AnchoringError):
            proven_facts(
                type(proof).decode(altered), block_hash=block.hash, contract=told.contract, questions=questions
            )
        tried += 1
    assert tried == 3 * len(encoded)
    for nodes in (proof.storage[:-1], proof.storage[::-1], (*proof.storage, proof.storage[0])):
        with pytest.raises(TrieProofError):
            proven_facts(
                replace(proof, storage=nodes), block_hash=block.hash, contract=told.contract, questions=questions
            )


def test_a_receipt_from_the_batch_to_a_newer_block(told):
    site = Site(told.chain.chain.id, told.contract.address, told.ns)
    receipt = Receipt(BATCH.place(SALTS[1], COMMITMENTS[1]), site, b"proof 0")
    block = told.chain.block(told.anchored + 1)
    final = receipt.mined(told.anchored, told.chain.block(told.anchored).hash).refreshed(
        _proof(told, receipt.question, number=block.number), block=block, contract=told.contract
    )
    read = Receipt.decode(final.encode())
    assert (read, read.state) == (final, State.FINAL)
    shown = anchor_shown_by(read, COMMITMENTS[1], site=site, block=block, contract=told.contract)
    assert (shown.block, shown.time) == (told.anchored, _time_of(told.chain, told.anchored))
    newer = told.chain.block()
    again = read.refreshed(_proof(told, receipt.question), block=newer, contract=told.contract)
    assert again != read
    assert anchor_shown_by(again, COMMITMENTS[1], site=site, block=newer, contract=told.contract) == shown


@pytest.mark.threat(115)
def test_a_real_block_bridged_to(told):
    """The chain keeps the hashes by itself; a receipt under the earlier block holds with the later one trusted."""
    trusted = told.chain.block()
    for number in (trusted.number - 1, told.anchored, 1):
        bridged = earlier_block(trusted, told.chain.prove(HISTORY, [slot_of(number)]), number)
        assert bridged == told.chain.block(number)
    with pytest.raises(UntrustedBlockError):
        earlier_block(trusted, told.chain.prove(HISTORY, [slot_of(trusted.number)]), trusted.number)


def test_the_events_of_a_whole_block(told):
    """Three transactions in one block: their receipts, encoded by hand, come to the root that the header names."""
    chain = told.chain
    values = [keccak(b"event %d" % number) for number in range(3)]
    sent = [
        chain.send(told.contract.address, call_data("anchor(bytes32,bytes32)", told.ns, each), sender=1)
        for each in values
    ]
    chain.ask("evm_mine")
    receipts = sorted(
        (chain.ask("eth_getTransactionReceipt", each) for each in sent),
        key=lambda each: int(each["transactionIndex"], 16),
    )
    number = int(receipts[0]["blockNumber"], 16)
    trie = HandMadeTrie({rlp.encode(index): _encoded(receipt) for index, receipt in enumerate(receipts)})
    nodes = dict.fromkeys(node for index in range(4) for node in trie.proof(rlp.encode(index)))
    proof = EventProof(chain.header(number), tuple(nodes))
    shown = proven_block(proof, block_hash=chain.block(number).hash, count=3)
    logs = [log for receipt in shown for log in receipt.logs]
    anchored = keccak(b"Anchored(bytes32,bytes32,uint32,uint48)")
    assert [(log.address, log.topics[0], log.topics[1]) for log in logs] == [
        (told.contract.address, anchored, told.ns)
    ] * 3
    assert [log.topics[2] for log in logs] == values


def _encoded(receipt):
    def raw(text):
        return bytes.fromhex(text[2:])

    logs = [[raw(log["address"]), [raw(topic) for topic in log["topics"]], raw(log["data"])] for log in receipt["logs"]]
    fields = [int(receipt["status"], 16), int(receipt["cumulativeGasUsed"], 16), raw(receipt["logsBloom"]), logs]
    kind = int(receipt["type"], 16)
    return (bytes([kind]) if kind else b"") + rlp.encode(fields)
