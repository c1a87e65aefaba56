"""Row 78: there is no login that a page of somebody else could ride on: a key counts in its one header alone."""

import re

import pytest
from node_support import A

from node.http.access import PUBLIC
from node.http.reference import routes_of

FORGED = {
    "Origin": "https://elsewhere.example",
    "Referer": "https://elsewhere.example/",
    "Sec-Fetch-Site": "cross-site",
}


def ways(key):
    """What a browser could be made to send by itself, and what a careless program puts somewhere else."""
    yield {"headers": {"Cookie": f"Authorization=Bearer {key}; key={key}; session={key}"}}
    yield {"params": {"key": key, "api_key": key, "access_token": key}}
    yield {"auth": ("glejt", key)}
    yield {"headers": {"X-API-Key": key, "Proxy-Authorization": f"Bearer {key}"}}
    yield {"content": f"access_token={key}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


@pytest.mark.threat(78)
async def test_no_route_lets_in_whom_a_page_of_somebody_else_sends(node):
    key, asked = node.keys[A, "owner"], 0
    for route in routes_of(node.app):
        if route.declared.access is PUBLIC or route.declared.access == "verify":
            continue
        path = re.sub(r"{\w+}", "x", route.path_format)
        for way in ways(key):
            headers = FORGED | way.get("headers", {})
            answer = await node.client.request(route.declared.method, path, **(way | {"headers": headers}))
            assert answer.status_code == 401, (route.declared.method, path, way)
            assert "access-control-allow-origin" not in answer.headers
            asked += 1
    assert asked > 250
    let_in = await node.client.get("/organisation", headers=node.key("owner") | FORGED)
    assert let_in.status_code == 200, "the header counts, whoever sends it"
    assert "access-control-allow-origin" not in let_in.headers, "and no page of another origin reads the answer"


@pytest.mark.threat(78)
async def test_no_answer_leaves_anything_in_a_browser_or_leads_it_away(node):
    for route in routes_of(node.app):
        path = re.sub(r"{\w+}", "https:%2F%2Felsewhere.example", route.path_format)
        for role in ("owner", "node"):
            answer = await node.client.request(
                route.declared.method,
                path,
                headers=node.key(role) | FORGED,
                params={"next": "https://elsewhere.example"},
            )
            assert "set-cookie" not in answer.headers
            assert "elsewhere.example" not in answer.headers.get("location", "")
            assert answer.status_code not in {301, 302, 303, 307, 308}
