"""Rows 78 and 79, where a key is all there is to log in with: nothing tells how near one is, and nobody is framed."""

import re
from datetime import timedelta

import pytest
from node_support import LIFETIME, A, B
from statement_watch import statements_of

from node.http.reference import routes_of
from node.ports.api_keys import make_api_key
from node.ports.identifiers import new_id

ASKED = "/organisation"
REFUSED = re.compile(rb"urn:uuid:[0-9a-f-]{36}")


async def with_key(node, organisation=A, **changes):
    """A key that was made an hour ago, as it is presented."""
    given = {"at": node.clock() - timedelta(hours=1), "lifetime": LIFETIME} | changes
    key, secret = make_api_key(new_id(), label="made", scopes=frozenset({"organisation:read"}), made_by="m", **given)
    await node.store.change(organisation, lambda unit: unit.api_keys.add(key))
    return key.id, secret.reveal().decode()


async def asked_with(node, presented):
    """The answer without the id of the request, and what the store was asked for it."""
    with statements_of(node.database) as asked:
        answer = await node.client.get(ASKED, headers={"Authorization": f"Bearer {presented}"})
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return (answer.status_code, REFUSED.sub(b"", answer.content), headers), asked


@pytest.mark.threat(79)
async def test_a_key_that_does_not_count_is_answered_alike_whatever_is_wrong_with_it(node):
    """Unknown, with another secret, over, revoked, or of an organisation that is closed: the same is asked and said.

    What takes time is the look-up by the first part of the key, and a comparison that takes as long with none.
    """
    _, good = await with_key(node)
    ended, revoked = await with_key(node)
    await node.store.change(A, lambda unit: unit.api_keys.revoke(ended, node.clock()))
    _, of_closed = await with_key(node, B)
    closed = await node.client.delete("/node/organisations/org-b", params={"anyway": True}, headers=node.key("node"))
    assert closed.status_code == 204, closed.text
    begin, prefix, secret = good.split("_")
    other = "0" if secret[-1] != "0" else "1"
    wrong = {
        "unknown": f"{begin}_{'0' * len(prefix)}_{secret}",
        "another secret": f"{begin}_{prefix}_{secret[:-1]}{other}",
        "over": (await with_key(node, at=node.clock() - 2 * LIFETIME))[1],
        "not yet": (await with_key(node, at=node.clock() + LIFETIME))[1],
        "revoked": revoked,
        "of a closed organisation": of_closed,
    }
    assert (await asked_with(node, good))[0][0] == 200
    answers = {name: await asked_with(node, presented) for name, presented in wrong.items()}
    first = answers["unknown"]
    assert first[0][0] == 401
    assert first[1], "it is looked up"
    assert {name for name, answer in answers.items() if answer != first} == set()


@pytest.mark.threat(79)
async def test_no_part_of_a_key_is_kept_that_opens_anything(node, tmp_path):
    made = await node.client.post(
        "/organisation/api-keys/own",
        json={"label": "laptop", "scopes": ["organisation:read"], "days": 1},
        headers=node.key("owner"),
    )
    assert made.status_code == 201
    _, _, secret = made.json()["key"].split("_")
    assert len(secret) * 4 >= 256
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("node.db*"))
    assert b"laptop" in kept
    assert secret.encode() not in kept
    assert bytes.fromhex(secret) not in kept
    listed = await node.client.get("/organisation/api-keys", headers=node.key("owner"))
    assert secret not in listed.text
    assert secret not in node.log.getvalue().decode()


@pytest.mark.threat(78)
async def test_no_answer_of_any_route_is_shown_in_a_frame_or_read_by_a_page_of_somebody_else(node):
    """Also what is published, which any page may read, without what a browser adds by itself."""
    for route in routes_of(node.app):
        path = re.sub(r"{\w+}", "x", route.path_format)
        for method in (route.declared.method, "OPTIONS"):
            headers = {
                "Origin": "https://elsewhere.example",
                "Access-Control-Request-Method": route.declared.method,
                "Access-Control-Request-Headers": "authorization",
            }
            answer = await node.client.request(method, path, headers=headers)
            told = (method, path, answer.headers)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], told
            assert answer.headers["x-frame-options"] == "DENY", told
            assert "access-control-allow-credentials" not in answer.headers, told
            assert "access-control-allow-headers" not in answer.headers, told
            if answer.headers.get("access-control-allow-origin") is not None:
                assert route.declared.rules.get("open"), told
                assert answer.headers["access-control-allow-origin"] == "*", told
