"""Check 8 of an SD-JWT: whoever shows it signed, for this verifier and now, with the key that the issuer bound it to.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-7.3
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from did_methods.document import Relationship
from did_methods.errors import DidMethodsError
from did_methods.multikey import PublicKey
from node.documents import JsonObject, JsonValue
from node.proofs.errors import ProofFailure, ProofIndeterminate
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.options import AUTHENTICATION
from node.proofs.sd_jwt.key_binding import KeyBinding, verify_key_binding
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.case import CLOCK_SKEW, Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.keys import KeyRing
from node.verification.received import USUAL_ALGORITHMS

MAX_AGE: Final = timedelta(seconds=300)
"""How long ago, or ahead by a wrong clock, an answer may have been signed."""


def check_key_binding(  # noqa: PLR0911 -- one per answer
    proof: SdJwtProof, case: Case, ring: KeyRing
) -> Check:
    """Whether the one to whom it was bound has just shown it.

    1. Without a key-binding JWT it is a bearer's: a file, which anybody may pass on.
    2. The issuer named a key, in the open.
    3. The key-binding JWT is signed with it, over exactly what is shown.
    4. It answers this verifier's challenge, for its domain, and was made just now. Anything else is a replay.
    """
    if proof.opened.sd_jwt.key_binding is None:  # 1.
        if case.request is not None:
            message = "Whoever shows it did not sign the answer. Ask for a live presentation."
            return _answer(Outcome.INDETERMINATE, "no_proof", message, {"bearer": True})
        message = "This is a file; anyone could have passed it on."
        return _answer(Outcome.INDETERMINATE, "file", message, {"bearer": True})
    if proof.confirmation is None:  # 2.
        message = "It was shown with a key, and the issuer bound it to none."
        return _answer(Outcome.FAILED, "other_key", message, {"bearer": True})
    key = _confirmed(proof, ring)
    if isinstance(key, Check):
        return key
    try:  # 3.
        binding = verify_key_binding(proof.opened.sd_jwt, proof.opened.payload, key, algorithms=USUAL_ALGORITHMS)
    except ProofFailure as error:
        return _answer(Outcome.FAILED, "proof_invalid", f"The key binding does not hold: {error}.")
    except ProofIndeterminate as error:
        return _answer(Outcome.INDETERMINATE, "not_checked", f"The key binding was not checked: {error}.")
    return _fresh(binding, case, proof.confirmation)


def _fresh(binding: KeyBinding, case: Case, confirmation: JsonValue) -> Check:
    """Step 4."""
    request = case.request
    if request is None:
        message = "Nobody said which challenge was asked, so this may be an old answer. Ask for a live presentation."
        return _answer(Outcome.INDETERMINATE, "no_challenge", message)
    if binding.nonce != request.challenge or binding.audience != request.domain:
        return _answer(Outcome.FAILED, "replay", "It was shown for another challenge or domain.")
    if abs(case.at - binding.issued_at) > MAX_AGE:
        seconds = int(MAX_AGE.total_seconds())
        return _answer(Outcome.FAILED, "replay", f"The answer was not signed within {seconds} seconds of now.")
    if binding.expires is not None and case.at - binding.expires > CLOCK_SKEW:
        return _answer(Outcome.FAILED, "replay", "The answer has expired.")
    if binding.starts is not None and binding.starts - case.at > CLOCK_SKEW:
        return _answer(Outcome.FAILED, "replay", "The answer counts only later.")
    named = confirmation if isinstance(confirmation, dict) else {}
    message = "Shown live with the holder's own key, for this request."
    return _answer(Outcome.PASSED, "passed", message, {"confirmation": min(named, default=None)})


def _confirmed(proof: SdJwtProof, ring: KeyRing) -> VerificationKey | Check:
    """The key that the issuer bound it to: a JWK, or a method of a DID."""
    confirmation = proof.confirmation
    stated = confirmation if isinstance(confirmation, dict) else {}
    jwk, kid = stated.get("jwk"), stated.get("kid")
    if isinstance(jwk, dict) and kid is None:
        try:
            return PublicKey.from_jwk(jwk)
        except DidMethodsError as error:
            return _answer(Outcome.INDETERMINATE, "key", f"The holder's key cannot be used: {error}. {error.remedy}")
    if not isinstance(kid, str) or jwk is not None:
        return _answer(Outcome.INDETERMINATE, "key", "By what the issuer knows the holder's key, is not known here.")
    named = replace(proof.token, proof_purpose=AUTHENTICATION, verification_method=kid, names_owner_only="#" not in kid)
    found = ring.find(named, Relationship.AUTHENTICATION)
    if found.public_key is None or found.outcome is not Outcome.PASSED:
        outcome = Outcome.FAILED if found.outcome is Outcome.FAILED else Outcome.INDETERMINATE
        return _answer(outcome, "key", found.message)
    return found.public_key


def _answer(outcome: Outcome, why: str, message: str, evidence: JsonObject | None = None) -> Check:
    return Check(CheckName.HOLDER, outcome, f"holder.{why}", message, evidence or {})
