"""Many withdrawn at once: counted first, none forgotten, none too many, each list published once."""

import pytest
from issuing_support import add_profile, credential, issue, verify, working_node
from node_support import NOW, A, B
from organisation_support import call, events, own_key

from node.issuance.aftercare import withdrawing
from node.issuance.aftercare.withdrawing import Withdrawing
from node.ports.awarding import Award, Secured
from node.ports.outbox import Claimed
from node.ports.status_rows import ListRecord
from node.ports.work import Nobody, revoke_many

MANY = "/organisation/withdrawals"


async def order(node, status=202, headers=None, **sent):
    return await call(node, "POST", MANY, headers or node.key("issuer"), status, **sent)


async def filled(node, count, profile="profile"):
    """Awards with places in a list."""
    await add_profile(node, profile)

    async def work(unit):
        await unit.status.add(
            ListRecord(f"{profile}-list", f"https://node.example/status/{profile}", profile, "revocation")
        )
        awards = [
            Award(f"{profile}-{number:05}", f"{profile}-{number}", None, None, profile, NOW, "Demo Learner")
            for number in range(count)
        ]
        await unit.awards.intend(awards)
        await unit.awards.secure([Secured(each.id, "f", f"urn:{each.id}", NOW, b"{}") for each in awards], NOW)
        await unit.status.allocate(f"{profile}-list", [each.id for each in awards])

    await node.store.change(A, work)


async def carried(node, withdrawal, store=None):
    use = Withdrawing(store=store or node.store, work=Nobody(), now=node.clock)
    await use.carry(Claimed(A, revoke_many(withdrawal, node.clock())))


async def values(node, profile="profile"):
    async with node.store.view(A) as view:
        return await view.status.values(f"{profile}-list")


async def shown(node, withdrawal, status=200):
    return await call(node, "GET", f"{MANY}/{withdrawal}", node.key("auditor"), status)


async def test_a_dry_run_counts_and_what_is_withdrawn_is_seen(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        did = await add_profile(node, status=["revocation"])
        signed = [(await issue(node, credential(did, number))).json()["verifiableCredential"] for number in range(3)]
        found = (await call(node, "GET", "/organisation/awards", node.key("issuer"), 200))["awards"]
        ids = [each["id"] for each in found]
        dry = await order(node, 200, awards=ids[:2], reason="error", dryRun=True)
        assert dry["count"] == 2
        assert (await verify(node, signed[2])).json()["verified"]
        use = Withdrawing(store=node.store, work=node.services.work, now=node.clock)
        made = await order(node, awards=[*ids[:2], "never-was"], reason="error")
        assert made["total"] == 2
        await use.carry(Claimed(A, revoke_many(made["id"], node.clock())))
        (lists,) = (await call(node, "GET", "/organisation/status-lists", node.key("auditor"), 200))["lists"]
        await node.services.work.published(lists["id"], node.clock())
        judged = [(await verify(node, each)).json()["verified"] for each in signed]
        assert judged == [True, False, False]
        told = await shown(node, made["id"])
        assert (told["state"], told["changed"], told["unchanged"], told["withoutPlace"]) == ("done", 2, 0, 0)
        assert told["chosen"] == {"awards": 3}


@pytest.mark.threat(55, 95)
async def test_a_process_that_dies_between_pieces_is_followed_by_one_that_goes_on(node, monkeypatch):
    monkeypatch.setattr(withdrawing, "PIECE", 10)
    await filled(node, 45)
    await filled(node, 5, "other")
    made = await order(node, filter={"profile": "profile"}, reason="error")
    assert made["total"] == 45

    class Dying:
        """The store of a process that dies after so many changes."""

        def __init__(self, left):
            self.left = left

        async def change(self, organisation, work):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return await node.store.change(organisation, work)

    for done in (1, 2, 1):
        with pytest.raises(KeyboardInterrupt):
            await carried(node, made["id"], Dying(done))
    assert len(await values(node)) == 40
    assert (await shown(node, made["id"]))["state"] == "running"
    await carried(node, made["id"])
    await carried(node, made["id"])
    assert len(await values(node)) == 45
    assert await values(node, "other") == {}
    told = await shown(node, made["id"])
    assert (told["state"], told["changed"], told["unchanged"], told["total"]) == ("done", 45, 0, 45)
    async with node.store.view(A) as view:
        tasks = [task for task in await view.outbox.waiting() if task.kind == "status.publish"]
        notices = await view.notices.waiting(limit=100)
    assert len(tasks) == 1, "one publication of one list"
    assert tasks[0].due_at <= node.clock()
    assert len({each.award for each in notices}) == len(notices) == 45
    logged = [event for event in await events(node) if event.action == "award.revoked_many"]
    assert sorted(award for event in logged for award in event.details["awards"]) == sorted(
        each.award for each in notices
    )


async def test_what_was_withdrawn_before_or_has_no_place_is_counted_and_later_ones_are_not_meant(node):
    await filled(node, 5)

    async def work(unit):
        await unit.awards.intend([Award("placeless", "p", None, None, "profile", NOW, "Demo Learner")])
        await unit.awards.secure([Secured("placeless", "f", "urn:p", NOW, b"{}")], NOW)
        await unit.status.revoke(["profile-00001"], NOW, "before")

    await node.store.change(A, work)
    made = await order(node, filter={"profile": "profile"}, reason="conditions")

    async def later(unit):
        await unit.awards.intend([Award("z-later", "z", None, None, "profile", NOW, "Demo Learner")])
        await unit.awards.secure([Secured("z-later", "f", "urn:z", NOW, b"{}")], NOW)
        await unit.status.allocate("profile-list", ["z-later"])

    await node.store.change(A, later)
    await carried(node, made["id"])
    told = await shown(node, made["id"])
    assert (told["total"], told["changed"], told["unchanged"], told["withoutPlace"]) == (6, 4, 1, 1)
    assert len(await values(node)) == 5
    async with node.store.view(A) as view:
        assert (await view.status.standings(["z-later"])) == {}


@pytest.mark.parametrize(
    "sent",
    [{}, {"filter": {}}, {"filter": {"standing": "good"}}, {"awards": [], "filter": {"profile": "x"}},
     {"awards": ["a"], "filter": {"profile": "x"}}, {"awards": [""]}, {"filter": {"awardedFrom": "yesterday"}},
     {"filter": {"nothing": 1}}, {"awards": ["a"] * 10_001}],
    ids=["nothing", "all", "all-good", "none", "both", "empty", "no-time", "unknown", "too-many"],
)  # fmt: skip
async def test_nothing_in_particular_is_not_everything(node, sent):
    await filled(node, 2)
    refused = await node.client.post(MANY, json={"reason": "error", **sent}, headers=node.key("issuer"))
    assert refused.status_code in {400, 422}, refused.text
    assert await values(node) == {}


@pytest.mark.threat(83)
async def test_a_second_person_agrees_to_exactly_these(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await filled(node, 3)
        owner = await own_key(node, "org-a-owner")
        issuer = await own_key(node, "org-a-issuer", scopes=["approvals:decide", "organisation:read"])
        await call(node, "PUT", "/organisation/settings", owner, 200, secondPerson=["credentials.status"])
        sent = {"filter": {"profile": "profile"}, "reason": "error"}
        asked = (await order(node, 202, owner, **sent))["approval"]
        await call(node, "POST", f"/organisation/approvals/{asked}/decision", issuer, 200, grant=True)

        async def another(unit):
            await unit.awards.erase(["profile-00000"])
            await unit.awards.intend([Award("zz", "zz", None, None, "profile", NOW, "Demo Learner")])
            await unit.awards.secure([Secured("zz", "f", "urn:zz", NOW, b"{}")], NOW)

        await node.store.change(A, another)
        headers = owner | {"Glejt-Approval": asked}
        assert (await order(node, 409, headers, **sent))["code"] == "approval.other"
        assert (await shown(node, "none", 404))["code"] == "store.absent"
        assert await values(node) == {}, "as many, but not these"


@pytest.mark.threat(85)
async def test_nobody_withdraws_what_is_another_organisations(node):
    await filled(node, 3)
    ids = [f"profile-{number:05}" for number in range(3)]
    made = await order(node, 202, node.key("issuer", B), awards=ids, reason="error")
    assert made["total"] == 0
    assert await values(node) == {}
    assert (await node.client.get(f"{MANY}/{made['id']}", headers=node.key("issuer"))).status_code == 404
    for role in ("auditor", "designer", "program"):
        answer = await node.client.post(MANY, json={"awards": ids, "reason": "error"}, headers=node.key(role))
        assert answer.status_code == 403
