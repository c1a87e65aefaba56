"""A transaction before and after whoever pays for gas has signed it.

What comes back from a signer is compared with what was asked for: a signer of another key, or one that fills fields in
by itself, is found before anything is sent.

Spec: https://eips.ethereum.org/EIPS/eip-1559
"""

from dataclasses import dataclass
from typing import Final, Protocol

from anchoring import rlp
from anchoring.errors import RlpError, TransactionError, shown
from anchoring.keccak import keccak256
from anchoring.secp256k1 import signer_of
from anchoring.transactions.fees import Fees

TYPE: Final = b"\x02"
"""Transactions with a base fee and a tip."""
MAX_RAW_BYTES: Final = 32 * 1024
"""The longest call has a contract's signatures of 8 kB each; nodes take 128 kB."""
_V: Final = 27


class SignerError(TransactionError):
    """The signer does not answer, does not hold the key, or signs something else."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is signed: mostly a call without value."""

    chain_id: int
    nonce: int
    to: bytes
    data: bytes
    gas: int
    fees: Fees
    value: int = 0
    """Coins that go along; a call of our contract brings none."""

    @property
    def digest(self) -> bytes:
        """What the signature is over."""
        return keccak256(TYPE + rlp.encode(self._fields()))

    def signed(self, parity: int, r: int, s: int) -> bytes:
        """The bytes that are sent, with this signature: the lowest bit of the point's y, and two numbers."""
        return TYPE + rlp.encode([*self._fields(), *map(_digits, (parity, r, s))])

    def _fields(self) -> list[rlp.Item]:
        numbers = (self.chain_id, self.nonce, self.fees.priority, self.fees.maximum, self.gas)
        return [*map(_digits, numbers), self.to, _digits(self.value), self.data, []]  # no access list

    def hash_of(self, raw: bytes, account: bytes) -> bytes:
        """The hash by which the chain knows these signed bytes; raises SignerError for another transaction or key."""
        try:
            fields = rlp.decode(raw[1:]) if raw[:1] == TYPE and len(raw) <= MAX_RAW_BYTES else b""
            if not isinstance(fields, list) or fields[:-3] != self._fields():
                raise _error(f"the signer signed another transaction: {shown(raw)}", "transaction.other_fields")
            parity, r, s = map(rlp.integer, fields[-3:])
        except RlpError as error:
            raise _error(f"the signer answers with no transaction: {error}", "transaction.other_fields") from error
        signature = r.to_bytes(32) + s.to_bytes(32) + bytes([_V + parity]) if parity in (0, 1) else b""
        if signer_of(self.digest, signature) != account:
            raise _error(f"the transaction is not signed by {shown(account)}", "transaction.other_key")
        return keccak256(raw)


class GasSigner(Protocol):
    """Whoever pays for gas. This key may be lost or stolen with no more harm than the coins on it: it has no say."""

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""

    async def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction, ready to be sent; raises SignerError."""


def _digits(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _error(message: str, code: str) -> SignerError:
    return SignerError(message, code=code, remedy="Check which key the signer holds, and that it changes no field.")
