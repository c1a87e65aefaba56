"""Organisations over HTTP: founded, closed, strictly apart; members, roles, keys, settings."""

import asyncio
from datetime import timedelta

import pytest
from node_support import A, B
from organisation_support import OWNERS, bearer, call, events, machine_key, own_key

from node.ports.organisations import Role

MEMBERS, KEYS = "/organisation/members", "/organisation/api-keys"


async def test_an_organisation_is_founded_and_its_owner_exchanges_the_key_that_is_handed_over(node):
    machine = await machine_key(node)
    founded = await call(
        node,
        "POST",
        "/node/organisations",
        machine,
        201,
        name="Sample School",
        owner={"login": "owner@school.example", "name": "Sample Owner"},
    )
    handed = bearer(founded["apiKey"]["key"])
    owner, organisation = founded["owner"]["id"], founded["organisation"]["id"]
    assert founded["apiKey"]["madeBy"] == "machine"
    told = await call(node, "GET", "/organisation", handed, 200)
    assert (told["id"], told["secondPerson"], told["alsoTaking"]) == (organisation, [], [])
    own = await call(node, "POST", f"{KEYS}/own", handed, 201, label="laptop", scopes=OWNERS, days=30)
    assert (own["member"], own["madeBy"]) == (owner, owner)
    await call(node, "GET", "/organisation", handed, 401)  # what was handed over is over
    await call(node, "POST", MEMBERS, bearer(own["key"]), 201, login="issuer", name="Sample Issuer", roles=["issuer"])
    said = await events(node, organisation)
    assert [event.action for event in said] == [
        "organisation.found",
        "member.add",
        "api_key.make",
        "api_key.make",
        "api_key.exchange",
        "member.add",
    ]
    assert not any("Sample" in repr(event) or "example" in repr(event) for event in said), "no names of persons"
    listed = await call(node, "GET", "/node/organisations", machine, 200)
    assert {each["id"] for each in listed["organisations"]} == {A, B, organisation}


async def test_what_a_closed_organisation_published_stays_and_nobody_acts_for_it(node):
    machine = await machine_key(node)
    owner = node.key("owner", B)
    await call(node, "POST", "/organisation/dids", owner, 201, path=["closed"], keys=["Ed25519"])
    published = (await node.client.get("/closed/did.json")).content
    await call(node, "DELETE", f"/node/organisations/{A}", machine, 409)  # the key's own
    await call(node, "DELETE", f"/node/organisations/{B}", machine, 204)
    await call(node, "DELETE", f"/node/organisations/{B}", machine, 204)
    await call(node, "DELETE", "/node/organisations/nobody", machine, 404)
    await call(node, "GET", "/organisation", owner, 401)
    assert (await node.client.get("/closed/did.json")).content == published
    assert (await call(node, "GET", f"/node/organisations/{B}", machine, 200))["state"] == "closed"
    assert [event.action for event in await events(node, B)][-1] == "organisation.close"


@pytest.mark.threat(77)
async def test_what_is_of_another_organisation_answers_as_what_is_not_there(node):
    """Each id of A on each of these routes by the owner of B: status, body but for the request's id, headers."""
    a, b = await own_key(node, "org-a-owner"), await own_key(node, "org-b-owner", organisation=B)
    await call(node, "PUT", "/organisation/settings", a, 200, secondPerson=["credentials.issue"])
    waiting = await call(node, "POST", MEMBERS, a, 202, login="x", name="Sample X", roles=["issuer"])
    profile = {"id": "school", "form": "eddsa-rdfc-2022", "keyType": "Ed25519"}
    made = await call(node, "POST", "/organisation/profiles", a, 201, **profile)
    routes = [
        ("GET", f"{MEMBERS}/{{}}", "org-a-owner", {}),
        ("PUT", f"{MEMBERS}/{{}}/roles", "org-a-issuer", {"roles": ["auditor"]}),
        ("DELETE", f"{MEMBERS}/{{}}", "org-a-issuer", {}),
        ("DELETE", f"{KEYS}/{{}}", "org-a-program-key", {}),
        ("GET", "/organisation/profiles/{}", "school", {}),
        ("PATCH", "/organisation/profiles/{}", "school", {"options": {}}),
        ("DELETE", "/organisation/profiles/{}", "school", {}),
        ("GET", "/organisation/approvals/{}", waiting["approval"], {}),
        ("POST", "/organisation/approvals/{}/decision", waiting["approval"], {"grant": True}),
    ]
    for method, path, theirs, sent in routes:
        seen = []
        for name in (theirs, "nobody"):
            options = {"json": sent} if sent else {}
            answer = await node.client.request(method, path.format(name), headers=b, **options)
            body = {member: value for member, value in answer.json().items() if member != "instance"}
            headers = {key: value for key, value in answer.headers.items() if "id" not in key.lower()}
            seen.append((answer.status_code, body, headers))
        assert seen[0] == seen[1], path
        assert seen[0][0] == 404, path
    taken = {"label": "x", "scopes": ["credentials:issue"], "member": "org-a-issuer"}
    assert (await call(node, "POST", KEYS, b, 404, **taken))["code"] == "store.absent"
    brought = {"id": "other", "form": "eddsa-rdfc-2022", "key": made["key"]}
    assert (await call(node, "POST", "/organisation/profiles", b, 404, **brought))["code"] == "store.absent"
    for path in (MEMBERS, KEYS, "/organisation/profiles", "/organisation/keys", "/organisation/approvals"):
        assert "org-a" not in (await node.client.get(path, headers=b)).text, path
    assert "org-a" not in (await node.client.get("/organisation/audit", headers=b)).text
    assert {member["id"] for member in (await call(node, "GET", MEMBERS, a, 200))["members"]} == {
        f"org-a-{role}" for role in Role
    }


async def test_a_role_that_is_taken_away_is_gone_from_the_keys_at_once(node):
    owner, issuer = (
        await own_key(node, "org-a-owner"),
        await own_key(node, "org-a-issuer", scopes=["organisation:read"]),
    )
    deciding = await own_key(node, "org-a-issuer", scopes=["credentials:read", "organisation:read"])
    changed = await call(node, "PUT", f"{MEMBERS}/org-a-issuer/roles", owner, 200, roles=["designer"])
    assert changed["roles"] == ["designer"]
    made = await call(node, "POST", f"{KEYS}/own", deciding, 409, label="x", scopes=["credentials:read"], days=1)
    assert made["code"] == "api_key.scope"
    removed = await call(node, "DELETE", f"{MEMBERS}/org-a-issuer", owner, 200)
    assert removed == {"member": "org-a-issuer", "programs": []}
    for header in (issuer, deciding):
        await call(node, "GET", "/organisation", header, 401)
    keys = (await call(node, "GET", KEYS, owner, 200))["apiKeys"]
    assert {key["revokedAt"] is None for key in keys if key["member"] == "org-a-issuer"} == {False}


async def test_there_is_always_an_owner(node):
    owner = await own_key(node, "org-a-owner")
    for method, path, sent in (
        ("PUT", f"{MEMBERS}/org-a-owner/roles", {"roles": ["issuer"]}),
        ("DELETE", f"{MEMBERS}/org-a-owner", {}),
    ):
        assert (await call(node, method, path, owner, 409, **sent))["code"] == "organisation.last_owner"
    added = await call(node, "POST", MEMBERS, owner, 201, login="second", name="Sample Second", roles=["owner"])
    await call(node, "DELETE", f"{MEMBERS}/org-a-owner", owner, 200)
    await call(node, "GET", "/organisation", owner, 401)
    second = await own_key(node, added["id"])
    code = (await call(node, "DELETE", f"{MEMBERS}/{added['id']}", second, 409))["code"]
    assert code == "organisation.last_owner"


async def test_whoever_leaves_is_told_which_programs_keys_he_may_know(node):
    owner, other = await own_key(node, "org-a-owner"), await own_key(node, "org-a-designer")
    await call(node, "PUT", f"{MEMBERS}/org-a-designer/roles", owner, 200, roles=["owner"])
    made = await call(node, "POST", KEYS, other, 201, label="records", scopes=["credentials:issue"], days=10)
    removed = await call(node, "DELETE", f"{MEMBERS}/org-a-designer", owner, 200)
    assert removed["programs"] == [made["id"]]


@pytest.mark.threat(79)
async def test_no_key_can_do_more_than_the_one_that_makes_it(node):
    owner = await own_key(node, "org-a-owner", scopes=["organisation:manage", "organisation:read", "verify"])
    made = await call(node, "POST", KEYS, owner, 201, label="gate", scopes=["verify"], days=10)
    assert made["key"].startswith(made["prefix"])
    assert (made["member"], made["madeBy"], made["scopes"]) == (None, "org-a-owner", ["verify"])
    for scopes in (["credentials:issue"], ["node:manage"], ["verify", "audit:read"]):
        for path in (KEYS, f"{KEYS}/own"):
            refused = await call(node, "POST", path, owner, 409, label="more", scopes=scopes, days=10)
            assert refused["code"] == "api_key.scope"
    # A program that may make keys makes none that outlasts its own, and none of a person.
    maker = await call(node, "POST", KEYS, owner, 201, label="maker", scopes=["organisation:manage", "verify"], days=10)
    node.clock.move(timedelta(days=6))
    child = await call(node, "POST", KEYS, bearer(maker["key"]), 201, label="child", scopes=["verify"], days=300)
    assert (child["expiresAt"], child["madeBy"]) == (maker["expiresAt"], "org-a-owner")
    person = {"label": "x", "scopes": ["verify"], "days": 1, "member": "org-a-auditor"}
    refused = await call(node, "POST", KEYS, bearer(maker["key"]), 409, **person)
    assert refused["code"] == "organisation.program"
    named = {"login": "x", "name": "Sample X", "roles": ["owner"]}
    assert (await call(node, "POST", MEMBERS, bearer(maker["key"]), 409, **named))["code"] == "organisation.program"
    everything = await own_key(node, "org-a-owner")
    program = {"label": "x", "scopes": ["approvals:decide"], "days": 1}
    assert (await call(node, "POST", KEYS, everything, 409, **program))["code"] == "api_key.scope"


@pytest.mark.threat(79)
async def test_a_key_is_shown_once_hashed_and_over_at_once(node):
    owner = await own_key(node, "org-a-owner")
    made = await call(node, "POST", KEYS, owner, 201, label="gate", scopes=["organisation:read"], days=1)
    key = bearer(made["key"])
    secret = made["key"].rpartition("_")[2]
    await call(node, "GET", "/organisation", key, 200)
    listed = (await node.client.get(KEYS, headers=owner)).text
    assert made["prefix"] in listed
    assert secret not in listed
    assert "digest" not in listed
    async with node.store.view(A) as view:
        (kept,) = [each for each in await view.api_keys.listed() if each.id == made["id"]]
    assert secret.encode() not in kept.digest
    assert secret not in repr(await events(node))
    await call(node, "DELETE", f"{KEYS}/{made['id']}", owner, 204)
    await call(node, "GET", "/organisation", key, 401)
    again = await call(node, "POST", KEYS, owner, 201, label="gate", scopes=["organisation:read"], days=1)
    node.clock.move(timedelta(days=1))
    await call(node, "GET", "/organisation", bearer(again["key"]), 401)


async def test_everybody_ends_keys_of_their_own_and_owners_any(node):
    auditor = await own_key(node, "org-a-auditor", scopes=["organisation:read", "audit:read"])
    keys = (await call(node, "GET", KEYS, auditor, 200))["apiKeys"]
    own = {key["id"] for key in keys if key["member"] == "org-a-auditor"}
    other = next(key["id"] for key in keys if key["member"] == "org-a-issuer")
    assert (await call(node, "DELETE", f"{KEYS}/{other}", auditor, 403))["code"] == "api_key.others"
    program = node.key("program")
    assert (await node.client.delete(f"{KEYS}/org-a-program-key", headers=program)).status_code == 403
    for key in own:
        answer = await node.client.delete(f"{KEYS}/{key}", headers=auditor)
        assert answer.status_code in {204, 401}
    await call(node, "GET", "/organisation", auditor, 401)


@pytest.mark.threat(83)
async def test_a_first_key_is_handed_over_once_and_nobody_makes_keys_of_somebody_who_has_one(node):
    owner = await own_key(node, "org-a-owner")
    added = await call(node, "POST", MEMBERS, owner, 201, login="new", name="Sample New", roles=["issuer"])
    first = {"label": "first", "scopes": ["approvals:decide", "organisation:read"], "days": 7, "member": added["id"]}
    beyond = {**first, "scopes": ["organisation:manage"]}
    assert (await call(node, "POST", KEYS, owner, 409, **beyond))["code"] == "api_key.scope"
    handed = await call(node, "POST", KEYS, owner, 201, **first)
    assert (await call(node, "POST", KEYS, owner, 409, **first))["code"] == "api_key.first"
    mine = {**first, "member": "org-a-owner"}
    assert (await call(node, "POST", KEYS, owner, 409, **mine))["code"] == "api_key.own"
    nobody = {**first, "member": "nobody"}
    assert (await call(node, "POST", KEYS, owner, 404, **nobody))["code"] == "store.absent"
    own = {"label": "mine", "scopes": ["approvals:decide", "organisation:read"], "days": 90}
    await call(node, "POST", f"{KEYS}/own", bearer(handed["key"]), 201, **own)
    assert (await call(node, "POST", f"{KEYS}/own", bearer(handed["key"]), 401, **own))["code"] == "access.key"
    assert (await call(node, "POST", f"{KEYS}/own", node.key("program"), 403, **own))["code"] == "access.scope"


async def test_what_is_sent_wrongly_is_refused_without_a_trace(node):
    owner = await own_key(node, "org-a-owner")
    before = len(await events(node))
    member = {"login": "a", "name": "Sample A", "roles": ["issuer"]}
    key = {"label": "a", "scopes": ["verify"], "days": 1}
    for path, sent, status in (
        (MEMBERS, {**member, "roles": ["king"]}, 400),
        (MEMBERS, {**member, "roles": []}, 400),
        (MEMBERS, {**member, "login": "with space"}, 422),
        (MEMBERS, {**member, "name": " "}, 422),
        (MEMBERS, {**member, "name": "Sample\u0000A"}, 422),
        (KEYS, {**key, "label": "a\nb"}, 422),
        (MEMBERS, {**member, "login": "owner@org-a.example"}, 409),
        (MEMBERS, {**member, "more": 1}, 400),
        (KEYS, {**key, "scopes": ["everything"]}, 400),
        (KEYS, {**key, "days": 400}, 400),
        (KEYS, {**key, "days": 0}, 400),
        (KEYS, {**key, "label": " "}, 422),
        ("/organisation/settings", {"secondPerson": ["everything"]}, 400),
    ):
        method = "PUT" if path.endswith("settings") else "POST"
        answer = await node.client.request(method, path, headers=owner, json=sent)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), sent
        assert "king" not in answer.text
        assert "everything" not in answer.text
    assert len(await events(node)) == before


async def test_of_two_owners_who_remove_each_other_at_once_one_stays(node):
    first = await own_key(node, "org-a-owner")
    await call(node, "PUT", f"{MEMBERS}/org-a-auditor/roles", first, 200, roles=["owner"])
    second = await own_key(node, "org-a-auditor")
    answers = await asyncio.gather(
        node.client.delete(f"{MEMBERS}/org-a-auditor", headers=first),
        node.client.delete(f"{MEMBERS}/org-a-owner", headers=second),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    async with node.store.view(A) as view:
        assert sum(Role.OWNER in member.roles for member in await view.members.listed()) == 1
