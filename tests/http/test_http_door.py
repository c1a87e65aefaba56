"""What a handler takes that is at hand is given to it at once; for anything else the request is read as it declares."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import Header, Request
from starlette.responses import JSONResponse, Response

from node.http.access import Calling, MaybeCalling
from node.http.door import at_once
from node.http.frame.addresses import LOCAL, address_of
from node.http.telemetry import Telemetry
from node.ports.api_keys import Caller

CALLER = Caller("org-a", "key-1", frozenset())


def request_of(caller):
    request = Request({"type": "http", "method": "GET", "headers": [], "path": "/"})
    request.state.caller = caller
    return request


async def told(handler, caller):
    answer = await at_once(handler)(request_of(caller))
    return json.loads(answer.body)


async def test_a_handler_is_given_the_request_and_who_calls_by_whatever_names():
    async def handler(who: Calling, given: Request) -> Response:
        return JSONResponse([who.key, given.method])

    assert await told(handler, CALLER) == ["key-1", "GET"]


async def test_a_public_handler_is_told_that_nobody_is_known():
    async def handler(who: MaybeCalling) -> Response:
        return JSONResponse(who and who.key)

    assert (await told(handler, None), await told(handler, CALLER)) == (None, "key-1")


@pytest.mark.threat(76)
async def test_a_handler_that_needs_a_caller_is_never_called_without_one():
    async def handler(who: Calling) -> Response:
        return JSONResponse(who.key)

    with pytest.raises(TypeError, match="no caller"):
        await told(handler, None)


def test_a_handler_that_takes_something_of_the_request_has_it_read():
    async def of_the_path(thing: str) -> Response: ...

    async def of_a_header(request: Request, approval: Annotated[str | None, Header()] = None) -> Response: ...

    assert (at_once(of_the_path), at_once(of_a_header)) == (None, None)


@pytest.mark.threat(81)
@pytest.mark.parametrize(
    ("said", "counted"),
    [("203.0.113.7", "203.0.113.7"), ("203.0.113.8", "203.0.113.8"), ("2001:db8::1%" + "e" * 100, LOCAL), ("x", LOCAL)],
)
def test_an_address_is_counted_as_itself_and_one_that_is_none_as_none(said, counted):
    for _ in range(2):  # the second time from memory
        assert address_of({"client": (said, 1), "headers": ()}, ()) == counted


def test_a_span_costs_nothing_where_nothing_is_traced():
    with Telemetry().request("GET") as span:
        assert not span.is_recording()
    started = []

    class Tracer:
        def start_as_current_span(self, name, **_):
            started.append(name)
            return nullcontext(SimpleNamespace())

    with Telemetry(tracer=Tracer()).request("GET"):
        assert started == ["GET"]
