"""How many requests are answered at one time: more are refused at once, which costs next to nothing.

Whoever is let in is answered soon, however many knock. A part of the places is for callers who bring a key, so that
what anybody may ask never holds up who works here. Health is always told.
"""

from typing import Final

from node.http.frame import App, Receive, Scope, Send, refuse
from node.http.problems import RETRY_SECONDS, ProblemError
from node.http.telemetry import Telemetry

ALWAYS: Final = frozenset({"/health/live", "/health/ready"})
"""Without this, whoever watches the node would end it just as it has most to do."""
_KEY: Final = b"bearer "


class Bounded:
    """An ASGI application."""

    def __init__(self, app: App, telemetry: Telemetry, *, in_flight: int, without_key: int) -> None:
        self.app = app
        self.telemetry = telemetry
        self.in_flight = in_flight
        self.without_key = without_key
        self._all = 0
        self._strangers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
            return
        stranger = not brings_key(scope)
        if self._all >= self.in_flight or (stranger and self._strangers >= self.without_key):
            self.telemetry.refused("overload")
            await refuse(_busy(), scope, receive, send)
            return
        self._all += 1
        self._strangers += stranger
        self.telemetry.in_flight(self._all)
        try:
            await self.app(scope, receive, send)
        finally:
            self._all -= 1
            self._strangers -= stranger
            self.telemetry.in_flight(self._all)


def brings_key(scope: Scope) -> bool:
    """Whether a request says that it has a key; whether that is one, the route finds out."""
    return any(name == b"authorization" and value[: len(_KEY)].lower() == _KEY for name, value in scope["headers"])


def _busy() -> ProblemError:
    return ProblemError(
        503,
        "node.busy",
        "the node has as much to do as it can",
        "Try again in a few seconds, and wait longer each time.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
