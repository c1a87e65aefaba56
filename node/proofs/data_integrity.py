"""Data Integrity: adding a proof to a document, and verifying the proofs that it has.

Spec: https://www.w3.org/TR/vc-data-integrity/#algorithms
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from did_methods.multikey import PublicKey
from node.documents import JsonObject, JsonValue, SecuredDocument, pointer
from node.proofs.cryptosuites import SUITES, Cryptosuite
from node.proofs.errors import (
    InvalidProofError,
    MalformedProofError,
    ProofFailure,
    ProofIndeterminate,
    ProofOptionsError,
    UnsupportedProofError,
    shown,
)
from node.proofs.hashing import DocumentHashes
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import MAX_PROOFS, Proof, read_proofs
from node.proofs.selective_disclosure.derivation import ShownStatements
from node.proofs.signatures import HashName, Signer, normalized_signature, verify
from node.proofs.templates.recurring import Recurring


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedProof:
    """A proof whose signature by `key` holds. Not checked: whose key it is, the proof's options, previous proofs.

    `hash_data` is what the signature covers and `signature` its one identifying form; together they name the signed
    object. `covers` says how much of the document that is: of one whose holder chose what to show, the mandatory part;
    nothing, and both are empty, for BBS, which shows nothing that two derivations share. Such a proof is bound to a
    presentation by `presentation_header`; `shown` are the statements of the document. `appended_contexts` are contexts
    that stand in the document after those that a JCS proof was made under: its suite allows them, and no signature
    covers them.
    """

    proof: Proof
    suite: Cryptosuite
    key: PublicKey
    hash_data: bytes
    signature: bytes
    covers: Literal["document", "mandatory", "nothing"] = "document"
    appended_contexts: tuple[JsonValue, ...] = ()
    presentation_header: bytes | None = None
    shown: ShownStatements | None = None


type Outcome = VerifiedProof | ProofFailure | ProofIndeterminate
"""What became of a proof: verified, or the reason why not."""


@dataclass(frozen=True, slots=True)
class ProofResult:
    """One proof and what became of it."""

    proof: Proof
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A document prepared for signing: `hash_data` goes to the signer, wherever that is, its answer to `complete`.

    The document is a copy: what happens to the original in the meantime changes nothing.
    """

    hash_data: bytes
    key: PublicKey
    suite: Cryptosuite
    hash_name: HashName
    document: JsonObject
    proof: JsonObject
    array: bool

    def complete(self, signature: bytes) -> SecuredDocument:
        """The secured document; raises InvalidProofError if the signature is not one by the key over the hash data.

        So a signer that is broken, or holds another key, is found out here and not by the first verifier.
        """
        encode = self.suite.serialization.encode
        if encode is None:
            raise _not_created(self.suite.name)
        verify(self.key, self.hash_data, signature, hash_name=self.hash_name)
        proof = self.proof | {self.suite.serialization.member: encode(normalized_signature(self.key, signature))}
        if "proof" not in self.document:
            return SecuredDocument({**self.document, "proof": [proof] if self.array else proof})
        existing = self.document["proof"]
        return SecuredDocument(
            {**self.document, "proof": [*existing, proof] if isinstance(existing, list) else [existing, proof]}
        )


def prepare(  # noqa: PLR0913 - each is a decision of the caller
    document: JsonObject,
    options: ProofOptions,
    key: PublicKey,
    *,
    jsonld: JsonLd,
    array: bool = False,
    suites: Mapping[str, Cryptosuite] = SUITES,
) -> Unsigned:
    """Everything of adding a proof but the signature: check the options, configure, transform, hash.

    A document without a proof gets an object, or with `array` a one-element array, as the schemas of Open Badges 3.0
    demand; one that has proofs gets an array. Raises ProofOptionsError for what must not be signed, MalformedProofError
    where a proof that is already there is broken, and JsonLdError or ProofIndeterminate where the document has no
    lossless RDF form.

    Spec: https://www.w3.org/TR/vc-data-integrity/#add-proof-set-chain
    """
    suite = suites.get(options.cryptosuite)
    if suite is None or not suite.creates:
        raise _not_created(options.cryptosuite)
    hash_name = suite.hashes.get(key.type)
    if hash_name is None:
        raise ProofOptionsError(
            f"{suite.name} does not sign with keys of type {key.type}",
            code="proof.options.key_type",
            remedy=f"Use a key of type {' or '.join(suite.hashes)}, or another cryptosuite.",
        )
    # 1-2. The proofs that are there, and a copy of the document.
    copy = _copied(document)
    existing = read_proofs(copy["proof"], suites=suites) if "proof" in copy else ()
    if len(existing) == MAX_PROOFS:
        raise ProofOptionsError(f"the document has {MAX_PROOFS} proofs, as many as one may", code="proof.options.full")
    # 3-6. The proofs that the new one names.
    proof = options.to_json(suite.type, suite.cryptosuite)
    if suite.transformation.carries_context and "@context" in copy:
        proof["@context"] = _copied_value(copy["@context"])
    new = _as_a_verifier_reads(proof, existing, suite, suites)
    # 7. The algorithm of the suite, up to the signature.
    return Unsigned(
        hash_data=DocumentHashes(copy, jsonld=jsonld).hash_data(new, suite, hash_name),
        key=key,
        suite=suite,
        hash_name=hash_name,
        document=copy,
        proof=proof,
        array=array,
    )


def add_proof(  # noqa: PLR0913 - each is a decision of the caller
    document: JsonObject,
    options: ProofOptions,
    signer: Signer,
    *,
    jsonld: JsonLd,
    array: bool = False,
    suites: Mapping[str, Cryptosuite] = SUITES,
) -> SecuredDocument:
    """A copy of the document with one more proof; `prepare` tells what is refused.

    Spec: https://www.w3.org/TR/vc-data-integrity/#add-proof
    """
    unsigned = prepare(document, options, signer.key, jsonld=jsonld, array=array, suites=suites)
    return unsigned.complete(signer.sign(unsigned.hash_data))


def verify_proof(
    document: JsonObject, proof: Proof, key: VerificationKey, *, jsonld: JsonLd, hashes: DocumentHashes | None = None
) -> VerifiedProof:
    """Verify one of the proofs that `proofs_of` read from the document, with the key of its verification method.

    Not checked here: that the key is the issuer's and may be used for the purpose, the options of the proof, and that
    the previous proofs hold (`verify_proofs`). Raises InvalidProofError, MalformedProofError, JsonLdError, or
    ProofIndeterminate where the proof could not be checked.

    Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof, with the steps of
    https://www.w3.org/TR/vc-di-eddsa/#verify-proof-eddsa-jcs-2022
    """
    suite, value = _supported(proof)
    hash_name = suite.hashes.get(key.type) if isinstance(key, PublicKey) else None
    if hash_name is None or not isinstance(key, PublicKey):
        raise InvalidProofError(
            f"{suite.name} is never verified with a key of type {key.type}",
            code="proof.invalid.key_type",
            path=proof.path,
            remedy="The proof names a suite and a key that do not belong together; ask the issuer for a correct proof.",
        )
    hashes = hashes or DocumentHashes(document, jsonld=jsonld)
    decode = suite.serialization.decode
    if suite.verify_derived is not None or decode is None:
        return _verify_derived(document, proof, value, key, suite=suite, hashes=hashes, jsonld=jsonld)
    # 1-3. The document without its proofs, the proof without its signature, and the signature.
    try:
        serialized = decode(value)
    except MalformedProofError as error:
        error.path = proof.path + pointer(suite.serialization.member)
        raise
    # 4. The contexts that a JCS proof was made under.
    appended = hashes.appended_contexts(proof, suite)
    # 5-7. Transformation, proof configuration, hashing.
    data = serialized.prefix + hashes.hash_data(proof, suite, hash_name)
    # 8-9. The signature.
    try:
        verify(key, data, serialized.signature, hash_name=hash_name)
    except InvalidProofError as error:
        error.path = proof.path
        raise
    return VerifiedProof(
        proof=proof,
        suite=suite,
        key=key,
        hash_data=data,
        signature=normalized_signature(key, serialized.signature),
        appended_contexts=appended,
    )


def _verify_derived(  # noqa: PLR0913 -- what verify_proof has found already
    document: JsonObject,
    proof: Proof,
    value: str,
    key: PublicKey,
    *,
    suite: Cryptosuite,
    hashes: DocumentHashes,
    jsonld: JsonLd,
) -> VerifiedProof:
    """Verify a proof that a holder derived."""
    if suite.verify_derived is None or proof.previous:
        raise UnsupportedProofError(
            f"a proof of the kind {suite.name} that builds on another proof is not supported",
            code="proof.unsupported.previous",
            path=proof.path,
        )
    hashes.appended_contexts(proof, suite)
    try:
        found = suite.verify_derived(
            document, value, hashes.configuration_hash(proof, suite, "sha256"), key, jsonld=jsonld
        )
    except (InvalidProofError, MalformedProofError) as error:
        error.path = error.path or proof.path
        raise
    return VerifiedProof(
        proof=proof,
        suite=suite,
        key=key,
        hash_data=found.signed_data or b"",
        signature=found.signature or b"",
        covers="nothing" if found.signature is None else "mandatory",
        presentation_header=found.presentation_header,
        shown=found.shown,
    )


def verify_proofs(
    document: JsonObject,
    proofs: tuple[Proof, ...],
    keys: Mapping[str, VerificationKey],
    *,
    jsonld: JsonLd,
    recurring: Recurring | None = None,
) -> tuple[ProofResult, ...]:
    """What became of each proof that `proofs_of` read from the document; `keys` maps a proof's path to its key.

    `recurring`, of the same processor, remembers documents like this one.

    A proof holds only if those it names by previousProof hold. There is no combined verdict: which of the proofs count
    depends on whose they are, and one that holds never makes up for one that does not.

    Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains
    """
    hashes = DocumentHashes(document, jsonld=jsonld, recurring=recurring)
    outcomes: dict[str, Outcome] = {}

    def judge(proof: Proof) -> Outcome:
        if proof.path not in outcomes:
            before = [judge(previous) for previous in proof.previous]
            outcomes[proof.path] = _unless_previous_fails(proof, before) or _outcome(
                document, proof, keys.get(proof.path), jsonld, hashes
            )
        return outcomes[proof.path]

    return tuple(ProofResult(proof, judge(proof)) for proof in proofs)


def _unless_previous_fails(proof: Proof, before: list[Outcome]) -> ProofFailure | ProofIndeterminate | None:
    if not before:
        return None
    path = proof.path + pointer("previousProof")
    for outcome in before:
        if isinstance(outcome, ProofFailure):
            return InvalidProofError(
                f"a proof that this one builds on does not hold: {outcome}", code="proof.invalid.previous", path=path
            )
    for outcome in before:
        if isinstance(outcome, ProofIndeterminate):
            return ProofIndeterminate(
                f"a proof that this one builds on could not be checked: {outcome}",
                code="proof.indeterminate.previous",
                path=path,
                remedy=outcome.remedy,
            )
    return None


def _outcome(
    document: JsonObject, proof: Proof, key: VerificationKey | None, jsonld: JsonLd, hashes: DocumentHashes
) -> Outcome:
    try:
        _supported(proof)
        if key is None:
            return ProofIndeterminate(
                f"the key that the verification method {shown(proof.verification_method)} stands for is not known",
                code="proof.indeterminate.key",
                path=proof.path,
                remedy="Resolve the verification method, or hand over its key, and check again.",
            )
        return verify_proof(document, proof, key, jsonld=jsonld, hashes=hashes)
    except (ProofFailure, ProofIndeterminate) as error:
        return error


def _supported(proof: Proof) -> tuple[Cryptosuite, str]:
    if proof.suite is None or proof.value is None:
        raise UnsupportedProofError(
            f"proofs of the kind {shown(proof.kind)} are not supported",
            code="proof.unsupported.cryptosuite",
            path=proof.path,
        )
    return proof.suite, proof.value


def _as_a_verifier_reads(
    proof: JsonObject, existing: tuple[Proof, ...], suite: Cryptosuite, suites: Mapping[str, Cryptosuite]
) -> Proof:
    """The proof to be made, read beside those that are there: what a verifier would refuse is never signed."""
    unsigned = proof | {suite.serialization.member: "-"}
    try:
        return read_proofs([*(other.raw for other in existing), unsigned], suites=suites)[-1]
    except MalformedProofError as error:
        code = error.code.replace("proof.malformed", "proof.options", 1)
        raise ProofOptionsError(str(error), code=code, path=error.path) from error


def _not_created(name: str) -> ProofOptionsError:
    return ProofOptionsError(
        f"{shown(name)} is not a cryptosuite that proofs are made with here",
        code="proof.options.cryptosuite",
        remedy=f"Use one of {', '.join(suite.name for suite in SUITES.values() if suite.creates)}.",
    )


def _copied(document: JsonObject) -> JsonObject:
    return {name: _copied_value(value) for name, value in document.items()}


def _copied_value(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return _copied(value)
    return [_copied_value(item) for item in value] if isinstance(value, list) else value
