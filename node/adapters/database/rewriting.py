"""Overwriting what was erased in PostgreSQL.

VACUUM gives the room of a row away and leaves its bytes where they are, until something else is written there: in the
middle of a page that may be never. So tables are written anew, each into a file of its own, once somebody was erased or
something was removed; the log says whether. That holds a table up for as long as it takes: at a hundred thousand awards
some seconds. At which end of the log it was done last is kept beside the table of the log, for all processes.

What the server's own log still has, it keeps until it writes over it, and copies of that log, such as for recovery to
a point in time, for as long as whoever runs it keeps those. No client of a server can promise more.

Spec: https://www.postgresql.org/docs/current/sql-vacuum.html
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ENDS: Final = text(
    "SELECT count(*) FROM audit_entries WHERE action LIKE '%.erase' OR action LIKE '%.remove' OR action LIKE '%.close'"
)
_DONE: Final = text("SELECT obj_description('audit_entries'::regclass, 'pg_class')")
_TABLES: Final = text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
_STILL_LOOKING: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
    " AND datname = current_database() AND xact_start < now() - interval '1 second'"
)
"""Whoever still sees a moment of before, as a dump does: for them what was erased is kept."""


async def vacuum(connection: AsyncConnection) -> None:
    """Give room away, and where something was erased since this was done last, leave nothing of it in any file.

    The connection has no transaction: each statement is one.
    """
    ends = f"rewritten after {await connection.scalar(_ENDS) or 0}"
    if await connection.scalar(_DONE) in {ends, None if ends.endswith(" 0") else ends}:
        await connection.execute(text("VACUUM"))
        return
    still_looking = await connection.scalar(_STILL_LOOKING)
    tables = (await connection.execute(_TABLES)).scalars().all()
    await connection.execute(text(f"VACUUM (FULL, ANALYZE) {', '.join(tables)}"))
    if not still_looking:  # else it is done again next time
        await connection.execute(text(f"COMMENT ON TABLE audit_entries IS '{ends}'"))
