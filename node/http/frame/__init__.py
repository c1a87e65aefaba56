"""What stands around every route, each a small ASGI application of its own.

From the outside: `Guarded` (headers) · `Bounded` (how many at one time) · `Paced` (how often from one address) ·
`Observed` (an id, one line of log, errors that nobody expected) · `Timed` · the routes. Whoever is not let in is
refused before anything is done that costs more than the refusal; that is counted, and has no line of its own.

Spec: https://asgi.readthedocs.io/en/stable/specs/www.html
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from node.http.call import call_of
from node.http.problems import ProblemError, rendered

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def refuse(problem: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem."""
    call = call_of(scope)
    call.problem = problem.code
    await rendered(problem, call.id)(scope, receive, send)
