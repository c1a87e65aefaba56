"""What the controller of an identifier publishes about itself: a presentation that it signed, with what others say.

Nobody was asked for a fresh answer, so no credential in it is shown live by this. What they are worth is for the
verdict on each of them; here it is told whether the presentation is the controller's, and about it.

Spec: https://identity.foundation/didwebvh/v1.0/#whois-linkedvp-service
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from did_methods.document import Relationship
from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.presentation import Presentation, check_presentation
from node.credentials.timestamps import parse_timestamp
from node.documents import JsonObject, JsonValue, pointer
from node.proofs.options import ASSERTION_METHOD
from node.verification.case import CLOCK_SKEW
from node.verification.check import Outcome
from node.verification.checks.context import appended
from node.verification.checks.structure import proofs_on
from node.verification.context_vetting import vet
from node.verification.examination import ExaminedProof, examine
from node.verification.keys import KeyRing
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
from node.verification.received import Received
from node.verification.subject import HELD, read_subject
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

_ORDER: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.INDETERMINATE)


@dataclass(frozen=True, slots=True)
class WhoisFinding:
    """Whether a presentation is what an identifier says of itself, and why, or why not."""

    outcome: Outcome
    code: str
    message: str

    def to_json(self) -> JsonObject:
        """The finding as reports show checks."""
        return {"outcome": self.outcome.value, "code": self.code, "message": self.message}


def check_whois(  # noqa: PLR0911, PLR0913 -- one per answer; each is an input of the judgement
    subject: JsonValue,
    names: frozenset[str],
    material: VerificationMaterial,
    *,
    policy: Policy,
    trust: Trust,
    at: datetime,
) -> WhoisFinding:
    """Whether this is what an identifier, by one of these names, says of itself.

    1. It is a presentation, and a sound one.
    2. A proof of it is by a key of the identifier, and holds.
    3. What the signer said can be read in one way, and names no other holder.
    4. A credential in it is about the identifier.
    """
    found = read_subject(subject)
    presentation = found.presentation
    if presentation is None or not isinstance(presentation.value, dict):  # 1.
        return _failed("none", "What is published there is no presentation.")
    inside = pointer(HELD)  # judged one by one, by the verdict on each
    own_parts = check_presentation(presentation.value, credentials=False)
    problems = [*presentation.problems, *(each for each in own_parts if not each.path.startswith(inside))]
    proofs, broken = proofs_on(presentation) if "proof" in presentation.value or presentation.envelope else ((), [])
    for problem in (*problems, *broken):
        return _failed("unsound", f"The presentation is not sound: {problem.message}.")
    known = vocabulary(trust.contexts)
    ring = KeyRing(material, trust, policy, at)
    purposes = {proof.proof_purpose for proof in proofs}
    purpose = Relationship.ASSERTION_METHOD if purposes == {ASSERTION_METHOD} else Relationship.AUTHENTICATION
    examined = examine(presentation.value, proofs, ring, purpose, known) if proofs else ()
    own = [proof for proof in examined if proof.key.controller in names]
    if not own:  # 2.
        return _failed("other_signer", "The presentation is not signed by the identifier that it is published for.")
    signed = min((_signed(proof, at) for proof in own), key=lambda each: _ORDER.index(each.outcome))
    if signed.outcome is not Outcome.PASSED:
        return signed
    around = {name: value for name, value in presentation.value.items() if name != HELD}
    for finding in (*vet(around, "", known, policy), *appended(examined, "")):  # 3.
        return WhoisFinding(Outcome.INDETERMINATE, "whois.context", f"Of the presentation, {finding.message}.")
    if Presentation(presentation.value).holder not in {None, *names}:
        return _failed("other_holder", "The presentation names another holder than the identifier.")
    if not any(_about(part, names) for part in found.parts):  # 4.
        return _failed("about_others", "No credential in the presentation is about the identifier.")
    return signed


def _signed(proof: ExaminedProof, at: datetime) -> WhoisFinding:
    if proof.key.outcome is Outcome.FAILED:
        return _failed("key", proof.key.message)
    if proof.signature is Outcome.FAILED and proof.key.authentic:
        return _failed("proof_invalid", f"The proof of the presentation does not hold: {proof.outcome}.")
    if not proof.holds or proof.key.outcome is not Outcome.PASSED:
        reason = proof.key.message if proof.holds else str(proof.outcome)
        return WhoisFinding(Outcome.INDETERMINATE, "whois.not_checked", f"The proof was not checked: {reason}")
    if not _lasts(proof, at):
        return WhoisFinding(Outcome.INDETERMINATE, "whois.expired", "The proof of the presentation has expired.")
    return WhoisFinding(Outcome.PASSED, "whois.passed", "The identifier signed it, and says it of itself.")


def _lasts(proof: ExaminedProof, at: datetime) -> bool:
    if proof.proof.expires is None:
        return True
    try:
        return at - parse_timestamp(proof.proof.expires) <= CLOCK_SKEW
    except TimestampError:
        return False


def _about(part: Received, names: frozenset[str]) -> bool:
    return isinstance(part.value, dict) and not names.isdisjoint(Credential(part.value, part.path).subject_ids)


def _failed(kind: str, message: str) -> WhoisFinding:
    return WhoisFinding(Outcome.FAILED, f"whois.{kind}", message)
