"""The application: all routes, what stands around them, and nothing that was not declared."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from node.exchange.didcomm.inviting import SOCKET_PATH
from node.http.access import Gate
from node.http.call import call_of
from node.http.door import Declared, DeclaredRoute, Door, route_class
from node.http.frame.bounded import Bounded
from node.http.frame.guarded import Guarded
from node.http.frame.observed import Observed
from node.http.frame.paced import Paced
from node.http.frame.sockets import Sockets
from node.http.frame.timed import Timed
from node.http.invalid import told_of
from node.http.problems import STATUS_OF, ProblemError, as_problem, rendered
from node.http.reference import described
from node.http.routes import (
    achievements,
    aftercare,
    api_keys,
    approvals,
    audit,
    award_desk,
    awards,
    catalogue,
    chain_records,
    claims,
    conversations,
    credentials,
    didcomm,
    dids,
    downloads,
    erasures,
    exports,
    health,
    members,
    mirrors,
    observation,
    organisations,
    outbox,
    pictures,
    presentations,
    profiles,
    published,
    published_achievements,
    reference,
    register,
    resolution,
    run_results,
    runs,
    statements,
    status_lists,
    webhooks,
    withdrawals,
)
from node.http.routes.didcomm import SocketTakes
from node.http.services import Services

ROUTES: Final[tuple[Callable[[Services], Door], ...]] = (
    credentials.routes,  # asked most, and looked for in this order
    presentations.routes,
    health.routes,
    observation.routes,
    reference.routes,
    dids.routes,
    resolution.routes,
    downloads.routes,
    claims.routes,
    award_desk.routes,
    awards.routes,
    runs.routes,
    run_results.routes,
    aftercare.routes,
    withdrawals.routes,
    erasures.routes,
    exports.routes,
    webhooks.routes,
    mirrors.routes,
    published.routes,
    members.routes,
    api_keys.routes,
    profiles.routes,
    chain_records.routes,
    approvals.routes,
    audit.routes,
    organisations.routes,
    outbox.routes,
    status_lists.routes,
    achievements.routes,
    pictures.routes,
    statements.routes,
    published_achievements.routes,
    catalogue.routes,
    register.routes,
    didcomm.routes,
    conversations.routes,
)
_SILENT: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""What the framework would tell of a request, with addresses and texts of errors, is told by `node.http.telemetry`."""


class UndeclaredRouteError(Exception):
    """A route does not say who may call it, or what it does."""


def application(services: Services, routes: Iterable[Callable[[Services], Door]] = ROUTES) -> FastAPI:
    """The node's application; raises UndeclaredRouteError where a route was added past the door."""
    gate, told = Gate(services), (*STATUS_OF, ProblemError, HTTPException, RequestValidationError)
    app = FastAPI(
        title="glejt",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=_SILENT,
        middleware=_rings(services),
        exception_handlers=dict.fromkeys(told, _told),
    )
    for make in routes:
        for declared in make(services).declared:
            _add(app, gate, declared)
    require_declared(app)
    app.openapi = partial(described, app, services.public_url)  # type: ignore[method-assign]  # as the framework has it
    return app


def require_declared(app: FastAPI) -> None:
    """Raise UndeclaredRouteError for whatever answers without having said to whom."""
    for route in app.routes:
        if not isinstance(route, DeclaredRoute):
            raise UndeclaredRouteError(f"the route {getattr(route, 'path', route)} does not say who may call it")


def _rings(services: Services) -> list[Middleware]:
    """As `node.http.frame` tells of them, the outermost first."""
    limits, telemetry = services.limits, services.telemetry
    return [
        Middleware(Sockets, SOCKET_PATH, SocketTakes(services.conversing.agent, telemetry), telemetry, limits),
        Middleware(Guarded, https=services.public_url.startswith("https:")),
        Middleware(Bounded, telemetry, in_flight=limits.in_flight, without_key=limits.without_key),
        Middleware(Paced, telemetry, limits),
        Middleware(Observed, telemetry),
        Middleware(Timed, limits.seconds),
    ]


def _add(app: FastAPI, gate: Gate, declared: Declared) -> None:
    if not declared.summary:
        raise UndeclaredRouteError(f"{declared.method} {declared.path} has no docstring, which is its description")
    app.router.add_api_route(
        declared.path,
        declared.handler,
        methods=[declared.method],
        tags=[declared.tag],
        summary=declared.summary,
        status_code=declared.answers[0].status,
        response_model=None,
        route_class_override=route_class(gate, declared),
    )


async def _told(request: Request, error: Exception) -> Response:
    call, problem = call_of(request.scope), _problem(request, error)
    call.problem = problem.code
    return rendered(problem, call.id)


def _problem(request: Request, error: Exception) -> ProblemError:
    if isinstance(error, RequestValidationError):
        return told_of(error)
    if not isinstance(error, HTTPException):
        return as_problem(error)
    methods = _methods_of(request)
    if methods:
        return ProblemError(
            405,
            "request.method",
            "the resource does not take this method",
            f"Use {' or '.join(methods)}.",
            headers={"Allow": ", ".join(methods)},
        )
    if error.status_code == 404:  # noqa: PLR2004 -- the framework's
        return ProblemError(404, "request.not_found", "there is no such resource", "See /docs for what there is.")
    return ProblemError(error.status_code, "request.invalid", "the request is not as it should be", "See /docs.")


def _methods_of(request: Request) -> list[str]:
    """What the resource takes, where it is one."""
    path: str = request.scope["path"]
    routes: list[Any] = [route for route in request.app.routes if route.path_regex.match(path)]
    methods = {method for route in routes for method in route.methods}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
