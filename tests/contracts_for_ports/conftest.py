"""What the tests of the store stand on: both engines, each with today's tables, and tests that are coroutines."""

import asyncio
import secrets
import shutil
from contextlib import ExitStack

import pytest
from coroutine_support import pytest_collection_modifyitems, pytest_pyfunc_call, runner
from database_support import fresh_database, postgresql_server

from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore

__all__ = ["pytest_collection_modifyitems", "pytest_pyfunc_call", "runner"]

ENGINES = ("sqlite", "postgresql")


async def _migrated(address):
    async with opened(address):
        pass


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "node.db"
    asyncio.run(_migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql):
    with fresh_database(postgresql) as address:
        asyncio.run(_migrated(address))
        yield address.partition("@/")[2].partition("?")[0]


@pytest.fixture
def make_address(request, tmp_path, sqlite_template):
    """Makes addresses of databases of either engine: with today's tables and nothing in them, or without any."""
    with ExitStack() as stack:

        def make(engine, *, empty=False):
            if engine == "sqlite":
                path = tmp_path / f"{secrets.token_hex(4)}.db"
                if not empty:
                    shutil.copy(sqlite_template, path)
                return f"sqlite:///{path}"
            template = "template1" if empty else request.getfixturevalue("postgresql_template")
            return stack.enter_context(fresh_database(request.getfixturevalue("postgresql"), template))

        yield make


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def address(make_address, engine):
    return make_address(engine)


@pytest.fixture
def database(address, runner):
    opening = opened(address, revision=None)
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


@pytest.fixture
def store(database):
    return DatabaseStore(database)
