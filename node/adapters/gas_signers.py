"""Keys that pay for gas: in a keystore file, behind Web3Signer, or in a module that signs digests and nothing else.

Such a key may spend the coins on its account. What is written to the contract takes the authority's signature, which
none of these gives.

Spec: https://github.com/ethereum/wiki/wiki/Web3-Secret-Storage-Definition, https://docs.web3signer.consensys.io
"""

import json
from typing import Final, Protocol

from anchoring.errors import CallError, shown
from anchoring.secp256k1 import HALF_ORDER, ORDER, PARITIES, signer_of
from anchoring.signing_key import SigningKey
from anchoring.transactions.signing import SignerError, Transaction
from node.adapters.extras import extra
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcError
from node.adapters.json_rpc.hexadecimal import HexError, from_bytes, to_bytes
from node.documents import DocumentError, JsonObject, JsonValue, parse_object

MAX_KEYSTORE_BYTES: Final = 16 * 1024
"""A keystore has half a kilobyte."""
MAX_SCRYPT_WORK: Final = 2**21
"""What a file may ask for to be opened, n·r·p: a second or two, and 256 MiB. It is what geth and others ask for, with
n = 2¹⁸, r = 8 and p = 1, or n = 2¹⁸, r = 1 and p = 8; lighter ones ask for less."""
MAX_SCRYPT_BLOCKS: Final = 32
"""The usual r is 8."""
MAX_SCRYPT_LANES: Final = 16
MAX_PBKDF2_ROUNDS: Final = 2_000_000
"""A second or two; the usual is 10,000 to a million."""
MIN_PASSPHRASE_CHARS: Final = 8
_CIPHER: Final = "aes-128-ctr"
_DERIVED_BYTES: Final = 32
"""Half of them decrypt and half authenticate. A file that asks for a gigabyte asks for minutes."""


class DigestKey(Protocol):
    """A secp256k1 key in a key management service or a hardware module: it signs digests and tells no secret."""

    @property
    def address(self) -> bytes:
        """The account of the key, 20 bytes."""

    async def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """The r and s of the ECDSA signature over a digest of 32 bytes, s in either half of its range.

        Raises SignerError where the service does not answer.
        """


class DigestGasSigner:
    """A GasSigner over a key that signs digests. Such services tell neither the low s nor the parity: both follow."""

    def __init__(self, key: DigestKey) -> None:
        self._key = key

    @property
    def address(self) -> bytes:
        """The account of the key."""
        return self._key.address

    async def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction."""
        digest = transaction.digest
        r, s = await self._key.sign_digest(digest)
        s = ORDER - s if HALF_ORDER < s < ORDER else s
        if 0 < r < ORDER and 0 < s <= HALF_ORDER:
            for parity, v in enumerate(PARITIES):
                if signer_of(digest, r.to_bytes(32) + s.to_bytes(32) + bytes([v])) == self.address:
                    return transaction.signed(parity, r, s)
        raise SignerError(
            f"the signature is not by {shown(self.address)}",
            code="transaction.other_key",
            remedy="Check which key the service signs with, and that the address is that key's.",
        )


class HeldGasKey:
    """A GasSigner over a key of this process, for the time it sends."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    @property
    def address(self) -> bytes:
        """The account of the key."""
        return self._key.address

    async def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction."""
        signature = self._key.sign_digest(transaction.digest)
        r, s, v = signature[:32], signature[32:64], signature[64]
        return transaction.signed(PARITIES.index(v), int.from_bytes(r), int.from_bytes(s))


def open_keystore(data: bytes, passphrase: str) -> HeldGasKey:
    """The key in a keystore of version 3, as geth and others write it; takes a second. Raises SignerError."""
    document = _keystore(data)
    accounts = extra("eth_account", of="evm")
    try:
        secret = bytes(accounts.Account.decrypt(document, passphrase))
        key = SigningKey(secret)
    except (ValueError, TypeError, KeyError, NotImplementedError, CallError) as error:
        raise _unusable("the keystore does not open: its passphrase is another, or it is damaged") from error
    stated = document.get("address")
    if isinstance(stated, str) and stated.lower().removeprefix("0x") != key.address.hex():
        raise _unusable("the keystore states another address than that of its key")
    return HeldGasKey(key)


def make_keystore(passphrase: str, secret: bytes | None = None) -> tuple[bytes, bytes]:
    """A keystore of version 3 with a new key, or this one, and its address; takes a second."""
    if len(passphrase) < MIN_PASSPHRASE_CHARS:
        raise _unusable(f"a passphrase of {len(passphrase)} characters; at least {MIN_PASSPHRASE_CHARS}")
    accounts = extra("eth_account", of="evm")
    if secret is None:
        _, secret = SigningKey.generate()
    made = accounts.Account.encrypt(secret, passphrase)
    return (json.dumps(made, indent=2) + "\n").encode(), SigningKey(secret).address


class Web3Signer:
    """A GasSigner that asks a Web3Signer, or any node that holds the key, at an address of the administrator's own."""

    def __init__(self, rpc: JsonRpc, address: bytes) -> None:
        self._rpc = rpc
        self._address = address

    @property
    def address(self) -> bytes:
        """The account whose key it is to sign with."""
        return self._address

    async def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction; that it is the one asked for, with this key, is for the caller to compare."""
        fields: JsonObject = {
            "from": from_bytes(self._address),
            "to": from_bytes(transaction.to),
            "value": hex(transaction.value),
            "data": from_bytes(transaction.data),
            "nonce": hex(transaction.nonce),
            "gas": hex(transaction.gas),
            "maxFeePerGas": hex(transaction.fees.maximum),
            "maxPriorityFeePerGas": hex(transaction.fees.priority),
            "chainId": hex(transaction.chain_id),
        }
        try:
            return to_bytes(_raw(await self._rpc.call("eth_signTransaction", fields)))
        except (RpcError, HexError) as error:
            raise SignerError(
                f"the signer at {self._rpc.name} signs nothing: {error}",
                code="transaction.signer",
                remedy="Check that it runs, that it has the key of this account, and that it is set to this chain.",
            ) from error


def _raw(answer: JsonValue) -> JsonValue:
    """The signed bytes: Web3Signer answers with them alone, nodes with the transaction beside them."""
    return answer.get("raw") if isinstance(answer, dict) else answer


def _keystore(data: bytes) -> JsonObject:
    """The file, as far as it asks for no more work than one should."""
    try:
        document = parse_object(data, max_bytes=MAX_KEYSTORE_BYTES)
    except DocumentError:
        raise _unusable("the file is no keystore") from None
    crypto = document.get("crypto")
    params = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if document.get("version") != 3 or not isinstance(crypto, dict) or not isinstance(params, dict):  # noqa: PLR2004
        raise _unusable("the file is no keystore of version 3")
    match crypto.get("kdf"), params:
        case "scrypt", {"n": int(n), "r": int(r), "p": int(p), "dklen": int(length)} if length == _DERIVED_BYTES:
            bearable = n > 0 and 0 < r <= MAX_SCRYPT_BLOCKS and 0 < p <= MAX_SCRYPT_LANES
            bearable = bearable and n * r * p <= MAX_SCRYPT_WORK
        case "pbkdf2", {"c": int(rounds), "prf": "hmac-sha256", "dklen": int(length)} if length == _DERIVED_BYTES:
            bearable = 0 < rounds <= MAX_PBKDF2_ROUNDS
        case _:
            bearable = False
    if not bearable or crypto.get("cipher") != _CIPHER:
        raise _unusable("the keystore asks for more work than is done here, or in a way that is not known")
    return document


def _unusable(message: str) -> SignerError:
    return SignerError(message, code="transaction.signer", remedy="Give another keystore, or its right passphrase.")
