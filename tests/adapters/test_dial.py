"""Row 56 for what is sent: the dialer goes nowhere the fetcher would not, by POST and over WebSockets alike."""

import asyncio

import pytest
from hostile_hosts import AUTHORITIES, URLS
from web_servers import response, serving
from websockets.asyncio.server import serve

from node.adapters.dial import MAX_ANSWER_BYTES, GuardedDialer
from node.adapters.didcomm_transport import MEDIA_TYPE, Transport
from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.verification.errors import FetchRefusedError, UnreachableError

HERE = GuardedDialer(GuardedFetch(Rules(loopback=True)))


def run(work):
    return asyncio.run(work)


def looked_up(*addresses):
    async def lookup(_host):
        return addresses

    return GuardedDialer(GuardedFetch(lookup=lookup))


async def nobody(_host):
    raise AssertionError("a name was looked up")


OFFLINE = GuardedDialer(GuardedFetch(lookup=nobody))


async def posted(dialer, address):
    return await dialer.post(address, b"{}", media_type=MEDIA_TYPE)


async def opened(dialer, address):
    async with dialer.socket(address):
        pass


@pytest.mark.threat(56)
@pytest.mark.parametrize("authority", AUTHORITIES, ids=ascii)
def test_no_authority_that_leads_inside_is_dialled(authority):
    for work in (posted(OFFLINE, f"https://{authority}/x"), opened(OFFLINE, f"wss://{authority}/x")):
        with pytest.raises(FetchRefusedError):
            run(work)


@pytest.mark.threat(56)
@pytest.mark.parametrize("url", URLS, ids=ascii)
def test_no_address_that_two_readers_read_differently_is_dialled(url):
    with pytest.raises(FetchRefusedError):
        run(posted(OFFLINE, url))
    if url != "wss://good.edu/":
        with pytest.raises(FetchRefusedError):
            run(opened(OFFLINE, url.replace("https:", "wss:", 1).replace("http:", "ws:", 1)))


@pytest.mark.threat(56)
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fc00::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_not_dialled(address):
    dialer = looked_up("93.184.216.34", address)
    for work in (posted(dialer, "https://good.edu/x"), opened(dialer, "wss://good.edu/x")):
        with pytest.raises(FetchRefusedError):
            run(work)


@pytest.mark.threat(56)
def test_nobody_is_sent_elsewhere():
    async def work():
        async with serving(response()) as inside:
            moved = response(b"", "307 Moved", {"Location": f"http://127.0.0.1:{inside.port}/"})
            async with serving(moved) as server:
                with pytest.raises(UnreachableError):
                    await posted(HERE, f"http://127.0.0.1:{server.port}/")
                with pytest.raises(UnreachableError):
                    await opened(HERE, f"ws://127.0.0.1:{server.port}/")
                assert server.connections == 2
            assert inside.connections == 0

    run(work())


@pytest.mark.threat(56)
def test_not_even_on_the_same_host():
    async def elsewhere(_head, writer):
        writer.write(response(b"", "302 Found", {"Location": "/elsewhere"}))

    async def work():
        async with serving(elsewhere) as server:
            for opening in (
                posted(HERE, f"http://127.0.0.1:{server.port}/"),
                opened(HERE, f"ws://127.0.0.1:{server.port}/"),
            ):
                with pytest.raises(UnreachableError):
                    await opening
            assert server.connections == 2

    run(work())


def test_what_is_answered_is_bounded():
    large = b"x" * (MAX_ANSWER_BYTES + 1)

    async def work():
        async with serving(response(large, headers={"Content-Type": MEDIA_TYPE})) as server:
            with pytest.raises(FetchRefusedError):
                await posted(HERE, f"http://127.0.0.1:{server.port}/")

    run(work())


def test_a_slow_answer_is_not_waited_for():
    async def silent(_head, _writer):
        await asyncio.sleep(60)

    async def work():
        async with serving(silent) as server:
            quick = GuardedDialer(GuardedFetch(Rules(loopback=True)), seconds=0.2)
            with pytest.raises(UnreachableError):
                await posted(quick, f"http://127.0.0.1:{server.port}/")

    run(work())


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [("200 OK", MEDIA_TYPE, b"{}"), ("202 Accepted", MEDIA_TYPE, b"{}"), ("200 OK", "text/html", None)],
)
def test_an_envelope_that_comes_back_on_the_same_way_is_had(status, kind, expected):
    async def work():
        async with serving(response(b"{}", status, {"Content-Type": kind})) as server:
            answer = await Transport(HERE).post(f"http://127.0.0.1:{server.port}/didcomm", b'{"a": 1}')
            assert answer == expected
            assert server.requests[0].startswith(b"POST /didcomm HTTP/1.1")
            assert b"application/didcomm-encrypted+json" in server.requests[0]

    run(work())


def test_a_websocket_stays_open_and_tells_when_it_is_not():
    async def echo(line):
        async for message in line:
            await line.send(message)
            if message == "last":
                return

    async def work():
        async with serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Transport(HERE).open(f"ws://127.0.0.1:{port}/") as line:
                for text in (b"one", b"two", b"last"):
                    await line.send(text)
                    assert await line.receive() == text
                with pytest.raises(UnreachableError):
                    await line.receive()
            await Transport(HERE).deliver(f"ws://127.0.0.1:{port}/", b"x")
            assert await Transport(HERE).exchange(f"ws://127.0.0.1:{port}/", b"x") == (b"x",)

    run(work())


def test_a_message_on_a_websocket_is_bounded():
    async def flood(line):
        await line.send("x" * (MAX_ANSWER_BYTES + 1))

    async def work():
        async with serve(flood, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Transport(HERE).open(f"ws://127.0.0.1:{port}/") as line:
                with pytest.raises(UnreachableError):
                    await line.receive()

    run(work())
