"""The proofs of one document: for each, whose key it names and whether the signature holds.

Which of them count is another question: only those by the key of the one who is supposed to have made the statement.
Any other proof is shown, and is never a reason to accept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from did_methods.document import Relationship
from node.credentials.credential import Credential
from node.documents import JsonObject
from node.proofs.data_integrity import ProofResult, VerifiedProof, verify_proofs
from node.proofs.errors import ProofFailure, ProofIndeterminate, ProofsError
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.proof import Proof
from node.proofs.securing import EnvelopingProof, SecuringProof
from node.proofs.securing import Outcome as ProofOutcome
from node.verification.check import Outcome
from node.verification.keys import KeyFinding, KeyRing
from node.verification.vocabulary import Vocabulary

VOCABULARY_CODES = ("context.", "quads.")
"""Errors of a proof whose code begins so are about the terms of the document, not about the signature."""
WHOLE = "document"
"""What a proof covers from which nothing was taken away."""
MANDATORY = "mandatory"
"""What the signature of a token covers by itself, of which a holder discloses some."""


@dataclass(frozen=True, slots=True)
class ExaminedProof:
    """One proof: what is known of its key, and what became of its signature."""

    proof: SecuringProof
    key: KeyFinding
    outcome: ProofOutcome

    @property
    def holds(self) -> bool:
        """Whether the signature was checked and is right."""
        return not isinstance(self.outcome, ProofsError)

    @property
    def vocabulary_error(self) -> ProofsError | None:
        """Why the document has no lossless RDF form, where that kept the signature from being checked."""
        error = self.outcome
        return error if isinstance(error, ProofsError) and error.code.startswith(VOCABULARY_CODES) else None

    @property
    def signature(self) -> Outcome:
        """What the signature says; a document without a form that could be signed was not checked."""
        if self.holds:
            return Outcome.PASSED
        if self.vocabulary_error is None and isinstance(self.outcome, ProofFailure):
            return Outcome.FAILED
        return Outcome.INDETERMINATE

    @property
    def signs_text(self) -> bool | None:
        """Whether it signs the JSON text, defined or not, rather than its meaning; None for an unknown kind."""
        return self.proof.signs_text

    @property
    def appended_contexts(self) -> bool:
        """Whether contexts stand in the document behind those that the proof carries, and signs."""
        return isinstance(self.outcome, VerifiedProof) and bool(self.outcome.appended_contexts)

    @property
    def presentation_header(self) -> bytes | None:
        """What binds a proof to a presentation by itself; None where nothing does."""
        return self.outcome.presentation_header if isinstance(self.outcome, VerifiedProof) else None

    @property
    def _covers_of_token(self) -> str:
        return MANDATORY if self.holds and self.proof.derived else WHOLE

    def by(self, maker: str | None) -> Self:
        """This proof, judged as one that `maker` is supposed to have made."""
        if self.key.controller is None or self.key.controller == maker:
            return self
        message = f"The method belongs to {self.key.controller[:96]}, which is somebody else."
        other = replace(
            self.key, outcome=Outcome.FAILED, code="issuer_key.other_controller", message=message, authorised=False
        )
        return replace(self, key=other)

    def to_json(self, *, counts: bool) -> JsonObject:
        """The proof as the evidence of a report lists it."""
        error = self.outcome if isinstance(self.outcome, ProofsError) else None
        covers = self.outcome.covers if isinstance(self.outcome, VerifiedProof) else self._covers_of_token
        derived: JsonObject = {} if covers == WHOLE else {"covers": covers}
        return {
            "path": self.proof.path,
            "form": self.proof.form.value,
            "kind": self.proof.kind,
            "method": self.proof.verification_method,
            "counts": counts,
            "key": {"outcome": self.key.outcome.value, "code": self.key.code},
            "signature": {
                "outcome": self.signature.value,
                "code": error.code if error else "proof.passed",
                "message": str(error) if error else "The signature holds.",
            },
            **derived,
        }


type Verified = Callable[
    [JsonObject, tuple[Proof, ...], Mapping[str, VerificationKey], Vocabulary], tuple[ProofResult, ...]
]


def verified_now(
    document: JsonObject, proofs: tuple[Proof, ...], keys: Mapping[str, VerificationKey], vocabulary: Vocabulary
) -> tuple[ProofResult, ...]:
    """What became of proofs, found out now."""
    return verify_proofs(document, proofs, keys, jsonld=vocabulary.jsonld, recurring=vocabulary.recurring)


def examine(  # noqa: PLR0913 -- whose proofs of what, by which keys and terms
    document: JsonObject,
    proofs: tuple[SecuringProof, ...],
    ring: KeyRing,
    relationship: Relationship,
    vocabulary: Vocabulary,
    *,
    verified: Verified = verified_now,
) -> tuple[ExaminedProof, ...]:
    """Each proof of the document, in its order: the key is looked up, then the signature tried.

    A proof inside was made before the document was put into an envelope, whose members it therefore does not cover.
    They are taken away where the same party made both: what somebody else wraps around a document is no part of it, and
    may not seem to be. Of several parties that is the issuer, for anybody can put a proof beside the issuer's.

    `verified` tries the signatures inside, or knows what became of just these.
    """
    around = tuple([_tried(proof, ring, relationship) for proof in proofs if not isinstance(proof, Proof)])
    inside = tuple([proof for proof in proofs if isinstance(proof, Proof)])
    if not inside:
        return around
    keys = {proof.path: ring.find(proof, relationship) for proof in inside}
    makers = {found.controller for found in keys.values() if found.controller is not None}
    for examined in around:
        wrapper = examined.key.controller
        if examined.holds and wrapper in makers and (len(makers) == 1 or wrapper == Credential(document).issuer):
            document = {name: value for name, value in document.items() if name not in examined.proof.own_members}
    usable = {path: found.public_key for path, found in keys.items() if found.public_key is not None}
    results = verified(document, inside, usable, vocabulary)
    for path, found in tuple(keys.items()):
        for other in found.others:
            if other.public_key is None or _holds_at(path, results):
                break
            tried = usable | {path: other.public_key}
            again = verified(document, inside, tried, vocabulary)
            if _holds_at(path, again):
                usable, results, keys[path] = tried, again, other
    return (*around, *(ExaminedProof(result.proof, keys[result.proof.path], result.outcome) for result in results))


def _holds_at(path: str, results: tuple[ProofResult, ...]) -> bool:
    return any(result.proof.path == path and not isinstance(result.outcome, ProofsError) for result in results)


def _tried(proof: EnvelopingProof, ring: KeyRing, relationship: Relationship) -> ExaminedProof:
    unknown = ProofIndeterminate(
        "the key of the signature is not known",
        code="proof.indeterminate.key",
        path=proof.path,
        remedy="Resolve the key that the header names, and check again.",
    )
    return examine_envelope(proof, ring.find(proof, relationship), unknown)


def examine_envelope(proof: EnvelopingProof, key: KeyFinding, unknown: ProofIndeterminate) -> ExaminedProof:
    """The proof, tried with its key, and with others that its id meant where that does not match.

    `unknown` is the outcome where the key is not known.
    """
    first = _by_key(proof, key, unknown)
    if first.signature is Outcome.FAILED:
        for other in key.others:
            again = _by_key(proof, other, unknown)
            if again.holds:
                return again
    return first


def _by_key(proof: EnvelopingProof, key: KeyFinding, unknown: ProofIndeterminate) -> ExaminedProof:
    if key.public_key is None:
        return ExaminedProof(proof, key, proof.refusal or unknown)
    try:
        return ExaminedProof(proof, key, proof.verify(key.public_key))
    except (ProofFailure, ProofIndeterminate) as error:
        error.path = proof.path
        return ExaminedProof(proof, key, error)


def counting(proofs: tuple[ExaminedProof, ...]) -> tuple[ExaminedProof, ...]:
    """The proofs that count: those by the maker's key; else those that could be; else those by a key it has revoked."""
    for outcome in (Outcome.PASSED, Outcome.INDETERMINATE):
        chosen = tuple([proof for proof in proofs if proof.key.outcome is outcome])
        if chosen:
            return chosen
    return tuple([proof for proof in proofs if proof.key.authorised])
