"""The claims of an SD-JWT VC: a credential whose type is a `vct`, and whose terms have no contexts.

Dates, and whose key signed, are other questions. What is asked here is whether the claims are built as they must be.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

import re
from collections.abc import Iterator
from typing import Final

from node.credentials.errors import shown
from node.credentials.findings import Finding, wrong
from node.documents import JsonObject, JsonValue, pointer

TYPE: Final = "vct"
INTEGRITY: Final = "vct#integrity"
NEVER_DISCLOSED: Final = frozenset({"iss", "nbf", "exp", "cnf", TYPE, INTEGRITY, "status"})
"""Claims that stand in the open: a holder who could hide one would hide from when until when, or whose it is."""
MAX_TEXT_CHARS: Final = 2_048
"""An address; nothing longer is a name."""
_TEXTS: Final = ("iss", "sub", "jti", INTEGRITY)
_CONFIRMATIONS: Final = frozenset({"jwk", "kid", "jkt", "x5t#S256", "jwe", "jku"})
_WORDLESS: Final = re.compile(r"[\x00-\x20\x7f]")


def check_claims(claims: JsonObject, path: str = "") -> Iterator[Finding]:
    """What is wrong with the claims.

    1. `vct` is the name of a type, without spaces.
    2. `iss`, `sub`, `jti` and `vct#integrity` are texts; the issuer is an identifier.
    3. `cnf` names one key, or by what to know it.
    4. `status` names some way to look it up.

    Spec: https://www.ietf.org/archive/id/draft-ietf-oauth-sd-jwt-vc-13.html#section-2.2.2
    """
    kind = claims.get(TYPE)
    if not _is_name(kind):  # 1.
        yield wrong("sd_jwt_vc.vct", path + pointer(TYPE), f"{shown(kind)} is no name of a type")
    for name in _TEXTS:  # 2.
        value = claims.get(name)
        if name in claims and not (isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARS):
            yield wrong(
                f"sd_jwt_vc.{name.partition('#')[2] or name}", path + pointer(name), f"{shown(value)} is no text"
            )
    issuer = claims.get("iss")
    if isinstance(issuer, str) and (":" not in issuer or not _is_name(issuer)):
        yield wrong("sd_jwt_vc.iss", path + pointer("iss"), f"{shown(issuer)} is no identifier of an issuer")
    if "cnf" in claims and not _confirms(claims["cnf"]):  # 3.
        yield wrong("sd_jwt_vc.cnf", path + pointer("cnf"), f"{shown(claims['cnf'])} names no key of a holder")
    if "status" in claims and not _refers(claims["status"]):  # 4.
        yield wrong(
            "sd_jwt_vc.status", path + pointer("status"), f"{shown(claims['status'])} says nowhere where to look it up"
        )


def is_collision_resistant(kind: str) -> bool:
    """Whether nobody else is likely to give a type of theirs this name, as a `vct` must be.

    Spec: https://www.rfc-editor.org/rfc/rfc7515#section-2
    """
    return ":" in kind or "." in kind


def _is_name(value: JsonValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARS and not _WORDLESS.search(value)


def _confirms(value: JsonValue) -> bool:
    """Exactly one way, of those that are registered, to know the key."""
    return isinstance(value, dict) and len(_CONFIRMATIONS & value.keys()) == 1


def _refers(value: JsonValue) -> bool:
    return isinstance(value, dict) and bool(value)
