"""Row 76: nobody gets in without a key that is for the route, and no route can be added that forgot to say so."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from http_samples import sent, things
from node_support import LIFETIME, ROLE_SCOPES, WIDE, A, B, running_node
from starlette.responses import JSONResponse

from node.http.access import PUBLIC, _KnownKeys, require_within
from node.http.application import UndeclaredRouteError, application, require_declared
from node.http.door import Answer, Door
from node.http.limits import Rate
from node.http.problems import ProblemError
from node.http.reference import routes_of
from node.ports.access import NODES_OWN, SCOPES_OF, Scope
from node.ports.api_keys import Caller
from node.ports.organisations import Role

CALLERS = [None, *ROLE_SCOPES]


def concrete(path):
    return path.replace("{", "").replace("}", "").replace(":path", "")


def expected(declared, role):
    """What a caller gets from a route before anything else of the request counts."""
    if declared.access is PUBLIC:
        return None
    if role is None:
        return 401
    return None if {declared.access, *declared.rules.get("also", ())} <= ROLE_SCOPES[role] else 403


@pytest.mark.threat(76)
async def test_every_route_lets_in_whom_it_declares_and_nobody_else(node):
    """Each route of the node for each caller. What else is wrong with such a request is told to who may call only."""
    for route in routes_of(node.app):
        method = route.declared.method
        for role in CALLERS:
            headers = {} if role is None else node.key(role)
            answer = await node.client.request(method, concrete(route.path_format), headers=headers)
            want = expected(route.declared, role)
            told = (method, route.path_format, role, answer.status_code)
            if want is None:
                assert answer.status_code not in {401, 403} or answer.json()["code"] not in {
                    "access.key",
                    "access.scope",
                }, told
            else:
                assert answer.status_code == want, told


@pytest.mark.threat(76)
async def test_a_route_past_the_door_keeps_the_application_from_being_made(node):
    app = application(node.services)
    require_declared(app)

    @app.get("/hidden")
    async def hidden():
        return {}

    with pytest.raises(UndeclaredRouteError, match="/hidden"):
        require_declared(app)
    app = FastAPI()
    with pytest.raises(UndeclaredRouteError):
        require_declared(app)  # its own reference and page
    app = application(node.services)
    app.mount("/files", FastAPI())
    with pytest.raises(UndeclaredRouteError, match="/files"):
        require_declared(app)


@pytest.mark.threat(76)
async def test_a_route_cannot_be_declared_without_an_access(node):
    door = Door(node.services, tag="Samples")
    with pytest.raises(TypeError, match="access"):
        door.get("/open", answers=[])


async def test_a_route_says_what_it_is_for(node):
    def routes(services):
        door = Door(services, tag="Samples")

        @door.get("/untold", access=PUBLIC, answers=[Answer(200, "Done.")])
        async def untold():
            return JSONResponse({})

        return door

    with pytest.raises(UndeclaredRouteError, match="/untold"):
        application(node.services, [routes])


@pytest.mark.threat(76)
@pytest.mark.parametrize(
    "presented",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer glejt_",
        "Bearer x",
        "Basic b3duZXI6b3duZXI=",
        "bearer glejt_" + "0" * 16 + "_" + "0" * 64,
        "Bearer glejt_" + "0" * 16 + "_" + "0" * 64 + " ",
        "Bearer " + "a" * 300,
        "Bearer glejt_\u0130",
    ],
)
async def test_what_is_no_key_of_anybody_is_refused(sampled, presented):
    status, head, body, _ = await sent(
        sampled.app, "GET", things(), headers={"Authorization": presented} if presented else {}
    )
    assert status == 401
    assert head["www-authenticate"] == 'Bearer realm="glejt"'
    assert b"access.key" in body


@pytest.mark.threat(76)
async def test_a_changed_key_opens_nothing(sampled):
    key = sampled.key("issuer")["Authorization"]
    changed = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert (await sampled.client.get(things(), headers={"Authorization": key})).status_code == 200
    assert (await sampled.client.get(things(), headers={"Authorization": changed})).status_code == 401
    two = [("Authorization", key), ("Authorization", key)]
    assert (await sampled.client.get(things(), headers=two)).status_code == 401


@pytest.mark.threat(76)
async def test_a_key_ends_when_it_is_over_and_when_it_is_revoked(sampled):
    headers = sampled.key("auditor")
    sampled.clock.move(LIFETIME - timedelta(seconds=1))
    assert (await sampled.client.get(things(), headers=headers)).status_code == 200
    await sampled.store.change(A, lambda unit: unit.api_keys.revoke("org-a-auditor-key", sampled.clock()))
    assert (await sampled.client.get(things(), headers=headers)).status_code == 401
    sampled.clock.move(timedelta(seconds=1))
    assert (await sampled.client.get(things(), headers=sampled.key("issuer"))).status_code == 401


@pytest.mark.threat(76)
async def test_whoever_loses_a_role_loses_what_their_keys_could(sampled):
    headers = sampled.key("issuer")
    await sampled.store.change(A, lambda unit: unit.members.change("org-a-issuer", frozenset({Role.DESIGNER})))
    assert (await sampled.client.get(things(), headers=headers)).status_code == 403


@pytest.mark.threat(76)
async def test_a_key_that_was_looked_up_is_known_for_a_moment_and_no_longer(make_node, monkeypatch):
    node, now = await make_node(replace(WIDE, key_known_seconds=1.0)), 1000.0
    monkeypatch.setattr("node.http.access.time", SimpleNamespace(monotonic=lambda: now))
    headers = node.key("auditor")
    assert (await node.client.get(things(), headers=headers)).status_code == 200
    await node.store.change(A, lambda unit: unit.api_keys.revoke("org-a-auditor-key", node.clock()))
    now += 0.99
    assert (await node.client.get(things(), headers=headers)).status_code == 200
    assert (
        await node.client.get(things(), headers={"Authorization": headers["Authorization"] + "0"})
    ).status_code == 401
    now += 0.02
    assert (await node.client.get(things(), headers=headers)).status_code == 401


@pytest.mark.threat(76)
async def test_a_key_that_ends_through_the_node_ends_at_once(node_template, tmp_path):
    """Also where it is being looked up while it ends."""
    async with running_node(tmp_path, template=node_template, limits=replace(WIDE, key_known_seconds=60.0)) as node:
        path, headers = "/organisation/dids", node.key("auditor")
        assert (await node.client.get(path, headers=headers)).status_code == 200
        ended = await node.client.delete("/organisation/api-keys/org-a-auditor-key", headers=node.key("owner"))
        assert ended.status_code == 204
        assert (await node.client.get(path, headers=headers)).status_code == 401
        gate = _KnownKeys(node.services)
        looking = asyncio.create_task(gate.caller(node.keys[A, "issuer"]))
        await asyncio.sleep(0)
        gate.forget()
        assert await looking
        assert not gate._found


async def test_a_scope_that_is_missing_is_named(sampled):
    answer = await sampled.client.get(things(), headers=sampled.key("designer"))
    assert answer.status_code == 403
    assert "credentials:read" in answer.json()["detail"]
    assert 'scope="credentials:read"' in answer.headers["www-authenticate"]


@pytest.mark.threat(77)
async def test_what_is_another_organisations_is_answered_as_what_is_not_there(sampled):
    theirs = await sampled.client.get(things(organisation=B), headers=sampled.key("issuer"))
    nobodys = await sampled.client.get("/mine/thing-of-nobody", headers=sampled.key("issuer"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() | {"instance": ""} == nobodys.json() | {"instance": ""}


async def test_a_public_route_knows_who_brings_a_key_and_refuses_one_that_is_none(sampled):
    assert (await sampled.client.get("/open")).json()["caller"] is None
    assert (await sampled.client.get("/open", headers=sampled.key("owner"))).json()["caller"] == "org-a-owner-key"
    assert (await sampled.client.get("/open", headers={"Authorization": "Bearer glejt_x"})).status_code == 401


async def test_who_may_call_is_asked_before_the_body_is_read(sampled):
    status, _, _, asked = await sent(sampled.app, "POST", "/things", chunks=[b"x"] * 50)
    assert (status, asked) == (401, 0)


@pytest.mark.threat(79)
async def test_guessing_keys_is_stopped_for_the_address_and_for_nobody_else(make_node):
    """Also the right key is not looked at then: else an attacker would learn that he has found it."""
    node = await make_node(replace(WIDE, wrong_key=Rate(0.01, 5)))
    wrong = {"Authorization": "Bearer glejt_" + "0" * 16 + "_" + "0" * 64}
    found = [(await sent(node.app, "GET", things(), headers=wrong))[0] for _ in range(8)]
    assert found == [401] * 5 + [429] * 3
    status, head, _, _ = await sent(node.app, "GET", things(), headers=node.key("issuer"))
    assert (status, head["retry-after"]) == (429, "100")
    elsewhere = await sent(node.app, "GET", things(), headers=node.key("issuer"), client=("192.0.2.2", 5))
    assert elsewhere[0] == 200


def test_no_role_is_above_organisations_and_each_can_do_less_than_the_owner():
    for role, scopes in SCOPES_OF.items():
        assert not scopes & NODES_OWN, role
        assert scopes <= SCOPES_OF[Role.OWNER]
    assert set(Scope) == SCOPES_OF[Role.OWNER] | NODES_OWN
    assert Scope.CREDENTIALS_ISSUE not in SCOPES_OF[Role.DESIGNER] | SCOPES_OF[Role.AUDITOR]
    assert Scope.ACHIEVEMENTS_PUBLISH not in SCOPES_OF[Role.ISSUER]
    assert not any(
        scope.endswith((":issue", ":write", ":publish", ":manage", ":decide", ":status"))
        for scope in SCOPES_OF[Role.AUDITOR]
    )


def test_a_key_gives_no_more_than_it_has():
    caller = Caller(A, "key", frozenset({Scope.VERIFY, Scope.ORGANISATION_MANAGE}))
    require_within(caller, {"verify"})
    for wanted in ({"verify", "audit:read"}, {"node:manage"}, {"nonsense"}):
        with pytest.raises(ProblemError) as refused:
            require_within(caller, wanted)
        assert refused.value.status == 403


async def test_callers_do_not_mix(sampled):
    """Each of many requests at a time gets its own caller's answer."""
    roles = [("issuer", A), ("issuer", B), ("auditor", A), ("owner", B)] * 10
    answers = await asyncio.gather(
        *(sampled.client.get("/open", headers=sampled.key(role, organisation)) for role, organisation in roles)
    )
    assert [each.json()["caller"] for each in answers] == [f"{organisation}-{role}-key" for role, organisation in roles]


async def test_a_filter_that_is_not_known_is_refused_and_never_ignored(node):
    """A client that pages by a name of its own would else read the first page without end."""
    for path, known in (("/organisation/awards", "before"), ("/organisation/audit", "after")):
        wrong = await node.client.get(path, params={"afterwards": "x"}, headers=node.key("owner"))
        assert (wrong.status_code, wrong.json()["code"]) == (400, "request.invalid")
        assert known in wrong.json()["remedy"]
        assert "afterwards" not in wrong.text
        assert (await node.client.get(path, params={"limit": 1}, headers=node.key("owner"))).status_code == 200
    assert (await node.client.get("/organisation", params={"x": "1"}, headers=node.key("owner"))).status_code == 400
    assert (await node.client.get("/catalogue", params={"utm_source": "x"})).status_code == 200
