"""Data Integrity with selective disclosure: base proofs that an issuer makes, and proofs that a holder derives.

Spec: https://www.w3.org/TR/vc-data-integrity/#selective-disclosure
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Final

from did_methods.multibase import encode_base64url
from did_methods.multikey import PublicKey
from node.documents import JsonObject, SecuredDocument
from node.proofs.bbs import signature as bbs_signature
from node.proofs.cryptosuites import SUITES, Cryptosuite
from node.proofs.errors import MalformedProofError, ProofOptionsError, shown
from node.proofs.hashing import DocumentHashes
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import Proof, proofs_of, read_proofs
from node.proofs.selective_disclosure import bbs_2023, ecdsa_sd_2023, proof_value
from node.proofs.signatures import normalized_signature, verify

ECDSA_SD: Final = "ecdsa-sd-2023"
BBS: Final = "bbs-2023"
_MEMBER: Final = "proofValue"
_BASE_VALUES: Final = tuple(encode_base64url(header) for header in (ecdsa_sd_2023.BASE_HEADER, bbs_2023.BASE_HEADER))
"""How the values of base proofs begin: three bytes are four characters of base64url."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedBase:
    """A document prepared for a base proof; what the issuer signs goes to the signer, wherever that is.

    For ecdsa-sd-2023 `messages` is None, and the signer gets `data` as for any ECDSA signature. For bbs-2023 it makes a
    BBS signature over `messages` with `data` as their header.
    """

    data: bytes
    messages: tuple[bytes, ...] | None
    key: PublicKey
    document: JsonObject
    proof: JsonObject
    array: bool
    encode: Callable[[bytes], str]

    def complete(self, signature: bytes) -> SecuredDocument:
        """The secured document; raises InvalidProofError or MalformedProofError if the signature is not the key's."""
        if self.messages is None:
            verify(self.key, self.data, signature, hash_name="sha256")
            signature = normalized_signature(self.key, signature)
        else:
            bbs_signature.verify(self.key, self.data, self.messages, signature)
        proof = self.proof | {_MEMBER: self.encode(signature)}
        return SecuredDocument({**self.document, "proof": [proof] if self.array else proof})


def prepare_base(  # noqa: PLR0913 -- each is a decision of the caller
    document: JsonObject,
    options: ProofOptions,
    key: PublicKey,
    mandatory_pointers: Collection[str],
    *,
    jsonld: JsonLd,
    array: bool = False,
) -> UnsignedBase:
    """Everything of a base proof but the issuer's signature; `mandatory_pointers` name what no holder can hide.

    A base proof stands alone: a proof beside it would show the holder's other derivations to be of one credential.
    Raises ProofOptionsError for what must not be signed, and JsonLdError or ProofIndeterminate where the document has
    no lossless RDF form.
    """
    suite = _suite(options.cryptosuite)
    if key.type not in suite.hashes:
        raise ProofOptionsError(
            f"{suite.name} does not sign with keys of type {key.type}",
            code="proof.options.key_type",
            remedy=f"Use a key of type {' or '.join(suite.hashes)}, or another cryptosuite.",
        )
    if "proof" in document or options.previous_proof is not None:
        raise ProofOptionsError(
            f"a base proof of {suite.name} stands alone, and the document has a proof",
            code="proof.options.alone",
            remedy="Secure the document without a proof.",
        )
    proof = options.to_json(suite.type, suite.cryptosuite)
    proof_hash = DocumentHashes(document, jsonld=jsonld).configuration_hash(_read(proof), suite, "sha256")
    pointers = tuple(dict.fromkeys(mandatory_pointers))
    if suite.name == ECDSA_SD:
        ecdsa = ecdsa_sd_2023.make_base(document, proof_hash, pointers, jsonld=jsonld)
        data, messages, encode = ecdsa.signed_data, None, ecdsa.complete
    else:
        bbs = bbs_2023.make_base(document, proof_hash, pointers, jsonld=jsonld)
        data, messages, encode = bbs.header, bbs.messages, partial(bbs.complete, key=key)
    return UnsignedBase(
        data=data, messages=messages, key=key, document={**document}, proof=proof, array=array, encode=encode
    )


def is_base(proof: object) -> bool:
    """Whether a proof is one from which others are derived, by how its value begins."""
    return isinstance(proof, Proof) and proof.derived and str(proof.value).startswith(_BASE_VALUES)


def base_proof_of(document: JsonObject) -> Proof:
    """The one proof of the document from which others can be derived.

    Raises MalformedProofError where there is none or more than one.
    """
    bases = [proof for proof in proofs_of(document) if proof.derived]
    if len(bases) != 1:
        raise MalformedProofError(
            f"the document has {len(bases)} proofs of {ECDSA_SD} or {BBS}; to derive from it needs one",
            code="proof.malformed.no_base_proof",
            remedy="Derive from the credential that the issuer gave to the holder, or ask for one in such a form.",
        )
    return bases[0]


def mandatory_pointers_of(document: JsonObject) -> tuple[str, ...]:
    """What the issuer lets nobody hide, as the base proof says; raises MalformedProofError as `derive_proof` does.

    Whether it is what the issuer signed is found out on deriving.
    """
    proof = base_proof_of(document)
    header = ecdsa_sd_2023.BASE_HEADER if proof.cryptosuite == ECDSA_SD else bbs_2023.BASE_HEADER
    components = proof_value.decode(str(proof.value), header, 5, f"a base proof of {proof.kind}")
    return proof_value.pointers(components[4])


def derive_proof(
    document: JsonObject, pointers: Collection[str], *, jsonld: JsonLd, presentation_header: bytes = b""
) -> SecuredDocument:
    """The document as a holder shows it: what its issuer made mandatory, what the pointers name, and a proof of that.

    The presentation header is bound into a proof of bbs-2023 and has no place in others. Raises ProofOptionsError for
    pointers; MalformedProofError, InvalidProofError, JsonLdError or ProofIndeterminate for a document that nothing can
    be derived from.
    """
    proof = base_proof_of(document)
    value = str(proof.value)
    if proof.cryptosuite == ECDSA_SD:
        derived = ecdsa_sd_2023.derive(document, value, tuple(pointers), jsonld=jsonld)
    else:
        derived = bbs_2023.derive(
            document, value, tuple(pointers), presentation_header=presentation_header, jsonld=jsonld
        )
    shown_proof = {**proof.raw, _MEMBER: derived.value}
    return SecuredDocument(
        {**derived.document, "proof": [shown_proof] if isinstance(document["proof"], list) else shown_proof}
    )


def _suite(name: str) -> Cryptosuite:
    suite = SUITES.get(name)
    if suite is None or suite.verify_derived is None:
        raise ProofOptionsError(
            f"{shown(name)} is no cryptosuite of selective disclosure",
            code="proof.options.cryptosuite",
            remedy=f"Use {ECDSA_SD} or {BBS}.",
        )
    return suite


def _read(proof: JsonObject) -> Proof:
    """The proof to be made as a verifier reads it: what one would refuse is never signed."""
    try:
        return read_proofs(proof | {_MEMBER: "-"})[0]
    except MalformedProofError as error:
        code = error.code.replace("proof.malformed", "proof.options", 1)
        raise ProofOptionsError(str(error), code=code, path=error.path) from error
