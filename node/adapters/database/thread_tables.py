"""The tables of conversations over DIDComm, and of what waits at a mediator."""

from typing import Final

from sqlalchemy import Column, Index, Table, UniqueConstraint

from node.adapters.database.columns import Json, moment, number, octets, own, same_organisation, text
from node.adapters.database.tables import METADATA

RELATIONS: Final = Table(
    "relations",
    METADATA,
    text("organisation", key=True),
    text("ours", key=True),
    text("theirs", null=True),
    text("purpose"),
    text("invitation"),
    text("short"),
    Column("message", Json, nullable=False),
    Column("context", Json, nullable=False),
    text("about", null=True),
    moment("made_at"),
    moment("expires_at"),
    moment("heard_at", null=True),
    own(),
    UniqueConstraint("ours"),
    UniqueConstraint("short"),
    Index(None, "organisation", "about"),
)
THREADS: Final = Table(
    "threads",
    METADATA,
    text("organisation", key=True),
    text("key", key=True),
    text("ours"),
    text("protocol"),
    text("role"),
    text("state"),
    text("thread"),
    number("final"),
    text("about", null=True),
    octets("document"),
    moment("expires_at"),
    moment("changed_at"),
    own(),
    same_organisation(RELATIONS, "ours"),
    Index(None, "organisation", "ours"),
    Index(None, "organisation", "final", "expires_at"),
)
LETTERS: Final = Table(
    "letters",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("ours"),
    octets("document"),
    moment("made_at"),
    moment("expires_at"),
    own(),
    same_organisation(RELATIONS, "ours"),
    Index(None, "organisation", "ours"),
)
PRESENTATION_REQUESTS: Final = Table(
    "presentation_requests",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("ours"),
    Column("asked", Json, nullable=False),
    text("state"),
    Column("report", Json, nullable=True),
    text("made_by"),
    moment("made_at"),
    moment("changed_at"),
    moment("expires_at"),
    own(),
    same_organisation(RELATIONS, "ours"),
)
HANDED: Final = Table(
    "handed_credentials",
    METADATA,
    text("organisation", key=True),
    text("award", key=True),
    text("ours", key=True),
    text("thread"),
    text("credential"),
    moment("at"),
    number("receipt_told"),
    text("status_told", null=True),
    own(),
    same_organisation(RELATIONS, "ours"),
)
RECIPIENTS: Final = Table(
    "mediated_recipients",
    METADATA,
    text("organisation", key=True),
    text("ours", key=True),
    text("did", key=True),
    own(),
    same_organisation(RELATIONS, "ours"),
)
DEPOSITS: Final = Table(
    "deposits",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("ours"),
    text("recipient"),
    octets("data"),
    number("size"),
    moment("received_at"),
    moment("expires_at"),
    own(),
    same_organisation(RECIPIENTS, "ours", "recipient"),
    Index(None, "organisation", "ours", "recipient"),
)
