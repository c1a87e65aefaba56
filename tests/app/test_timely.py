"""Connections without a request, and heads without an end, give their place back; requests on one connection go on."""

import asyncio
import json
from ipaddress import ip_network

import pytest
import uvicorn
from uvicorn.server import ServerState

from node.app.timely import LEAST_SHARE, MAX_HEAD_BYTES, TimelyProtocol, sharing
from node.http.frame.guarded import USUAL

REQUEST = b"GET / HTTP/1.1\r\nHost: node.example\r\n\r\n"


class Quick(TimelyProtocol):
    seconds = 0.3


async def app(_scope, receive, send):
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Patient(TimelyProtocol):
    seconds = 60.0


def spoken(*parts, pause=0.0, kind=Quick, connections=None):
    """What comes back for these parts, until the node closes the connection, and after how long that is."""

    async def run():
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            app, http=kind, lifespan="off", log_config=None, timeout_keep_alive=2, limit_concurrency=connections
        )
        config.load()
        state = ServerState()
        server = await loop.create_server(
            lambda: kind(config=config, server_state=state, app_state={}, _loop=loop), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            began = loop.time()
            try:
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(pause)
                answer = await asyncio.wait_for(reader.read(), 10)
            finally:
                writer.close()
            return answer, loop.time() - began

    return asyncio.run(run())


@pytest.mark.threat(80)
def test_whoever_sends_nothing_is_let_go():
    answer, _ = spoken()  # which waits for the end, and would wait for ever
    assert answer == b""


@pytest.mark.threat(80)
@pytest.mark.parametrize("before", [b"", REQUEST])
def test_a_head_that_comes_drop_by_drop_is_not_waited_for(before):
    drops = [b"GET / HTTP/1.1\r\n", *(f"X-{number}: 1\r\n".encode() for number in range(20))]
    try:
        answer, _ = spoken(before, *drops, pause=0.1)
    except ConnectionError:  # it is closed while we speak
        return
    assert answer.count(b"200 OK") == bool(before)


@pytest.mark.threat(81)
def test_a_head_without_an_end_is_not_kept():
    try:
        answer, _ = spoken(b"GET / HTTP/1.1\r\nX: ", b"a" * (MAX_HEAD_BYTES + 1), kind=Patient)
    except ConnectionError:
        return
    assert answer == b""


def test_several_requests_on_one_connection_are_answered_and_it_may_rest_between_them():
    answer, took = spoken(REQUEST, REQUEST + REQUEST, pause=0.6)
    assert answer.count(b"200 OK") == 3
    assert took > 1.5  # it was kept for as long as connections are, between requests


def test_a_body_has_its_own_time():
    answer, _ = spoken(b"POST / HTTP/1.1\r\nHost: node.example\r\nContent-Length: 4\r\n\r\n", b"ab", b"cd", pause=0.5)
    assert answer.count(b"200 OK") == 1


def problem_in(answer):
    """The status, the headers and the problem of an answer, as it came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
    assert headers["content-type"] == "application/problem+json"
    assert len(body) == int(headers["content-length"])
    assert {name.decode(): value.decode() for name, value in USUAL.items()}.items() <= headers.items()
    return int(line.split()[1]), headers, json.loads(body)


@pytest.mark.threat(78)
@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/9.9\r\n\r\n", b"\0\1\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: MARKER\r\n\r\n"]
)
def test_what_is_no_request_is_answered_as_any_other_problem(sent):
    answer, _ = spoken(sent)
    status, headers, problem = problem_in(answer)
    assert (status, problem["code"], headers["connection"]) == (400, "request.http", "close")
    assert b"MARKER" not in answer


@pytest.mark.threat(80)
def test_who_comes_when_there_is_no_place_is_told_when_to_come_again():
    answer, _ = spoken(REQUEST, kind=Quick, connections=1)
    status, headers, problem = problem_in(answer)
    assert (status, problem["code"], headers["connection"]) == (503, "node.busy", "close")
    assert int(headers["retry-after"]) > 0
    answer, _ = spoken(REQUEST, kind=Quick, connections=2)
    assert answer.startswith(b"HTTP/1.1 200")


def left_open(most, proxies=()):
    """How many of this many connections of one address are held, and how many more once all of them are closed."""

    async def run():
        loop = asyncio.get_running_loop()
        kind = sharing(0, tuple(map(ip_network, proxies)))
        kind.seconds = 60.0
        config = uvicorn.Config(app, http=kind, lifespan="off", log_config=None)
        config.load()
        state = ServerState()
        server = await loop.create_server(
            lambda: kind(config=config, server_state=state, app_state={}, _loop=loop), "127.0.0.1", 0
        )

        async def held():
            opened = [await asyncio.open_connection(*server.sockets[0].getsockname()) for _ in range(most)]
            await asyncio.sleep(0.1)
            found = len(state.connections)
            for _, writer in opened:
                writer.transport.abort()
            await asyncio.sleep(0.1)
            return found, len(state.connections)

        async with server:
            return await held(), await held()

    return asyncio.run(run())


@pytest.mark.threat(80)
def test_one_address_takes_its_share_of_the_connections_and_no_more():
    assert left_open(LEAST_SHARE + 10) == ((LEAST_SHARE, 0), (LEAST_SHARE, 0))


@pytest.mark.threat(80)
def test_our_own_proxy_comes_for_everybody():
    assert left_open(LEAST_SHARE + 10, ["127.0.0.0/8"])[0] == (LEAST_SHARE + 10, 0)


def test_a_share_grows_with_the_node():
    assert (sharing(1000, ()).share, sharing(8, ()).share) == (250, LEAST_SHARE)
