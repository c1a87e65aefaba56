"""The tables of what is published beside achievements."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "pictures",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("media_type", _TEXT, nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_pictures_organisation"),
        sa.PrimaryKeyConstraint("organisation", "digest", name="pk_pictures"),
    )
    op.create_index("ix_pictures_digest", "pictures", ["digest"], unique=False)
    op.create_table(
        "catalogue_entries",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("achievement", _TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("credential_class", _TEXT, nullable=False),
        sa.Column("card", _TEXT, nullable=False),
        sa.Column("words", _TEXT, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("offer", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "achievement", "version"],
            ["achievement_versions.organisation", "achievement_versions.achievement", "achievement_versions.version"],
            name="fk_catalogue_entries_organisation_achievement_version",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_catalogue_entries_organisation"),
        sa.PrimaryKeyConstraint("organisation", "achievement", name="pk_catalogue_entries"),
    )
    op.create_index("ix_catalogue_entries_achievement", "catalogue_entries", ["achievement"], unique=False)
    op.create_table(
        "statements",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("about", _TEXT, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_statements_organisation"),
        sa.PrimaryKeyConstraint("organisation", "digest", name="pk_statements"),
    )
    op.create_index("ix_statements_digest", "statements", ["digest"], unique=False)
    op.create_table(
        "register_heads",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_register_heads_organisation"),
        sa.PrimaryKeyConstraint("organisation", name="pk_register_heads"),
    )
    op.create_table(
        "register_files",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("media_type", _TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_register_files_organisation"),
        sa.PrimaryKeyConstraint("organisation", "digest", name="pk_register_files"),
    )
    op.create_index("ix_register_files_digest", "register_files", ["digest"], unique=False)
