"""One derivation for every form: a credential, what is to be shown of it, and for whom.

A form joins by an entry in FORMS; whoever derives need not know which it is.

Spec: https://www.w3.org/TR/vc-data-integrity/#selective-disclosure
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node.credentials.credential import Credential
from node.documents import JsonObject
from node.proofs.disclosure import BBS, ECDSA_SD, base_proof_of, derive_proof, mandatory_pointers_of
from node.proofs.jsonld import JsonLd
from node.proofs.presentation_header import presentation_header
from node.proofs.proof import proofs_of
from node.verification.case import Request
from node.verification.received import SELECTIVE
from node.wallet.disclosed import Disclosed, seen_and_hidden
from node.wallet.errors import WalletError
from node.wallet.request import requested
from node.wallet.selective_token import SD_JWT, select

LINKS_SIGNATURE: Final = "wallet.links.signature"
LINKS_STATUS: Final = "wallet.links.status"
LINKS_ID: Final = "wallet.links.id"
UNBOUND: Final = "wallet.unbound"

type Reveal = tuple[str, ...] | JsonObject
"""JSON pointers into the credential, or a request with claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What is shown of a credential: the document or token itself, each value in it, and the places that stay hidden.

    `remarks` are codes of what a holder should know before sharing it.
    """

    form: str
    credential: JsonObject | str
    disclosed: tuple[Disclosed, ...]
    hidden: tuple[str, ...]
    remarks: tuple[str, ...]


type Derive = Callable[[JsonObject | str, Reveal, Request | None, JsonLd], Derivation]
"""How one form derives: the credential, what to reveal, who asked, and the meaning of terms."""


def derive(
    credential: JsonObject | str, reveal: Reveal, *, jsonld: JsonLd, request: Request | None = None
) -> Derivation:
    """What a holder shows of a credential, whatever its form: what is mandatory, and what is to be revealed.

    `request` is what the verifier asked to be answered; only forms that are bound by themselves need it. Raises
    WalletError for a form of which nothing can be chosen, and what the proofs of the form refuse.
    """
    return FORMS[form_of(credential)](credential, reveal, request, jsonld)


def form_of(credential: JsonObject | str) -> str:
    """The form of a credential that can be derived from; raises WalletError, or MalformedProofError for its proofs."""
    if isinstance(credential, str):
        if SELECTIVE in credential:
            return SD_JWT
        raise _nothing_to_choose("a token")
    kinds = [proof.kind for proof in proofs_of(credential)]
    found = [kind for kind in kinds if kind in FORMS]
    if not found:
        raise _nothing_to_choose(f"a proof of {kinds[0]}")
    return found[0]


def _from_data_integrity(
    credential: JsonObject | str, reveal: Reveal, request: Request | None, jsonld: JsonLd
) -> Derivation:
    """A derivation of ecdsa-sd-2023 or bbs-2023; what binds the latter goes into its presentation header."""
    if isinstance(credential, str):
        raise _nothing_to_choose("a token")
    suite = base_proof_of(credential).kind
    stated: JsonObject = {name: value for name, value in credential.items() if name != "proof"}
    pointers = requested(reveal, stated) if isinstance(reveal, dict) else tuple(dict.fromkeys(reveal))
    mandatory = mandatory_pointers_of(credential)
    bound = presentation_header(request.challenge, request.domain) if request is not None and suite == BBS else b""
    derived = derive_proof(credential, pointers, jsonld=jsonld, presentation_header=bound)
    seen, hidden = seen_and_hidden(stated, mandatory, pointers)
    return Derivation(
        form=suite,
        credential=derived,
        disclosed=seen,
        hidden=hidden,
        remarks=_remarks(derived, suite, bound=bool(bound)),
    )


def _from_sd_jwt(credential: JsonObject | str, reveal: Reveal, _request: Request | None, _jsonld: JsonLd) -> Derivation:
    """The SD-JWT with the Disclosures that are needed; a key binding is made where it is shown."""
    if not isinstance(credential, str):
        raise _nothing_to_choose("no token")
    selection = select(credential, reveal)
    return Derivation(
        form=SD_JWT,
        credential=selection.chosen.text,
        disclosed=selection.disclosed,
        hidden=selection.hidden,
        remarks=(LINKS_SIGNATURE,),
    )


def _remarks(derived: JsonObject, suite: str, *, bound: bool) -> tuple[str, ...]:
    """What links one showing to another, or leaves it to whoever copies it."""
    if suite == ECDSA_SD:
        return (LINKS_SIGNATURE,)
    found = [] if bound else [UNBOUND]
    if "credentialStatus" in derived:
        found.append(LINKS_STATUS)
    if "id" in derived or any(Credential(derived).subject_ids):
        found.append(LINKS_ID)
    return tuple(found)


def _nothing_to_choose(what: str) -> WalletError:
    return WalletError(
        f"the credential has {what}, of which everything is shown or nothing",
        code="wallet.form",
        remedy="Show it whole, or ask the issuer for one of which you choose what to show (ecdsa-sd or bbs).",
    )


FORMS: Final[Mapping[str, Derive]] = MappingProxyType(
    {ECDSA_SD: _from_data_integrity, BBS: _from_data_integrity, SD_JWT: _from_sd_jwt}
)
"""Every form that can be derived from."""
