"""Files that prove the history of a did:ethr: whole, or they prove nothing."""

import pytest
import rlp
from anchoring_support import changed_bytes
from eth_hash.auto import keccak
from ethr_support import CHAIN, DAY, REGISTRY, START, Registry, account, word
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.event_proof import EventProof
from anchoring.identity_registry import BlockEvents, changed_slot, nonce_slot
from anchoring.storage_proof import Contract, StorageProof
from did_methods.did import parse_did
from did_methods.errors import DidMethodsError, HistoryError, UntrustedHistoryError
from did_methods.ethr import subject_of
from did_methods.ethr_document import document_at
from did_methods.ethr_events import AttributeChanged
from node.verification.ethr_evidence import (
    MAX_EVIDENCE_BYTES,
    MAX_FILES,
    read_evidence,
    read_json,
    shown_by,
    vouched_for,
)

ALICE, BOB = account(1), account(2)
DID = parse_did(f"did:ethr:0x7a69:0x{ALICE.hex()}")
HUB = "did/svc/Hub"


def told():
    """Four changes in three blocks, among others', and what proves them."""
    registry = Registry()
    registry.mine(2)
    registry.stranger()
    registry.attribute(ALICE, HUB, b"one", DAY)
    registry.attribute(BOB, HUB, b"other", DAY)
    registry.mine(2)
    registry.attribute(BOB, HUB, b"other", DAY)
    registry.mine()
    registry.attribute(ALICE, HUB, b"two", DAY)
    registry.stranger()
    registry.attribute(ALICE, HUB, b"two", None)
    registry.mine(3)
    registry.owner(ALICE, BOB)
    registry.mine(2)
    return registry


REGISTERED = told()
FILES = REGISTERED.files(ALICE)
FIRST, SECOND, THIRD = REGISTERED.event_blocks(ALICE)
ALL = REGISTERED.trusts()
NEEDED = (FIRST, SECOND, THIRD, REGISTERED.number)


def shown(files, trusted=ALL, did=DID, registry=REGISTRY):
    return shown_by(did, files, registry, trusted)


def document(evidence):
    return document_at(subject_of(DID), evidence.changes, evidence.at.timestamp, read_json)


WHOLE = shown(FILES)


def test_the_slots_are_those_of_the_registry():
    assert changed_slot(ALICE) == keccak(word(ALICE) + word(2))
    assert nonce_slot(ALICE) == keccak(word(ALICE) + word(3))


def test_whole_files_show_every_event_in_its_order():
    assert [change.block.number for change in WHOLE.changes] == [FIRST, SECOND, SECOND, THIRD]
    assert [change.event.value for change in WHOLE.changes if isinstance(change.event, AttributeChanged)] == [
        b"one",
        b"two",
        b"two",
    ]
    assert (WHOLE.head.number, WHOLE.head.time) == (REGISTERED.number, REGISTERED.time)
    assert shown(FILES, REGISTERED.trusts(*NEEDED)) == WHOLE
    assert shown(FILES, vouched_for(CHAIN)) == WHOLE


def test_an_identity_that_was_never_changed():
    did = parse_did(f"did:ethr:0x7a69:0x{account(7).hex()}")
    files = REGISTERED.files(account(7))
    assert set(files) == {"changed"}
    evidence = shown(files, REGISTERED.trusts(REGISTERED.number), did)
    assert evidence.changes == ()


@pytest.mark.threat(110)
def test_every_block_has_to_be_trusted():
    for left_out in NEEDED:
        trusted = REGISTERED.trusts(*(number for number in REGISTERED.headers if number != left_out))
        with pytest.raises(UntrustedHistoryError) as caught:
            shown(FILES, trusted)
        assert caught.value.code == "history.block"
        assert str(left_out) in str(caught.value)
    with pytest.raises(UntrustedHistoryError):
        shown(FILES, lambda _header: None)


@pytest.mark.threat(110)
def test_no_file_can_be_left_out_renamed_or_added():
    for name in FILES:
        with pytest.raises(HistoryError):
            shown({other: data for other, data in FILES.items() if other != name})
        with pytest.raises(HistoryError):
            shown({(f"{other}0" if other == name else other): data for other, data in FILES.items()})
        for other in FILES.keys() - {name}:
            with pytest.raises(DidMethodsError):
                shown(FILES | {name: FILES[other]})
    fourth = REGISTERED.prove_block(SECOND - 1).encode()
    for name in (f"events-{SECOND - 1}", "events-", "events-x", "else", "bridge-", "bridge-x", "bridge-" + "1" * 21):
        with pytest.raises(HistoryError) as caught:
            shown(FILES | {name: fourth})
        assert caught.value.code == "history.files"
    for name in (f"events-{SECOND}", f"events-{FIRST}"):
        with pytest.raises(DidMethodsError):
            shown(FILES | {name: fourth})
    with pytest.raises(HistoryError):
        shown(FILES | {f"bridge-{number}": b"" for number in range(MAX_FILES)})
    assert shown(FILES | {"bridge-1": bytes(MAX_EVIDENCE_BYTES - 100_000)}) == WHOLE
    with pytest.raises(HistoryError) as caught:
        shown(FILES | {"bridge-1": bytes(MAX_EVIDENCE_BYTES)})
    assert "bytes" in str(caught.value)


@pytest.mark.threat(110)
def test_a_block_without_one_of_its_receipts_shows_nothing():
    """The event that ends an attribute stands in the last transaction of its block."""
    whole = REGISTERED.prove_block(SECOND)
    trie, count = REGISTERED._receipts(SECOND)
    for short in range(count):
        nodes = dict.fromkeys(node for index in range(short) for node in trie.proof(rlp.encode(index)))
        assert set(nodes) < set(whole.proof.nodes)
        proof = EventProof(whole.proof.header, tuple(nodes))
        for said in (short, count):
            with pytest.raises(HistoryError):
                shown(FILES | {f"events-{SECOND}": BlockEvents(said, proof).encode()})


@pytest.mark.threat(110)
def test_an_older_proof_shows_what_was_and_not_what_is():
    """Whoever holds the newest change back shows an older block, which says itself that it is older."""
    registry = Registry()
    registry.attribute(ALICE, HUB, b"one", DAY)
    registry.mine(2)
    early = registry.files(ALICE)
    until = registry.number
    registry.owner(ALICE, bytes(20))
    registry.mine(2)
    assert shown(early, registry.trusts()).head.number == until
    # The old proof of the last change with the header of a newer block, and the other way round, hold nothing.
    old, new = (StorageProof.decode(files["changed"]) for files in (early, registry.files(ALICE)))
    for mixed in (
        StorageProof(new.header, old.account, old.storage),
        StorageProof(old.header, new.account, new.storage),
        StorageProof(new.header, new.account, old.storage),
    ):
        with pytest.raises(HistoryError) as caught:
            shown(early | {"changed": mixed.encode()}, registry.trusts())
        assert caught.value.code == "history.proof"


@pytest.mark.threat(110)
def test_the_registry_is_the_one_at_the_address_with_the_code_that_the_verifier_knows():
    for other in (Contract(account(3), REGISTRY.code_hash), Contract(REGISTRY.address, keccak(b"other code"))):
        with pytest.raises(HistoryError) as caught:
            shown(FILES, registry=other)
        assert caught.value.code == "history.proof"


@pytest.mark.threat(110)
def test_events_of_another_contract_are_none():
    registry = Registry()
    registry.attribute(ALICE, HUB, b"one", DAY)
    (_, log) = registry.pending[0][0]
    registry.pending[0][0] = (b"\xee" * 20, log)
    number = registry.mine()
    files = {
        "changed": registry.prove_changed(ALICE).encode(),
        f"events-{number}": registry.prove_block(number).encode(),
    }
    with pytest.raises(DidMethodsError) as caught:
        shown(files, registry.trusts())
    assert caught.value.code == "ethr.link"


def test_a_change_that_is_still_to_come():
    registry = Registry()
    registry.changed[ALICE] = 2**40
    registry.mine()
    with pytest.raises(HistoryError) as caught:
        shown(registry.files(ALICE), registry.trusts())
    assert caught.value.code == "history.proof"


def test_somebody_else_is_shown_by_nobody_elses_files():
    for identity in (BOB, account(7)):
        with pytest.raises(DidMethodsError):
            shown(FILES, did=parse_did(f"did:ethr:0x7a69:0x{identity.hex()}"))


@pytest.mark.threat(110)
@pytest.mark.parametrize("name", sorted(FILES))
def test_no_bit_of_a_file_can_be_changed(name):
    data = FILES[name]
    for altered in list(changed_bytes(data, bits=[0]))[:: max(1, len(data) // 60)]:
        with pytest.raises(DidMethodsError):
            shown(FILES | {name: altered})


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("attribute"), st.sampled_from([ALICE, BOB]), st.integers(0, 2), st.booleans()),
        st.tuples(st.just("owner"), st.sampled_from([ALICE, BOB]), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("mine"), st.just(b""), st.integers(1, 2), st.booleans()),
    ),
    max_size=10,
)


def played(deeds, *, start=START):
    registry = Registry(time=start)
    registry.mine()
    for deed, identity, number, flag in deeds:
        if deed == "mine":
            registry.mine(number)
        elif deed == "owner":
            registry.owner(identity, account(number))
        else:
            registry.attribute(identity, HUB, b"%d" % number, None if flag else DAY)
    registry.mine()
    return registry


@pytest.mark.threat(110)
@settings(max_examples=60, deadline=None)
@given(DEEDS, DEEDS, st.randoms(use_true_random=False))
def test_whatever_is_dropped_added_or_exchanged_it_is_never_another_document(deeds, others, random):
    """Of one chain only the one document is ever shown, whatever of it and of other chains is put together."""
    registry, foreign = played(deeds), played(others, start=START + 1)
    files, trusted = registry.files(ALICE), registry.trusts()
    right = document(shown(files, trusted))
    pool = [*files.items(), *foreign.files(ALICE).items(), *registry.files(BOB).items()]
    pool += [(f"events-{number}", registry.prove_block(number).encode()) for number in registry.blocks]
    names = [name for name, _ in pool]
    for _ in range(12):
        mixed = dict(files)
        for _ in range(random.randint(1, 3)):
            match random.randrange(3):
                case 0:
                    mixed.pop(random.choice([*mixed, ""]), None)
                case 1:
                    mixed[random.choice(names)] = random.choice(pool)[1]
                case _:
                    name, data = random.choice(pool)
                    mixed[name] = data
        try:
            evidence = shown(mixed, trusted)
        except DidMethodsError:
            continue
        assert evidence.at.number == registry.number
        assert document(evidence) == right


# bridges


def bridged():
    registry = Registry()
    registry.attribute(ALICE, HUB, b"one", DAY)
    registry.mine(2)
    registry.attribute(ALICE, HUB, b"two", DAY)
    registry.mine(2)
    return registry


@pytest.mark.threat(110)
def test_a_bridge_leads_from_a_trusted_block_to_the_blocks_of_the_events():
    registry = bridged()
    first, second = registry.event_blocks(ALICE)
    files = registry.files(ALICE)
    one = registry.trusts(registry.number)
    with pytest.raises(UntrustedHistoryError):
        shown(files, one)
    bridges = {f"bridge-{number}": registry.prove_earlier(number).encode() for number in (first, second)}
    assert len(shown(files | bridges, one).changes) == 2
    for name in bridges:
        with pytest.raises(UntrustedHistoryError):
            shown(files | {n: b for n, b in bridges.items() if n != name}, one)
    # A bridge to another block, under the name of this one, is none.
    with pytest.raises(HistoryError):
        shown(files | bridges | {f"bridge-{first}": bridges[f"bridge-{second}"]}, one)
    for broken in (b"", b"\x80", bridges[f"bridge-{first}"][:-1]):
        with pytest.raises(HistoryError):
            shown(files | bridges | {f"bridge-{first}": broken}, one)


@pytest.mark.threat(110)
def test_bridges_in_a_row_and_never_in_a_circle():
    registry = bridged()
    first, second = registry.event_blocks(ALICE)
    middle = registry.number
    to_middle = {f"bridge-{number}": registry.prove_earlier(number).encode() for number in (first, second)}
    registry.mine(2)
    files = registry.files(ALICE) | to_middle
    one = registry.trusts(registry.number)
    with pytest.raises(UntrustedHistoryError):
        shown(files, one)  # the block that the bridges begin at is not trusted itself
    row = files | {f"bridge-{middle}": registry.prove_earlier(middle).encode()}
    assert len(shown(row, one).changes) == 2
    with pytest.raises(UntrustedHistoryError):
        shown(row, lambda _header: None)
    circle = row | {f"bridge-{middle}": registry.prove_earlier(middle).encode()}
    circle[f"bridge-{registry.number}"] = to_middle[f"bridge-{first}"]
    with pytest.raises(UntrustedHistoryError):
        shown(circle, lambda _header: None)


@pytest.mark.threat(110)
def test_a_bridge_to_a_block_of_another_history():
    """The same events in a block of the forger's own making, which no trusted block remembers."""
    registry, forged = bridged(), bridged()
    forged.blocks[forged.event_blocks(ALICE)[0]][1][0][0] = forged.blocks[forged.event_blocks(ALICE)[0]][1][0][0]
    first, second = registry.event_blocks(ALICE)
    time, transactions = forged.blocks[first]
    forged.blocks[first] = (time, [*transactions, [(b"\xee" * 20, transactions[0][0][1])]])
    forged.headers[first] = forged._header(first)
    files = registry.files(ALICE) | {f"events-{first}": forged.prove_block(first).encode()}
    bridges = {f"bridge-{number}": registry.prove_earlier(number).encode() for number in (first, second)}
    assert len(read_evidence(DID, files, REGISTRY).changes) == 2
    with pytest.raises(UntrustedHistoryError):
        shown(files | bridges, registry.trusts(registry.number))
