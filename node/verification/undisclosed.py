"""What a holder may have hidden of a document that is a part of what was signed.

A member that is not shown was never there, or is hidden, and no proof tells which. Two things do: the issuer's signed
word that nobody can hide what matters (`ALWAYS_DISCLOSED`), where what is shown bears it out; and the form, where it
forbids that a member be hidden.

Spec: docs/adr/0022-what-is-not-shown-may-be-hidden.md
"""

from typing import Final

from node.credentials.micro_credential.disclosure import always_disclosed, says_always_disclosed
from node.credentials.micro_credential.readers.sd_jwt import ASSESSMENT
from node.credentials.sd_jwt_vc import TYPE
from node.documents import JsonObject, pointer
from node.proofs.data_integrity import VerifiedProof
from node.proofs.sd_jwt.proof import SdJwtProof
from node.proofs.selective_disclosure.derivation import ShownStatements
from node.verification.case import NOTHING, Undisclosed
from node.verification.checks.anchor import anchor_entries
from node.verification.examination import ExaminedProof, counting

ANYTHING: Final = Undisclosed(members=True, entries=True, results=True)
WITHDRAWAL: Final = (pointer("credentialStatus"),)


def undisclosed(document: JsonObject, proofs: tuple[ExaminedProof, ...]) -> Undisclosed:
    """What may be hidden of a credential, by the proofs that count; `proofs` are judged as its issuer's.

    1. Nothing, where no proof leaves a choice, or one that holds covers the whole.
    2. Nothing, where its issuer says that what matters is always shown, and let nobody hide what is shown of that.
    3. Otherwise anything, as far as the form lets it. What was not checked says nothing of what is hidden.
    """
    if not any(one.proof.derived for one in proofs):  # 1.
        return NOTHING
    chosen = counting(proofs)
    holding = [one for one in chosen if one.holds]
    if all(not one.proof.derived for one in chosen) or any(not one.proof.derived for one in holding):
        return NOTHING
    if says_always_disclosed(document):  # 2.
        places = (*always_disclosed(document, awarded_date=False), *anchor_entries(document))
        if any(_cannot_hide(one, places) for one in holding):
            return NOTHING
    return min((_by_form(one) for one in holding), key=_weight, default=ANYTHING)  # 3.


def undisclosed_of_claims(claims: JsonObject, proof: SdJwtProof) -> Undisclosed:
    """What may be hidden of the claims of an SD-JWT VC.

    Neither dates nor status: its specification forbids that they be hidden. In the wallet forms, no result can be one
    that was not reached, but it could be said that nothing was assessed; and of a list or an object that is shown in
    part, the rest could be what makes it unusable.

    Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
    """
    assessment = ASSESSMENT.get(str(claims.get(TYPE)))
    if assessment is None or not proof.derived:
        return NOTHING
    stated = assessment in claims and proof.opened.stands_open((pointer(assessment),))
    parted = any(proof.opened.processed.incomplete - {""})
    return Undisclosed(members=False, entries=False, results=parted or not stated)


def _cannot_hide(proof: ExaminedProof, places: tuple[str, ...]) -> bool:
    """Whether the issuer let nobody hide what stands at these places."""
    if isinstance(proof.proof, SdJwtProof):
        return proof.proof.opened.stands_open(places)
    shown = _shown(proof)
    return shown is not None and shown.cannot_hide(places)


def _by_form(proof: ExaminedProof) -> Undisclosed:
    """What this form lets a holder hide."""
    if isinstance(proof.proof, SdJwtProof):  # what can be hidden of a status that is shown, was refused before
        return Undisclosed(members="" in proof.proof.opened.processed.incomplete, entries=False, results=True)
    shown = _shown(proof)
    return Undisclosed(members=True, entries=shown is None or not shown.cannot_hide(WITHDRAWAL), results=True)


def _shown(proof: ExaminedProof) -> ShownStatements | None:
    return proof.outcome.shown if isinstance(proof.outcome, VerifiedProof) else None


def _weight(found: Undisclosed) -> int:
    return found.members + found.entries + found.results
