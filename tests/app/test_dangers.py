"""What a node in production refuses to run with: each by its name, with its mend, and nothing where all is well."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import glejt

from node.adapters.database.ways import unchecked_hosts
from node.adapters.node_folder import NodeFolder
from node.app.dangers import danger_of_the_database, dangers_of, file_system_danger, secret_files
from node.config.node_settings import NodeSettings, load_node

SAFE = {
    "GLEJT_NODE_PROFILE": "production",
    "GLEJT_NODE_PUBLIC_URL": "https://node.example",
    "GLEJT_NODE_CHAIN": "none",
}


@pytest.fixture
def machine(tmp_path):
    """A folder of a node, and a passphrase elsewhere, each for its owner alone."""
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "passphrase").write_text("four words drawn at random\n", "utf-8")
    (tmp_path / "passphrase").chmod(0o600)
    return tmp_path


def found(machine, environment=(), address="postgresql://glejt@/glejt", **changed):
    variables = {
        **SAFE,
        "GLEJT_NODE_DATA": str(machine / "data"),
        "GLEJT_NODE_PASSPHRASE_FILE": str(machine / "passphrase"),
        **{f"GLEJT_NODE_{name.upper()}": str(value) for name, value in changed.items()},
    }
    settings = load_node({}, variables, folder=None, user_file=None)
    return dangers_of(settings, NodeFolder(settings.data), address, dict(environment))


def test_what_is_set_up_well_is_in_no_danger(machine):
    assert found(machine) == ()


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("danger.passphrase", {"passphrase_file": ""}),
        ("danger.public_url", {"public_url": ""}),
        ("danger.public_url", {"public_url": "http://node.example"}),
        ("danger.chain", {"chain": "embedded"}),
        ("danger.mail", {"mail_host": "mail.example", "mail_from": "a@node.example", "mail_encryption": "none"}),
        ("danger.loopback", {"allow_loopback": True}),
        ("danger.loopback", {"environment": {"GLEJT_ALLOW_LOOPBACK": "1"}}),
        ("danger.debug", {"environment": {"GLEJT_DEBUG": "1"}}),
        ("danger.debug", {"environment": {"PYTHONASYNCIODEBUG": "1"}}),
        ("danger.file_system", {"environment": {"LD_PRELOAD": "/usr/lib/libeatmydata.so"}}),
    ],
)
def test_each_unsafe_default_is_named_with_its_mend(machine, code, changed):
    (danger,) = found(machine, **changed)
    assert danger.code == code
    assert danger.message
    assert danger.remedy


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    ("address", "environment", "hosts"),
    [
        ("sqlite:////var/lib/glejt/a.db", {"PGHOST": "db.example"}, ()),
        ("postgresql://u@/glejt", {}, ()),
        ("postgresql://u@/glejt?host=/run/postgresql", {"PGHOST": "db.example"}, ()),
        ("postgresql://u@localhost/glejt", {}, ()),
        ("postgresql://u@127.0.0.1:5433/glejt", {}, ()),
        ("postgresql://u@[::1]/glejt", {}, ()),
        ("postgresql://u@db.example/glejt?sslmode=verify-full", {}, ()),
        ("postgresql://u@db.example/glejt", {"PGSSLMODE": "verify-full"}, ()),
        ("postgresql://u:p@db.example/glejt", {}, ("db.example",)),
        ("postgresql://u@10.0.0.7/glejt", {}, ("10.0.0.7",)),
        ("postgresql://u@127.0.0.1.example/glejt", {}, ("127.0.0.1.example",)),
        ("postgresql://u@db.example/glejt?sslmode=verify-full&sslmode=disable", {}, ("db.example",)),
        ("postgresql://u@db.example/glejt?sslmode=require", {"PGSSLMODE": "verify-full"}, ("db.example",)),
        ("postgresql://u@db.example/glejt?sslmode=verify-ca", {}, ("db.example",)),
        ("postgresql://u@/glejt?host=/run/postgresql&host=db.example", {}, ("db.example",)),
        ("postgresql://u@localhost/glejt?hostaddr=10.0.0.7", {}, ("10.0.0.7",)),
        ("postgresql://u@/glejt", {"PGHOST": "db.example"}, ("db.example",)),
        ("postgresql://u@localhost/glejt", {"PGHOSTADDR": "10.0.0.7"}, ("10.0.0.7",)),
        ("postgresql://u@/glejt?service=far", {}, ("service far",)),
        ("postgresql://u@/glejt", {"PGSERVICE": "far"}, ("service far",)),
    ],
)
def test_a_database_elsewhere_has_to_be_the_one_that_its_certificate_names(machine, address, environment, hosts):
    assert unchecked_hosts(address, environment) == hosts
    told = found(machine, environment, address)
    assert [each.code for each in told] == ["danger.database_way"] * bool(hosts)
    for each in told:
        assert hosts[0] in each.message
        assert "u:p" not in each.message
        assert "sslmode=verify-full" in each.remedy


def test_a_passphrase_beside_the_database_is_no_secret_of_it(machine):
    (machine / "data" / "own").write_bytes((machine / "passphrase").read_bytes())
    (machine / "data" / "own").chmod(0o600)
    assert [each.code for each in found(machine, passphrase_file=machine / "data" / "own")] == ["danger.passphrase"]


@pytest.mark.threat(85)
def test_files_that_others_may_read_are_named(machine):
    (machine / "passphrase").chmod(0o640)
    (machine / "data" / "glejt.sqlite3").touch(mode=0o600)
    (machine / "data" / "glejt.sqlite3").chmod(0o604)
    told = found(machine)
    assert [each.code for each in told] == ["danger.folder", "danger.files"]
    assert "glejt.sqlite3" in told[0].message
    assert "passphrase" in told[1].message


@pytest.mark.threat(85)
def test_every_file_that_a_setting_keeps_a_secret_in_is_looked_at(tmp_path):
    names = {name for name in NodeSettings.model_fields if name.endswith("_file")} | {"gas_key"}
    settings = NodeSettings.model_construct(**{name: tmp_path / name for name in names})
    assert {path.name for path in secret_files(settings)} == names


MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/vda rw
23 22 0:1 / /dev/shm rw,nosuid - tmpfs tmpfs rw
24 22 0:2 / /far rw,relatime shared:5 - nfs4 server:/far rw,vers=4.2
25 22 8:2 / /fast rw,relatime - ext4 /dev/vdb rw,nobarrier
26 24 8:3 / /far/with\\040space rw - xfs /dev/vdc rw
"""


@pytest.mark.threat(96)
@pytest.mark.parametrize(
    ("path", "is_dangerous"),
    [
        ("/var/lib/glejt/a.db", False),
        ("/dev/shm/a.db", True),  # noqa: S108 -- nothing is written there
        ("/far/a.db", True),
        ("/faraway/a.db", False),
        ("/fast/a.db", True),
        ("/far/with space/a.db", False),
    ],
)
def test_a_file_system_that_does_not_wait_for_the_disk_is_named(path, is_dangerous):
    danger = file_system_danger(Path(path), MOUNTS)
    assert (danger is not None) is is_dangerous
    assert danger is None or danger.code == "danger.file_system"


def test_a_sqlite_file_in_memory_is_found_wherever_it_is(machine):
    assert file_system_danger(machine, "") is None
    assert file_system_danger(machine) is None or "tmpfs" in file_system_danger(machine).message


@pytest.mark.threat(96)
def test_a_database_that_does_not_wait_for_the_disk_is_named():
    async def answer(durable):
        async def is_durable():
            return durable

        return await danger_of_the_database(SimpleNamespace(is_durable=is_durable))

    assert asyncio.run(answer(durable=True)) is None
    assert asyncio.run(answer(durable=False)).code == "danger.database"


@pytest.mark.threat(88)
def test_production_does_not_start_with_the_defaults_and_says_all_that_is_wrong(tmp_path):
    done = glejt(
        tmp_path, "serve", "--profile", "production", "--data", "data", "--port", "0", env={"GLEJT_DEBUG": "1"}
    )
    assert done.returncode == 2
    for code in ("danger.passphrase", "danger.public_url", "danger.chain", "danger.debug", "start.unsafe"):
        assert code in done.stderr
    assert not (tmp_path / "data" / "glejt.sqlite3").exists()
    assert not (tmp_path / "data" / "passphrase").exists()
