"""The only way to add a route: with its access, its examples and the problems it answers with.

    door = Door(services, tag="Awards")

    @door.get("/organisation/awards/{award}", access=Scope.CREDENTIALS_READ, answers=[Answer(200, "It.", {"id": "…"})])
    async def award(award: str, caller: Calling) -> Response:
        \"\"\"An award.\"\"\"

A handler's docstring is what the reference says of it: its first sentence is the summary. A body is a model of
pydantic, or it is read as bytes: `await request.body()`; both are bounded, and `body=Body(example)` shows one.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query as QueryParam
from fastapi.routing import APIRoute
from starlette.responses import Response

from node.documents import JsonValue
from node.http.access import PUBLIC, Access, Calling, Gate, MaybeCalling, Scope, caller_if_any, caller_of
from node.http.body import JSON, read
from node.http.call import call_of
from node.http.invalid import require_known
from node.http.limits import MAX_BODY_BYTES
from node.http.services import Services

type Handler = Callable[..., Awaitable[Response]]

_NOT_READ: Final = frozenset({"GET", "DELETE"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a route that is no problem, as the reference shows it."""

    status: int
    description: str
    example: JsonValue = None
    """None for an answer without a body, or whose body is no JSON."""
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, as the reference shows it, and what is taken."""

    example: JsonValue
    media_types: tuple[str, ...] = (JSON,)
    max_bytes: int = MAX_BODY_BYTES
    required: bool = True


class Rules(TypedDict, total=False):
    """What else a route says."""

    problems: Sequence[int]
    """Statuses of problems beside those that every route has."""
    open: bool
    """Whether pages of any origin may read the answers: for what is published and nothing else."""
    seconds: float
    """How long it may take, where that is not the usual time."""
    once: bool
    """Whether a request with an Idempotency-Key counts once."""
    also: Sequence[Scope]
    """Scopes that it takes besides, where it does more than one thing."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A route as it was declared."""

    method: str
    path: str
    handler: Handler
    access: Access
    tag: str
    answers: tuple[Answer, ...]
    body: Body | None
    rules: Rules

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")


class Door:
    """Takes the routes of one module."""

    def __init__(self, services: Services, *, tag: str) -> None:
        self.services = services
        self.tag = tag
        self.declared: list[Declared] = []

    def get(
        self, path: str, *, access: Access, answers: Sequence[Answer], **rules: Unpack[Rules]
    ) -> Callable[[Handler], Handler]:
        """Declare what reads."""
        return self._take("GET", path, access, answers, None, rules)

    def post(
        self, path: str, *, access: Access, answers: Sequence[Answer], body: Body | None = None, **rules: Unpack[Rules]
    ) -> Callable[[Handler], Handler]:
        """Declare what makes or does something."""
        return self._take("POST", path, access, answers, body, rules)

    def put(
        self, path: str, *, access: Access, answers: Sequence[Answer], body: Body | None = None, **rules: Unpack[Rules]
    ) -> Callable[[Handler], Handler]:
        """Declare what replaces something."""
        return self._take("PUT", path, access, answers, body, rules)

    def patch(
        self, path: str, *, access: Access, answers: Sequence[Answer], body: Body | None = None, **rules: Unpack[Rules]
    ) -> Callable[[Handler], Handler]:
        """Declare what changes a part."""
        return self._take("PATCH", path, access, answers, body, rules)

    def delete(
        self, path: str, *, access: Access, answers: Sequence[Answer], **rules: Unpack[Rules]
    ) -> Callable[[Handler], Handler]:
        """Declare what ends something."""
        return self._take("DELETE", path, access, answers, None, rules)

    def _take(  # noqa: PLR0913, PLR0917 -- what a route says
        self,
        method: str,
        path: str,
        access: Access,
        answers: Sequence[Answer],
        body: Body | None,
        rules: Rules,
    ) -> Callable[[Handler], Handler]:
        def take(handler: Handler) -> Handler:
            self.declared.append(Declared(method, path, handler, access, self.tag, tuple(answers), body, rules))
            return handler

        return take


class DeclaredRoute(APIRoute):
    """A route of the door."""

    declared: Declared


_AT_HAND: Final[tuple[tuple[Any, Callable[[Request], object]], ...]] = (
    (Request, lambda request: request),
    (Calling, caller_of),
    (MaybeCalling, caller_if_any),
)
"""What a handler may take that stands beside the request, or is it."""


def at_once(handler: Handler) -> Callable[[Request], Awaitable[Response]] | None:
    """A handler that takes nothing else, called as it is; None for one for which a request has to be read.

    The framework would look for parameters in the path, the query, the headers and the cookies, for each request again.
    """
    found: list[tuple[str, Callable[[Request], object]]] = []
    for name, parameter in inspect.signature(handler).parameters.items():
        given = [give for kind, give in _AT_HAND if parameter.annotation == kind]
        if not given:
            return None
        found.append((name, given[0]))

    async def handle(request: Request) -> Response:
        return await handler(**{name: give(request) for name, give in found})

    return handle


def route_class(gate: Gate, route: Declared) -> type[DeclaredRoute]:
    """The class of one route: it is known who calls, and that they may, before anything of the body is read."""

    class Admitting(DeclaredRoute):
        declared = route

        def get_route_handler(self) -> Callable[[Request], Any]:
            handle = at_once(route.handler) or super().get_route_handler()
            model, body = self.body_field is not None, route.body or Body(None)
            reads = route.method not in _NOT_READ
            template = self.path_format
            known = frozenset(
                [each.alias for each in get_flat_params(self.dependant) if isinstance(each.field_info, QueryParam)]
            )
            filters = route.method == "GET" and route.access is not PUBLIC
            also = route.rules.get("also", ())

            async def admitted(request: Request) -> Response:
                call = call_of(request.scope)
                call.template, call.open = template, route.rules.get("open", False)
                if seconds := route.rules.get("seconds"):
                    call.extend(seconds)
                request.state.caller = call.caller = await gate.admit(request, route.access, also)
                if filters and request.query_params:
                    require_known(request.query_params, known)
                if reads:
                    request = await read(request, body.media_types, body.max_bytes, parsed=model)
                try:
                    return await handle(request)
                finally:
                    if route.method != "GET":
                        gate.changed(route.access)

            return admitted

    return Admitting
