"""A namespace in a file, or by its name alone."""

import json

import pytest
from anchoring_support import CONTRACT
from ledger_support import CHAIN, NAME

from anchoring.founding import RecoveryKey, found
from node.issuance.errors import NotAnchorableError
from node.issuance.namespaces import Namespace

OPENING = found(b"a" * 20, RecoveryKey(b"k" * 32, b"s" * 32))
FOUNDED = Namespace.founded(OPENING, CHAIN, CONTRACT.address)


def _with(**members):
    return json.dumps({**json.loads(FOUNDED.encode()), **members}).encode()


def test_what_was_founded_is_read_back():
    assert Namespace.parse(FOUNDED.encode()) == FOUNDED
    assert FOUNDED.name.namespace == OPENING.namespace
    assert FOUNDED.service["serviceEndpoint"] == str(FOUNDED.name)
    assert b"k" * 32 not in FOUNDED.encode()


@pytest.mark.parametrize("text", [f"{NAME}", f"{NAME}/heads", f"  {NAME}\n"])
def test_a_name_is_enough(text):
    assert Namespace.parse(text.encode()) == Namespace(NAME)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        b"eip155:1:0x00#0x00",
        _with(type="Another"),
        _with(id=str(NAME)),
        _with(founding={}),
        _with(founding=7),
        _with(genesis="0xzz"),
        _with(founding={"authority": "0x" + "00" * 20, "recovery": "0x" + "11" * 32, "salt": "0x" + "22" * 32}),
    ],
)
def test_what_names_none_is_refused(data):
    with pytest.raises(NotAnchorableError) as caught:
        Namespace.parse(data)
    assert caught.value.code == "anchoring.namespace"
