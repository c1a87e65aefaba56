"""The tables of organisations."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_REFUSED: Final = "'what was recorded stays'"
_SQLITE: Final = "CREATE TRIGGER audit_entries_no_{0} BEFORE {0} ON audit_entries BEGIN SELECT RAISE(ABORT, {1}); END"
_POSTGRESQL: Final = (
    f"""CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION {_REFUSED}; END $$""",
    """CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay()""",
)
_APPEND_ONLY: Final = {
    "sqlite": tuple(_SQLITE.format(change, _REFUSED) for change in ("UPDATE", "DELETE")),
    "postgresql": _POSTGRESQL,
}
# A mistake in the program makes nothing unhappened. Whoever owns the database could; the chain of entries shows it.


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "master_keys",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("sealed", _TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_master_keys"),
    )
    op.create_table(
        "organisations",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("audit_number", sa.BigInteger(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_table(
        "api_keys",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("prefix", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", _TEXT, nullable=False),
        sa.Column("scopes", _TEXT, nullable=False),
        sa.Column("made_by", _TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_api_keys_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )
    op.create_table(
        "approvals",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("payload", _TEXT, nullable=False),
        sa.Column("asked_by", _TEXT, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_approvals_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_organisation_state_id", "approvals", ["organisation", "state", "id"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("subject", _TEXT, nullable=False),
        sa.Column("details", _TEXT, nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_audit_entries_organisation"),
        sa.PrimaryKeyConstraint("organisation", "number", name="pk_audit_entries"),
    )
    op.create_table(
        "challenges",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("domain", _TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_challenges_organisation"),
        sa.PrimaryKeyConstraint("organisation", "digest", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"], unique=False)
    op.create_table(
        "data_keys",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("master", _TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["master"], ["master_keys.id"], name="fk_data_keys_master"),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_data_keys_organisation"),
        sa.PrimaryKeyConstraint("organisation", "generation", name="pk_data_keys"),
    )
    op.create_table(
        "dids",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("did", _TEXT, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("log", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_dids_organisation"),
        sa.PrimaryKeyConstraint("organisation", "did", name="pk_dids"),
        sa.UniqueConstraint("did", name="uq_dids_did"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("intent", _TEXT, nullable=False),
        sa.Column("answer", _TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_idempotency_keys_organisation"),
        sa.PrimaryKeyConstraint("organisation", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "members",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("roles", _TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_members_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_members"),
        sa.UniqueConstraint("organisation", "login", name="uq_members_organisation_login"),
    )
    op.create_table(
        "keys",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("public", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "generation"],
            ["data_keys.organisation", "data_keys.generation"],
            name="fk_keys_organisation_generation",
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_keys_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_keys"),
    )
    op.create_table(
        "gas_accounts",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "key"], ["keys.organisation", "keys.id"], name="fk_gas_accounts_organisation_key"
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_gas_accounts_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_gas_accounts"),
        sa.UniqueConstraint("id", name="uq_gas_accounts_id"),
    )
    op.create_table(
        "namespaces",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "key"], ["keys.organisation", "keys.id"], name="fk_namespaces_organisation_key"
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_namespaces_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_namespaces"),
        sa.UniqueConstraint("id", name="uq_namespaces_id"),
    )
    op.create_table(
        "signing_profiles",
        sa.Column("organisation", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("did", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("options", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "did"], ["dids.organisation", "dids.did"], name="fk_signing_profiles_organisation_did"
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "key"], ["keys.organisation", "keys.id"], name="fk_signing_profiles_organisation_key"
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_signing_profiles_organisation"),
        sa.PrimaryKeyConstraint("organisation", "id", name="pk_signing_profiles"),
        sa.UniqueConstraint("id", name="uq_signing_profiles_id"),
    )
    for statement in _APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)
