"""Transactions before and after signing, beside the library that other Ethereum software signs with."""

import pytest
import rlp
from eth_account import Account
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import Fees
from anchoring.transactions.signing import SignerError, Transaction

SECRET = bytes([7]) * 32
ADDRESS = SigningKey(SECRET).address
SENT = Transaction(31_337, 3, bytes(range(20)), b"data", 200_000, Fees(30, 2))


def theirs(transaction, secret=SECRET, **changed):
    fields = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "to": "0x" + transaction.to.hex(),
        "value": 0,
        "data": transaction.data,
        "gas": transaction.gas,
        "maxFeePerGas": transaction.fees.maximum,
        "maxPriorityFeePerGas": transaction.fees.priority,
        **changed,
    }
    return Account.sign_transaction(fields, secret)


NUMBERS = st.integers(0, 2**64 - 1)


@settings(max_examples=20, deadline=None)
@given(NUMBERS, NUMBERS, st.binary(max_size=200), NUMBERS, NUMBERS, NUMBERS)
def test_the_same_bytes_as_elsewhere(  # noqa: PLR0913, PLR0917 - the fields of a transaction
    chain_id, nonce, data, gas, maximum, priority
):
    transaction = Transaction(1 + chain_id, nonce, bytes(range(20)), data, gas, Fees(maximum, priority))
    signed = theirs(transaction)
    assert transaction.signed(signed.v, signed.r, signed.s) == signed.raw_transaction
    assert transaction.hash_of(bytes(signed.raw_transaction), ADDRESS) == signed.hash == keccak(signed.raw_transaction)


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": 4},
        {"chainId": 1},
        {"value": 1},
        {"data": b"date"},
        {"gas": 200_001},
        {"maxFeePerGas": 31},
        {"maxPriorityFeePerGas": 3},
        {"to": "0x" + "11" * 20},
        {"accessList": [{"address": "0x" + "22" * 20, "storageKeys": []}]},
    ],
)
def test_a_signer_that_changes_a_field_is_found(changed):
    with pytest.raises(SignerError) as caught:
        SENT.hash_of(bytes(theirs(SENT, **changed).raw_transaction), ADDRESS)
    assert caught.value.code == "transaction.other_fields"


def test_a_signer_with_another_key_is_found():
    with pytest.raises(SignerError) as caught:
        SENT.hash_of(bytes(theirs(SENT, bytes([8]) * 32).raw_transaction), ADDRESS)
    assert caught.value.code == "transaction.other_key"


def test_what_is_no_transaction_is_told_and_not_sent():
    good = bytes(theirs(SENT).raw_transaction)
    listed = rlp.decode(good[1:])
    for raw in (
        b"",
        b"\x02",
        good[1:],
        b"\x01" + good[1:],
        good[:-1],
        good + b"\0",
        b"\x02" + rlp.encode(b"text"),
        b"\x02" + rlp.encode([*listed[:-3], b"\x02", *listed[-2:]]),
        b"\x02" + rlp.encode([*listed[:-3], listed[-3], bytes([9]) * 33, listed[-1]]),
        b"\x02" + rlp.encode([*listed[:-1], b""]),
        bytes(40_000),
    ):
        with pytest.raises(SignerError):
            SENT.hash_of(raw, ADDRESS)
