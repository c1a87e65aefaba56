"""Capsules: the same in both forms, to the byte, and nothing else is one."""

import json
import random
import time
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from capsule_support import packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_support import CHAIN, NAME, checkpoint
from verification_support import AT, ISSUER, OB, UNIVERSITY, VC, badge, judged, presentation

from anchoring.facts import AccreditationOf, AnchorOf, AuthorityAt, HeadOf, HistoryEntry, StateOf
from node.credentials.contexts import BUNDLED
from node.verification.capsule import (
    FORMAT,
    MAX_BYTES,
    MAX_ITEMS,
    Capsule,
    looks_like_capsule,
    read_capsule,
    untrusted,
)
from node.verification.capsule_cbor import KINDS, decode, encode
from node.verification.capsule_making import make_capsule, needed_blocks
from node.verification.errors import CapsuleError
from node.verification.ledger_material import BridgeProof, FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import (
    ConfigurationCopy,
    Origin,
    ResolutionFailure,
    ResolvedDocument,
    ResourceCopy,
    StatusListCopy,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence

PACKED = packed(with_list=True)
GOOD = PACKED.capsule
BYTES, JSON = encode(GOOD), GOOD.json_text()

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.text(st.sampled_from("abc:/é"), min_size=1, max_size=8)
moments = st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**53 - 1)
blobs = st.binary(max_size=40)
questions = st.one_of(
    st.builds(AnchorOf, hashes, hashes),
    st.builds(HeadOf, hashes, hashes),
    st.builds(AuthorityAt, hashes, numbers, numbers),
    st.builds(AccreditationOf, hashes, hashes, hashes, numbers),
    st.builds(HistoryEntry, hashes, numbers),
    st.builds(StateOf, hashes),
)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(-1e6, 1e6).map(lambda number: round(number, 3)) | texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=6,
)
origins = st.sampled_from(list(Origin))
documents = st.builds(
    ResolvedDocument,
    st.dictionaries(texts, values, max_size=3),
    st.sampled_from(list(KeyEvidence)),
    origins,
    moments,
    st.dictionaries(names, blobs, max_size=3),
)
resources = st.lists(st.builds(ResourceCopy, names, blobs, origins, moments), max_size=2).map(tuple)
ledgers = st.builds(
    LedgerMaterial,
    st.lists(blobs, max_size=3).map(tuple),
    st.lists(blobs, max_size=3).map(tuple),
    st.lists(
        st.builds(FactProof, numbers, blobs, st.lists(questions, max_size=3).map(tuple), blobs, origins), max_size=2
    ).map(tuple),
    st.lists(st.builds(QuorumBlock, numbers, hashes, numbers, hashes, origins), max_size=1).map(tuple),
    st.lists(st.builds(BridgeProof, numbers, numbers, blobs), max_size=2).map(tuple),
)
materials = st.builds(
    VerificationMaterial,
    st.dictionaries(names, documents, max_size=3),
    status_lists=st.lists(st.builds(StatusListCopy, names, texts, origins, moments), max_size=2).map(tuple),
    resources=resources,
    accreditations=resources,
    ledgers=st.none() | ledgers,
)
capsules = st.builds(
    Capsule.of,
    st.lists(texts.filter(bool).map(str.encode), min_size=1, max_size=3),
    materials,
    made=moments,
    beside=st.lists(texts.filter(bool).map(str.encode), max_size=2),
    contexts=st.dictionaries(names, hashes.map(bytes.hex), max_size=3),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(capsules)
def test_both_forms_hold_the_same_and_each_leads_to_the_other(capsule):
    data, text = encode(capsule), capsule.json_text()
    assert decode(data) == read_capsule(data) == read_capsule(text) == capsule
    assert encode(read_capsule(text)) == data
    assert json.loads(read_capsule(data).json_text()) == json.loads(text)
    reordered = json.dumps(json.loads(text), sort_keys=True, indent=1).encode()  # as another tool would write it
    assert encode(read_capsule(reordered)) == data
    assert untrusted(capsule.material) == capsule.material


def test_every_kind_of_material_is_in_it_or_can_count_for_nobody_else():
    """What is added to material has to be thought of here."""
    worthless = {"failures", "status_failures", "configurations", "badge_objects", "metadata"}
    carried = {"documents", "status_lists", "resources", "accreditations", "ledgers"}
    other_name = {"former"}  # what a capsule calls documents, beside those that were resolved anew
    assert {each.name for each in fields(VerificationMaterial)} == worthless | carried | other_name
    assert {each.name for each in fields(LedgerMaterial)} == {
        *("receipts", "checkpoints", "facts", "bridges"),
        *("blocks", "failures", "seen"),
    }
    assert set(KINDS.values()) == {AnchorOf, HeadOf, AuthorityAt, AccreditationOf, HistoryEntry, StateOf}


@pytest.mark.threat(101)
def test_nothing_in_it_is_of_more_than_a_file():
    blocks = (QuorumBlock(1, CHAIN.genesis, 1000, bytes(32), Origin.LIVE),)
    told = untrusted(
        VerificationMaterial(
            {UNIVERSITY.did: ResolvedDocument({}, KeyEvidence.IMMUTABLE, Origin.PINNED, AT, {"b": b"", "a": b""})},
            failures={"x": ResolutionFailure("c", "m", AT)},
            configurations=(ConfigurationCopy("u", "c", Origin.LIVE, AT),),
            ledgers=LedgerMaterial(blocks=blocks),
        )
    )
    (item,) = told.documents.values()
    assert (item.origin, item.evidence, list(item.files)) == (Origin.FILE, KeyEvidence.NOW_ONLY, ["a", "b"])
    assert (told.failures, told.configurations, told.ledgers) == ({}, (), None)
    for member, value in (("origin", "live"), ("evidence", "immutable")):
        table = GOOD.to_json()
        table["material"]["documents"][UNIVERSITY.did][member] = value
        with pytest.raises(CapsuleError, match="not what a capsule"):
            Capsule.from_json(table)


def test_documents_stand_in_it_as_they_were_received():
    odd = b'{ "b":1.50,\r\n\t"a" : "\\u0105" }\n'
    token = b"eyJhbGciOiJFZERTQSJ9.e30.c2ln"
    capsule = Capsule.of([odd, token], made=AT)
    for again in (decode(encode(capsule)), read_capsule(capsule.json_text())):
        assert again.documents == (odd, token)
        assert again.subject_bytes == b"[" + odd + b',"' + token + b'"]'
    assert Capsule.of([odd], made=AT).subject_bytes == odd


@pytest.mark.parametrize("data", [BYTES, JSON], ids=["CBOR", "JSON"])
def test_what_was_cut_or_added_to_is_none(data):
    assert read_capsule(data) == GOOD
    for broken in (data[:-2], data[: len(data) // 2], data + b"x"):
        assert _told(broken) in {None, "capsule.invalid"}  # None: no JSON at all, and not said to be a capsule


def _told(data):
    """The capsule in these bytes, or the code of what is wrong with them."""
    try:
        return read_capsule(data)
    except CapsuleError as error:
        return error.code if len(str(error)) <= 300 else str(error)


def _altered(change):
    table = json.loads(JSON)
    change(table)
    return table


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(more=1),
        lambda table: table.pop("beside"),
        lambda table: table.update(documents=[]),
        lambda table: table.update(documents=["a"] * 101),
        lambda table: table.update(beside=[1]),
        lambda table: table.update(beside=["a", "a"]),
        lambda table: table.update(made="2026-06-12T14:03:00.5Z"),
        lambda table: table.update(contexts={"u": "AB" * 32}),
        lambda table: table.update(contexts={"u": "ab"}),
        lambda table: table["material"].update(version=2),
        lambda table: table["material"]["failures"].update(
            x={"code": "c", "message": "m", "at": "2026-01-01T00:00:00Z"}
        ),
        lambda table: table["material"]["ledgers"]["receipts"].append("AB=="),
        lambda table: table["material"]["ledgers"].update(receipts=["AA=="] * 2),
        lambda table: table["material"]["documents"].update(
            {"d" * 5000: table["material"]["documents"][UNIVERSITY.did]}
        ),
        lambda table: table["material"]["ledgers"]["bridges"].append({"chain": 2**53 - 1, "number": 1, "proof": 1}),
    ],
)
def test_what_has_other_members_or_values_is_none(change):
    with pytest.raises(CapsuleError):
        Capsule.from_json(_altered(change))


def test_what_is_not_in_the_one_order_is_none():
    items = cbor2.loads(BYTES)
    assert cbor2.dumps(items, canonical=True) == BYTES
    for place, change in (
        (12, lambda listed: listed[::-1]),
        (3, lambda listed: [*listed, b"{}", b"{}"]),
        (7, lambda listed: [*listed, *[[b"u", b"", 0]] * 2]),
        (4, lambda listed: [[*each[:1], b'{"b":1,"a":2}', *each[2:]] for each in listed]),
    ):
        altered = [*items[:place], change(items[place]), *items[place + 1 :]]
        with pytest.raises(CapsuleError):
            decode(cbor2.dumps(altered, canonical=True))


def test_what_is_bounded():
    receipt = GOOD.material.ledgers.receipts[0]
    many = LedgerMaterial(tuple(receipt + bytes([n % 256, n // 256]) for n in range(MAX_ITEMS + 1)))
    with pytest.raises(CapsuleError, match="items of one kind"):
        Capsule.of(GOOD.documents, VerificationMaterial(ledgers=many), made=AT)
    big = VerificationMaterial(resources=(ResourceCopy("u", bytes(MAX_BYTES), Origin.LIVE, AT),))
    with pytest.raises(CapsuleError) as refused:
        encode(Capsule.of(GOOD.documents, big, made=AT))
    assert refused.value.code == "capsule.too_large"
    with pytest.raises(CapsuleError):
        Capsule.of(GOOD.documents, big, made=AT).json_text()
    with pytest.raises(CapsuleError):
        read_capsule(BYTES + bytes(MAX_BYTES))
    number = BridgeProof(2**53, 0, b"")
    with pytest.raises(CapsuleError, match="not all readers"):
        Capsule.of(GOOD.documents, VerificationMaterial(ledgers=LedgerMaterial(bridges=(number,))), made=AT)
    with pytest.raises(CapsuleError, match="UTF-8"):
        Capsule.of([b"\xff"], made=AT)


def test_what_only_mentions_capsules_is_none():
    award = json.dumps(badge(name=FORMAT)).encode()
    assert looks_like_capsule(award)
    assert read_capsule(award) is None
    assert read_capsule(b"[]") is None
    assert read_capsule(json.dumps({"format": "glejt/capsule/v2", "why": FORMAT}).encode()) is None
    assert not looks_like_capsule(b"\x89PNG" + bytes(30) + FORMAT.encode())


def _mutated(data, chance):
    at, other = chance.randrange(len(data)), chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            data[at] = chance.randrange(256)
        case 1:
            data[at] ^= 1 << chance.randrange(8)
        case 2:
            del data[at : at + chance.randrange(1, 9)]
        case 3:
            data[at:at] = data[other : other + chance.randrange(1, 40)]
        case 4:
            data[at : at + 4] = chance.randbytes(4)


def test_mutations_are_read_or_refused_and_never_take_long():
    """A hundred thousand: bytes changed, cut out, doubled, put together from two places."""
    chance, begun, read = random.Random(11), time.monotonic(), 0  # noqa: S311 -- the same mutations in every run
    small = encode(Capsule.of([b'{"id":"urn:1"}'], _without_list(GOOD.material), made=AT))
    for number in range(100_000):
        data = bytearray(small)
        for _ in range(chance.randrange(1, 4)):
            _mutated(data, chance)
        capsule = _told(bytes(data))
        if isinstance(capsule, Capsule):
            read += 1
            assert number % 97 or encode(capsule) == bytes(data)
        else:
            assert capsule in {None, "capsule.invalid"}
    assert read > 1000  # most of a capsule are hashes, which any bytes can be
    assert time.monotonic() - begun < 120


def _without_list(material):
    return replace(material, status_lists=())


@pytest.mark.parametrize(
    "data",
    [
        b"\x8d\x50" + FORMAT.encode() + b"\x9b" + (2**62).to_bytes(8),
        b"\x8d\x50" + FORMAT.encode() + b"\x5b" + (2**62).to_bytes(8) + b"a",
        b"\x8d\x50" + FORMAT.encode() + b"\x81" * 100_000,
        b"\x8d\x50" + FORMAT.encode() + b"\x9a" + (4_000_000).to_bytes(4) + bytes(4_000_000),
        b"\x8d\x50" + FORMAT.encode() + b"\x9f" * 1000,
        b'{"format":"' + FORMAT.encode() + b'","x":' + b"[" * 100_000,
        b'{"format":"' + FORMAT.encode() + b'","x":[' + b"0," * 2_000_000 + b"0]}",
    ],
)
def test_hostile_lengths_are_refused_at_once(data):
    begun = time.monotonic()
    assert _told(data) in {None, "capsule.invalid"}
    assert time.monotonic() - begun < 10


def test_it_says_which_contexts_its_documents_need():
    assert set(GOOD.contexts) == {VC, OB}
    assert all(BUNDLED.digest(url) == digest for url, digest in GOOD.contexts.items())
    shown = presentation(badge(), {**badge(), "@context": [VC, OB, "https://nowhere.example/terms"]})
    made = make_capsule([json.dumps(shown).encode()], made=AT)
    assert set(made.contexts) == {VC, OB}


def test_it_says_under_which_blocks_its_proofs_are():
    state = PACKED.record.state
    (block,) = needed_blocks(GOOD)
    assert (block.chain_id, block.number, block.hash) == (NAME.chain_id, state.number, state.hash)
    broken = replace(GOOD, material=replace(GOOD.material, ledgers=LedgerMaterial((b"x",), (checkpoint(state),))))
    assert needed_blocks(broken) == ()


def test_several_documents_are_judged_as_a_list():
    awards = [ISSUER.sign(badge(id=f"urn:example:{number}")) for number in range(3)]
    capsule = make_capsule([json.dumps(award).encode() for award in awards], made=AT + timedelta(microseconds=5))
    report = judged(json.loads(capsule.subject_bytes))
    assert [entry.summary["id"] for entry in report.credentials] == [award["id"] for award in awards]
    assert report.verdict == "accepted"
