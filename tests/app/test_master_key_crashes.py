"""The master key, its passphrase, and a process that is killed wherever something lasts: every key opens."""

import asyncio
import sys
import types

import pytest
from master_key_support import NOW, ORGANISATIONS, each_point, killed, require_whole, set_up, settings_of

from node.adapters.database.key_rows import MasterKeyRows
from node.adapters.envelope import new_key, seal, unseal
from node.adapters.node_folder import NodeFolder
from node.app.errands import on_machine
from node.app.opening import opened_node
from node.ports.errors import VaultError

__all__ = ["killed"]

SERVICE_KEY = new_key()
OLD, NEW = "the passphrase before", "the passphrase afterwards"


@pytest.mark.threat(87)
@pytest.mark.parametrize("errand", ["rotate-master-key", "change-passphrase"])
def test_a_node_with_a_made_up_passphrase_survives_each_kill(tmp_path, killed, errand):
    publics = asyncio.run(set_up(settings_of(tmp_path / "template")))
    before = asyncio.run(require_whole(settings_of(tmp_path / "template"), publics))
    passphrase = (tmp_path / "template" / "passphrase").read_text("utf-8")
    folder, points = tmp_path / "node", 0
    environment = {"GLEJT_NODE_CHAIN": "none"}
    for _, came in each_point(killed, tmp_path / "template", folder, errand=errand, asked={}, environment=environment):
        master = asyncio.run(require_whole(settings_of(folder), publics))
        points += came
        assert not (folder / "passphrase.next").exists()
    assert points >= 6
    if errand == "rotate-master-key":
        assert master != before
    else:
        assert (folder / "passphrase").read_text("utf-8") != passphrase
        (former,) = folder.glob("passphrase.until-*")  # backups of before open with it
        assert former.read_text("utf-8") == passphrase


@pytest.mark.threat(87)
@pytest.mark.parametrize("errand", ["rotate-master-key", "change-passphrase"])
def test_a_node_with_a_passphrase_of_its_own_survives_each_kill_with_both(tmp_path, killed, errand):
    environment = {"GLEJT_NODE_CHAIN": "none", "GLEJT_NODE_PASSPHRASE": OLD}
    (tmp_path / "new").write_text(NEW, "utf-8")
    (tmp_path / "new").chmod(0o600)
    publics = asyncio.run(set_up(settings_of(tmp_path / "template", **environment)))
    folder = tmp_path / "node"
    both = {"GLEJT_NODE_PASSPHRASE": NEW, "GLEJT_NODE_FORMER_PASSPHRASE": OLD}
    asked = {"passphrase_file": str(tmp_path / "new")}
    for _ in each_point(killed, tmp_path / "template", folder, errand=errand, asked=asked, environment=environment):
        asyncio.run(require_whole(settings_of(folder, **both), publics))
    asyncio.run(require_whole(settings_of(folder, GLEJT_NODE_PASSPHRASE=NEW), publics))
    with pytest.raises(VaultError, match="passphrase"):
        asyncio.run(require_whole(settings_of(folder, GLEJT_NODE_PASSPHRASE=OLD), publics))


@pytest.mark.threat(87)
def test_keys_of_an_organisation_that_were_being_replaced_are_finished_at_the_start(tmp_path):
    settings = settings_of(tmp_path / "node")
    publics = asyncio.run(set_up(settings))

    async def half_rotated():
        folder = NodeFolder(settings.data)
        with folder.held():
            async with opened_node(settings, folder, lambda: NOW) as node:
                await node.vault._add_data_key(ORGANISATIONS[0], 2, NOW)

    async def generations():
        folder = NodeFolder(settings.data)
        with folder.held():
            async with opened_node(settings, folder, lambda: NOW) as node, node.database.reading() as connection:
                return await MasterKeyRows(connection).rotating()

    asyncio.run(half_rotated())
    assert asyncio.run(generations()) == ()
    asyncio.run(require_whole(settings, publics))


class Service:
    """A key management service, for a test: it has one key, in the memory of this process."""

    id = "service-key"

    async def wrap(self, key, context):
        return seal(SERVICE_KEY, key, context)

    async def unwrap(self, wrapped, context):
        return unseal(SERVICE_KEY, wrapped, context)


def test_the_master_key_moves_into_a_service_and_is_asked_there(tmp_path, monkeypatch):
    module = types.ModuleType("sample_service")
    module.master_key = Service
    monkeypatch.setitem(sys.modules, "sample_service", module)
    publics = asyncio.run(set_up(settings_of(tmp_path / "node")))
    there = settings_of(tmp_path / "node", GLEJT_NODE_KEY_SERVICE="sample_service:master_key")
    assert on_machine(there, "rotate-master-key", {}) == {"master": "service-key"}
    (tmp_path / "node" / "passphrase").unlink()
    assert asyncio.run(require_whole(there, publics)) == "service-key"
