"""Key history: what a key was at a time, and how that is known."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidDocumentError, HistoryError, VerificationMethodError
from did_methods.history import KeyEvidence, KeyHistory, KeyState, key_at, weakest
from did_methods.key import create, resolve_key
from did_methods.multikey import KeyType, PrivateKey

DID = "did:example:issuer"
START = datetime(2020, 1, 1, tzinfo=UTC)
KEYS = [PrivateKey(KeyType.ED25519, bytes([number + 1]) * 32).public for number in range(4)]
A, B, C, NEVER = KEYS
SELF = KeyEvidence.SELF_DECLARED


def day(number):
    return START + timedelta(days=number)


def stamp(number):
    return day(number).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(*keys, listed=True, did=DID, names=None, **stamps):
    methods = [
        {
            "id": f"#{names[key] if names else key.to_multibase()}",
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.to_multibase(),
            **stamps,
        }
        for key in keys
    ]
    return {
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods] if listed else [],
    }


def history(*versions, evidence=SELF):
    """Versions as a day and a document each; the evidence is the same for all, or one for each."""
    ends = [day(number) for number, _ in versions[1:]] + [None]
    kinds = evidence if isinstance(evidence, tuple) else (evidence,) * len(versions)
    return KeyHistory.of(
        (day(number), end, source, kind) for (number, source), end, kind in zip(versions, ends, kinds, strict=True)
    )


ROTATED = history((10, document(A)), (20, document(A, B)), (30, document(B)))


@pytest.mark.threat(22)
@pytest.mark.parametrize(
    ("key", "number", "state"),
    [
        (A, 9, KeyState.NOT_YET),
        (A, 10, KeyState.ACTIVE),
        (A, 19, KeyState.ACTIVE),
        (A, 29, KeyState.ACTIVE),
        (A, 30, KeyState.ROTATED_AWAY),
        (A, 99, KeyState.ROTATED_AWAY),
        (B, 19, KeyState.NOT_YET),
        (B, 20, KeyState.ACTIVE),
        (B, 99, KeyState.ACTIVE),
        (NEVER, 15, KeyState.UNKNOWN),
    ],
)
def test_a_key_is_its_subjects_from_when_it_is_listed_until_it_is_not(key, number, state):
    assert key_at(ROTATED, key, day(number)).state is state
    just_before = key_at(ROTATED, key, day(number) - timedelta(microseconds=1)).state
    assert (just_before is state) is (number not in {10, 20, 30})


def test_a_key_that_came_back_is_active_again():
    returned = history((0, document(A)), (10, document(B)), (20, document(A)))
    assert [key_at(returned, A, day(number)).state.value for number in (5, 15, 25)] == [
        "active",
        "rotated-away",
        "active",
    ]


@pytest.mark.threat(22)
@pytest.mark.parametrize("listed", [True, False])
def test_a_compromise_that_is_found_out_late_counts_from_when_it_was(listed):
    revoked = history((0, document(A)), (30, document(A, listed=listed, revoked=stamp(10))))
    assert key_at(revoked, A, day(9)).state is KeyState.ACTIVE
    for number in (10, 15, 30, 99):
        at = key_at(revoked, A, day(number))
        assert (at.state, at.since) == (KeyState.REVOKED, day(10))


def test_a_revocation_that_is_taken_back_stands():
    forgiven = history((0, document(A, revoked=stamp(5))), (10, document(A)))
    assert key_at(forgiven, A, day(20)).state is KeyState.REVOKED


def test_another_method_with_the_key_revokes_it():
    source = document(A)
    source["verificationMethod"].append(source["verificationMethod"][0] | {"id": "#twin", "revoked": stamp(5)})
    assert key_at(history((0, source)), A, day(6)).state is KeyState.REVOKED
    source["verificationMethod"][1]["controller"] = "did:example:mallory"  # says nothing of the subject's key
    assert key_at(history((0, source)), A, day(6)).state is KeyState.ACTIVE


def test_an_expired_key_is_as_one_rotated_away():
    expired = history((0, document(A, expires=stamp(10))))
    assert key_at(expired, A, day(9)).state is KeyState.ACTIVE
    assert key_at(expired, A, day(10)).state is KeyState.ROTATED_AWAY


def test_a_key_for_something_else_is_not_one_for_this():
    source = document(A) | {"authentication": [f"#{A.to_multibase()}"], "assertionMethod": []}
    for relationship, state in (("assertionMethod", "unknown"), ("authentication", "active")):
        at = key_at(history((0, source)), A, day(5), relationship=Relationship(relationship))
        assert at.state.value == state


def test_an_identifier_that_is_its_key_always_had_it():
    known = KeyHistory.immutable(DidDocument.parse(resolve_key(create(A))))
    for number in (-10_000, 0, 10_000):
        at = key_at(known, A, day(number))
        assert (at.state, at.evidence) == (KeyState.ACTIVE, KeyEvidence.IMMUTABLE)
        assert key_at(known, B, day(number)).state is KeyState.UNKNOWN


def test_a_document_without_a_past_says_only_so():
    known = KeyHistory.now_only(DidDocument.parse(document(A)))
    assert key_at(known, A, day(-10)).evidence is KeyEvidence.NOW_ONLY
    at = key_at(known, B, day(5))
    assert (at.state, at.evidence) == (KeyState.UNKNOWN, KeyEvidence.NOW_ONLY)


@pytest.mark.threat(109)
def test_a_conclusion_is_worth_what_its_weakest_piece_is():
    mixed = history(
        (0, document(A)),
        (10, document(B)),
        (20, document(C)),
        evidence=(KeyEvidence.ANCHORED, KeyEvidence.WITNESSED, SELF),
    )
    assert key_at(mixed, A, day(5)).evidence is KeyEvidence.WITNESSED  # that it ended on day 10 is only witnessed
    assert key_at(mixed, B, day(15)).evidence is SELF
    assert key_at(mixed, A, day(15)).evidence is KeyEvidence.WITNESSED
    assert key_at(mixed, C, day(25)).evidence is SELF
    assert key_at(mixed, NEVER, day(5)).evidence is SELF


@given(st.lists(st.sampled_from(list(KeyEvidence)), min_size=1))
def test_the_weakest_is_the_last_in_order(kinds):
    assert list(KeyEvidence).index(weakest(kinds)) == max(list(KeyEvidence).index(kind) for kind in kinds)


def test_an_id_means_what_it_meant_then():
    reused = history((0, document(A, names={A: "key"})), (10, document(B, names={B: "key"})), (20, document(C)))
    assertion = Relationship.ASSERTION_METHOD
    for number, key in ((-5, A), (0, A), (9, A), (10, B), (15, B), (25, B)):
        assert reused.methods(f"{DID}#key", assertion, day(number))[0].key == key
    with pytest.raises(VerificationMethodError):
        reused.methods(f"{DID}#other", assertion, day(5))
    with pytest.raises(VerificationMethodError):
        reused.methods("did:example:mallory#key", assertion, day(5))


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    "times",
    [
        [],
        [(0, 10), (9, None)],
        [(0, None), (10, None)],
        [(0, 10), (None, None)],
        [(10, None), (0, None)],
        [(5, 5)],
        [(10, 5)],
    ],
)
def test_versions_follow_one_another(times):
    def at(number):
        return None if number is None else day(number)

    with pytest.raises(HistoryError):
        KeyHistory.of((at(since), at(until), document(A), SELF) for since, until in times)


def test_a_document_that_breaks_the_model_makes_no_history():
    with pytest.raises(DidDocumentError):
        KeyHistory.of([(None, None, {"id": DID, "verificationMethod": 5}, SELF)])


@given(
    st.lists(st.sets(st.sampled_from(KEYS[:3]), max_size=3), min_size=1, max_size=6),
    st.sampled_from(KEYS),
    st.integers(-5, 70),
)
def test_a_history_says_what_its_versions_say(listings, key, number):
    known = history(*((10 * index, document(*sorted(keys, key=KEYS.index))) for index, keys in enumerate(listings)))
    state = key_at(known, key, day(number)).state
    index = min(number // 10, len(listings) - 1)
    if index >= 0 and key in listings[index]:
        assert state is KeyState.ACTIVE
    elif any(key in keys for keys in listings[: max(index, 0)]):
        assert state is KeyState.ROTATED_AWAY
    elif any(key in keys for keys in listings[max(index, 0) :]):
        assert state is KeyState.NOT_YET
    else:
        assert state is KeyState.UNKNOWN
