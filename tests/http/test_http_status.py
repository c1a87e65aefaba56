"""POST /credentials/status: withdrawn for good, suspended and lifted, seen by whoever verifies next."""

import asyncio
from datetime import timedelta

import pytest
from database_support import fresh_database, postgresql_server
from issuing_support import add_profile, credential, issue, set_status, verify, working_node
from node_support import NOW, PUBLIC_URL, A, B, running_node

from node.documents import parse_object
from node.ports.awarding import Award, Secured
from node.ports.status_rows import ListRecord
from node.status.bitstring import Bitstring
from node.status.encoded_list import decode


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server() as server:
        yield server


async def issued(node, count=1, **options):
    did = await add_profile(node, **options)
    answers = [await issue(node, credential(did, number)) for number in range(count)]
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    return [answer.json()["verifiableCredential"] for answer in answers]


async def rows(node):
    async with node.store.view(A) as view:
        return {record.purpose: await view.status.values(record.id) for record in await view.status.lists()}


async def events(node):
    async with node.store.view(A) as view:
        return [entry.event for entry in await view.audit.entries() if entry.event.action == "credential.status"]


async def test_what_is_withdrawn_is_seen_by_whoever_verifies_next(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        one, other = await issued(node, 2)
        assert (await verify(node, one)).status_code == 200
        answer = await set_status(node, one["id"], reason="a mistake")
        assert (answer.status_code, answer.json()["changed"], answer.json()["published"]) == (200, True, True)
        assert answer.json()["statusListCredential"] == one["credentialStatus"]["statusListCredential"]
        refused = await verify(node, one)
        assert (refused.status_code, refused.json()["report"]["sentence"]) == (400, "withdrawn")
        assert (await verify(node, other)).status_code == 200


@pytest.mark.threat(55)
async def test_a_withdrawal_is_final_and_written_down(node):
    (one,) = await issued(node)
    assert (await set_status(node, one["id"], reason="a mistake")).status_code == 202
    assert (await set_status(node, one["id"])).json()["changed"] is False
    back = await set_status(node, one["id"], status=False)
    assert (back.status_code, back.json()["code"]) == (409, "status.final")
    assert list((await rows(node))["revocation"].values()) == [1]
    (event,) = await events(node)
    assert (event.actor, event.details["purpose"], event.details["value"]) == ("member:org-a-issuer", "revocation", 1)
    assert "a mistake" not in repr(event)
    async with node.store.view(A) as view:
        (place,) = await view.status.entries_of(event.subject)
    assert place.reason == "a mistake"


async def test_a_suspension_is_lifted_and_both_are_written_down(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        (one,) = await issued(node, status=["revocation", "suspension"])
        assert (await set_status(node, one["id"], "suspension")).status_code == 200
        refused = await verify(node, one)
        assert (refused.status_code, refused.json()["report"]["sentence"]) == (400, "suspended")
        assert (await set_status(node, one["id"], "suspension", status=False)).status_code == 200
        assert (await verify(node, one)).status_code == 200
        assert [event.details["value"] for event in await events(node)] == [1, 0]
        assert (await rows(node)) == {"revocation": {}, "suspension": {}}


async def test_a_wallet_form_is_suspended_and_withdrawn_by_the_one_place_that_it_has(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        did = await add_profile(node, form="sd-jwt", vct="eudi", status=["revocation", "suspension"])
        token = (await issue(node, credential(did))).json()["verifiableCredential"]
        name = credential(did)["id"]
        accepted = (await verify(node, token)).json()["report"]["credentials"][0]
        assert status_of(accepted) == "passed", accepted["checks"]
        values = []
        for purpose, status in (
            ("suspension", True),
            ("revocation", False),
            ("suspension", False),
            ("revocation", True),
        ):
            node.clock.move(timedelta(seconds=2))  # versions of such a list are dated to the second
            assert (await set_status(node, name, purpose, status=status)).status_code == 200
            values.append([*(await rows(node))["status_list"].values()])
        assert values == [[2], [2], [], [1]], "to say that it is not withdrawn lifts no suspension"
        refused = (await verify(node, token)).json()["report"]["credentials"][0]
        assert status_of(refused) == "failed"
        for purpose, status in (("revocation", False), ("suspension", True)):
            assert (await set_status(node, name, purpose, status=status)).status_code == 409
        assert (await set_status(node, name, "suspension", status=False)).json()["changed"] is False
        assert [*(await rows(node))["status_list"].values()] == [1]


def status_of(entry):
    return next(check["outcome"] for check in entry["checks"] if check["check"] == "status")


async def test_202_where_nobody_publishes_in_time(node):
    (one,) = await issued(node)
    answer = await set_status(node, one["id"])
    assert (answer.status_code, answer.json()["published"]) == (202, False)
    async with node.store.view(A) as view:
        kinds = sorted(task.kind for task in await view.outbox.waiting())
    assert kinds == ["audit.head", "status.publish"], "of several that wait for the same, one is kept"


async def test_the_kind_may_be_named_by_the_list_and_the_place_by_its_number(node):
    (one,) = await issued(node)
    entry = one["credentialStatus"]
    other = {**entry, "statusListIndex": str(int(entry["statusListIndex"]) ^ 1)}
    assert (await set_status(node, one["id"], credentialStatus=other)).status_code == 404
    assert (await set_status(node, one["id"], credentialStatus=entry)).status_code == 202
    named = {"type": "BitstringStatusList", "statusPurpose": "revocation"}
    assert (await set_status(node, one["id"], credentialStatus=named)).status_code == 202


async def test_what_is_not_there_and_what_is_anothers_are_one(node):
    (one,) = await issued(node)
    answers = [
        await set_status(node, one["id"], organisation=B),
        await set_status(node, "urn:uuid:nothing", organisation=B),
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() | {"instance": ""} == answers[1].json() | {"instance": ""}
    assert (await set_status(node, one["id"], "suspension")).status_code == 404
    assert (await rows(node))["revocation"] == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "true"},
        {"status": 1},
        {"credentialStatus": {"type": "StatusList2021Entry", "statusPurpose": "revocation"}},
        {"credentialStatus": {"statusPurpose": "revocation"}},
        {"credentialStatus": {"type": "BitstringStatusListEntry"}},
        {"credentialStatus": "revoked"},
        {"credentialId": 4},
        {"something": 1},
    ],
)
async def test_a_message_that_is_not_as_it_should_be_changes_nothing(node, changes):
    (one,) = await issued(node)
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    message = {"credentialId": one["id"], "credentialStatus": entry, "status": True} | changes
    answer = await node.client.post("/credentials/status", json=message, headers=node.key("issuer"))
    assert answer.status_code == 400, answer.text
    assert (await rows(node))["revocation"] == {}


async def test_a_key_without_the_scope_changes_nothing(node):
    (one,) = await issued(node)
    assert (await set_status(node, one["id"], role="program")).status_code == 403
    assert (await set_status(node, one["id"], role="auditor")).status_code == 403


AT_ONCE = 64


async def stored(node, count):
    """Credentials of which there is nothing but what a withdrawal looks at: their names, with their places."""
    await add_profile(node)
    names = [f"urn:example:{number}" for number in range(count)]
    awards = [Award(f"award-{name}", name, None, None, "profile", NOW, "") for name in names]

    async def work(unit):
        await unit.awards.intend(awards)
        await unit.awards.secure([Secured(one.id, "f", one.client_key, NOW, b"{}") for one in awards], NOW)
        await unit.status.add(ListRecord("list", f"{PUBLIC_URL}/status/list", "profile", "revocation"))
        return await unit.status.allocate("list", [one.id for one in awards])

    return dict(zip(names, await node.store.change(A, work), strict=True))


async def none_is_lost(node):
    places = await stored(node, AT_ONCE)
    answers = await asyncio.gather(*(set_status(node, name) for name in places))
    assert {answer.status_code for answer in answers} == {202}
    assert (await rows(node))["revocation"] == dict.fromkeys(places.values(), 1)
    assert len(await events(node)) == AT_ONCE


@pytest.mark.threat(54)
async def test_of_64_withdrawals_at_once_none_is_lost(node):
    await none_is_lost(node)


@pytest.mark.threat(54)
def test_of_64_withdrawals_at_once_none_is_lost_on_postgresql(runner, tmp_path, postgresql):
    async def work(address):
        async with running_node(tmp_path, address=address) as node:
            await none_is_lost(node)

    with fresh_database(postgresql) as address:
        runner.run(work(address))


@pytest.mark.threat(54)
async def test_the_list_that_is_published_has_all_of_them(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        credentials = await issued(node, 8)
        answers = await asyncio.gather(*(set_status(node, one["id"]) for one in credentials))
        assert {answer.status_code for answer in answers} == {200}
        async with node.store.node_view() as view:
            text = await view.public.status_list(answers[0].json()["statusListCredential"])
        bits = Bitstring(decode(parse_object(text)["credentialSubject"]["encodedList"]), 1)
        places = {int(one["credentialStatus"]["statusListIndex"]) for one in credentials}
        assert dict(bits.nonzero()) == dict.fromkeys(places, 1)
