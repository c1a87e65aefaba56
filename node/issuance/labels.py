"""The signed label of a document: what the rules make of it, stated by somebody for whoever has only the label.

Only what its issuer signed is labelled. Whoever signs a label says how the document reads, not that it is true.
"""

from datetime import datetime

from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.label import compose_label
from node.documents import JsonValue, SecuredDocument
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing
from node.issuance.token import secure_as_token
from node.verification.material import VerificationMaterial
from node.verification.policy import INDISPENSABLE, built_in
from node.verification.received import receive
from node.verification.verify import verify


async def secure_label(
    document: JsonValue, material: VerificationMaterial, signing: Signing, *, now: datetime, token: bool = False
) -> SecuredDocument | str:
    """The label of one signed credential, as a document or in a token.

    1. The credential is one, and what its issuer signed, by `material`.
    2. Its class is computed by the newest rules, and stated with what it rests on.
    3. The label is signed as any credential is.

    Raises IssuanceError for step 1, and what signing raises.
    """
    received = receive(document)
    report = verify(document, material, built_in(), now, trust=signing.trust)
    for entry in report.credentials:  # 1.
        for check in map(entry.check, INDISPENSABLE):
            if not check.passed:
                raise _refused(f"it is not known to be what its issuer signed: {check.message}")
    value = received.value
    if len(report.credentials) != 1 or not isinstance(value, dict) or "credentialSubject" not in value:
        raise _refused("a label is about one credential")
    whole = None if received.envelope is None else received.envelope.text
    label = compose_label(value, classify(value), issuer=signing.profile.issuer, valid_from=now, whole=whole)  # 2.
    if token:  # 3.
        return await secure_as_token(label, signing, created=now)
    return await signing.secure(label, created=now)


def _refused(reason: str) -> NotIssuableError:
    return NotIssuableError(
        f"no label was signed: {reason}",
        code="issuance.label",
        remedy="Give one signed credential whose issuer's key can be found; check it first: glejt verify",
    )
