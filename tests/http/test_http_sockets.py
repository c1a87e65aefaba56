"""What stands around WebSockets: one path, so many, of so many addresses; who takes nothing holds up nobody."""

import asyncio

import pytest

from node.http.frame import sockets
from node.http.frame.sockets import AGAIN_LATER, NOT_TAKEN, WAITING, Sockets, SocketWay
from node.http.limits import Limits, Rate
from node.http.telemetry import Telemetry

PATH = "/didcomm/ws"


class Takes:
    """Takes what is not `no`."""

    def __init__(self):
        self.taken, self.closed = [], 0

    async def take(self, data, _way):
        self.taken.append(data)
        return data != b"no"

    def gone(self, _way):
        self.closed += 1


async def nothing_else(_scope, _receive, _send):
    raise AssertionError("it is no request")


def ring(takes, rate=Rate(1e6, 1_000_000)):  # noqa: B008 -- a frozen value
    return Sockets(nothing_else, PATH, takes, Telemetry(), Limits(address=rate))


async def talked(app, *messages, path=PATH, client="192.0.2.1", hold=None):
    """One WebSocket: what the other side was sent."""
    told, given = (
        [],
        [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": each} for each in messages)],
    )

    async def receive():
        if given:
            return given.pop(0)
        if hold is not None:
            await hold.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message):
        told.append(message)

    scope = {"type": "websocket", "path": path, "client": (client, 5), "headers": []}
    await app(scope, receive, send)
    return told


async def test_envelopes_are_taken_one_after_another_until_one_is_none():
    takes = Takes()
    told = await talked(ring(takes), "one", "no", "two")
    assert takes.taken == [b"one", b"no"]
    assert [each["type"] for each in told] == ["websocket.accept", "websocket.close"]
    assert (told[-1]["code"], takes.closed) == (NOT_TAKEN, 1)


@pytest.mark.threat(67)
async def test_no_other_path_and_not_more_than_there_are_places(monkeypatch):
    monkeypatch.setattr(sockets, "MAX_SOCKETS", 4)
    takes, hold = Takes(), asyncio.Event()
    app = ring(takes)
    (refused,) = await talked(app, path="/organisation")
    assert (refused["type"], refused["code"]) == ("websocket.close", AGAIN_LATER)
    held = [asyncio.create_task(talked(app, client=f"192.0.2.{n}", hold=hold)) for n in range(4)]
    await asyncio.sleep(0)
    for client in ("192.0.2.0", "192.0.2.9"):
        (refused,) = await talked(app, client=client)
        assert refused["code"] == AGAIN_LATER
    hold.set()
    await asyncio.gather(*held)
    assert takes.closed == 4
    assert (await talked(app, "one"))[0]["type"] == "websocket.accept", "places are given back"


@pytest.mark.threat(67)
async def test_an_address_speaks_so_often_and_not_more(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(sockets.asyncio, "sleep", sleep)
    await talked(ring(Takes(), Rate(0.5, 2)), "one", "two", "three")
    assert len(waits) == 2
    assert all(waits)


@pytest.mark.threat(67)
async def test_who_takes_nothing_has_few_messages_waiting_and_is_closed(monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.01)
    never = asyncio.Event()

    async def send(_message):
        await never.wait()

    way = SocketWay(send)
    sent = await asyncio.gather(*[way.send(b"{}") for _ in range(WAITING + 8)])
    assert sent == [False] * (WAITING + 8)
    assert not way.open
    assert not await way.send(b"{}")
