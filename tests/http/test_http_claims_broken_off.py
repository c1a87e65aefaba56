"""Claims that are broken off in the middle, and gone on with by whoever comes first."""

import pytest
from claim_support import AWARDS, Desk, claim
from node_support import A

from node.http.claiming import finishing
from node.ports.judging import JudgeFailedError
from node.ports.outbox import Claimed
from node.ports.work import Kind


@pytest.fixture
def desk(node, runner):
    return runner.run(Desk.open(node))


@pytest.mark.threat(95)
@pytest.mark.parametrize("dies", ["before signing", "before storing"])
@pytest.mark.parametrize("goes_on", ["the claimer", "the node", "the issuer"])
async def test_a_claim_that_was_broken_off_is_gone_on_with(desk, monkeypatch, dies, goes_on):
    node, (made, path) = desk.node, await desk.link()
    judges, handed = node.services.judges, []

    async def secure(*given, **more):
        if dies == "before storing":
            handed.append(await type(judges).secure(judges, *given, **more))
        raise JudgeFailedError("the process ended")

    monkeypatch.setattr(judges, "secure", secure, raising=False)
    assert (await claim(node, path, again="k")).status_code == 500
    monkeypatch.undo()
    assert await desk.state(made["id"]) == "waiting"
    assert (await claim(node, path, again="other")).status_code == 410, "it is somebody's"
    refused = await node.client.post(f"{AWARDS}/{made['id']}/cancel", headers=desk.key)
    assert (refused.status_code, refused.json()["code"]) == (409, "award.state")
    async with node.store.view(A) as view:
        tasks = [task for task in await view.outbox.waiting() if task.kind == Kind.ISSUE_AWARD]
        places = await view.status.entries_of(made["id"])
    assert [task.payload for task in tasks] == [{"award": made["id"]}]
    if goes_on == "the claimer":
        assert (await claim(node, path, again="k")).status_code == 200
    elif goes_on == "the issuer":
        assert (await desk.again(made["id"]))["state"] == "issued"
    for _ in range(2):
        await finishing(node.services).carry(Claimed(A, tasks[0]))
    assert await desk.state(made["id"]) == "issued"
    assert await desk.credentials() == 1
    async with node.store.view(A) as view:
        assert await view.status.entries_of(made["id"]) == places, "no place was taken twice"
    again = await claim(node, path, again="k")
    assert again.status_code == 200
    told = again.json()["credential"]
    assert [each for each in handed if each.body == told] == []


@pytest.mark.threat(95)
async def test_what_is_erased_while_it_is_claimed_is_not_issued(desk, monkeypatch):
    node, (made, path) = desk.node, await desk.link()
    judges = node.services.judges

    async def secure(*given, **more):
        signed = await type(judges).secure(judges, *given, **more)
        await node.client.delete(f"{AWARDS}/{made['id']}", headers=node.key("owner"))
        return signed

    monkeypatch.setattr(judges, "secure", secure, raising=False)
    answer = await claim(node, path)
    assert answer.status_code in {404, 409, 410}, answer.text
    assert await desk.credentials() == 0
