"""A node in production: it starts once all is safe, on both databases, and is set up on its machine."""

import json

import pytest
from database_support import fresh_database, postgresql_server
from running import glejt
from serve_support import serving, start


@pytest.fixture
def safe(tmp_path):
    """Settings with which it starts."""
    (tmp_path / "passphrase").write_text("four words drawn at random\n", "utf-8")
    (tmp_path / "passphrase").chmod(0o600)
    (tmp_path / "glejt.toml").write_text(
        '[node]\nprofile = "production"\npublic_url = "https://node.example"\nchain = "none"\njudges = 1\n'
        'passphrase_file = "passphrase"\n',
        "utf-8",
    )
    return tmp_path


@pytest.mark.threat(85, 88)
def test_it_starts_once_all_is_safe_and_is_set_up_on_its_machine(safe):
    with serving(safe) as node:
        assert node.told["url"] == "https://node.example"
        assert node.told["made"] is None
        assert not (safe / "data" / "passphrase").exists()
        none = glejt(safe, "node", "key", "--data", "data")
        assert "organisation.which" in none.stderr
        made = json.loads(glejt(safe, "node", "organisation", "Sample School", "--data", "data", "--json").stdout)
        another = json.loads(glejt(safe, "node", "key", "--days", "1", "--data", "data", "--json").stdout)
        assert made["organisation"] == another["organisation"]
        for key in (made["key"], another["key"]):
            answer = node.get("/organisation/dids", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200
            assert "strict-transport-security" in answer.headers
            assert key not in "".join(node.said)
        assert node.stop() == 0


@pytest.mark.threat(96)
def test_a_database_that_does_not_wait_for_the_disk_is_refused(safe):
    with postgresql_server() as server, fresh_database(server) as address:  # a server with fsync off
        (safe / "database").write_text(f"{address}\n", "utf-8")
        (safe / "database").chmod(0o600)
        process = start(safe, GLEJT_NODE_DATABASE_FILE=str(safe / "database"))
        told, said = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "danger.database" in said
        assert told == ""


def test_it_serves_from_postgresql_and_a_command_needs_no_control_of_it(tmp_path):
    with postgresql_server() as server, fresh_database(server) as address:
        variables = {"GLEJT_NODE_DATABASE": address, "GLEJT_NODE_CHAIN": "none", "GLEJT_NODE_JUDGES": "1"}
        with serving(tmp_path, **variables) as node:
            assert node.get("/organisation/dids", headers=node.key).status_code == 200
            kept = glejt(tmp_path, "backup", "one", "--check", "--data", "data", env=variables)
            assert kept.returncode == 0, kept.stderr
            assert node.stop() == 0
    moved = glejt(tmp_path, "restore", "one", "--moving", "--data", "moved", env={"GLEJT_NODE_CHAIN": "none"})
    assert moved.returncode == 0, moved.stderr
    (tmp_path / "data" / "passphrase").rename(tmp_path / "moved" / "passphrase")
    variables.pop("GLEJT_NODE_DATABASE")
    with serving(tmp_path, data="moved", **variables) as here:
        assert here.told["made"] is None
        assert here.get("/organisation/dids", headers=node.key).status_code == 200  # moved, so keys go on
        assert here.stop() == 0
