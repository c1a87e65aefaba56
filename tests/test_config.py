"""Settings: who wins, what is refused, and where a relative path starts."""

import pytest

from node.config import MAX_CONFIG_BYTES, ConfigError, Settings, load, unknown_variables


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    return tmp_path


def loaded(folder, *, flags=(), environment=(), project="", user=""):
    if project:
        (folder / "project" / "glejt.toml").write_text(project, "utf-8")
    if user:
        (folder / "home" / "glejt.toml").write_text(user, "utf-8")
    return load(dict(flags), dict(environment), folder=folder / "project", user_file=folder / "home" / "glejt.toml")


def test_nothing_set_gives_the_defaults(folder):
    assert loaded(folder) == Settings()


def test_flags_win_over_variables_over_the_folders_file_over_the_persons(folder):
    flags, environment = {"lang": "en"}, {"GLEJT_LANG": "pl"}
    project, user = 'lang = "pl"\npolicy = "strict"', 'lang = "pl"\npolicy = "archive"\noffline = true'
    settings = loaded(folder, flags=flags, environment=environment, project=project, user=user)
    assert (settings.lang, settings.policy, settings.offline) == ("en", "strict", True)
    assert loaded(folder, environment={"GLEJT_POLICY": "everyday"}).policy == "everyday"
    (folder / "project" / "glejt.toml").unlink()
    assert loaded(folder).policy == "archive"


def test_a_lower_layer_is_overruled_also_by_a_value_that_is_false(folder):
    assert loaded(folder, environment={"GLEJT_OFFLINE": "0"}, project="offline = true").offline is False


def test_the_files_that_were_read_are_named(folder):
    assert loaded(folder, project="quiet = true").files == (folder / "project" / "glejt.toml",)


def test_a_relative_path_in_a_file_starts_at_the_file_and_one_from_outside_where_the_person_is(folder):
    settings = loaded(folder, project='trust = "lists/mine.toml"', user='policy = "own.toml"\nkey = "/etc/key.json"')
    assert settings.trust == str(folder / "project" / "lists" / "mine.toml")
    assert settings.policy == str(folder / "home" / "own.toml")
    assert settings.key == "/etc/key.json"
    assert loaded(folder, environment={"GLEJT_TRUST": "mine.toml"}).trust == "mine.toml"


def test_the_home_folder_may_be_written_short(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert loaded(folder, project='key = "~/key.json"').key == str(folder / "key.json")


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_variables_say_yes_in_several_ways(folder, value):
    assert loaded(folder, environment={"GLEJT_OFFLINE": value}).offline is True


def test_an_empty_variable_is_unset(folder):
    assert loaded(folder, environment={"GLEJT_LANG": ""}, project='lang = "pl"').lang == "pl"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"project": "polcy = 'strict'"}, "config.unknown_key"),
        ({"user": "[verify]\noffline = true"}, "config.unknown_key"),
        ({"project": "policy = "}, "config.syntax"),
        ({"project": "# " + "x" * MAX_CONFIG_BYTES}, "config.syntax"),
        ({"project": f"lang = {'9' * 5_000}"}, "config.syntax"),
        ({"project": f"lang = {'[' * 3_000}"}, "config.syntax"),
        ({"project": "lang = 'de'"}, "config.value"),
        ({"project": "offline = 'no'"}, "config.value"),
        ({"project": "offline = 1"}, "config.value"),
        ({"project": "trust = true"}, "config.value"),
        ({"project": "trust = ''"}, "config.value"),
        ({"environment": {"GLEJT_OFFLINE": "perhaps"}}, "config.value"),
        ({"environment": {"GLEJT_LANG": "PL"}}, "config.value"),
        ({"flags": {"lang": "xx"}}, "config.value"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_a_remedy(folder, given, code):
    with pytest.raises(ConfigError) as refused:
        loaded(folder, **given)
    assert refused.value.code == code
    assert refused.value.where
    assert refused.value.remedy
    assert len(str(refused.value)) < 400


def test_a_file_that_is_not_utf_8_is_refused(folder):
    (folder / "project" / "glejt.toml").write_bytes(b"lang = '\xff'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        loaded(folder)


def test_misspelt_variables_are_found():
    assert unknown_variables({"GLEJT_OFLINE": "1", "GLEJT_OFFLINE": "1", "GLEJT_DEBUG": "1", "HOME": "/"}) == [
        "GLEJT_OFLINE"
    ]
