"""Everything taken out: whole, to the byte, checkable without the node, and without any key."""

import hashlib
import io
import tarfile

import orjson
import pytest
from issuing_support import add_profile, credential, issue, working_node
from node_support import A, B
from organisation_support import call, events, own_key
from running import glejt

EXPORT = "/organisation/export"
AWARDS = "/organisation/awards"
HOOK = {"url": "https://x.university.example/", "events": ["award.issued"]}


async def exported(node, headers=None):
    answer = await node.client.post(EXPORT, headers=headers or node.key("owner"))
    assert answer.status_code == 200, answer.text
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        return answer.content, {each.name: archive.extractfile(each).read() for each in archive}


async def filled(node, count=3):
    did = await add_profile(node, status=["revocation"])
    await add_profile(node, "tokens", "jwt", status=["revocation"])
    signed = [(await issue(node, credential(did, number))).json()["verifiableCredential"] for number in range(count)]
    (_, *found) = (await call(node, "GET", AWARDS, node.key("issuer"), 200))["awards"]
    await call(node, "POST", f"{AWARDS}/{found[-1]['id']}/revoke", node.key("issuer"), 200, reason="error", words="Why")
    return signed


async def test_all_is_there_to_the_byte_and_can_be_checked_without_the_node(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        signed = await filled(node)
        await call(
            node,
            "POST",
            "/organisation/webhooks",
            node.key("owner"),
            201,
            url="https://x.university.example/",
            events=["award.issued"],
        )
        _, files = await exported(node)
        async with node.store.view(A) as view:
            ids = [each.id for each in await view.awards.in_state("issued")]
            stored = {
                f"credentials/{each}.eddsa-rdfc-2022": (await view.awards.credentials(each))[0].secured for each in ids
            }
            lists = {
                f"status-lists/{each.id}.{each.version}": await view.status.published(each.id)
                for each in await view.status.lists()
            }
    assert {name: content for name, content in files.items() if name.startswith("credentials/")} == stored
    assert {name: files[name] for name in lists} == lists
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name not in {"SHA256SUMS", "manifest.json"}
    }
    manifest = orjson.loads(files["manifest.json"])
    assert manifest["sums"] == hashlib.sha256(files["SHA256SUMS"]).hexdigest()
    assert (manifest["organisation"], manifest["files"]["credentials"]) == (A, len(signed))
    awards = [orjson.loads(line) for line in files["awards/000001.ndjson"].splitlines()]
    assert [each["id"] for each in awards] == sorted(ids)
    (notice,) = [orjson.loads(line) for line in files["notices/000001.ndjson"].splitlines()]
    assert (notice["change"], notice["words"]) == ("revoked", "Why")
    log = b"".join(files[name] for name in sorted(files) if name.startswith("log/") and name.endswith(".ndjson"))
    assert orjson.loads(log.splitlines()[-1])["action"] == "organisation.export"

    folder = tmp_path / "export"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    done = glejt(tmp_path, "verify", str(folder / "capsules"), "--offline", "--json", "--at", "2026-09-01T12:30:00Z")
    reports = [orjson.loads(line) for line in done.stdout.splitlines()] if done.stdout.startswith("{") else []
    told = [entry["verdict"] for report in reports for entry in report["credentials"]]
    assert sorted(told) == ["accepted", "accepted", "rejected"], (done.stdout[:2000], done.stderr[:500])
    (capsule,) = (folder / "capsules").iterdir()
    data = bytearray(capsule.read_bytes())
    place = data.find(b"MIG") if b"MIG" in data else len(data) // 2
    data[place] ^= 1
    capsule.write_bytes(data)
    done = glejt(tmp_path, "verify", str(folder / "capsules"), "--offline", "--at", "2026-09-01T12:30:00Z")
    assert done.returncode != 0


@pytest.mark.threat(85)
async def test_no_key_no_secret_and_nothing_of_another_organisation_is_in_it(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await filled(node)
        made = await call(
            node,
            "POST",
            "/organisation/webhooks",
            node.key("owner"),
            201,
            url="https://x.university.example/",
            events=["award.issued"],
        )
        whole, files = await exported(node)
        assert made["secret"].removeprefix("whsec_").encode() not in whole
        async with node.database.reading() as connection:
            rows = await connection.exec_driver_sql("SELECT sealed FROM keys UNION ALL SELECT wrapped FROM data_keys")
            for (sealed,) in rows:
                assert bytes(sealed) not in whole
                assert bytes(sealed).hex().encode() not in whole
        for key in node.keys.values():
            assert key.encode() not in whole
        assert B.encode() not in whole
        assert b"".join(files.values())
        _, others = await exported(node, node.key("owner", B))
        assert not [name for name in others if name.startswith(("credentials/", "capsules/", "awards/"))]
        assert A.encode() not in b"".join(others.values())


async def test_only_an_owner_takes_it_out_and_that_is_written_down_first(node):
    for role in ("issuer", "designer", "auditor", "program"):
        assert (await node.client.post(EXPORT, headers=node.key(role))).status_code == 403
    some = await own_key(node, "org-a-owner", scopes=["organisation:manage"])
    assert (await node.client.post(EXPORT, headers=some)).status_code == 403
    assert "organisation.export" not in [each.action for each in await events(node)]
    await exported(node)
    assert [each.action for each in await events(node)][-1] == "organisation.export"
