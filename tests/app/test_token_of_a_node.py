"""A node whose master key lies in a token: moved there and back under kills, examined, kept and made anew."""

import asyncio
import shutil

import pytest
from master_key_support import NOW, each_point, killed, require_whole, set_up, settings_of
from token_support import PIN, tokens

from node.adapters.node_folder import NodeFolder
from node.app.errands import on_machine
from node.app.errors import StartError
from node.app.examining import examined
from node.app.keeping import make_anew
from node.app.opening import opened_node
from node.ports.errors import VaultError

__all__ = ["killed", "tokens"]

PASSPHRASE = "a passphrase to go back to"  # noqa: S105 -- for tests


def problems(folder, **variables):
    """What is wrong with the node in a folder, by what is examined."""
    settings = settings_of(folder, **variables)
    found = asyncio.run(examined(settings, {}, NOW))
    return {each["name"]: each["problem"]["code"] for each in found if "problem" in each}


async def started(settings):
    """Open a node, and ask nothing of it."""
    async with opened_node(settings, NodeFolder(settings.data), lambda: NOW):
        pass


def passphrase_file(tmp_path):
    path = tmp_path / "passphrase-file"
    path.write_text(PASSPHRASE, "utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.threat(87)
def test_on_its_way_into_a_token_a_node_survives_each_kill(tmp_path, killed, tokens):
    there = tokens.settings(tokens.make("master"))
    publics = asyncio.run(set_up(settings_of(tmp_path / "template")))
    folder, points, case = tmp_path / "node", 0, {"errand": "rotate-master-key", "asked": {}}
    environment = {"GLEJT_NODE_CHAIN": "none", **there}
    for _, came in each_point(killed, tmp_path / "template", folder, environment=environment, **case):
        master = asyncio.run(require_whole(settings_of(folder, **there), publics))
        points += came
    assert points >= 6
    assert master.startswith("pkcs11:")
    (folder / "passphrase").unlink()
    assert asyncio.run(require_whole(settings_of(folder, **there), publics)) == master


@pytest.mark.threat(87)
def test_on_its_way_back_to_a_passphrase_it_survives_them_with_both(tmp_path, killed, tokens):
    there = tokens.settings(tokens.make("master"))
    publics = asyncio.run(set_up(settings_of(tmp_path / "template", **there)))
    assert not (tmp_path / "template" / "passphrase").exists()
    folder, points = tmp_path / "node", 0
    back = {"GLEJT_NODE_PASSPHRASE": PASSPHRASE}
    case = {"errand": "rotate-master-key", "asked": {"passphrase_file": str(passphrase_file(tmp_path))}}
    environment = {"GLEJT_NODE_CHAIN": "none", **there}
    for _, came in each_point(killed, tmp_path / "template", folder, environment=environment, **case):
        asyncio.run(require_whole(settings_of(folder, **there, **back), publics))
        points += came
    assert points >= 6
    asyncio.run(require_whole(settings_of(folder, **back), publics))
    with pytest.raises(StartError) as caught:
        asyncio.run(require_whole(settings_of(folder, **there), publics))
    assert caught.value.code == "start.passphrase_absent"


def test_one_key_of_a_token_takes_the_place_of_another(tmp_path, tokens):
    label = tokens.make("first", "second")
    publics = asyncio.run(set_up(settings_of(tmp_path, **tokens.settings(label, "first"))))
    second = settings_of(tmp_path, **tokens.settings(label, "second"))
    told = on_machine(second, "rotate-master-key", {})
    assert asyncio.run(require_whole(second, publics)) == told["master"]
    with pytest.raises(VaultError, match="already") as caught:
        on_machine(second, "rotate-master-key", {})
    assert "--new-passphrase-file" in caught.value.remedy
    tokens.remove_key(label, "first")
    asyncio.run(require_whole(second, publics))


@pytest.mark.threat(85)
def test_what_is_wrong_with_a_token_is_told_and_the_node_does_not_start(tmp_path, tokens):
    label, empty = tokens.make("master"), tokens.make()
    right = tokens.settings(label)
    publics = asyncio.run(set_up(settings_of(tmp_path, **right)))
    assert problems(tmp_path, **right) == {}
    for wrong, expected in (
        ({**right, "GLEJT_NODE_PKCS11_PIN": "0000000"}, "vault.token_pin"),
        ({**right, "GLEJT_NODE_PKCS11_TOKEN": "nobody's"}, "start.key_service"),
        ({**right, "GLEJT_NODE_PKCS11_MODULE": str(tmp_path / "absent.so")}, "vault.token_library"),
        ({}, "start.key_service"),
    ):
        tokens.forget()
        assert problems(tmp_path, **wrong) == {"node_master_key": expected}
        tokens.forget()
        with pytest.raises((VaultError, StartError)) as caught:
            asyncio.run(require_whole(settings_of(tmp_path, **wrong), publics))
        assert caught.value.code == expected
        assert caught.value.remedy
        assert PIN not in str(caught.value)

    absent = settings_of(tmp_path / "new", **tokens.settings(empty))
    with pytest.raises(VaultError) as caught:
        asyncio.run(set_up(absent))
    assert caught.value.code == "vault.token_key"
    tokens.add_keys(empty, "master")  # and nothing was half made by the attempt
    asyncio.run(set_up(absent))

    tokens.remove_key(label, "master")
    assert problems(tmp_path, **right) == {"node_master_key": "vault.token_key"}
    tokens.add_keys(label, "master")
    assert problems(tmp_path, **right) == {"node_master_key": "vault.damaged"}
    with pytest.raises(VaultError) as caught:
        asyncio.run(started(settings_of(tmp_path, **right)))
    assert caught.value.code == "vault.damaged"
    assert "new one under its label" in caught.value.remedy


@pytest.mark.threat(87)
def test_a_backup_says_what_it_takes_besides_and_opens_with_the_token_alone(tmp_path, tokens):
    there = tokens.settings(tokens.make("master"))
    settings = settings_of(tmp_path / "node", **there)
    publics = asyncio.run(set_up(settings))
    kept = on_machine(settings, "backup", {"file": str(tmp_path / "kept"), "check": True})
    copy = settings_of(tmp_path / "copy", **there)
    told = asyncio.run(make_anew(copy, tmp_path / "kept", NOW, moving=True))
    assert told["service"] == kept["service"] == asyncio.run(require_whole(copy, publics))
    assert problems(tmp_path / "copy") == {"node_master_key": "start.key_service"}
    shutil.rmtree(tmp_path / "copy")


def test_in_production_a_token_is_as_good_as_a_passphrase_and_its_pin_lies_elsewhere(tmp_path, tokens):
    pin = tmp_path / "data" / "pin"
    pin.parent.mkdir(mode=0o700)
    pin.write_text(PIN, "utf-8")
    pin.chmod(0o600)
    named = {**tokens.settings("any"), "GLEJT_NODE_PROFILE": "production"}
    found = asyncio.run(examined(settings_of(tmp_path / "data", **named), {}, NOW))
    assert "danger.passphrase" not in {each["problem"]["code"] for each in found if "problem" in each}
    del named["GLEJT_NODE_PKCS11_PIN"]
    beside = settings_of(tmp_path / "data", **named, GLEJT_NODE_PKCS11_PIN_FILE=str(pin))
    found = asyncio.run(examined(beside, {}, NOW))
    assert "danger.passphrase" in {each["problem"]["code"] for each in found if "problem" in each}
