"""Check 10: the class of the document, computed from what it states.

A label that somebody signed is compared with the computation and never believed instead of it. Whether the statements
are true, and who vouches for them, are the checks `proof` and `authority`.

Spec: https://eur-lex.europa.eu/eli/C/2022/243/2, Annex I
"""

from collections.abc import Sequence
from typing import Final

from node.credentials.micro_credential.classification import UNSUPPORTED_CLAIM, Classification, classify
from node.credentials.micro_credential.findings import CredentialClass
from node.credentials.micro_credential.label import LabelOutcome, check_label, document_digest
from node.documents import JsonObject
from node.proofs.proof import Proof
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.examination import ExaminedProof, counting

BARE_TYPE: Final = "VerifiableCredential"
OTHER_KINDS: Final = frozenset(
    {
        "EndorsementCredential",
        "BitstringStatusListCredential",
        "VerifiableAttestation",
        "VerifiableAccreditation",
        "VerifiableAccreditationToAccredit",
        "VerifiableAccreditationToAttest",
        "RecognizedEntityCredential",
    }
)
"""Kinds of credentials that award nothing to anybody."""
LABEL_MISMATCH: Final = "mc.label.mismatch"
BELOW_POLICY: Final = "mc.below_policy"
NOT_APPLICABLE: Final = "class.not_applicable"
UNDISCLOSED: Final = "class.undisclosed"


def check_class(  # noqa: PLR0911 -- one per answer
    case: Case, proofs: tuple[ExaminedProof, ...], labels: Sequence[JsonObject] = ()
) -> Check:
    """The class, by the newest rules.

    `proofs` are those of the document, judged as the issuer's; `labels` are those of this document that count, and
    their proofs hold.

    0. Its holder may have hidden what lowers the class: it has none, whatever is shown, and no label can be compared.
    1. A label says something else than the rules it names: failed.
    2. The class is below the one that the policy asks for: failed.
    3. It calls itself a micro-credential and is none, or does not say what it is: nothing can be relied on.
    4. A class was computed.

    A credential of a kind that awards nothing has no class, unless the policy asks for one. The evidence names by their
    digests the labels that were compared.
    """
    kinds = {*case.credential.types} - {BARE_TYPE}
    if kinds and kinds <= OTHER_KINDS and case.policy.least_class is None:
        return Check(CheckName.CLASS, Outcome.NOT_APPLICABLE, NOT_APPLICABLE, MESSAGES[NOT_APPLICABLE])
    compared: JsonObject = {"labels": [document_digest(label) for label in labels]} if labels else {}
    derived = any(proof.proof.derived for proof in counting(proofs))
    path, least = case.credential.path, case.policy.least_class
    found = classify(case.document, derived=derived, path=path, objects=case.objects)
    if case.undisclosed.results and not case.policy.undisclosed_is_absent:  # 0.
        return _answer(found.unclassified(UNDISCLOSED, path), Outcome.INDETERMINATE, UNDISCLOSED, {})
    if any(_differs(label, case, proofs, derived=derived) for label in labels):  # 1.
        return _answer(found.finding(LABEL_MISMATCH, path), Outcome.FAILED, LABEL_MISMATCH, compared)
    stated = found.credential_class is not CredentialClass.UNCLASSIFIED
    if least is not None and stated and not found.credential_class.reaches(least):  # 2.
        return _answer(found.finding(BELOW_POLICY, path), Outcome.FAILED, BELOW_POLICY, compared)
    if found.found(UNSUPPORTED_CLAIM):  # 3.
        return _answer(found, Outcome.INDETERMINATE, UNSUPPORTED_CLAIM, compared)
    if not stated:
        return _answer(found, Outcome.INDETERMINATE, "class.unclassified", compared)
    return _answer(found, Outcome.PASSED, "class.passed", compared)  # 4.


def _differs(label: JsonObject, case: Case, proofs: tuple[ExaminedProof, ...], *, derived: bool) -> bool:
    """Whether a label says something else of the document; that of a token is about the whole token."""
    token = next((proof.proof.text for proof in proofs if not isinstance(proof.proof, Proof)), None)
    return check_label(label, case.document, derived=derived, whole=token) is LabelOutcome.DIFFERS


def _answer(found: Classification, outcome: Outcome, code: str, compared: JsonObject) -> Check:
    score = f"{found.met} of {len(found.elements)} elements"
    told = f"By the rules {found.rules.name} it is {found.credential_class}, {score}."
    return Check(CheckName.CLASS, outcome, code, MESSAGES[code].format(told=told), {**found.to_json(), **compared})


MESSAGES: Final = {
    LABEL_MISMATCH: "The signed label does not match the document. {told} Do not rely on the label.",
    BELOW_POLICY: "The policy asks for a higher class. {told}",
    UNSUPPORTED_CLAIM: "It calls itself a micro-credential and is not one by these rules. {told}",
    "class.unclassified": "It does not say whether learning was assessed, and by what criteria. {told}",
    UNDISCLOSED: "Its holder may have hidden what lowers its class. {told} Ask the holder to show everything, or the "
    "issuer to sign what matters as always shown.",
    "class.passed": "{told}",
    NOT_APPLICABLE: "It awards nothing, so it has no class.",
}
