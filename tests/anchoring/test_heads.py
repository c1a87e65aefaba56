"""Ids, digests and addresses of status lists, against the library of the field."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID

from anchoring import tags
from anchoring.errors import FactError
from anchoring.heads import cid_of, digest_of, list_id

URL = "https://school.example/status/1"


def test_the_id_of_a_list_is_that_of_its_address_alone():
    assert list_id(URL) == hashlib.sha256(b"glejt/status-list/v1" + URL.encode()).digest()
    others = (URL + "/", URL.upper(), URL + " ", URL.replace("https", "http"), "")
    assert len({list_id(each) for each in (URL, *others)}) == len(others) + 1
    assert digest_of(tags.STATUS_LIST + URL.encode()) == list_id(URL)


@given(st.binary(max_size=200))
def test_a_cid_is_what_the_library_makes_of_the_digest(published):
    digest = digest_of(published)
    expected = CID("base32", 1, "raw", ("sha2-256", digest))
    assert cid_of(digest) == str(expected)
    decoded = CID.decode(cid_of(digest))
    assert (decoded.version, decoded.codec.name, decoded.raw_digest) == (1, "raw", digest)


def test_a_known_cid():
    """That of an empty file, as every store has it."""
    assert cid_of(digest_of(b"")) == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_only_a_whole_digest_has_one(digest):
    with pytest.raises(FactError) as caught:
        cid_of(digest)
    assert caught.value.code == "fact.value"
    assert caught.value.remedy
