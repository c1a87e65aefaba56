"""Entries: what is written is what is read, and what is read is what the recommendation shows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.status.entry import Generation, Purpose, StatusEntry, generation_of, read_entry
from node.status.errors import StatusEntryError, UnsupportedStatusError

URL = "https://school.example/status/3"
TEXTS = st.text(min_size=1, max_size=20)


@given(st.data())
@settings(deadline=None)
def test_what_is_written_is_read(data):
    size = data.draw(st.integers(1, 8))
    entry = StatusEntry(
        list_url=URL,
        index=data.draw(st.integers(0, 2**53)),
        purpose=data.draw(st.sampled_from(Purpose) | TEXTS),
        size=size,
        messages=data.draw(st.none() | st.tuples(*[st.text(max_size=3)] * (1 << size))),
        references=data.draw(st.just(()) | st.just((URL, f"{URL}/words"))),
    )
    written = json.loads(json.dumps(entry.to_json()))
    assert read_entry(written) == entry
    assert written["id"] != entry.list_url


def test_the_simple_entry_of_the_recommendation():
    """Section 2.1, example 1."""
    entry = read_entry(
        {
            "id": "https://example.com/credentials/status/3#94567",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "94567",
            "statusListCredential": "https://example.com/credentials/status/3",
        }
    )
    assert entry == StatusEntry("https://example.com/credentials/status/3", 94567)
    assert entry.to_json()["id"] == "https://example.com/credentials/status/3#94567"


def test_the_wider_entry_of_the_recommendation():
    """Section 2.1, example 2, with the message that it leaves out."""
    entry = read_entry(
        {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "message",
            "statusListIndex": "492847",
            "statusSize": 2,
            "statusListCredential": "https://example.com/credentials/status/8",
            "statusMessage": [
                {"status": "0x0", "message": "pending_review"},
                {"status": "0x1", "message": "accepted"},
                {"status": "0x2", "message": "rejected"},
                {"status": "0x3", "message": "undefined"},
            ],
            "statusReference": "https://example.org/status-dictionary/",
        }
    )
    assert (entry.size, entry.messages) == (2, ("pending_review", "accepted", "rejected", "undefined"))
    assert entry.references == ("https://example.org/status-dictionary/",)


def test_the_generation_is_told_by_the_type():
    assert generation_of({"type": ["BitstringStatusListEntry"]}) is Generation.BITSTRING
    assert generation_of({"type": "StatusList2021Entry"}) is Generation.OF_2021
    for other in (
        {},
        {"type": "RevocationList2020Status"},
        {"type": ["BitstringStatusListEntry", "StatusList2021Entry"]},
    ):
        assert generation_of(other) is None
        with pytest.raises(UnsupportedStatusError) as refused:
            read_entry(other, "/credentialStatus")
        assert (refused.value.code, refused.value.path) == ("status.unsupported", "/credentialStatus")


def test_an_error_says_where():
    with pytest.raises(StatusEntryError) as refused:
        read_entry({**StatusEntry(URL, 7).to_json(), "statusListIndex": 7}, "/credentialStatus/1")
    assert refused.value.path == "/credentialStatus/1/statusListIndex"
    assert refused.value.remedy
