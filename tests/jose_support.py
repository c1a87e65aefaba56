"""What the tests of tokens share: signing them as anybody could, well or badly, and the envelopes of the data model."""

import json
from collections.abc import Callable

from verification_support import AT, HOLDER, ISSUER, VC, Party

from did_methods.multibase import to_base64url
from node.documents import JsonObject, JsonValue
from node.proofs.jose.algorithms import SIGNING
from node.proofs.signatures import local_signer

NOW = int(AT.timestamp())


def encoded(value: JsonValue | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return to_base64url(raw)


def token(
    payload: JsonValue | bytes,
    by: Party = ISSUER,
    /,
    *,
    sign: Callable[[bytes], bytes] | None = None,
    **header: JsonValue,
) -> str:
    """A compact JWS over anything, under any header; a parameter given as None is left out."""
    whole = {"alg": SIGNING[by.private.type].name, "kid": by.method, **header}
    head = f"{encoded({name: value for name, value in whole.items() if value is not None})}.{encoded(payload)}"
    return f"{head}.{to_base64url((sign or local_signer(by.private).sign)(head.encode()))}"


def vc_jwt(document: JsonObject, by: Party = ISSUER, /, **header: JsonValue) -> str:
    """A credential as VC-JOSE has it."""
    return token(document, by, **{"typ": "vc+jwt", "cty": "vc", **header})


def vp_jwt(document: JsonObject, by: Party = HOLDER, /, **header: JsonValue) -> str:
    """A presentation as VC-JOSE has it."""
    return token(document, by, **{"typ": "vp+jwt", "cty": "vp", **header})


def enveloped(text: str, kind: str = "Credential", media_type: str = "", **members: JsonValue) -> JsonObject:
    """A token in an envelope of the data model."""
    chosen = media_type or {"Credential": "application/vc+jwt", "Presentation": "application/vp+jwt"}[kind]
    return {"@context": VC, "type": f"EnvelopedVerifiable{kind}", "id": f"data:{chosen},{text}", **members}
