"""Rows 10, 81, 84: a body is counted as it comes, taken in one form, and read as everybody reads it."""

import json

import pytest
from http_samples import sent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.documents import MAX_DEPTH
from node.http.limits import MAX_BODY_BYTES

JSON = {"Content-Type": "application/json"}
DEEP = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
LONG = b'{"name": "A", "inner": {"count": ' + b"9" * 5_000 + b"}}"


def problem(body):
    return json.loads(body)["code"]


@pytest.mark.threat(81)
@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 300 * 1024 * 1024, 10**30])
async def test_a_length_that_is_too_large_is_refused_before_a_byte_is_read(sampled, size):
    headers = sampled.key("issuer") | JSON | {"Content-Length": str(size)}
    status, head, body, asked = await sent(sampled.app, "POST", "/things", headers=headers, chunks=[b"x"] * 4)
    assert (status, problem(body), asked) == (413, "request.too_large", 0)
    assert head["connection"] == "close"


@pytest.mark.threat(81)
async def test_a_body_without_a_length_is_counted(sampled):
    """What is sent for ever in chunks is read as far as the limit, and no further."""
    chunk = b"x" * 65_536
    status, _, body, asked = await sent(
        sampled.app, "POST", "/things", headers=sampled.key("issuer") | JSON, chunks=[chunk] * 5000
    )
    assert (status, problem(body)) == (413, "request.too_large")
    assert asked == MAX_BODY_BYTES // len(chunk) + 1


@pytest.mark.threat(81)
@pytest.mark.parametrize(("size", "status"), [(0, 200), (999, 200), (1000, 200), (1001, 413)])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_route_has_a_limit_of_its_own(sampled, size, status, declared):
    headers = sampled.key("issuer") | {"Content-Type": "application/vc"}
    headers |= {"Content-Length": str(size)} if declared else {}
    answer = await sent(
        sampled.app, "POST", "/raw", headers=headers, chunks=[b"x" * (size // 2), b"x" * (size - size // 2)]
    )
    assert answer[0] == status
    if status == 200:
        assert json.loads(answer[2]) == {"size": size}


@pytest.mark.threat(81)
async def test_a_length_that_lies_is_not_believed(sampled):
    headers = sampled.key("issuer") | {"Content-Type": "application/vc", "Content-Length": "10"}
    assert (await sent(sampled.app, "POST", "/raw", headers=headers, chunks=[b"x" * 900, b"x" * 900]))[0] == 413


async def test_a_body_that_breaks_off_is_no_body(sampled):
    async def app(scope, _, send):
        first = True

        async def breaking():
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b'{"name": "A"}', "more_body": True}
            return {"type": "http.disconnect"}

        await sampled.app(scope, breaking, send)

    status, _, body, _ = await sent(app, "POST", "/things", headers=sampled.key("issuer") | JSON)
    assert (status, problem(body)) == (400, "request.broken_off")


@pytest.mark.threat(10)
@pytest.mark.threat(84)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (DEEP, "document.too_deep"),
        (b"[" * 1_000_000, "document.too_deep"),
        (b'{"name": "A", "inner": ' + b'{"inner": ' * MAX_DEPTH + b"1" + b"}" * (MAX_DEPTH + 1), "document.too_deep"),
        (LONG, "document.integer_range"),
        (b'{"name": "A", "inner": {"count": 1e999}}', "document.number"),
        (b'{"name": "A", "inner": {"count": NaN}}', "document.number"),
        (b'{"name": "A", "inner": {"count": -Infinity}}', "document.number"),
        (b'{"name": "A", "name": "B"}', "document.duplicate_key"),
        (b'{"name": "A", "inner": {"count": 1, "count": 1}}', "document.duplicate_key"),
        (b'{"name": "\\ud800"}', "document.surrogate"),
        (b'\xef\xbb\xbf{"name": "A"}', "document.not_utf8"),
        (b'{"name": "\xff"}', "document.not_utf8"),
        (b'{"name": "A"', "document.syntax"),
        (b'{"name": "A"} {}', "document.syntax"),
        (b"{'name': 'A'}", "document.syntax"),
        (b"", "request.invalid"),
        (b"[]", "request.invalid"),
        (b"null", "request.invalid"),
        (b'"A"', "request.invalid"),
        (b'{"name": 1}', "request.invalid"),
        (b'{"name": "A", "inner": {"count": 9}}', "request.invalid"),
        (b'{"name": "A", "inner": {"count": true, "more": 1}}', "request.invalid"),
        (b'{"name": "A", "more": 1}', "request.invalid"),
    ],
)
async def test_what_readers_could_read_differently_is_refused(sampled, body, code):
    status, head, told, _ = await sent(
        sampled.app, "POST", "/things", headers=sampled.key("issuer") | JSON, chunks=[body]
    )
    assert (status, problem(told)) == (400, code)
    assert head["content-type"] == "application/problem+json"


@pytest.mark.threat(84)
def test_no_body_makes_the_node_fail(sampled, runner):
    words = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "inner", "count", "x"]), inner)
        ),
        max_leaves=12,
    )
    bodies = st.binary(max_size=200) | words.map(lambda value: json.dumps(value).encode())

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies, st.sampled_from(["application/json", "application/ld+json", "text/plain", "", "a/b; charset=x"]))
    def one(body, kind):
        headers = sampled.key("issuer") | ({"Content-Type": kind} if kind else {})
        status, *_ = runner.run(sent(sampled.app, "POST", "/things", headers=headers, chunks=[body]))
        assert status in {200, 400, 415}

    one()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/ld+json", 200),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
        ("nonsense", 415),
    ],
)
async def test_a_body_is_of_a_kind_that_the_route_takes(sampled, kind, status):
    headers = sampled.key("issuer") | ({"Content-Type": kind} if kind else {})
    assert (await sent(sampled.app, "POST", "/things", headers=headers, chunks=[b'{"name": "A"}']))[0] == status


async def test_a_compressed_body_is_not_taken(sampled):
    headers = sampled.key("issuer") | JSON | {"Content-Encoding": "gzip"}
    assert (await sent(sampled.app, "POST", "/things", headers=headers, chunks=[b'{"name": "A"}']))[0] == 415


async def test_where_a_request_is_wrong_is_told_and_what_it_says_is_not(sampled):
    body = {"name": "A", "inner": {"kind": "MARKER-1", "count": "MARKER-2", "MARKER-3": 1}, "MARKER-4": "MARKER-5"}
    answer = await sampled.client.post("/things", json=body, headers=sampled.key("issuer"))
    assert answer.status_code == 400
    assert "MARKER" not in answer.text
    places = {(error["in"], error["pointer"]) for error in answer.json()["errors"]}
    assert places == {("body", "/inner/kind"), ("body", "/inner/count"), ("body", "/inner"), ("body", "")}
    answer = await sampled.client.get("/mine/thing-of-org-a?size=MARKER", headers=sampled.key("issuer"))
    assert "MARKER" not in answer.text
    assert answer.json()["errors"][0] | {"message": ""} == {"in": "query", "pointer": "/size", "message": ""}
