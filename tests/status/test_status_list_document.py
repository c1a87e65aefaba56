"""The list's side: what is built, what is read of it, and what may be changed."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.credentials.context_profile import check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.documents import MAX_CREDENTIAL_BYTES
from node.proofs.jsonld import JsonLd
from node.status.bitstring import MAX_BYTES, MIN_ENTRIES, Bitstring
from node.status.entry import StatusEntry
from node.status.errors import FinalStatusError, OutOfRangeError, ShortListError, StatusError, StatusListError
from node.status.status_list import SEALED_UNTIL, build_status_list, check_change, read_status_list

URL, ISSUER = "https://school.example/status/3", "did:web:school.example"
NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def built(bits=None, **members):
    given = {"valid_from": NOW, "valid_until": NOW + DAY} | members
    return build_status_list(URL, ISSUER, bits or Bitstring.zeros(), **given)


def test_a_list_as_it_is_published():
    document = built(Bitstring.zeros().changed({7: 1}), ttl=timedelta(minutes=5))
    subject = document["credentialSubject"]
    assert subject.pop("encodedList").startswith("uH4sI")
    assert document == {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": URL,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": ISSUER,
        "validFrom": "2026-06-12T14:03:00Z",
        "validUntil": "2026-06-13T14:03:00Z",
        "credentialSubject": {
            "id": f"{URL}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": 300_000,
        },
    }


@given(st.data())
@settings(deadline=None)
def test_what_is_built_can_be_signed_and_read(data):
    size = data.draw(st.integers(1, 8))
    changes = data.draw(st.dictionaries(st.integers(0, MIN_ENTRIES - 1), st.integers(0, (1 << size) - 1), max_size=9))
    bits = Bitstring.zeros(MIN_ENTRIES, size).changed(changes)
    purpose = data.draw(st.sampled_from(["revocation", "suspension", "refresh", "message"]))
    ttl = data.draw(st.none() | st.just(timedelta(seconds=1)))
    document = built(bits, purpose=purpose, ttl=ttl)
    assert check_credential(document) == []
    assert check_contexts(document) == []
    assert JsonLd(BUNDLED).to_rdf(document)
    content = read_status_list(json.loads(json.dumps(document)))
    assert (content.id, content.purposes, content.data, content.ttl) == (URL, {purpose}, bits.data, ttl)
    messages = tuple(map(str, range(1 << size)))
    for index, value in changes.items():
        assert content.value(StatusEntry(URL, index, purpose, size, messages)) == value


def test_a_full_list_of_the_largest_size_still_fits_into_a_credential():
    bits = Bitstring(bytes(MAX_BYTES)).changed(dict.fromkeys(range(0, MAX_BYTES * 8, 4000), 1))
    assert len(json.dumps(built(bits))) < MAX_CREDENTIAL_BYTES


def test_a_million_with_every_twentieth_withdrawn_fits_into_a_credential():
    bits = Bitstring.zeros(1_000_000).changed({index * 20 + index % 17: 1 for index in range(49_999)})
    assert len(json.dumps(built(bits))) < MAX_CREDENTIAL_BYTES


@pytest.mark.parametrize(
    ("bits", "members", "code"),
    [
        (Bitstring(bytes(16_383)), {}, "status.list.short"),
        (Bitstring(bytes(16_384), 2), {}, "status.list.short"),
        (None, {"valid_until": NOW}, "status.list.valid"),
    ],
)
@pytest.mark.threat(53)
def test_a_list_that_nobody_would_accept_is_not_built(bits, members, code):
    with pytest.raises(StatusListError) as refused:
        built(bits, **members)
    assert refused.value.code == code


@pytest.mark.parametrize("url", ["", "status/3", "https://", f"{URL}#list", "not an address"])
def test_a_list_needs_an_address(url):
    with pytest.raises(StatusListError) as refused:
        build_status_list(url, ISSUER, Bitstring.zeros(), valid_from=NOW, valid_until=None)
    assert refused.value.code == "status.list.url"


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ({"ttl": "300000"}, "status.list.ttl"),
        ({"ttl": -1}, "status.list.ttl"),
        ({"ttl": 1.5}, "status.list.ttl"),
        ({"ttl": True}, "status.list.ttl"),
        ({"ttl": None}, "status.list.ttl"),
        ({"statusPurpose": []}, "status.list.purpose"),
        ({"statusPurpose": ["revocation", 7]}, "status.list.purpose"),
        ({"statusPurpose": ["revocation"] * 2}, "status.list.purpose"),
        ({"statusPurpose": [str(number) for number in range(9)]}, "status.list.purpose"),
        ({"statusSize": 0}, "status.list.size"),
        ({"statusSize": 2.0}, "status.list.size"),
        ({"statusMessages": []}, "status.list.messages"),
        ({"statusMessages": [{"status": "0x0"}, {"status": "0x1", "message": "x"}]}, "status.list.messages"),
        ({"encodedList": 7}, "status.list.encoding"),
        ({"type": "StatusList2021"}, "status.list.subject"),
    ],
)
def test_a_list_that_says_it_improperly(subject, code):
    document = built()
    document["credentialSubject"] |= subject
    with pytest.raises(StatusError) as refused:
        read_status_list(document)
    assert refused.value.code == code
    assert refused.value.path.startswith("/credentialSubject")


@pytest.mark.parametrize("seconds", [0, 1, 300])
def test_a_copy_is_fresh_for_its_ttl_within_the_list_s_own_end(seconds):
    content = read_status_list(built(ttl=timedelta(seconds=seconds)))
    usual = timedelta(hours=1)
    assert content.stale_from(NOW, None, usual) == NOW + timedelta(seconds=seconds)
    assert content.stale_from(NOW, NOW + timedelta(seconds=2), usual) <= NOW + timedelta(seconds=2)
    assert read_status_list(built()).stale_from(NOW, NOW + DAY, usual) == NOW + usual
    assert content.stale_from(SEALED_UNTIL, None, usual) == SEALED_UNTIL


@pytest.mark.threat(55)
@pytest.mark.parametrize("purpose", ["revocation", "refresh"])
def test_what_is_final_is_not_taken_back(purpose):
    bits = Bitstring.zeros(MIN_ENTRIES, 2).changed({7: 1})
    purposes = frozenset({purpose, "suspension"})
    check_change(purposes, bits, {7: 1, 8: 2})
    for value in (0, 2):
        with pytest.raises(FinalStatusError) as refused:
            check_change(purposes, bits, {8: 1, 7: value})
        assert refused.value.code == "status.final.value"
    with pytest.raises(OutOfRangeError):
        check_change(purposes, bits, {MIN_ENTRIES: 1})


def test_a_suspension_may_be_lifted():
    bits = Bitstring.zeros().changed({7: 1})
    check_change(frozenset({"suspension"}), bits, {7: 0})
    check_change(frozenset({"message"}), bits, {7: 0})


def test_a_short_list_is_never_looked_into():
    document = built()
    content = read_status_list(document)
    with pytest.raises(ShortListError):
        content.value(StatusEntry(URL, 7, size=2, messages=("a", "b", "c", "d")))
