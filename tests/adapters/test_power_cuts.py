"""What was acknowledged is on the disk, whenever its power goes, and whatever it answers."""

import asyncio
import os
import random
import sqlite3

import pytest
from power_support import cuts, recorded, watched
from store_samples import add_organisation

from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore

LONG = os.environ.get("GLEJT_LONG") == "1"
CHANGES = 80
CUTS = 50_000 if LONG else 5_000
FEW = 500
NAME = "node.db"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return _recorded(tmp_path_factory.mktemp("power"))


def _recorded(folder, *more):
    data, log = folder / "data", folder / "log"
    data.mkdir()
    done = watched(data / NAME, CHANGES, *more, log=log)
    assert done.returncode == 0, done.stderr
    return list(recorded(log, data))


def _lost(steps, folder, *, most):
    """The cuts after which something that was acknowledged is not there, and how many there were."""
    folder = folder / "left"
    folder.mkdir()
    disks = sum(kind not in {"said", "names"} for kind, *_ in steps)
    lost = tried = 0
    for said, contents in cuts(steps, random.Random(96), times=-(-most // disks)):  # noqa: S311 -- which cuts, not a secret
        tried += 1
        for old in folder.iterdir():
            old.unlink()
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        lost += not _holds(folder / NAME, said)
    return lost, tried


def _holds(path, said):
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA synchronous=OFF")  # of no use for a disk that is thrown away
        stored = {number for word, _, number in (line.partition(" ") for line in said) if word == "stored"}
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            return False
        if "begun" not in said:
            return True
        return stored <= {
            subject.partition("-")[2] for (subject,) in connection.execute("SELECT subject FROM audit_entries")
        }
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


@pytest.mark.threat(96)
def test_no_power_cut_takes_what_was_acknowledged(recording, tmp_path):
    lost, tried = _lost(recording, tmp_path, most=CUTS)
    assert tried >= CUTS
    assert lost == 0


@pytest.mark.threat(96)
def test_the_same_cuts_take_something_where_the_log_is_not_synchronised(tmp_path):
    steps = _recorded(tmp_path, "synchronous=NORMAL")
    lost, tried = _lost(steps, tmp_path, most=FEW)
    assert lost > tried / 10


@pytest.mark.threat(99)
def test_what_a_power_cut_left_is_opened_and_brought_to_todays_revision(recording, tmp_path):
    disks = list(cuts(recording, random.Random(99), times=1))  # noqa: S311 -- as above
    for number, (said, contents) in enumerate(disks[:: len(disks) // 12]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        assert asyncio.run(_entries(folder / NAME)) >= sum(line.startswith("stored") for line in said)


async def _entries(path):
    async with opened(f"sqlite:///{path}") as database:
        store = DatabaseStore(database)
        async with store.node_view() as view:
            known = {each.id for each in await view.organisations.listed()}
        organisation = "org-a" if "org-a" in known else await add_organisation(store)
        async with store.view(organisation) as view:
            return len(await view.audit.entries())


def _kept(path, done):
    """What was said of the changes, in order, once it is certain that what was acknowledged is there."""
    said = done.stdout.splitlines()
    assert _holds(path, said), done.stdout
    return [line for line in said if not line.startswith(("begun", "read"))]


@pytest.mark.threat(96)
@pytest.mark.parametrize("call", range(9, 21, 1 if LONG else 4))
def test_after_a_failed_synchronisation_nothing_is_acknowledged_any_more(tmp_path, call):
    done = watched(tmp_path / NAME, CHANGES, inject=f"fdatasync:error=EIO:when={call}")
    said = _kept(tmp_path / NAME, done)
    refused = said.index("refused store.broken")
    assert set(said[refused:]) == {"refused store.broken"}


@pytest.mark.threat(96)
@pytest.mark.parametrize("call", range(400, 700, 17 if LONG else 110))
def test_a_full_disk_refuses_changes_and_still_shows_what_there_is(tmp_path, call):
    done = watched(tmp_path / NAME, CHANGES, inject=f"pwrite64:error=ENOSPC:when={call}+")
    said = _kept(tmp_path / NAME, done)
    refused = said.index("refused store.full")
    assert set(said[refused:]) == {"refused store.full"}
    assert f"read {sum(line.startswith('stored') for line in said)}" in done.stdout
