"""A presentation: credentials bound to who asked, when, and to the one who shows them.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations,
https://www.w3.org/TR/vc-data-integrity/#dfn-challenge
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.credential import Credential
from node.credentials.structure import Version, version_of
from node.documents import JsonObject
from node.proofs.cryptosuites.usual import USUAL_SUITES
from node.proofs.data_integrity import prepare
from node.proofs.disclosure import BBS
from node.proofs.errors import MalformedProofError
from node.proofs.jsonld import JsonLd
from node.proofs.options import AUTHENTICATION, ProofOptions
from node.proofs.proof import proofs_of
from node.verification.case import Request
from node.wallet.derive import FORMS, LINKS_SIGNATURE, Reveal, derive, form_of
from node.wallet.disclosed import Disclosed, all_of
from node.wallet.errors import WalletError
from node.wallet.holder import Holder
from node.wallet.selective_token import bind, select

BEARER: Final = "wallet.bearer"
STABLE_KEY: Final = "wallet.stable_key"
DERIVED: Final = "proof.malformed.derived_proof"

_CONTEXTS: Final = {
    Version.V2_0: ["https://www.w3.org/ns/credentials/v2"],
    Version.V1_1: ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A presentation, each value that it shows, and codes of what its holder should know before sharing it.

    That of an SD-JWT is the SD-JWT itself.
    """

    presentation: JsonObject | str
    disclosed: tuple[Disclosed, ...]
    remarks: tuple[str, ...]


async def present(  # noqa: PLR0913 -- each is a decision of the holder
    credential: JsonObject | str,
    reveal: Reveal,
    request: Request,
    *,
    created: datetime,
    jsonld: JsonLd,
    holder: Holder | None = None,
) -> Presented:
    """A credential in answer to a request.

    1. What is shown of it is derived, bound to the request where its form can be. A credential of which everything is
       shown or nothing, or that was derived before, is shown as it is.
    2. It is about the holder, where it is about somebody.
    3. The holder's key signs challenge, domain and time around it. Without a key the presentation is a bearer's: it
       does not say who shows it, and of a form other than BBS not even for whom.

    An SD-JWT is bound by itself: the holder's key signs what is shown of it, and nothing is put around it.

    Raises WalletError, and what the proofs of the form refuse.
    """
    if isinstance(credential, str):
        return await _of_sd_jwt(credential, reveal, request, created, holder)
    shown, seen, remarks = _shown(credential, reveal, request, jsonld)  # 1.
    subjects = [one for one in Credential(shown).subject_ids if one is not None]  # 2.
    if holder is not None and subjects and holder.did not in subjects:
        raise WalletError(
            "the credential is about somebody else than the owner of this key",
            code="wallet.subject",
            path="/credentialSubject/id",
            remedy="Show it with the key of the identifier that it is about, or without a key.",
        )
    version = version_of(shown) or Version.V2_0
    presentation: JsonObject = {
        "@context": [*_CONTEXTS[version]],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [shown],
    }
    if holder is None or not subjects:
        remarks = (*remarks, BEARER)
    if holder is not None:  # 3.
        if any(proof.kind == BBS for proof in proofs_of(shown)):
            remarks = (*remarks, STABLE_KEY)
        presentation = await _signed({**presentation, "holder": holder.did}, request, created, jsonld, holder)
    return Presented(presentation=presentation, disclosed=seen, remarks=remarks)


async def present_token(
    text: str, request: Request, *, created: datetime, jsonld: JsonLd, holder: Holder
) -> JsonObject:
    """A token of VC-JOSE in answer to a request: shown whole, in its envelope, and signed around by its holder.

    Spec: https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials
    """
    enveloped: JsonObject = {
        "@context": [*_CONTEXTS[Version.V2_0]],
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{text}",
    }
    presentation: JsonObject = {
        "@context": [*_CONTEXTS[Version.V2_0]],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [enveloped],
        "holder": holder.did,
    }
    return await _signed(presentation, request, created, jsonld, holder)


async def _of_sd_jwt(
    text: str, reveal: Reveal, request: Request, created: datetime, holder: Holder | None
) -> Presented:
    form_of(text)
    selection = select(text, reveal)
    if holder is None:
        return Presented(
            presentation=selection.chosen.text, disclosed=selection.disclosed, remarks=(LINKS_SIGNATURE, BEARER)
        )
    bound = await bind(selection, request, holder, created=created)
    return Presented(presentation=bound, disclosed=selection.disclosed, remarks=(LINKS_SIGNATURE,))


async def _signed(
    presentation: JsonObject, request: Request, created: datetime, jsonld: JsonLd, holder: Holder
) -> JsonObject:
    key = holder.keys.public_key(holder.verification_method)
    suite = USUAL_SUITES.get(key.type)
    if suite is None:
        raise WalletError(
            f"keys of type {key.type} sign no presentations",
            code="wallet.key",
            remedy=f"Use a key of one of these types: {', '.join(USUAL_SUITES)}.",
        )
    options = ProofOptions(
        cryptosuite=suite,
        verification_method=holder.verification_method,
        created=created,
        proof_purpose=AUTHENTICATION,
        challenge=request.challenge,
        domain=request.domain,
    )
    unsigned = prepare(presentation, options, key, jsonld=jsonld)
    return unsigned.complete(await holder.keys.sign(holder.verification_method, unsigned.hash_data))


def _shown(
    credential: JsonObject, reveal: Reveal, request: Request, jsonld: JsonLd
) -> tuple[JsonObject, tuple[Disclosed, ...], tuple[str, ...]]:
    """Step 1."""
    kinds = [proof.kind for proof in proofs_of(credential)]
    if reveal == () and not any(kind in FORMS for kind in kinds):
        return credential, all_of(credential), ()
    try:
        derived = derive(credential, reveal, jsonld=jsonld, request=request)
    except MalformedProofError as error:
        if error.code != DERIVED:
            raise
        if reveal == () and BBS not in kinds:
            return credential, all_of(credential), (LINKS_SIGNATURE,)
        raise WalletError(
            "this was derived already, and what is shown is chosen, for each verifier anew, from the whole",
            code="wallet.derived",
            remedy="Give the credential that the issuer gave you, and say what to show of it.",
        ) from error
    if isinstance(derived.credential, str):
        raise TypeError("a token is no part of this presentation")
    return derived.credential, derived.disclosed, derived.remarks
