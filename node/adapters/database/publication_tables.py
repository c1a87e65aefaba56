"""The tables of what is published beside achievements: pictures, the catalogue, statements, and the register."""

from typing import Final

from sqlalchemy import Column, Index, Table

from node.adapters.database.award_tables import ACHIEVEMENT_VERSIONS
from node.adapters.database.columns import Json, moment, number, octets, own, same_organisation, text
from node.adapters.database.tables import METADATA

PICTURES: Final = Table(
    "pictures",
    METADATA,
    text("organisation", key=True),
    text("digest", key=True),
    text("media_type"),
    number("width"),
    number("height"),
    number("size"),
    moment("added_at"),
    moment("published_at", null=True),
    octets("image"),
    own(),
    Index(None, "digest"),
)
CATALOGUE_ENTRIES: Final = Table(
    "catalogue_entries",
    METADATA,
    text("organisation", key=True),
    text("achievement", key=True),
    number("version"),
    text("credential_class"),
    Column("card", Json, nullable=False),
    text("words"),
    moment("published_at"),
    Column("offer", Json),
    own(),
    same_organisation(ACHIEVEMENT_VERSIONS, "achievement", "version"),
    Index(None, "achievement"),
)
STATEMENTS: Final = Table(
    "statements",
    METADATA,
    text("organisation", key=True),
    text("digest", key=True),
    text("kind"),
    text("about"),
    moment("added_at"),
    octets("document"),
    own(),
    Index(None, "digest"),
)
REGISTER_HEADS: Final = Table(
    "register_heads",
    METADATA,
    text("organisation", key=True),
    number("number"),
    octets("state"),
    octets("document"),
    moment("signed_at"),
    own(),
)
REGISTER_FILES: Final = Table(
    "register_files",
    METADATA,
    text("organisation", key=True),
    text("digest", key=True),
    text("media_type"),
    octets("content"),
    moment("left_at", null=True),
    own(),
    Index(None, "digest"),
)
