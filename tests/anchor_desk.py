"""A desk at which things are anchored: a folder with an embedded chain, a namespace and its keys, and `glejt` in it."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from anchor_office import Office
from verification_support import badge

from anchoring.devchain.opening import opened
from anchoring.identity_registry import proven_events
from anchoring.keccak import keccak256
from anchoring.receipt import Receipt
from node.credentials.record_name import RecordName

ANCHORED = keccak256(b"Anchored(bytes32,bytes32,uint32,uint48)")
RUN = ("anchor", "run", "--namespace", "ns.json", "--authority", "authority.json", "--embedded", "chain")
HERE = ("--embedded", "chain")
WRITING = ("--namespace", "ns.json", "--authority", "authority.json", *HERE)


@dataclass(frozen=True)
class Desk:
    """A folder with a chain, a namespace and its keys, an issuer's key; and `glejt` in it."""

    folder: Path
    office: Office
    name: RecordName

    def __call__(self, *argv, expect=0, **options):
        done = self.office(self.folder, *argv, **options)
        assert expect is None or done.returncode == expect, (argv, done)
        return done

    def sign(self, file, *, names=True, form=None, key="key.json", **members):
        """An award in a file."""
        draft = self.folder / "draft.json"
        did = json.loads((self.folder / key).read_text())["controller"]
        draft.write_text(json.dumps({**badge(**members), "issuer": {**badge()["issuer"], "id": did}}))
        anchor = ("--anchor", str(self.name)) if names else ()
        form = ("--proof-array",) if form is None else ("--form", form)
        self("issue", "draft.json", "--key", key, *anchor, *form, "--out", file, "--force")

    def ask(self, work):
        """What the chain answers."""

        async def asked():
            async with opened(self.folder / "chain") as chain:
                return await work(chain)

        return asyncio.run(asked())

    def anchors(self):
        """The values that were anchored, as often as the contract says so."""

        async def work(chain):
            found, last = [], (await chain.final_block()).number
            for number in range(last + 1):
                block = await chain.block(number)
                events = await chain.events(block)
                logs = proven_events(events, block_hash=block.hash, registry=chain.contract.address).logs
                found += [log.topics[2] for log in logs if log.topics[0] == ANCHORED]
            return found

        return self.ask(work)

    def receipt(self, file):
        return Receipt.decode((self.folder / f"{file}.receipt").read_bytes())


@pytest.fixture(scope="module")
def office():
    with Office() as started:
        yield started


@pytest.fixture(scope="module")
def founded(office, tmp_path_factory):
    """Made once: a chain with a namespace of ours."""
    folder = tmp_path_factory.mktemp("founded")
    (folder / "pass").write_text("correct horse battery")
    for key in ("key.json", "other.json"):
        assert office(folder, "did", "create", "--out", key, "--no-passphrase").returncode == 0
    done = office(
        folder, "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority.json",
        "--recovery", "recovery.json", "--no-passphrase", "--recovery-passphrase-file", "pass", *HERE,
    )  # fmt: skip
    assert done.returncode == 0, done
    return folder


@pytest.fixture
def desk(office, founded, tmp_path):
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    name = RecordName.parse(json.loads((tmp_path / "ns.json").read_text())["id"])
    return Desk(tmp_path, office, name)
