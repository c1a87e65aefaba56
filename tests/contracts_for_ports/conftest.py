"""What the tests of the store stand on: both engines, each with today's tables, and tests that are coroutines."""

import asyncio
import inspect
import shutil

import pytest
from database_support import fresh_database, postgresql_server

from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore

ENGINES = ("sqlite", "postgresql")


@pytest.fixture
def runner():
    with asyncio.Runner() as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a test that is a coroutine, on the loop that its fixtures use."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.funcargs["runner"].run(pyfuncitem.obj(**arguments))
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if inspect.iscoroutinefunction(getattr(item, "obj", None)):
            item.fixturenames.append("runner")


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
def empty_address(request, tmp_path):
    """Makes addresses of databases without any tables, of one engine or the other."""
    made = []

    def make(engine):
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/empty-{len(made)}.db"
        made.append(fresh_database(request.getfixturevalue("postgresql")))
        return made[-1].__enter__()

    yield make
    for each in reversed(made):
        each.__exit__(None, None, None)


@pytest.fixture(params=ENGINES)
def address(request, tmp_path):
    """A database with today's tables and nothing in them."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "node.db")
        yield f"sqlite:///{tmp_path}/node.db"
    else:
        template = request.getfixturevalue("postgresql_template")
        with fresh_database(request.getfixturevalue("postgresql"), template) as made:
            yield made


@pytest.fixture
def database(address, runner):
    opening = opened(address, revision=None)
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


@pytest.fixture
def store(database):
    return DatabaseStore(database)
