"""Witnesses of a did:webvh: enough of them approved every version that needs them, or it does not count."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webvh_support import KEYS, NOW, WITNESSES, did_key, entries, first, forged, read, rule

from did_methods.errors import LogError
from did_methods.webvh_create import approve, published
from did_methods.webvh_witness import MAX_PROOFS_TRIED, MAX_WITNESS_BYTES, check_witnesses
from node.verification.did_logs import LOG_TOOLS

TWO_OF_THREE = first(changes={"witness": rule(2, 0, 1, 2)})


def approved(log, *numbers, file=None):
    return approve(log, file, [WITNESSES[number] for number in numbers], LOG_TOOLS, at=NOW)


def checked(log, file):
    return check_witnesses(read(log), file, LOG_TOOLS)


def held(log, file):
    seen = checked(log, file)
    return seen.refusal.error.code if seen.refusal else None, len(seen.versions)


@pytest.mark.parametrize(
    ("numbers", "answer"), [((0, 1), None), ((2, 0), None), ((0, 1, 2), None), ((1,), "webvh.witness")]
)
@pytest.mark.threat(23)
def test_as_many_as_the_threshold_says(numbers, answer):
    seen = checked(TWO_OF_THREE, approved(TWO_OF_THREE, *numbers))
    assert (seen.refusal and seen.refusal.error.code) == answer
    if answer is None:
        assert seen.witnessed
        assert seen.versions[0].approved_by == {did_key(WITNESSES[number]) for number in numbers}


def test_a_log_without_witnesses_needs_no_file():
    assert held(first(), None) == (None, 1)
    assert held(first(), b"nonsense") == (None, 1)
    assert not checked(first(), None).witnessed


@pytest.mark.parametrize(
    "file",
    [
        None,
        b"",
        b"{}",
        b"null",
        b"[",
        b"[]",
        b"[1, null, {}]",
        b'[{"versionId": 1, "proof": 2}]',
        b" " * (MAX_WITNESS_BYTES + 1),
    ],
)
@pytest.mark.threat(23)
def test_a_file_that_proves_nothing(file):
    code, versions = held(TWO_OF_THREE, file)
    assert versions == 0
    assert code in {"webvh.witness", "webvh.witness_file", "webvh.too_large"}


def test_one_witness_counts_once():
    twice = json.loads(approved(TWO_OF_THREE, 0))
    twice[0]["proof"].append(twice[0]["proof"][0] | {})
    assert held(TWO_OF_THREE, json.dumps(twice).encode()) == ("webvh.witness", 0)


@pytest.mark.threat(23)
def test_somebody_who_is_no_witness_does_not_count():
    assert held(TWO_OF_THREE, approved(TWO_OF_THREE, 0, 3)) == ("webvh.witness", 0)


@pytest.mark.threat(23)
def test_a_proof_of_one_witness_is_not_another_ones():
    file = json.loads(approved(TWO_OF_THREE, 0, 3))
    file[0]["proof"][1]["verificationMethod"] = json.loads(approved(TWO_OF_THREE, 1))[0]["proof"][0][
        "verificationMethod"
    ]
    assert held(TWO_OF_THREE, json.dumps(file).encode()) == ("webvh.witness", 0)


@pytest.mark.threat(23)
def test_a_proof_of_another_version_is_not_one_of_this():
    """A forked entry has another hash, so what was approved of the other branch says nothing of it."""
    other = first(changes={"witness": rule(2, 0, 1, 2), "ttl": 1})
    file = approved(other, 0, 1)
    assert held(TWO_OF_THREE, file) == ("webvh.witness", 0)
    renamed = file.replace(entries(other)[0]["versionId"].encode(), entries(TWO_OF_THREE)[0]["versionId"].encode())
    assert held(TWO_OF_THREE, renamed) == ("webvh.witness", 0)


def test_an_approval_reaches_back_and_never_forward():
    two = forged(TWO_OF_THREE)
    three = forged(two)
    assert held(three, approved(three, 0, 1)) == (None, 3)
    assert held(three, approved(two, 0, 1)) == ("webvh.witness", 2)
    mixed = approved(three, 0, file=approved(two, 1))
    assert held(three, mixed) == ("webvh.witness", 2)
    assert [version.approved_by for version in checked(three, mixed).versions] == [
        {did_key(WITNESSES[0]), did_key(WITNESSES[1])}
    ] * 2


def test_what_is_not_in_the_log_yet_harms_nothing():
    two = forged(TWO_OF_THREE)
    file = approved(two, 0, 1, file=approved(TWO_OF_THREE, 0, 1))
    assert held(TWO_OF_THREE, file) == (None, 1)
    assert held(two, file) == (None, 2)


class TestChanges:
    """Who approves an entry that changes the witnesses; other implementations differ here."""

    def test_first_witnesses_approve_the_entry_that_names_them(self):
        log = forged(first(), {"witness": rule(1, 0)})
        assert held(log, approved(log, 0)) == (None, 2)
        assert held(log, None) == ("webvh.witness_file", 1)
        assert held(log, b"[]") == ("webvh.witness", 1)

    def test_new_witnesses_are_let_in_by_the_old_ones(self):
        log = forged(first(changes={"witness": rule(1, 0)}), {"witness": rule(1, 1)})
        assert held(log, approved(log, 0)) == (None, 2)
        assert held(log, approved(log, 1)) == ("webvh.witness", 0)
        more = forged(log)
        assert held(more, approved(more, 1, file=approved(log, 0))) == (None, 3)
        assert held(more, approved(more, 0)) == ("webvh.witness", 2)

    def test_the_end_of_witnessing_is_witnessed(self):
        log = forged(first(changes={"witness": rule(1, 0)}), {"witness": {}})
        assert held(log, approved(first(changes={"witness": rule(1, 0)}), 0)) == ("webvh.witness", 1)
        assert held(log, approved(log, 0)) == (None, 2)
        more = forged(log)
        assert held(more, approved(log, 0)) == (None, 3)
        assert not checked(more, approved(log, 0)).witnessed


@pytest.mark.parametrize(
    "change", [{"proofPurpose": "authentication"}, {"cryptosuite": "ecdsa-jcs-2019"}, {"proofValue": "z1"}]
)
def test_a_proof_of_another_kind_counts_for_nothing(change):
    file = json.loads(approved(TWO_OF_THREE, 0, 1))
    file[0]["proof"][0] |= change
    assert held(TWO_OF_THREE, json.dumps(file).encode()) == ("webvh.witness", 0)
    file[0]["proof"].append(json.loads(approved(TWO_OF_THREE, 2))[0]["proof"][0])
    assert held(TWO_OF_THREE, json.dumps(file).encode()) == (None, 1)


def test_the_tries_are_bounded():
    file = json.loads(approved(TWO_OF_THREE, 0, 1))
    bad = file[0]["proof"][0] | {"created": "2026-01-01T00:00:09Z"}
    file[0]["proof"] = [bad] * (MAX_PROOFS_TRIED - 2) + file[0]["proof"]
    assert held(TWO_OF_THREE, json.dumps(file).encode()) == (None, 1)
    file[0]["proof"] = [bad, *file[0]["proof"]]
    assert held(TWO_OF_THREE, json.dumps(file).encode()) == ("webvh.witness", 0)


def test_what_is_published_is_read_first():
    log = forged(TWO_OF_THREE)
    assert len(published(log, approved(log, 0, 1), LOG_TOOLS, now=NOW).versions) == 2
    with pytest.raises(LogError):
        published(log, approved(log, 0), LOG_TOOLS, now=NOW)


def test_the_file_keeps_what_readers_of_the_published_log_need():
    two = forged(TWO_OF_THREE)
    three = forged(two)
    file = approved(three, 0, 1, file=approved(two, 0, 1, file=approved(TWO_OF_THREE, 0, 1, 2)))
    numbers = {item["versionId"][0]: len(item["proof"]) for item in json.loads(file)}
    assert numbers == {"1": 1, "2": 2, "3": 2}
    assert held(two, file) == (None, 2)
    assert held(three, file) == (None, 3)
    assert approved(three, 0, 1, file=file) == file


@pytest.mark.threat(23)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=6), st.randoms())
def test_versions_hold_exactly_while_enough_approvals_reach_them(pairs, random):
    logs = [TWO_OF_THREE, forged(TWO_OF_THREE), forged(forged(TWO_OF_THREE))]
    file = [item for version, witness in pairs for item in json.loads(approved(logs[version], witness))]
    random.shuffle(file)
    reached = [max((version for version, witness in pairs if witness == number), default=-1) for number in range(3)]
    expected = next((n for n in range(3) if sum(last >= n for last in reached) < 2), 3)
    assert held(logs[2], json.dumps(file).encode())[1] == expected


def test_the_keys_of_a_log_are_not_its_witnesses():
    log = first(changes={"witness": {"threshold": 1, "witnesses": [{"id": did_key(KEYS[0])}]}})
    assert held(log, None) == ("webvh.witness_file", 0)
