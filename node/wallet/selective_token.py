"""What a holder shows of an SD-JWT: the Disclosures of what was chosen, and a key binding for who asked.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-6
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError
from did_methods.multikey import PublicKey
from node.documents import JsonObject
from node.proofs.errors import MalformedProofError
from node.proofs.jose.jws import parse_jws
from node.proofs.sd_jwt.key_binding import prepare_key_binding
from node.proofs.sd_jwt.proof import CONFIRMATION, OpenedSdJwt, open_sd_jwt
from node.proofs.sd_jwt.sd_jwt import MAX_DISCLOSURES, SdJwt, parse_sd_jwt
from node.verification.case import Request
from node.wallet.disclosed import Disclosed, all_of
from node.wallet.errors import WalletError
from node.wallet.holder import Holder
from node.wallet.request import requested

SD_JWT: Final = "sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An SD-JWT with the Disclosures that were chosen, each value that it shows, and the places that stay hidden."""

    opened: OpenedSdJwt
    chosen: SdJwt
    disclosed: tuple[Disclosed, ...]
    hidden: tuple[str, ...]


def select(text: str, reveal: tuple[str, ...] | JsonObject) -> Selection:
    """The SD-JWT with what is needed to show these places whole; raises WalletError, and ProofsError for its form."""
    opened = open_sd_jwt(parse_sd_jwt(text))
    claims, places = opened.claims, opened.processed.disclosed
    pointers = requested(reveal, claims) if isinstance(reveal, dict) else reveal
    if len(pointers) > MAX_DISCLOSURES:
        raise WalletError(
            f"{len(pointers)} places are more than one credential has",
            code="wallet.request",
            remedy="Name a place above them, which stands for all that is in it.",
        )
    everything = all_of(claims)
    paths = [one.path for one in everything]
    for wanted in pointers:
        if not any(path == wanted or path.startswith(f"{wanted}/") for path in (*paths, *places)):
            raise MalformedProofError(
                f"there is nothing at {wanted[:96]!r}",
                code="proof.options.pointer",
                path=wanted,
                remedy="Look with glejt inspect at what there is to show.",
            )
    needed = {disclosure.text for disclosure in opened.processed.needed_for(pointers)}
    withheld = [place for place, disclosure in places.items() if disclosure.text not in needed]
    seen = tuple(
        [
            Disclosed(one.path, one.value, always=not _within(one.path, places))
            for one in everything
            if not _within(one.path, withheld)
        ]
    )
    hidden = tuple([path for path in paths if _within(path, withheld)])
    chosen = opened.sd_jwt.showing([one for one in opened.sd_jwt.disclosures if one.text in needed])
    return Selection(opened=opened, chosen=chosen, disclosed=seen, hidden=hidden)


async def bind(selection: Selection, request: Request, holder: Holder, *, created: datetime) -> str:
    """The SD-JWT+KB: signed by the holder for this request, now, and for exactly what is shown.

    Raises WalletError where the issuer bound it to another key, or to none.
    """
    method = holder.verification_method
    key = holder.keys.public_key(method)
    if not _confirms(selection.opened.payload.get(CONFIRMATION), key, holder):
        raise WalletError(
            "the issuer bound the credential to another key, or to none",
            code="wallet.subject",
            path=f"/{CONFIRMATION}",
            remedy="Show it with the key that it was issued for, or without a key.",
        )
    unsigned = prepare_key_binding(
        selection.chosen,
        selection.opened.payload,
        key,
        audience=request.domain,
        nonce=request.challenge,
        issued_at=created,
    )
    signed = unsigned.complete(await holder.keys.sign(method, unsigned.signing_input))
    return selection.chosen.bound(parse_jws(signed)).text


def _confirms(confirmation: object, key: PublicKey, holder: Holder) -> bool:
    """Whether this is the holder's key, or, where the issuer named a DID, whether that is the holder's."""
    stated = confirmation if isinstance(confirmation, dict) else {}
    jwk, kid = stated.get("jwk"), stated.get("kid")
    try:
        if isinstance(jwk, dict):
            return PublicKey.from_jwk(jwk) == key
        named = parse_did_url(kid) if isinstance(kid, str) else None
    except DidMethodsError:
        return False
    return named is not None and (str(named) == holder.verification_method or str(named) == holder.did)


def _within(path: str, places: object) -> bool:
    return isinstance(places, dict | list) and any(path == one or path.startswith(f"{one}/") for one in places)
