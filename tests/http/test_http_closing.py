"""Closing an organisation over HTTP: asked again until nothing is open, and nothing is issued meanwhile."""

import asyncio

import pytest
from issuing_support import add_profile, credential, issue, set_status, working_node
from node_support import A, B
from organisation_support import call, machine_key
from work_support import until

from node.credentials.timestamps import format_timestamp
from node.status.status_list import SEALED_UNTIL


@pytest.mark.threat(48)
async def test_closing_is_asked_again_until_its_lists_are_sealed_and_nothing_waits(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        administrator, where = await machine_key(node, B), f"/node/organisations/{A}"
        did = await add_profile(node)
        issued = (await issue(node, credential(did))).json()["verifiableCredential"]
        told = await call(node, "DELETE", where, administrator, 202)
        assert told["state"] == "closing"
        assert {"list", "status.seal"} <= {one["what"] for one in told["open"]}
        assert all(one["remedy"] for one in told["open"])
        for refused in (await issue(node, credential(did, 1)), await set_status(node, issued["id"])):
            assert (refused.status_code, refused.json()["code"]) == (409, "organisation.closing")
        await call(node, "GET", "/organisation/outbox", node.key("owner"), 200)  # its members see what is open

        async def only_the_log_is_open():
            answer = await node.client.delete(where, headers=administrator)
            assert answer.status_code == 202
            await asyncio.sleep(0.05)
            return {one["what"] for one in answer.json()["open"]} == {"audit.head"}

        await until(only_the_log_is_open)
        lost = await call(node, "DELETE", f"{where}?anyway=true", administrator, 200)
        assert (lost["state"], [one["what"] for one in lost["lost"]]) == ("closed", ["audit.head"])
        await call(node, "DELETE", where, administrator, 204)
        await call(node, "GET", "/organisation", node.key("owner"), 401)
        served = await node.client.get(issued["credentialStatus"]["statusListCredential"])
        assert served.json()["validUntil"] == format_timestamp(SEALED_UNTIL)
