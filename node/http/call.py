"""What is known of a request while it is answered: by the frame around the routes, and told to nobody outside."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from node.ports.api_keys import Caller

type Scope = MutableMapping[str, Any]

_PLACE: Final = "glejt.call"
UNKNOWN: Final = "unknown"
"""The template of a request that no route takes."""


@dataclass(slots=True)
class Call:
    """One request. `template` is the route's path with the names of its parameters, never their values."""

    id: str
    method: str
    template: str = UNKNOWN
    caller: Caller | None = None
    problem: str | None = None
    open: bool = False
    """Whether a page of any origin may read the answer."""
    reading: bool = False
    """Whether the body is still awaited."""
    extend: Callable[[float], None] = lambda _: None
    """Gives the request so many seconds from now on, instead of the usual."""


def new_call(scope: Scope) -> Call:
    """The record of a request that begins. Its id is ours: one that a client made up could say anything."""
    call = Call(str(uuid4()), str(scope["method"]))
    scope[_PLACE] = call
    return call


def call_of(scope: Scope) -> Call:
    """The record of this request."""
    call = scope.get(_PLACE)
    return call if isinstance(call, Call) else new_call(scope)
