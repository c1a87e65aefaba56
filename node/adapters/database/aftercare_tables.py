"""The tables of life after issue: notices to holders, withdrawals of many, subscriptions to events."""

from typing import Final

from sqlalchemy import Column, Index, Table

from node.adapters.database.award_tables import AWARDS
from node.adapters.database.columns import Json, moment, number, own, same_organisation, text
from node.adapters.database.tables import KEYS, METADATA

NOTICES: Final = Table(
    "notices",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("award"),
    text("change"),
    text("reason"),
    text("words"),
    text("successor", null=True),
    moment("made_at"),
    moment("told_at", null=True),
    text("told_by", null=True),
    own(),
    same_organisation(AWARDS, "award"),
    Index(None, "organisation", "award"),
    Index(None, "organisation", "told_at", "id"),
)
WITHDRAWALS: Final = Table(
    "withdrawals",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("state"),
    Column("chosen", Json, nullable=False),
    text("reason"),
    text("words"),
    text("actor"),
    text("key"),
    text("cursor"),
    text("last"),
    number("total"),
    number("changed"),
    number("unchanged"),
    number("without"),
    Column("lists", Json, nullable=False),
    moment("made_at"),
    moment("finished_at", null=True),
    own(),
)
WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("url"),
    Column("events", Json, nullable=False),
    text("key"),
    text("former_key", null=True),
    moment("former_until", null=True),
    moment("made_at"),
    moment("disabled_at", null=True),
    moment("delivered_at", null=True),
    number("failures"),
    moment("failing_since", null=True),
    text("problem", null=True),
    moment("claims_until", null=True),
    own(),
    same_organisation(KEYS, "key"),
)
