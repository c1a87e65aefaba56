"""Routes that do as little as a test needs, and requests that no client library would send."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from node_support import A
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.http.access import PUBLIC, Calling, MaybeCalling, Scope
from node.http.caching import cached
from node.http.door import Answer, Body, Door
from node.http.idempotency import idempotency_of, once
from node.ports.errors import AbsentError
from node.ports.oversight import Event

DONE = [Answer(200, "Done.", {"done": True})]


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["one", "two"] = "one"
    count: Annotated[int, Field(ge=0, le=5)] = 0


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=40)]
    inner: Inner = Inner()


class Barrier:
    """Holds up whoever comes to `/slow` until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.reached = asyncio.Event()
        self.waiting = 0


def sample_routes(services, barrier=None):  # noqa: C901 -- a list of routes
    door = Door(services, tag="Samples")

    @door.get("/open", access=PUBLIC, answers=DONE, open=True)
    async def opened(request: Request, caller: MaybeCalling) -> Response:
        """Show what is published."""
        body = json.dumps({"done": True, "caller": caller and caller.key}).encode()
        return cached(request, body, media_type="application/json", lasting=timedelta(minutes=1))

    @door.get("/mine/{thing}", access=Scope.CREDENTIALS_READ, answers=DONE)
    async def mine(
        thing: Annotated[str, Path(max_length=200)], caller: Calling, size: Annotated[int, Query(ge=1)] = 1
    ) -> Response:
        """Show what is the caller's."""
        if thing != f"thing-of-{caller.organisation}":
            raise AbsentError("thing")
        return JSONResponse({"done": True, "size": size})

    @door.post("/things", access=Scope.CREDENTIALS_ISSUE, answers=DONE, body=Body({"name": "A"}))
    async def make(sent: Sent, caller: Calling) -> Response:
        """Make a thing."""
        return JSONResponse({"done": True, "name": sent.name, "actor": caller.actor})

    @door.post(
        "/raw", access=Scope.CREDENTIALS_ISSUE, answers=DONE, body=Body({"a": 1}, ("application/vc",), max_bytes=1000)
    )
    async def raw(request: Request) -> Response:
        """Take bytes."""
        return JSONResponse({"size": len(await request.body())})

    @door.post("/counted", access=Scope.CREDENTIALS_ISSUE, answers=DONE, body=Body({"a": 1}), problems=[409], once=True)
    async def counted(request: Request, caller: Calling) -> Response:
        """Do something that counts once."""
        key = idempotency_of(request, caller, await request.body())

        async def work(unit):
            async def act():
                number = 1 + (await unit.audit.head())[0]
                unit.audit.record(Event(services.now(), caller.actor, "sample.done", "thing", {}))
                return {"number": number}

            return await once(unit, key, services.now(), act)

        return JSONResponse(await services.store.change(caller.organisation, work))

    @door.get("/fails", access=PUBLIC, answers=DONE)
    async def fails(word: str = "") -> Response:
        """Fail as no program should."""
        raise ZeroDivisionError(f"nobody expected {word}")

    @door.get("/slow", access=PUBLIC, answers=DONE)
    async def slow() -> Response:
        """Take as long as the barrier is closed."""
        barrier.waiting += 1
        barrier.reached.set()
        try:
            await barrier.open.wait()
        finally:
            barrier.waiting -= 1
        return JSONResponse({"done": True})

    return door


async def sent(  # noqa: PLR0913 -- what a request has
    app, method, path, *, headers=(), chunks=(b"",), client=("192.0.2.1", 5), pause=None
):
    """Send a request chunk by chunk: its status, its headers, its body, and how many chunks were asked for."""
    messages, asked, parts = [], 0, list(chunks)

    async def receive():
        nonlocal asked
        if pause is not None and asked:
            await asyncio.sleep(pause)
        if asked >= len(parts):
            return {"type": "http.disconnect"}
        asked += 1
        return {"type": "http.request", "body": parts[asked - 1], "more_body": asked < len(parts)}

    async def send(message):
        messages.append(message)

    raw = path.encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path.partition("?")[0],
        "raw_path": raw.partition(b"?")[0],
        "query_string": raw.partition(b"?")[2],
        "root_path": "",
        "scheme": "https",
        "headers": [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()],
        "client": client,
        "server": ("node.example", 443),
    }
    await app(scope, receive, send)
    head = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], head, b"".join(each.get("body", b"") for each in messages[1:]), asked


def things(*, organisation=A):
    return f"/mine/thing-of-{organisation}"
