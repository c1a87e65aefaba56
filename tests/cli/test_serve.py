"""A node that starts: on a fresh machine, a second time, beside another, and where its address is taken."""

import socket
import stat
from pathlib import Path

import pytest
from running import glejt, python
from serve_support import QUICK, serving, start


def test_a_fresh_machine_gets_a_node_with_an_issuer_and_a_key_that_is_told_once(tmp_path):
    with serving(tmp_path) as node:
        assert node.told["url"].startswith("http://localhost:")
        assert node.told["listens"].startswith("http://127.0.0.1:")
        assert node.told["profile"] == "development"
        made = node.told["made"]
        assert made["profile"] == "dev"
        assert made["did"].startswith("did:key:z6Mk")
        assert node.get("/health/live").json() == {"status": "live"}
        assert node.get("/health/ready").status_code == 200
        assert node.get("/organisation/dids", headers=node.key).status_code == 200
        assert node.get("/organisation/dids").status_code == 401
        assert node.stop() == 0
    with serving(tmp_path) as again:
        assert again.told["made"] is None
        assert again.get("/organisation/dids", headers=node.key).status_code == 200
        assert again.stop() == 0


def test_what_it_tells_people_is_in_their_language(tmp_path):
    process = start(tmp_path, "--lang", "pl")
    process.stdout.readline()
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Węzeł zakończył pracę" in said


@pytest.mark.threat(85)
def test_the_folder_is_for_its_owner_alone(tmp_path):
    with serving(tmp_path) as node:
        folder = tmp_path / "data"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        found = {path: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
        assert {path: mode for path, mode in found.items() if mode & 0o077} == {}
        assert {"glejt.sqlite3", "passphrase", "control", "chain"} <= {path.name for path in found}
        assert node.stop() == 0


@pytest.mark.threat(88)
def test_no_dump_of_its_memory_is_ever_written(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        limits = Path(f"/proc/{node.process.pid}/limits").read_text("ascii")
        (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core.split()[4:6] == ["0", "0"]


@pytest.mark.threat(88)
def test_a_command_that_opens_keys_keeps_its_memory_private_too(tmp_path):
    script = (
        "import resource; from node.app.errands import on_machine; from node.config.node_settings import load_node\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (1, resource.getrlimit(resource.RLIMIT_CORE)[1]))\n"
        "settings = load_node({'data': 'data'}, {'GLEJT_NODE_CHAIN': 'none'}, folder=None, user_file=None)\n"
        "on_machine(settings, 'organisation', {'name': 'Sample School'})\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    assert python(tmp_path, ["-c", script]).stdout.strip() == "(0, 0)"


@pytest.mark.parametrize("port", ["another", "the same"])
def test_a_second_node_in_the_folder_says_that_there_is_one(tmp_path, port):
    with serving(tmp_path, **QUICK) as node:
        second = start(tmp_path, *([] if port == "another" else ["--port", node.url.rpartition(":")[2]]))
        _, said = second.communicate(timeout=60)
        assert second.returncode == 2
        assert "folder.running" in said
        assert f"process {node.process.pid}" in said
        assert node.get("/health/live").status_code == 200


def test_a_port_in_use_is_told_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = glejt(tmp_path, "serve", "--data", "data", "--port", str(port))
    assert done.returncode == 2
    assert "start.port" in done.stderr
    assert str(port) in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_no_ones_here_is_told(tmp_path):
    done = glejt(tmp_path, "serve", "--data", "data", "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 2
    assert "start.port" in done.stderr or "start.host" in done.stderr


@pytest.mark.threat(85)
def test_a_folder_that_others_may_look_into_is_refused(tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data").chmod(0o755)
    done = glejt(tmp_path, "serve", "--data", "data", "--port", "0")
    assert done.returncode == 2
    assert "folder.open" in done.stderr


def test_a_setting_that_is_none_is_refused(tmp_path):
    (tmp_path / "glejt.toml").write_text("[node]\nprofil = 'production'\n", "utf-8")
    done = glejt(tmp_path, "serve", "--data", "data", "--port", "0")
    assert done.returncode == 2
    assert "config.unknown_key" in done.stderr
    done = glejt(tmp_path, "serve", env={"GLEJT_NODE_PROFIL": "production"})
    assert "config.unknown" in done.stderr


def test_a_node_that_lost_its_passphrase_begins_no_other(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        assert node.stop() == 0
    (tmp_path / "data" / "passphrase").unlink()
    done = glejt(tmp_path, "serve", "--data", "data", "--port", "0")
    assert done.returncode == 2
    assert "start.passphrase_absent" in done.stderr
    assert not (tmp_path / "data" / "passphrase").exists()
