"""The tables of conversations over DIDComm."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "relations",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("theirs", _TEXT, nullable=True),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("invitation", _TEXT, nullable=False),
        sa.Column("short", _TEXT, nullable=False),
        sa.Column("message", _TEXT, nullable=False),
        sa.Column("context", _TEXT, nullable=False),
        sa.Column("about", _TEXT, nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_relations_organisation"),
        sa.PrimaryKeyConstraint("organisation", "ours", name="pk_relations"),
        sa.UniqueConstraint("short", name="uq_relations_short"),
        sa.UniqueConstraint("ours", name="uq_relations_ours"),
    )
    op.create_index("ix_relations_organisation_about", "relations", ["organisation", "about"], unique=False)
    op.create_table(
        "threads",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("protocol", _TEXT, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("thread", _TEXT, nullable=False),
        sa.Column("final", sa.BigInteger(), nullable=False),
        sa.Column("about", _TEXT, nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_threads_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours"], ["relations.organisation", "relations.ours"], name="fk_threads_organisation_ours"
        ),
        sa.PrimaryKeyConstraint("organisation", "key", name="pk_threads"),
    )
    op.create_index(
        "ix_threads_organisation_final_expires_at", "threads", ["organisation", "final", "expires_at"], unique=False
    )
    op.create_index("ix_threads_organisation_ours", "threads", ["organisation", "ours"], unique=False)
    op.create_table(
        "letters",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_letters_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours"], ["relations.organisation", "relations.ours"], name="fk_letters_organisation_ours"
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_letters"),
    )
    op.create_index("ix_letters_organisation_ours", "letters", ["organisation", "ours"], unique=False)
    op.create_table(
        "presentation_requests",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("asked", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("report", _TEXT, nullable=True),
        sa.Column("made_by", _TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_presentation_requests_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours"],
            ["relations.organisation", "relations.ours"],
            name="fk_presentation_requests_organisation_ours",
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_presentation_requests"),
    )
    op.create_table(
        "handed_credentials",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("award", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("thread", _TEXT, nullable=False),
        sa.Column("credential", _TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("receipt_told", sa.BigInteger(), nullable=False),
        sa.Column("status_told", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_handed_credentials_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours"],
            ["relations.organisation", "relations.ours"],
            name="fk_handed_credentials_organisation_ours",
        ),
        sa.PrimaryKeyConstraint("organisation", "award", "ours", name="pk_handed_credentials"),
    )
    op.create_table(
        "mediated_recipients",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("did", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_mediated_recipients_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours"],
            ["relations.organisation", "relations.ours"],
            name="fk_mediated_recipients_organisation_ours",
        ),
        sa.PrimaryKeyConstraint("organisation", "ours", "did", name="pk_mediated_recipients"),
    )
    op.create_table(
        "deposits",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("ours", _TEXT, nullable=False),
        sa.Column("recipient", _TEXT, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_deposits_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation", "ours", "recipient"],
            ["mediated_recipients.organisation", "mediated_recipients.ours", "mediated_recipients.did"],
            name="fk_deposits_organisation_ours_recipient",
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_deposits"),
    )
    op.create_index(
        "ix_deposits_organisation_ours_recipient", "deposits", ["organisation", "ours", "recipient"], unique=False
    )
