"""From whatever a database holds to today's tables, within one transaction: a crash leaves it as it was.

Spec: https://alembic.sqlalchemy.org/en/latest/cookbook.html#programmatic-api-use-connection-sharing-with-asyncio
"""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from node.ports.errors import StoreError

_SCRIPTS: Final = "node.adapters.database:migrations"


async def migrate(connection: AsyncConnection, revision: str = "head") -> None:
    """Bring the database to a revision, in the transaction of this connection."""
    await connection.run_sync(_migrate, revision)


async def revision_of(connection: AsyncConnection) -> str | None:
    """The revision that the database is of; None for an empty one."""
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def known_revisions() -> tuple[str, ...]:
    """The revisions that this program can bring to today's, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _migrate(connection: Connection, revision: str) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known_revisions():
        raise StoreError(
            f"the database is of revision {found}, which this version of glejt does not know",
            code="store.newer",
            remedy="Run the version of glejt that wrote it, or a later one. Nothing was changed.",
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.set_main_option("path_separator", "os")
    return config
