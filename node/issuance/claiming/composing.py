"""The credential of an award that the node keeps: what the achievement says, and what was said of the one person.

1. What differs between persons is the award's content, in the members of an award's file. It says nothing of who.
2. Who is the name, in the clear; and beside it the e-mail address as a salted hash, or, where the claimer showed to
   have a key, that DID. With a key nothing else has to say who it is, so no address is hashed then.
3. Where holders choose what to show, the document says that it names its learner: so nobody is thought to have nobody.
4. What holders cannot be recognised by has the day alone as its date.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from node.credentials.achievement import read_achievement
from node.credentials.award_file import read_award
from node.credentials.compose import compose
from node.credentials.draft import Fresh
from node.credentials.errors import CompositionError, CredentialsError
from node.credentials.identity import EMAIL, NAME, SALT_BYTES
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.issuance.disclosable import DISCLOSABLE
from node.issuance.errors import NotIssuableError
from node.ports.awarding import Award
from node.ports.judging import Form
from node.ports.organisations import Profile
from node.proofs.disclosure import BBS

FILE: Final = "award"
"""The member of an award's content that has the members of its file."""
GIVEN_HERE: Final = frozenset({"id", "learner", "credentialStatus", "validFrom"})
"""Members of an award's file that the node gives."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose document it will be."""

    name: str
    address: str | None = None
    holder: str | None = None

    @property
    def learner(self) -> JsonObject:
        """The learner of an award's file."""
        if self.holder is not None:
            return {"id": self.holder, NAME: self.name}
        return {NAME: self.name} if self.address is None else {NAME: self.name, EMAIL: self.address}


def credential_id(award: str) -> str:
    """By what the credential of an award is asked for later on."""
    return f"urn:uuid:{award}"


def document_of(award: Award, achievement: bytes, profile: Profile, issuer: str, who: Who) -> JsonObject:
    """The credential; raises NotIssuableError for what keeps it from being one. `issuer` is the name of who awards."""
    file = _file(award.content)
    begins = award.awarded_at.replace(microsecond=0)
    if profile.form == BBS:
        begins = begins.replace(hour=0, minute=0, second=0)  # 4.
    given: JsonObject = {
        **file,
        "id": credential_id(award.id),
        "issuer": _issuer(file.get("issuer"), profile.did, issuer),
        "learner": who.learner,
        "validFrom": format_timestamp(begins),
    }
    if profile.form in DISCLOSABLE or profile.form == Form.SD_JWT:
        given.setdefault("learnerStated", NAME)  # 3.
    try:
        made = compose(read_achievement(orjson.loads(achievement)), read_award(given, _fresh(profile.did, begins)))
    except CompositionError as error:
        first = error.problems[0]
        raise NotIssuableError(
            first.message, code=first.code, path=f"/{FILE}{first.path}", remedy=first.remedy
        ) from error
    except CredentialsError as error:
        raise NotIssuableError(str(error), code=error.code, path=f"/{FILE}", remedy=error.remedy) from error
    return made


def _file(content: Mapping[str, JsonValue]) -> JsonObject:
    file = content.get(FILE)
    return dict(file) if isinstance(file, dict) else {}


def _issuer(given: JsonValue, did: str, name: str) -> JsonValue:
    if given is None:
        return {"id": did, "name": name}
    return {"name": name, **given, "id": did} if isinstance(given, dict) else given


def _fresh(did: str, at: datetime) -> Fresh:
    return Fresh(did, at, lambda: credential_id("0"), lambda: secrets.token_urlsafe(SALT_BYTES))
