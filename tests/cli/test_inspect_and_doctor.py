"""`glejt inspect` shows without judging; `glejt doctor` finds what is wrong and says how to mend it."""

import json
from importlib.metadata import version

import pytest
from running import glejt, python
from samples import DID, METHOD, data, signed

from node.cli.contents import MAX_LINES


@pytest.fixture(scope="module")
def genuine():
    return signed()


@pytest.mark.parametrize(
    ("language", "labels"), [("en", ("Kind", "Issuer", "Proof")), ("pl", ("Rodzaj", "Wystawca", "Podpis"))]
)
def test_the_contents_are_shown_and_it_is_said_that_nothing_was_checked(tmp_path, genuine, language, labels):
    (tmp_path / "altered.json").write_bytes(data({**genuine, "name": "Another award"}))
    done = glejt(tmp_path, "inspect", "altered.json", "--lang", language)
    assert done.returncode == 0
    for label in labels:
        assert f"\n  {label} " in done.stdout
    assert f"Test School · {DID}" in done.stdout
    assert METHOD in done.stdout
    assert "Another award" in done.stdout
    assert "glejt verify altered.json" in done.stderr


def test_the_contents_are_there_for_machines(tmp_path, genuine):
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2", {"inline": "https://example.com/#"}],
        "type": ["VerifiablePresentation"],
        "holder": DID,
        "verifiableCredential": [genuine],
    }
    (tmp_path / "presentation.json").write_bytes(data(presentation))
    found = json.loads(glejt(tmp_path, "inspect", "presentation.json", "--json").stdout)
    assert (found["kind"], found["version"], found["holder"]) == ("presentation", "2.0", DID)
    assert [context["known"] for context in found["contexts"]] == [True, False]
    (credential,) = found["credentials"]
    assert (credential["kind"], credential["name"]) == ("credential", "Sample award")
    assert credential["subjects"] == [{"achievement": "Sample achievement"}]
    assert credential["proofs"][0]["cryptosuite"] == "eddsa-rdfc-2022"


def test_anything_that_is_json_can_be_looked_at(tmp_path):
    for content in (
        b"[]",
        b"null",
        b'{"type": "VerifiableCredential"}',
        b'{"type": ["VerifiableCredential", "VerifiablePresentation"]}',
        b'{"type": "VerifiableCredential", "issuer": {"id": []}, "proof": [1, {"type": {}}], "credentialSubject": 3}',
    ):
        (tmp_path / "x.json").write_bytes(content)
        assert glejt(tmp_path, "inspect", "x.json").returncode == 0
        assert "kind" in json.loads(glejt(tmp_path, "inspect", "x.json", "--json").stdout)


def test_a_long_file_does_not_flood_the_terminal(tmp_path, genuine):
    many = {"type": "VerifiablePresentation", "verifiableCredential": [genuine] * 40}
    (tmp_path / "many.json").write_bytes(data(many))
    done = glejt(tmp_path, "inspect", "many.json")
    assert len(done.stdout.splitlines()) == MAX_LINES + 2
    assert "more lines" in done.stdout


def test_what_cannot_be_read_is_2(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "picture.png.cut" in glejt(tmp_path, "inspect", "x.png").stderr
    (tmp_path / "x.json").write_bytes(b"{")
    assert glejt(tmp_path, "inspect", "x.json").returncode == 2


def examined(folder, **variables):
    done = glejt(folder, "doctor", "--json", env=variables)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["ok"] else 1)
    return {found["name"]: found for found in report["examined"]}


def installed(found):
    """The findings of a source tree that was not installed lack only the comparison of versions."""
    return {name: one for name, one in found.items() if name != "dependencies"}


def test_a_sound_installation_has_no_problem(tmp_path):
    found = installed(examined(tmp_path))
    assert all(one["ok"] for one in found.values()), found
    assert set(found) == {
        "python", "chain", "contexts", "cryptography", "clock", "terminal",
        "settings", "variables", "policy", "trust", "key",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "pl"])
def test_people_read_a_line_for_each_examination(tmp_path, language):
    done = glejt(tmp_path, "doctor", "--lang", language)
    assert sum(line.startswith("  ") for line in done.stdout.splitlines()) >= 11
    assert "Ed25519, P-256, P-384" in done.stdout


@pytest.mark.parametrize(
    ("settings", "variables", "name", "code"),
    [
        ("polcy = 1", {}, "settings", "config.unknown_key"),
        ("", {"GLEJT_OFLINE": "1"}, "variables", "doctor.variables"),
        ('policy = "mine.toml"', {}, "policy", "usage.policy"),
        ('policy = "glejt.toml"', {}, "policy", "policy.invalid"),
        ('trust = "mine.toml"', {}, "trust", "input.missing"),
        ('trust = "glejt.toml"', {}, "trust", "trust.invalid"),
        ('key = "mine.json"', {}, "key", "key_file.absent"),
        ("", {"PYTHONIOENCODING": "ascii"}, "terminal", "doctor.terminal"),
    ],
)
def test_each_problem_is_found_with_its_mend(tmp_path, settings, variables, name, code):
    (tmp_path / "glejt.toml").write_text(settings, "utf-8")
    found = installed(examined(tmp_path, **variables))
    assert [one["name"] for one in found.values() if not one["ok"]] == [name]
    assert found[name]["code"] == code
    assert found[name]["remedy"]
    text = glejt(tmp_path, "doctor", env=variables).stdout
    assert f"[{code}]" in text


def test_the_doctor_speaks_as_it_is_told_also_where_the_settings_are_broken(tmp_path):
    (tmp_path / "glejt.toml").write_text("polcy = 1", "utf-8")
    assert "Coś wymaga naprawy" in glejt(tmp_path, "doctor", "--lang", "pl").stdout


BROKEN = """
import sys
from node.__main__ import main
{patch}
sys.argv = ["glejt", "doctor", "--json"]
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("patch", "name", "code"),
    [
        (
            "import node.proofs.data_integrity as d; d.verify = lambda *a, **k: None",
            "cryptography",
            "doctor.cryptography",
        ),
        (
            "import node.credentials.contexts as c; c._read = lambda n, r=c._read: r(n).replace(b'schema', b'schena')",
            "contexts",
            "context.bundle",
        ),
        ("import node.cli.examinations as e; e.NEEDED_PYTHON = (4, 0)", "python", "doctor.python"),
        (
            "import node.cli.examinations as e; from datetime import timedelta; e.SLOW_CLOCK = -timedelta(days=40000)",
            "clock",
            "doctor.clock",
        ),
    ],
)
def test_a_damaged_installation_is_found(tmp_path, patch, name, code):
    done = python(tmp_path, ["-c", BROKEN.format(patch=patch)])
    assert done.returncode == 1
    found = {one["name"]: one for one in json.loads(done.stdout)["examined"]}
    assert found[name]["code"] == code


def test_libraries_of_other_versions_are_named(tmp_path):
    demanded = ["orjson==0.0.1", "nothing==1", 'x==1; extra == "node"']
    patch = f"import node.cli.examinations as e; e.requires = lambda name: {demanded!r}"
    done = python(tmp_path, ["-c", BROKEN.format(patch=patch)])
    found = {one["name"]: one for one in json.loads(done.stdout)["examined"]}["dependencies"]
    assert found["code"] == "doctor.dependencies"
    assert "orjson" in found["details"]
    assert "nothing" in found["details"]
    assert "x " not in found["details"]


def test_the_embedded_chain_is_told_of(tmp_path):
    def found(patch):
        done = python(tmp_path, ["-c", BROKEN.format(patch=f"import node.cli.examinations as e; {patch}")])
        return {one["name"]: one for one in json.loads(done.stdout)["examined"]}["chain"]

    there = found("pass")
    assert there["ok"]
    assert version("py-evm") in there["said"]
    assert "no public value" in there["said"]
    absent = found("e._EVM = 'no-such-library'")
    assert absent["ok"]
    assert "glejt[devchain]" in absent["said"]
    pins = ['py-evm==0.0.1; extra == "devchain"', "trie==0.0.2; extra == 'devchain'", "x==1; extra == 'evm'", "y==1"]
    other = found(f"e.requires = lambda name: {pins!r}")
    assert other["code"] == "doctor.dependencies"
    assert other["details"] == f"py-evm {version('py-evm')} ≠ 0.0.1; trie {version('trie')} ≠ 0.0.2"


def test_a_bug_in_an_examination_is_a_failure_of_the_program_and_no_finding(tmp_path):
    patch = "import node.cli.examinations as e; e.platform = None"
    assert python(tmp_path, ["-c", BROKEN.format(patch=patch)]).returncode == 2
