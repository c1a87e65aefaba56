"""A node with keys of organisations, and errands about them that are killed at each point where something lasts."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from support import ROOT

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.key_rows import MasterKeyRows
from node.adapters.node_folder import NodeFolder
from node.app.opening import opened_node
from node.config.node_settings import load_node
from node.ports.organisations import Organisation, OrganisationId
from node.ports.vault import KeyPurpose
from node.proofs.signatures import verify

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ORGANISATIONS = tuple(map(OrganisationId, ("org-a", "org-b")))
DATA = b"something to be signed"
MAX_POINTS = 30
"""More than any of these errands has."""


def settings_of(folder, **environment):
    return load_node({"data": str(folder)}, {"GLEJT_NODE_CHAIN": "none", **environment}, folder=None, user_file=None)


async def set_up(settings):
    """A node with organisations, each with a key; the public halves."""
    folder, publics = NodeFolder(settings.data), {}
    with folder.held():
        async with opened_node(settings, folder, lambda: NOW) as node:
            for each in ORGANISATIONS:
                await node.store.node_change(
                    lambda work, each=each: work.organisations.add(Organisation(each, f"Sample {each}", NOW))
                )
                private = PrivateKey.generate(KeyType.ED25519)
                await node.vault.take(each, f"did:web:{each}.example#key", KeyPurpose.ASSERTION, private, NOW)
                publics[each] = private.public
    return publics


async def require_whole(settings, publics):
    """Every key opens and signs as before, and nothing is left half done; how many master keys there are."""
    folder = NodeFolder(settings.data)
    with folder.held():
        async with opened_node(settings, folder, lambda: NOW) as node:
            for each, public in publics.items():
                keys = await node.vault.keys(each, KeyPurpose.ASSERTION)
                verify(public, DATA, await keys.sign(f"did:web:{each}.example#key", DATA), hash_name="sha256")
            async with node.database.reading() as connection:
                rows = await MasterKeyRows(connection).all()
                assert len(rows) == 1
                assert not await MasterKeyRows(connection).wrapped_by_others(rows[0]["id"])
                return rows[0]["id"]


@pytest.fixture(scope="module")
def killed():
    """Run an errand that is killed at a point; whether it came so far."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with subprocess.Popen(  # noqa: S603 -- this interpreter, a program of ours
        [sys.executable, ROOT / "tests" / "node_crash.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:

        def run(**case):
            process.stdin.write(json.dumps(case) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["killed"]

        yield run
        process.stdin.close()


def each_point(killed, template, folder, **case):
    """The folder, as each kill leaves it; at last as it is when nothing is in the way."""
    for nth in range(MAX_POINTS):
        for after in (False, True):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(template, folder)
            came = killed(nth=nth, after=after, folder=str(folder), **case)
            yield nth, came
            if not came:
                return
    raise AssertionError("it never ends")
