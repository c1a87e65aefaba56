"""What a credential that is given whole says of its award: whose it is, and which achievement of the organisation's.

1. The learner is searched by the name that stands in the open: the subject's own, or an identity whose type is `name`
   and that is not hashed. `learnerStated` says how firmly somebody is named, and not by which name.
2. An achievement is the organisation's own where its id is the address of a version that the organisation published.
   Of subjects with different ones, none is the award's.
3. What is withdrawn is awarded no more.
"""

import re
from collections.abc import Iterator
from typing import Final

from node.credentials.credential import Credential
from node.credentials.structure import objects_of
from node.documents import JsonObject
from node.issuance.errors import WithdrawnError
from node.ports.awarding import Published
from node.ports.errors import AbsentError
from node.ports.store import UnitOfWork

MAX_NAME_CHARS: Final = 256
"""Of the name by which an award is searched."""
_VERSION: Final = re.compile(r"/achievements/([0-9a-z-]{1,64})/versions/([1-9][0-9]{0,8})", re.ASCII)


def learner_of(credential: JsonObject) -> str:
    """The name by which the award is searched, where the credential has one in the open.  1."""
    return next((named for one in Credential(credential).subjects if (named := _named(one))), "")


async def version_awarded(unit: UnitOfWork, credential: JsonObject, public_url: str) -> Published | None:
    """The version of an achievement of the organisation that the credential awards, if it is one.  2."""
    found = {address: await _version(unit, *address) for address in _addresses(credential, public_url)}
    (only,) = found.values() if len(found) == 1 else (None,)
    return only


async def require_awarded_still(unit: UnitOfWork, awarded: Published | None) -> None:
    """Raise WithdrawnError for what is awarded no more.  3."""
    if awarded is not None and (await unit.achievements.find(awarded.achievement)).withdrawn_at is not None:
        raise WithdrawnError(
            "the achievement is withdrawn, and awarded no more",
            code="achievement.withdrawn",
            path="/credential/credentialSubject/achievement/id",
            remedy="Award another one; what was awarded before stays as it is.",
        )


def _named(subject: JsonObject) -> str:
    parts = [subject.get("name")] if "name" in subject else [subject.get("givenName"), subject.get("familyName")]
    stated = " ".join([part for part in parts if isinstance(part, str)]).strip()
    return (stated or next(_identities(subject), ""))[:MAX_NAME_CHARS]


def _identities(subject: JsonObject) -> Iterator[str]:
    for one in objects_of(subject, "identifier"):
        value = one.get("identityHash")
        if one.get("identityType") == "name" and one.get("hashed", False) is False and isinstance(value, str) and value:
            yield value


def _addresses(credential: JsonObject, public_url: str) -> frozenset[tuple[str, int]]:
    """The achievements by their addresses at this node."""
    ids = [
        str(one.get("id", ""))
        for subject in Credential(credential).subjects
        for one in objects_of(subject, "achievement")
    ]
    found = [_VERSION.fullmatch(one.removeprefix(public_url)) for one in ids if one.startswith(f"{public_url}/")]
    return frozenset([(one[1], int(one[2])) for one in found if one is not None])


async def _version(unit: UnitOfWork, achievement: str, version: int) -> Published | None:
    try:
        return await unit.achievements.version(achievement, version)
    except AbsentError:
        return None
