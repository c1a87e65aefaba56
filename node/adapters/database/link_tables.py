"""The tables of private links of learners, and of those who write letters."""

from typing import Final

from sqlalchemy import Index, Table, UniqueConstraint

from node.adapters.database.award_tables import AWARDS
from node.adapters.database.columns import moment, octets, own, same_organisation, text
from node.adapters.database.tables import METADATA

LINKS: Final = Table(
    "links",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("award"),
    text("kind"),
    octets("digest"),
    moment("made_at"),
    moment("expires_at"),
    text("address", null=True),
    moment("ended_at", null=True),
    moment("accepted_at", null=True),
    octets("again", null=True),
    text("holder", null=True),
    own(),
    same_organisation(AWARDS, "award"),
    UniqueConstraint("digest"),
    Index(None, "organisation", "award"),
)
MAIL_SENDERS: Final = Table(
    "mail_senders",
    METADATA,
    text("organisation", key=True),
    text("address", null=True),
    text("name", null=True),
    text("reply_to", null=True),
    text("language"),
    moment("changed_at"),
    own(),
)
