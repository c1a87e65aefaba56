"""The reference of the routes: OpenAPI 3.1, and a page that shows it without a script or anybody else's server.

Everything comes from what the routes declare. What a route does not say, such as the problems that every one answers
with, follows from how it is declared, so none can forget it.

Spec: https://spec.openapis.org/oas/v3.1.1
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from node.documents import JsonValue
from node.http.access import PUBLIC
from node.http.body import JSON
from node.http.door import Answer, DeclaredRoute
from node.http.idempotency import FORM as IDEMPOTENCY_FORM
from node.http.idempotency import HEADER as IDEMPOTENCY_KEY
from node.http.problems import MEDIA_TYPE, PROBLEMS

SCHEME: Final = "apiKey"
_DESCRIPTION: Final = (
    "A node for micro-credentials: it issues, publishes and verifies W3C Verifiable Credentials.\n\n"
    "Errors are problem details (RFC 9457) with a stable `code` and a `remedy`. Where a route names the "
    "header `Idempotency-Key`, a request that has it may be sent again: it counts once."
)
_ONCE: Final[dict[str, Any]] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "A name for this request, as a UUID: sent again with the same content, it counts once.",
    "schema": {"type": "string", "pattern": f"^(?:{IDEMPOTENCY_FORM})$"},
}
_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "remedy", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "remedy": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {
                    "in": {"type": "string"},
                    "pointer": {"type": "string"},
                    "message": {"type": "string"},
                    "allowed": {"type": "string"},
                },
            },
        },
    },
}
_CODE: Final = re.compile("`([^`]+)`")
APPROVAL: Final = "Glejt-Approval"
"""The header that names what a second person has agreed to: it may name nothing, or something else."""
_ALWAYS: Final = (400, 408, 429, 500, 503)
"""Problems that any route may answer with; 408 where a body is read."""


def described(app: FastAPI, public_url: str) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _described(app, public_url)
    return app.openapi_schema


def routes_of(app: FastAPI) -> list[DeclaredRoute]:
    """The routes, in the order in which they were added."""
    return [route for route in app.routes if isinstance(route, DeclaredRoute)]


def problems_of(route: DeclaredRoute) -> list[int]:
    """The statuses of problems that a route may answer with."""
    declared = route.declared
    found = {*_ALWAYS, 401, *declared.rules.get("problems", ())}
    if declared.access is not PUBLIC:
        found.add(403)
    if "{" in declared.path:
        found.add(404)
    if any(field.alias == APPROVAL for field in route.dependant.header_params):
        found |= {404, 409}
    if _takes_body(route):
        found |= {413, 415}
    else:
        found.discard(408)
    return sorted(found)


def _takes_body(route: DeclaredRoute) -> bool:
    return route.body_field is not None or route.declared.body is not None


def _described(app: FastAPI, public_url: str) -> dict[str, Any]:
    routes = routes_of(app)
    document = get_openapi(
        title=app.title,
        version=version("glejt"),
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
        servers=[{"url": public_url}],
        tags=[{"name": tag} for tag in dict.fromkeys(route.declared.tag for route in routes)],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for made_up in ("HTTPValidationError", "ValidationError"):
        schemas.pop(made_up, None)
    schemas["Problem"] = _PROBLEM_SCHEMA
    components["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": "A key of an organisation: `glejt_…`."}
    }
    for route in routes:
        operation = document["paths"][route.path_format][route.declared.method.lower()]
        _complete(operation, route)
    return document


def _complete(operation: dict[str, Any], route: DeclaredRoute) -> None:
    declared = route.declared
    public = declared.access is PUBLIC
    operation["security"] = [] if public else [{SCHEME: []}]
    if not public:
        operation["x-scope"] = str(declared.access.value)
        if also := declared.rules.get("also"):
            operation["x-scope-also"] = [str(scope.value) for scope in also]
    operation["responses"] = answers = _answers(declared.answers)
    for status in problems_of(route):
        told = answers.setdefault(str(status), {"description": HTTPStatus(status).phrase})
        problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
        told["content"] = told.get("content", {}) | {MEDIA_TYPE: problem}
    if declared.rules.get("once"):
        operation.setdefault("parameters", []).append(_ONCE)
    if declared.body is not None:
        body = operation.setdefault("requestBody", {"required": declared.body.required, "content": {}})
        for media_type in declared.body.media_types:
            shown = body["content"].setdefault(media_type, {})
            shown.setdefault("schema", schema_of(declared.body.example))
            shown["example"] = declared.body.example


def _answers(answers: Iterable[Answer]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for answer in answers:
        told = found.setdefault(str(answer.status), {"description": answer.description})
        if answer.example is not None:
            shown = {"schema": schema_of(answer.example, within=False), "example": answer.example}
            told.setdefault("content", {})[answer.media_type] = shown
        elif answer.media_type != JSON:
            told.setdefault("content", {})[answer.media_type] = {"schema": {"type": "string", "format": "binary"}}
    return found


_OBJECT: Final[dict[str, Any]] = {"type": ["object", "null"]}
_DOCUMENTS: Final = frozenset({"content", "credential", "verifiableCredential", "verifiablePresentation"})
"""Members that hold what others defined: an example of one shows one of its many forms."""
_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema_of(example: JsonValue, *, within: bool = True) -> dict[str, Any]:
    """The types that an example shows; there may be more, and any may have nothing to say.

    `within` also of objects in objects: in an answer those may be as somebody sent them, so of them nothing is said.
    """
    if isinstance(example, dict):
        told = {
            name: _OBJECT if isinstance(value, dict) and not within else schema_of(value, within=within)
            for name, value in example.items()
        }
        told |= {name: {} for name in _DOCUMENTS & example.keys()}
        return {"type": "object"} | ({"properties": told} if told else {})
    if isinstance(example, list):
        items = schema_of(example[0], within=within) if len(example) == 1 else {}
        return {"type": "array"} | ({"items": items} if items else {})
    return {} if example is None else {"type": [_TYPES[type(example)], "null"]}


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}"
    "h2{margin-top:2.5rem}code,pre{font:14px/1.4 ui-monospace,monospace}"
    "pre{background:#f3f3f3;padding:.75rem;overflow:auto}"
    "details{border-top:1px solid #bbb;padding:.5rem 0}summary{cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#242424}a{color:#8cf}}"
)
PAGE_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""The policy of the page: its one style, and nothing else."""


@cache
def page(document: bytes) -> bytes:
    """The reference as a page; `document` is the OpenAPI document in JSON."""
    told = orjson.loads(document)
    groups: dict[str, list[str]] = {tag["name"]: [] for tag in told["tags"]}
    models = told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_shown(method.upper(), path, operation, models))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>glejt: HTTP</title>'
        '<meta name="viewport" content="width=device-width"><style>'
        f"{_STYLE}</style></head><body><h1>glejt {escape(told['info']['version'])}</h1>"
        f"{''.join(f'<p>{_prose(part)}</p>' for part in told['info']['description'].split(chr(10) * 2))}"
        f'<p>The same for programs: <a href="/openapi.json">/openapi.json</a>. '
        f"Problems have a type that begins with <code>{PROBLEMS}</code>.</p>{body}</body></html>"
    ).encode()


def _shown(method: str, path: str, operation: dict[str, Any], models: dict[str, Any]) -> str:
    named = [operation["x-scope"], *operation.get("x-scope-also", ())] if "x-scope" in operation else []
    scopes = ", ".join(f"<code>{escape(each)}</code>" for each in named)
    said = operation.get("description", "").split("\n\n")
    parts = [f"<p>{_prose(part)}</p>" for part in said if part != operation["summary"]]
    parts.append(f"<p>Scope: {scopes}</p>" if scopes else "<p>Public.</p>")
    parts.append(
        _list(
            (each["name"], each["in"], each.get("required", False), each.get("description", ""))
            for each in operation.get("parameters", [])
        )
    )
    for media_type, shown in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(_example("Body", media_type, shown.get("example")))
        if model := models.get(shown["schema"].get("$ref", "").rpartition("/")[2]):
            needed = model.get("required", [])
            parts.append(
                _list(
                    (name, "member", name in needed, each.get("description", ""))
                    for name, each in model.get("properties", {}).items()
                )
            )
    for status, answer in operation["responses"].items():
        for media_type, shown in answer.get("content", {}).items():
            if media_type != MEDIA_TYPE:
                parts.append(_example(f"{status} {answer['description']}", media_type, shown.get("example")))
    told = ", ".join(status for status, each in operation["responses"].items() if MEDIA_TYPE in each.get("content", {}))
    parts.append(f"<p>Problems: {told}</p>")
    return (
        f"<details><summary><code>{method} {escape(path)}</code> {_prose(operation['summary'])}</summary>"
        f"{''.join(parts)}</details>"
    )


def _prose(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _list(entries: Iterable[tuple[str, str, bool, str]]) -> str:
    """Parameters and members: name, where, whether it has to be there, and what it is."""
    told = "".join(
        f"<li><code>{escape(name)}</code> ({where}{', required' if required else ''}) {_prose(what)}</li>"
        for name, where, required, what in entries
    )
    return told and f"<ul>{told}</ul>"


def _example(title: str, media_type: str, example: JsonValue) -> str:
    text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return f"<p>{escape(title)} <code>{escape(media_type)}</code></p><pre>{escape(text)}</pre>"


def as_markdown(app: FastAPI) -> str:
    """The table of all routes and who may call them, for the documentation."""
    lines = ["| method | path | who | what |", "|---|---|---|---|"]
    for route in sorted(routes_of(app), key=lambda each: (each.declared.tag, each.path_format, each.declared.method)):
        declared = route.declared
        scopes = () if declared.access is PUBLIC else (declared.access, *declared.rules.get("also", ()))
        who = ", ".join(f"`{scope.value}`" for scope in scopes) or "everybody"
        lines.append(
            f"| {declared.method} | `{route.path_format}` | {who} | {declared.summary.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(lines) + "\n"
