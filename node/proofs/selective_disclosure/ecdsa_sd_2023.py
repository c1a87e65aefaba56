"""ecdsa-sd-2023: the issuer signs what is always shown, and a key for this one proof signs each other statement.

What the specification leaves open is closed here: the base signature is checked with the issuer's key and nothing else;
the key that the proof brings along checks the statements' signatures only. Its length is fixed, so that no byte of the
signed data can pass for part of its neighbour.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-sd-2023
"""

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Final

from anchoring import cbor
from did_methods.errors import DidMethodsError
from did_methods.multibase import decode_base64url, encode_base64url
from did_methods.multikey import KeyType, PublicKey
from node.documents import JsonObject
from node.proofs.errors import InvalidProofError, MalformedProofError
from node.proofs.jsonld import JsonLd
from node.proofs.selective_disclosure import proof_value
from node.proofs.selective_disclosure.derivation import DerivedProof, ShownStatements, VerifiedDerivation
from node.proofs.selective_disclosure.grouping import statements_of
from node.proofs.selective_disclosure.labels import hmac_labels
from node.proofs.signatures import Signer, normalized_signature, one_time_key, verify

BASE_HEADER: Final = b"\xd9\x5d\x00"
DERIVED_HEADER: Final = b"\xd9\x5d\x01"
SIGNATURE_BYTES: Final = 64
_KEY_PREFIX: Final = b"\x80\x24"  # the multicodec p256-pub
KEY_BYTES: Final = 35
"""The prefix, and a compressed point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseProof:
    """All of a base proof but the issuer's signature over `signed_data`."""

    signed_data: bytes
    public_key: bytes
    hmac_key: bytes
    signatures: tuple[bytes, ...]
    mandatory_pointers: tuple[str, ...]

    def complete(self, signature: bytes) -> str:
        """The proof value with the issuer's signature, 64 bytes with a low s."""
        return proof_value.encode(
            BASE_HEADER,
            [signature, self.public_key, self.hmac_key, [*self.signatures], [*self.mandatory_pointers]],
        )


def make_base(  # noqa: PLR0913 -- the last two are drawn, but for the published vectors
    document: JsonObject,
    proof_hash: bytes,
    mandatory_pointers: tuple[str, ...],
    *,
    jsonld: JsonLd,
    hmac_key: bytes | None = None,
    proof_scoped: Signer | None = None,
) -> BaseProof:
    """Everything of a base proof but the issuer's signature.

    1. A key for the names of blank nodes; the statements, and those that are mandatory.
    2. A key pair for this proof alone, which signs every other statement and is forgotten.
    3. The data that the issuer signs: proof hash, that public key, hash of the mandatory statements.

    Raises ProofOptionsError for pointers, and JsonLdError or ProofIndeterminate for the document.

    Spec: https://www.w3.org/TR/vc-di-ecdsa/#create-base-proof-ecdsa-sd-2023
    """
    # 1.
    hmac_key = hmac_key or secrets.token_bytes(proof_value.HASH_BYTES)
    statements = statements_of(document, partial(hmac_labels, key=hmac_key), jsonld=jsonld)
    mandatory, others = proof_value.split(statements.nquads, sorted(statements.group(mandatory_pointers).indexes))
    # 2.
    point, sign = one_time_key() if proof_scoped is None else (proof_scoped.key.raw, proof_scoped.sign)
    signatures = tuple([sign(line.encode()) for line in others])
    # 3.
    public_key = _KEY_PREFIX + point
    return BaseProof(
        signed_data=proof_hash + public_key + proof_value.hash_of(mandatory),
        public_key=public_key,
        hmac_key=hmac_key,
        signatures=signatures,
        mandatory_pointers=mandatory_pointers,
    )


def derive(document: JsonObject, value: str, selective_pointers: tuple[str, ...], *, jsonld: JsonLd) -> DerivedProof:
    """A proof of the mandatory parts of the document and of those that the holder names.

    1. The components of the base proof.
    2. The statements under the issuer's names, and those that are mandatory, chosen, and either.
    3. The signatures of the statements that are shown and not mandatory.
    4. The names of blank nodes, by those that a verifier will give them.

    Raises MalformedProofError for a base proof that is not the document's, ProofOptionsError for pointers.

    Spec: https://www.w3.org/TR/vc-di-ecdsa/#add-derived-proof-ecdsa-sd-2023
    """
    # 1.
    components = proof_value.decode(value, BASE_HEADER, 5, "a base proof of ecdsa-sd-2023")
    base_signature = proof_value.byte_string(components[0], SIGNATURE_BYTES, "base signature")
    public_key = _public_key(components[1])
    hmac_key = proof_value.byte_string(components[2], proof_value.HASH_BYTES, "HMAC key")
    signatures = proof_value.byte_strings(components[3], SIGNATURE_BYTES, "signature")
    pointers = proof_value.pointers(components[4])
    # 2.
    shown = statements_of(document, partial(hmac_labels, key=hmac_key), jsonld=jsonld).shown(
        pointers, selective_pointers
    )
    # 3.
    if len(signatures) != shown.others:
        proof_value.malformed(f"has {len(signatures)} signatures for {shown.others} statements")
    # 4.
    labels: dict[int, cbor.Value] = {number: decode_base64url(label) for number, label in shown.labels.items()}
    return DerivedProof(
        document=shown.document,
        value=proof_value.encode(
            DERIVED_HEADER,
            [base_signature, public_key, [signatures[i] for i in shown.selective], labels, [*shown.mandatory]],
        ),
    )


def verify_derived(
    document: JsonObject, value: str, proof_hash: bytes, key: PublicKey, *, jsonld: JsonLd
) -> VerifiedDerivation:
    """Return what the issuer signed, if the derived proof holds for the document and the issuer's key.

    1. The components of the derived proof.
    2. The statements of the document, under the names that the proof brings; mandatory ones and others.
    3. The base signature by the issuer's key, over proof hash, proof-scoped key and mandatory statements.
    4. A signature by the proof-scoped key for each other statement.

    Raises MalformedProofError, InvalidProofError, JsonLdError, or ProofIndeterminate.

    Spec: https://www.w3.org/TR/vc-di-ecdsa/#verify-derived-proof-ecdsa-sd-2023
    """
    # 1.
    components = proof_value.decode(value, DERIVED_HEADER, 5, "a derived proof of ecdsa-sd-2023")
    base_signature = proof_value.byte_string(components[0], SIGNATURE_BYTES, "base signature")
    public_key = _public_key(components[1])
    signatures = proof_value.byte_strings(components[2], SIGNATURE_BYTES, "signature")
    mandatory_indexes = proof_value.indexes(components[4], "mandatory")
    # 2.
    statements = statements_of(
        document, lambda canonical: proof_value.label_map(components[3], canonical, _label_of), jsonld=jsonld
    )
    mandatory, others = proof_value.split(statements.nquads, mandatory_indexes)
    # 3.
    signed_data = proof_hash + public_key + proof_value.hash_of(mandatory)
    verify(key, signed_data, base_signature, hash_name="sha256")
    # 4.
    if len(signatures) != len(others):
        raise InvalidProofError(
            f"there are {len(signatures)} signatures for {len(others)} statements", code="proof.invalid.statements"
        )
    proof_scoped = _point(public_key)
    for line, signature in zip(others, signatures, strict=True):
        verify(proof_scoped, line.encode(), signature, hash_name="sha256")
    return VerifiedDerivation(
        shown=ShownStatements(statements=statements, mandatory=frozenset(mandatory_indexes)),
        signed_data=signed_data,
        signature=normalized_signature(key, base_signature),
    )


def _public_key(value: cbor.Value) -> bytes:
    data = proof_value.byte_string(value, KEY_BYTES, "public key")
    _point(data)
    return data


def _point(data: bytes) -> PublicKey:
    if not data.startswith(_KEY_PREFIX):
        proof_value.malformed("has a public key that is not one of P-256")
    try:
        return PublicKey(KeyType.P256, data[len(_KEY_PREFIX) :])
    except DidMethodsError as error:
        raise MalformedProofError(
            f"the proof value has an unusable public key: {error}", code="proof.malformed.proof_value"
        ) from error


def _label_of(value: cbor.Value) -> str:
    return encode_base64url(proof_value.byte_string(value, proof_value.HASH_BYTES, "label"))
