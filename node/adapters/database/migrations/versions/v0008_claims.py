"""The tables of claims and of mail."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "links",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("award", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", _TEXT, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("again", sa.LargeBinary(), nullable=True),
        sa.Column("holder", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_links_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "award"], ["awards.organisation", "awards.id"], name="fk_links_organisation_award"
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_links"),
        sa.UniqueConstraint("digest", name="uq_links_digest"),
    )
    op.create_index("ix_links_organisation_award", "links", ["organisation", "award"], unique=False)
    op.create_table(
        "mail_senders",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("address", _TEXT, nullable=True),
        sa.Column("name", _TEXT, nullable=True),
        sa.Column("reply_to", _TEXT, nullable=True),
        sa.Column("language", _TEXT, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_mail_senders_organisation"),
        sa.PrimaryKeyConstraint("organisation", name="pk_mail_senders"),
    )
