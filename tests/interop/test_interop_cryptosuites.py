"""Every cryptosuite in both directions: what glejt signs, the peers verify; what they sign, glejt verifies; and neither
accepts either once one thing in it was altered."""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from interop.documents import DATA_INTEGRITY, ED25519_2020, badge, credential_1, presentation, presentation_1
from peers.client import Peer, PeerKey

from did_methods.multikey import KeyType, PrivateKey
from node.proofs.data_integrity import add_proof, verify_proof
from node.proofs.errors import ProofFailure
from node.proofs.jsonld import JsonLd
from node.proofs.options import AUTHENTICATION, ProofOptions
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer

pytestmark = pytest.mark.peer

CREATED = datetime(2026, 4, 1, 12, tzinfo=UTC)
AT = "2026-05-01T12:00:00Z"
CHALLENGE, DOMAIN = "a challenge of 128 bits", "https://verifier.example"

SUITES = [
    ("eddsa-rdfc-2022", KeyType.ED25519),
    ("eddsa-jcs-2022", KeyType.ED25519),
    ("ecdsa-rdfc-2019", KeyType.P256),
    ("ecdsa-rdfc-2019", KeyType.P384),
    ("ecdsa-jcs-2019", KeyType.P256),
    ("ecdsa-jcs-2019", KeyType.P384),
]
LEGACY = ["Ed25519Signature2020", "Ed25519Signature2018"]
CREDENTIALS: dict[str, Callable[[str], dict[str, Any]]] = {
    "badge": badge,
    "1.1": lambda issuer: credential_1(issuer, DATA_INTEGRITY),
}
PRESENTATIONS = {"2.0": presentation, "1.1": presentation_1}


@dataclass(frozen=True)
class Key:
    """One key pair, as glejt holds it and as the peers do."""

    private: PrivateKey
    peer: PeerKey

    @property
    def did(self) -> str:
        return self.peer.did

    @property
    def method(self) -> str:
        return self.peer.verificationMethod


@dataclass(frozen=True)
class Sides:
    """Both implementations, and keys that both hold."""

    peer: Peer
    jsonld: JsonLd
    keys: dict[KeyType, Key]

    def sign(self, signer: str, document: dict[str, Any], suite: str, key: Key) -> dict[str, Any]:
        return self.ours(document, suite, key) if signer == "ours" else self.theirs(document, suite, key)

    def ours(self, document: dict[str, Any], suite: str, key: Key, **options: Any) -> dict[str, Any]:
        options = {"cryptosuite": suite, "verification_method": key.method, "created": CREATED} | options
        return add_proof(document, ProofOptions(**options), local_signer(key.private), jsonld=self.jsonld)

    def theirs(self, document: dict[str, Any], suite: str, key: Key, **options: Any) -> dict[str, Any]:
        request = {"document": document, "suite": suite, "key": asdict(key.peer), "date": CREATED.isoformat()}
        return self.peer.ask("sign", **request, **options)

    def we_accept(self, document: dict[str, Any], key: Key) -> bool:
        """Whether every signature of the document holds; what else a verifier checks is tested with the checks."""
        try:
            for proof in proofs_of(document):
                verify_proof(document, proof, key.private.public, jsonld=self.jsonld)
        except ProofFailure:
            return False
        return True

    def they_accept(self, document: dict[str, Any], **expected: str) -> bool:
        return self.peer.ask("verify", document=document, now=AT, **expected)["verified"]


@pytest.fixture(scope="module")
def sides(peer: Peer, jsonld: JsonLd) -> Sides:
    keys = {}
    for key_type in dict.fromkeys(key_type for _, key_type in SUITES):
        private = PrivateKey.generate(key_type)
        public = private.public.to_multibase()
        did = f"did:key:{public}"
        keys[key_type] = Key(private, PeerKey(str(key_type), did, f"{did}#{public}", public, private.to_multibase()))
    return Sides(peer, jsonld, keys)


def _altered_claim(document: dict[str, Any]) -> None:
    document["id"] = document.get("id", "urn:uuid:") + "0"


def _added_statement(document: dict[str, Any]) -> None:
    document.setdefault("termsOfUse", []).append({"type": "https://rzemiosla.example/Terms"})


def _other_time(document: dict[str, Any]) -> None:
    document["proof"]["created"] = "2026-04-01T12:00:01Z"


def _other_signature(document: dict[str, Any]) -> None:
    member = "jws" if "jws" in document["proof"] else "proofValue"
    text = document["proof"][member]
    document["proof"][member] = text[:-10] + ("a" if text[-10] != "a" else "b") + text[-9:]


def _appended_type(document: dict[str, Any]) -> None:
    document["type"] = [*document["type"], "https://rzemiosla.example/Master"]


ALTERATIONS = [_altered_claim, _added_statement, _other_time, _other_signature, _appended_type]


def alterations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document, altered in one way each."""
    altered = []
    for alter in ALTERATIONS:
        copied = copy.deepcopy(document)
        alter(copied)
        assert copied != document
        altered.append(copied)
    return altered


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize(("suite", "key_type"), SUITES)
@pytest.mark.parametrize("signer", ["ours", "theirs"])
def test_a_credential_signed_by_one_is_verified_by_both_and_altered_by_neither(signer, suite, key_type, kind, sides):
    key = sides.keys[key_type]
    signed = sides.sign(signer, CREDENTIALS[kind](key.did), suite, key)

    assert sides.we_accept(signed, key)
    assert sides.they_accept(signed)
    for altered in alterations(signed):
        assert not sides.we_accept(altered, key)
        assert not sides.they_accept(altered)


@pytest.mark.parametrize("version", PRESENTATIONS)
@pytest.mark.parametrize(("suite", "key_type"), SUITES)
@pytest.mark.parametrize("signer", ["ours", "theirs"])
def test_a_presentation_is_bound_to_challenge_and_domain_for_both(signer, suite, key_type, version, sides):
    key = sides.keys[key_type]
    inner = badge(key.did) if version == "2.0" else credential_1(key.did, DATA_INTEGRITY)
    unsigned = PRESENTATIONS[version](key.did, sides.ours(inner, suite, key))
    bound = {"challenge": CHALLENGE, "domain": DOMAIN}
    if signer == "ours":
        signed = sides.ours(unsigned, suite, key, proof_purpose=AUTHENTICATION, **bound)
    else:
        signed = sides.theirs(unsigned, suite, key, purpose=AUTHENTICATION, **bound)

    assert sides.we_accept(signed, key)
    assert sides.they_accept(signed, **bound)
    for name, value in {"challenge": "another", "domain": "https://elsewhere.example"}.items():
        assert not sides.they_accept(signed, **bound | {name: value})
        relayed = {**signed, "proof": {**signed["proof"], name: value}}
        assert not sides.we_accept(relayed, key)
        assert not sides.they_accept(relayed, **bound | {name: value})
    for altered in alterations(signed):
        assert not sides.we_accept(altered, key)
        assert not sides.they_accept(altered, **bound)


@pytest.mark.parametrize("suite", LEGACY)
def test_the_older_signature_suites_of_the_peers_are_verified_here(suite, sides):
    key = sides.keys[KeyType.ED25519]
    contexts = [ED25519_2020] if suite == "Ed25519Signature2020" else []
    signed = sides.theirs(credential_1(key.did, *contexts), suite, key)

    assert signed["proof"]["type"] == suite
    assert sides.we_accept(signed, key)
    for altered in alterations(signed):
        assert not sides.we_accept(altered, key)


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_proof_set_with_a_proof_from_each_is_verified_by_both(first, sides):
    key = sides.keys[KeyType.ED25519]
    signed = badge(key.did)
    for signer in ("ours", "theirs") if first == "ours" else ("theirs", "ours"):
        if signer == "ours":
            signed = sides.ours(signed, "eddsa-rdfc-2022", key)
        else:
            signed = sides.theirs(signed, "eddsa-rdfc-2022", key, bare=True)

    assert len(signed["proof"]) == 2
    assert sides.we_accept(signed, key)
    assert sides.they_accept(signed)
    verdicts = sides.peer.ask("verify", document=signed, now=AT)["proofs"]
    assert [verdict["verified"] for verdict in verdicts] == [True, True]
    altered = copy.deepcopy(signed)
    _altered_claim(altered)
    assert not sides.we_accept(altered, key)
    assert not sides.they_accept(altered)


@pytest.mark.parametrize("key_type", [KeyType.P256, KeyType.P384])
def test_a_key_made_by_the_peers_is_read_here_and_signs_for_both(key_type, sides):
    made = sides.peer.generate(str(key_type))
    key = Key(PrivateKey.from_multibase(made.secretKeyMultibase), made)

    assert key.private.public.to_multibase() == made.publicKeyMultibase
    assert sides.they_accept(sides.ours(badge(key.did), "ecdsa-rdfc-2019", key))
