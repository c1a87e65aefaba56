"""Check 6: the issuer has not withdrawn or suspended the document.

Status lists are not read yet: where the document names one, nothing is known. A document that names none cannot be
withdrawn; that it names none is signed.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#status
"""

from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome


def check_status(case: Case) -> Check:
    """Not applicable where the issuer provided no way to withdraw; else not checked."""
    if case.document.get("credentialStatus", []) == []:
        return Check(
            CheckName.STATUS, Outcome.NOT_APPLICABLE, "status.none", "The issuer provided no way to withdraw it."
        )
    return Check(
        CheckName.STATUS,
        Outcome.INDETERMINATE,
        "status.not_checked",
        "The document names where its status can be read, which this version does not do. Ask the issuer whether it "
        "was withdrawn.",
        {"entries": [entry.get("type") for entry in case.credential.status]},
    )
