"""Whether somebody has a key: a presentation that answers a challenge, whatever it holds or does not hold.

It is judged by the same steps as a holder who shows a document, as if that document were about whoever has signed.

Spec: https://www.w3.org/TR/vc-data-integrity/#dfn-challenge, https://www.w3.org/TR/did-1.0/#authentication
"""

from datetime import datetime
from typing import Final

from node.credentials.credential import Credential
from node.documents import JsonValue
from node.verification.case import Case, Request
from node.verification.check import Check, CheckName, Outcome
from node.verification.checks.holder import check_holder
from node.verification.keys import KeyRing
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
from node.verification.subject import read_subject
from node.verification.trust import Trust
from node.verification.verify import examine_presentation
from node.verification.vocabulary import vocabulary

NO_PRESENTATION: Final = Check(
    CheckName.HOLDER, Outcome.FAILED, "holder.no_presentation", "This is no presentation.", {}
)


def possession(  # noqa: PLR0913 -- each is an input of the judgement
    subject: JsonValue,
    material: VerificationMaterial,
    policy: Policy,
    at: datetime,
    *,
    trust: Trust,
    request: Request,
) -> Check:
    """The check `holder` of a presentation; its evidence names the `holder` where it passed.

    1. It is a presentation that keeps its rules, and has a proof. One by several is nobody's.
    2. Whoever controls the key is the one it has to be about.
    3. The rest is the check of a holder.
    """
    received = read_subject(subject).presentation
    if received is None:
        return NO_PRESENTATION
    ring, known = KeyRing(material, trust, policy, at), vocabulary(trust.contexts)
    findings, presented = examine_presentation(received, ring, known)  # 1.
    for finding in findings:
        return Check(CheckName.HOLDER, Outcome.FAILED, "holder.presentation", finding.message, {})
    signers = set() if presented is None else {proof.key.controller for proof in presented.proofs}
    if len(signers) > 1:
        return Check(CheckName.HOLDER, Outcome.FAILED, "holder.several", "More than one has signed it.", {})
    about = Credential({"credentialSubject": {"id": next(iter(signers), None)}}, "")  # 2.
    return check_holder(Case(about, at, policy, trust, known, request), presented)  # 3.
