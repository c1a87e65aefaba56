"""The words of the command line: the same in both languages, and all there are used."""

import ast
import re
import string

import pytest
from support import ROOT

from node.cli.words import Words, flag_value, spoken, words_in

EN, PL = words_in("en"), words_in("pl")
SAME_IN_BOTH = re.compile(
    r"^(metavar\.|disclose\.line|state\.pass|state\.fail|kind\.(jwt|sd_jwt|xml)|doctor\.clock|.*\.label\.(python|terminal|status))"
)
COMPOSED = re.compile(
    r"^(help|metavar|kind|error\.(achievement|anchoring|award|config|document|paper|printer|scanner|extra|issuance|context|proof|policy|trust|register|key_file|status|webvh|capsule|checkpoint|transaction|devchain|rpc|start|folder|control|store|vault|backup|organisation|api_key|danger|node|remote|didcomm|access|request|exchange|idempotency|judges|approval)|doctor\.label|doctor\.node_[a-z_]+|state"
    r"|inspect\.(label|kind|picture|activity|page)|error\.picture|demo|capsule\.(check|context)|privacy|anchor\.(state|problem)|wallet|error\.wallet|achievement\.severity)(\.|$)"
)
"""Keys that the program puts together from parts."""


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    assert set(EN.texts) == set(PL.texts)


@pytest.mark.parametrize("key", sorted(EN.texts))
def test_each_text_is_translated_and_has_the_same_places_for_values(key):
    assert EN.texts[key].strip()
    assert PL.texts[key].strip()
    assert places(PL.texts[key]) <= places(EN.texts[key])
    assert places(EN.texts[key]) - places(PL.texts[key]) <= {"remedy"}
    if not SAME_IN_BOTH.match(key) and places(EN.texts[key]) != {EN.texts[key][1:-1]}:
        assert EN.texts[key] != PL.texts[key]


def test_each_error_says_what_happened_and_what_to_do_next():
    errors = {key.rpartition(".")[0] for key in EN.texts if key.startswith("error.")}
    for error in errors:
        assert f"{error}.said" in EN.texts
        assert f"{error}.remedy" in EN.texts


def test_each_text_is_used_and_each_key_in_the_program_has_a_text():
    sources = [*(ROOT / "node" / "cli").glob("*.py"), ROOT / "node" / "__main__.py"]
    strings = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    keys = {key for key in EN.texts if not COMPOSED.match(key)}
    used = strings | {f"error.{code}.{part}" for code in strings for part in ("said", "remedy")}
    assert keys - used == set()
    named = {key for key in EN.texts if key.startswith(("help.", "metavar."))}
    assert {key for key in named if key not in strings and key.partition(".")[2] not in strings} == set()
    sections = {key.partition(".")[0] for key in EN.texts} - {"help", "metavar", "kind"}
    referred = {text for text in strings if re.fullmatch(rf"({'|'.join(sections)})(\.[a-z_]+)+", text)}
    files = {text for text in referred if text.endswith((".json", ".jsonl", ".toml"))}
    assert {text for text in referred - files if text not in EN.texts and f"error.{text}.said" not in EN.texts} == set()


def test_a_key_that_nobody_has_is_a_bug():
    with pytest.raises(KeyError):
        EN("error.nothing.said")


def test_values_are_never_read_as_formats():
    assert Words("en", {"a": "{x}"})("a", x="{y} {0}") == "{y} {0}"


def test_the_nearest_sentence_of_a_code_is_found():
    assert EN.nearest("error", "key_file.permissions") == "error.key_file.permissions"
    assert EN.nearest("error", "key_file.damaged") == "error.key_file"
    assert EN.nearest("error", "nowhere.at.all") is None


@pytest.mark.parametrize(
    ("flag", "environment", "language"),
    [
        ("pl", {"GLEJT_LANG": "en"}, "pl"),
        (None, {"GLEJT_LANG": "pl", "LANG": "en_GB.UTF-8"}, "pl"),
        (None, {"LANG": "pl_PL.UTF-8"}, "pl"),
        (None, {"LC_ALL": "C", "LANG": "pl_PL"}, "en"),
        (None, {"LC_MESSAGES": "pl_PL", "LANG": "C"}, "pl"),
        (None, {"LANG": "plt_MG"}, "en"),
        ("xx", {}, "en"),
        (None, {}, "en"),
    ],
)
def test_the_language_is_that_of_the_flag_then_the_variable_then_the_locale(flag, environment, language):
    assert spoken(flag, environment) == language


def test_a_flag_is_found_anywhere_before_the_two_dashes():
    assert flag_value(["verify", "a", "--lang", "pl"], "--lang") == "pl"
    assert flag_value(["--lang=pl", "verify"], "--lang") == "pl"
    assert flag_value(["verify", "--", "--lang", "pl"], "--lang") is None
    assert flag_value(["verify", "--lang"], "--lang") is None
