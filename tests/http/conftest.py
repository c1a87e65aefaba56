"""What the tests over HTTP stand on: a node in this process, on SQLite, with two organisations and their keys."""

import asyncio
import secrets
from contextlib import AsyncExitStack, ExitStack
from functools import partial

import pytest
from coroutine_support import pytest_collection_modifyitems, pytest_pyfunc_call, runner
from http_samples import Barrier, sample_routes
from node_support import WIDE, Node, migrated, running_node

from node.http.application import application
from node.http.routes import health, observation, reference

__all__ = ["pytest_collection_modifyitems", "pytest_pyfunc_call", "runner"]


@pytest.fixture(scope="session")
def node_template(tmp_path_factory):
    """A database with today's tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("node") / "template.db"
    asyncio.run(migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture
def node(node_template, tmp_path, runner) -> Node:
    """A running node; its clock stands until a test moves it."""
    stack = AsyncExitStack()
    yield runner.run(stack.enter_async_context(running_node(tmp_path, template=node_template)))
    runner.run(stack.aclose())


@pytest.fixture
def barrier():
    """What requests to `/slow` of the sample routes wait for."""
    return Barrier()


@pytest.fixture
def make_node(node_template, tmp_path, runner, barrier):
    """Makes nodes with the sample routes beside those that stand around them, and with limits of the test's own."""
    with ExitStack() as stack:

        async def make(limits=WIDE, routes=(), **options):
            folder = tmp_path / secrets.token_hex(4)
            folder.mkdir()
            given = (
                *routes,
                health.routes,
                observation.routes,
                reference.routes,
                partial(sample_routes, barrier=barrier),
            )
            opening = running_node(
                folder,
                template=node_template,
                limits=limits,
                make=lambda services: application(services, given),
                **options,
            )
            stack.callback(lambda: runner.run(opening.__aexit__(None, None, None)))
            return await opening.__aenter__()

        yield make


@pytest.fixture
def sampled(make_node, runner):
    """A node with the sample routes, and limits that nobody meets."""
    return runner.run(make_node())
