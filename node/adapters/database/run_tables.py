"""The tables of runs: many awards from one table."""

from typing import Final

from sqlalchemy import Boolean, Column, Table

from node.adapters.database.columns import Json, moment, number, octets, own, same_organisation, text
from node.adapters.database.tables import METADATA

RUNS: Final = Table(
    "runs",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("name"),
    text("digest"),
    Column("headings", Json, nullable=False),
    text("key"),
    text("member", null=True),
    text("state"),
    Column("ordered", Json),
    number("rows"),
    number("pages"),
    number("awarded"),
    number("already"),
    number("rejected"),
    number("version"),
    moment("created_at"),
    moment("changed_at"),
    moment("started_at", null=True),
    moment("ended_at", null=True),
    text("problem", null=True),
    own(),
)
RUN_PAGES: Final = Table(
    "run_pages",
    METADATA,
    text("organisation", key=True),
    text("run", key=True),
    number("number", key=True),
    number("rows"),
    Column("done", Boolean, nullable=False),
    octets("content", null=True),
    octets("outcome", null=True),
    own(),
    same_organisation(RUNS, "run"),
)
