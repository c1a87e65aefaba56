"""A watch over what a database is asked."""

from contextlib import contextmanager

from sqlalchemy import event


@contextmanager
def statements_of(database):
    """What the database is asked meanwhile, in order: how long an answer takes depends on nothing else of the store."""
    asked = []

    def note(_connection, _cursor, statement, _parameters, _context, many):
        asked.append((statement, many))

    engines = [database._readers.sync_engine, database._writers.sync_engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
