"""Check 8: the one the document is about has just shown it, in answer to this verifier's request.

Spec: https://www.w3.org/TR/vc-data-integrity/#dfn-challenge, https://www.w3.org/TR/vc-data-model-2.0/#identifying-the-holder
"""

from dataclasses import dataclass
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.findings import Finding
from node.credentials.presentation import Presentation
from node.credentials.timestamps import parse_timestamp
from node.proofs.presentation_header import presentation_header
from node.verification.case import CLOCK_SKEW, Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.examination import ExaminedProof, counting

ORDER: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.INDETERMINATE)
"""Of several proofs by the subject's key, the one that shows the document live decides, else the one that is wrong."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A presentation, and its proofs as they were examined under the purpose of authentication.

    `unvetted` is what can be held against the contexts of the presentation itself.
    """

    presentation: Presentation
    proofs: tuple[ExaminedProof, ...]
    unvetted: tuple[Finding, ...] = ()


def check_holder(  # noqa: PLR0911 -- one per answer
    case: Case, presented: Presented | None, proofs: tuple[ExaminedProof, ...] = ()
) -> Check:
    """Whether the subject has just shown the document, whose own proofs these are.

    0. A derived proof that is bound to a presentation by itself was made for this request; one for another is a replay,
       whatever is around it. A proof by somebody else than the issuer says nothing of this.
    1. It was shown in a presentation that has a proof; else it is a file, which anybody may pass on. Where its holder
       chose what to show, whoever had the whole could have done so, and it is a bearer's, for this request or for none.
    2. It is about one subject that has an identifier; else it belongs to whoever bears it.
    3. A proof of the presentation is by a key of that identifier. Another's key is a failure.
    4. That proof holds, and its key may authenticate.
    5. It answers this verifier's challenge, for its domain, now. Another challenge or domain is a replay.
    6. What it says can be read in one way. Under contexts of its bringer's choice, the domain that a holder signed can
       be called the challenge, and the answer to somebody else be shown as one to this verifier.
    7. The presentation does not name another holder.
    """
    derived = [proof for proof in counting(proofs) if proof.proof.derived]
    if derived and (answer := _of_derived(case, derived, signed=presented is not None and bool(presented.proofs))):
        return answer  # 0. and 1.
    if presented is None:  # 1.
        return _answer(Outcome.INDETERMINATE, "file", "This is a file; anyone could have passed it on.")
    if not presented.proofs:
        return _answer(Outcome.INDETERMINATE, "no_proof", "The presentation is not signed by anybody.", bearer=True)
    subjects = case.credential.subject_ids  # 2.
    named = {subject for subject in subjects if subject is not None}
    if not named:
        return _answer(
            Outcome.INDETERMINATE,
            "bearer",
            "The document names no subject, so whoever has it can show it.",
            bearer=True,
        )
    own = [proof for proof in presented.proofs if proof.key.controller in named]  # 3.
    if not own:
        return _answer(Outcome.FAILED, "other_key", "The presentation was signed by somebody else than its subject.")
    if len(subjects) > 1:
        return _answer(
            Outcome.INDETERMINATE, "many_subjects", "The document is about several; who shows it is only one of them."
        )
    answers = [_judge(case, presented, proof) for proof in own]  # 4. to 7.
    return min(answers, key=lambda answer: ORDER.index(answer.outcome))


def _of_derived(case: Case, derived: list[ExaminedProof], *, signed: bool) -> Check | None:
    """What the proofs that a holder derived say of who shows it; None where that is for the presentation to say."""
    headers = {proof.presentation_header for proof in derived} - {None}
    request = case.request
    asked = b"" if request is None else presentation_header(request.challenge, request.domain)
    if request is not None and not headers <= {b"", asked}:
        return _answer(Outcome.FAILED, "replay", "What is shown was derived for another challenge or domain.")
    if signed:
        return None
    if asked in headers and request is not None:
        message = "It was shown for this request, by somebody who has the whole of it; nothing says that it is theirs."
        return _answer(Outcome.INDETERMINATE, "bearer", message, bearer=True, bound=True)
    message = "Whoever has the whole document could have derived this; nothing says that it is theirs."
    return _answer(Outcome.INDETERMINATE, "bearer", message, bearer=True)


def _judge(case: Case, presented: Presented, proof: ExaminedProof) -> Check:  # noqa: PLR0911 -- one per answer
    signer = proof.key.controller
    if proof.key.outcome is Outcome.FAILED:  # 4.
        return _answer(Outcome.FAILED, "key", proof.key.message)
    if proof.signature is Outcome.FAILED and proof.key.authentic:
        return _answer(Outcome.FAILED, "proof_invalid", f"The presentation's proof does not hold: {proof.outcome}.")
    if not proof.holds or proof.key.outcome is not Outcome.PASSED:
        reason = proof.key.message if proof.holds else str(proof.outcome)
        return _answer(Outcome.INDETERMINATE, "not_checked", f"The presentation's proof was not checked: {reason}.")
    request = case.request  # 5.
    if request is None:
        return _answer(
            Outcome.INDETERMINATE,
            "no_challenge",
            "Nobody said which challenge was asked, so this may be an old answer. Ask for a live presentation.",
        )
    if proof.proof.challenge != request.challenge or proof.proof.domain != (request.domain,):
        return _answer(Outcome.FAILED, "replay", "The presentation was made for another challenge or domain.")
    if not _lasts(case, proof):
        return _answer(Outcome.INDETERMINATE, "expired", "The presentation's proof has expired. Ask for a new one.")
    if not _has_begun(case, proof):
        return _answer(Outcome.INDETERMINATE, "not_yet", "The presentation's proof counts only later. Ask for another.")
    for finding in presented.unvetted:  # 6.
        return _answer(Outcome.INDETERMINATE, "context", f"Of the presentation, {finding.message}. {finding.remedy}")
    if presented.presentation.holder not in {None, signer}:  # 7.
        return _answer(Outcome.FAILED, "other_holder", "The presentation names another holder than its signer.")
    return Check(
        CheckName.HOLDER,
        Outcome.PASSED,
        "holder.passed",
        "Shown live with the holder's own key, for this request.",
        {"holder": signer, **proof.key.evidence},
    )


def _lasts(case: Case, proof: ExaminedProof) -> bool:
    if proof.proof.expires is None:
        return True
    try:
        return case.at - parse_timestamp(proof.proof.expires) <= CLOCK_SKEW
    except TimestampError:
        return False


def _has_begun(case: Case, proof: ExaminedProof) -> bool:
    if proof.proof.starts is None:
        return True
    try:
        return parse_timestamp(proof.proof.starts) - case.at <= CLOCK_SKEW
    except TimestampError:
        return False


def _answer(outcome: Outcome, code: str, message: str, *, bearer: bool = False, bound: bool = False) -> Check:
    marks = {"bearer": bearer, "bound": bound}
    shown = {name for name, marked in marks.items() if marked}
    return Check(CheckName.HOLDER, outcome, f"holder.{code}", message, dict.fromkeys(sorted(shown), True))
