"""Whom keys for programs act for, what takes a second person, how often keys sign, ends of logs that were signed."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them."""
    op.add_column("api_keys", sa.Column("member", _TEXT, nullable=True))
    op.add_column("approvals", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.create_index("ix_approvals_organisation_digest", "approvals", ["organisation", "digest"], unique=False)
    op.create_table(
        "organisation_settings",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("second_person", _TEXT, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_organisation_settings_organisation"),
        sa.PrimaryKeyConstraint("organisation", name="pk_organisation_settings"),
    )
    op.create_table(
        "key_uses",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("in_minute", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("in_day", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_key_uses_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "key"], ["keys.organisation", "keys.id"], name="fk_key_uses_organisation_key"
        ),
        sa.PrimaryKeyConstraint("organisation", "key", name="pk_key_uses"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_audit_heads_organisation"),
        sa.PrimaryKeyConstraint("organisation", "number", name="pk_audit_heads"),
    )
