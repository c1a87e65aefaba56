"""Accounts of ledgers by their CAIP-10 names, and whose key an account is.

An address is a hash of a key, or the key itself (Solana); where it carries a checksum, a wrong one is refused.

Spec: https://chainagnostic.org/CAIPs/caip-10, https://chainagnostic.org/CAIPs/caip-2
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from did_methods.curves import KeyType, y_of
from did_methods.errors import InvalidDidError, MultibaseError, UnsupportedKeyError, shown
from did_methods.multibase import from_base58, to_base58
from did_methods.multikey import PublicKey

EIP155: Final = "eip155"
BIP122: Final = "bip122"
SOLANA: Final = "solana"
TEZOS: Final = "tezos"
NAMESPACES: Final = (EIP155, BIP122, SOLANA, TEZOS)

# CAIP-10: namespace, reference, address. Percent encoding, which it allows in addresses, no ledger here needs.
_NAME: Final = re.compile(
    r"(?P<namespace>[-a-z0-9]{3,8}):(?P<reference>[-_a-zA-Z0-9]{1,32}):(?P<address>[-.a-zA-Z0-9]{1,128})"
)
_REFERENCES: Final = {
    EIP155: re.compile(r"[1-9][0-9]{0,31}"),
    BIP122: re.compile(r"[0-9a-f]{32}"),
    SOLANA: re.compile(r"[1-9A-HJ-NP-Za-km-z]{32}"),
    TEZOS: re.compile(r"Net[1-9A-HJ-NP-Za-km-z]{12}"),
}
_EIP155_ADDRESS: Final = re.compile(r"0x(?:[0-9a-f]{40}|[0-9A-F]{40}|[0-9a-fA-F]{40})")
_MAX_ADDRESS_CHARS: Final = 64
_CHECKSUM_BYTES: Final = 4
_P2PKH_BYTES: Final = 21
# What stands before the hash of a key of each type in an address of Tezos: tz1, tz2, tz3.
TEZOS_PREFIXES: Final = {
    KeyType.ED25519: bytes.fromhex("06a19f"),
    KeyType.SECP256K1: bytes.fromhex("06a1a1"),
    KeyType.P256: bytes.fromhex("06a1a4"),
}
_TEZOS_BYTES: Final = 23
_ED25519_BYTES: Final = 32
_NIBBLE_TO_RAISE: Final = 8


@dataclass(frozen=True, slots=True)
class Account:
    """An account: the ledger family, the ledger, and the address on it as written."""

    namespace: str
    reference: str
    address: str

    def __str__(self) -> str:
        return f"{self.namespace}:{self.reference}:{self.address}"

    @property
    def tezos_key_type(self) -> KeyType:
        """Which type of key an address of Tezos is the hash of."""
        prefix = _checked(self)[: len(TEZOS_PREFIXES[KeyType.ED25519])]
        return next(key_type for key_type, known in TEZOS_PREFIXES.items() if known == prefix)


def parse_account(text: str) -> Account:
    """The account of a CAIP-10 name.

    Raises InvalidDidError for what is no name, or no address of its ledger; UnsupportedKeyError for other ledgers.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        _refuse(text, "is not the name of an account: namespace, reference and address")
    account = Account(match["namespace"], match["reference"], match["address"])
    if account.namespace not in NAMESPACES:
        raise UnsupportedKeyError(
            f"accounts of {shown(account.namespace)} are not known here",
            code="account.unsupported",
            remedy=f"Known are {', '.join(NAMESPACES)}.",
        )
    if not _REFERENCES[account.namespace].fullmatch(account.reference):
        _refuse(text, f"names no ledger of {account.namespace}: {shown(account.reference)}")
    if account.namespace == EIP155:
        _check_eip155(account)
    else:
        _checked(account)
    return account


def account_of(key: PublicKey, namespace: str, reference: str) -> Account:
    """The account that a key stands for; raises UnsupportedKeyError where keys of its type have none there."""
    if namespace == EIP155 and key.type is KeyType.SECP256K1:
        return parse_account(f"{namespace}:{reference}:{checksummed(ethereum_address(key))}")
    if namespace == SOLANA and key.type is KeyType.ED25519:
        return parse_account(f"{namespace}:{reference}:{to_base58(key.raw)}")
    if namespace == TEZOS and key.type in TEZOS_PREFIXES:
        return parse_account(f"{namespace}:{reference}:{_base58check(_tezos_payload(key))}")
    raise UnsupportedKeyError(
        f"a key of type {key.type} stands for no account of {shown(namespace)} that is made here",
        code="account.unsupported",
        remedy="Use a secp256k1 key for eip155, an Ed25519 key for solana, or either of them for tezos.",
    )


def checksummed(address: bytes) -> str:
    """The 20 bytes of an account in the mixed case that is their checksum.

    Spec: https://eips.ethereum.org/EIPS/eip-55
    """
    return _eip55(address.hex())


def is_account_of(account: Account, key: PublicKey) -> bool:
    """Whether an account is the one that this key stands for."""
    if account.namespace == EIP155:
        return key.type is KeyType.SECP256K1 and account.address.lower() == f"0x{ethereum_address(key).hex()}"
    payload = _checked(account)
    match account.namespace:
        case "solana":
            return key.type is KeyType.ED25519 and payload == key.raw
        case "tezos":
            return key.type in TEZOS_PREFIXES and payload == _tezos_payload(key)
        case _:
            return key.type is KeyType.SECP256K1 and payload[1:] == _hash160(key.raw)


def _check_eip155(account: Account) -> None:
    """Digits alone, or the mixed case that is their checksum.

    Spec: https://eips.ethereum.org/EIPS/eip-55
    """
    if not _EIP155_ADDRESS.fullmatch(account.address):
        _refuse(str(account), "is no address: 0x and 40 hexadecimal digits")
    digits = account.address[2:]
    if digits not in {digits.lower(), digits.upper()} and account.address != _eip55(digits.lower()):
        _refuse(str(account), "has a wrong checksum in the case of its letters")


def _checked(account: Account) -> bytes:
    """The bytes that an address in base58 stands for, its checksum taken off."""
    try:
        data = from_base58(account.address, max_chars=_MAX_ADDRESS_CHARS)
    except MultibaseError:
        _refuse(str(account), "is no address of its ledger")
    if account.namespace == SOLANA:
        if len(data) != _ED25519_BYTES:
            _refuse(str(account), f"has an address of {len(data)} bytes instead of {_ED25519_BYTES}")
        return data
    payload, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if _double_sha256(payload) != checksum:
        _refuse(str(account), "has a wrong checksum")
    if account.namespace == BIP122:
        if len(payload) != _P2PKH_BYTES:
            _refuse(str(account), "is not the address of one key (P2PKH)")
    elif len(payload) != _TEZOS_BYTES or payload[:3] not in TEZOS_PREFIXES.values():
        _refuse(str(account), "is not the address of a key: tz1, tz2 or tz3")
    return payload


def ethereum_address(key: PublicKey) -> bytes:
    """The 20 bytes of the account that a secp256k1 key stands for on every chain of Ethereum's kind.

    Raises UnsupportedKeyError for keys of other types.
    """
    y = y_of(KeyType.SECP256K1, key.raw) if key.type is KeyType.SECP256K1 else None
    if y is None:
        raise UnsupportedKeyError(
            f"a key of type {key.type} stands for no account of Ethereum",
            code="account.unsupported",
            remedy="Use a secp256k1 key.",
        )
    return _keccak256(key.raw[1:] + y.to_bytes(32))[-20:]


def _eip55(digits: str) -> str:
    raised = _keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= _NIBBLE_TO_RAISE else digit
        for digit, nibble in zip(digits, raised, strict=False)
    )


def _tezos_payload(key: PublicKey) -> bytes:
    return TEZOS_PREFIXES[key.type] + hashlib.blake2b(key.raw, digest_size=20).digest()


def _base58check(payload: bytes) -> str:
    return to_base58(payload + _double_sha256(payload))


def _double_sha256(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()[:_CHECKSUM_BYTES]


def _keccak256(data: bytes) -> bytes:
    from Crypto.Hash import keccak  # noqa: PLC0415 -- few identifiers are accounts, and loading it takes 40 ms

    digest: bytes = keccak.new(digest_bits=256, data=data).digest()
    return digest


def _hash160(data: bytes) -> bytes:
    from Crypto.Hash import RIPEMD160  # noqa: PLC0415 -- as above; OpenSSL has it no more

    digest: bytes = RIPEMD160.new(hashlib.sha256(data).digest()).digest()
    return digest


def _refuse(text: str, reason: str) -> NoReturn:
    raise InvalidDidError(
        f"{shown(text)} {reason}",
        code="did.account",
        remedy="Compare the account with its source, letter by letter; do not rely on it as it stands.",
    )
