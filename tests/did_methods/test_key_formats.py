"""Keys in the forms that documents of other programs and other years publish them in."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from did_methods.accounts import account_of
from did_methods.curves import SECRET_BYTES, WEIERSTRASS_CURVES, y_of
from did_methods.document import DidDocument
from did_methods.errors import InvalidDidError, InvalidKeyError, UnsupportedMethodError
from did_methods.multibase import to_base58
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from did_methods.rsa import RsaPublicKey

DID = "did:example:issuer"
SECRETS = {key_type: (0x37).to_bytes() * size for key_type, size in SECRET_BYTES.items()} | {
    KeyType.P521: bytes(1) + (0x37).to_bytes() * 65
}
KEYS = {key_type: PrivateKey(key_type, secret).public for key_type, secret in SECRETS.items()}
ED, EC = KEYS[KeyType.ED25519], KEYS[KeyType.SECP256K1]
RSA_KEY = rsa.generate_private_key(65537, 2048).public_key()


def pem(key):
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def uncompressed(key):
    size = WEIERSTRASS_CURVES[key.type].coordinate_bytes
    return b"\x04" + key.raw[1:] + y_of(key.type, key.raw).to_bytes(size)


def read(method_type, **members):
    method = {"id": "#k", "type": method_type, "controller": DID, **members}
    return DidDocument.parse({"id": DID, "verificationMethod": [method]}).methods[f"{DID}#k"]


def problem(method_type, **members):
    method = read(method_type, **members)
    assert method.key is None
    assert method.problem.remedy
    return method.problem


LEGACY = {
    "Ed25519VerificationKey2018": ED,
    "X25519KeyAgreementKey2019": KEYS[KeyType.X25519],
    "EcdsaSecp256k1VerificationKey2019": EC,
    "EcdsaSecp256k1RecoveryMethod2020": EC,
    "Secp256k1VerificationKey2018": EC,
    "EcdsaSecp256r1VerificationKey2019": KEYS[KeyType.P256],
    "Bls12381G2Key2020": KEYS[KeyType.BLS12_381_G2],
}


@pytest.mark.parametrize(("method_type", "key"), LEGACY.items(), ids=LEGACY)
def test_older_types_are_read_in_each_form_they_had(method_type, key):
    assert read(method_type, publicKeyMultibase=key.to_multibase()).key == key
    assert read(method_type, publicKeyJwk=key.to_jwk()).key == key
    assert read(method_type, publicKeyBase58=to_base58(key.raw)).key == key
    if key.type is not KeyType.BLS12_381_G2:
        assert read(method_type, publicKeyHex=key.raw.hex()).key == key
        assert read(method_type, publicKeyHex=key.raw.hex().upper()).key == key


@pytest.mark.parametrize("method_type", ["EcdsaSecp256k1VerificationKey2019", "EcdsaSecp256r1VerificationKey2019"])
def test_an_uncompressed_point_is_the_key_it_is_compressed(method_type):
    key = LEGACY[method_type]
    assert read(method_type, publicKeyHex=uncompressed(key).hex()).key == key
    assert read(method_type, publicKeyBase58=to_base58(uncompressed(key))).key == key
    off = bytearray(uncompressed(key))
    off[-1] ^= 2
    assert problem(method_type, publicKeyHex=off.hex()).code == "key.not_on_curve"
    hybrid = b"\x06" + uncompressed(key)[1:]
    assert isinstance(problem(method_type, publicKeyHex=hybrid.hex()), InvalidKeyError)


def test_pem_holds_the_key_that_the_type_says():
    own = ed25519.Ed25519PublicKey.from_public_bytes(ED.raw)
    assert read("Ed25519VerificationKey2018", publicKeyPem=pem(own)).key == ED
    numbers = RSA_KEY.public_numbers()
    assert read("RsaVerificationKey2018", publicKeyPem=pem(RSA_KEY)).key == RsaPublicKey(numbers.n, numbers.e)
    assert problem("Ed25519VerificationKey2018", publicKeyPem=pem(RSA_KEY)).code == "key.pem"
    assert problem("RsaVerificationKey2018", publicKeyPem=pem(own)).code == "key.unsupported"
    assert problem("Ed25519VerificationKey2018", publicKeyPem="no PEM").code == "key.pem"
    assert problem("Ed25519VerificationKey2018", publicKeyPem=pem(own) + "\n" * 10_000).code == "key.pem"


@pytest.mark.parametrize(
    "text",
    ["", "0", "0x" + ED.raw.hex(), ED.raw.hex()[:-1], ED.raw.hex().capitalize() + "gg", "aB" * 32, " " + ED.raw.hex()],
)
def test_what_is_not_hexadecimal_in_one_spelling_is_refused(text):
    assert problem("Ed25519VerificationKey2018", publicKeyHex=text).code == "key.hex"


@pytest.mark.threat(24)
def test_a_long_hexadecimal_text_is_refused_unread():
    assert problem("Ed25519VerificationKey2018", publicKeyHex="ab" * 10_000).code == "key.hex"
    assert problem("Ed25519VerificationKey2018", publicKeyHex="ab" * 31).code == "key.length"


@pytest.mark.threat(24)
@pytest.mark.parametrize("method_type", ["RsaVerificationKey2018", "EcdsaSecp256k1VerificationKey2019"])
def test_no_key_of_another_type_slips_in(method_type):
    assert isinstance(problem(method_type, publicKeyJwk=ED.to_jwk()), InvalidKeyError)
    jwk = RsaPublicKey(RSA_KEY.public_numbers().n, 65537).to_jwk()
    if method_type.startswith("Rsa"):
        assert read(method_type, publicKeyJwk=jwk).key.type == "RSA"
    else:
        assert isinstance(problem(method_type, publicKeyJwk=jwk), InvalidKeyError)


ACCOUNT = str(account_of(EC, "eip155", "1"))


def test_an_account_alone_is_no_key_and_not_wrong_either():
    assert isinstance(problem("EcdsaSecp256k1RecoveryMethod2020", blockchainAccountId=ACCOUNT), UnsupportedMethodError)
    assert isinstance(
        problem("EcdsaSecp256k1RecoveryMethod2020", ethereumAddress=ACCOUNT.rpartition(":")[2]), UnsupportedMethodError
    )


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    "account",
    [
        {"blockchainAccountId": ACCOUNT},
        {"blockchainAccountId": ACCOUNT.lower()},
        {"blockchainAccountId": f"{ACCOUNT.rpartition(':')[2]}@eip155:1"},
        {"ethereumAddress": ACCOUNT.rpartition(":")[2]},
    ],
)
def test_an_account_beside_a_key_is_that_of_the_key(account):
    other = PublicKey(
        KeyType.SECP256K1, bytes.fromhex("02" + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    )
    for method_type in ("EcdsaSecp256k1VerificationKey2019", "EcdsaSecp256k1RecoveryMethod2020"):
        assert read(method_type, publicKeyJwk=EC.to_jwk(), **account).key == EC
        assert problem(method_type, publicKeyJwk=other.to_jwk(), **account).code == "key.mismatch"
    assert problem("Ed25519VerificationKey2018", publicKeyJwk=ED.to_jwk(), **account).code == "key.mismatch"


@pytest.mark.parametrize("account", ["", "x", 5, "eip155:1:0x12", "eip155:01:" + ACCOUNT[9:], None, [ACCOUNT]])
def test_an_account_that_is_none_makes_the_method_unusable(account):
    found = problem("EcdsaSecp256k1VerificationKey2019", publicKeyJwk=EC.to_jwk(), blockchainAccountId=account)
    assert isinstance(found, InvalidDidError)


def test_two_keys_or_two_accounts_are_ambiguous():
    both = {"publicKeyJwk": EC.to_jwk(), "publicKeyHex": EC.raw.hex()}
    assert problem("EcdsaSecp256k1VerificationKey2019", **both).code == "key.ambiguous"
    accounts = {"blockchainAccountId": ACCOUNT, "ethereumAddress": ACCOUNT.rpartition(":")[2]}
    assert problem("EcdsaSecp256k1VerificationKey2019", publicKeyJwk=EC.to_jwk(), **accounts).code == "key.ambiguous"
