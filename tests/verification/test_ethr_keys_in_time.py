"""Keys of did:ethr: what trusted blocks show of a time counts, whoever brings it; of later it says nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_hash.auto import keccak
from ethr_support import CHAIN, DAY, REGISTRY, Registry, account
from verification_support import AT, EVERYDAY, MALLORY, STRICT, credential, found, one, party

from anchoring.checkpoint import TrustedBlock
from anchoring.storage_proof import Contract
from did_methods.document import Relationship
from did_methods.ethr import key_attribute
from node.proofs.proof import proofs_of
from node.verification.chains import ChainKind, TrustedChain
from node.verification.check import Outcome
from node.verification.keys import KeyRing
from node.verification.ledger_material import LedgerMaterial, QuorumBlock
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.trust import Trust

ALICE = account(1)
DID = f"did:ethr:0x7a69:0x{ALICE.hex()}"
FIRST, SECOND = party(41), party(42)
NOWHERE = Contract(bytes(20), bytes(32))
BEGUN = int((AT - timedelta(days=10)).timestamp())


def moment(time):
    return datetime.fromtimestamp(time, UTC)


def told():
    """A key, replaced by another after a day; and some empty blocks up to two days before the time of judging."""
    registry = Registry(time=BEGUN)
    registry.attribute(ALICE, *key_attribute(FIRST.private.public), 9 * DAY)
    registry.mine()
    registry.mine(seconds=DAY)
    registry.attribute(ALICE, *key_attribute(FIRST.private.public), None)
    registry.attribute(ALICE, *key_attribute(SECOND.private.public), 300 * DAY)
    registry.mine()
    registry.mine(seconds=6 * DAY)
    return registry


REGISTERED = told()
ADDED, REPLACED = (REGISTERED.blocks[number][0] for number in REGISTERED.event_blocks(ALICE))
UNTIL = REGISTERED.time
FILES = REGISTERED.files(ALICE) | {
    f"bridge-{number}": REGISTERED.prove_earlier(number).encode() for number in REGISTERED.event_blocks(ALICE)
}


def block(number):
    return TrustedBlock(CHAIN, number, keccak(REGISTERED.headers[number]))


def trust(*pinned, kind=ChainKind.LOCAL, registry=REGISTRY, chain=CHAIN):
    return Trust(chains=(TrustedChain("Local", chain, kind, NOWHERE, blocks=pinned, registry=registry),))


PINNED = trust(block(REGISTERED.number))


def material(origin=Origin.FILE, files=FILES, ledgers=None):
    # What is said beside the files is a lie here: it must count for nothing.
    lie = MALLORY.document() | {"id": DID}
    return VerificationMaterial({DID: ResolvedDocument(lie, KeyEvidence.IMMUTABLE, origin, AT, files)}, ledgers=ledgers)


def signed(who, number):
    return who.sign(credential(issuer=DID), method=f"{DID}#delegate-{number}")


def finding(who, number, *, given=None, trusts=PINNED, anchored=None, at=AT, policy=EVERYDAY):  # noqa: PLR0913 -- the ring
    (proof,) = proofs_of(signed(who, number))
    ring = KeyRing(given or material(), trusts, policy, at, lambda _proof: anchored)
    return ring.find(proof, Relationship.ASSERTION_METHOD)


@pytest.mark.threat(22)
@pytest.mark.parametrize("policy", [EVERYDAY, STRICT])
def test_at_an_anchored_time_that_is_shown_the_file_is_enough(policy):
    for who, number, time, outcome, code in (
        (FIRST, 1, ADDED - 1, Outcome.INDETERMINATE, "issuer_key.not_yet"),
        (FIRST, 1, ADDED, Outcome.PASSED, "issuer_key.passed"),
        (FIRST, 1, REPLACED - 1, Outcome.PASSED, "issuer_key.passed"),
        (FIRST, 1, REPLACED, Outcome.INDETERMINATE, "issuer_key.replaced"),
        (SECOND, 3, REPLACED - 1, Outcome.INDETERMINATE, "issuer_key.not_yet"),
        (SECOND, 3, REPLACED, Outcome.PASSED, "issuer_key.passed"),
        (SECOND, 3, UNTIL, Outcome.PASSED, "issuer_key.passed"),
        (SECOND, 3, UNTIL + 1, Outcome.INDETERMINATE, "issuer_key.from_file"),
    ):
        told_of = finding(who, number, anchored=moment(time), policy=policy)
        assert (told_of.outcome, told_of.code) == (outcome, code), (number, time)
        assert told_of.evidence["evidence"] == "anchored"
        assert told_of.authentic == (time <= UNTIL)


@pytest.mark.threat(110)
def test_of_later_than_the_block_a_file_says_nothing():
    now = finding(SECOND, 3)
    assert (now.outcome, now.code, now.authentic) == (Outcome.INDETERMINATE, "issuer_key.from_file", False)
    assert now.evidence["shownUntil"] == moment(UNTIL).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert now.public_key == SECOND.private.public
    assert finding(SECOND, 3, at=moment(UNTIL)).outcome is Outcome.PASSED


@pytest.mark.threat(110)
def test_a_method_that_never_was_is_refused_as_far_as_is_shown():
    shown = finding(SECOND, 7, anchored=moment(UNTIL))
    assert (shown.outcome, shown.code) == (Outcome.FAILED, "verification_method.absent")
    later = finding(SECOND, 7)
    assert (later.outcome, later.code) == (Outcome.INDETERMINATE, "issuer_key.from_file")


@pytest.mark.threat(110)
def test_under_blocks_that_nobody_vouches_for_nothing_is_shown():
    first, second = REGISTERED.event_blocks(ALICE)
    for trusts, given, code in (
        (trust(), material(), "history.block"),
        (trust(block(first), block(second)), material(), "history.block"),
        (trust(replace(block(REGISTERED.number), number=first)), material(), "history.block"),
        (Trust(), material(), "history.chain"),
        (trust(block(REGISTERED.number), registry=None), material(), "history.chain"),
        (trust(block(REGISTERED.number), registry=Contract(REGISTRY.address, bytes(32))), material(), "history.proof"),
        (PINNED, material(files={name: data for name, data in FILES.items() if name != "changed"}), "history.files"),
    ):
        told_of = finding(SECOND, 3, trusts=trusts, given=given, anchored=moment(UNTIL))
        assert (told_of.outcome, told_of.code) == (Outcome.INDETERMINATE, code)
        assert told_of.public_key is None


def test_each_block_pinned_takes_no_bridge():
    plain = {name: data for name, data in FILES.items() if not name.startswith("bridge")}
    every = trust(*(block(number) for number in (*REGISTERED.event_blocks(ALICE), REGISTERED.number)))
    assert (
        finding(SECOND, 3, trusts=every, given=material(files=plain), anchored=moment(UNTIL)).outcome is Outcome.PASSED
    )
    assert finding(SECOND, 3, given=material(files=plain), anchored=moment(UNTIL)).code == "history.block"


@pytest.mark.threat(110)
def test_a_block_that_this_verifier_asked_nodes_for_is_trusted_and_one_that_a_file_names_is_not():
    final = block(REGISTERED.number)
    for origin, outcome in ((Origin.LIVE, Outcome.PASSED), (Origin.FILE, Outcome.INDETERMINATE)):
        told_by = LedgerMaterial(blocks=(QuorumBlock(CHAIN.id, CHAIN.genesis, final.number, final.hash, origin),))
        given = material(ledgers=told_by)
        assert finding(SECOND, 3, trusts=trust(), given=given, anchored=moment(UNTIL)).outcome is outcome


@pytest.mark.threat(22)
def test_what_this_verifier_resolved_itself_is_known_as_of_now():
    live = material(Origin.LIVE)
    for who, number, code in ((SECOND, 3, "issuer_key.passed"), (FIRST, 1, "issuer_key.replaced")):
        assert finding(who, number, given=live, trusts=trust()).code == code
    assert finding(FIRST, 1, given=live, trusts=trust(), anchored=moment(ADDED)).code == "issuer_key.passed"
    assert finding(SECOND, 9, given=live, trusts=trust()).outcome is Outcome.FAILED
    # That it is live nothing says of itself: read from a file it is one.
    again = VerificationMaterial.from_json(live.to_json())
    assert finding(SECOND, 3, given=again, trusts=trust()).code == "history.block"
    own = VerificationMaterial.from_json(live.to_json(), own=True)
    assert finding(SECOND, 3, given=own, trusts=trust()).code == "issuer_key.passed"


@pytest.mark.threat(110)
def test_what_a_subject_says_of_itself_is_what_is_shown_of_the_time():
    def listed(trusts, given, time, at=AT):
        found = KeyRing(given, trusts, EVERYDAY, at).documents(DID, moment(time))
        return [sorted(name.partition("#")[2] for name in document.methods) for document in found]

    first, second = ["controller", "delegate-1"], ["controller", "delegate-3"]
    assert listed(PINNED, material(), ADDED) == [first]
    assert listed(PINNED, material(), UNTIL) == [second]
    assert listed(PINNED, material(), UNTIL + 1) == []
    assert listed(PINNED, material(), ADDED, at=moment(UNTIL)) == [second, first]
    assert listed(trust(), material(), ADDED) == []
    assert listed(trust(), material(Origin.LIVE), ADDED) == [second, first]


@pytest.mark.threat(110)
def test_a_chain_for_tests_dates_nothing():
    tested = trust(block(REGISTERED.number), kind=ChainKind.TEST)
    for policy, outcome in ((EVERYDAY, Outcome.PASSED), (STRICT, Outcome.INDETERMINATE)):
        told_of = finding(SECOND, 3, trusts=tested, anchored=moment(UNTIL), policy=policy)
        assert (told_of.outcome, told_of.evidence["evidence"]) == (outcome, "self-declared")


def test_credentials_of_such_an_issuer():
    live = material(Origin.LIVE)
    assert one(signed(SECOND, 3), material=live, trust=trust()).verdict == "accepted"
    old = one(signed(FIRST, 1), material=live, trust=trust())
    assert (found(old, "issuer_key"), old.verdict) == (("indeterminate", "issuer_key.replaced"), "cannot_tell")
    forged = one(MALLORY.sign(credential(issuer=DID), method=f"{DID}#delegate-3"), material=live, trust=trust())
    assert (found(forged, "proof")[0], forged.verdict) == ("failed", "rejected")
    offline = one(signed(SECOND, 3), material=material(), trust=PINNED)
    assert (found(offline, "issuer_key"), offline.verdict) == (("indeterminate", "issuer_key.from_file"), "cannot_tell")
    forged = one(MALLORY.sign(credential(issuer=DID), method=f"{DID}#delegate-3"), material=material(), trust=PINNED)
    assert forged.verdict == "cannot_tell"
