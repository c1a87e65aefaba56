"""The suites: which key belongs to which, and how each writes its proof."""

import base64
import dataclasses
import json
from types import MappingProxyType

import pytest
from integrity_support import PRIVATE_KEYS, bundled_jsonld, credential, did_key_method, options
from nacl.signing import SigningKey

from did_methods.curves import KeyType
from node.proofs.bbs import signature as bbs_signature
from node.proofs.cryptosuites import SUITES
from node.proofs.cryptosuites.serialization import BASE58BTC_PROOF_VALUE, DETACHED_JWS, MAX_JWS_CHARS
from node.proofs.data_integrity import add_proof, prepare, verify_proof
from node.proofs.disclosure import derive_proof, prepare_base
from node.proofs.errors import InvalidProofError, MalformedProofError, ProofOptionsError, UnsupportedProofError
from node.proofs.hashing import DocumentHashes
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer

DIAGONAL = {
    ("eddsa-rdfc-2022", KeyType.ED25519),
    ("eddsa-jcs-2022", KeyType.ED25519),
    ("ecdsa-rdfc-2019", KeyType.P256),
    ("ecdsa-rdfc-2019", KeyType.P384),
    ("ecdsa-jcs-2019", KeyType.P256),
    ("ecdsa-jcs-2019", KeyType.P384),
    ("Ed25519Signature2020", KeyType.ED25519),
    ("Ed25519Signature2018", KeyType.ED25519),
    ("ecdsa-sd-2023", KeyType.P256),
    ("bbs-2023", KeyType.BLS12_381_G2),
}
SELECTIVE = {"ecdsa-sd-2023", "bbs-2023"}
MATRIX = [(suite, type_) for suite in SUITES for type_ in KeyType]
SUITE_CONTEXTS = {
    "Ed25519Signature2020": "https://w3id.org/security/suites/ed25519-2020/v1",
    "Ed25519Signature2018": "https://w3id.org/security/suites/ed25519-2018/v1",
}
JWS_HEADER = base64.urlsafe_b64encode(b'{"alg":"EdDSA","b64":false,"crit":["b64"]}').rstrip(b"=")


def legacy_proof(document, name, *, header=JWS_HEADER):
    """A proof by an old suite, made step by step as its specification says: nothing in the package can."""
    key = PRIVATE_KEYS[KeyType.ED25519]
    proof = {
        "type": name,
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": did_key_method(key.public),
        "proofPurpose": "assertionMethod",
    }
    member = SUITES[name].serialization.member
    (view,) = proofs_of({**document, "proof": {**proof, member: "z"}})
    data = DocumentHashes(document, jsonld=bundled_jsonld()).hash_data(view, SUITES[name], "sha256")
    if name == "Ed25519Signature2018":
        signature = SigningKey(key.raw).sign(header + b"." + data).signature
        value = (header + b".." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()
    else:
        value = BASE58BTC_PROOF_VALUE.encode(SigningKey(key.raw).sign(data).signature)
    return {**document, "proof": {**proof, member: value}}


def secured(name):
    """A document with a valid proof by the suite."""
    document = credential()
    if name in SUITE_CONTEXTS:
        document["@context"].append(SUITE_CONTEXTS[name])
        return legacy_proof(document, name)
    type_ = next(iter(SUITES[name].hashes))
    if name in SELECTIVE:
        return derive_proof(base(name), ["/credentialSubject"], jsonld=bundled_jsonld())
    return add_proof(
        document, options(type_, cryptosuite=name), local_signer(PRIVATE_KEYS[type_]), jsonld=bundled_jsonld()
    )


def base(name):
    """A document with a base proof by the suite."""
    type_ = next(iter(SUITES[name].hashes))
    key = PRIVATE_KEYS[type_]
    unsigned = prepare_base(
        credential(), options(type_, cryptosuite=name), key.public, ["/issuer"], jsonld=bundled_jsonld()
    )
    if unsigned.messages is None:
        return unsigned.complete(local_signer(key).sign(unsigned.data))
    return unsigned.complete(bbs_signature.sign(key, unsigned.data, unsigned.messages))


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        SUITES["none"] = SUITES["eddsa-rdfc-2022"]
    for suite in SUITES.values():
        with pytest.raises(TypeError):
            suite.hashes[KeyType.SECP256K1] = "sha256"
        with pytest.raises(dataclasses.FrozenInstanceError):
            suite.creates = True


def test_the_matrix_of_this_file_is_the_whole_one():
    assert {(name, type_) for name, suite in SUITES.items() for type_ in suite.hashes} == DIAGONAL
    assert len(MATRIX) == 56


@pytest.mark.threat(24)
@pytest.mark.parametrize(("name", "type_"), MATRIX)
def test_only_the_diagonal_of_suite_and_key_type_verifies(name, type_):
    document = secured(name)
    (proof,) = proofs_of(document)
    key = PRIVATE_KEYS[type_].public
    if (name, type_) in DIAGONAL:
        if type_ is KeyType.P384:
            document = add_proof(
                credential(),
                options(type_, cryptosuite=name),
                local_signer(PRIVATE_KEYS[type_]),
                jsonld=bundled_jsonld(),
            )
            (proof,) = proofs_of(document)
        assert verify_proof(document, proof, key, jsonld=bundled_jsonld()).key == key
    else:
        with pytest.raises(InvalidProofError) as caught:
            verify_proof(document, proof, key, jsonld=bundled_jsonld())
        assert caught.value.code == "proof.invalid.key_type"
        assert caught.value.path == "/proof"


@pytest.mark.threat(24)
@pytest.mark.parametrize(("name", "type_"), MATRIX)
def test_only_the_diagonal_of_suite_and_key_type_signs(name, type_):
    key = PRIVATE_KEYS[type_].public
    given = options(cryptosuite=name, verification_method=did_key_method(key))
    if (name, type_) in DIAGONAL and name not in SUITE_CONTEXTS | dict.fromkeys(SELECTIVE):
        assert prepare(credential(), given, key, jsonld=bundled_jsonld()).key == key
        return
    with pytest.raises(ProofOptionsError) as caught:
        prepare(credential(), given, key, jsonld=bundled_jsonld())
    elsewhere = name in SUITE_CONTEXTS or name in SELECTIVE
    assert caught.value.code == ("proof.options.cryptosuite" if elsewhere else "proof.options.key_type")


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    "change",
    [
        {"cryptosuite": "none"},
        {"cryptosuite": "EDDSA-RDFC-2022"},
        {"cryptosuite": "bbs-2024"},
        {"type": "eddsa-rdfc-2022"},
        {"cryptosuite": "Ed25519Signature2020"},
        {"type": "Ed25519Signature2020"},  # beside its cryptosuite: two claims about what it is
        {"type": "RsaSignature2018"},
    ],
    ids=str,
)
def test_an_unknown_suite_is_kept_and_never_verifies(change):
    document = secured("eddsa-rdfc-2022")
    document["proof"] |= change
    (proof,) = proofs_of(document)
    assert (proof.suite, proof.raw) == (None, document["proof"])
    with pytest.raises(UnsupportedProofError) as caught:
        verify_proof(document, proof, PRIVATE_KEYS[KeyType.ED25519].public, jsonld=bundled_jsonld())
    assert caught.value.code == "proof.unsupported.cryptosuite"


@pytest.mark.threat(24)
def test_a_proof_by_one_suite_is_none_by_another_with_the_same_key():
    for name, other in (("eddsa-rdfc-2022", "eddsa-jcs-2022"), ("eddsa-jcs-2022", "eddsa-rdfc-2022")):
        document = secured(name)
        document["proof"]["cryptosuite"] = other
        (proof,) = proofs_of(document)
        with pytest.raises(InvalidProofError) as caught:
            verify_proof(document, proof, PRIVATE_KEYS[KeyType.ED25519].public, jsonld=bundled_jsonld())
        assert caught.value.code == "proof.invalid"


def test_registries_are_passed_in():
    """A verifier with fewer suites reports the rest as unsupported."""
    few = MappingProxyType({"eddsa-jcs-2022": SUITES["eddsa-jcs-2022"]})
    (proof,) = proofs_of(secured("eddsa-rdfc-2022"), suites=few)
    assert proof.suite is None
    with pytest.raises(ProofOptionsError):
        prepare(credential(), options(), PRIVATE_KEYS[KeyType.ED25519].public, jsonld=bundled_jsonld(), suites=few)


@pytest.mark.parametrize("name", SUITE_CONTEXTS)
def test_old_suites_verify_and_an_altered_document_does_not(name):
    document = secured(name)
    (proof,) = proofs_of(document)
    key = PRIVATE_KEYS[KeyType.ED25519].public
    verify_proof(document, proof, key, jsonld=bundled_jsonld())
    document["name"] = "Knot"
    with pytest.raises(InvalidProofError):
        verify_proof(document, proof, key, jsonld=bundled_jsonld())


def test_ed25519_signature_2018_holds_under_the_vc_1_context_alone():
    """As agents in the field write it: credentials/v1 itself defines the suite's terms."""
    document = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "issuanceDate": "2026-03-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:learner"},
    }
    document = legacy_proof(document, "Ed25519Signature2018")
    (proof,) = proofs_of(document)
    verified = verify_proof(document, proof, PRIVATE_KEYS[KeyType.ED25519].public, jsonld=bundled_jsonld())
    assert verified.hash_data.startswith(JWS_HEADER + b"."), "the header is signed too"


def b64(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


SIGNATURE = b64(bytes(64))
GOOD_HEADER = {"alg": "EdDSA", "b64": False, "crit": ["b64"]}


@pytest.mark.threat(24)
@pytest.mark.parametrize(
    "header",
    [
        GOOD_HEADER | {"alg": "none"},
        GOOD_HEADER | {"alg": "HS256"},
        GOOD_HEADER | {"b64": True},
        GOOD_HEADER | {"b64": 0},
        GOOD_HEADER | {"crit": []},
        GOOD_HEADER | {"crit": ["b64", "exp"]},
        GOOD_HEADER | {"kid": "key"},
        {"alg": "EdDSA"},
        [],
        b'{"alg":"EdDSA","b64":false,"crit":["b64"],"alg":"EdDSA"}',
        b"{",
        b"",
    ],
    ids=str,
)
def test_a_jws_with_another_header_is_refused(header):
    with pytest.raises(MalformedProofError) as caught:
        DETACHED_JWS.decode(f"{b64(header)}..{SIGNATURE}")
    assert caught.value.code == "proof.malformed.jws"


@pytest.mark.parametrize(
    "jws",
    [
        "",
        "..",
        f"{b64(GOOD_HEADER)}.{SIGNATURE}",
        f"{b64(GOOD_HEADER)}.e30.{SIGNATURE}",
        f"{b64(GOOD_HEADER)}..{SIGNATURE}.",
        f"{b64(GOOD_HEADER)}..{SIGNATURE}=",
        f"{b64(GOOD_HEADER)}..{SIGNATURE[:-1]}B",  # stray bits
        f"{b64(GOOD_HEADER)}..{SIGNATURE[:-2]}é",
        f"é{b64(GOOD_HEADER)}..{SIGNATURE}",
        f"{b64(GOOD_HEADER)}..{'A' * MAX_JWS_CHARS}",
    ],
)
def test_a_jws_of_another_form_is_refused(jws):
    with pytest.raises(MalformedProofError) as caught:
        DETACHED_JWS.decode(jws)
    assert caught.value.code == "proof.malformed.jws"


def test_a_jws_header_may_have_any_order_and_spacing():
    header = b64(b'{ "crit": ["b64"], "alg": "EdDSA", "b64": false }')
    assert DETACHED_JWS.decode(f"{header}..{SIGNATURE}") == (bytes(64), header.encode() + b".")
