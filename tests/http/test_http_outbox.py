"""What waits in the background, over HTTP: seen by its organisation alone, and tried again by who may."""

from datetime import timedelta

import pytest
from node_support import NOW, A, B

from node.ports.work import anchor_batch, publish_list

PATH = "/organisation/outbox"


class Bell:
    """A worker that only hears that it was woken."""

    def __init__(self, oldest=None):
        self.rung = 0
        self.oldest = oldest

    async def oldest_waiting(self):
        return self.oldest

    def wake(self):
        self.rung += 1


async def given_up(node, problem="status.unreconciled: the list comes from a backup"):
    """Two tasks of which one was given up; its id."""
    orders = [publish_list("list-1", NOW), anchor_batch("namespace-1", NOW + timedelta(hours=1))]
    await node.store.change(A, lambda unit: unit.outbox.add(orders))

    async def give_up(work):
        (claimed,) = await work.worker.claim(["status.publish"], NOW, lasting=timedelta(hours=1), limit=1)
        await work.worker.failed(claimed, problem, NOW, for_good=True)

    await node.store.node_change(give_up)
    return orders[0].id


async def listed(node, state, role="auditor", organisation=A):
    answer = await node.client.get(PATH, params={"state": state}, headers=node.key(role, organisation))
    assert answer.status_code == 200
    return answer.json()["tasks"]


async def test_what_waits_and_what_was_given_up_are_listed(node):
    await given_up(node)
    (waiting,) = await listed(node, "waiting")
    assert (waiting["kind"], waiting["about"], waiting["problem"]) == ("anchor.batch", "namespace-1", None)
    (dead,) = await listed(node, "dead")
    assert (dead["kind"], dead["about"], dead["attempts"]) == ("status.publish", "list-1", 1)
    assert dead["problem"].startswith("status.unreconciled")
    assert await listed(node, "dead", organisation=B) == []


async def test_what_was_given_up_is_tried_again_and_that_is_written_down(node):
    bell = Bell()
    object.__setattr__(node.services, "work", bell)
    task = await given_up(node)
    answer = await node.client.post(f"{PATH}/{task}/retry", headers=node.key("owner"))
    assert (answer.status_code, answer.json()["state"], bell.rung) == (202, "waiting", 1)
    assert [each["kind"] for each in await listed(node, "waiting")] == ["status.publish", "anchor.batch"]
    async with node.store.view(A) as view:
        (event,) = [entry.event for entry in await view.audit.entries()]
    assert (event.action, event.subject, event.actor) == ("outbox.retry", task, "member:org-a-owner")


@pytest.mark.parametrize(
    ("role", "organisation", "expected"), [("auditor", A, 403), ("issuer", A, 403), ("owner", B, 404)]
)
async def test_nobody_else_has_it_tried_again(node, role, organisation, expected):
    task = await given_up(node)
    answer = await node.client.post(f"{PATH}/{task}/retry", headers=node.key(role, organisation))
    assert answer.status_code == expected
    assert len(await listed(node, "dead")) == 1


async def test_for_how_long_the_oldest_task_waits_is_among_the_metrics(node):
    async def told():
        answer = await node.client.get("/metrics", headers=node.key("node"))
        (line,) = [line for line in answer.text.splitlines() if line.startswith("glejt_outbox_oldest_seconds ")]
        return float(line.split()[1])

    assert await told() == 0
    object.__setattr__(node.services, "work", Bell(NOW - timedelta(minutes=2)))
    assert await told() == 120
