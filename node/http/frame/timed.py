"""How long a request may take, from its first byte to the last of its answer.

Whoever sends a body byte by byte, or takes an answer so, holds up a place that others wait for.
"""

import asyncio

from node.http.call import call_of
from node.http.frame import App, Message, Receive, Scope, Send, refuse
from node.http.problems import RETRY_SECONDS, ProblemError


class Timed:
    """An ASGI application."""

    def __init__(self, app: App, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call, began = call_of(scope), False

        async def sent(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        limit = asyncio.timeout(self.seconds)
        call.extend = lambda seconds: limit.reschedule(asyncio.get_running_loop().time() + seconds)
        try:
            async with limit:
                await self.app(scope, receive, sent)
        except TimeoutError:
            if began or not limit.expired():
                raise
            await refuse(_too_slow(reading=call.reading), scope, receive, send)


def _too_slow(*, reading: bool) -> ProblemError:
    if reading:
        return ProblemError(
            408, "request.slow", "the body did not arrive in time", "Send it at once, over a connection that holds."
        )
    return ProblemError(
        503,
        "request.time",
        "the node did not get done in time",
        "Try again in a moment; with the same Idempotency-Key nothing is done twice.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
