"""Each request has an id, one line in the log, and an answer, whatever happens.

Of an error that nobody expected, its type and its place in the program are logged. Its text is not: it may hold what
was sent.
"""

import time
from contextlib import suppress
from traceback import extract_tb

from node.http.call import new_call
from node.http.frame import App, Message, Receive, Scope, Send, refuse
from node.http.problems import failed
from node.http.telemetry import Telemetry


class Observed:
    """An ASGI application."""

    def __init__(self, app: App, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call, began, status, size = new_call(scope), time.perf_counter(), 0, 0

        async def sent(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", call.id.encode())]
            else:
                size += len(message.get("body", b""))
            await send(message)

        with self.telemetry.request(call.method) as span:
            try:
                await self.app(scope, receive, sent)
            except Exception as error:  # noqa: BLE001 -- whatever it is, somebody waits for an answer
                self.telemetry.failure(call.id, type(error).__name__, _place(error))
                if not status:
                    with suppress(OSError):  # whoever asked may be gone
                        await refuse(failed(), scope, receive, sent)
            finally:
                self.telemetry.answered(call, span, status, size, time.perf_counter() - began)


def _place(error: Exception) -> str:
    """Where in this program an error arose, without what it says."""
    frames = [frame for frame in extract_tb(error.__traceback__) if "/node/" in frame.filename]
    if not frames:
        return "unknown"
    innermost = frames[-1]
    return f"node/{innermost.filename.rpartition('/node/')[2]}:{innermost.lineno}"
