"""What stands around every route: headers, ids, times, errors that nobody expected, answers that may be kept."""

import asyncio
import json
from dataclasses import replace

import pytest
from http_samples import sent, things
from node_support import WIDE

from node.http.limits import Rate

GUARDS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@pytest.mark.threat(78)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", "/nothing", 404),
        ("DELETE", "/health/live", 405),
        ("GET", "/mine/x", 401),
        ("GET", "/fails", 500),
        ("OPTIONS", "/things", 405),
        ("TRACE", "/things", 405),
    ],
)
async def test_every_answer_has_the_guarding_headers(sampled, method, path, status):
    answer = await sampled.client.request(method, path, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == status
    assert GUARDS.items() <= dict(answer.headers).items()
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_any_origin_reads_only_what_is_published(sampled):
    answer = await sampled.client.get("/open", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-credentials" not in answer.headers


async def test_what_is_published_is_kept_until_it_changes(sampled):
    first = await sampled.client.get("/open")
    assert first.headers["cache-control"] == "public, max-age=60"
    tag = first.headers["etag"]
    for said in (tag, f'W/{tag}, "x"', f'"x", {tag}', "*"):
        again = await sampled.client.get("/open", headers={"If-None-Match": said})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for said in ('"x"', "", tag.strip('"')):
        assert (await sampled.client.get("/open", headers={"If-None-Match": said})).status_code == 200


async def test_head_is_get_without_a_body(sampled):
    head, got = await sampled.client.head("/open"), await sampled.client.get("/open")
    assert head.content == b""
    assert (head.status_code, head.headers["etag"]) == (got.status_code, got.headers["etag"])
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await sampled.client.head("/things")).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("PUT", "/things", "POST"), ("POST", "/open", "GET, HEAD"), ("GET", "/raw", "POST")]
)
async def test_a_method_that_is_not_taken_is_told_with_those_that_are(sampled, method, path, allowed):
    answer = await sampled.client.request(method, path)
    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (405, "request.method", allowed)


async def test_a_problem_says_what_happened_and_what_to_do(sampled):
    answer = await sampled.client.get("/mine/MARKER", headers=sampled.key("issuer"))
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert told == {
        "type": "https://w3id.org/glejt/problems/store.absent",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no thing here",
        "code": "store.absent",
        "remedy": "Check the name; list what there is.",
        "instance": f"urn:uuid:{answer.headers['x-request-id']}",
    }


@pytest.mark.threat(84)
async def test_an_error_that_nobody_expected_tells_nothing_but_that_it_was_one(sampled):
    answer = await sampled.client.get("/fails", params={"word": "MARKER"})
    assert (answer.status_code, answer.json()["code"]) == (500, "program.failed")
    assert "MARKER" not in answer.text
    assert "ZeroDivision" not in answer.text
    (line,) = [line for line in sampled.lines() if line["event"] == "request.failed"]
    assert line["error"] == "ZeroDivisionError"
    assert line["request"] == answer.headers["x-request-id"]


async def test_the_id_of_a_request_is_the_nodes(sampled):
    answers = [await sampled.client.get("/open", headers={"X-Request-Id": "mine"}) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert "mine" not in ids


async def test_whoever_takes_too_long_makes_room(make_node, barrier):
    node = await make_node(replace(WIDE, seconds=0.05))
    status, head, body, _ = await sent(node.app, "GET", "/slow")
    assert (status, json.loads(body)["code"], head["retry-after"]) == (503, "request.time", "2")
    assert not barrier.waiting


@pytest.mark.threat(81)
async def test_whoever_sends_a_body_byte_by_byte_makes_room(make_node):
    node = await make_node(replace(WIDE, seconds=0.2))
    headers = node.key("issuer") | {"Content-Type": "application/json"}
    status, _, body, asked = await sent(node.app, "POST", "/things", headers=headers, chunks=[b" "] * 1000, pause=0.01)
    assert (status, json.loads(body)["code"]) == (408, "request.slow")
    assert asked < 100


async def test_a_request_that_is_broken_off_leaves_nothing_behind(sampled, barrier):
    task = asyncio.create_task(sent(sampled.app, "GET", "/slow"))
    await barrier.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not barrier.waiting
    assert (await sampled.client.get("/health/live")).status_code == 200


async def test_a_caller_who_comes_too_often_waits(make_node):
    node = await make_node(replace(WIDE, caller=Rate(1, 3)))
    found = [await node.client.get(things(), headers=node.key("issuer")) for _ in range(5)]
    assert [each.status_code for each in found] == [200] * 3 + [429] * 2
    assert found[-1].headers["retry-after"] == "1"
    assert found[-1].json()["code"] == "request.rate"
    assert (await node.client.get(things(), headers=node.key("auditor"))).status_code == 200
