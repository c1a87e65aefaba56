"""The client for nodes of chains, by servers on this machine: what it sends, what it takes, what it never shows."""

import asyncio
import json
import logging
import time

import pytest
from web_servers import authority, response, serving

from node.adapters.json_rpc.client import MAX_BATCH, MAX_URL_CHARS, STRUCK_OUT, Call, JsonRpc
from node.adapters.json_rpc.errors import (
    NodeAnswerError,
    NodeRefusalError,
    NodeUnreachableError,
    RpcConfigError,
    RpcError,
)

KEY = "k3y-0f-the-administrator"


def _answer(**members):
    return json.dumps({"jsonrpc": "2.0", "id": 1, **members}).encode()


async def _asked(server, **options):
    return await JsonRpc(f"http://127.0.0.1:{server.port}", **options).call("eth_chainId")


async def _wrong(answer, kind, error=NodeAnswerError, **options):
    async with serving(answer) as server:
        with pytest.raises(error) as caught:
            await _asked(server, **options)
    assert caught.value.code == f"rpc.{kind}"
    assert caught.value.remedy
    assert len(str(caught.value)) < 500
    return caught.value


def test_what_is_sent_and_what_comes_back():
    async def story():
        sent = []

        async def answer(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(next(line for line in head.lower().split(b"\r\n") if b"content-length" in line).split()[1])
            message = json.loads(await reader.readexactly(length))
            sent.append((head.decode("latin-1"), message))
            listed = message if isinstance(message, list) else [message]
            answers = [{"jsonrpc": "2.0", "id": call["id"], "result": call["method"]} for call in listed]
            body = json.dumps(answers[::-1] if isinstance(message, list) else answers[0]).encode()
            writer.write(response(body, headers={"Set-Cookie": "a=b"}))
            await writer.drain()
            writer.close()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        node = JsonRpc(f"http://user:{KEY}@127.0.0.1:{port}/v3/{KEY}?x=1")
        assert await node.call("one", "0x1", [True]) == "one"
        assert await node.batch([Call("two"), Call("three", ("0x",))]) == ["two", "three"]
        assert await node.batch([Call("four")]) == ["four"]
        listening.close()
        (head, first), (again, both), (_, single) = sent
        assert head.startswith(f"POST /v3/{KEY}?x=1 HTTP/1.1\r\n")
        assert "\r\nauthorization: basic " in head.lower()
        assert "cookie" not in again.lower()
        assert "accept-encoding: identity" in head.lower()
        assert first == {"jsonrpc": "2.0", "id": 1, "method": "one", "params": ["0x1", [True]]}
        assert [call["id"] for call in both] == [2, 3]
        assert single["id"] == 4

    asyncio.run(story())


def test_an_open_connection_serves_several_calls_and_is_closed():
    async def story():
        connections = 0

        async def answer(reader, writer):
            nonlocal connections
            connections += 1
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(next(line for line in head.lower().split(b"\r\n") if b"content-length" in line).split()[1])
                call = json.loads(await reader.readexactly(length))
                writer.write(response(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": None}).encode()))
                await writer.drain()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with JsonRpc(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}") as node:
            assert [await node.call("eth_chainId") for _ in range(3)] == [None] * 3
        assert connections == 1
        listening.close()
        listening.close_clients()

    asyncio.run(story())


@pytest.mark.threat(91)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "json"),
        (b"<html>", "json"),
        (_answer(result="0x1")[:-2], "json"),
        (b'{"jsonrpc":"2.0","id":1,"result":"0x1","result":"0x2"}', "json"),
        (b'{"jsonrpc":"2.0","id":1,"result":1e999}', "json"),
        (b"\xef\xbb\xbf" + _answer(result="0x1"), "json"),
        (b"[" * 5000 + b"]" * 5000, "json"),
        (b"1", "shape"),
        (b"[]", "shape"),
        (b'{"id":1,"result":"0x1"}', "shape"),
        (b'{"jsonrpc":"1.0","id":1,"result":"0x1"}', "shape"),
        (_answer(), "shape"),
        (_answer(result="0x1", error={"code": 1, "message": "x"}), "shape"),
        (_answer(error="no"), "shape"),
        (_answer(error={"code": "1", "message": "x"}), "shape"),
        (_answer(error={"code": 1}), "shape"),
        (_answer(id=2, result="0x1"), "id"),
        (_answer(id="1", result="0x1"), "id"),
        (_answer(id=True, result="0x1"), "id"),
        (_answer(id=1.0, result="0x1"), "id"),
        (_answer(id=None, result="0x1"), "id"),
        (_answer(result="0x" + "00" * 1024 * 1024), "too_large"),
    ],
)
def test_answers_that_are_none(body, kind):
    asyncio.run(_wrong(response(body), kind))


def test_answers_that_do_not_come():
    async def story():
        await _wrong(response(_answer(result="0x1"), "500 Internal Server Error"), "status", NodeUnreachableError)
        await _wrong(response(_answer(result="0x1"), "429 Too Many Requests"), "status", NodeUnreachableError)
        elsewhere = response(b"", "307 Temporary Redirect", {"Location": "http://127.0.0.1:1/"})
        await _wrong(elsewhere, "status", NodeUnreachableError)
        await _wrong(response(_answer(result="0x1"), headers={"Content-Encoding": "gzip"}), "encoding")
        await _wrong(b"", "broken", NodeUnreachableError)
        await _wrong(response(_answer(result="0x1"))[:-3], "broken", NodeUnreachableError)

        async def never(_head, _writer):
            await asyncio.sleep(30)

        async def drip(_head, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            for _ in range(1000):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

        for handler in (never, drip):
            begun = time.monotonic()
            await _wrong(handler, "timeout", NodeUnreachableError, seconds=0.1)
            assert time.monotonic() - begun < 5
        node = JsonRpc("http://127.0.0.1:1")
        with pytest.raises(NodeUnreachableError) as caught:
            await node.call("eth_chainId")
        assert caught.value.code == "rpc.unreachable"

    asyncio.run(story())


def test_a_body_is_not_read_beyond_its_bound():
    """A gigabyte that is announced costs no more than the bound."""

    async def story():
        async def endless(_head, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" " * 65536)
                await writer.drain()

        begun = time.monotonic()
        await _wrong(endless, "too_large")
        assert time.monotonic() - begun < 5

    asyncio.run(story())


def test_a_refusal_is_told_in_the_words_of_the_node_within_bounds():
    async def story():
        refused = {"code": -32601, "message": f"the method\x1b[31m does not exist for {KEY} " + "x" * 9999}
        error = _answer(error=refused)
        async with serving(response(error)) as server:
            with pytest.raises(NodeRefusalError) as caught:
                await JsonRpc(f"http://127.0.0.1:{server.port}/{KEY}").call("eth_chainId")
        assert caught.value.number == -32601
        assert "does not exist" in str(caught.value)
        assert "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 500

    asyncio.run(story())


@pytest.mark.parametrize(
    ("path", "echoed"),
    [(f"/v3/{KEY}", KEY), (f"/?apikey={KEY}", f"apikey={KEY}"), ("/a%2Fb-s3cret", "a/b-s3cret")],
)
def test_a_key_in_an_address_is_never_shown(caplog, path, echoed):
    """Not in messages, not where a node repeats it, not in what libraries log, and not in what is printed."""
    caplog.set_level(logging.DEBUG)

    async def story():
        shown = []
        bodies = [
            response(_answer(error={"code": 1, "message": f"bad key {echoed}"})),
            response(f'{{"{echoed}": 1, "{echoed}": 2}}'.encode()),
            response(_answer(result="0x1")),
            response(echoed.encode(), "401 Unauthorized"),
            b"",
        ]
        for body in bodies:
            async with serving(body) as server:
                node = JsonRpc(f"http://{KEY}:{KEY}@127.0.0.1:{server.port}{path}")
                shown.append(repr(node) + node.name)
                try:
                    await node.call("eth_chainId")
                except RpcError as error:
                    shown.append(f"{error!r} {error} {error.remedy}")
        with pytest.raises(RpcConfigError) as caught:
            JsonRpc(f"ftp://{KEY}@127.0.0.1{path}")
        shown.append(f"{caught.value!r} {caught.value}")
        return shown

    shown = asyncio.run(story())
    assert len(shown) == 10
    assert STRUCK_OUT in "".join(shown)
    for text in (*shown, *(record.getMessage() for record in caplog.records)):
        assert KEY not in text
        assert echoed not in text


def test_a_certificate_is_asked_for():
    async def story():
        async with serving(response(_answer(result="0x1")), tls=authority().server("localhost")) as server:
            url = f"https://localhost:{server.port}"
            assert await JsonRpc(url, tls=authority().client()).call("eth_chainId") == "0x1"
            with pytest.raises(NodeUnreachableError) as caught:
                await JsonRpc(url).call("eth_chainId")
            assert caught.value.code == "rpc.tls"
        async with serving(response(_answer(result="0x1")), tls=authority().server("other.edu")) as server:
            with pytest.raises(NodeUnreachableError) as caught:
                await JsonRpc(f"https://localhost:{server.port}", tls=authority().client()).call("eth_chainId")
            assert caught.value.code == "rpc.tls"

    asyncio.run(story())


def test_no_proxy_of_the_surroundings_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    async def story():
        async with serving(response(_answer(result="0x1"))) as server:
            assert await _asked(server) == "0x1"

    asyncio.run(story())


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8545", "ws://127.0.0.1:8545", "file:///etc/passwd", "http://", "http:///x", "http://a b/",
     "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://[::1/", "http://node.edu/#x", "http://n\u00f6de.edu/",
     "http://node.edu/\n", "http://node.edu/" + "a" * MAX_URL_CHARS, "https://user:pass@/"],
)  # fmt: skip
def test_what_is_no_address_of_a_node(url):
    with pytest.raises(RpcConfigError) as caught:
        JsonRpc(url)
    assert (caught.value.code, bool(caught.value.remedy)) == ("rpc.url", True)


@pytest.mark.parametrize(
    ("url", "name"),
    [("http://127.0.0.1:8545", "http://127.0.0.1:8545"), ("https://Node.edu/v3/x?y=z", "https://node.edu:443"),
     ("http://[::1]:8545/", "http://[::1]:8545"), ("https://user:pass@node.edu", "https://node.edu:443")],
)  # fmt: skip
def test_how_a_node_is_called(url, name):
    assert JsonRpc(url).name == name


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_messages_have_few_calls(count):
    with pytest.raises(ValueError, match="calls"):
        asyncio.run(JsonRpc("http://127.0.0.1:1").batch([Call("eth_chainId")] * count))
