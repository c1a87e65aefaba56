"""Addresses that lead inside, or that two readers read differently, in every field of the API that takes one."""

import asyncio
import itertools
import json
from urllib.parse import quote

import pytest
from hostile_hosts import ADDRESSES, AUTHORITIES, URLS
from hosting_support import DIDS, key_of, make
from node_support import A

from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.http.access import Scope
from node.verification.errors import FetchError

pytestmark = pytest.mark.threat(56)

MIRRORS = "/organisation/mirrors"
HOSTILE = [*(f"https://{authority}/x" for authority in AUTHORITIES), *URLS]
ENCODED = str.maketrans({":": "%3A"})
METADATA = "https://169.254.169.254/latest/meta-data/"
SHARE = 2
"""Of the corpus, so many go into each field that the reference has; another share into the next."""


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


def fields_of(value, path=()):
    """The places in an example whose values are addresses or identifiers that lead to one."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from fields_of(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from fields_of(member, (*path, index))
    elif isinstance(value, str) and value.startswith(("http://", "https://", "did:", "wss://")):
        yield path


def replaced(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def examples_of(body):
    for media in body["content"].values():
        yield from ([media["example"]] if "example" in media else [])
        yield from (each["value"] for each in media.get("examples", {}).values())


async def operations(node):
    """Every operation of the reference that takes a body with addresses in it, with the example and the places."""
    reference = (await node.client.get("/openapi.json")).json()
    for path, methods in reference["paths"].items():
        for method, told in methods.items():
            if isinstance(told, dict) and "requestBody" in told:
                for example in examples_of(told["requestBody"]):
                    for field in fields_of(example):
                        yield method, path, example, field


async def test_no_field_of_the_reference_leads_anywhere(node, watched):
    corpus = itertools.cycle([*HOSTILE, *(f"did:web:{each.translate(ENCODED)}" for each in AUTHORITIES)])
    seen = set()
    keys = {role: node.key(role) for role in ("owner", "issuer", "designer")}
    async for method, path, example, field in operations(node):
        seen.add((path, field))
        place = path.replace("{did}", "did:web:node.example:x")
        for name in ("{profile}", "{award}", "{service}", "{achievement}", "{approval}", "{key}", "{list}"):
            place = place.replace(name, "x")
        for value, role in zip([METADATA, *itertools.islice(corpus, SHARE)], itertools.cycle(keys), strict=False):
            body = json.dumps(replaced(example, field, value))
            headers = {**keys[role], "Content-Type": "application/json"}
            answer = await node.client.request(method, place, content=body, headers=headers)
            assert answer.status_code < 500, (path, field, value, answer.text)
    assert {("/organisation/mirrors", ("url",))} <= seen
    assert len(seen) >= 8
    assert watched.connected == []
    inner = {host for host in watched.looked_up if not host.endswith((".example", ".org", ".edu"))}
    assert inner == set()
