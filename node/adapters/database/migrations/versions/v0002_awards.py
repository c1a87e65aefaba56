"""The tables of what is awarded."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "achievements",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("draft", _TEXT, nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_achievements_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_achievements"),
        sa.UniqueConstraint("id", name="uq_achievements_id"),
    )
    op.create_table(
        "achievement_versions",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("achievement", _TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("published_by", _TEXT, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "achievement"],
            ["achievements.organisation", "achievements.id"],
            name="fk_achievement_versions_organisation_achievement",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_achievement_versions_organisation"),
        sa.PrimaryKeyConstraint("organisation", "achievement", "version", name="pk_achievement_versions"),
    )
    op.create_table(
        "awards",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("client_key", _TEXT, nullable=False),
        sa.Column("achievement", _TEXT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("profile", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("replaces", _TEXT, nullable=True),
        sa.Column("awarded_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("name_key", _TEXT, nullable=False),
        sa.Column("family_key", _TEXT, nullable=False),
        sa.Column("email", _TEXT, nullable=True),
        sa.Column("email_key", _TEXT, nullable=False),
        sa.Column("content", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "achievement", "version"],
            ["achievement_versions.organisation", "achievement_versions.achievement", "achievement_versions.version"],
            name="fk_awards_organisation_achievement_version",
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "profile"],
            ["signing_profiles.organisation", "signing_profiles.id"],
            name="fk_awards_organisation_profile",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_awards_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_awards"),
        sa.UniqueConstraint("organisation", "client_key", name="uq_awards_organisation_client_key"),
    )
    op.create_index(
        "ix_awards_organisation_achievement_id", "awards", ["organisation", "achievement", "id"], unique=False
    )
    op.create_index("ix_awards_organisation_email_key_id", "awards", ["organisation", "email_key", "id"], unique=False)
    op.create_index(
        "ix_awards_organisation_family_key_id", "awards", ["organisation", "family_key", "id"], unique=False
    )
    op.create_index("ix_awards_organisation_name_key_id", "awards", ["organisation", "name_key", "id"], unique=False)
    op.create_index("ix_awards_organisation_state_id", "awards", ["organisation", "state", "id"], unique=False)
    op.create_table(
        "batches",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("namespace", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("anchored", sa.LargeBinary(), nullable=True),
        sa.Column("call", sa.LargeBinary(), nullable=True),
        sa.Column("finality", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "namespace"],
            ["namespaces.organisation", "namespaces.id"],
            name="fk_batches_organisation_namespace",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_batches_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_batches"),
    )
    op.create_index("ix_batches_organisation_state_id", "batches", ["organisation", "state", "id"], unique=False)
    op.create_table(
        "status_lists",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("url", _TEXT, nullable=False),
        sa.Column("profile", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("reconciled", sa.Boolean(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("published", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "profile"],
            ["signing_profiles.organisation", "signing_profiles.id"],
            name="fk_status_lists_organisation_profile",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_status_lists_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_status_lists"),
        sa.UniqueConstraint("url", name="uq_status_lists_url"),
    )
    op.create_table(
        "credentials",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("award", _TEXT, nullable=False),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("credential", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("secured", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "award"], ["awards.organisation", "awards.id"], name="fk_credentials_organisation_award"
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_credentials_organisation"),
        sa.PrimaryKeyConstraint("organisation", "award", "form", name="pk_credentials"),
        sa.UniqueConstraint("organisation", "credential", "form", name="uq_credentials_organisation_credential_form"),
    )
    op.create_table(
        "status_entries",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("list", _TEXT, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("award", _TEXT, nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "award"], ["awards.organisation", "awards.id"], name="fk_status_entries_organisation_award"
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "list"],
            ["status_lists.organisation", "status_lists.id"],
            name="fk_status_entries_organisation_list",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_status_entries_organisation"),
        sa.PrimaryKeyConstraint("organisation", "list", "place", name="pk_status_entries"),
    )
    op.create_index("ix_status_entries_organisation_award", "status_entries", ["organisation", "award"], unique=False)
    op.create_index("ix_status_entries_set", "status_entries", ["organisation", "list", "value"], unique=False)
    op.create_table(
        "leaves",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("award", _TEXT, nullable=False),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("namespace", _TEXT, nullable=False),
        sa.Column("batch", _TEXT, nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "award", "form"],
            ["credentials.organisation", "credentials.award", "credentials.form"],
            name="fk_leaves_organisation_award_form",
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "batch"], ["batches.organisation", "batches.id"], name="fk_leaves_organisation_batch"
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "namespace"],
            ["namespaces.organisation", "namespaces.id"],
            name="fk_leaves_organisation_namespace",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_leaves_organisation"),
        sa.PrimaryKeyConstraint("organisation", "award", "form", name="pk_leaves"),
    )
    op.create_index(
        "ix_leaves_organisation_batch_namespace", "leaves", ["organisation", "batch", "namespace"], unique=False
    )
