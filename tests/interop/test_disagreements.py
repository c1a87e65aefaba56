"""Where the peers and glejt differ, on purpose: each case shows what both do and why ours is right.

The random documents of test_differential.py stay clear of those about canonical forms. When a peer changes its mind,
the test here fails, and the case moves there.
"""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from interop.documents import badge
from interop.lossy import A
from peers.client import Peer, PeerKey
from pyld import jsonld as pyld

from did_methods.errors import InvalidKeyError
from did_methods.multibase import decode_base58btc, encode_base58btc, encode_base64url
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.data_integrity import add_proof, verify_proof
from node.proofs.errors import MalformedProofError, ProofFailure
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import proofs_of
from node.proofs.signatures import local_signer

pytestmark = pytest.mark.peer

AT = "2026-05-01T12:00:00Z"
CREATED = datetime(2026, 4, 1, 12, tzinfo=UTC)
MAX_CHARS = 200

type Canonical = Callable[[Any], tuple[str, str, str]]


@pytest.fixture
def canonical(peer: Peer, jsonld: JsonLd) -> Canonical:
    """The canonical form of one value of `a` as glejt, pyld and jsonld.js make it."""

    def by_all(value: Any, *, context: Any = None) -> tuple[str, str, str]:
        document = {"@context": context or {"a": A}, "@id": "urn:x", "a": value}
        options = {"algorithm": "URDNA2015", "format": "application/n-quads", "rdfDirection": "i18n-datatype"}
        (answered,) = peer.canonize([document])
        assert isinstance(answered, str)
        return canonicalize(jsonld.to_rdf(document)).text, pyld.normalize(document, options), answered

    return by_all


@pytest.mark.parametrize(
    ("number", "double"), [(1e-7, "1.0E-7"), (2e-300, "2.0E-300"), (5e-324, "4.940656458412465E-324")]
)
def test_jsonld_js_signs_a_tiny_number_as_the_integer_zero(number, double, canonical):
    """It tells a double by the point in its text, and JavaScript writes 1e-7 without one.

    Spec: https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion (10)
    """
    from_glejt, from_pyld, from_jsonld_js = canonical(number)

    assert from_glejt == from_pyld
    assert f'"{double}"^^<http://www.w3.org/2001/XMLSchema#double>' in from_glejt
    assert '"0"^^<http://www.w3.org/2001/XMLSchema#integer>' in from_jsonld_js


def test_jsonld_js_rounds_a_tie_of_the_sixteenth_digit_up(canonical):
    """The specification says printf("%1.15E"), which rounds an exact tie to the even digit.

    Spec: https://www.w3.org/TR/json-ld11-api/#data-round-tripping
    """
    from_glejt, from_pyld, from_jsonld_js = canonical(9721657472640.8125)

    assert from_glejt == from_pyld
    assert '"9.721657472640812E12"' in from_glejt
    assert '"9.721657472640813E12"' in from_jsonld_js


def test_both_forget_the_default_direction_of_an_earlier_context(canonical):
    """What a context says holds until a later one changes it; what the peers copy from it leaves this out.

    Spec: https://www.w3.org/TR/json-ld11-api/#context-processing-algorithm (5.10)
    """
    together = canonical("x", context={"@direction": "rtl", "a": A})
    from_glejt, from_pyld, from_jsonld_js = canonical("x", context=[{"@direction": "rtl"}, {"a": A}])

    assert together == (from_glejt,) * 3
    assert '"x"^^<https://www.w3.org/ns/i18n#_rtl>' in from_glejt
    assert from_pyld == from_jsonld_js == f'<urn:x> <{A}> "x" .\n'


def test_both_take_texts_that_differ_in_their_direction_for_one(canonical):
    """Two values are the same when all their members are.

    Spec: https://www.w3.org/TR/json-ld11-api/#node-map-generation (4.1)
    """
    plain = {"@value": "x", "@language": "pl"}
    from_glejt, from_pyld, from_jsonld_js = canonical([plain, {**plain, "@direction": "ltr"}])

    assert from_glejt == f'<urn:x> <{A}> "x"@pl .\n<urn:x> <{A}> "x"^^<https://www.w3.org/ns/i18n#pl_ltr> .\n'
    assert from_pyld == from_jsonld_js == f'<urn:x> <{A}> "x"@pl .\n'


def test_both_say_the_same_statement_twice(canonical):
    """A dataset is a set: what is stated twice is stated once.

    Spec: https://www.w3.org/TR/rdf11-concepts/#section-dataset
    """
    boolean = "http://www.w3.org/2001/XMLSchema#boolean"
    from_glejt, from_pyld, from_jsonld_js = canonical([True, {"@value": "true", "@type": boolean}])

    assert from_glejt == f'<urn:x> <{A}> "true"^^<{boolean}> .\n'
    assert from_pyld == from_jsonld_js == from_glejt * 2


def test_rdf_canonize_sorts_by_utf_16_units_not_by_code_points(canonical):
    """An emoji is two surrogates in JavaScript, which sort before U+E000 to U+FFFF.

    Spec: https://www.w3.org/TR/rdf-canon/#canon-algo-algo (7)
    """
    from_glejt, from_pyld, from_jsonld_js = canonical(["\U0001f528", "\ufb01"])

    assert from_glejt == from_pyld
    assert from_glejt == f'<urn:x> <{A}> "\ufb01" .\n<urn:x> <{A}> "\U0001f528" .\n'
    assert sorted(from_jsonld_js.splitlines()) == from_glejt.splitlines()
    assert from_jsonld_js != from_glejt


def test_pyld_leaves_control_characters_unescaped(canonical):
    """Canonical N-Quads escape every control character, in one way each.

    Spec: https://www.w3.org/TR/rdf-canon/#canonical-quads
    """
    from_glejt, from_pyld, from_jsonld_js = canonical("\b\f\x00\x0b\x1f\x7f")

    assert from_glejt == from_jsonld_js
    assert r'"\b\f\u0000\u000B\u001F\u007F"' in from_glejt
    assert '"\b\f' in from_pyld


class Signed:
    """A badge that the peers signed, its key, and both verdicts on what becomes of it."""

    def __init__(self, peer: Peer, jsonld: JsonLd) -> None:
        self.peer = peer
        self.jsonld = jsonld
        self.private = PrivateKey.generate(KeyType.ED25519)
        public = self.private.public.to_multibase()
        self.did = f"did:key:{public}"
        self.method = f"{self.did}#{public}"
        self.document = self.sign(badge(self.did))

    def sign(self, document: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self.peer.ask(
            "sign",
            document=document,
            suite="eddsa-rdfc-2022",
            date=CREATED.isoformat(),
            key={
                "type": "Ed25519",
                "did": self.did,
                "verificationMethod": self.method,
                "publicKeyMultibase": self.private.public.to_multibase(),
                "secretKeyMultibase": self.private.to_multibase(),
            },
            **options,
        )

    def they_accept(self, document: dict[str, Any]) -> bool:
        return self.peer.ask("verify", document=document, now=AT)["verified"]

    def we_verify(self, document: dict[str, Any], index: int = 0) -> None:
        verify_proof(document, proofs_of(document)[index], self.private.public, jsonld=self.jsonld)


@pytest.fixture
def signed(peer: Peer, jsonld: JsonLd) -> Signed:
    return Signed(peer, jsonld)


@pytest.mark.threat(16)
def test_the_peers_accept_anything_under_the_identity_key(signed: Signed):
    """With the neutral element as public key, one constant signature holds for every message: no one had to sign.

    OpenSSL checks neither; glejt refuses the key before any library sees it.
    """
    identity = encode_base58btc(b"\xed\x01" + (1).to_bytes(32, "little"))
    forged = copy.deepcopy(signed.document)
    forged["issuer"]["id"] = f"did:key:{identity}"
    forged["name"] = "a badge nobody ever signed"
    forged["proof"]["verificationMethod"] = f"did:key:{identity}#{identity}"
    forged["proof"]["proofValue"] = encode_base58btc((1).to_bytes(32, "little") + bytes(32))

    assert signed.peer.ask("verify", document=forged, now=AT)["verified"] is True
    with pytest.raises(InvalidKeyError):
        PublicKey.from_multibase(identity)


@pytest.mark.threat(17)
def test_the_peers_accept_a_proof_set_of_which_one_proof_is_broken(signed: Signed):
    """One good proof is enough for them; glejt judges each."""
    document = signed.sign(signed.document, bare=True)
    first, second = document["proof"]
    second["proofValue"] = first["proofValue"]
    second["created"] = "2026-04-02T12:00:00Z"

    assert signed.they_accept(document)
    signed.we_verify(document, 0)
    with pytest.raises(ProofFailure):
        signed.we_verify(document, 1)


@pytest.mark.threat(16)
def test_the_peers_accept_the_same_signature_in_another_encoding(signed: Signed):
    """A second text for one signature makes a second document of one credential: the suite allows base58 only.

    Spec: https://www.w3.org/TR/vc-di-eddsa/#proof-representations
    """
    signature = decode_base58btc(signed.document["proof"]["proofValue"], max_chars=MAX_CHARS)
    recoded = copy.deepcopy(signed.document)
    recoded["proof"]["proofValue"] = encode_base64url(signature)

    assert signed.they_accept(recoded)
    with pytest.raises(MalformedProofError):
        signed.we_verify(recoded)


def test_the_peers_do_not_follow_a_chain_of_proofs(signed: Signed):
    """A later proof covers the one it names; they hash the document without it, so ours fails there.

    Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains
    """

    def ours(document: dict[str, Any], **options: Any) -> dict[str, Any]:
        options = {"cryptosuite": "eddsa-rdfc-2022", "verification_method": signed.method, "created": CREATED} | options
        return add_proof(document, ProofOptions(**options), local_signer(signed.private), jsonld=signed.jsonld)

    chain = ours(ours(badge(signed.did), id="urn:uuid:first"), previous_proof="urn:uuid:first")

    signed.we_verify(chain, 0)
    signed.we_verify(chain, 1)
    verdicts = signed.peer.ask("verify", document=chain, now=AT)["proofs"]
    assert [verdict["verified"] for verdict in verdicts] == [True, False]


def test_the_peers_write_an_ed25519_secret_of_64_bytes(peer: Peer):
    """Multikey knows the 32-byte secret only; theirs has the public key behind it.

    Spec: https://www.w3.org/TR/cid-1.0/#Multikey
    """
    made = peer.generate("Ed25519")
    assert isinstance(made, PeerKey)
    with pytest.raises(InvalidKeyError) as refused:
        PrivateKey.from_multibase(made.secretKeyMultibase)

    assert refused.value.code == "key.length"
