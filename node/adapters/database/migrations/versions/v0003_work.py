"""The tables of work under way."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "chain_sites",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("genesis", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("anchored_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chain_sites"),
    )
    op.create_table(
        "chain_calls",
        sa.Column("site", _TEXT, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("problem", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["site"], ["chain_sites.id"], name="fk_chain_calls_site"),
        sa.PrimaryKeyConstraint("site", "id", name="pk_chain_calls"),
        sa.UniqueConstraint("site", "number", name="uq_chain_calls_site_number"),
    )
    op.create_index("ix_chain_calls_site_state", "chain_calls", ["site", "state"], unique=False)
    op.create_table(
        "chain_leases",
        sa.Column("site", _TEXT, nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", _TEXT, nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["chain_sites.id"], name="fk_chain_leases_site"),
        sa.PrimaryKeyConstraint("site", "account", name="pk_chain_leases"),
    )
    op.create_table(
        "outbox",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("payload", _TEXT, nullable=False),
        sa.Column("once", _TEXT, nullable=True),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_outbox_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_outbox"),
        sa.UniqueConstraint("organisation", "once", name="uq_outbox_organisation_once"),
    )
    op.create_index("ix_outbox_state_kind_due_at", "outbox", ["state", "kind", "due_at"], unique=False)
    op.create_table(
        "chain_attempts",
        sa.Column("site", _TEXT, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", _TEXT, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("gas", _TEXT, nullable=False),
        sa.Column("maximum", _TEXT, nullable=False),
        sa.Column("priority", _TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "call"], ["chain_calls.site", "chain_calls.id"], name="fk_chain_attempts_site_call"
        ),
        sa.PrimaryKeyConstraint("site", "hash", name="pk_chain_attempts"),
        sa.UniqueConstraint("site", "call", "number", name="uq_chain_attempts_site_call_number"),
    )
