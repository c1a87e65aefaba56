"""A node's whole state in a file: made under load, tried out, restored elsewhere, and what has ended then."""

import asyncio
import base64
import json
import sqlite3
import time
import zipfile
from contextlib import closing

import httpx2
import pytest
from running import glejt
from serve_support import QUICK, Load, issue, serving, stored

from node.adapters.node_folder import NodeFolder
from node.app.errands import now
from node.app.opening import opened_node
from node.config.node_settings import load_node
from node.ports.vault import KeyPurpose


def answered(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def wait_until(seen):
    end = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.threat(87, 100)
def test_a_backup_made_under_load_is_a_node_again(tmp_path):
    copy, file = tmp_path / "copy", tmp_path / "node.backup"
    with serving(tmp_path, GLEJT_NODE_JUDGES="1") as node:
        load = Load(node)
        assert load.enough.wait(60)
        before = list(load.issued)
        told = answered(glejt(tmp_path, "backup", str(file), "--check", "--data", "data", "--json"))
        assert told["checked"] is True
        assert told["chain"] is True
        assert node.stop() == 0
        load.end()
        made = node.told["made"]
    assert file.stat().st_mode & 0o077 == 0

    told = answered(glejt(tmp_path, "restore", str(file), "--data", str(copy), "--json"))
    assert told["rows"] > len(before)
    asked = glejt(tmp_path, "node", "key", "--data", str(copy))
    assert "start.passphrase_absent" in asked.stderr  # the file opens nothing by itself
    (copy / "passphrase").write_bytes((tmp_path / "data" / "passphrase").read_bytes())
    (copy / "passphrase").chmod(0o600)
    assert all(each in stored(tmp_path, "copy") for each in before)
    with (
        closing(sqlite3.connect(tmp_path / "data" / "chain" / "chain.sqlite3")) as old,
        closing(sqlite3.connect(copy / "chain" / "chain.sqlite3")) as new,
    ):
        entries = "SELECT key, value FROM entries"
        assert set(new.execute(entries)) <= set(old.execute(entries))

    with serving(tmp_path, data="copy", GLEJT_NODE_JUDGES="1", GLEJT_NODE_PUBLIC_URL=node.told["url"]) as again:
        assert again.told["made"] is None
        again.told["made"] = made
        assert again.get("/organisation/dids", headers=again.key).status_code == 401  # keys have ended
        key = answered(glejt(tmp_path, "node", "key", "--data", str(copy), "--json"))["key"]
        again.told["made"] = {**made, "key": key}
        with httpx2.Client(timeout=60) as client:
            verdict = client.post(
                f"{again.url}/credentials/verify", json={"verifiableCredential": before[0]}, headers=again.key
            )
            checks = {each["check"]: each["outcome"] for each in verdict.json()["report"]["credentials"][0]["checks"]}
            assert checks["proof"] == "passed"
            assert issue(client, again, 1_000_000).status_code == 201
        assert again.stop() == 0


@pytest.mark.threat(100)
def test_what_was_withdrawn_after_the_backup_does_not_come_back_as_good(tmp_path):
    file = tmp_path / "node.backup"
    with serving(tmp_path, **QUICK) as node, httpx2.Client(timeout=60, headers=node.key) as client:
        credential = issue(client, node, 1).json()["verifiableCredential"]
        answered(glejt(tmp_path, "backup", str(file), "--data", "data", "--json"))
        entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
        order = {"credentialId": credential["id"], "credentialStatus": entry, "status": True}
        assert client.post(f"{node.url}/credentials/status", json=order).status_code == 200
        (place,) = [
            each["statusListCredential"].removeprefix(node.told["url"])
            for each in credential["credentialStatus"]
            if each["statusPurpose"] == "revocation"
        ]
        last = node.get(place).content
        assert node.stop() == 0
    answered(glejt(tmp_path, "restore", str(file), "--data", "copy", "--json"))
    (tmp_path / "data" / "passphrase").rename(tmp_path / "copy" / "passphrase")
    with serving(tmp_path, data="copy", GLEJT_NODE_PUBLIC_URL=node.told["url"], **QUICK) as again:
        key = answered(glejt(tmp_path, "node", "key", "--data", "copy", "--json"))["key"]
        with httpx2.Client(timeout=60, headers={"Authorization": f"Bearer {key}"}) as client:

            def status():
                verdict = client.post(f"{again.url}/credentials/verify", json={"verifiableCredential": credential})
                checks = verdict.json()["report"]["credentials"][0]["checks"]
                return next(each["outcome"] for each in checks if each["check"] == "status")

            assert again.get(place).status_code == 404
            assert status() == "indeterminate"
            reconcile = f"{again.url}/organisation/status-lists/{place.rpartition('/')[2]}/reconcile"
            headers = {"Content-Type": "application/vc"}
            assert client.post(reconcile, content=last, headers=headers).json()["changed"] == 1
            wait_until(lambda: again.get(place).status_code == 200)
            wait_until(lambda: status() == "failed")
        assert again.stop() == 0


@pytest.mark.threat(100)
def test_a_backup_that_was_changed_or_cut_off_is_not_restored(tmp_path):
    made = glejt(tmp_path, "node", "organisation", "Sample School", "--data", "data", env={"GLEJT_NODE_CHAIN": "none"})
    assert made.returncode == 0, made.stderr
    answered(glejt(tmp_path, "backup", "one", "--data", "data", "--json", env={"GLEJT_NODE_CHAIN": "none"}))
    whole = (tmp_path / "one").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "one") as archive, zipfile.ZipFile(tmp_path / "changed", "w") as changed:
        for entry in archive.infolist():
            data = archive.read(entry)
            changed.writestr(entry, data.replace(b"Sample School", b"Sample Schoal"))
    for name, code in (("cut", "backup.shape"), ("changed", "backup.checksum"), ("absent", "backup.shape")):
        done = glejt(tmp_path, "restore", name, "--data", f"from-{name}")
        assert done.returncode == 2
        assert code in done.stderr
        assert not (tmp_path / f"from-{name}").exists()
    again = glejt(tmp_path, "restore", "one", "--data", "data")
    assert "backup.not_empty" in again.stderr
    kept = glejt(tmp_path, "backup", "one", "--data", "data")
    assert "backup.exists" in kept.stderr


@pytest.mark.threat(85)
def test_neither_the_database_nor_a_backup_has_a_key_of_an_issuer(tmp_path):

    with serving(tmp_path, GLEJT_NODE_JUDGES="1") as node:
        answered(glejt(tmp_path, "backup", "one", "--data", "data", "--json"))
        assert node.stop() == 0
        organisation = node.told["made"]["organisation"]

    async def secrets():
        settings = load_node(
            {"data": str(tmp_path / "data")}, {"GLEJT_NODE_CHAIN": "none"}, folder=None, user_file=None
        )
        folder = NodeFolder(settings.data)
        with folder.held():
            async with opened_node(settings, folder, now) as opened:
                records = await opened.vault.records(organisation)
                assert {record.purpose for record in records} == {KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY}
                return [
                    (await opened.vault.private_key(organisation, record.id, record.purpose)).raw for record in records
                ]

    found = asyncio.run(secrets())
    passphrase = (tmp_path / "data" / "passphrase").read_bytes().strip()
    key = node.told["made"]["key"].encode()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        texts = [archive.read(entry) for entry in archive.infolist()]
    texts += [
        path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file() and path.name != "passphrase"
    ]
    for secret in (*found, passphrase, key, key.rpartition(b"_")[2]):
        for form in (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")):
            assert not any(form in text for text in texts)
