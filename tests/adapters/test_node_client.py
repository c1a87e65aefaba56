"""The client of a node against servers that are none: bounded, never led away, and its key goes nowhere else."""

import asyncio
import json
import re
import time
from http import HTTPMethod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_servers import authority, response, serving

from node.adapters.errors import KeyFileError
from node.adapters.node_client import (
    MAX_ANSWER_BYTES,
    Asked,
    NodeAddress,
    NodeClient,
    NodeClientError,
    NodeKey,
    NodeProblemError,
)

KEY = "glejt_0123456789abcdef_" + 64 * "7"
ASKED = Asked(HTTPMethod.GET, "/organisation")
AGAIN = Asked(HTTPMethod.GET, "/organisation", again=True)
PROBLEM = {"code": "store.absent", "detail": "there is no such thing", "remedy": "Look again.", "status": 404}


def problem(status="404 Not Found", headers=None, **members):
    body = json.dumps({**PROBLEM, **members}).encode()
    return response(body, status, {"Content-Type": "application/problem+json", **(headers or {})})


async def asked(url, question=ASKED, *, key=KEY, waits=None, **more):
    async def sleep(seconds):
        if waits is not None:
            waits.append(seconds)

    known = None if key is None else NodeKey.parse(key, where="here")
    async with NodeClient(NodeAddress.parse(url), known, sleep=sleep, **more) as client:
        return await client.ask(question)


def ask(answer, question=ASKED, *, host="127.0.0.1", **more):
    """What becomes of a question that a server answers so; and what the server was sent."""

    async def run():
        async with serving(answer) as server:
            try:
                return await asked(f"http://{host}:{server.port}", question, **more), server
            except NodeClientError as error:
                return error, server

    return asyncio.run(run())


def test_a_question_is_asked_with_the_key_and_answered():
    found, server = ask(response(b'{"a": 1}', headers={"Content-Type": "application/json", "ETag": '"3"'}))
    assert (found.json(), found.status, found.etag) == ({"a": 1}, 200, '"3"')
    (head,) = server.requests
    assert head.startswith(b"GET /organisation HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert b"cookie" not in head.lower()


def test_without_a_key_none_is_sent():
    _, server = ask(response(), key=None)
    assert b"authorization" not in server.requests[0].lower()


def test_this_machines_own_name_is_no_matter_for_a_name_server():
    found, server = ask(response(), host="localhost")
    assert found.json() == {}
    assert f"Host: localhost:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize(
    "text",
    [
        "", "node.example", "ftp://node.example", "https://", "https://node.example/path", "https://node.example?x=1",
        "https://u:p@node.example", "https://node.example#x", "https://node.example:0", "https://node.example:99999",
        "https://nodé.example", "https://node .example", "https://node.example\n", "https://[::1", "//node.example",
        "https://" + 3000 * "a",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(NodeClientError) as refused:
        NodeAddress.parse(text)
    assert refused.value.code == "remote.address"
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "text",
    ["http://node.example", "http://10.0.0.1:8080", "http://127.0.0.1.node.example", "http://localhost.node.example"],
)
def test_nothing_goes_in_the_open_but_to_this_machine(text):
    with pytest.raises(NodeClientError) as refused:
        NodeAddress.parse(text)
    assert refused.value.code == "remote.open"


@pytest.mark.parametrize("text", ["http://localhost:8080", "http://127.0.0.2", "http://[::1]:1", "https://10.1.2.3/"])
def test_addresses_of_a_node(text):
    assert NodeAddress.parse(text).origin == text.rstrip("/")


def test_one_node_may_be_written_in_several_ways():
    one = NodeAddress.parse("https://node.example")
    assert one.is_of(NodeAddress.parse("https://NODE.example:443/"))
    assert not one.is_of(NodeAddress.parse("https://node.example:444"))
    assert not one.is_of(NodeAddress.parse("https://other.example"))


@pytest.mark.parametrize("where", ["http://127.0.0.1:{other}/x", "/elsewhere", "https://evil.example/"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(where, status):
    async def run():
        async with serving(response()) as other:
            away = response(b"", status, {"Location": where.format(other=other.port)})
            async with serving(away) as server:
                with pytest.raises(NodeClientError) as refused:
                    await asked(f"http://127.0.0.1:{server.port}", AGAIN)
                return refused.value.code, len(server.requests), other.connections

    assert asyncio.run(run()) == ("remote.redirect", 1, 0)


async def endless_body(_head, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(64 * 1024 * b" ")
        await writer.drain()


async def endless_head(_head, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: " + 1024 * b"a" + b"\r\n")
        await writer.drain()


async def drip(_head, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(_head, _writer):
    await asyncio.sleep(30)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"garbage\r\n\r\n", "remote.broken"),
        (b"", "remote.broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "remote.broken"),
        (endless_body, "remote.too_large"),
        (endless_head, "remote.broken"),
        (drip, "remote.timeout"),
        (silent, "remote.timeout"),
        (response(b"<html>Sign in</html>", "200 OK", {"Content-Type": "text/html"}), "remote.answer"),
        (response(b"<html>Bad gateway</html>", "502 Bad Gateway", {"Content-Type": "text/html"}), "remote.answer"),
        (response(b'{"a":1,"a":2}'), "remote.answer"),
        (response(b"[" * 5000), "remote.answer"),
        (response(b"[]"), "remote.answer"),
        (response(b"{}", "201 Created"), "remote.answer"),
        (response(b"x", headers={"Content-Encoding": "gzip"}), "remote.encoding"),
        (response(b"nothing", "500 Error", {"Content-Type": "application/problem+json"}), "remote.answer"),
        (problem(code=7), "remote.answer"),
        (problem(code="../etc"), "remote.answer"),
        (problem(remedy=None), "remote.answer"),
    ],
)
def test_what_no_node_answers_counts_for_nothing(answer, code):
    async def run():
        async with serving(answer) as server:
            with pytest.raises(NodeClientError) as refused:
                (await asked(f"http://127.0.0.1:{server.port}", seconds=0.5)).json()
            return refused.value

    begun = time.monotonic()
    error = asyncio.run(run())
    assert error.code == code
    assert time.monotonic() - begun < 2.5
    assert error.remedy
    assert len(str(error)) < 600


def test_a_problem_is_told_by_its_code_its_words_and_its_places():
    places = [{"in": "body", "pointer": "/credential/issuer", "message": "x"}, {"in": "body"}, 7]
    error, _ = ask(problem(errors=places))
    assert isinstance(error, NodeProblemError)
    assert (error.code, str(error), error.remedy) == ("store.absent", "there is no such thing", "Look again.")
    assert (error.status, error.path) == (404, "/credential/issuer")
    failed, _ = ask(problem("500 Error", code="program.failed", instance="urn:uuid:1"))
    assert str(failed).endswith("[urn:uuid:1]")


BUSY = {"code": "store.busy", "detail": "busy", "remedy": "Wait."}


def in_turn(*answers):
    left = list(answers)

    async def handler(_head, writer):
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return handler


def busy(seconds="3", status="503 Service Unavailable"):
    return problem(status, {"Retry-After": seconds, "Connection": "close"}, **BUSY)


def test_what_passes_is_asked_for_again_after_as_long_as_the_node_says():
    waits = []
    found, server = ask(in_turn(busy(), busy("1", "429 Too Many"), b"", response()), AGAIN, waits=waits)
    assert found.json() == {}
    assert waits == [3, 1, 0.5]
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("answer", "question", "requests"),
    [
        (busy(), ASKED, 1),
        (busy(), AGAIN, 5),
        (busy("3600"), AGAIN, 1),
        (busy("9" * 400), AGAIN, 5),
        (problem(), AGAIN, 1),
        (b"", AGAIN, 3),
        (b"", ASKED, 1),
        (response(b"<html>"), AGAIN, 1),
    ],
)
def test_nothing_is_asked_for_without_end_nor_twice_what_may_count_twice(answer, question, requests):
    waits = []
    found, server = ask(answer, question, waits=waits)
    if isinstance(found, NodeClientError):
        assert found.code in {"store.busy", "store.absent", "remote.broken"}
    assert len(server.requests) == requests
    assert sum(waits) < 100


def test_a_node_that_is_not_there():
    async def run():
        async with serving(response()) as server:
            port = server.port
        with pytest.raises(NodeClientError) as refused:
            await asked(f"http://localhost:{port}", AGAIN)
        return refused.value.code

    assert asyncio.run(run()) == "remote.unreachable"


@pytest.mark.parametrize(("names", "code"), [(("127.0.0.1",), "remote.tls"), (("node.example",), "remote.tls")])
def test_a_certificate_has_to_hold_before_anything_is_sent(names, code):
    async def run(trusted):
        async with serving(response(), tls=authority().server(*names)) as server:
            with pytest.raises(NodeClientError) as refused:
                await asked(f"https://localhost:{server.port}", tls=trusted)
            return refused.value.code, server.requests

    assert asyncio.run(run(authority().client())) == (code, [])
    assert asyncio.run(run(None))[0] == code


def test_over_tls_the_name_is_that_of_the_address():
    async def run():
        async with serving(response(b'{"ok": true}'), tls=authority().server("localhost")) as server:
            return (await asked(f"https://localhost:{server.port}", tls=authority().client())).json()

    assert asyncio.run(run()) == {"ok": True}


def test_a_key_shows_nowhere(tmp_path):
    key = NodeKey.parse(f" {KEY}\n", where="here")
    client = NodeClient(NodeAddress.parse("https://node.example"), key)
    assert KEY[-40:] not in repr(key) + repr(client) + str(client)
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", "ascii")
    file.chmod(0o600)
    assert NodeKey.read(file) == key
    for mode in (0o640, 0o604, 0o644):
        file.chmod(mode)
        with pytest.raises(KeyFileError) as refused:
            NodeKey.read(file)
        assert refused.value.code == "key_file.permissions"


@pytest.mark.parametrize("text", ["", "secret", KEY[:-1], KEY + "0", KEY.upper(), f"{KEY}\nmore", "glejt_x\r\nHost: y"])
def test_what_is_no_key_is_never_sent_nor_repeated(text, tmp_path):
    with pytest.raises(NodeClientError) as refused:
        NodeKey.parse(text, where="here")
    assert refused.value.code == "remote.key"
    assert not text or text not in str(refused.value)
    file = tmp_path / "key"
    file.write_bytes(text.encode() + b"\xff")
    file.chmod(0o600)
    with pytest.raises(NodeClientError):
        NodeKey.read(file)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text):
    for written in (text, f"https://{text}", f"http://{text}"):
        try:
            found = NodeAddress.parse(written)
        except NodeClientError as error:
            assert error.code in {"remote.address", "remote.open"}  # noqa: PT017 -- either is right
        else:
            assert found.scheme == "https" or re.match(r"127\.|\[|localhost", found.host)
            assert NodeAddress.parse(found.origin).is_of(found)


def test_the_bound_is_exact():
    padded = b"{" + (MAX_ANSWER_BYTES - 2) * b" " + b"}"
    assert ask(response(padded))[0].json() == {}
    assert ask(response(padded + b" "))[0].code == "remote.too_large"
