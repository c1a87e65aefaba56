"""Credentials of which the holder chooses what to show, made through the same use cases as any other."""

from datetime import UTC, datetime
from typing import Any

from micro_credential_support import ACHIEVEMENT, sample
from samples import finished

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.documents import UnsecuredDocument
from node.issuance.disclosable import SUITE_OF_FORM, Disclosure, KeyScope
from node.issuance.secure import SigningProfile, secure
from node.proofs.bbs import signature as bbs_signature
from node.proofs.disclosure import prepare_base
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy, built_in
from node.verification.report import CredentialReport
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary
from node.wallet.present import Holder

ECDSA_KEY = PrivateKey(KeyType.P256, bytes(range(1, 33)))
BBS_KEY = PrivateKey(KeyType.BLS12_381_G2, bytes(range(1, 33)))
HOLDER_KEY = PrivateKey(KeyType.ED25519, b"\x07" * 32)
HOLDER = Holder(did_key.method_id(HOLDER_KEY.public), HeldKeys({did_key.method_id(HOLDER_KEY.public): HOLDER_KEY}))
KEYS = {"ecdsa-sd": ECDSA_KEY, "bbs": BBS_KEY}
FORMS = tuple(KEYS)
SCOPE = KeyScope(ACHIEVEMENT, "2026")
CREATED = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
ASKED = Request("a challenge of 128 bits", "verifier.example")
JSONLD = vocabulary(NO_TRUST.contexts).jsonld


def badge(form: str, **changes: Any) -> dict[str, Any]:
    """The complete sample by the issuer of this form, about the holder; a change to None takes a member away."""
    document = sample()
    document["issuer"]["id"] = str(did_key.create(KEYS[form].public))
    document["credentialSubject"]["id"] = HOLDER.did
    return {name: value for name, value in (document | changes).items() if value is not None}


def profile_of(form: str, **disclosure: Any) -> SigningProfile:
    """The signing profile of a form."""
    key = KEYS[form].public
    return SigningProfile(
        str(did_key.create(key)),
        did_key.method_id(key),
        SUITE_OF_FORM[form],
        disclosure=Disclosure(**({"scope": SCOPE if form == "bbs" else None} | disclosure)),
    )


def issued(form: str, document: dict[str, Any] | None = None, **disclosure: Any) -> dict[str, Any]:
    """The credential as its issuer gives it to the holder."""
    made = profile_of(form, **disclosure)
    keys = HeldKeys({made.verification_method: KEYS[form]})
    unsecured = UnsecuredDocument(badge(form) if document is None else document)
    return finished(secure(unsecured, made, keys, vocabulary(NO_TRUST.contexts), created=CREATED))


def thin(form: str, document: dict[str, Any], always: tuple[str, ...]) -> dict[str, Any]:
    """The credential as an issuer gives it to the holder who lets them hide all but what these pointers name."""
    key = KEYS[form]
    options = ProofOptions(
        cryptosuite=SUITE_OF_FORM[form], verification_method=did_key.method_id(key.public), created=CREATED
    )
    unsigned = prepare_base(document, options, key.public, always, jsonld=JSONLD)
    if unsigned.messages is None:
        return unsigned.complete(local_signer(key).sign(unsigned.data))
    return unsigned.complete(bbs_signature.sign(key, unsigned.data, unsigned.messages))


def judged(
    document: dict[str, Any], request: Request | None = None, *, policy: Policy | None = None, at: datetime = AT
) -> CredentialReport:
    """The report on the one credential, without the network."""
    report = verify(document, VerificationMaterial(), policy or built_in(), at, request=request)
    (entry,) = report.credentials
    return entry
