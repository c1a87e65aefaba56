"""did:ethr: versions, the way back through the blocks, and keys in time; and readers that lie."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from ethr_support import (
    ALICE,
    DAY,
    DID,
    ED25519,
    ED_NAME,
    ED_VALUE,
    SECONDS,
    START,
    SUBJECT,
    Reader,
    Registry,
    account,
    attribute_changed,
    delegate_changed,
    ids,
    method,
    owner_changed,
    resolved,
    word,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import finished

from did_methods.document import DidDocument, Relationship
from did_methods.errors import EventsError
from did_methods.ethr_document import document_at, history_of
from did_methods.ethr_events import (
    LAST_MOMENT,
    MAX_BLOCKS,
    MAX_EVENTS,
    MAX_VALUE_BYTES,
    Block,
    EventsOfBlock,
    LastChange,
    Log,
    linked_in,
    read_changes,
)
from did_methods.history import KeyEvidence, KeyState, key_at
from did_methods.resolution import Problem, resolve
from did_methods.versions import VersionedMethod
from node.documents import parse

# versions


def told_registry():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 5 * SECONDS)
    first = registry.mine()
    registry.mine(3)
    registry.owner(ALICE, account(2))
    second = registry.mine()
    registry.mine(5)
    return registry, first, second


def stamp(time):
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_versions_are_blocks():
    registry, first, second = told_registry()
    times = {number: stamp(registry.blocks[number][0]) for number in registry.blocks}
    now = {"versionId": str(second), "updated": times[second]}
    following = {"nextVersionId": str(second), "nextUpdate": times[second]}
    assert resolved(registry).document_metadata == now
    before = resolved(registry, versionId=str(first + 2))
    assert before.document_metadata == {"versionId": str(first), "updated": times[first]} | following
    assert ids(before.document) == ["controller", "delegate-1"]
    # Validity is compared with the time of the block that is asked for, event or none.
    assert ids(resolved(registry, versionId=str(second + 1)).document) == ["controller", "delegate-1"]
    assert ids(resolved(registry, versionId=str(second + 2)).document) == ["controller"]
    assert resolved(registry, versionId=str(second + 2)).document_metadata == now


def test_versions_by_their_time():
    registry, first, second = told_registry()
    began, changed = (registry.blocks[number][0] for number in (first, second))
    assert ids(resolved(registry, versionTime=stamp(began)).document) == ["controller", "delegate-1"]
    early = resolved(registry, versionTime=stamp(began - 1))
    assert ids(early.document) == ["controller"]
    assert early.document_metadata == {"nextVersionId": str(first), "nextUpdate": stamp(began)}
    one = resolved(registry, versionTime=stamp(changed - 1)).document["verificationMethod"][0]
    other = resolved(registry, versionTime=stamp(changed)).document["verificationMethod"][0]
    assert one["blockchainAccountId"] != other["blockchainAccountId"]


@pytest.mark.parametrize("version", ["0x65", "-1", "latest", "", "1e3", "99999999", "0101", "9" * 30, "99"])
def test_versions_that_there_are_not(version):
    registry, _, _ = told_registry()
    assert resolved(registry, versionId=version).problem is Problem.NOT_FOUND


def test_a_time_to_come_has_no_version():
    registry, _, _ = told_registry()
    assert resolved(registry, versionTime=stamp(registry.time + 10)).problem is Problem.NOT_FOUND
    assert resolved(registry, now=registry.time + 20, versionTime=stamp(registry.time + 10)).document


def test_what_cannot_be_asked():
    registry, _, _ = told_registry()
    assert resolved(registry, versionNumber="1").problem is Problem.FEATURE_NOT_SUPPORTED
    assert isinstance(method(Reader(registry)), VersionedMethod)
    for did, problem in (
        (f"did:ethr:0x{ALICE.hex()}", Problem.INTERNAL_ERROR),  # nobody is asked about that chain
        (f"did:ethr:nowhere:0x{ALICE.hex()}", Problem.FEATURE_NOT_SUPPORTED),
        ("did:ethr:0x", Problem.INVALID_DID),
        ("did:ethr:0x02" + "ff" * 32, Problem.INVALID_PUBLIC_KEY),
    ):
        assert finished(resolve(did, {"ethr": method(Reader(registry))})).problem is problem


# the way back through the blocks


def test_each_block_is_asked_for_once():
    registry = Registry()
    for number in range(5):
        for _ in range(number + 1):
            registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
            registry.attribute(account(9), "did/svc/Hub", b"", DAY)
        registry.mine(1 + number)
    reader = Reader(registry)
    changes = finished(read_changes(reader, ALICE)).events
    assert reader.asked == sorted(registry.event_blocks(ALICE), reverse=True)
    answer = finished(method(Reader(registry)).resolve(DID))
    assert answer.files == {"read": repr(reader.asked).encode()}
    assert [change.event.value for change in changes] == [b"%d" % n for n in range(5) for _ in range(n + 1)]


@dataclass
class Liar(Reader):
    """A reader that answers for one block with something else."""

    lies: dict = None
    last: int | None = None

    async def last_change(self, identity):
        told = await super().last_change(identity)
        return told if self.last is None else LastChange(told.at, self.last)

    async def events(self, number):
        return self.lies[number] if number in self.lies else await super().events(number)


def lying(registry, lies, last=None):
    return finished(read_changes(Liar(registry, lies=lies, last=last), ALICE)).events


@pytest.mark.threat(23)
def test_readers_that_leave_out_or_make_up_are_found_out():
    registry = Registry()
    for value in (b"a", b"b", b"c"):
        registry.attribute(ALICE, "did/svc/Hub", value, DAY)
        registry.attribute(ALICE, "did/svc/Hub", value + b"2", DAY)
        registry.mine(2)
    first, second, third = registry.event_blocks(ALICE)
    block, logs = registry.block(third), registry.logs(third)
    assert len(lying(registry, {})) == 6

    def answer(number, *said):
        return {number: EventsOfBlock(registry.block(number), said)}

    attribute = lambda previous, identity=ALICE: attribute_changed(identity, "did/svc/Hub", b"c", 0, previous)  # noqa: E731
    for lies in (
        answer(third),  # nothing there
        answer(third, attribute(0, account(9))),  # only others'
        answer(third, logs[1]),  # the first left out
        answer(third, logs[1], logs[0]),  # turned round
        answer(third, *logs, logs[0]),  # doubled
        answer(third, attribute(third), logs[1]),  # a circle
        answer(third, attribute(third + 5), logs[1]),  # ahead
        answer(third, attribute(2**255)),
        answer(third, attribute(first), attribute(second)),  # not of this block
        answer(third, attribute(second - 1)),  # where nothing is
        {third: EventsOfBlock(Block(third - 1, block.time), logs)},  # another block
        {second: EventsOfBlock(Block(second, block.time + 1), registry.logs(second))},  # dated later
        {third: EventsOfBlock(Block(third, registry.time + 99), logs)},
    ):
        with pytest.raises((EventsError, KeyError)) as caught:
            lying(registry, lies)
        assert getattr(caught.value, "code", "ethr.link") == "ethr.link"
    with pytest.raises(EventsError):
        lying(registry, {}, last=registry.number + 1)
    with pytest.raises(EventsError):
        lying(registry, {}, last=third + 1)
    # Shorter by a whole link, it hangs together: that needs the proof of the last change, and of each block.
    assert len(lying(registry, answer(third, attribute(first)))) == 3
    assert len(lying(registry, answer(third, logs[0]))) == 5


def test_what_does_not_hang_together_is_no_document():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.blocks[registry.number] = (registry.time, [])
    result = resolved(registry)
    assert result.problem is Problem.INTERNAL_ERROR
    assert "shows none" in result.detail


@pytest.mark.parametrize(
    "log",
    [
        Log(owner_changed(ALICE, ALICE, 0).topics, word(ALICE)),
        Log(owner_changed(ALICE, ALICE, 0).topics, word(ALICE) + word(0) + word(0)),
        Log(owner_changed(ALICE, ALICE, 0).topics, b"\x01" * 32 + word(0)),
        Log(delegate_changed(ALICE, "veriKey", ALICE, 1, 0).topics, word(1) * 3),
        Log(delegate_changed(ALICE, "veriKey", ALICE, 1, 0).topics, b"\x01" * 128),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) * 4),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(64) + word(0) * 3),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(128) + word(0) * 2 + word(33) + word(0)),
        Log(attribute_changed(ALICE, "x", b"", 1, 0).topics, word(0) + word(128) + word(0) * 2 + word(2**200)),
    ],
)
def test_events_that_no_registry_writes(log):
    with pytest.raises(EventsError) as caught:
        linked_in(EventsOfBlock(Block(5, 5), (log,)), ALICE, 5)
    assert caught.value.code == "ethr.event"


def test_histories_are_bounded():
    registry = Registry()
    for number in range(MAX_BLOCKS):
        registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
        registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"", DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED
    registry = Registry()
    for number in range(MAX_EVENTS):
        registry.attribute(ALICE, "did/svc/Hub", b"%d" % number, DAY)
    registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"", DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED
    registry = Registry()
    registry.attribute(ALICE, "did/svc/Hub", b"x" * MAX_VALUE_BYTES, DAY)
    registry.mine()
    assert resolved(registry).document
    registry.attribute(ALICE, "did/svc/Hub", b"x" * (MAX_VALUE_BYTES + 1), DAY)
    registry.mine()
    assert resolved(registry).problem is Problem.FEATURE_NOT_SUPPORTED


# histories


def at(time):
    return datetime.fromtimestamp(time, UTC)


def history(registry):
    return history_of(SUBJECT, finished(read_changes(Reader(registry), ALICE)).events, parse)


@pytest.mark.threat(22)
def test_keys_in_time():
    registry = Registry()
    registry.mine()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, 100 * SECONDS)
    registry.mine()
    added = registry.time
    registry.mine(10)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/hex", ED25519[1].raw, DAY)
    registry.mine()
    second = registry.time
    registry.mine(10)
    registry.attribute(ALICE, "did/pub/Ed25519/veriKey/hex", ED25519[1].raw, None)
    registry.mine()
    removed = registry.time
    told = history(registry)
    expected = {
        (0, added - 1): KeyState.NOT_YET,
        (0, added): KeyState.ACTIVE,
        (0, added + 100 * SECONDS): KeyState.ACTIVE,
        (0, added + 100 * SECONDS + 1): KeyState.ROTATED_AWAY,
        (1, second - 1): KeyState.NOT_YET,
        (1, second): KeyState.ACTIVE,
        (1, removed - 1): KeyState.ACTIVE,
        (1, removed): KeyState.ROTATED_AWAY,
        (2, removed): KeyState.UNKNOWN,
    }
    for (key, time), state in expected.items():
        known = key_at(told, ED25519[key], at(time))
        assert (known.state, known.evidence) == (state, KeyEvidence.ANCHORED), (key, time)
    assert told.versions[0].since is None
    assert told.present.until is None


@pytest.mark.threat(22)
def test_once_given_up_no_key_speaks():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.owner(ALICE, bytes(20))
    registry.mine()
    told = history(registry)
    assert key_at(told, ED25519[0], at(registry.time)).state is KeyState.ROTATED_AWAY
    assert key_at(told, ED25519[0], at(registry.time - 1)).state is KeyState.ACTIVE
    assert told.present.document.methods == {}


def test_blocks_of_one_second_are_one_version():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, DAY)
    registry.mine()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, None)
    registry.mine(seconds=0)
    told = history(registry)
    assert key_at(told, ED25519[0], at(registry.time)).state is KeyState.UNKNOWN


def test_a_key_without_an_end_that_a_calendar_has():
    registry = Registry()
    registry.attribute(ALICE, ED_NAME, ED_VALUE, LAST_MOMENT)
    registry.mine()
    (found,) = [m for m in history(registry).present.document.methods.values() if m.key == ED25519[0]]
    assert found.expires is None
    assert key_at(history(registry), ED25519[0], datetime.max.replace(tzinfo=UTC)).state is KeyState.ACTIVE


DEEDS = st.one_of(
    st.tuples(st.just("owner"), st.sampled_from([ALICE, account(2), account(3)])),
    st.tuples(
        st.just("delegate"),
        st.sampled_from(["veriKey", "sigAuth", "raiden"]),
        st.sampled_from([account(4), account(5)]),
        st.integers(0, 80),
    ),
    st.tuples(
        st.just("attribute"),
        st.sampled_from([ED_NAME, "did/pub/Ed25519/sigAuth/hex", "did/pub/Ed25519/enc", "did/svc/Hub", "did/other"]),
        st.sampled_from([key.raw for key in ED25519]),
        st.none() | st.integers(0, 80),
    ),
    st.tuples(st.just("mine"), st.integers(1, 3)),
)


@pytest.mark.threat(22)
@settings(max_examples=60, deadline=None)
@given(st.lists(DEEDS, max_size=14))
def test_a_history_is_what_the_documents_of_all_times_say(deeds):
    registry = Registry()
    registry.mine()
    for name, *arguments in deeds:
        getattr(registry, name)(*(arguments if name == "mine" else (ALICE, *arguments)))
    registry.mine()
    reader = Reader(registry)
    changes = finished(read_changes(reader, ALICE)).events
    told = history_of(SUBJECT, changes, parse)
    for time in range(START, registry.time + 100, 7):
        until = [change for change in changes if change.block.time <= time]
        document = DidDocument.parse(document_at(SUBJECT, until, time, parse).document)
        for key in ED25519:
            listed = any(
                found.key == key and found.id in document.relationships[Relationship.ASSERTION_METHOD]
                for found in document.methods.values()
            )
            assert listed == (key_at(told, key, at(time)).state is KeyState.ACTIVE)


def test_the_document_is_plain_json():
    registry, _, _ = told_registry()
    assert json.loads(json.dumps(resolved(registry).to_json()))
