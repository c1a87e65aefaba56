"""bbs-2023: one BBS signature over all statements, and proofs that show some of them and cannot be linked.

The baseline proofs, headers d9 5d 02 and 03; those bound to a holder's secret or a pseudonym are not read.

Spec: https://www.w3.org/TR/vc-di-bbs/#bbs-2023
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from anchoring import cbor
from did_methods.errors import DidMethodsError
from did_methods.multikey import KeyType, PublicKey
from node.documents import JsonObject
from node.proofs.bbs import proof as bbs_proof
from node.proofs.bbs.signature import SIGNATURE_BYTES
from node.proofs.errors import InvalidProofError, MalformedProofError
from node.proofs.jsonld import JsonLd
from node.proofs.selective_disclosure import proof_value
from node.proofs.selective_disclosure.derivation import DerivedProof, ShownStatements, VerifiedDerivation
from node.proofs.selective_disclosure.grouping import statements_of
from node.proofs.selective_disclosure.labels import settled_key, shuffled_labels

BASE_HEADER: Final = b"\xd9\x5d\x02"
DERIVED_HEADER: Final = b"\xd9\x5d\x03"
MAX_PRESENTATION_HEADER_BYTES: Final = 1024
"""Ours has 32; others put text there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseProof:
    """All of a base proof but the issuer's BBS signature over `header` and `messages`."""

    header: bytes
    messages: tuple[bytes, ...]
    hmac_key: bytes
    mandatory_pointers: tuple[str, ...]

    def complete(self, signature: bytes, key: PublicKey) -> str:
        """The proof value with the signature of 80 bytes, and the key it was made with."""
        return proof_value.encode(
            BASE_HEADER, [signature, self.header, key.raw, self.hmac_key, [*self.mandatory_pointers]]
        )


def make_base(
    document: JsonObject,
    proof_hash: bytes,
    mandatory_pointers: tuple[str, ...],
    *,
    jsonld: JsonLd,
    hmac_key: bytes | None = None,
) -> BaseProof:
    """Everything of a base proof but the issuer's signature; the HMAC key is drawn, but for the published vectors.

    Raises ProofOptionsError for pointers, and JsonLdError or ProofIndeterminate for the document.

    Spec: https://www.w3.org/TR/vc-di-bbs/#create-base-proof-bbs-2023
    """
    keys = [] if hmac_key is None else [hmac_key]

    def labels(canonical: Mapping[str, str]) -> Mapping[str, str]:
        if not keys:
            keys.append(settled_key(canonical))
        return shuffled_labels(canonical, keys[0])

    statements = statements_of(document, labels, jsonld=jsonld)
    mandatory, others = proof_value.split(statements.nquads, sorted(statements.group(mandatory_pointers).indexes))
    return BaseProof(
        header=proof_hash + proof_value.hash_of(mandatory),
        messages=tuple(line.encode() for line in others),
        hmac_key=keys[0],
        mandatory_pointers=mandatory_pointers,
    )


def derive(
    document: JsonObject,
    value: str,
    selective_pointers: tuple[str, ...],
    *,
    presentation_header: bytes,
    jsonld: JsonLd,
) -> DerivedProof:
    """A proof of the mandatory parts of the document and of those that the holder names, for one presentation.

    1. The components of the base proof.
    2. The statements under the issuer's names, and those that are mandatory and chosen.
    3. The BBS proof; the base signature is verified on the way, with the key that stands beside it.

    Raises MalformedProofError for a base proof that cannot be read, InvalidProofError for one that is not the
    document's, ProofOptionsError for pointers.

    Spec: https://www.w3.org/TR/vc-di-bbs/#add-derived-proof-bbs-2023
    """
    # 1.
    components = proof_value.decode(value, BASE_HEADER, 5, "a base proof of bbs-2023")
    signature = proof_value.byte_string(components[0], SIGNATURE_BYTES, "signature")
    header = proof_value.byte_string(components[1], 2 * proof_value.HASH_BYTES, "BBS header")
    key = _key(components[2])
    hmac_key = proof_value.byte_string(components[3], proof_value.HASH_BYTES, "HMAC key")
    pointers = proof_value.pointers(components[4])
    # 2.
    statements = statements_of(document, partial(shuffled_labels, key=hmac_key), jsonld=jsonld)
    shown = statements.shown(pointers, selective_pointers)
    mandatory, others = proof_value.split(statements.nquads, shown.always)
    if header[proof_value.HASH_BYTES :] != proof_value.hash_of(mandatory):
        raise InvalidProofError("the base proof is about other mandatory parts than the document has")
    # 3.
    proof = bbs_proof.derive(
        key,
        signature,
        [line.encode() for line in others],
        shown.selective,
        header=header,
        presentation_header=presentation_header,
    )
    labels: dict[int, cbor.Value] = {number: int(label.removeprefix("b")) for number, label in shown.labels.items()}
    return DerivedProof(
        document=shown.document,
        value=proof_value.encode(
            DERIVED_HEADER, [proof, labels, [*shown.mandatory], [*shown.selective], presentation_header]
        ),
    )


def verify_derived(
    document: JsonObject, value: str, proof_hash: bytes, key: PublicKey, *, jsonld: JsonLd
) -> VerifiedDerivation:
    """Return which presentation it was made for, if the derived proof holds for the document and the issuer's key.

    1. The components of the derived proof.
    2. The statements of the document, under the names that the proof brings; mandatory ones and others.
    3. The BBS proof, over proof hash and mandatory statements, and the other ones at their indexes.

    Raises MalformedProofError, InvalidProofError, JsonLdError, or ProofIndeterminate.

    Spec: https://www.w3.org/TR/vc-di-bbs/#verify-derived-proof-bbs-2023
    """
    # 1.
    components = proof_value.decode(value, DERIVED_HEADER, 5, "a derived proof of bbs-2023")
    proof = proof_value.byte_string(components[0], None, "BBS proof")
    mandatory_indexes = proof_value.indexes(components[2], "mandatory")
    selective_indexes = proof_value.indexes(components[3], "selective")
    presentation_header = proof_value.byte_string(components[4], None, "presentation header")
    if len(presentation_header) > MAX_PRESENTATION_HEADER_BYTES:
        proof_value.malformed(f"has a presentation header of more than {MAX_PRESENTATION_HEADER_BYTES} bytes")
    # 2.
    statements = statements_of(
        document, lambda canonical: proof_value.label_map(components[1], canonical, _label_of), jsonld=jsonld
    )
    mandatory, others = proof_value.split(statements.nquads, mandatory_indexes)
    if len(selective_indexes) != len(others):
        raise InvalidProofError(
            f"there are {len(selective_indexes)} indexes for {len(others)} statements", code="proof.invalid.statements"
        )
    # 3.
    bbs_proof.verify_derived(
        key,
        proof,
        {index: line.encode() for index, line in zip(selective_indexes, others, strict=True)},
        header=proof_hash + proof_value.hash_of(mandatory),
        presentation_header=presentation_header,
    )
    return VerifiedDerivation(
        shown=ShownStatements(statements=statements, mandatory=frozenset(mandatory_indexes)),
        presentation_header=presentation_header,
    )


def _key(value: cbor.Value) -> PublicKey:
    try:
        return PublicKey(KeyType.BLS12_381_G2, proof_value.byte_string(value, None, "public key"))
    except DidMethodsError as error:
        raise MalformedProofError(
            f"the proof value has an unusable public key: {error}", code="proof.malformed.proof_value"
        ) from error


def _label_of(value: cbor.Value) -> str:
    if not isinstance(value, int):
        proof_value.malformed("has a label that is no number")
    return f"b{value}"
