"""`glejt verify` as a process: statuses, streams, both languages, many files, and files that are something else."""

import json
import os
import re
import resource

import pytest
from running import glejt
from samples import DID, badge, data, presentation, signed

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey

EXPECTED_ROWS = {
    "en": [
        ("ok", "Unchanged", "Nothing has changed since it was signed."),
        (
            "unknown",
            "Issuer recognised",
            f"Signed by {DID}, which is on none of your lists (none). That is no fault of the document.",
        ),
        ("does not apply", "Not withdrawn", "The issuer provided no way to withdraw it."),
        ("ok", "In force", "No end date."),
    ],
    "pl": [
        ("ok", "Treść bez zmian", "Od chwili podpisania nic nie zmieniono."),
        (
            "nie wiemy",
            "Rozpoznany wystawca",
            f"Podpisane przez {DID}; brak na Twoich listach (brak). To nie jest wada dokumentu.",
        ),
        ("nie dotyczy", "Brak wycofania", "Wystawca nie przewidział wycofania."),
        ("ok", "Ważność", "Bez daty końcowej."),
    ],
}


@pytest.fixture(scope="module")
def genuine():
    return signed()


@pytest.fixture
def folder(tmp_path, genuine):
    (tmp_path / "genuine.json").write_bytes(data(genuine))
    (tmp_path / "altered.json").write_bytes(data({**genuine, "name": "Another award"}))
    unknown = {**genuine, "@context": [*genuine["@context"], "https://nobody.example/terms/v1"]}
    (tmp_path / "unknown.json").write_bytes(data(unknown))
    (tmp_path / "broken.json").write_bytes(b'{"a": ')
    (tmp_path / "list.json").write_bytes(b"[1, 2]")
    (tmp_path / "other.json").write_bytes(b'{"hello": "world"}')
    return tmp_path


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("genuine.json", 0, "genuine_but"),
        ("altered.json", 1, "altered"),
        ("unknown.json", 20, "cannot_tell"),
        ("list.json", 1, "malformed"),
        ("other.json", 1, "malformed"),
    ],
)
def test_the_status_is_the_verdict_and_the_answer_is_one_line_of_json(folder, name, status, sentence):
    done = glejt(folder, "verify", name, "--json", "--at", "2026-07-01T00:00:00Z")
    assert done.returncode == status
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert set(report) == {"verdict", "sentence", "policy", "at", "credentials"}
    assert report["sentence"] == sentence
    assert (report["policy"], report["at"]) == ("everyday", "2026-07-01T00:00:00Z")
    assert [check["check"] for check in report["credentials"][0]["checks"]] == [
        "structure", "context", "issuer_key", "proof", "validity", "status", "anchor", "holder", "authority", "class",
    ]  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Genuine, but we do not know the issuer."), ("pl", "Dokument autentyczny, ale nie znamy wystawcy.")],
)
def test_people_get_the_sentence_and_the_seven_rows(folder, language, sentence):
    done = glejt(folder, "verify", "genuine.json", "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    stated = {"en": "Class not stated, 3 of 11 elements", "pl": "Klasy nie podano, 3 z 11 elementów"}
    assert re.split(r"  +", lines[0]) == [sentence, stated[language]]
    rows = [re.split(r"  +", line.strip(), maxsplit=2) for line in lines[2:6]]
    assert [tuple(row) for row in rows] == EXPECTED_ROWS[language]
    assert [line.strip().partition(": ")[0] for line in lines if line.startswith("  ") and ": " in line][-1] in {
        "Rules",
        "Zasady",
    }
    assert "\x1b" not in done.stdout


def test_many_files_get_one_line_each_and_the_worst_status_wins(folder):
    names = ["genuine.json", "missing.json", "unknown.json", "altered.json"]
    done = glejt(folder, "verify", *names, "--json")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == names
    assert [line.get("verdict") or line["error"]["code"] for line in lines] == [
        "accepted", "input.missing", "cannot_tell", "rejected",
    ]  # fmt: skip
    assert glejt(folder, "verify", *names[:3]).returncode == 2
    assert glejt(folder, "verify", "genuine.json", "unknown.json").returncode == 20
    assert glejt(folder, "verify", "genuine.json", "genuine.json").returncode == 0


def test_each_of_many_files_is_named_before_its_answer(folder):
    lines = glejt(folder, "verify", "genuine.json", "altered.json").stdout.splitlines()
    assert lines[0] == "genuine.json:"
    assert "altered.json:" in lines
    assert lines[lines.index("altered.json:") + 1] == "Not genuine. This is not what the issuer signed."


def test_standard_input_is_a_file_named_by_a_dash(folder, genuine):
    assert glejt(folder, "verify", "-", stdin=data(genuine)).returncode == 0
    done = glejt(folder, "verify", "-", "-", stdin=data(genuine))
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage.stdin_twice" in done.stderr


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        (b"", "input.empty", ""),
        (b" \n ", "input.empty", ""),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "picture.png.chunk", "The picture cannot be read"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "picture.none", "no badge"),
        (b"<html></html>", "input.kind", "XML"),
        (b"%PDF-1.7 ...", "picture.pdf.form", "not as glejt printed it"),
        (b"PK\x03\x04...", "input.kind", "an archive"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "input.kind", "a JPEG picture"),
        (b"\xd9\x5d\x00\x00", "input.kind", "binary"),
        (b'{"a": 1, "a": 2}', "document.duplicate_key", ""),
        (b'{"a": NaN}', "document.number", ""),
        (b"{", "document.syntax", ""),
        (b'"\xff"', "document.not_utf8", ""),
        (b"[" * 40 + b"]" * 40, "document.too_deep", ""),
        (b'{"a": ' + b"9" * 5000 + b"}", "document.integer_range", ""),
    ],
)
@pytest.mark.threat(10)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_what_cannot_be_parsed_is_2_with_a_reason_and_accuses_nobody(tmp_path, content, code, named, language):
    (tmp_path / "input").write_bytes(content)
    done = glejt(tmp_path, "verify", "input", "--lang", language)
    assert (done.returncode, done.stdout) == (2, "")
    assert f": {code}\n" in done.stderr
    assert language == "pl" or named in done.stderr
    assert done.stderr.startswith("glejt: input: ")
    machine = glejt(tmp_path, "verify", "input", "--json", "--lang", language)
    error = json.loads(machine.stdout)["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["remedy"]


def test_a_file_that_is_too_large_is_refused_without_being_read_whole(tmp_path):
    done = glejt(tmp_path, "verify", "/dev/zero")
    assert done.returncode == 2
    assert "input.too_large" in done.stderr


def test_a_folder_a_missing_file_and_a_forbidden_one_are_told_apart(tmp_path):
    (tmp_path / "folder").mkdir()
    assert "input.nothing_inside" in glejt(tmp_path, "verify", "folder").stderr
    assert "input.missing" in glejt(tmp_path, "verify", "nothing.json").stderr
    assert "input.missing" in glejt(tmp_path, "verify", "nothing\nOK  Genuine.json").stderr
    if os.geteuid():
        (tmp_path / "closed").touch(mode=0)
        assert "input.forbidden" in glejt(tmp_path, "verify", "closed").stderr


@pytest.mark.parametrize(
    ("options", "status", "policy"),
    [
        (["--policy", "strict"], 20, "strict"),
        (["--policy", "archive"], 0, "archive"),
        (["--policy", "own.toml"], 0, "own rules"),
    ],
)
def test_the_policy_decides_and_is_named(folder, options, status, policy):
    (folder / "own.toml").write_text(
        'name = "own rules"\nrequires = ["structure", "context", "issuer_key", "proof"]\n', "utf-8"
    )
    done = glejt(folder, "verify", "genuine.json", *options)
    assert done.returncode == status
    assert f"Rules: {policy};" in done.stdout


def test_settings_choose_the_policy_and_a_flag_overrules_them(folder):
    (folder / "glejt.toml").write_text('policy = "strict"', "utf-8")
    done = glejt(folder, "verify", "genuine.json")
    assert done.returncode == 20
    assert done.stderr == "Settings: glejt.toml\n"
    assert glejt(folder, "verify", "genuine.json", "--quiet").stderr == ""
    assert glejt(folder, "verify", "genuine.json", env={"GLEJT_POLICY": "everyday"}).returncode == 0
    assert glejt(folder, "verify", "genuine.json", "--policy", "everyday").returncode == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--policy", "lenient"], "usage.policy"),
        (["--policy", "./lenient.toml"], "input.missing"),
        (["--policy", "genuine.json"], "policy.syntax"),
        (["--trust", "nobody.toml"], "input.missing"),
        (["--trust", "genuine.json"], "trust.syntax"),
        (["--at", "tomorrow"], "usage.time"),
        (["--at", "2026-07-01"], "usage.time"),
        (["--challenge", "c"], "usage.request"),
        (["--domain", "d"], "usage.request"),
    ],
)
def test_what_the_verifier_brings_along_must_be_usable(folder, options, code):
    done = glejt(folder, "verify", "genuine.json", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Code: {code}\n" in done.stderr


def test_an_issuer_on_a_list_is_recognised(folder):
    (folder / "trust.toml").write_text(
        f'[[lists]]\nname = "mine"\nissuers = [{{did = "{DID}", name = "Test School", domain = "school.example"}}]\n',
        "utf-8",
    )
    done = glejt(folder, "verify", "genuine.json", "--trust", "trust.toml")
    assert done.stdout.splitlines()[0].startswith("Genuine.  ")
    assert "Test School is on the list “mine” and controls school.example." in done.stdout


HOLDER = PrivateKey(KeyType.ED25519, bytes(range(2, 34)))


@pytest.fixture(scope="module")
def shown_live():
    subject = badge()["credentialSubject"] | {"id": str(did_key.create(HOLDER.public))}
    credential = signed(badge(credentialSubject=subject))
    return presentation(credential, holder=HOLDER, challenge="6b1f", domain="employer.example")


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (["--challenge", "6b1f", "--domain", "employer.example"], "passed"),
        (["--challenge", "0000", "--domain", "employer.example"], "failed"),
        (["--challenge", "6b1f", "--domain", "somebody-else.example"], "failed"),
        ([], "indeterminate"),
    ],
)
def test_a_presentation_must_answer_the_question_that_was_asked(tmp_path, shown_live, request_, outcome):
    (tmp_path / "presentation.json").write_bytes(data(shown_live))
    done = glejt(tmp_path, "verify", "presentation.json", "--json", *request_)
    (entry,) = json.loads(done.stdout)["credentials"]
    assert {check["check"]: check["outcome"] for check in entry["checks"]}["holder"] == outcome


def test_each_credential_of_a_presentation_is_counted(tmp_path, genuine):
    both = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [genuine, {**genuine, "name": "Another award"}],
    }
    (tmp_path / "both.json").write_bytes(data(both))
    done = glejt(tmp_path, "verify", "both.json")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("1/2  Genuine, but we do not know the issuer.  ") for line in lines)
    assert "2/2  Not genuine. This is not what the issuer signed." in lines


def test_the_time_of_judging_can_be_chosen(tmp_path):
    (tmp_path / "ended.json").write_bytes(data(signed(badge(validUntil="2026-08-01T00:00:00Z"))))
    assert glejt(tmp_path, "verify", "ended.json", "--at", "2026-07-01T00:00:00Z").returncode == 0
    done = glejt(tmp_path, "verify", "ended.json", "--at", "2026-09-01T00:00:00Z")
    assert done.returncode == 1
    assert done.stdout.startswith("Genuine, and no longer in force since 1 August 2026")


@pytest.mark.threat(14)
def test_a_name_can_neither_move_the_cursor_nor_forge_a_row_nor_reorder_the_line(tmp_path):
    evil = "Eve\n  ok       Issuer recognised      \x1b[32mTrusted\x1b[0m \x9b31m\u202egnirts\u2066\r" + " " * 300 + "x"
    subject = badge()["credentialSubject"] | {"name": evil}
    (tmp_path / "evil.json").write_bytes(
        data(signed(badge(credentialSubject=subject | {"id": "did:example:eve"}, name=None) | {"name": evil}))
    )
    for arguments in (["verify", "evil.json"], ["inspect", "evil.json"], ["verify", "evil.json", "--json"]):
        done = glejt(tmp_path, *arguments)
        assert done.returncode in {0, 1, 20}
        assert all(c.isprintable() or c == "\n" for c in done.stdout)
        assert not any("recognised      Trusted" in line for line in done.stdout.splitlines())
    assert len(glejt(tmp_path, "verify", "evil.json", "--json").stdout.splitlines()) == 1


def test_a_narrow_terminal_encoding_gets_escapes_and_no_crash(folder):
    done = glejt(folder, "verify", "genuine.json", "--lang", "pl", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "Tre\\u015b\\u0107 bez zmian" in done.stdout
    machine = glejt(folder, "verify", "genuine.json", "--json", env={"PYTHONIOENCODING": "latin-1"})
    assert json.loads(machine.stdout)["verdict"] == "accepted"


def test_a_verdict_needs_neither_a_home_nor_what_loads_slowly(folder):
    """What `verify` must not load, because its answer would come too late; only a badge has a schema to be kept."""
    contexts = {"@context": badge()["@context"][:1]}
    plain = badge(**contexts, type=["VerifiableCredential"], issuer=DID, credentialSubject={"id": DID})
    (folder / "plain.json").write_bytes(data(signed(plain)))
    for name in ("genuine.json", "plain.json"):
        done = glejt(folder, "verify", name, env={"PYTHONPROFILEIMPORTTIME": "1", "HOME": "/nonexistent"})
        assert done.returncode == 0
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        loaded = {line.rpartition("|")[2].strip() for line in lines}
        assert "node.verification.verify" in loaded
        assert loaded.isdisjoint({"pydantic", "rich", "pyld", "lxml", "multiprocessing", "cryptography.x509"})
        assert ("jsonschema_rs" in loaded) is (name == "genuine.json")


def test_a_verdict_takes_less_than_a_second_of_work_from_cold(folder):
    """Processor time, because a machine that is busy with other things proves nothing about us; half of it, mostly."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert glejt(folder, "verify", "genuine.json", new=True).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 1
