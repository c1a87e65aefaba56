"""A credential that is evidence in the verification of another: a status list, the word of a domain.

It is judged as any credential is: by the same checks, the same keys, the same trust.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from did_methods.document import Relationship
from node.credentials.credential import Credential
from node.verification.case import Case
from node.verification.check import Check
from node.verification.checks.context import check_context
from node.verification.checks.issuer_key import check_issuer_key
from node.verification.checks.proof import check_proof
from node.verification.checks.structure import check_structure
from node.verification.examination import ExaminedProof, examine, verified_now
from node.verification.keys import KeyRing
from node.verification.received import Received
from node.verification.vocabulary import Vocabulary

if TYPE_CHECKING:
    from node.verification.recurring_lists import ReadList


@dataclass(frozen=True, slots=True)
class Statement:
    """A credential that its issuer signed, in terms that are known. Its dates and its status were not looked at."""

    case: Case
    proofs: tuple[ExaminedProof, ...]

    @property
    def credential(self) -> Credential:
        """What was stated."""
        return self.case.credential


def read_statement(
    received: Received, ring: KeyRing, vocabulary: Vocabulary, *, known: "ReadList | None" = None
) -> Statement | Check:
    """The statement that a document is, or the first check that it does not pass.

    1. It is built as a credential must be.
    2. Its terms are known.
    3. It is signed with a key of its issuer's, for making statements.

    `known` is what follows from its text alone, where that is remembered.
    """
    structure, proofs = check_structure(received) if known is None else known.structure  # 1.
    document = received.value
    if not structure.passed or not isinstance(document, dict):
        return structure
    credential = Credential(document)
    verified = verified_now if known is None else known.verified
    examined = examine(document, proofs, ring, Relationship.ASSERTION_METHOD, vocabulary, verified=verified)
    by_issuer = tuple(proof.by(credential.issuer) for proof in examined)
    objects = known.objects(document) if known is not None else None
    case = Case(credential, ring.at, ring.policy, ring.trust, vocabulary, None, objects)
    for check in (
        check_context(case, by_issuer),  # 2.
        check_issuer_key(credential.issuer, by_issuer),  # 3.
        check_proof(by_issuer),
    ):
        if not check.passed:
            return check
    return Statement(case, by_issuer)
