"""The tables of organisations: who they are, who acts for them, their keys and identifiers, what they did.

An organisation's row has the organisation in its primary key, and in every reference to another row, so that no row
can refer to one of somebody else. Why each table is there is said in `docs/concepts/store.md`.
"""

from typing import Final

from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint

from node.adapters.database.columns import Json, moment, number, octets, own, same_organisation, text

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ORGANISATIONS: Final = Table(
    "organisations",
    METADATA,
    text("id", key=True),
    text("name"),
    text("state"),
    moment("created_at"),
    number("audit_number"),
    octets("audit_head"),
)
MEMBERS: Final = Table(
    "members",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("login"),
    text("name"),
    Column("roles", Json, nullable=False),
    moment("created_at"),
    own(),
    UniqueConstraint("organisation", "login"),
)
API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("prefix"),
    octets("digest"),
    text("label"),
    Column("scopes", Json, nullable=False),
    text("made_by"),
    moment("created_at"),
    moment("expires_at"),
    moment("revoked_at", null=True),
    text("member", null=True),
    own(),
    UniqueConstraint("prefix"),
)
ORGANISATION_SETTINGS: Final = Table(
    "organisation_settings",
    METADATA,
    text("organisation", key=True),
    Column("second_person", Json, nullable=False),
    moment("changed_at"),
    own(),
)
MASTER_KEYS: Final = Table(
    "master_keys",
    METADATA,
    text("id", key=True),
    text("state"),
    Column("sealed", Json),
    moment("created_at"),
)
DATA_KEYS: Final = Table(
    "data_keys",
    METADATA,
    text("organisation", key=True),
    number("generation", key=True),
    text("master"),
    octets("wrapped"),
    moment("created_at"),
    own(),
    ForeignKeyConstraint(["master"], ["master_keys.id"]),
)
KEYS: Final = Table(
    "keys",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("purpose"),
    text("public"),
    text("state"),
    number("generation"),
    octets("sealed"),
    moment("created_at"),
    moment("retired_at", null=True),
    own(),
    same_organisation(DATA_KEYS, "generation"),
)
KEY_USES: Final = Table(
    "key_uses",
    METADATA,
    text("organisation", key=True),
    text("key", key=True),
    number("minute"),
    number("in_minute"),
    number("day"),
    number("in_day"),
    own(),
    same_organisation(KEYS, "key"),
)
DIDS: Final = Table(
    "dids",
    METADATA,
    text("organisation", key=True),
    text("did", key=True),
    octets("document", null=True),
    octets("log", null=True),
    moment("created_at"),
    moment("changed_at"),
    own(),
    UniqueConstraint("did"),
)
SIGNING_PROFILES: Final = Table(
    "signing_profiles",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("did"),
    text("key"),
    text("form"),
    Column("options", Json, nullable=False),
    text("state"),
    moment("created_at"),
    own(),
    same_organisation(DIDS, "did"),
    same_organisation(KEYS, "key"),
    UniqueConstraint("id"),
)
NAMESPACES: Final = Table(
    "namespaces",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("key", null=True),
    moment("created_at"),
    own(),
    same_organisation(KEYS, "key"),
    UniqueConstraint("id"),
)
GAS_ACCOUNTS: Final = Table(
    "gas_accounts",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("key", null=True),
    moment("created_at"),
    own(),
    same_organisation(KEYS, "key"),
    UniqueConstraint("id"),
)
AUDIT_ENTRIES: Final = Table(
    "audit_entries",
    METADATA,
    text("organisation", key=True),
    number("number", key=True),
    moment("at"),
    text("actor"),
    text("action"),
    text("subject"),
    Column("details", Json, nullable=False),
    octets("previous"),
    octets("digest"),
    own(),
)
AUDIT_HEADS: Final = Table(
    "audit_heads",
    METADATA,
    text("organisation", key=True),
    number("number", key=True),
    moment("at"),
    octets("signed"),
    octets("receipt", null=True),
    own(),
)
APPROVALS: Final = Table(
    "approvals",
    METADATA,
    text("organisation", key=True),
    text("id", key=True),
    text("action"),
    Column("payload", Json, nullable=False),
    text("asked_by"),
    moment("asked_at"),
    moment("expires_at"),
    text("state"),
    text("decided_by", null=True),
    moment("decided_at", null=True),
    octets("digest", null=True),
    own(),
    Index(None, "organisation", "state", "id"),
    Index(None, "organisation", "digest"),
)
IDEMPOTENCY_KEYS: Final = Table(
    "idempotency_keys",
    METADATA,
    text("organisation", key=True),
    text("key", key=True),
    octets("digest"),
    Column("intent", Json, nullable=False),
    Column("answer", Json),
    moment("created_at"),
    own(),
    Index(None, "created_at"),
)
CHALLENGES: Final = Table(
    "challenges",
    METADATA,
    text("organisation", key=True),
    Column("digest", octets("digest").type, primary_key=True),
    text("domain"),
    moment("expires_at"),
    own(),
    Index(None, "expires_at"),
)
