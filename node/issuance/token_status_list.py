"""Token Status Lists as their issuer publishes them: a first version, and each that follows.

As with every status list, each version is of a later date than the one before, what was withdrawn stays so, and only
its issuer's own list is signed again.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import orjson

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, parse_object
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing
from node.issuance.status_lists import LIFETIME
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import Jws, parse_jws, prepare_jws
from node.proofs.sd_jwt.sd_jwt import MAX_HEADER_BYTES
from node.status.bitstring import MIN_ENTRIES
from node.status.token_status_list import (
    MECHANISM,
    TYPE,
    TokenStatusEntry,
    TokenStatusList,
    build_token_status_list,
    pack,
    read_token_status_list,
)
from node.verification.case import CLOCK_SKEW
from node.verification.keys import KeyRing
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import built_in
from node.verification.received import SPACE
from node.verification.sd_jwt_vc.status import check_token_status

STEP: Final = timedelta(seconds=1)
"""The least by which a version is later than the one before it: tokens are dated in whole seconds."""
SIGNED: Final = frozenset({"status.passed", "status.revoked", "status.suspended", "status.purpose"})
"""Answers that only a list gives which its issuer signed."""


def token_list_in(text: str) -> Jws | None:
    """The token that a text holds, if it calls itself a Token Status List."""
    try:
        jws = parse_jws(text.strip(SPACE), max_header_bytes=MAX_HEADER_BYTES)
    except ProofsError:
        return None
    return jws if jws.typ == TYPE else None


async def first_token_list(
    url: str, size: int, signing: Signing, *, now: datetime, lifetime: timedelta = LIFETIME
) -> str:
    """A new list, signed, of MIN_ENTRIES values of so many bits, in which nobody is withdrawn."""
    content = TokenStatusList(
        uri=url,
        issuer=signing.profile.issuer,
        size=size,
        data=pack({}, MIN_ENTRIES, size),
        issued_at=(issued_at := now.replace(microsecond=0)),
        expires=issued_at + lifetime,
    )
    return await sign_token_status_list(content, signing)


async def next_token_list(  # noqa: PLR0913 -- each is an input of the change
    current: str,
    material: VerificationMaterial,
    changes: Mapping[int, int],
    signing: Signing,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> str:
    """The version of a list that follows the current one, with these values changed.

    1. The current version is what the signer's issuer signed, by `material`: nobody's changes are signed over.
    2. Nothing that is withdrawn is taken back.
    3. The new one is later than the current one, by this machine's clock, which must not lie behind it.
    4. All else stays as it was.

    Raises IssuanceError and StatusError for what must not be signed, and what signing raises.
    """
    jws = parse_jws(current.strip(SPACE), max_header_bytes=MAX_HEADER_BYTES)
    claims = parse_object(jws.payload)
    content = read_token_status_list(claims)
    _check_signed(current, content, material, signing, now)  # 1.
    data = content.changed(changes)  # 2.
    if content.issued_at - now > CLOCK_SKEW:  # 3.
        raise NotIssuableError(
            f"the list is of {format_timestamp(content.issued_at)}, and the clock says {format_timestamp(now)}",
            code="issuance.clock",
            remedy="Set the clock: a version with an earlier date would not count.",
        )
    signed = max(now, content.issued_at + STEP).replace(microsecond=0)
    following = replace(content, issuer=signing.profile.issuer, data=data, issued_at=signed, expires=signed + lifetime)
    return await sign_token_status_list(following, signing, beside=claims)  # 4.


async def sign_token_status_list(
    content: TokenStatusList, signing: Signing, *, beside: JsonObject | None = None
) -> str:
    """The status list token, by the profile's key, to be published at the address that it names.

    `beside` are claims of a former version; those that are not about its content are kept. Raises StatusListError for a
    list that should not be published, ProofOptionsError for a key that signs no tokens, and what the key store raises.
    """
    method = signing.profile.verification_method
    built, former = build_token_status_list(content), beside or {}
    stated, packed = former.get(MECHANISM), built[MECHANISM]
    if isinstance(stated, dict) and isinstance(packed, dict):
        built[MECHANISM] = stated | packed
    payload = orjson.dumps(former | built)
    unsigned = prepare_jws({"typ": TYPE, "kid": method}, payload, signing.keys.public_key(method))
    return unsigned.complete(await signing.keys.sign(method, unsigned.signing_input))


def _check_signed(
    current: str, content: TokenStatusList, material: VerificationMaterial, signing: Signing, now: datetime
) -> None:
    """Judge the current version as a verifier of a token in its first place would, however old it is."""
    copy = StatusListCopy(content.uri, current, Origin.FILE, now)
    known = replace(material, status_lists=(copy,))
    ring = KeyRing(known, signing.trust, replace(built_in(), status_age=None), max(now, content.issued_at))
    asked: JsonObject = {"status": TokenStatusEntry(0, content.uri).to_json()}
    found = check_token_status(asked, signing.profile.issuer, ring, "")
    if found.code not in SIGNED:
        raise NotIssuableError(
            f"the list as it stands was not signed by its issuer: {found.message}",
            code="issuance.list",
            remedy="Take the version that was published last; if it is lost, begin a new list.",
        )
