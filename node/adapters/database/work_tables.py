"""The tables of work under way: the outbox, and calls to contracts with their transactions."""

from typing import Final

from sqlalchemy import Boolean, Column, Double, ForeignKeyConstraint, Index, Table, UniqueConstraint

from node.adapters.database.columns import Json, moment, number, octets, own, text
from node.adapters.database.tables import METADATA

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("kind"),
    Column("payload", Json, nullable=False),
    text("once", null=True),
    text("state"),
    number("attempts"),
    moment("due_at"),
    moment("created_at"),
    text("problem", null=True),
    own(),
    UniqueConstraint("organisation", "once"),
    Index(None, "state", "kind", "due_at"),
)
CHAIN_SITES: Final = Table(
    "chain_sites",
    METADATA,
    text("id", key=True),
    octets("genesis"),
    octets("code_hash"),
    number("anchored_until"),
)
CHAIN_CALLS: Final = Table(
    "chain_calls",
    METADATA,
    text("site", key=True),
    Column("id", octets("id").type, primary_key=True),
    number("number"),
    octets("call"),
    text("state"),
    octets("hash", null=True),
    number("block", null=True),
    text("problem", null=True),
    ForeignKeyConstraint(["site"], ["chain_sites.id"]),
    UniqueConstraint("site", "number"),
    Index(None, "site", "state"),
)
CHAIN_ATTEMPTS: Final = Table(
    "chain_attempts",
    METADATA,
    text("site", key=True),
    Column("hash", octets("hash").type, primary_key=True),
    octets("call"),
    number("number"),
    octets("account"),
    text("nonce"),
    octets("raw"),
    text("gas"),
    text("maximum"),
    text("priority"),
    number("made_at"),
    Column("sent", Boolean, nullable=False),
    ForeignKeyConstraint(["site", "call"], ["chain_calls.site", "chain_calls.id"]),
    UniqueConstraint("site", "call", "number"),
)
CHAIN_LEASES: Final = Table(
    "chain_leases",
    METADATA,
    text("site", key=True),
    Column("account", octets("account").type, primary_key=True),
    number("token"),
    text("holder"),
    Column("until", Double, nullable=False),
    ForeignKeyConstraint(["site"], ["chain_sites.id"]),
)
