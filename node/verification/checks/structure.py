"""Check 1: the document is built as the data model says, and small enough to be judged.

Dates that cannot be read are left to the check `validity`, which says that they cannot be read.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#basic-concepts
"""

from collections.abc import Iterable
from typing import Final

from node.credentials.credential import check_credential
from node.credentials.findings import Finding, FindingOutcome, wrong
from node.credentials.objects import Objects
from node.documents import JsonObject, JsonValue
from node.proofs.disclosure import is_base
from node.proofs.errors import MalformedProofError
from node.proofs.proof import proofs_of
from node.proofs.securing import SecuringProof
from node.verification.check import Check, CheckName, Outcome
from node.verification.received import Received

MAX_FINDINGS: Final = 20
"""Findings listed in the evidence: the first decides, and a hostile document could have thousands."""
UNREADABLE_DATE: Final = "credential.date."
TOO_MANY_PROOFS: Final = "proof.malformed.too_many"
BASE_PROOF: Final = "proof.malformed.base_proof"


def check_structure(
    part: Received, presented: Iterable[Finding] = (), objects: Objects | None = None
) -> tuple[Check, tuple[SecuringProof, ...]]:
    """The check, and the proofs of a document that passed it.

    `presented` are the findings about the presentation around it: a broken one breaks everything inside. `objects` are
    those of the document, where they are at hand.

    1. The presentation around it is sound.
    2. It is an object, taken out of its envelope if it came in one.
    3. It keeps the rules of its data model.
    4. It has proofs, inside or around it, as many as one document may have, each of them well formed, and none of them
       the holder's own, from which one to be shown is derived first.
    """
    findings = [*presented, *part.problems]  # 1. and 2.
    value = part.value
    if part.problems and part.envelope is None:
        return concluded(findings), ()
    if not isinstance(value, dict):
        return concluded([*findings, wrong("structure.not_a_credential", part.path, "this is not an object")]), ()
    findings += [  # 3.
        finding
        for finding in check_credential(value, part.path, objects)
        if not finding.code.startswith(UNREADABLE_DATE)
    ]
    proofs, broken = proofs_on(part)  # 4.
    findings += [_not_derived(proof, part.path) for proof in proofs if proof.derived and is_base(proof)]
    return concluded([*findings, *broken]), proofs


def proofs_on(part: Received) -> tuple[tuple[SecuringProof, ...], list[Finding]]:
    """The proofs of a document, that of its envelope first, and what is wrong with those inside it."""
    around = () if part.envelope is None else (part.envelope,)
    value = part.value
    if not isinstance(value, dict) or (around and "proof" not in value):
        return around, []
    try:
        return (*around, *proofs_of(value)), []
    except MalformedProofError as error:
        return around, [broken_proof(error, part.path)]


def broken_proof(error: MalformedProofError, path: str = "") -> Finding:
    """A proof that breaks the data model of proofs, as a finding; more than may be read is not wrong for that."""
    outcome = FindingOutcome.INDETERMINATE if error.code == TOO_MANY_PROOFS else FindingOutcome.FAILED
    return Finding(error.code, path + error.path, str(error), error.remedy, outcome)


def _not_derived(proof: SecuringProof, path: str) -> Finding:
    message = "it is the holder's own copy, with a proof that shows everything and is not to be passed on"
    remedy = "Ask the holder to choose what to show: glejt derive, or glejt present."
    return wrong(BASE_PROOF, path + proof.path, message, remedy)


def nothing_found(problem: Finding) -> Check:
    """The check of something in which no credential was found."""
    return concluded([problem])


def concluded(findings: list[Finding]) -> Check:
    """The check with these findings: the first that fails decides, else the first that leaves it open."""
    failed = [finding for finding in findings if finding.outcome is FindingOutcome.FAILED]
    decisive = (failed or findings)[:1]
    if not decisive:
        return Check(
            CheckName.STRUCTURE, Outcome.PASSED, "structure.passed", "The document is built as its data model says."
        )
    first = decisive[0]
    listed: list[JsonValue] = [_listed(finding) for finding in findings[:MAX_FINDINGS]]
    return Check(
        CheckName.STRUCTURE,
        Outcome.FAILED if failed else Outcome.INDETERMINATE,
        first.code,
        f"{first.message}. {first.remedy}",
        {"path": first.path, "findings": listed, "total": len(findings)},
    )


def _listed(finding: Finding) -> JsonObject:
    return {
        "code": finding.code,
        "path": finding.path,
        "message": finding.message,
        "outcome": finding.outcome.value,
    }
