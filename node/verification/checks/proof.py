"""Check 4: the document is what the issuer signed.

Only proofs by the issuer's key count. Any other proof is listed in the evidence, whatever became of it, and is never a
reason to accept.

Spec: https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains
"""

from typing import Final

from node.documents import JsonObject, JsonValue
from node.proofs.errors import ProofsError
from node.verification.check import Check, CheckName, Outcome
from node.verification.examination import ExaminedProof, counting

UNCHANGED: Final = "Nothing has changed since it was signed."
CHOSEN: Final = "What is shown has not changed since it was signed; its holder chose what to show."


def check_proof(proofs: tuple[ExaminedProof, ...]) -> Check:
    """Failed when a proof that counts does not hold, passed when one holds and none fails.

    1. No proof is by the issuer's key: nothing was checked that counts.
    2. A proof that counts does not hold. Under a key that only the file vouches for that says nothing: undecided.
    3. A proof that counts holds.
    4. None could be checked: the document has no form that is known, or the kind of proof is not supported.
    """
    chosen = counting(proofs)
    listed: list[JsonValue] = [proof.to_json(counts=proof in chosen) for proof in proofs]
    evidence: JsonObject = {"proofs": listed}
    if not chosen:  # 1.
        return Check(
            CheckName.PROOF,
            Outcome.INDETERMINATE,
            "proof.not_by_issuer",
            "No proof of the document is by a key of its issuer, so none counts.",
            evidence,
        )
    for proof in chosen:  # 2.
        if proof.signature is Outcome.FAILED:
            if proof.key.authentic:
                return _because(proof, Outcome.FAILED, evidence)
            return Check(
                CheckName.PROOF,
                Outcome.INDETERMINATE,
                "proof.indeterminate.key",
                "The signature does not match a key that only the file itself vouches for.",
                evidence,
            )
    if any(proof.holds for proof in chosen):  # 3.
        chose = any(proof.proof.derived for proof in chosen)
        return Check(CheckName.PROOF, Outcome.PASSED, "proof.passed", CHOSEN if chose else UNCHANGED, evidence)
    if any(proof.vocabulary_error for proof in chosen):  # 4.
        return Check(
            CheckName.PROOF,
            Outcome.INDETERMINATE,
            "proof.not_run",
            "Not checked: without the meaning of all its terms the document has no form that could have been signed.",
            {**evidence, "because": CheckName.CONTEXT.value},
        )
    return _because(chosen[0], Outcome.INDETERMINATE, evidence)


def _because(proof: ExaminedProof, outcome: Outcome, evidence: JsonObject) -> Check:
    error = proof.outcome
    if not isinstance(error, ProofsError):
        raise TypeError("a proof that holds needs no excuse")
    return Check(CheckName.PROOF, outcome, error.code, f"{error}. {error.remedy}", {**evidence, "path": error.path})
