"""What somebody asks to be shown: places in a credential, named as in the claims of a DCQL query.

Beyond that, a claim may say which of the places it means by members that they have (`where`), and what else would do
(`or`): vocabularies keep a name in different places.

Spec: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#name-claims-path-pointer
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from node.documents import JsonObject, JsonValue, pointer
from node.wallet.errors import WalletError

MAX_CLAIMS: Final = 64
"""Who asks for more than that asks for everything."""
MAX_PLACES: Final = 512
"""Places that the claims lead to, where they go through arrays."""

TEMPLATES: Final[Mapping[str, JsonObject]] = MappingProxyType(
    {
        "achievement": {"purpose": "That the achievement was reached.", "claims": []},
        "name": {
            "purpose": "To compare the name with an identity document.",
            "claims": [
                {
                    "path": ["credentialSubject", "identifier", None],
                    "where": {"identityType": "name"},
                    "or": {"path": ["credentialSubject", "name"]},
                }
            ],
        },
        "results": {
            "purpose": "To see how well it was reached.",
            "claims": [{"path": ["credentialSubject", "result", None]}],
        },
    }
)
"""Requests that ask for no more than their purpose needs; what is always shown need not be asked for."""


def requested(request: JsonObject, document: JsonObject) -> tuple[str, ...]:
    """JSON pointers to the places that a request asks for; a null in a path stands for each item of an array.

    Raises WalletError where it cannot be read, or asks for what the document does not have.
    """
    claims = request.get("claims")
    if not isinstance(claims, list) or len(claims) > MAX_CLAIMS:
        raise _unreadable(f"it needs a list `claims` of at most {MAX_CLAIMS}", "/claims")
    found: dict[str, None] = {}
    for number, claim in enumerate(claims):
        place = pointer("claims", number)
        places = _claimed(document, claim, place)
        if not places:
            raise WalletError(
                f"the credential does not have what is asked for: {claim!r:.160}",
                code="wallet.request",
                path=place,
                remedy="Show another credential, or tell who asks that this one does not say it.",
            )
        found |= dict.fromkeys(places)
        if len(found) > MAX_PLACES:
            raise _unreadable(f"it leads to more than {MAX_PLACES} places", place)
    return tuple(found)


def _claimed(document: JsonObject, claim: JsonValue, where: str) -> list[str]:
    """The places that one claim asks for; of several that would do, the first that is there."""
    path = claim.get("path") if isinstance(claim, dict) else None
    if not isinstance(claim, dict) or not isinstance(path, list) or not path:
        raise _unreadable("a claim needs a `path`", where)
    wanted = claim.get("where", {})
    if not isinstance(wanted, dict):
        raise _unreadable("`where` is no object", where)
    places = [
        place
        for place, value in _places(document, path, where)
        if not wanted or (isinstance(value, dict) and all(value.get(name) == one for name, one in wanted.items()))
    ]
    return places if places or "or" not in claim else _claimed(document, claim["or"], where)


def _places(document: JsonObject, path: list[JsonValue], where: str) -> list[tuple[str, JsonValue]]:
    places: list[tuple[str, JsonValue]] = [("", document)]
    for step in path:
        if step is not None and (isinstance(step, bool) or not isinstance(step, str | int)):
            raise _unreadable("a step is neither a name, nor an index, nor null", where)
        places = [further for place in places for further in _stepped(place, step)][: MAX_PLACES + 1]
    return places


def _stepped(place: tuple[str, JsonValue], step: str | int | None) -> list[tuple[str, JsonValue]]:
    path, value = place
    if isinstance(step, str):
        return [(path + pointer(step), value[step])] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    if step is None:
        return [(path + pointer(index), item) for index, item in enumerate(value)]
    return [(path + pointer(step), value[step])] if 0 <= step < len(value) else []


def _unreadable(reason: str, path: str) -> WalletError:
    return WalletError(
        f"the request cannot be read: {reason}",
        code="wallet.request",
        path=path,
        remedy='Ask as in {"claims": [{"path": ["credentialSubject", "name"]}]}.',
    )
