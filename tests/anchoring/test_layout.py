"""Where answers stand and how they are packed, written down once more out of the design."""

import json
from dataclasses import replace
from importlib.resources import files
from operator import itemgetter

import pytest
from anchoring_support import CONTRACT, HandMadeState
from eth_hash.auto import keccak
from hypothesis import assume, given
from hypothesis import strategies as st

from anchoring.errors import FactError, TrieProofError, UnprovenError
from anchoring.layout import (
    NAMESPACE_TAG,
    RECOVERY_TAG,
    namespace_id,
    proven_facts,
    read,
    recovery_commitment,
    slots_of,
)
from anchoring.ledger import (
    ENDLESS,
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    AuthorityAt,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Recovery,
    StateOf,
    StatusHead,
)

NS, VALUE, LIST, SUBJECT, SCOPE = (keccak(name) for name in (b"ns", b"value", b"list", b"subject", b"scope"))
NUMBER, TIME = 1000, 1_800_000_000
ANCHOR, HEAD = AnchorOf(NS, VALUE), HeadOf(NS, LIST)
ACCREDITATION = AccreditationOf(NS, SUBJECT, SCOPE, 3)


def _packed(*fields):
    """Numbers with their first bit, as the design lists them."""
    return sum(number << first for number, first in fields).to_bytes(32)


def _mapped(*keys, slot):
    base = slot.to_bytes(32)
    for key in keys:
        base = keccak(key + base)
    return base


def _after(slot, by=1):
    return ((int.from_bytes(slot) + by) % 2**256).to_bytes(32)


def _entry(index):
    return _mapped(NS, index.to_bytes(32), slot=1)


def _history(*since):
    """Entries of the history: address 1, 2, … from these blocks on."""
    return {
        _entry(index): _packed((index + 1, 0), (block, 160), (TIME + index, 208)) for index, block in enumerate(since)
    }


STORED = {
    _mapped(NS, VALUE, slot=2): _packed((900, 0), (TIME - 99, 48), (1, 96), (2, 128)),
    _mapped(NS, LIST, slot=3): keccak(b"digest"),
    _after(_mapped(NS, LIST, slot=3)): _packed((7, 0), (TIME - 5, 64), (TIME + 5, 112), (1, 160), (2, 192), (0, 208)),
    _mapped(NS, SUBJECT, SCOPE, (3).to_bytes(32), slot=4): _packed(
        (TIME - 50, 0), (ENDLESS, 48), (TIME - 40, 96), (TIME - 10, 144), (1, 192), (2, 224)
    ),
    _after(_mapped(NS, SUBJECT, SCOPE, (3).to_bytes(32), slot=4)): keccak(b"evidence"),
    **_history(100, 500, 500, 950),
}


COMPILED = json.loads(files("anchoring").joinpath("artifacts", "TrustAnchor.json").read_text("utf-8"))["storageLayout"]


def _as_compiled(struct, **values):
    """The words of a struct as the compiler says that it packs them."""
    words = [0] * (1 + max(member["slot"] for member in COMPILED["structs"][struct]))
    for member in COMPILED["structs"][struct]:
        words[member["slot"]] |= values.pop(member["label"]) << 8 * member["offset"]
    assert values == {}
    return [word.to_bytes(32) for word in words]


def _numbers(**bits):
    """A number for each member, of at most so many bits."""
    return st.fixed_dictionaries({name: st.integers(1, 2**width - 1) for name, width in bits.items()})


def _read_as_compiled(question, struct, values, *following):
    words = [*_as_compiled(struct, **values), *following]
    return read(question, dict(zip(slots_of(question), words, strict=True)))


@given(_numbers(blockNumber=48, time=48, authority=32, era=16))
def test_an_anchor_as_the_compiler_packs_it(values):
    anchor = _read_as_compiled(ANCHOR, "Anchor", values)
    assert anchor == Anchor(*itemgetter("blockNumber", "time", "authority", "era")(values))


@given(_numbers(digest=256, version=64, time=37, validUntil=37, authority=32, era=16), st.booleans())
def test_a_head_as_the_compiler_packs_it(values, sealed):
    time, until = sorted((values["time"], ENDLESS if sealed else values["validUntil"]))
    assume(time < until)
    values |= {"time": time, "validUntil": until, "isSealed": int(sealed)}
    head = _read_as_compiled(HEAD, "Head", values)
    packed = itemgetter("version", "time", "validUntil", "authority", "era")(values)
    assert head == StatusHead(values["digest"].to_bytes(32), *packed, sealed)


@given(_numbers(authority=160, sinceBlock=48, sinceTime=48))
def test_an_authority_as_the_compiler_packs_it(values):
    question = AuthorityAt(NS, values["sinceBlock"], 0)
    authority = _read_as_compiled(question, "Authority", values, bytes(32))
    assert authority == Authority(values["authority"].to_bytes(20), values["sinceBlock"], values["sinceTime"])


@given(_numbers(validFrom=37, validUntil=37, recordedAt=48, revokedAt=48, authority=32, revokedBy=32, evidence=256))
def test_an_accreditation_as_the_compiler_packs_it(values):
    start, end = sorted((values["validFrom"], values["validUntil"]))
    assume(start < end)
    values |= {"validFrom": start, "validUntil": end}
    accreditation = _read_as_compiled(ACCREDITATION, "Accreditation", values)
    packed = itemgetter("validFrom", "validUntil", "recordedAt", "revokedAt", "authority", "revokedBy")(values)
    assert accreditation == Accreditation(*packed, values["evidence"].to_bytes(32))


NUMBERS = {"lastBlock": 48, "era": 16, "authorities": 32, "readyAt": 48, "recoveryRequests": 48}
WORDS = {"authority": 160, "recovery": 256, "successor": 160, "nextRecovery": 256}


@pytest.mark.threat(108)
@given(_numbers(**NUMBERS, **WORDS), st.booleans())
def test_a_namespace_as_the_compiler_packs_it(values, pending):
    assume(values["era"] < values["authorities"] and values["era"] <= values["recoveryRequests"])
    if not pending:
        values |= {"successor": 0, "readyAt": 0, "nextRecovery": 0}
    state = _read_as_compiled(StateOf(NS), "Namespace", values)
    request = Recovery(values["successor"].to_bytes(20), values["readyAt"], values["nextRecovery"].to_bytes(32))
    assert state == NamespaceState(
        values["authority"].to_bytes(20),
        *itemgetter("lastBlock", "era", "authorities")(values),
        values["recovery"].to_bytes(32),
        values["recoveryRequests"],
        request if pending else None,
    )


def _state(**changes):
    values = {"authority": 5, "lastBlock": 9, "era": 1, "authorities": 3, "recovery": 7, "recoveryRequests": 2}
    values |= {"successor": 6, "readyAt": TIME, "nextRecovery": 8} | changes
    return dict(zip(slots_of(StateOf(NS)), _as_compiled("Namespace", **values), strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"authority": 0},
        {"lastBlock": 0},
        {"authorities": 0},
        {"era": 3},
        {"recovery": 0},
        {"recoveryRequests": 0},
        {"recoveryRequests": 0, "readyAt": 0, "successor": 0, "nextRecovery": 0},
        {"successor": 0},
        {"nextRecovery": 0},
        {"readyAt": 0},
        {"readyAt": 0, "successor": 0},
        {"readyAt": 0, "nextRecovery": 0},
        {"authority": 0, "lastBlock": 0, "era": 0, "authorities": 0},
    ],
)
def test_a_namespace_that_the_contract_never_writes(changes):
    assert read(StateOf(NS), _state()).pending is not None
    with pytest.raises(FactError):
        read(StateOf(NS), _state(**changes))


def test_an_entry_of_the_history_and_a_namespace_that_is_not_open():
    assert slots_of(HistoryEntry(NS, 2)) == (_entry(2),)
    assert read(HistoryEntry(NS, 2), STORED) == Authority((3).to_bytes(20), 500, TIME + 2)
    assert read(HistoryEntry(NS, 9), {_entry(9): bytes(32)}) is None
    base = _mapped(NS, slot=0)
    assert slots_of(StateOf(NS)) == (base, _after(base), _after(base, 2), _after(base, 3))
    assert read(StateOf(NS), dict.fromkeys(slots_of(StateOf(NS)), bytes(32))) is None
    for place in (1, 2, 3):
        words = dict.fromkeys(slots_of(StateOf(NS)), bytes(32)) | {slots_of(StateOf(NS))[place]: VALUE}
        with pytest.raises(FactError):
            read(StateOf(NS), words)


def test_the_mappings_stand_where_the_compiler_put_them():
    assert {member["label"]: member["slot"] for member in COMPILED["storage"]} == {
        "_namespaces": 0,
        "_authorities": 1,
        "_anchors": 2,
        "_heads": 3,
        "_accreditations": 4,
    }


def test_each_answer_stands_where_the_design_says():
    assert slots_of(ANCHOR) == (_mapped(NS, VALUE, slot=2),)
    assert slots_of(HEAD) == (_mapped(NS, LIST, slot=3), _after(_mapped(NS, LIST, slot=3)))
    assert slots_of(AuthorityAt(NS, 10, 7)) == (_entry(7), _entry(8))
    base = _mapped(NS, SUBJECT, SCOPE, (3).to_bytes(32), slot=4)
    assert slots_of(ACCREDITATION) == (base, _after(base))


def test_answers():
    assert read(ANCHOR, STORED) == Anchor(block=900, time=TIME - 99, authority=1, era=2)
    head = StatusHead(keccak(b"digest"), 7, TIME - 5, TIME + 5, authority=1, era=2, sealed=False)
    assert read(HEAD, STORED) == head
    assert read(ACCREDITATION, STORED) == Accreditation(
        TIME - 50, ENDLESS, TIME - 40, TIME - 10, 1, 2, keccak(b"evidence")
    )


def test_a_list_that_was_sealed_and_an_accreditation_that_stands():
    slot, base = slots_of(HEAD)[1], slots_of(ACCREDITATION)[0]
    words = STORED | {
        slot: _packed((2**64 - 1, 0), (TIME, 64), (ENDLESS, 112), (1, 208)),
        base: _packed((0, 0), (TIME, 48), (TIME, 96)),
    }
    head = read(HEAD, words)
    assert (head.version, head.sealed, head.order) == (2**64 - 1, True, (0, 2**64 - 1))
    assert (read(ACCREDITATION, words).revoked_at, read(ACCREDITATION, words).revoked_by) == (None, None)


def test_a_recovery_outranks_every_version():
    """Whoever stole the authority may have used the highest version there is, and sealed it."""
    stolen = StatusHead(VALUE, 2**64 - 1, TIME, ENDLESS, authority=0, era=0, sealed=True)
    recovered = replace(stolen, version=1, era=1, sealed=False)
    assert recovered.order > stolen.order


def _proven(*questions, storage=STORED, number=NUMBER):
    state = HandMadeState(storage, number=number)
    proof = state.proof([slot for question in questions for slot in slots_of(question)])
    return proven_facts(proof, block_hash=state.hash, contract=CONTRACT, questions=questions)


def test_several_answers_in_one_proof_present_and_absent():
    absent = [AnchorOf(NS, keccak(b"other")), HeadOf(VALUE, LIST), replace(ACCREDITATION, sequence=4)]
    present = [ANCHOR, HEAD, ACCREDITATION, AuthorityAt(NS, 990, 3)]
    shown = _proven(*present, *absent)
    assert shown.header.number == NUMBER
    assert [shown.facts[question] for question in absent] == [None] * 3
    assert [type(shown.facts[question]) for question in present] == [Anchor, StatusHead, Accreditation, Authority]


@pytest.mark.threat(104)
def test_a_head_in_another_namespace_changes_nothing():
    """The attacker's head of the same list is fresher; only the namespace that is asked for is read."""
    other = keccak(b"attacker's namespace")
    theirs = {
        _mapped(other, LIST, slot=3): keccak(b"nobody is revoked"),
        _after(_mapped(other, LIST, slot=3)): _packed((99, 0), (TIME, 64), (TIME + 9, 112)),
    }
    assert _proven(HEAD, storage=STORED | theirs).facts[HEAD].version == 7
    assert _proven(HEAD, storage=theirs).facts[HEAD] is None
    # The proof of the attacker's head is no proof of ours.
    state = HandMadeState(STORED | theirs)
    with pytest.raises(TrieProofError):
        proven_facts(
            state.proof(slots_of(HeadOf(other, LIST))), block_hash=state.hash, contract=CONTRACT, questions=[HEAD]
        )


@pytest.mark.threat(108)
@pytest.mark.parametrize(
    ("block", "index", "address"),
    [(100, 0, 1), (499, 0, 1), (500, 2, 3), (501, 2, 3), (949, 2, 3), (950, 3, 4), (1000, 3, 4)],
)
def test_who_could_write_at_the_end_of_a_block(block, index, address):
    """The history is 1 from block 100 on, 2 and 3 from block 500 on, 4 from block 950 on."""
    for claimed in range(6):
        question = AuthorityAt(NS, block, claimed)
        if claimed == index:
            assert _proven(question).facts[question].address == address.to_bytes(20)
            continue
        with pytest.raises(FactError) as caught:
            _proven(question)
        assert caught.value.code == "fact.index"


@pytest.mark.threat(108)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(0, 70), st.integers(0, 13))
def test_a_wrong_index_never_names_another_authority(blocks, block, claimed):
    history = sorted(blocks)
    words = {_entry(index): bytes(32) for index in range(20)} | _history(*history)
    held = [index for index, since in enumerate(history) if since <= block]
    try:
        answer = read(AuthorityAt(NS, block, claimed), words)
    except FactError:
        assert claimed != (held[-1] if held else 0)
        return
    if answer is None:
        assert (claimed, held) == (0, [])
    else:
        assert claimed == held[-1]
        assert answer == Authority((claimed + 1).to_bytes(20), history[claimed], TIME + claimed)


@pytest.mark.threat(108)
def test_a_namespace_before_it_was_opened_and_one_that_never_was():
    assert _proven(AuthorityAt(NS, 99, 0)).facts[AuthorityAt(NS, 99, 0)] is None
    never = AuthorityAt(VALUE, 99, 0)
    assert _proven(never).facts[never] is None


@pytest.mark.threat(108)
def test_a_block_after_the_proven_one_is_not_answered():
    """The authority may have changed in between."""
    question = AuthorityAt(NS, NUMBER + 1, 3)
    with pytest.raises(UnprovenError) as caught:
        _proven(question)
    assert caught.value.code == "fact.later"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (ANCHOR, {0: _packed((900, 0))}),
        (ANCHOR, {0: _packed((TIME, 48))}),
        (ANCHOR, {0: _packed((900, 0), (TIME, 48), (1, 144))}),
        (HEAD, {0: bytes(32)}),
        (HEAD, {1: bytes(32)}),
        (HEAD, {1: _packed((0, 0), (TIME, 64), (TIME + 1, 112))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (TIME, 112))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (TIME + 1, 112), (1, 208))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (ENDLESS, 112))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (ENDLESS + 1, 112), (1, 208))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (ENDLESS, 112), (2, 208))}),
        (HEAD, {1: _packed((7, 0), (TIME, 64), (TIME + 1, 112), (1, 216))}),
        (ACCREDITATION, {0: bytes(32)}),
        (ACCREDITATION, {1: bytes(32)}),
        (ACCREDITATION, {0: _packed((1, 0), (2, 48))}),
        (ACCREDITATION, {0: _packed((2, 0), (2, 48), (TIME, 96))}),
        (ACCREDITATION, {0: _packed((2, 0), (ENDLESS + 1, 48), (TIME, 96))}),
        (ACCREDITATION, {0: _packed((2, 0), (9, 48), (TIME, 96), (1, 224))}),
        (AuthorityAt(NS, 990, 3), {0: _packed((950, 160), (TIME, 208))}),
        (AuthorityAt(NS, 990, 3), {0: _packed((1, 0), (TIME, 208))}),
        (AuthorityAt(NS, 990, 3), {0: _packed((1, 0), (950, 160))}),
        (AuthorityAt(NS, 990, 3), {1: _packed((1, 0))}),
    ],
)
def test_words_that_the_contract_never_writes(question, changes):
    words = {_entry(4): bytes(32)} | STORED
    words |= {slots_of(question)[place]: word for place, word in changes.items()}
    with pytest.raises(FactError) as caught:
        read(question, words)
    assert caught.value.code == "fact.value"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (AnchorOf(NS[:31], VALUE), "fact.value"),
        (AnchorOf(NS, VALUE + b"\0"), "fact.value"),
        (AuthorityAt(NS, 1, -1), "fact.index"),
        (AuthorityAt(NS, 1, 2**32 - 1), "fact.index"),
        (replace(ACCREDITATION, sequence=2**32), "fact.index"),
    ],
)
def test_what_no_slot_is_for(question, code):
    with pytest.raises(FactError) as caught:
        slots_of(question)
    assert caught.value.code == code


@pytest.mark.threat(108)
def test_a_namespace_is_its_first_authority_recovery_and_salt():
    address, salt = b"\x11" * 20, b"\x22" * 32
    recovery = recovery_commitment(b"\x33" * 20, salt)
    assert recovery == keccak(b"glejt/recovery/v1" + b"\x33" * 20 + salt)
    assert namespace_id(address, recovery, salt) == keccak(b"glejt/namespace/v1" + address + recovery + salt)
    assert NAMESPACE_TAG != RECOVERY_TAG
    for wrong in [(address + b"\0", recovery, salt), (address, recovery[1:], salt), (address, recovery, b"")]:
        with pytest.raises(FactError):
            namespace_id(*wrong)
