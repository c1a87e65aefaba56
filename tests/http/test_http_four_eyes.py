"""What takes a second person: nothing is issued or withdrawn before another one agreed to exactly that; then once."""

import pytest
from issuing_support import add_profile, credential, issue, set_status
from node_support import A

from node.issuance.organisation.second_person import Action
from node.ports.awarding import AwardState
from node.ports.organisations import Settings

HEADER = "Glejt-Approval"


async def taking_two(node, *actions):
    settings = Settings(second_person=frozenset(actions))
    await node.store.change(A, lambda unit: unit.settings.keep(settings, node.clock()))


async def agree(node, approval):
    await node.store.change(A, lambda unit: unit.approvals.decide(approval, "org-a-owner", node.clock(), grant=True))


async def counts(node):
    async with node.store.view(A) as view:
        return {state.value: len(await view.awards.in_state(state)) for state in AwardState}, [
            await view.status.values(record.id) for record in await view.status.lists()
        ]


NOTHING = dict.fromkeys(("intended", "waiting", "issued", "cancelled"), 0)


async def test_nothing_is_issued_before_another_person_agreed_to_it(node):
    did = await add_profile(node)
    await taking_two(node, Action.ISSUE)
    asked = await issue(node, credential(did))
    assert asked.status_code == 202, asked.text
    approval = asked.json()["approval"]
    assert asked.headers["location"] == f"/organisation/approvals/{approval}"
    assert await counts(node) == (NOTHING, [])
    assert (await issue(node, credential(did))).json()["approval"] == approval, "the same is asked for once"
    early = await issue(node, credential(did), headers={HEADER: approval})
    assert (early.status_code, early.json()["code"]) == (409, "approval.closed")
    await agree(node, approval)
    other = await issue(node, credential(did, name="Something else"), headers={HEADER: approval})
    assert (other.status_code, other.json()["code"]) == (409, "approval.other")
    done = await issue(node, credential(did), headers={HEADER: approval})
    assert done.status_code == 201, done.text
    assert (await counts(node))[0] == NOTHING | {"issued": 1}
    again = await issue(node, credential(did, 1), headers={HEADER: approval})
    assert again.status_code == 409
    assert (await counts(node))[0] == NOTHING | {"issued": 1}


async def test_what_was_agreed_to_is_done_once_by_requests_that_count_once(node):
    did = await add_profile(node)
    await taking_two(node, Action.ISSUE)
    key = {"Idempotency-Key": '"k"'}
    approval = (await issue(node, credential(did), headers=key)).json()["approval"]
    await agree(node, approval)
    answers = [await issue(node, credential(did), headers={**key, HEADER: approval}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert (await counts(node))[0] == NOTHING | {"issued": 1}


@pytest.mark.threat(55)
async def test_nothing_is_withdrawn_before_another_person_agreed_to_it(node):
    did = await add_profile(node)
    one = (await issue(node, credential(did))).json()["verifiableCredential"]
    await taking_two(node, Action.STATUS)
    asked = await set_status(node, one["id"], reason="a mistake")
    assert asked.status_code == 202
    approval = asked.json()["approval"]
    assert (await counts(node))[1] == [{}]
    await agree(node, approval)
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    message = {"credentialId": one["id"], "credentialStatus": entry, "status": True, "reason": "a mistake"}
    headers = {**node.key("issuer"), HEADER: approval}
    done = await node.client.post("/credentials/status", json=message, headers=headers)
    assert (done.status_code, done.json().get("changed")) == (202, True)
    assert (await counts(node))[1] == [{int(one["credentialStatus"]["statusListIndex"]): 1}]
