"""Whether the process lives, and whether it can work."""

import sqlite3

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError


async def test_the_process_lives(node):
    answer = await node.client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_the_node_can_work(node):
    answer = await node.client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_what_is_not_there_is_told_as_a_problem(node):
    answer = await node.client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "request.not_found"


@pytest.mark.threat(96)
@pytest.mark.parametrize("failure", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY])
async def test_a_node_that_stores_nothing_is_not_sent_anything(node, failure):
    """After a failed disk everything could still be read, and whoever asked for a change would lose it."""

    @event.listens_for(node.database._writers.sync_engine, "begin")
    def fail(_):
        error = sqlite3.OperationalError("as the database says it")
        error.sqlite_errorcode = failure
        raise OperationalError("BEGIN", {}, error)

    answer = await node.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["code"].startswith("store.")
    assert int(answer.headers["retry-after"]) > 0
    assert (await node.client.get("/health/live")).status_code == 200, "it is not ended for that"
    assert (await node.client.get("/organisation", headers=node.key("owner"))).status_code == 200
