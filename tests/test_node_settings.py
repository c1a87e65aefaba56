"""Settings of a node: who wins, what is refused, that no file holds a secret, and that the reference tells all."""

import re
import tomllib
from pathlib import Path

import pytest
from support import ROOT

from node.config import ConfigError, load, unknown_variables
from node.config.node_settings import NodeSettings, load_node, unknown_node_variables

SECRET = "a very secret word"  # noqa: S105 -- nobody's
IN_THE_ENVIRONMENT = {
    "mail_password",
    "passphrase",
    "former_passphrase",
    "gas_passphrase",
    "key_service",
    "pkcs11_module",
    "pkcs11_pin",
}

CODE = {"key_service", "pkcs11_module"}
TOKEN = {"GLEJT_NODE_PKCS11_MODULE": "/usr/lib/library.so", "GLEJT_NODE_PKCS11_TOKEN": "node"}
TOKEN_AND_PIN = {**TOKEN, "GLEJT_NODE_PKCS11_PIN": SECRET}


def loaded(folder, *, flags=(), environment=(), project="", user=""):
    for name, text in (("project", project), ("home", user)):
        (folder / name).mkdir(exist_ok=True)
        if text:
            (folder / name / "glejt.toml").write_text(text, "utf-8")
    return load_node(
        dict(flags), dict(environment), folder=folder / "project", user_file=folder / "home" / "glejt.toml"
    )


def test_a_fresh_machine_needs_no_settings(tmp_path):
    settings = loaded(tmp_path)
    assert (settings.profile, settings.host, settings.port, settings.chain) == (
        "development",
        "127.0.0.1",
        8080,
        "embedded",
    )
    assert settings.data.name == "node"
    assert settings.on_loopback


def test_flags_win_over_variables_over_the_folders_file_over_the_persons(tmp_path):
    files = {
        "project": "[node]\nport = 3\nhost = '::1'\njudges = 3",
        "user": "[node]\nport = 4\njudges = 4\nrequests = 4",
    }
    settings = loaded(
        tmp_path, flags={"port": "1"}, environment={"GLEJT_NODE_PORT": "2", "GLEJT_NODE_HOST": "::2"}, **files
    )
    assert (settings.port, settings.host, settings.judges, settings.requests) == (1, "::2", 3, 4)
    assert not settings.on_loopback


def test_flags_that_were_not_given_and_empty_variables_say_nothing(tmp_path):
    settings = loaded(tmp_path, flags={"port": None}, environment={"GLEJT_NODE_HOST": ""}, project="[node]\nport = 5")
    assert (settings.port, settings.host) == (5, "127.0.0.1")


def test_a_relative_path_in_a_file_starts_at_the_file(tmp_path):
    settings = loaded(tmp_path, project="[node]\ndata = 'here'\npolicy = 'own.toml'\npassphrase_file = '/run/secret'")
    assert settings.data == tmp_path / "project" / "here"
    assert settings.policy == str(tmp_path / "project" / "own.toml")
    assert settings.passphrase_file == Path("/run/secret")
    assert loaded(tmp_path, environment={"GLEJT_NODE_DATA": "there"}).data == Path("there")
    assert loaded(tmp_path, project="[node]\npolicy = 'strict'").policy == "strict"


def test_a_variable_lists_with_commas(tmp_path):
    settings = loaded(tmp_path, environment={"GLEJT_NODE_PROXIES": "10.0.0.0/8, 192.0.2.1"})
    assert settings.proxies == ("10.0.0.0/8", "192.0.2.1")
    assert loaded(tmp_path, project="[node]\nproxies = ['10.0.0.0/8']").proxies == ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"project": "[node]\nprofil = 'production'"}, "config.unknown_key"),
        ({"project": "node = 'production'"}, "config.value"),
        ({"project": "[node"}, "config.syntax"),
        ({"environment": {"GLEJT_NODE_PROFIL": "production"}}, "config.unknown_variable"),
        ({"project": "[node]\nprofile = 'prod'"}, "config.value"),
        ({"project": "[node]\nport = true"}, "config.value"),
        ({"project": "[node]\nport = 65536"}, "config.value"),
        ({"flags": {"port": "many"}}, "config.value"),
        ({"project": "[node]\njudges = 0"}, "config.value"),
        ({"project": "[node]\nproxies = ['everybody']"}, "config.value"),
        ({"environment": {"GLEJT_NODE_PROXIES": "10.0.0.1/8"}}, "config.value"),
        *(
            ({"project": f"[node]\npublic_url = '{url}'"}, "config.value")
            for url in ("node.example", "ftp://node.example", "https://node.example/path", "https://a@node.example", "")
        ),
        ({"project": "[node]\ngas_address = '0x12'"}, "config.value"),
        ({"environment": {"GLEJT_NODE_KEY_SERVICE": "os"}}, "config.value"),
        ({"project": "[node]\nweb3signer = 'http://localhost:9000'"}, "config.conflict"),
        ({"project": "[node]\ngas_key = 'a'\nweb3signer = 'b'\ngas_address = '0x" + "1" * 40 + "'"}, "config.conflict"),
        ({"project": "[node]\nchain = 'sepolia'"}, "config.conflict"),
        ({"project": "[node]\npkcs11_token = 'node'"}, "config.conflict"),
        ({"environment": TOKEN}, "config.conflict"),
        ({"environment": {**TOKEN_AND_PIN, "GLEJT_NODE_KEY_SERVICE": "a:b"}}, "config.conflict"),
        ({"project": "[node]\npkcs11_seconds = 0"}, "config.value"),
        (
            {"project": "[node]\npassphrase_file = 'a'", "environment": {"GLEJT_NODE_PASSPHRASE": SECRET}},
            "config.conflict",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_a_remedy(tmp_path, given, code):
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, **given)
    assert refused.value.code == code
    assert refused.value.where
    assert refused.value.remedy
    assert SECRET not in f"{refused.value} {refused.value.remedy} {refused.value.__cause__}"


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    "line",
    [
        *(f"{name} = '{SECRET}'" for name in sorted(IN_THE_ENVIRONMENT - CODE)),
        f"database = 'postgresql://glejt:{SECRET.replace(' ', '')}@host/glejt'",
        "key_service = 'module:function'",
        "pkcs11_module = '/usr/lib/library.so'",
    ],
)
def test_no_secret_stands_in_a_file_and_no_file_names_code(tmp_path, line):
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, project=f"[node]\n{line}")
    assert refused.value.code in {"config.secret", "config.code"}
    assert SECRET.split()[1] not in str(refused.value).replace("a secret", "")


@pytest.mark.threat(88)
def test_no_dump_of_the_settings_shows_a_secret(tmp_path):
    settings = loaded(
        tmp_path, environment={"GLEJT_NODE_PASSPHRASE": SECRET, "GLEJT_NODE_DATABASE": f"postgresql://a:{SECRET}@b/c"}
    )
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.passphrase.get_secret_value() == SECRET


def test_the_persons_settings_may_have_a_section_for_a_node_and_do_not_read_it(tmp_path):
    (tmp_path / "glejt.toml").write_text("lang = 'pl'\n[node]\nwhatever = 1", "utf-8")
    assert load({}, {}, folder=tmp_path, user_file=None).lang == "pl"
    assert unknown_variables({"GLEJT_NODE_PORT": "1", "GLEJT_NOD_PORT": "1"}) == ["GLEJT_NOD_PORT"]
    assert unknown_node_variables({"GLEJT_NODE_PORT": "1", "GLEJT_NODE_PROT": "1"}) == ["GLEJT_NODE_PROT"]


def test_the_settings_of_the_reference_are_all_there_are_and_can_be_read(tmp_path):
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    example = tomllib.loads(re.search(r"```toml node\n(.*?)```", page, re.DOTALL)[1])["node"]
    assert set(example) | IN_THE_ENVIRONMENT == set(NodeSettings.model_fields)
    assert all(f"GLEJT_NODE_{name.upper()}" in page for name in IN_THE_ENVIRONMENT)
    either = ({"database_file", "web3signer", "gas_address"}, {"database", "gas_key", "gas_passphrase_file"})
    for left_out in either:
        lines = [f"{key} = {value!r}".replace("True", "true") for key, value in example.items() if key not in left_out]
        library = {"GLEJT_NODE_PKCS11_MODULE": TOKEN["GLEJT_NODE_PKCS11_MODULE"]}
        settings = loaded(tmp_path, project="\n".join(["[node]", *lines]), environment=library)
        assert settings.production
