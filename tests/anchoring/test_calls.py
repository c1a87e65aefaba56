"""What is signed and what is sent, compared with the libraries that Ethereum wallets are made of."""

import asyncio
import json
from importlib.resources import files

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from operation_samples import ACCEPTS, ADDRESSES, DEADLINES, FREE, SIGNATURES, SIGNED

from anchoring import abi, cbor
from anchoring.calls import MAX_DELAY, AuthorizedCall, TypedCall, accepted, authorize, check_time
from anchoring.errors import CallError, CborError
from anchoring.ledger import ENDLESS
from anchoring.operations import (
    Accept,
    Acceptance,
    AnchorValue,
    CancelRecovery,
    CompleteRecovery,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)
from anchoring.signing_key import SigningKey

ABI = {
    entry["name"]: entry
    for entry in json.loads(files("anchoring.artifacts").joinpath("TrustAnchor.json").read_text("utf-8"))["abi"]
    if entry["type"] == "function"
}
FUNCTIONS = {
    OpenNamespace: "open",
    AnchorValue: "anchorFor",
    SetHead: "setHeadFor",
    WithdrawAccreditation: "revokeAccreditationFor",
    RotateAuthority: "rotateFor",
    RequestRecovery: "requestRecoveryFor",
    CancelRecovery: "cancelRecoveryFor",
    CompleteRecovery: "completeRecovery",
}
KEY = SigningKey(b"\x11" * 32)
NOW = 1_800_000_000
HASH, OTHER = keccak(b"one"), keccak(b"two")
CONTRACT = bytes(range(1, 21))
CHAINS = st.integers(1, 2**64 - 1)


def _kind(member):
    if member["type"] == "tuple":
        return f"({','.join(map(_kind, member['components']))})"
    return member["type"]


def _named(call):
    """Each argument under the name that the contract's own interface has for it."""
    operation = call.operation
    values = {name: getattr(operation, name) for name in operation.__dataclass_fields__}
    values |= {
        "root": values.get("value"),
        "listId": values.get("list_id"),
        "validUntil": values.get("valid_until"),
        "validFrom": values.get("valid_from"),
        "isSealed": values.get("valid_until") == ENDLESS,
        "nextRecovery": values.get("next_commitment"),
        "recoverySalt": values.get("recovery_salt"),
        "recoveryKey": values.get("recovery_key"),
        "deadline": call.deadline,
        "signature": call.signature,
    }
    values["namespace"] = values.get("namespace", values.get("body"))
    if acceptance := values.get("acceptance"):
        values["acceptance"] = (acceptance.deadline, acceptance.signature)
    return values


@settings(max_examples=150, deadline=None)
@given(SIGNED, DEADLINES, SIGNATURES)
def test_calldata_is_that_of_the_library_under_the_contracts_own_interface(operation, deadline, signature):
    _same_calldata(AuthorizedCall(operation, deadline, signature))


@settings(max_examples=30, deadline=None)
@given(FREE)
def test_what_anybody_may_order_has_no_signature(operation):
    call = AuthorizedCall(operation)
    _same_calldata(call)
    with pytest.raises(CallError):
        AuthorizedCall(operation, NOW, b"\x01" * 65)
    with pytest.raises(CallError):
        _ = TypedCall(operation, 1, CONTRACT, NOW).digest


def _same_calldata(call):
    function = ABI[FUNCTIONS.get(type(call.operation), "accreditFor")]
    kinds, named = list(map(_kind, function["inputs"])), _named(call)
    selector = keccak(f"{function['name']}({','.join(kinds)})".encode())[:4]
    values = [
        "0x" + named[each["name"]].hex() if each["type"] == "address" else named[each["name"]]
        for each in function["inputs"]
    ]
    assert call.data() == selector + encode(kinds, values)


@pytest.mark.threat(92)
@settings(max_examples=150, deadline=None)
@given(st.one_of(SIGNED, ACCEPTS), CHAINS, ADDRESSES, DEADLINES)
def test_what_is_signed_is_what_a_wallet_signs(operation, chain_id, contract, deadline):
    call = TypedCall(operation, chain_id, contract, deadline)
    shown = json.loads(json.dumps(call.to_json()))
    message = encode_typed_data(full_message=shown)
    assert call.digest == _hash_eip191_message(message)
    theirs = Account.from_key(b"\x11" * 32).sign_message(message).signature
    assert asyncio.run(KEY.sign(call)) == bytes(theirs)


@pytest.mark.threat(92)
def test_another_chain_contract_deadline_or_operation_is_another_digest():
    calls = [
        TypedCall(AnchorValue(HASH, OTHER), 1, CONTRACT, NOW),
        TypedCall(AnchorValue(HASH, OTHER), 2, CONTRACT, NOW),
        TypedCall(AnchorValue(HASH, OTHER), 1, CONTRACT[::-1], NOW),
        TypedCall(AnchorValue(HASH, OTHER), 1, CONTRACT, NOW + 1),
        TypedCall(AnchorValue(OTHER, HASH), 1, CONTRACT, NOW),
    ]
    assert len({call.digest for call in calls}) == len(calls)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.builds(AuthorizedCall, SIGNED, DEADLINES, SIGNATURES), st.builds(AuthorizedCall, FREE)))
def test_a_stored_call_is_read_as_it_was(call):
    data = call.encode()
    assert AuthorizedCall.decode(data) == call
    assert AuthorizedCall.decode(data).id == call.id
    assert len(call.id) == 32


@settings(max_examples=100, deadline=None)
@given(SIGNED, DEADLINES, SIGNATURES, st.data())
def test_a_changed_byte_of_a_stored_call_is_refused_or_another_call(operation, deadline, signature, data):
    call = AuthorizedCall(operation, deadline, signature)
    encoded = bytearray(call.encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        other = AuthorizedCall.decode(bytes(encoded))
    except (CborError, CallError):
        return
    assert other.id != call.id


@pytest.mark.parametrize(
    "value",
    [
        [b"glejt/call/v1", 10, [HASH, OTHER], NOW, b"x"],
        [b"glejt/call/v1", 2, [HASH], NOW, b"x"],
        [b"glejt/call/v1", 2, [HASH, 5], NOW, b"x"],
        [b"glejt/call/v1", 2, HASH, NOW, b"x"],
        [b"glejt/call/v1", 2, [HASH, OTHER[:31]], NOW, b"x"],
        [b"glejt/call/v1", 2, [HASH, bytes(32)], NOW, b"x"],
        [b"glejt/call/v1", 2, [HASH, OTHER], NOW, b""],
        [b"glejt/call/v1", 2, [HASH, OTHER], 0, b"x"],
        [b"glejt/call/v1", 2, [HASH, OTHER], NOW, b"x" * 8193],
        [b"glejt/call/v1", 6, [HASH, 1, CONTRACT, [NOW]], NOW, b"x"],
        [b"glejt/receipt/v1", 2, [HASH, OTHER], NOW, b"x"],
    ],
)
def test_what_is_no_stored_call(value):
    with pytest.raises((CborError, CallError)):
        AuthorizedCall.decode(cbor.encode(value))


def test_a_signers_word_is_compared_with_its_address():
    class Another:
        """Says that it is one and signs as another, as a signer behind a wrong URL does."""

        address = SigningKey(b"\x22" * 32).address

        async def sign(self, call):
            return await KEY.sign(call)

    call = TypedCall.soon(AnchorValue(HASH, OTHER), chain_id=1, contract=CONTRACT, now=NOW)
    done = asyncio.run(authorize(call, KEY))
    assert (done.operation, done.deadline) == (call.operation, call.deadline)
    with pytest.raises(CallError) as caught:
        asyncio.run(authorize(call, Another()))
    assert caught.value.code == "call.signature"
    with pytest.raises(CallError):
        asyncio.run(accepted(HASH, Another(), chain_id=1, contract=CONTRACT, deadline=NOW))
    consent = asyncio.run(accepted(HASH, KEY, chain_id=1, contract=CONTRACT, deadline=NOW))
    assert consent.signature == asyncio.run(KEY.sign(TypedCall(Accept(HASH, KEY.address), 1, CONTRACT, NOW)))
    with pytest.raises(CallError, match="an acceptance is no call"):
        asyncio.run(authorize(TypedCall(Accept(HASH, KEY.address), 1, CONTRACT, NOW), KEY))


@pytest.mark.threat(112)
def test_deadlines_of_an_hour_but_for_withdrawals():
    anchor, withdrawal = AnchorValue(HASH, OTHER), WithdrawAccreditation(HASH, OTHER, HASH, 0)
    for operation in (anchor, withdrawal):
        check_time(operation, NOW, NOW)
        check_time(operation, NOW + MAX_DELAY, NOW)
        with pytest.raises(CallError, match="is over"):
            check_time(operation, NOW - 1, NOW)
    with pytest.raises(CallError, match="more than 3600"):
        check_time(anchor, NOW + MAX_DELAY + 1, NOW)
    check_time(withdrawal, ENDLESS, NOW)
    with pytest.raises(CallError):
        check_time(withdrawal, ENDLESS + 1, NOW)
    for late in (NOW - 1, NOW + MAX_DELAY + 1):
        with pytest.raises(CallError):
            check_time(RotateAuthority(HASH, 1, CONTRACT, Acceptance(late, b"x")), NOW, NOW)
    with pytest.raises(CallError):
        TypedCall.soon(anchor, chain_id=1, contract=CONTRACT, now=NOW, lifetime=MAX_DELAY + 1)
    check_time(OpenNamespace(CONTRACT, HASH, OTHER), 0, NOW)
    check_time(SetHead(HASH, OTHER, HASH, 1, NOW + 1), NOW, NOW)
    with pytest.raises(CallError, match="relied on"):
        check_time(SetHead(HASH, OTHER, HASH, 1, NOW), NOW, NOW)


@pytest.mark.threat(112)
def test_the_latest_block_that_could_take_a_call():
    consent = Acceptance(NOW - 5, b"x")
    for operation, expected in (
        (AnchorValue(HASH, OTHER), NOW),
        (SetHead(HASH, OTHER, HASH, 1, NOW - 9), NOW - 10),
        (SetHead(HASH, OTHER, HASH, 1, ENDLESS), NOW),
        (RotateAuthority(HASH, 1, CONTRACT, consent), NOW - 5),
        (RequestRecovery(HASH, 1, CONTRACT, HASH, OTHER, consent, CONTRACT), NOW - 5),
    ):
        assert AuthorizedCall(operation, NOW, b"x").expires == expected
    assert AuthorizedCall(CompleteRecovery(HASH, 1)).expires is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint48", 2**48),
        ("uint48", -1),
        ("uint48", True),
        ("uint512", 5),
        ("bool", 1),
        ("bytes32", b"\x01" * 31),
        ("bytes32", 5),
        ("address", b"\x01" * 32),
        ("string", b"text"),
    ],
)
def test_values_that_their_type_does_not_hold(kind, value):
    with pytest.raises(CallError):
        abi.word(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"), [("bytes", 5), (("uint256", "bytes"), b"x"), (("uint256", "uint8"), (1, 2))]
)
def test_dynamic_arguments_that_are_not_written(kind, value):
    with pytest.raises(CallError):
        abi.call_data("name", [(kind, value)])
