"""Row 84: no request makes the node fail, whoever sends it, and every answer is one that the reference tells of.

Requests are made of the reference, right ones and wrong ones; and in stories, where what one request made is what the
next one asks for. GLEJT_LONG=1 sends ten thousand and more as each role; the short run is the same each time.
"""

import asyncio
import json
import math
import os
import secrets
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis.errors import FlakyStrategyDefinition, Unsatisfiable
from node_support import PUBLIC_URL, ROLE_SCOPES, A, running_node
from run_support import tables_here
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from did_methods.resolution import Problem
from did_methods.resolution_result import WORDS
from node.http.access import PUBLIC
from node.http.reference import routes_of
from node.http.routes import conversations, run_results
from node.http.routes.resolution import STATUS
from node.ports.api_keys import authenticate

RESULTS = ("application/did-resolution", "application/did-url-dereferencing", "application/ld+json")
OLDER_WORDS = {word: problem for problem, word in WORDS.items()}


def not_a_failure(context, response, case):
    """No 5xx.

    But for the result of a resolution: of a method that nobody knows, or a document that is none, the standard
    prescribes 501 or 500 (https://www.w3.org/TR/did-resolution/#bindings-https). There the status has to be the one of
    the problem that is told, and a node that failed answers with a problem of its own, in another form.
    """
    (kind,) = response.headers.get("content-type", [""])
    if response.status_code < 500 or kind.partition(";")[0] not in RESULTS:
        return not_a_server_error(context, response, case)
    told = json.loads(response.content)
    error = told.get("didResolutionMetadata", told.get("dereferencingMetadata"))["error"]
    problem = Problem(error["type"]) if isinstance(error, dict) else OLDER_WORDS[error]
    assert STATUS.get(problem, 500) == response.status_code, f"{problem} was answered with {response.status_code}"
    return None


CHECKS = [not_a_failure, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ["anonymous", *ROLE_SCOPES]
LONG = bool(os.environ.get("GLEJT_LONG"))
REQUESTS, STORIES = (8_000, 2_000) if LONG else (0, 0)
"""Requests of each role, at least: each for itself, and in stories. The short run sends one of each kind."""
MOST_OF_A_KIND = 500
"""Of one operation, right or wrong, before the others have their turn again."""
STEPS, TOLD = (12, 100) if LONG else (6, 2)
"""How long a story is, and how many are told in one go."""
HANGS_SECONDS = 120.0
"""The node gives up by itself long before, on any machine."""
RENEWED = 2_000
"""Requests after which a node begins anew: what they all made is not to be what is measured."""
USUAL = settings(
    deadline=None,
    database=None,
    derandomize=not LONG,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer(
    "application/vc", "application/vc+jwt", "application/statuslist+jwt", "image/png", "image/svg+xml"
)
def as_bytes(_, value):
    """What stands for itself is sent as it is, and everything else as JSON."""
    return (
        value
        if isinstance(value, bytes)
        else str(value).encode()
        if isinstance(value, str)
        else json.dumps(value).encode()
    )


class Stage:
    """A node that is there until a request has ended the caller's key or organisation; then a new one."""

    def __init__(self, runner, template, folder, role):
        self.runner, self.template, self.folder, self.role = runner, template, Path(folder), role
        self.opening, self.node, self.sent, self.renewed, self.failures = None, None, 0, 0, []
        self.open()

    def open(self):
        folder = self.folder / secrets.token_hex(4)
        folder.mkdir()
        self.opening = running_node(folder, template=self.template, tables=tables_here())
        self.node = self.runner.run(self.opening.__aenter__())

    def close(self):
        self.runner.run(self.opening.__aexit__(None, None, None))

    def ready(self):
        """Begin anew where this caller is nobody any more, or enough was sent to this node."""
        if self.sent < self.renewed + RENEWED and (self.role == "anonymous" or self.is_somebody()):
            return
        self.renewed = self.sent
        self.close()
        self.open()

    def is_somebody(self):
        key = self.node.keys[A, self.role]
        return self.runner.run(authenticate(self.node.store, key, self.node.clock())) is not None

    def send(self, case):
        """Send a request as this caller, and have its answer looked at."""
        try:
            request = requests.Request(**case.as_transport_kwargs(base_url=PUBLIC_URL)).prepare()
        except (requests.exceptions.RequestException, UnicodeError):
            assume(False)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        headers |= {} if self.role == "anonymous" else self.node.key(self.role)
        asking = self.node.client.request(request.method, request.url, headers=headers, content=request.body)
        answer = self.runner.run(asyncio.wait_for(asking, HANGS_SECONDS))
        self.sent += 1
        named = {name.lower(): answer.headers.get_list(name) for name in answer.headers}
        response = Response(answer.status_code, named, answer.content, request, 0.0, verify=False)
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, AssertionError) as found:
            self.failures.append(f"{request.method} {request.url}: {getattr(found, 'exceptions', found)}")
            raise
        return response


@contextmanager
def stage(template, role):
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversations, "EVENTS_SECONDS", 0.0)  # nobody listens on
        patch.setattr(run_results, "STREAM_SECONDS", 0.0)
        made = Stage(runner, template, folder, role)
        try:
            yield made
        finally:
            made.close()


def open_to(node, role):
    """The operations that a role gets past the door of, as `GET /path`; those for everybody are tried by two."""
    may = ROLE_SCOPES.get(role, frozenset()) | ({PUBLIC} if role in {"anonymous", "owner"} else set())
    return {
        f"{route.declared.method} {route.path_format}" for route in routes_of(node.app) if route.declared.access in may
    }


def modes_of(told):
    """Right requests, and wrong ones, where there is anything but words in the address that could be wrong."""
    places = {each["in"] for each in told.get("parameters", ())} | ({"body"} if "requestBody" in told else set())
    return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if places - {"path"} else [])]


def kinds_of(operations, schema):
    return [
        (operation, mode)
        for operation in operations
        for mode in modes_of(schema[operation.path][operation.method].definition.raw)
    ]


def sent_of(stand, operation, mode, examples, turn):
    """What was found wrong with requests of one kind."""

    @seed(turn)
    @settings(USUAL, max_examples=examples)
    @given(operation.as_strategy(generation_mode=mode))
    def one(case):
        stand.ready()
        stand.send(case)

    try:
        one()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "of this operation nothing can be wrong"
    except FailureGroup as found:
        return [f"{operation.label}: {found.message}: {[each.message for each in found.exceptions]}"]
    except AssertionError as found:
        return [f"{operation.label}: {found}"]
    return []


@pytest.mark.threat(84)
@pytest.mark.parametrize("role", ROLES)
def test_no_request_makes_the_node_fail(node_template, role):
    """As many of each kind as there are to be had: of what takes nothing there is one."""
    with stage(node_template, role) as stand:
        schema = schemathesis.openapi.from_dict(stand.node.app.openapi())
        wanted, failures = open_to(stand.node, role), []
        operations = [found.ok() for found in schema.get_all_operations() if found.ok().label in wanted]
        assert len(operations) == len(wanted)
        kinds, turn = kinds_of(operations, schema), 0
        while kinds:
            each, left = min(MOST_OF_A_KIND, max(1, math.ceil((REQUESTS - stand.sent) / len(kinds)))), []
            for operation, mode in kinds:
                before = stand.sent
                found = sent_of(stand, operation, mode, each, turn)
                failures += found
                if not found and stand.sent - before > each // 2:
                    left.append((operation, mode))
            kinds, turn = left if stand.sent < REQUESTS else [], turn + 1
        assert not failures
        assert stand.sent >= max(REQUESTS, len(wanted))


@pytest.mark.threat(84)
@pytest.mark.parametrize("role", [role for role in ROLES if role not in {"anonymous", "program"}])
def test_no_story_makes_the_node_fail(node_template, role):
    with stage(node_template, role) as stand:
        document = stand.node.app.openapi()
        wanted = open_to(stand.node, role)
        paths = {
            path: {method: each for method, each in methods.items() if f"{method.upper()} {path}" in wanted}
            for path, methods in document["paths"].items()
        }
        schema = schemathesis.openapi.from_dict(
            document | {"paths": {path: each for path, each in paths.items() if each}}
        )

        class Story(schema.as_state_machine()):
            def setup(self):
                stand.ready()

            def call(self, case, **_):
                return stand.send(case)

            def validate_response(self, *_, **__):
                """It was looked at."""

        while True:
            before = stand.sent
            with suppress(FlakyStrategyDefinition):  # what a node made was another one than in the story before
                Story.run(settings=settings(USUAL, max_examples=TOLD, stateful_step_count=STEPS))
            assert not stand.failures
            assert stand.sent > before
            if stand.sent >= STORIES:
                break
