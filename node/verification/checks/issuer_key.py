"""Check 3: the document was signed with a key of its issuer, authorised for making statements.

Never loosened: the method must be under `assertionMethod` in the issuer's own document, and controlled by the issuer.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#issuer
"""

from node.verification.check import Check, CheckName
from node.verification.examination import ExaminedProof, counting


def check_issuer_key(issuer: str | None, proofs: tuple[ExaminedProof, ...]) -> Check:
    """Passed when at least one proof names a key of the issuer's; else as good as the best of them.

    `proofs` are those of the document, judged as the issuer's.
    """
    best = (counting(proofs) or proofs)[0]
    return Check(
        CheckName.ISSUER_KEY,
        best.key.outcome,
        best.key.code,
        best.key.message,
        {"issuer": issuer, "proof": best.proof.path, **best.key.evidence},
    )
