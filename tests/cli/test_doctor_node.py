"""`glejt doctor` on a node: at rest and running, each problem with its mend, and nothing changed by looking."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from running import glejt
from serve_support import QUICK, serving
from token_support import tokens

from node.app.examining import examined as looked
from node.config.node_settings import load_node

__all__ = ["tokens"]


def examined(folder, *arguments, **variables):
    done = glejt(folder, "doctor", "--json", "--data", "data", *arguments, env={**QUICK, **variables})
    told = json.loads(done.stdout)
    nodes = {each["name"]: each for each in told["examined"] if each["name"].startswith("node_")}
    assert done.returncode == (0 if told["ok"] else 1)
    return nodes


def codes(nodes):
    return {name: each["code"] for name, each in nodes.items() if not each["ok"]}


def at_rest(folder, **variables):
    """The same without a process, for a node that does not run."""
    variables = {"GLEJT_NODE_CHAIN": "none", "GLEJT_NODE_DATA": str(folder / "data"), **variables}
    settings = load_node({}, variables, folder=None, user_file=None)
    found = asyncio.run(looked(settings, variables, datetime.now(UTC)))
    return {each["name"]: each["problem"]["code"] for each in found if "problem" in each}


def test_nothing_is_said_of_a_node_where_there_is_none(tmp_path):
    done = glejt(tmp_path, "doctor", "--json")
    assert not [each for each in json.loads(done.stdout)["examined"] if each["name"].startswith("node_")]


def test_looking_at_a_node_that_was_never_started_makes_nothing(tmp_path):
    found = examined(tmp_path)
    assert codes(found) == {}
    assert found["node_database"]["said"] == "none yet: the first start makes it"
    assert not (tmp_path / "data").exists()


def test_each_problem_of_a_node_is_named_with_its_mend(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        running = examined(tmp_path)
        assert codes(running) == {}
        assert running["node_chain"]["said"] == "none: nothing is anchored"
        assert {"node_safety", "node_room", "node_database", "node_master_key", "node_lists", "node_work"} <= set(
            running
        )
        assert node.stop() == 0
    assert at_rest(tmp_path) == {}
    assert codes(examined(tmp_path, GLEJT_NODE_PROT="1")) == {"node_settings": "config.unknown_variable"}
    assert at_rest(tmp_path, GLEJT_NODE_PROFILE="production")["node_safety"].startswith("danger.")
    (tmp_path / "data").chmod(0o755)
    assert at_rest(tmp_path) == {"node_safety": "danger.folder"}
    (tmp_path / "data").chmod(0o700)
    assert at_rest(tmp_path, GLEJT_NODE_TRUST=str(tmp_path / "absent")) == {
        "node_safety": "start.trust",
        "node_database": "start.trust",
    }

    (tmp_path / "data" / "passphrase").rename(tmp_path / "elsewhere")
    assert at_rest(tmp_path) == {"node_master_key": "start.passphrase_absent"}
    (tmp_path / "other").write_text("another passphrase\n", "utf-8")
    (tmp_path / "other").chmod(0o600)
    wrong = {"GLEJT_NODE_PASSPHRASE_FILE": str(tmp_path / "other")}
    assert at_rest(tmp_path, **wrong) == {"node_master_key": "vault.passphrase"}
    (tmp_path / "elsewhere").rename(tmp_path / "data" / "passphrase")

    long_ago = int((datetime.now(UTC) - timedelta(days=3)).timestamp() * 1_000_000)
    with closing(sqlite3.connect(tmp_path / "data" / "glejt.sqlite3")) as database, database:
        database.execute("UPDATE status_lists SET published_at = ?", [long_ago])
    assert at_rest(tmp_path) == {"node_lists": "node.lists"}
    with closing(sqlite3.connect(tmp_path / "data" / "glejt.sqlite3")) as database, database:
        database.execute("UPDATE status_lists SET published_at = NULL, reconciled = 0")
        database.execute(
            "INSERT INTO outbox (organisation, id, kind, payload, due_at, created_at, attempts, state) "
            "SELECT id, 'a', 'sample', '{}', 0, 0, 12, 'dead' FROM organisations"
        )
    assert at_rest(tmp_path) == {"node_lists": "node.lists", "node_work": "node.work"}
    with closing(sqlite3.connect(tmp_path / "data" / "glejt.sqlite3")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'of another time'")
    assert at_rest(tmp_path) == {"node_database": "store.newer"}


def test_room_that_runs_out_is_told(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir(mode=0o700)
    monkeypatch.setattr("node.app.examining.LEAST_FREE", 1 << 62)
    assert at_rest(tmp_path) == {"node_room": "node.room"}


def test_a_running_node_whose_address_leads_elsewhere_is_told(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        assert examined(tmp_path, GLEJT_NODE_PUBLIC_URL=node.url)["node_address"]["ok"]
        elsewhere = examined(tmp_path, GLEJT_NODE_PUBLIC_URL="http://localhost:9")
        assert codes(elsewhere) == {"node_address": "node.address"}


@pytest.mark.parametrize("change", ["the passphrase is changed", "the file is another", "the file is gone"])
def test_while_a_node_runs_the_passphrase_that_is_set_now_is_tried(tmp_path, change):
    old, new = tmp_path / "old", tmp_path / "new"
    for path in (old, new):
        path.write_text(f"a passphrase of the {path.name} kind\n", "utf-8")
        path.chmod(0o600)
    named = {"GLEJT_NODE_PASSPHRASE_FILE": str(old)}
    with serving(tmp_path, **QUICK, **named):
        assert examined(tmp_path, **named)["node_master_key"]["ok"]
        expected, mended = "vault.passphrase", named
        match change:
            case "the passphrase is changed":
                line = ("node", "change-passphrase", "--new-passphrase-file", "new", "--data", "data")
                done = glejt(tmp_path, *line, env={**QUICK, **named})
                assert done.returncode == 0, done.stderr
                mended = {"GLEJT_NODE_PASSPHRASE_FILE": str(new)}
            case "the file is another":
                kept = old.read_bytes()
                old.write_bytes(new.read_bytes())
            case _:
                kept, expected = old.read_bytes(), "start.secret_absent"
                old.unlink()
        assert codes(examined(tmp_path, **named)) == {"node_master_key": expected}
        if change != "the passphrase is changed":
            old.write_bytes(kept)
            old.chmod(0o600)
        assert codes(examined(tmp_path, **mended)) == {}


def test_while_a_node_runs_its_token_is_tried_and_takes_another_key(tmp_path, tokens):
    label = tokens.make("first", "second")
    there = {**QUICK, **tokens.settings(label, "first"), "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"]}
    with serving(tmp_path, **there) as node:
        assert examined(tmp_path, **there)["node_master_key"]["ok"]
        wrong = {**there, "GLEJT_NODE_PKCS11_PIN": "0000000"}
        assert codes(examined(tmp_path, **wrong)) == {"node_master_key": "vault.token_pin"}
        elsewhere = {**there, "GLEJT_NODE_PKCS11_TOKEN": "nobody's"}
        assert codes(examined(tmp_path, **elsewhere)) == {"node_master_key": "start.key_service"}
        assert node.stop() == 0
    second = {**there, "GLEJT_NODE_PKCS11_KEY": "second"}
    with serving(tmp_path, **second) as node:
        assert examined(tmp_path, **second)["node_master_key"]["ok"]
        done = glejt(tmp_path, "node", "rotate-master-key", "--data", "data", "--json", env=second)
        assert json.loads(done.stdout)["master"].endswith(";object=second"), done.stderr
        tokens.remove_key(label, "first")
        assert codes(examined(tmp_path, **second)) == {}
        assert node.stop() == 0


def test_the_embedded_chain_is_told_with_its_height(tmp_path):
    with serving(tmp_path, GLEJT_NODE_JUDGES="1"):
        told = examined(tmp_path, GLEJT_NODE_CHAIN="embedded")["node_chain"]
        assert told["ok"]
        assert "block" in told["said"]
        assert "-" not in told["said"]
