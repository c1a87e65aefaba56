"""did:pkh: an identifier that is an account on a ledger, and with it the hash of a public key.

Nothing is asked of any ledger. Whoever holds the key of the account is the subject, now and ever; an account that a
contract controls cannot be told from one that a key controls.

Spec: https://github.com/w3c-ccg/did-pkh/blob/main/did-pkh-method-draft.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from did_methods.accounts import EIP155, SOLANA, Account, account_of, parse_account
from did_methods.curves import KeyType
from did_methods.did import Did, parse_did
from did_methods.document import Relationship
from did_methods.errors import DidMethodsError, InvalidDidError, shown
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multibase import from_base58
from did_methods.multikey import PublicKey
from did_methods.resolution import Resolution

METHOD: Final = "pkh"
ETHEREUM: Final = "1"
"""The Ethereum mainnet."""
SOLANA_MAINNET: Final = "4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ"
"""As the method's table has it."""

_SECURITY: Final = "https://w3id.org/security#"
_RECOVERY: Final = "EcdsaSecp256k1RecoveryMethod2020"
_ED25519: Final = "Ed25519VerificationKey2018"
_HASHED_ED25519: Final = "Ed25519PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"
_HASHED_P256: Final = "P256PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"
_ACCOUNT: Final = "blockchainAccountId"
_JWK: Final = "publicKeyJwk"
_TERMS: Final[Mapping[str, JsonValue]] = MappingProxyType(
    {
        _RECOVERY: f"https://identity.foundation/EcdsaSecp256k1RecoverySignature2020#{_RECOVERY}",
        _JWK: {"@id": f"{_SECURITY}{_JWK}", "@type": "@json"},
    }
)
_TEZOS: Final = MappingProxyType(
    {KeyType.ED25519: _HASHED_ED25519, KeyType.SECP256K1: _RECOVERY, KeyType.P256: _HASHED_P256}
)
_SIGNING: Final = (
    Relationship.AUTHENTICATION,
    Relationship.ASSERTION_METHOD,
    Relationship.CAPABILITY_DELEGATION,
    Relationship.CAPABILITY_INVOCATION,
)


def create(key: PublicKey, *, chain: str | None = None) -> Did:
    """The DID of the account that a key stands for on a ledger, by its CAIP-2 name.

    Without one, a secp256k1 key is an account of Ethereum and an Ed25519 key one of Solana.
    """
    usual = f"{SOLANA}:{SOLANA_MAINNET}" if key.type is KeyType.ED25519 else f"{EIP155}:{ETHEREUM}"
    namespace, _, reference = (chain or usual).partition(":")
    return parse_did(f"did:{METHOD}:{account_of(key, namespace, reference)}")


def method_id(did: Did) -> str:
    """The id of the verification method of a did:pkh that says most of its key."""
    return f"{did}#{'controller' if parse_account(did.identifier).namespace == SOLANA else _ACCOUNT}"


def resolve_pkh(did: Did) -> JsonObject:
    """The document of a did:pkh.

    1. The identifier is the name of an account, on a ledger that the method has a table entry for.
    2. The account is a verification method, of a type by its ledger; Solana's says its key, Tezos' has a second name.
    3. It is listed under every relationship that signs.

    Spec: https://github.com/w3c-ccg/did-pkh/blob/main/did-pkh-method-draft.md#read-resolve
    """
    if did.method != METHOD:
        raise InvalidDidError(
            f"{shown(str(did))} is not a did:pkh", code="did.syntax", remedy="Resolve it with the method it names."
        )
    account = parse_account(did.identifier)  # 1.
    methods = _methods(did, account)  # 2.
    terms: JsonObject = {_ACCOUNT: f"{_SECURITY}{_ACCOUNT}"}
    for name in (name for method in methods for name in (_JWK, str(method["type"])) if name != _JWK or _JWK in method):
        terms[name] = _TERMS.get(name, f"{_SECURITY}{name}")
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/did/v1", terms],
        "id": str(did),
        "verificationMethod": list[JsonValue](methods),
    }
    for relationship in _SIGNING:  # 3.
        document[relationship] = [method["id"] for method in methods]
    return document


@dataclass(frozen=True, slots=True)
class PkhMethod:
    """did:pkh for the registry of a resolver."""

    async def resolve(self, did: Did) -> Resolution:
        """The document, or why the identifier has none."""
        try:
            return Resolution(resolve_pkh(did))
        except DidMethodsError as error:
            return Resolution.refused(error)


def _methods(did: Did, account: Account) -> list[JsonObject]:
    match account.namespace:
        case "eip155" | "bip122":
            return [_method(did, account, _ACCOUNT, _RECOVERY)]
        case "solana":
            key: JsonObject = {_JWK: PublicKey(KeyType.ED25519, from_base58(account.address)).to_jwk()}
            return [
                _method(did, account, "controller", _ED25519) | key,
                _method(did, account, "SolanaMethod2021", "SolanaMethod2021") | key,
            ]
        case _:
            return [
                _method(did, account, _ACCOUNT, _TEZOS[account.tezos_key_type]),
                _method(did, account, "TezosMethod2021", "TezosMethod2021"),
            ]


def _method(did: Did, account: Account, fragment: str, method_type: str) -> JsonObject:
    return {"id": f"{did}#{fragment}", "type": method_type, "controller": str(did), _ACCOUNT: str(account)}
