"""The tables of runs: many awards from one table."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "runs",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("headings", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("member", _TEXT, nullable=True),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("ordered", _TEXT, nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("awarded", sa.BigInteger(), nullable=False),
        sa.Column("already", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_runs_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_runs"),
    )
    op.create_table(
        "run_pages",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("run", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_run_pages_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "run"], ["runs.organisation", "runs.id"], name="fk_run_pages_organisation_run"
        ),
        sa.PrimaryKeyConstraint("organisation", "run", "number", name="pk_run_pages"),
    )
