"""From the bytes of a list to the operation that sets its head."""

import json
from dataclasses import replace

import pytest
from ledger_support import NAMESPACE, seconds
from sd_jwt_support import LIST as TOKEN_LIST
from sd_jwt_support import status_list as token_list
from status_support import DAY, HOUR, LIST, status_list
from verification_support import AT

from anchoring.errors import CallError
from anchoring.facts import ENDLESS, StatusHead
from anchoring.heads import digest_of, list_id
from anchoring.operations import SetHead
from node.issuance.errors import NotIssuableError
from node.issuance.status_heads import following_version, head_of
from node.status.status_list import SEALED_UNTIL

TEXT = json.dumps(status_list(), indent=2).encode() + b"\n"


def _head(published=TEXT, url=LIST, **members):
    return head_of(published, url, **({"namespace": NAMESPACE, "version": 3} | members))


def test_the_operation_covers_the_bytes_to_the_last_one():
    made = _head()
    assert made == SetHead(NAMESPACE, list_id(LIST), digest_of(TEXT), 3, seconds(AT + DAY))
    assert _head(TEXT[:-1]).digest != made.digest
    assert _head(era=2).era == 2
    assert _head(valid_until=AT + HOUR).valid_until == seconds(AT + HOUR)
    assert not made.sealed


def test_a_sealed_list_makes_a_sealed_head():
    sealed = json.dumps(status_list(until=SEALED_UNTIL)).encode()
    assert (_head(sealed).valid_until, _head(sealed).sealed) == (ENDLESS, True)


def test_lists_in_tokens():
    token = token_list()
    with pytest.raises(NotIssuableError, match="until when"):
        _head(token.encode(), TOKEN_LIST)
    made = _head(token.encode(), TOKEN_LIST, valid_until=AT)
    assert (made.list_id, made.digest) == (list_id(TOKEN_LIST), digest_of(token.encode()))
    ending = token_list(exp=seconds(AT) + 99).encode()
    assert _head(ending, TOKEN_LIST).valid_until == seconds(AT) + 99


@pytest.mark.parametrize(
    ("published", "url"),
    [
        (TEXT, LIST + "/other"),
        (b"", LIST),
        (b"\xff", LIST),
        (b"{}", LIST),
        (b"a.b.c", LIST),
        (json.dumps(status_list(until=None)).encode(), LIST),
        (json.dumps(status_list(validUntil="tomorrow")).encode(), LIST),
    ],
    ids=["another address", "nothing", "no text", "no list", "no token", "no end", "no date"],
)
def test_what_has_no_head(published, url):
    with pytest.raises(NotIssuableError) as caught:
        _head(published, url)
    assert caught.value.code == "issuance.head"
    assert caught.value.remedy


def test_numbers_that_no_head_can_have():
    for version in (0, -1, 2**64):
        with pytest.raises(CallError):
            _head(version=version)


def test_the_version_that_follows():
    current = StatusHead(bytes(32), 7, 1, 2, 0, 1, sealed=False)
    assert following_version(None, 0) == following_version(current, 2) == 1
    assert following_version(current, 1) == 8
    with pytest.raises(NotIssuableError) as caught:
        following_version(replace(current, sealed=True), 1)
    assert caught.value.code == "issuance.head"
    assert following_version(replace(current, sealed=True), 2) == 1
