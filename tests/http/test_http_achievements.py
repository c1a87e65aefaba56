"""Achievements over HTTP: from a draft to a page that anybody reads, and to what a credential carries."""

import asyncio
import hashlib
import json
import re

import orjson
import pytest
from achievement_desk import HOME, HTML, begin, publish, published
from award_support import award
from node_support import PUBLIC_URL, A, B
from register_support import draft
from support import ROOT

from node.credentials.achievement import read_achievement
from node.credentials.compose import compose
from node.documents import parse_object
from node.ports.organisations import Settings
from node.verification.vocabulary import vocabulary


async def save(node, name, content, revision):
    headers = {**node.key("designer"), "If-Match": f'"{revision}"'}
    return await node.client.put(f"{HOME}/{name}", json=content, headers=headers)


@pytest.mark.threat(82)
async def test_the_same_request_begins_one_achievement(node):
    async def sent(content, key, role="designer"):
        return await node.client.post(HOME, json=content, headers={**node.key(role), "Idempotency-Key": key})

    answers = await asyncio.gather(*(sent(draft(), '"one"') for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.content, answer.headers["etag"], answer.headers["location"]) for answer in answers}) == 1
    name = answers[0].json()["id"]
    changed = {**draft(), "name": "Another name"}
    assert (await save(node, name, changed, 1)).status_code == 200
    assert (await sent(draft(), '"one"')).content == answers[0].content
    other = await sent(changed, '"one"')
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.other_request")
    second = (await sent(draft(), '"two"')).json()["id"]
    of_another = (await sent(draft(), '"one"', role="owner")).json()["id"]
    listed = (await node.client.get(HOME, headers=node.key("designer"))).json()["achievements"]
    assert [one["id"] for one in listed] == sorted({name, second, of_another})
    assert (await node.client.get(f"{HOME}/{name}", headers=node.key("designer"))).json()["draft"] == changed


@pytest.mark.threat(82)
async def test_a_request_that_begins_nothing_leaves_its_key_free(node, monkeypatch):
    headers = {**node.key("designer"), "Idempotency-Key": "k"}
    with monkeypatch.context() as patch:
        patch.setattr("node.issuance.achievements.MAX_ACHIEVEMENTS", 0)
        assert (await node.client.post(HOME, json=draft(), headers=headers)).status_code >= 400
    assert (await node.client.post(HOME, json=draft(), headers=headers)).status_code == 201
    bad = await node.client.post(HOME, json=draft(), headers={**headers, "Idempotency-Key": "with a space"})
    assert (bad.status_code, bad.json()["code"]) == (400, "idempotency.key")


async def test_a_draft_may_lack_anything_and_is_told_what_it_lacks(node):
    answer = await node.client.post(HOME, json={}, headers=node.key("designer"))
    shown = answer.json()
    assert answer.status_code == 201
    assert (shown["draft"], shown["revision"], shown["published"]) == ({}, 1, 0)
    assert answer.headers["etag"] == '"1"'
    review = shown["review"]
    assert review["class"] == "unclassified"
    assert review["publishable"] is False
    assert {one["path"] for one in review["problems"]} == {"/name", "/description", "/criteria", "/assessmentType"}
    helps = {one["code"]: one["help"] for one in review["findings"]}
    assert helps["mc.title.missing"] == "Give it a title."
    polish = await node.client.get(f"{HOME}/{shown['id']}", headers={**node.key("designer"), "Accept-Language": "pl"})
    helps = {one["code"]: one["help"] for one in polish.json()["review"]["findings"]}
    assert helps["mc.title.missing"] == "Podaj tytuł."
    assert {one["help"] for one in polish.json()["review"]["problems"]} == {
        "Dodaj to: bez tego nie da się nadać osiągnięcia."
    }


async def test_a_draft_is_kept_as_it_was_given(node):
    odd = {
        "name": "  A  ",
        "resultDescription": {"not": "a list"},
        "own": [1, 2.5, None, {"ż": "ó\u0000"}],
        "alignment": 7,
    }
    shown = await begin(node, odd)
    again = await node.client.get(f"{HOME}/{shown['id']}", headers=node.key("auditor"))
    assert again.json()["draft"] == odd


async def test_nobody_overwrites_what_somebody_else_has_saved(node):
    shown = await begin(node)
    first = await save(node, shown["id"], draft(name="First"), 1)
    assert (first.status_code, first.json()["revision"], first.headers["etag"]) == (200, 2, '"2"')
    late = await save(node, shown["id"], draft(name="Late"), 1)
    assert (late.status_code, late.json()["code"]) == (409, "store.changed")
    without = await node.client.put(f"{HOME}/{shown['id']}", json=draft(), headers=node.key("designer"))
    assert (without.status_code, without.json()["code"]) == (428, "request.revision")
    kept = await node.client.get(f"{HOME}/{shown['id']}", headers=node.key("designer"))
    assert kept.json()["draft"]["name"] == "First"


async def test_what_is_published_is_what_a_credential_carries(node):
    name = await published(node)
    url = f"{PUBLIC_URL}/achievements/{name}/versions/1"
    answer = await node.client.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ld+json")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    document = parse_object(answer.content)
    assert document["id"] == url
    assert document["creditsAvailable"] == 2
    achievement = read_achievement(document)
    given = award(result=[{"resultDescription": f"{url}#o1", "status": "Completed"}], creditsEarned=None)
    composed = compose(achievement, given)["credentialSubject"]["achievement"]
    assert composed == {member: value for member, value in document.items() if member != "@context"}
    quads = vocabulary(()).jsonld.to_rdf(document)
    assert any("#o1" in quad[0] for quad in quads), "by itself it is linked data, and nothing of it is lost"


async def test_a_version_stays_and_the_latest_is_the_newest(node):
    name = await published(node)
    first = await node.client.get(f"/achievements/{name}")
    assert first.headers["content-location"].endswith("/versions/1")
    saved = (await save(node, name, draft(name="MIG welding, second edition", assessmentType="written-exam"), 2)).json()
    assert saved["next"].endswith("/versions/2")
    assert (await publish(node, saved)).status_code == 201
    latest = await node.client.get(f"/achievements/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert latest.status_code == 200
    assert latest.json()["name"] == "MIG welding, second edition"
    assert (await node.client.get(f"/achievements/{name}/versions/1")).content == first.content
    kept = await node.client.get(f"/achievements/{name}/versions/1", headers={"If-None-Match": first.headers["etag"]})
    assert kept.status_code == 304
    page = await node.client.get(f"/achievements/{name}/versions/1", headers=HTML)
    assert "There is a newer one: version 2." in page.text
    assert ("practical task" in page.text, "written exam" in page.text) == (True, False)
    newer = await node.client.get(f"/achievements/{name}", headers=HTML)
    assert ("practical task" in newer.text, "written exam" in newer.text) == (False, True)
    listed = await node.client.get(f"{HOME}/{name}/versions", headers=node.key("auditor"))
    assert [one["version"] for one in listed.json()["versions"]] == [1, 2]


async def test_of_many_who_publish_or_save_at_once_one_does(node):
    shown = await begin(node)
    answers = await asyncio.gather(*(publish(node, shown) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    saves = await asyncio.gather(*(save(node, shown["id"], draft(name=f"Name {n}"), 2) for n in range(8)))
    assert sorted(answer.status_code for answer in saves) == [200] + [409] * 7
    listed = await node.client.get(f"{HOME}/{shown['id']}/versions", headers=node.key("auditor"))
    assert len(listed.json()["versions"]) == 1
    kept = await node.client.get(f"{HOME}/{shown['id']}", headers=node.key("auditor"))
    (saved,) = [answer for answer in saves if answer.status_code == 200]
    assert kept.json()["draft"] == saved.json()["draft"]


async def test_what_cannot_be_awarded_is_not_published(node):
    for change, code, pointer in (
        ({"assessmentType": None}, "achievement.missing", "/assessmentType"),
        ({"assessmentType": "vibes"}, "achievement.value", "/assessmentType"),
        ({"name": "tbd"}, "achievement.text", "/name"),
        ({"misspelt": 1}, "achievement.context.undefined_term", "/misspelt"),
        ({"id": "https://elsewhere.example/1"}, "achievement.id", "/id"),
        ({"image": {"id": f"{PUBLIC_URL}/pictures/{'0' * 64}.png"}}, "achievement.picture", "/image/id"),
        ({"nameMap": {"not a tag!": "x"}}, "achievement.language", "/nameMap/not a tag!"),
        (
            {"alignment": [{"targetType": "ext:ESCO", "targetName": "x", "targetUrl": "https://x.example"}]},
            "achievement.alignment",
            "/alignment/0/targetUrl",
        ),
    ):
        content = {name: value for name, value in (draft() | change).items() if value is not None}
        shown = await begin(node, content)
        answer = await publish(node, shown)
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "achievement.unfinished"), change
        assert {"in": "draft", "pointer": pointer, "code": code} in [
            {key: one[key] for key in ("in", "pointer", "code")} for one in told["errors"]
        ], told
        listed = [one["allowed"] for one in told["errors"] if one["pointer"] == "/assessmentType"]
        assert all("practical" in allowed for allowed in listed)
        assert bool(listed) == (pointer == "/assessmentType")
        assert (await node.client.get(f"/achievements/{shown['id']}")).status_code == 404


async def test_a_plain_badge_is_published_with_its_class(node):
    """A missing virtue is shown, not banned."""
    bare = {
        "name": "Reading club",
        "description": "Reads.",
        "criteria": {"narrative": "Come."},
        "assessmentType": "none",
    }
    name = await published(node, bare)
    page = await node.client.get(f"/achievements/{name}", headers=HTML)
    assert '<p class="class participation">Participation badge' in page.text
    assert "Confirms taking part; no learning was assessed." in page.text
    assert "Micro-credential" not in page.text.replace(
        "A micro-credential complements a diploma and does not replace it.", ""
    )


async def test_publishing_takes_a_second_person_where_that_is_set(node):
    settings = Settings(frozenset({"achievements.publish"}))
    await node.store.change(A, lambda unit: unit.settings.keep(settings, node.clock()))
    shown = await begin(node)
    asked = await publish(node, shown)
    assert asked.status_code == 202
    approval = asked.json()["approval"]
    assert (await node.client.get(f"/achievements/{shown['id']}")).status_code == 404
    alone = await publish(node, shown, **{"Glejt-Approval": approval})
    assert alone.status_code == 409
    async with node.store.view(A) as view:
        payload = (await view.approvals.find(approval)).payload
    assert payload["document"]["name"] == "MIG welding, basic level"

    async def decide(unit):
        return await unit.approvals.decide(approval, f"{A}-owner", node.clock(), grant=True)

    await node.store.change(A, decide)
    saved = (await save(node, shown["id"], draft(name="Something else"), 1)).json()
    other = await publish(node, saved, **{"Glejt-Approval": approval})
    assert (other.status_code, other.json()["code"]) == (409, "approval.other")
    back = (await save(node, shown["id"], draft(), 2)).json()
    done = await publish(node, back, **{"Glejt-Approval": approval})
    assert done.status_code == 201
    once_more = (await save(node, shown["id"], draft(), 4)).json()
    assert (await publish(node, once_more, **{"Glejt-Approval": approval})).status_code == 409


async def test_withdrawn_it_stays_readable_and_leaves_the_catalogue(node):
    name = await published(node)
    before = (await node.client.get(f"/achievements/{name}/versions/1")).content
    answer = await node.client.post(f"{HOME}/{name}/withdraw", headers=node.key("designer"))
    assert answer.status_code == 204
    assert (await node.client.get(f"/achievements/{name}/versions/1")).content == before
    page = await node.client.get(f"/achievements/{name}", headers=HTML)
    assert "No longer awarded since 1 September 2026" in page.text
    assert (await node.client.get("/catalogue")).json()["entries"] == []
    assert (await save(node, name, draft(), 2)).json()["code"] == "achievement.withdrawn"


async def test_a_duplicate_is_a_new_draft_of_the_same(node):
    name = await published(node)
    answer = await node.client.post(f"{HOME}/{name}/duplicate", json={"version": 1}, headers=node.key("designer"))
    made = answer.json()
    assert answer.status_code == 201
    assert made["id"] != name
    assert made["draft"]["name"] == draft()["name"]
    assert made["draft"]["resultDescription"][0]["id"] == "#o1"
    assert "id" not in made["draft"]
    assert (await publish(node, made)).status_code == 201
    copy = (await node.client.get(f"/achievements/{made['id']}")).json()
    assert copy["resultDescription"][0]["id"] == f"{PUBLIC_URL}/achievements/{made['id']}/versions/1#o1"
    absent = await node.client.post(f"{HOME}/{name}/duplicate", json={"version": 9}, headers=node.key("designer"))
    assert absent.status_code == 404


@pytest.mark.threat(85)
async def test_what_is_another_organisations_is_not_there(node):
    name = (await begin(node))["id"]
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {}),
        ("POST", "/publish", {"revision": 1}),
        ("POST", "/withdraw", None),
        ("POST", "/duplicate", {}),
        ("PUT", "/offer", {"cost": "free"}),
        ("GET", "/versions", None),
    ):
        headers = {**node.key("designer", B), "If-Match": '"1"'}
        answer = await node.client.request(method, f"{HOME}/{name}{path}", json=body, headers=headers)
        nothing = await node.client.request(method, f"{HOME}/0{name[1:]}{path}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "store.absent"), path
        assert answer.json()["detail"] == nothing.json()["detail"]
    assert (await node.client.get(HOME, headers=node.key("designer", B))).json()["achievements"] == []


async def test_roles_may_do_what_they_are_for(node):
    shown = await begin(node)
    for role in ("issuer", "auditor", "program", "node"):
        assert (await node.client.post(HOME, json={}, headers=node.key(role))).status_code == 403
        answer = await node.client.post(f"{HOME}/{shown['id']}/publish", json={"revision": 1}, headers=node.key(role))
        assert answer.status_code == 403
    assert (await node.client.post(HOME, json={})).status_code == 401


@pytest.mark.threat(10)
async def test_json_that_readers_understand_differently_is_refused(node):
    headers = {**node.key("designer"), "Content-Type": "application/json"}
    for body in (b'{"name": 1, "name": 2}', b"[]", b"{", b'{"a": 1e999}', b'{"a":' * 40 + b"1" + b"}" * 40):
        assert (await node.client.post(HOME, content=body, headers=headers)).status_code == 400, body
    large = orjson.dumps({"name": "x" * 100_000})
    assert (await node.client.post(HOME, content=large, headers=headers)).status_code == 413


async def test_the_guide_does_what_it_says(node):
    guide = (ROOT / "docs" / "guides" / "publish-an-achievement.md").read_text("utf-8")
    first, *others = re.findall(r"-d '(\{.*?\})'", guide, re.DOTALL)
    shown = await begin(node, json.loads(first))
    assert (shown["review"]["class"], shown["review"]["publishable"]) == ("achievement", True)
    path = f"{HOME}/{shown['id']}"
    for step, method, body in zip(("publish", "offer"), ("POST", "PUT"), map(json.loads, others), strict=True):
        answer = await node.client.request(method, f"{path}/{step}", json=body, headers=node.key("designer"))
        assert answer.is_success, answer.text
    found = (await node.client.get(re.search(r"`(/catalogue\?q=\w+)`", guide)[1])).json()["entries"]
    assert [entry["name"]["pl"] for entry in found] == ["Pierwsza pomoc, kurs podstawowy"]


async def test_what_was_done_is_in_the_log(node):
    name = await published(node)
    async with node.store.view(A) as view:
        entries = [entry.event for entry in await view.audit.entries()]
        waiting = await view.outbox.waiting()
    done = [(one.action, one.subject) for one in entries]
    assert ("achievement.create", name) in done
    assert ("achievement.publish", name) in done
    assert [task.kind for task in waiting].count("register.publish") == 1
