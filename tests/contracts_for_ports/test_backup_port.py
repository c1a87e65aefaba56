"""Backups are tested by restoring them, on the same engine and on the other one."""

import asyncio
import hashlib
import stat
import zipfile
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import store_samples as samples
from sqlalchemy import select

from node.adapters.database import backup as backups
from node.adapters.database.award_tables import STATUS_ENTRIES
from node.adapters.database.backup import MANIFEST, back_up, check_backup, restore, sums
from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.ports.api_keys import authenticate, make_api_key
from node.ports.errors import BackupError, RuleError, StoreError
from node.ports.vault import KeyPurpose
from node.proofs.signatures import verify

NOW, A, B, FORM = samples.NOW, samples.A, samples.B, samples.FORM
LATER = NOW + timedelta(days=1)
KEY = f"{samples.key_name(A)}-assertion"


async def fill(store, database, organisations=(A,)):
    """Organisations with rows in every table, and a key for programs of the first."""
    vault = await samples.make_vault(database)
    for organisation in organisations:
        await samples.add_organisation(store, organisation)
        await samples.add_keys(
            vault, organisation, (KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS, KeyPurpose.WEBHOOK)
        )
        await store.change(organisation, samples.add_everything)
    made, shown = make_api_key(
        "k", label="l", scopes=frozenset({"issue"}), made_by="owner", at=NOW, lifetime=timedelta(days=30)
    )
    await store.change(A, lambda unit: unit.api_keys.add(made))
    return vault, shown.reveal().decode()


@asynccontextmanager
async def restored(address, path, **how):
    async with opened(address, revision=None) as database:
        await restore(database, path, LATER, **how)
    async with opened(address) as database:
        yield database, DatabaseStore(database)


@pytest.fixture
def target(engine, make_address):
    """Where to restore: a database of the other engine, without tables."""
    return make_address({"sqlite": "postgresql", "postgresql": "sqlite"}[engine], empty=True)


@pytest.mark.threat(99)
@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
async def test_whoever_moves_takes_everything_along(store, database, tmp_path, make_address, to):
    _, shown = await fill(store, database, (A, B))
    before = await sums(database)
    assert all(each.rows for name, each in before.items() if not name.startswith("chain_"))
    made = await back_up(database, tmp_path / "backup.zip", NOW)
    assert made.tables == before
    assert check_backup(tmp_path / "backup.zip") == made
    async with restored(make_address(to, empty=True), tmp_path / "backup.zip", moving=True) as (moved, there):
        assert await sums(moved) == before
        assert await authenticate(there, shown, LATER)


@pytest.mark.threat(87, 100)
async def test_what_was_restored_in_an_empty_place_issues_and_verifies_again(store, database, tmp_path, target):
    vault, _ = await fill(store, database)
    before = await (await vault.keys(A, KeyPurpose.ASSERTION)).sign(KEY, b"data")
    await back_up(database, tmp_path / "backup.zip", NOW)
    async with restored(target, tmp_path / "backup.zip") as (other, there):
        again = DatabaseVault(other, vault.masters)
        keys = await again.keys(A, KeyPurpose.ASSERTION)
        for signature in (before, await keys.sign(KEY, b"data")):
            verify(keys.public_key(KEY), b"data", signature, hash_name="sha256")
        async with there.view(A) as view:
            assert await view.awards.credential("org-a-award-1", FORM) == samples.secured(A)


@pytest.mark.threat(100)
async def test_nothing_that_was_withdrawn_since_comes_back_as_good(store, database, tmp_path, target):
    _, shown = await fill(store, database)
    async with store.view(A) as view:
        (entry,) = await view.status.entries_of("org-a-award-1")
    await store.change(A, lambda unit: unit.challenges.issue("late", "https://a.example", LATER))
    await back_up(database, tmp_path / "backup.zip", NOW)

    async def after_the_backup(unit):
        await unit.status.set_value("org-a-list", entry.place, 1, LATER, "mistake")
        (place,) = await unit.status.allocate("org-a-list", ["org-a-award-2"])
        await unit.status.set_value("org-a-list", place, 1, LATER, "mistake")

    await store.change(A, after_the_backup)
    async with store.view(A) as view:
        published = await view.status.values("org-a-list")
    assert len(published) == 2
    async with restored(target, tmp_path / "backup.zip") as (_, there):
        assert not await there.change(A, lambda unit: unit.challenges.consume("late", "https://a.example", LATER))
        assert await authenticate(there, shown, LATER) is None
        for attempt, code in (
            (lambda unit: unit.status.values("org-a-list"), "status.unreconciled"),
            (lambda unit: unit.status.publish("org-a-list", b"x", LATER, version=1), "store.changed"),
            (lambda unit: unit.status.allocate("org-a-list", ["org-a-award-2"]), "status.closed"),
        ):
            with pytest.raises(StoreError) as caught:
                await there.change(A, attempt)
            assert caught.value.code == code
        assert await there.change(A, lambda unit: unit.status.reconcile("org-a-list", published, LATER)) == 2
        async with there.view(A) as view:
            assert await view.status.values("org-a-list") == published
        with pytest.raises(RuleError) as caught:
            await there.change(A, lambda unit: unit.status.reconcile("org-a-list", {}, LATER))
        assert caught.value.code == "status.reconciled"
        with pytest.raises(RuleError) as caught:
            await there.change(A, lambda unit: unit.status.allocate("org-a-list", ["org-a-award-2"]))
        assert caught.value.code == "status.closed", "who got a place since the backup is not known here"


@pytest.mark.threat(100)
async def test_a_published_list_takes_back_no_withdrawal_that_the_backup_knows(store, database, tmp_path, make_address):
    await fill(store, database)
    async with store.view(A) as view:
        (entry,) = await view.status.entries_of("org-a-award-1")
    await store.change(A, lambda unit: unit.status.set_value("org-a-list", entry.place, 1, NOW, "mistake"))
    await back_up(database, tmp_path / "backup.zip", NOW)
    async with restored(make_address("sqlite", empty=True), tmp_path / "backup.zip") as (_, there):
        assert await there.change(A, lambda unit: unit.status.reconcile("org-a-list", {}, LATER)) == 0
        async with there.view(A) as view:
            assert await view.status.values("org-a-list") == {entry.place: 1}


@pytest.mark.threat(100)
async def test_a_backup_under_load_is_of_one_moment(store, database, tmp_path, make_address):
    await fill(store, database)
    stop = asyncio.Event()

    async def work(number):
        async def both(unit):
            await unit.awards.intend([samples.award(A, number)])
            await unit.awards.secure([samples.secured(A, number)], NOW)

        await store.change(A, both)

    async def load():
        number = 10
        while not stop.is_set():
            await work(number)
            number += 1
        return number - 10

    running = asyncio.create_task(load())
    await asyncio.sleep(0.1)
    made = await back_up(database, tmp_path / "backup.zip", NOW)
    stop.set()
    assert await running > 2
    issued = made.tables["credentials"].rows
    assert made.tables["awards"].rows == issued + 1, "all but the one that is not issued"
    async with restored(make_address("sqlite", empty=True), tmp_path / "backup.zip") as (other, _):
        assert (await sums(other))["awards"] == made.tables["awards"]


@pytest.mark.threat(85)
async def test_a_backup_is_its_owners_and_has_no_key(store, database, tmp_path):
    vault, shown = await fill(store, database)
    path = tmp_path / "backup.zip"
    await back_up(database, path, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    private = await vault.private_key(A, KEY, KeyPurpose.ASSERTION)
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (private.raw, *(key.reveal() for key in vault._open.values())):
        assert backups.base64.b64encode(secret) not in everything
    assert shown.encode() not in everything
    assert shown.rpartition("_")[2].encode() not in everything
    with pytest.raises(BackupError) as caught:
        await back_up(database, path, NOW)
    assert caught.value.code == "backup.exists"
    with pytest.raises(BackupError) as caught:
        await back_up(database, tmp_path / "absent" / "backup.zip", NOW)
    assert caught.value.code == "backup.unwritable"
    assert [each.name for each in tmp_path.glob(".*")] == []


async def test_a_row_without_its_columns_stops_all(store, database, tmp_path, target):
    await fill(store, database)
    await back_up(database, tmp_path / "backup.zip", NOW)
    for line in (b"[1]\n", b"{}\n", b"[1,2,3,4,5,6\n"):

        def change(name, data, line=line):
            if name == "members.jsonl":
                return line
            if name == MANIFEST:
                data = orjson.loads(data)
                data["tables"]["members"] = {"rows": 1, "sha256": hashlib.sha256(line).hexdigest()}
                return orjson.dumps(data)
            return data

        async with opened(target, revision=None) as empty:
            with pytest.raises(BackupError) as caught:
                await restore(empty, rewritten(tmp_path / "backup.zip", change), LATER)
            assert caught.value.code == "backup.shape"
            async with empty.reading() as connection:
                assert await backups._tables(connection) == []


def rewritten(path, change):
    """A copy of a backup with something changed in it."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return other


def manifest_with(**members):
    def change(name, data):
        return orjson.dumps({**orjson.loads(data), **members}) if name == MANIFEST else data

    return change


CHANGES = {
    "a row less": (lambda n, d: d.split(b"\n", 1)[1] if n == "status_entries.jsonl" else d, "backup.checksum"),
    "a value changed": (lambda n, d: d.replace(b"Demo", b"Fake") if n == "awards.jsonl" else d, "backup.checksum"),
    "a table less": (lambda n, d: None if n == "outbox.jsonl" else d, "backup.shape"),
    "no manifest": (lambda n, d: None if n == MANIFEST else d, "backup.shape"),
    "another format": (manifest_with(format="other"), "backup.shape"),
    "an unknown revision": (manifest_with(revision="9999"), "backup.revision"),
    "tables that are not there": (manifest_with(tables={}), "backup.shape"),
}


@pytest.mark.threat(99, 100)
async def test_a_backup_that_was_changed_restores_nothing(store, database, tmp_path, make_address, engine):
    await fill(store, database)
    await back_up(database, tmp_path / "backup.zip", NOW)
    address = make_address(engine, empty=True)
    async with opened(address, revision=None) as empty:
        for name, (change, code) in CHANGES.items():
            with pytest.raises(BackupError) as caught:
                await restore(empty, rewritten(tmp_path / "backup.zip", change), LATER)
            assert caught.value.code == code, name
            async with empty.reading() as connection:
                assert await backups._tables(connection) == [], name
        whole = (tmp_path / "backup.zip").read_bytes()
        for damaged in (whole[:-100], whole[:2000] + b"\0" * 400 + whole[2400:], b"", b"no archive"):
            (tmp_path / "damaged.zip").write_bytes(damaged)
            for attempt in (lambda: restore(empty, tmp_path / "damaged.zip", LATER), None):
                with pytest.raises(BackupError):
                    await attempt() if attempt else check_backup(tmp_path / "damaged.zip")
        await restore(empty, tmp_path / "backup.zip", LATER)
        with pytest.raises(BackupError) as caught:
            await restore(empty, tmp_path / "backup.zip", LATER)
        assert caught.value.code == "backup.not_empty"


async def test_an_empty_database_has_nothing_to_keep(make_address, tmp_path, engine):
    async with opened(make_address(engine, empty=True), revision=None) as empty:
        with pytest.raises(BackupError) as caught:
            await back_up(empty, tmp_path / "backup.zip", NOW)
        assert caught.value.code == "backup.shape"
    assert list(tmp_path.glob("*.zip")) == []


@pytest.mark.threat(46)
async def test_who_was_erased_is_in_no_file_of_the_database(make_address):
    address = make_address("sqlite")
    path = address.removeprefix("sqlite:///")
    async with opened(address, revision=None) as database:
        store = DatabaseStore(database)
        await fill(store, database)
        marked = samples.award(A, 3, name="Zzyzx Marker", email="zzyzx@marker.example", content={"note": "zzyzx-note"})
        kept = samples.award(A, 4, name="Kept Marker")

        async def award(unit):
            await unit.awards.intend([marked, kept])
            await unit.awards.secure([samples.secured(A, 3)], NOW)
            await unit.status.allocate("org-a-list", [marked.id])

        await store.change(A, award)
        async with store.view(A) as view:
            (entry,) = await view.status.entries_of(marked.id)
        assert await store.change(A, lambda unit: unit.awards.erase([marked.id])) == 1
        await database.purge()
        files = {name: Path(name).read_bytes() for name in (path, f"{path}-wal")}  # noqa: ASYNC240 -- nobody waits
        for name, content in files.items():
            for marker in (b"Zzyzx", b"zzyzx", b"secured org-a 3"):
                assert marker not in content, name
        assert b"Kept Marker" in files[path]
        async with store.view(A) as view:
            assert await view.status.entries_of(marked.id) == ()
        async with database.reading() as connection:
            found = await connection.execute(select(STATUS_ENTRIES).where(STATUS_ENTRIES.c.place == entry.place))
            assert found.one().award is None, "the place stays taken"
