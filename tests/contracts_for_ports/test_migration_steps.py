"""Row 99: from each revision to the next, broken off anywhere, on both engines; what was there stays to the row."""

import os

import pytest
from node_support import NOW
from sqlalchemy import MetaData, event, inspect, select
from work_support import A

from node.adapters.database import engine as engines
from node.adapters.database.engine import opened
from node.adapters.database.migration import known_revisions, revision_of
from node.adapters.database.organisation_rows import OrganisationRows
from node.ports.errors import StoreError
from node.ports.organisations import Organisation

FIRST, *REVISIONS = reversed(known_revisions())
STOPS = range(1, 400) if os.environ.get("GLEJT_LONG") else (1, 4, 9, 25)
"""Statements of a step before which it is broken off; so many, or as many as it has."""


async def content(database):
    """The tables of a database, and all that stands in them."""

    def read(connection):
        tables = MetaData()
        tables.reflect(connection)
        rows = {name: connection.execute(select(table)).all() for name, table in tables.tables.items()}
        columns = {name: [each["name"] for each in inspect(connection).get_columns(name)] for name in rows}
        return {name: (columns[name], sorted(map(repr, rows[name]))) for name in sorted(rows)}

    async with database.reading() as connection:
        return await connection.run_sync(read)


class Dying:
    """Migrations that end before a statement."""

    def __init__(self, monkeypatch):
        self.real, self.at, self.count = engines.migrate, None, 0
        monkeypatch.setattr(engines, "migrate", self)

    async def __call__(self, connection, revision):
        self.count = 0

        @event.listens_for(connection.sync_connection, "before_cursor_execute")
        def count(*_):
            self.count += 1
            if self.count == self.at:
                raise ConnectionError

        await self.real(connection, revision)


@pytest.mark.threat(99)
async def test_each_step_is_made_whole_or_not_at_all_and_takes_nothing(make_address, engine, monkeypatch):
    address, dying = make_address(engine, empty=True), Dying(monkeypatch)
    async with opened(address, revision=FIRST) as database:
        made = Organisation(A, "Sample", NOW)
        await database.transact(lambda connection: OrganisationRows(connection).add(made))
    former, broken_off = FIRST, 0
    for revision in REVISIONS:
        async with opened(address, revision=None) as database:
            before = await content(database)
        for dying.at in STOPS:
            try:
                async with opened(address, revision=revision):
                    break
            except (ConnectionError, StoreError):
                broken_off += 1
            async with opened(address, revision=None) as database:
                assert await content(database) == before
                async with database.reading() as connection:
                    assert await revision_of(connection) == former
        dying.at = None
        async with opened(address, revision=revision) as database:
            after = await content(database)
        for name in set(before) - {"alembic_version"}:
            assert after[name][1] == before[name][1] or after[name][0] != before[name][0], name
            assert len(after[name][1]) == len(before[name][1]), name
        former = revision
    assert after["organisations"][1]
    assert broken_off >= 2 * len(REVISIONS)
