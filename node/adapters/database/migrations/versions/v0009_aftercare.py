"""Until when an award holds and which run made it, notices to holders, withdrawals of many, subscriptions to events."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.add_column("awards", sa.Column("valid_until", sa.BigInteger(), nullable=True))
    op.create_index("ix_awards_organisation_valid_until_id", "awards", ["organisation", "valid_until", "id"])
    op.add_column("awards", sa.Column("run", _TEXT, nullable=True))
    op.create_index("ix_awards_organisation_run_id", "awards", ["organisation", "run", "id"])
    op.drop_index("ix_status_entries_set", "status_entries")
    op.create_index("ix_status_entries_set", "status_entries", ["organisation", "list", "value", "place"])
    op.create_table(
        "notices",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("award", _TEXT, nullable=False),
        sa.Column("change", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("words", _TEXT, nullable=False),
        sa.Column("successor", _TEXT, nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("told_by", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_notices_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "award"], ["awards.organisation", "awards.id"], name="fk_notices_organisation_award"
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_notices"),
    )
    op.create_index("ix_notices_organisation_award", "notices", ["organisation", "award"], unique=False)
    op.create_index("ix_notices_organisation_told_at_id", "notices", ["organisation", "told_at", "id"], unique=False)
    op.create_table(
        "withdrawals",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("chosen", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("words", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("cursor", _TEXT, nullable=False),
        sa.Column("last", _TEXT, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("without", sa.BigInteger(), nullable=False),
        sa.Column("lists", _TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_withdrawals_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_withdrawals"),
    )
    op.create_table(
        "webhooks",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("url", _TEXT, nullable=False),
        sa.Column("events", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("former_key", _TEXT, nullable=True),
        sa.Column("former_until", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("problem", _TEXT, nullable=True),
        sa.Column("claims_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_webhooks_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "key"], ["keys.organisation", "keys.id"], name="fk_webhooks_organisation_key"
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_webhooks"),
    )
