"""Addresses that lead inside, or that two readers read differently, in every field of the API that takes one."""

import asyncio
import itertools
import json
import os
import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hostile_documents import SRI
from hostile_hosts import ADDRESSES, AUTHORITIES, URLS
from hostile_watch import Watch, inward
from hosting_support import DIDS, key_of, make
from issuing_support import credential, working_node
from node_support import A
from samples import badge
from tenant_support import Things

from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.http.access import Scope
from node.verification.errors import FetchError

pytestmark = pytest.mark.threat(56)

MIRRORS = "/organisation/mirrors"
HOSTILE = [*(f"https://{authority}/x" for authority in AUTHORITIES), *URLS]
ENCODED = str.maketrans({":": "%3A"})
LONG = bool(os.environ.get("GLEJT_LONG"))


class Watched:
    """The one way out, as the node has it: which names were looked up, and where anything was connected to."""

    def __init__(self, monkeypatch):
        self.looked_up, self.connected, self.answer = [], [], ()
        guarded = GuardedFetch(Rules(), lookup=self.lookup)

        async def fetch(url):
            try:
                return (await guarded(url, accept="*/*", max_bytes=1000)).body
            except FetchError:
                return None

        async def connect(_loop, *where, **_more):
            self.connected.append(where)
            raise ConnectionRefusedError

        self.fetch = fetch
        monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connect)
        monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)

    async def lookup(self, host):
        self.looked_up.append(host)
        return self.answer


@pytest.fixture
def watched(node, monkeypatch):
    node.services.judges.fetch = (found := Watched(monkeypatch)).fetch
    return found


def test_the_corpus_is_as_large_as_was_asked_for():
    assert len(set(HOSTILE)) > 150
    assert len(ADDRESSES) > 50


async def test_no_hostile_address_is_mirrored(node):
    for url in HOSTILE:
        answer = await node.client.put(MIRRORS, json={"url": url}, headers=node.key("owner"))
        assert answer.status_code == 400, url
        assert len(url) < 12 or url not in answer.text
    listed = await node.client.get(MIRRORS, headers=node.key("owner"))
    assert listed.json() == {"mirrors": []}
    async with node.store.view(A) as view:
        assert await view.outbox.waiting() == ()


async def test_no_hostile_address_is_an_endpoint_of_a_service(node):
    made = await make(node, method="web", path=["school"])
    manager = await key_of(node, Scope.ORGANISATION_MANAGE, Scope.NODE_MANAGE)
    for url, kind in itertools.product(HOSTILE, ("LinkedDomains", "Catalogue")):
        sent = {"type": kind, "endpoints": ["https://university.example", url]}
        answer = await node.client.put(f"{DIDS}/{made['did']}/services/x", json=sent, headers=manager)
        assert answer.status_code == 400, (url, kind)
    unchanged = await node.client.get(f"{DIDS}/{made['did']}", headers=node.key("auditor"))
    assert unchanged.json()["document"] == made["document"]


async def test_no_hostile_host_is_asked_for_an_identifier(node, watched):
    scid = "QmWGMWtRx3wLH69CsKUqhcGHhaNKFbecwApCBNc56joCtX"
    for authority in AUTHORITIES:
        for name in (f"did:web:{authority.translate(ENCODED)}", f"did:webvh:{scid}:{authority.translate(ENCODED)}"):
            path = quote(name.encode(errors="surrogatepass"), safe="")
            answer = await node.client.get(f"/1.0/identifiers/{path}", headers=node.key("auditor"))
            assert answer.status_code in {400, 404, 500}, name
            assert answer.json().get("didDocument") is None
            assert answer.status_code != 500 or "didResolutionMetadata" in answer.json()
    assert (watched.looked_up, watched.connected) == ([], [])


@pytest.mark.parametrize("method", ["web", "webvh:QmWGMWtRx3wLH69CsKUqhcGHhaNKFbecwApCBNc56joCtX"])
async def test_no_name_that_leads_inside_is_connected_to(node, watched, method):
    for address in ADDRESSES:
        watched.answer = (address,)
        answer = await node.client.get(f"/1.0/identifiers/did:{method}:good.edu", headers=node.key("auditor"))
        assert answer.json()["didDocument"] is None
    assert set(watched.looked_up) == {"good.edu"}
    assert watched.connected == []
    watched.answer = ("8.8.8.8",)
    await node.client.get(f"/1.0/identifiers/did:{method}:good.edu", headers=node.key("auditor"))
    assert watched.connected, "the watch sees what is connected to"


# Every field of a request that takes an address, as the reference tells of them.

FORMATS = {"uri", "uri-reference", "iri", "iri-reference", "url", "hostname"}
NAMES = re.compile(
    r"(ur[li]s?|iris?|endpoints?|href|links?|address(es)?|domains?|origins?|homepage|web(site|hook)?|callback|image|"
    r"picture|logo|photo|dids?|issuer|controller|identifier|hosts?|verificationMethod)$|^keys?$",
    re.IGNORECASE,
)
SCHEMES = ("http:", "https:", "ws:", "wss:", "did:", "ftp:", "//")
IDENTIFIERS = {"did", "identifier", "issuer", "url", "uri", "host", "domain"}
"""Of names in paths, those that stand for something outside."""
FREE = {"credential", "verifiableCredential", "verifiablePresentation"}
"""Members that hold a document; a body in another form than JSON is one as a whole."""


@dataclass(frozen=True)
class Row:
    """How a field is tried: `good` is what it takes from somebody honest, and how that is answered."""

    good: str | None = None
    status: int = 200
    kind: str = "url"
    role: str = "owner"
    example: object = None
    shown: bool = False
    """Whether it is a link for people alone, who may be led to any place of the web."""


METHOD, DID, PROFILE = "<method>", "<did>", "<profile>"
IDENTIFIER, DOCUMENT, PICTURE = "identifier", "document", "picture"
DIDS_OF = "/organisation/dids/{did}"
ROWS = {
    ("PUT", MIRRORS, "url"): Row("https://elsewhere.example/status/2"),
    ("DELETE", MIRRORS, "?url"): Row("https://elsewhere.example/status/1", 204),
    ("PUT", f"{DIDS_OF}/services/{{service}}", "endpoints/0"): Row("https://university.example"),
    ("PUT", "/organisation/achievements/{achievement}/offer", "url"): Row(
        "https://school.example/welding", 204, shown=True
    ),
    ("GET", "/1.0/identifiers/{identifier}", "{identifier}"): Row(DID, kind=IDENTIFIER),
    ("GET", "/.well-known/jwt-vc-issuer/{issuer}", "{issuer}"): Row(None, 404),
    ("GET", DIDS_OF, "{did}"): Row(DID, kind=IDENTIFIER),
    ("POST", f"{DIDS_OF}/keys", "{did}"): Row(DID, 200, IDENTIFIER, example={"type": "P-256"}),
    ("POST", f"{DIDS_OF}/keys", "replaces"): Row(METHOD, 200, IDENTIFIER),
    ("PUT", f"{DIDS_OF}/services/{{service}}", "{did}"): Row(DID, 200, IDENTIFIER),
    ("DELETE", f"{DIDS_OF}/services/{{service}}", "{did}"): Row(DID, 200, IDENTIFIER),
    ("DELETE", DIDS_OF, "{did}"): Row(DID, 200, IDENTIFIER),
    ("POST", "/organisation/profiles", "key"): Row(
        METHOD, 201, IDENTIFIER, example={"id": "another", "form": "eddsa-jcs-2022", "options": {}}
    ),
    ("PATCH", "/organisation/profiles/{profile}", "key"): Row(None, 200, IDENTIFIER, example={"options": {}}),
    ("POST", "/organisation/webhooks", "url"): Row("https://university.example/hook", 201),
    ("PATCH", "/organisation/webhooks/{webhook}", "url"): Row(),
    ("POST", "/issuers/{profile}/credentials/issue", "credential"): Row("", 201, DOCUMENT, "issuer"),
    ("POST", "/credentials/verify", "verifiableCredential"): Row("", 400, DOCUMENT),
    ("POST", "/credentials/verify", ""): Row("", 400, DOCUMENT),
    ("POST", "/presentations/verify", "verifiablePresentation"): Row("", 400, DOCUMENT),
    ("POST", "/presentations/verify", ""): Row("", 400, DOCUMENT),
    ("POST", "/credentials/derive", "verifiableCredential"): Row("", 400, DOCUMENT),
    ("POST", "/claims/{token}", "verifiablePresentation"): Row("", 400, DOCUMENT),
    ("POST", "/claims/{token}", ""): Row("", 400, DOCUMENT),
    ("POST", "/claims/{token}/invitation", ""): Row("", 400, DOCUMENT),
    ("POST", "/organisation/runs", ""): Row("", 400, DOCUMENT),
    ("POST", "/organisation/status-lists/{list_id}/reconcile", ""): Row("", 400, DOCUMENT),
    ("POST", "/organisation/accreditations", ""): Row("", 400, DOCUMENT),
    ("POST", "/organisation/achievements", ""): Row("", 201, DOCUMENT, "designer"),
    ("PUT", "/organisation/achievements/{achievement}", ""): Row("", 200, DOCUMENT, "designer"),
    ("POST", "/organisation/pictures", ""): Row("", 201, PICTURE, "designer"),
}
"""Every field that takes an address, an identifier that leads to one, or a document with them in it."""
OTHERS = {("PUT", "/organisation/mail", "address"), ("POST", "/didcomm", "")}
"""A mailbox; and what is encrypted for this node, of which nothing is read before it is opened."""


def leaves_of(schema, document, path=()):
    """The texts in a body, by the schema of the reference; a member that says nothing of itself is one."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for other in schema.get("anyOf", ()):
        yield from leaves_of(other, document, path)
    for name, member in schema.get("properties", {}).items():
        yield from leaves_of(member, document, (*path, name))
    if "items" in schema:
        yield from leaves_of(schema["items"], document, (*path, 0))
    if "enum" not in schema and ("string" in schema.get("type", ()) or not schema):
        yield path, schema


def value_at(example, path):
    for step in path:
        try:
            example = example[step]
        except (KeyError, IndexError, TypeError):
            return None
    return example


def is_address(name, schema, shown):
    return (
        bool(NAMES.search(name))
        or schema.get("format") in FORMATS
        or (isinstance(shown, str) and shown.startswith(SCHEMES))
    )


def places(document):
    """Every field of the reference that takes an address, as `ROWS` names them."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            for place in (*named_outside(told), *inside(told.get("requestBody", {}).get("content", {}), document)):
                yield method.upper(), path, place


def named_outside(told):
    """Parameters that are addresses; of those in a path, the names of things of the node are none."""
    for each in told.get("parameters", ()):
        taken = is_address(each["name"], each["schema"], each.get("example"))
        if each["in"] == "query" and taken:
            yield f"?{each['name']}"
        if each["in"] == "path" and (each["name"] in IDENTIFIERS or each["schema"].get("format") in FORMATS):
            yield f"{{{each['name']}}}"


def inside(content, document):
    """Members of a body that are addresses; one in another form than JSON is a document as a whole."""
    if content.keys() - {"application/json"}:
        yield ""
        if FREE.isdisjoint(content.get("application/json", {}).get("schema", {}).get("properties", {})):
            return
    for media in content.values():
        for place, schema in leaves_of(media["schema"], document):
            name = next((step for step in reversed(place) if isinstance(step, str)), "")
            if name in FREE or is_address(name, schema, value_at(media.get("example"), place)):
                yield "/".join(map(str, place))


def test_every_field_that_takes_an_address_has_a_row(node):
    document = node.app.openapi()
    found = set(places(document))
    assert found - set(ROWS) - OTHERS == set(), "a field takes an address, and nobody tries it with hostile ones"
    there = {where for where in ROWS if where[0].lower() in document["paths"].get(where[1], {})}
    assert there - found == set(), "a field is tried that is not there any more"
    assert len(there) > 25


@pytest.mark.parametrize(
    "told",
    [
        {"parameters": [{"name": "callback", "in": "query", "schema": {"type": "string"}}]},
        {"parameters": [{"name": "x", "in": "path", "schema": {"type": "string", "format": "uri"}}]},
        *(
            {"requestBody": {"content": {"application/json": {"schema": schema, "example": example}}}}
            for schema, example in (
                ({"properties": {"webhook": {"type": "string"}}}, {}),
                ({"properties": {"a": {"properties": {"bUrl": {"type": ["string", "null"]}}}}}, {}),
                ({"properties": {"a": {"items": {"type": "string", "format": "uri"}}}}, {}),
                ({"properties": {"a": {"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}}}, {}),
                ({"properties": {"a": {"type": "string"}}}, {"a": "https://x.example"}),
                ({"properties": {"credential": {}}}, {}),
            )
        ),
        {"requestBody": {"content": {"application/vc": {"schema": {}}}}},
    ],
)
def test_a_new_field_that_takes_an_address_is_found(told):
    schemas = {"S": {"properties": {"logo": {"type": "string"}}}}
    assert list(places({"paths": {"/new": {"post": told}}, "components": {"schemas": schemas}}))


class Asking:
    """Requests with something of an organisation that has everything, and with one value in its place."""

    def __init__(self, node, ids):
        self.node, self.ids, self.document = node, ids, node.app.openapi()

    def filled(self, path, place, value):
        """The path with what the organisation has, and the value where the field stands in it."""
        for name in re.findall(r"{(\w+)}", path):
            text = value if place == f"{{{name}}}" else min(self.ids.get(name, {"x"}))
            path = path.replace(f"{{{name}}}", quote(text.encode(errors="surrogatepass"), safe=""))
        return path

    async def send(self, where, row, value):
        method, path, place = where
        request = {"headers": self.node.key(row.role)}
        told = self.document["paths"][path][method.lower()]
        if "requestBody" in told:
            body = told["requestBody"]["content"]["application/json"]["example"] if row.example is None else row.example
            if not place.startswith(("?", "{")):
                body = replaced(body, tuple(int(step) if step.isdigit() else step for step in place.split("/")), value)
            request["content"] = json.dumps(body)
            request["headers"]["Content-Type"] = "application/json"
        if place.startswith("?"):
            request["params"] = {place[1:]: value}
        return await self.node.client.request(method, self.filled(path, place, value), **request)

    def good(self, row):
        kinds = {METHOD: "method", DID: "did"}
        return min(self.ids[kinds[row.good]]) if row.good in kinds else row.good


def replaced(value, path, new):
    """A copy with another value at a place, which may be new."""
    step, *rest = path
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[step] = replaced(value[step], rest, new) if rest else new
    return copy


@pytest.fixture
def stage(node_template, tmp_path, runner, monkeypatch):
    """A node where an organisation has a thing of each kind, and an achievement that is published."""
    opening = working_node(tmp_path, template=node_template)
    node = runner.run(opening.__aenter__())
    things = runner.run(Things(node).make())
    achievement = f"/organisation/achievements/{min(things.ids['achievement'])}/publish"
    runner.run(things.call("POST", achievement, role="designer", json={"revision": 1}))
    yield node, Asking(node, things.ids), Watch(monkeypatch).over(node.services.judges)
    runner.run(opening.__aexit__(None, None, None))


SPELT = [f"did:web:{each.translate(ENCODED)}" for each in AUTHORITIES]
BY_SCID = [
    f"did:webvh:QmWGMWtRx3wLH69CsKUqhcGHhaNKFbecwApCBNc56joCtX:{each.translate(ENCODED)}" for each in AUTHORITIES
]
CORPUS = {
    "url": HOSTILE,
    IDENTIFIER: [*SPELT, *BY_SCID, *(f"{each}#key-1" for each in SPELT)],
}
SHARE = {"url": 2, IDENTIFIER: 5}
"""In the short run each field is tried with one of so many of the corpus, some eighty; the next field with others."""
SINGLE = {where: row for where, row in ROWS.items() if row.kind in CORPUS}


@pytest.mark.parametrize("kind", CORPUS)
async def test_no_field_of_a_request_leads_anywhere(stage, kind):
    """Each is tried until all of it was refused, beside something good, which is taken."""
    _, asking, watch = stage

    def there(where):
        return where[0].lower() in asking.document["paths"].get(where[1], {})

    for turn, (where, row) in enumerate(
        (where, row) for where, row in SINGLE.items() if row.kind == kind and there(where)
    ):
        every = CORPUS[kind] if LONG else CORPUS[kind][turn % SHARE[kind] :: SHARE[kind]]
        for value in every:
            answer = await asking.send(where, row, value)
            linked = (
                row.shown and answer.status_code == row.status and value.strip().lower().startswith(("http:", "https:"))
            )
            assert linked or 400 <= answer.status_code < 500 or is_result(answer), (where, value, answer.text)
        assert (watch.looked_up, watch.connected) == ([], []), where
    for where, row in sorted(SINGLE.items(), key=ends_something):
        if row.kind == kind and row.good is not None and there(where):
            answer = await asking.send(where, row, asking.good(row))
            assert answer.status_code == row.status, (where, answer.text)
    assert (watch.looked_up, watch.connected) == ([], [])


def ends_something(item):
    """What ends a key, then what ends a part of something, then what ends all of it: each after those that use it."""
    (method, path, place), _ = item
    return method == "DELETE", place == "replaces", -len(path)


def is_result(answer):
    """An answer that tells of an identifier that it is none: what the standard has 500 and 501 for."""
    return answer.headers.get("content-type") in {
        "application/did-resolution",
        "application/did-url-dereferencing",
    } and (answer.json().get("didDocument") is None)


def document_with(url, did):
    """A credential that has an address in every member that takes one, as far as nobody asks whether it may."""
    image = {"id": url, "type": "Image"}
    achievement = {"id": url, "image": image, "creator": {"id": url, "type": ["Profile"], "url": url}}
    return credential(
        did,
        evidence=[{"id": url, "type": ["Evidence"]}],
        credentialSchema=[{"id": url, "type": "JsonSchema", "digestSRI": SRI}],
        relatedResource=[{"id": url, "digestSRI": SRI}],
        credentialSubject={
            "type": ["AchievementSubject"],
            "achievement": badge()["credentialSubject"]["achievement"]
            | achievement
            | {"alignment": [{"type": ["Alignment"], "targetName": "A", "targetUrl": url}]},
        },
    )


def draft_with(url):
    return {
        "image": {"id": url},
        "criteria": {"id": url, "narrative": "N"},
        "related": [{"id": url, "type": ["Related"]}],
    }


def svg_with(url):
    text = url.encode("ascii", "xmlcharrefreplace").decode().replace("&#", "&amp;#").replace('"', "").replace("<", "")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9">'
        f'<image href="{text}" x:href="{text}" width="1" height="1"/><use href="{text}"/>'
        f'<rect width="9" height="9" style="fill:url({text})"/></svg>'
    ).encode("utf-8", "replace")


def bodies(where, node, did):
    """Of each field that takes a document: how one with an address in it is sent, and its kind."""
    example = node.app.openapi()["paths"]["/organisation/achievements"]["post"]["requestBody"]["content"]

    def body(url):
        if where[2] in FREE:
            return {where[2]: document_with(url, did)}
        if "achievements" in where[1]:
            return example["application/json"]["example"] | draft_with(url)
        return document_with(url, did)

    return lambda url: (
        json.dumps(body(url)).encode(),
        "application/json" if where[2] or "ach" in where[1] else "application/vc",
    )


@pytest.mark.parametrize("where", [where for where, row in ROWS.items() if row.kind == DOCUMENT], ids=str)
async def test_no_document_that_is_handed_in_leads_anywhere(stage, where):
    """Neither where it is read, nor where it is signed or kept; what is signed in it is nothing that was looked up."""
    node, asking, watch = stage
    row, did = ROWS[where], (await node.client.get("/organisation/profiles", headers=node.key("owner"))).json()
    issuer = did["profiles"][0]["did"]
    make = bodies(where, node, issuer)
    watch.names = inward(list(ADDRESSES)[::8])
    names = [f"https://{host}/x" for host in watch.names]
    statuses = set()
    for value in [*(HOSTILE if LONG else HOSTILE[::4]), *names, *SPELT[:: 1 if LONG else 8]]:
        content, kind = make(value)
        headers, path = node.key(row.role) | {"Content-Type": kind}, asking.filled(where[1], "", "")
        if where[0] == "PUT":
            headers["If-Match"] = (await node.client.get(path, headers=headers)).headers["etag"]
        answer = await node.client.request(where[0], path, content=content, headers=headers)
        assert answer.status_code < 500, (value, answer.text)
        statuses.add(answer.status_code)
    assert (watch.looked_up, watch.connected) == ([], [])
    assert statuses <= {row.status, *range(400, 500)}
    assert row.status in statuses or row.status == 400, answer.text


async def test_no_picture_leads_anywhere(stage):
    node, _, watch = stage
    watch.names = inward(list(ADDRESSES)[::8])
    headers = node.key("designer") | {"Content-Type": "image/svg+xml"}
    for value in [*HOSTILE, *(f"https://{host}/x" for host in watch.names)]:
        answer = await node.client.post("/organisation/pictures", content=svg_with(value), headers=headers)
        assert answer.status_code in {201, 400, 422}, (value, answer.text)
    assert (watch.looked_up, watch.connected) == ([], [])
