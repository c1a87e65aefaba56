"""The tables of copies of status lists."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "mirrored_lists",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("url", _TEXT, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("had_at", sa.BigInteger(), nullable=True),
        sa.Column("digest", _TEXT, nullable=True),
        sa.Column("problem", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_mirrored_lists_organisation"),
        sa.PrimaryKeyConstraint("organisation", "url", name="pk_mirrored_lists"),
    )
    op.create_table(
        "list_copies",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("url", _TEXT, nullable=False),
        sa.Column("mirrored", _TEXT, nullable=True),
        sa.Column("had_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_list_copies_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "mirrored"],
            ["mirrored_lists.organisation", "mirrored_lists.url"],
            name="fk_list_copies_organisation_mirrored",
        ),
        sa.PrimaryKeyConstraint("organisation", "digest", name="pk_list_copies"),
    )
    op.create_index("ix_list_copies_digest", "list_copies", ["digest"], unique=False)
    op.create_index(
        "ix_list_copies_organisation_url_had_at", "list_copies", ["organisation", "url", "had_at"], unique=False
    )
