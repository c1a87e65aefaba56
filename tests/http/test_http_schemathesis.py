"""Row 84: no request makes the node fail, whoever sends it, and every answer is one that the reference tells of.

Requests are made of the reference, right ones and wrong ones; and in stories, where what one request made is what the
next one asks for. GLEJT_LONG=1 defines ten thousand and more; the short run is the same each time.
"""

import asyncio
import json
import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from node_support import PUBLIC_URL, ROLE_SCOPES, A, running_node
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from node.http.access import PUBLIC
from node.http.reference import routes_of
from node.ports.api_keys import authenticate


def not_a_failure(context, response, case):
    """No 5xx; but of a DID whose method is not known, or whose document is none, the specification wants one."""
    if "application/did-resolution" not in response.headers.get("content-type", []):
        return not_a_server_error(context, response, case)
    return None


CHECKS = [not_a_failure, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ["anonymous", *ROLE_SCOPES]
LONG = bool(os.environ.get("GLEJT_LONG"))
EACH = 20 if LONG else 1
"""Requests of each kind, of each route, by each role that may call it."""
STORIES, STEPS = (60, 12) if LONG else (2, 6)
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
        self.opening, self.node, self.sent = None, None, 0
        self.open()

    def open(self):
        folder = self.folder / secrets.token_hex(4)
        folder.mkdir()
        self.opening = running_node(folder, template=self.template)
        self.node = self.runner.run(self.opening.__aenter__())

    def close(self):
        self.runner.run(self.opening.__aexit__(None, None, None))

    def ready(self):
        """Begin anew where this caller is nobody any more."""
        if self.role == "anonymous":
            return
        key = self.node.keys[A, self.role]
        if self.runner.run(authenticate(self.node.store, key, self.node.clock())) is None:
            self.close()
            self.open()

    def send(self, case):
        """Send a request as this caller, and have its answer looked at."""
        try:
            request = requests.Request(**case.as_transport_kwargs(base_url=PUBLIC_URL)).prepare()
        except (requests.exceptions.RequestException, UnicodeError):
            assume(False)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        headers |= {} if self.role == "anonymous" else self.node.key(self.role)
        answer = self.runner.run(
            self.node.client.request(request.method, request.url, headers=headers, content=request.body)
        )
        self.sent += 1
        named = {name.lower(): answer.headers.get_list(name) for name in answer.headers}
        response = Response(answer.status_code, named, answer.content, request, 0.0, verify=False)
        case.validate_response(response, checks=CHECKS)
        return response


@contextmanager
def stage(template, role):
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
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


@pytest.mark.threat(84)
@pytest.mark.parametrize("role", ROLES)
def test_no_request_makes_the_node_fail(node_template, role):
    with stage(node_template, role) as stand:
        schema = schemathesis.openapi.from_dict(stand.node.app.openapi())
        wanted, failures = open_to(stand.node, role), []
        operations = [found.ok() for found in schema.get_all_operations() if found.ok().label in wanted]
        assert len(operations) == len(wanted)
        for operation in operations:
            for mode in modes_of(schema[operation.path][operation.method].definition.raw):

                @settings(USUAL, max_examples=EACH)
                @given(operation.as_strategy(generation_mode=mode))
                def one(case):
                    stand.ready()
                    stand.send(case)

                try:
                    one()
                except Unsatisfiable:
                    assert mode is GenerationMode.NEGATIVE, "of this operation nothing can be wrong"
                except FailureGroup as found:
                    failures.append(
                        f"{operation.label}: {found.message}: {[each.message for each in found.exceptions]}"
                    )
        assert not failures
        assert stand.sent >= len(wanted)


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

        Story.run(settings=settings(USUAL, max_examples=STORIES, stateful_step_count=STEPS))
        assert stand.sent
