"""An endorsement: somebody's signed word for an achievement, an issuer, a person or an award.

It stands alone, as a credential of its own, or is carried by what it endorses. Its file has the names of Open Badges;
`endorses` alone is ours: the identifier of what it is about.

Spec: https://www.imsglobal.org/spec/ob/v3p0/#endorsementcredential
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from node.credentials.achievement import OPEN_BADGES_CONTEXT, VERSION_CONTEXT
from node.credentials.compose import off_schema, profile_of
from node.credentials.credential import check_credential
from node.credentials.draft import Draft, Fresh
from node.credentials.errors import EndorsementError, shown
from node.credentials.structure import is_url
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, UnsecuredDocument

TYPE: Final = "EndorsementCredential"
MEMBERS: Final = frozenset(
    {"credentialStatus", "endorsementComment", "endorses", "id", "issuer", "name", "validFrom", "validUntil"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """One endorsement."""

    id: str
    issuer: JsonObject
    """The Profile of who endorses, and signs."""
    name: str
    endorses: str
    """The identifier of the achievement, issuer, person or award."""
    comment: str | None
    valid_from: datetime
    valid_until: datetime | None = None
    status: tuple[JsonObject, ...] = ()


def read_endorsement(document: JsonObject, fresh: Fresh) -> Endorsement:
    """The endorsement that a file describes; EndorsementError names everything in it that cannot be read."""
    draft = Draft(document, "endorsement")
    draft.only(MEMBERS)
    endorsement = Endorsement(
        id=draft.text("id") or fresh.new_id(),
        issuer=draft.issuer(fresh.issuer),
        name=draft.required("name", "Give it a title, such as: Endorsement by the Welders' Guild."),
        endorses=draft.required("endorses", "Give the id of the achievement, issuer, person or award."),
        comment=draft.text("endorsementComment"),
        valid_from=draft.moment("validFrom") or fresh.now,
        valid_until=draft.moment("validUntil"),
        status=draft.objects("credentialStatus"),
    )
    if endorsement.endorses and not is_url(endorsement.endorses):
        message = f"{shown(endorsement.endorses)} is no identifier that is a URL"
        draft.refuse("endorses", "/endorses", message, "Give the id of the achievement, issuer, person or award.")
    if draft.problems:
        raise EndorsementError(draft.problems)
    return endorsement


def compose_endorsement(endorsement: Endorsement) -> UnsecuredDocument:
    """The credential by which somebody endorses, ready to be signed."""
    subject: JsonObject = {"id": endorsement.endorses, "type": ["EndorsementSubject"]}
    if endorsement.comment is not None:
        subject["endorsementComment"] = endorsement.comment
    document: JsonObject = {
        "@context": [VERSION_CONTEXT, OPEN_BADGES_CONTEXT],
        "id": endorsement.id,
        "type": ["VerifiableCredential", TYPE],
        "name": endorsement.name,
        "issuer": profile_of(endorsement.issuer),
        "validFrom": format_timestamp(endorsement.valid_from),
    }
    if endorsement.valid_until is not None:
        document["validUntil"] = format_timestamp(endorsement.valid_until)
    document["credentialSubject"] = subject
    if endorsement.status:
        status = endorsement.status
        document["credentialStatus"] = status[0] if len(status) == 1 else [*status]
    if found := check_credential(document) or list(off_schema(document)):
        raise EndorsementError([replace(one, code=f"endorsement.{one.code}") for one in found])
    return UnsecuredDocument(document)
