"""Calls of the registry of identities, as its ABI has them; on a chain they are tried by the tests of did:ethr."""

import json

import pytest
from eth_hash.auto import keccak
from support import ROOT

from anchoring.errors import CallError
from anchoring.registry_calls import (
    MAX_VALIDITY,
    MAX_VALUE_BYTES,
    AddDelegate,
    ChangeOwner,
    RevokeAttribute,
    RevokeDelegate,
    SetAttribute,
    call_data,
    digest,
    nonce_holder,
    signed_call_data,
)

ABI = json.loads((ROOT / "anchoring" / "artifacts" / "EthereumDIDRegistry.json").read_text("utf-8"))["abi"]
IDENTITY, OTHER, REGISTRY = b"\x11" * 20, b"\x22" * 20, b"\x33" * 20
NAME, VALUE = b"name".ljust(32, b"\0"), b"value"
CALLS = {
    "changeOwner": ChangeOwner(IDENTITY, OTHER),
    "addDelegate": AddDelegate(IDENTITY, NAME, OTHER, 7),
    "revokeDelegate": RevokeDelegate(IDENTITY, NAME, OTHER),
    "setAttribute": SetAttribute(IDENTITY, NAME, VALUE, 7),
    "revokeAttribute": RevokeAttribute(IDENTITY, NAME, VALUE),
}
SIGNATURE = b"\x01" * 32 + b"\x02" * 32 + b"\x1b"


def selector(name):
    (entry,) = [entry for entry in ABI if entry.get("name") == name]
    return keccak(f"{name}({','.join(given['type'] for given in entry['inputs'])})".encode())[:4]


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_one_of_the_registrys_functions(name):
    assert call_data(CALLS[name])[:4] == selector(name)
    signed = signed_call_data(CALLS[name], SIGNATURE)
    assert signed[:4] == selector(f"{name}Signed")
    assert signed[4:132] == IDENTITY.rjust(32, b"\0") + b"\x1b".rjust(32, b"\0") + SIGNATURE[:64]


def test_what_is_signed_is_said_of_one_registry_and_one_count():
    packed = {
        "changeOwner": OTHER,
        "addDelegate": NAME + OTHER + (7).to_bytes(32),
        "revokeDelegate": NAME + OTHER,
        "setAttribute": NAME + VALUE + (7).to_bytes(32),
        "revokeAttribute": NAME + VALUE,
    }
    for name, call in CALLS.items():
        signed = b"\x19\x00" + REGISTRY + (5).to_bytes(32) + IDENTITY + name.encode() + packed[name]
        assert digest(call, registry=REGISTRY, nonce=5) == keccak(signed)
    digests = {
        digest(call, registry=place, nonce=n) for call in CALLS.values() for place in (REGISTRY, OTHER) for n in (0, 1)
    }
    assert len(digests) == 20


def test_whose_count_is_signed():
    for name, call in CALLS.items():
        assert nonce_holder(call, OTHER) == OTHER
        assert nonce_holder(call, OTHER, of_old=True) == (IDENTITY if name.endswith("Attribute") else OTHER)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ChangeOwner(IDENTITY[1:], OTHER),
        lambda: ChangeOwner(IDENTITY, OTHER + b"\0"),
        lambda: AddDelegate(IDENTITY, NAME[1:], OTHER, 7),
        lambda: AddDelegate(IDENTITY, NAME, OTHER, -1),
        lambda: AddDelegate(IDENTITY, NAME, OTHER, MAX_VALIDITY),
        lambda: RevokeDelegate(IDENTITY, NAME, OTHER[1:]),
        lambda: SetAttribute(IDENTITY, NAME, b"x" * (MAX_VALUE_BYTES + 1), 7),
        lambda: RevokeAttribute(IDENTITY, NAME + b"\0", VALUE),
        lambda: signed_call_data(CALLS["changeOwner"], SIGNATURE[1:]),
        lambda: digest(CALLS["changeOwner"], registry=REGISTRY[1:], nonce=0),
        lambda: digest(CALLS["changeOwner"], registry=REGISTRY, nonce=-1),
    ],
)
def test_what_is_no_call(make):
    with pytest.raises(CallError) as caught:
        make()
    assert caught.value.remedy
