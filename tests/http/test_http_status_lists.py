"""The organisation's status lists over HTTP: how they stand, reconciled after a restore, and sealed for good."""

import work_support as support
from node_support import A, B
from sqlalchemy import text

from node.issuance.organisation.second_person import Action
from node.issuance.publication import Publisher
from node.ports.organisations import Settings
from node.verification.trust import NO_TRUST

PATH = "/organisation/status-lists"


async def published(node):
    """A list with one place set, published; the document."""
    await support.add_issuer(node.store, node.vault, organisation=False)
    (place,) = await support.add_awards(node.store, 1)
    await node.store.change(A, lambda unit: unit.status.set_value(support.LIST, place, 1, node.clock(), "by mistake"))
    return (await Publisher(node.store, node.vault, NO_TRUST, node.clock).publish(A, support.LIST)).document


async def test_how_lists_stand_is_shown_to_their_organisation(node):
    await published(node)
    answer = await node.client.get(PATH, headers=node.key("auditor"))
    (shown,) = answer.json()["lists"]
    assert (shown["id"], shown["version"], shown["reconciled"], shown["sealedAt"]) == (support.LIST, 1, True, None)
    assert (await node.client.get(PATH, headers=node.key("auditor", B))).json() == {"lists": []}


async def test_a_restored_list_is_reconciled_with_the_version_that_was_published_last(node):
    document = await published(node)

    async def put_back(connection):
        await connection.execute(text("UPDATE status_entries SET value = 0"))
        await connection.execute(text("UPDATE status_lists SET reconciled = :no"), {"no": False})

    await node.database.transact(put_back)
    where, headers = f"{PATH}/{support.LIST}/reconcile", {"Content-Type": "application/vc"}
    refused = await node.client.post(where, content=document, headers=headers | node.key("issuer"))
    assert refused.status_code == 403
    refused = await node.client.post(where, content=b'{"of": "somebody else"}', headers=headers | node.key("owner"))
    assert refused.json()["code"] == "issuance.copy"
    answer = await node.client.post(where, content=document, headers=headers | node.key("owner"))
    assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    again = await node.client.post(where, content=document, headers=headers | node.key("owner"))
    assert (again.status_code, again.json()["code"]) == (409, "status.reconciled")
    stranger = await node.client.post(where, content=document, headers=headers | node.key("owner", B))
    assert stranger.status_code == 404


async def test_a_list_is_sealed_by_who_may(node):
    await published(node)
    where = f"{PATH}/{support.LIST}/seal"
    assert (await node.client.post(where, headers=node.key("issuer"))).status_code == 403
    assert (await node.client.post(where, headers=node.key("owner", B))).status_code == 404
    assert (await node.client.post(where, headers=node.key("owner"))).status_code == 202
    async with node.store.view(A) as view:
        assert [task.kind for task in await view.outbox.waiting()] == ["status.seal"]
        assert (await view.audit.entries())[-1].event.action == "status.seal"


async def test_a_list_is_sealed_by_two_where_a_status_takes_two(node):
    """Who seals a list says of everything in it how it stays, so that is no less than changing one."""
    await published(node)
    settings = Settings(second_person=frozenset({Action.STATUS}))
    await node.store.change(A, lambda unit: unit.settings.keep(settings, node.clock()))
    where, owner = f"{PATH}/{support.LIST}/seal", node.key("owner")
    asked = await node.client.post(where, headers=owner)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    approval = asked.json()["approval"]
    early = await node.client.post(where, headers={**owner, "Glejt-Approval": approval})
    assert (early.status_code, early.json()["code"]) == (409, "approval.closed")
    async with node.store.view(A) as view:
        assert await view.outbox.waiting() == ()
    await node.store.change(A, lambda unit: unit.approvals.decide(approval, "org-a-issuer", node.clock(), grant=True))
    done = await node.client.post(where, headers={**owner, "Glejt-Approval": approval})
    assert (done.status_code, done.json()["state"]) == (202, "sealing")
    async with node.store.view(A) as view:
        assert [task.kind for task in await view.outbox.waiting()] == ["status.seal"]
