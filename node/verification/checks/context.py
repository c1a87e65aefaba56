"""Check 2: the terms of the document have one reading, which the verifier knows.

Contexts are known or unknown, never fetched. What a document says under contexts of its maker's choice is not what a
reader takes it to say, so terms defined inside the document, and contexts that take every word for a term, count only
where the policy accepts them, and never where they give a known word another meaning.

Spec: https://www.w3.org/TR/vc-data-integrity/#context-validation
"""

from collections.abc import Iterable, Iterator
from typing import Final

from node.credentials.findings import Finding, FindingOutcome, wrong
from node.proofs.errors import DataLossError, ProofFailure, ProofsError
from node.proofs.proof import OWN_MEMBERS
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.context_vetting import vet
from node.verification.examination import ExaminedProof, counting

UNDEFINED: Final = "context.undefined_term"


def check_context(case: Case, proofs: tuple[ExaminedProof, ...]) -> Check:
    """Whether the document can be read in one way only.

    1. The contexts are known, and those of a document of this type, as far as the policy asks.
    2. Nothing was added behind the contexts that a proof over the text carries.
    3. Every term of the document is defined. A proof over the text covers the others too: there they are a finding.
    """
    vetted = vet(case.document, case.credential.path, case.vocabulary, case.policy, case.objects)
    findings = [*vetted, *appended(counting(proofs), case.credential.path)]  # 1. and 2.
    failed = [finding for finding in findings if finding.outcome is FindingOutcome.FAILED]
    for finding in failed or findings:
        return Check(
            CheckName.CONTEXT,
            Outcome.FAILED if failed else Outcome.INDETERMINATE,
            finding.code,
            f"{finding.message}. {finding.remedy}",
            {"path": finding.path},
        )
    return _lossless(case, proofs)  # 3.


def appended(proofs: Iterable[ExaminedProof], path: str) -> Iterator[Finding]:
    """The contexts of the document at this place that stand behind those that its proofs carry, and sign."""
    for proof in proofs:
        if proof.appended_contexts:
            yield wrong(
                "context.appended",
                path + "/@context",
                "contexts were added behind those that were signed",
                "Ask the person for the original file.",
            )


def _lossless(case: Case, proofs: tuple[ExaminedProof, ...]) -> Check:
    """That every term is defined: a proof over the meaning that was checked has shown it, else it is read for this."""
    relevant = counting(proofs) or proofs
    error = next((proof.vocabulary_error for proof in relevant if proof.vocabulary_error), None)
    if error is None and not any(proof.holds and not proof.signs_text for proof in relevant):
        own = OWN_MEMBERS.union(*(proof.proof.own_members for proof in relevant))
        document = {name: value for name, value in case.document.items() if name not in own}
        try:
            case.vocabulary.jsonld.to_rdf(document)
        except ProofsError as refusal:
            error = refusal
    if error is None:
        return Check(
            CheckName.CONTEXT, Outcome.PASSED, "context.passed", "All contexts are known, and every term is defined."
        )
    path, message = case.credential.path + error.path, f"{error}. {error.remedy}"
    text_only = [proof.signs_text for proof in relevant]
    if isinstance(error, DataLossError) and all(text_only):
        # What is signed is the text, so nothing is lost; what the term means, nobody says.
        return Check(
            CheckName.CONTEXT,
            Outcome.PASSED,
            UNDEFINED,
            message,
            {"path": path, "finding": UNDEFINED, "why": error.code},
        )
    # A kind of proof that is not known may well be over the text, so there nothing is known to be wrong.
    wrong = isinstance(error, ProofFailure) and False in text_only
    outcome = Outcome.FAILED if wrong else Outcome.INDETERMINATE
    return Check(CheckName.CONTEXT, outcome, error.code, message, {"path": path})
