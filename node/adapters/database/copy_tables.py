"""The tables of copies of status lists, by their digests, and of the lists of others that are mirrored."""

from typing import Final

from sqlalchemy import Index, Table

from node.adapters.database.columns import moment, octets, own, same_organisation, text
from node.adapters.database.tables import METADATA

MIRRORED_LISTS: Final = Table(
    "mirrored_lists",
    METADATA,
    text("organisation", key=True),
    text("url", key=True),
    moment("asked_at"),
    moment("tried_at", null=True),
    moment("had_at", null=True),
    text("digest", null=True),
    text("problem", null=True),
    own(),
)
LIST_COPIES: Final = Table(
    "list_copies",
    METADATA,
    text("organisation", key=True),
    text("digest", key=True),
    text("url"),
    text("mirrored", null=True),
    moment("had_at"),
    octets("document"),
    own(),
    same_organisation(MIRRORED_LISTS, "mirrored"),
    Index(None, "digest"),
    Index(None, "organisation", "url", "had_at"),
)
