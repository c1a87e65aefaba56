"""The reference says all of every route; what is committed of it is what the program has."""

import json
import os
from html.parser import HTMLParser

import pytest
from jsonschema_rs import validator_for
from support import ROOT

from node.http.access import PUBLIC, Scope
from node.http.reference import PAGE_POLICY, as_markdown, routes_of

PAGE = ROOT / "docs" / "reference" / "http.md"
BEGIN, END = "<!-- routes -->\n", "<!-- end of routes -->\n"
EMPTY = {204, 302, 303, 304}
BARE = {"POST /didcomm: 202"}
"""An answer that says nothing, as DIDComm has it."""


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_every_route_is_told_whole(node):
    """A sentence, a group, an access, an example of each body and of each answer, and each problem."""
    document = (await node.client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"]
    groups = {tag["name"] for tag in document["tags"]}
    lacking = []
    for name, operation in operations(document):
        lacking += [f"{name}: a sentence"] * (not operation["summary"].endswith((".", "?")))
        lacking += [f"{name}: a group"] * (set(operation["tags"]) - groups != set())
        lacking += [f"{name}: security"] * ("security" not in operation)
        for kind, shown in operation.get("requestBody", {}).get("content", {}).items():
            lacking += [f"{name}: an example of {kind}"] * (shown.get("example") is None)
        if name.split()[0] in {"POST", "PUT", "PATCH"} and "requestBody" in operation:
            lacking += [f"{name}: 413"] * ("413" not in operation["responses"])
        for status, answer in operation["responses"].items():
            if int(status) < 400 and int(status) not in EMPTY and f"{name}: {status}" not in BARE:
                shown = [
                    each.get("example") or each["schema"].get("format") for each in answer.get("content", {}).values()
                ]
                lacking += [f"{name}: an example of {status}"] * (not shown or None in shown)
            if int(status) >= 400:
                lacking += [f"{name}: {status} as a problem"] * (not answer.get("content"))
    assert not lacking


async def test_who_may_call_is_told(node):
    document = (await node.client.get("/openapi.json")).json()
    for route in routes_of(node.app):
        operation = document["paths"][route.path_format][route.declared.method.lower()]
        if route.declared.access is PUBLIC:
            assert operation["security"] == []
        else:
            assert operation["security"] == [{"apiKey": []}]
            assert operation["x-scope"] in set(Scope)
            assert "403" in operation["responses"]


async def test_examples_of_bodies_fit_their_models(node):
    document = (await node.client.get("/openapi.json")).json()
    for name, operation in operations(document):
        for kind, shown in operation.get("requestBody", {}).get("content", {}).items():
            schema = shown["schema"] | {"components": document["components"]}
            assert validator_for(schema).is_valid(shown["example"]), (name, kind)


class Reading(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


async def test_the_page_shows_every_route_and_loads_nothing(node):
    answer = await node.client.get("/docs")
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    page = Reading(answer.text)
    assert not page.tags & {"script", "link", "img", "iframe", "form", "object", "embed", "base"}
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "name", "content", "href"}
    assert {value for name, value in page.attributes if name == "href"} == {"/openapi.json"}
    for route in routes_of(node.app):
        assert f"<code>{route.declared.method} {route.path_format}</code>" in answer.text


@pytest.mark.threat(82)
async def test_the_header_is_named_where_a_request_counts_once_and_nowhere_else(node):
    """As the modules of the routes have it: whoever reads the key of a request says so in the reference."""
    document = (await node.client.get("/openapi.json")).json()
    named = {
        name
        for name, operation in operations(document)
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    }
    assert named == {
        f"{route.declared.method} {route.path_format}"
        for route in routes_of(node.app)
        if "`Idempotency-Key`" in route.declared.handler.__doc__
    }
    assert "POST /issuers/{profile}/credentials/issue" in named


async def test_the_page_names_parameters_and_members(node):
    text = (await node.client.get("/docs")).text
    assert "<code>If-Match</code> (header" in text
    assert "<code>label</code> (member, required)" in text
    assert "<code>options</code> (member) <code>status</code>: purposes" in text


async def test_models_have_names_of_their_own_and_documents_any_form(node):
    document = (await node.client.get("/openapi.json")).json()
    assert not [name for name in document["components"]["schemas"] if "__" in name]
    for path, member in {
        "/issuers/{profile}/credentials/issue": "credential",
        "/credentials/verify": "verifiableCredential",
    }.items():
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        validator = validator_for(content["schema"])
        assert validator.is_valid({member: {"issuer": "did:key:z6Mk", "credentialStatus": [{}, {}]}})


async def test_the_example_of_a_rejection_is_one(node):
    document = (await node.client.get("/openapi.json")).json()
    for path in ("/credentials/verify", "/presentations/verify"):
        told = document["paths"][path]["post"]["responses"]["400"]["content"]["application/json"]["example"]
        assert (told["verified"], told["report"]["verdict"]) == (False, "rejected")
        assert told["errors"]


@pytest.mark.threat(76)
def test_the_committed_list_of_routes_is_the_programs(node):
    """A route that is new or whose access changes turns this red: GLEJT_WRITE=1 writes the list, to be looked at."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    listed, _, after = rest.partition(END)
    if os.environ.get("GLEJT_WRITE"):
        PAGE.write_text(before + BEGIN + as_markdown(node.app) + END + after, "utf-8")
    else:
        assert listed == as_markdown(node.app)


def test_the_document_is_json(node):
    assert json.loads(json.dumps(node.app.openapi()))["paths"]
