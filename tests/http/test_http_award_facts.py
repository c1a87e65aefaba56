"""What is known of an award whose credential was given whole: by which name it is searched, and what it awards."""

import json

import pytest
from issuing_support import add_profile, credential, issue
from node_support import PUBLIC_URL, A, B
from register_support import draft

from node.ports.awarding import AwardQuery

HOME = "/organisation/achievements"


def subject(**members):
    """A badge's subject with other members; None takes one away."""
    whole = {**credential("did:example:1")["credentialSubject"], **members}
    return {name: value for name, value in whole.items() if value is not None}


def identity(value="Demo Learner", **changes):
    return {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": value, **changes}


async def found(node, words):
    async with node.store.view(A) as view:
        return await view.awards.search(AwardQuery(words))


async def published(node, organisation=A):
    """An achievement whose first version is published."""
    headers = node.key("designer", organisation)
    shown = (await node.client.post(HOME, json=draft(), headers=headers)).json()
    made = {"revision": shown["revision"]}
    answer = await node.client.post(f"{HOME}/{shown['id']}/publish", json=made, headers=headers)
    assert answer.status_code == 201, answer.text
    return shown["id"]


def awarding(address):
    """A subject who gets the achievement with this address."""
    return subject(achievement={**subject()["achievement"], "id": address})


def address_of(name, version=1):
    return f"{PUBLIC_URL}/achievements/{name}/versions/{version}"


@pytest.mark.parametrize(
    "named",
    [
        {"identifier": [identity()]},
        {"identifier": identity()},
        {"identifier": [identity("a@example.org", identityType="emailAddress"), identity()]},
    ],
    ids=["one", "alone", "behind another"],
)
async def test_the_learner_of_an_open_badge_is_found_by_name(node, named):
    did = await add_profile(node)
    answer = await issue(node, credential(did, credentialSubject=subject(**named)))
    assert answer.status_code == 201, answer.text
    (award,) = await found(node, "demo")
    assert award.name == "Demo Learner"
    assert await found(node, "learner") == (award,), "by the family name, too"
    shown = await node.client.get("/organisation/awards", params={"words": "Demo"}, headers=node.key("issuer"))
    assert [one["name"] for one in json.loads(shown.content)["awards"]] == ["Demo Learner"]


@pytest.mark.parametrize(
    "hidden",
    [
        identity("sha256$" + "0" * 64, hashed=True, salt="demo"),
        identity("demo@example.org", identityType="emailAddress"),
        identity("0042", identityType="studentId"),
    ],
)
async def test_a_hash_or_another_identifier_is_no_name(node, hidden):
    did = await add_profile(node)
    answer = await issue(node, credential(did, credentialSubject=subject(identifier=[hidden])))
    assert answer.status_code == 201, answer.text
    (award,) = await found(node, None)
    assert award.name == ""


async def test_an_award_of_the_organisations_own_achievement_is_linked_to_its_version(node):
    did, name = await add_profile(node), await published(node)
    answer = await issue(node, credential(did, credentialSubject=awarding(address_of(name))))
    assert answer.status_code == 201, answer.text
    (award,) = await found(node, None)
    assert (award.achievement, award.version) == (name, 1)
    shown = await node.client.get("/organisation/awards", params={"achievement": name}, headers=node.key("issuer"))
    assert [(one["achievement"], one["version"]) for one in shown.json()["awards"]] == [(name, 1)]


async def test_a_foreign_or_a_wrong_address_links_nothing(node):
    did, name, other = await add_profile(node), await published(node), await published(node, B)
    wrong = [
        address_of(other),
        address_of(name, 2),
        address_of(name, "01"),
        address_of(name, "1#o1"),
        f"{PUBLIC_URL}/achievements/{name}",
        f"{PUBLIC_URL}.example.org/achievements/{name}/versions/1",
        address_of(name, "9" * 30),
    ]
    for number, address in enumerate(wrong):
        answer = await issue(node, credential(did, number, credentialSubject=awarding(address)))
        assert answer.status_code == 201, answer.text
    assert [(award.achievement, award.version) for award in await found(node, None)] == [(None, None)] * len(wrong)


async def test_a_withdrawn_achievement_is_awarded_no_more_and_who_asked_before_gets_the_same(node):
    did, name = await add_profile(node), await published(node)
    first = credential(did, credentialSubject=awarding(address_of(name)))
    once = {"Idempotency-Key": "k"}
    before = await issue(node, first, headers=once)
    assert (await node.client.post(f"{HOME}/{name}/withdraw", headers=node.key("designer"))).status_code == 204
    refused = await issue(node, credential(did, 1, credentialSubject=awarding(address_of(name))))
    assert (refused.status_code, refused.json()["code"]) == (422, "achievement.withdrawn")
    assert "Award another one" in refused.json()["remedy"]
    again = await issue(node, first, headers=once)
    assert (again.status_code, again.content) == (201, before.content)
    assert len(await found(node, None)) == 1, "nothing is left of what was refused"
