"""`glejt issue --csv` as processes: everybody in a table is awarded, or told why not, and nothing is half written."""

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import at_terminal, glejt

from node.cli.places import reserved
from node.cli.table import MARKS, MAX_CELL_CHARS, MAX_LINE_CHARS, neutralised, restored
from node.credentials.identity import identity_hash
from node.status.bitstring import MIN_ENTRIES
from node.status.encoded_list import decode
from node.status.indexes import TakenIndexes
from node.verification.received import receive

ACHIEVEMENT = {
    "id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55",
    "type": ["Achievement", "MicroCredentialAchievement"],
    "name": "First aid",
    "description": "Eight hours of first aid.",
    "criteria": {"narrative": "A practical task."},
    "assessmentType": "practical",
    "resultDescription": [
        {
            "id": f"urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55#{short}",
            "type": ["ResultDescription"],
            "name": name,
            "resultType": kind,
        }
        for short, name, kind in (("outcome", "Recovery position", "Status"), ("grade", "Grade", "LetterGrade"))
    ],
}
AWARD = {"issuer": {"name": "Test School"}, "validFrom": "2026-06-12T14:03:00Z"}
FORMULAS = ("=1+1", "+1", "-1", "@x", "\t=1", " =1", "|x", "%x", "'=1", "\uff1d1")
NEXT_BADGE = "https://school.example/status/1"


@pytest.fixture
def desk(tmp_path):
    """An issuer's folder: a key, an achievement, and what all awards share."""
    assert glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").returncode == 0
    (tmp_path / "achievement.json").write_text(json.dumps(ACHIEVEMENT), "utf-8")
    (tmp_path / "award.json").write_text(json.dumps(AWARD), "utf-8")
    return tmp_path


def issue(folder, table, *more, out="signed.jsonl", encoding="utf-8"):
    if table is not None:
        (folder / "table.csv").write_bytes(table if isinstance(table, bytes) else table.encode(encoding))
    files = ("--achievement", "achievement.json", "--award", "award.json", "--csv", "table.csv", "--key", "key.json")
    return glejt(folder, "issue", *files, *(("--out", out) if out else ()), *more)


def lines(folder, name="signed.jsonl"):
    return [json.loads(line) for line in (folder / name).read_bytes().splitlines()]


def rejected(folder, name="signed.jsonl.rejected.csv"):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=","))


def left(folder):
    return {path.name for path in folder.iterdir()} - {"key.json", "achievement.json", "award.json", "table.csv"}


def names(documents):
    return [document["credentialSubject"]["identifier"][0]["identityHash"] for document in documents]


def test_everybody_in_a_table_is_awarded_in_order_and_anybody_can_verify_it(desk):
    table = "name,emailAddress,value:grade,did\n" + "".join(
        f'"Learner, Ż {n}",learner{n}@school.example,{"ABC"[n % 3]},{"did:example:" + str(n) if n % 2 else ""}\n'
        for n in range(12)
    )
    done = issue(desk, table)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Issued: 12 credentials" in done.stderr
    assert left(desk) == {"signed.jsonl"}
    documents = lines(desk)
    assert names(documents) == [f"Learner, Ż {n}" for n in range(12)]
    assert len({document["id"] for document in documents}) == 12
    for number, document in enumerate(documents):
        (by_mail,) = [one for one in document["credentialSubject"]["identifier"] if one["hashed"]]
        address = f"learner{number}@school.example"
        assert by_mail["identityHash"] == identity_hash("emailAddress", address, by_mail["salt"])
        assert document["credentialSubject"]["result"][0]["value"] == "ABC"[number % 3]
        assert document["credentialSubject"].get("id") == (f"did:example:{number}" if number % 2 else None)
    (desk / "one.json").write_text(json.dumps(documents[-1]), "utf-8")
    report = json.loads(glejt(desk, "verify", "one.json", "--json").stdout)
    proof = next(check for check in report["credentials"][0]["checks"] if check["check"] == "proof")
    assert proof["outcome"] == "passed"


def test_a_folder_holds_a_file_for_each_row_named_by_its_number_alone(desk):
    done = issue(desk, "name\n../../etc/passwd\nSample Learner\n", out="signed")
    assert done.returncode == 0
    assert sorted(path.name for path in (desk / "signed").iterdir()) == ["row-0000002.json", "row-0000003.json"]
    assert left(desk) == {"signed"}
    again = issue(desk, None, "--force", out="signed")
    assert (again.returncode, "output.exists" in again.stderr) == (2, True)


@pytest.mark.threat(64)
def test_what_is_wrong_with_a_row_is_told_of_that_row_and_the_others_go_on(desk):
    table = (
        "name,awardedDate,status:outcome,creditsEarned\n"
        "Sample Learner,2026-06-12T14:03:00Z,Completed,2\n"
        "Late Learner,2026-06-12,Completed,\n"
        "Wrong Learner,,Perhaps,minus\n"
        ",,Completed,\n"
        "\n"
        "=HYPERLINK(1),,,,,\n"
        'Demo Learner,,Completed,"1,5"\n'
    )
    done = issue(desk, table)
    assert done.returncode == 1
    assert names(lines(desk)) == ["Sample Learner", "Demo Learner"]
    assert [line["credentialSubject"]["creditsEarned"] for line in lines(desk)] == [2, 1.5]
    assert "row 3, column awardedDate" in done.stderr
    told = rejected(desk)
    assert [(row[MARKS[0]], row[MARKS[1]]) for row in told] == [
        ("3", "awardedDate"),
        ("4", "creditsEarned"),
        ("5", ""),
        ("7", ""),
    ]
    assert all(row[MARKS[2]] and row[MARKS[3]] for row in told)
    assert told[3]["name"] == "'=HYPERLINK(1)"


@pytest.mark.threat(64)
def test_no_two_credentials_get_the_same_identifier(desk):
    ids = [f"urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c5{n}" for n in (1, 2, 1, 1, 3)]
    table = "id,name,validFrom\n" + "".join(f"{one},Learner {n},\n" for n, one in enumerate(ids))
    table = table.replace("Learner 0,", "Learner 0,soon")  # what was not issued took nothing
    assert issue(desk, table).returncode == 1
    assert names(lines(desk)) == ["Learner 1", "Learner 2", "Learner 4"]
    assert [(row[MARKS[0]], row[MARKS[1]]) for row in rejected(desk)] == [("2", "validFrom"), ("5", "id")]
    (desk / "award.json").write_text(json.dumps({**AWARD, "id": ids[0]}), "utf-8")
    assert issue(desk, "name\nDemo Learner\nSample Learner\n", out="shared.jsonl").returncode == 1
    assert names(lines(desk, "shared.jsonl")) == ["Demo Learner"]


def test_rows_that_were_mended_in_the_table_of_rejected_rows_can_be_issued(desk):
    assert issue(desk, 'name,awardedDate\n"-Learner",2026-06-12\n=Learner,yesterday\n').returncode == 1
    assert left(desk) == {"signed.jsonl.rejected.csv"}
    mended = (desk / "signed.jsonl.rejected.csv").read_text("utf-8-sig")
    mended = mended.replace('2026-06-12"', '2026-06-12T14:03:00Z"').replace('"yesterday', '"2026-06-13T14:03:00Z')
    done = issue(desk, mended, out="mended.jsonl", encoding="utf-8-sig")
    assert (done.returncode, names(lines(desk, "mended.jsonl"))) == (0, ["-Learner", "=Learner"])


def test_letters_of_every_language_are_shown_and_what_has_no_shape_is_escaped(desk):
    done = issue(desk, "Imię i nazwisko,a\u202eb\u009b\nSample Learner,x\n")
    assert done.returncode == 1
    assert "the column 'Imię i nazwisko' is" in done.stderr
    assert "\\u202e" in done.stderr
    assert not {"\u202e", "\u009b"} & set(done.stderr)


def test_what_to_do_about_a_row_is_said_in_the_language_of_the_run(desk):
    done = issue(desk, "name,awardedDate,emailAddress\nSample Learner,12.06.2026,none\n,,\nx,,none\n", "--lang", "pl")
    assert done.returncode == 1
    assert "Dalej: Podaj datę, godzinę i strefę" in done.stderr
    remedies = [row[MARKS[3]] for row in rejected(desk)]
    assert remedies[0].startswith("Podaj datę")
    assert remedies[1].startswith("Zapisz go tak")


@pytest.mark.threat(64)
@settings(deadline=None)
@given(st.one_of(st.sampled_from(FORMULAS), st.text(max_size=12), st.sampled_from(FORMULAS).map("'{}".format)))
def test_no_cell_that_is_written_begins_a_formula_and_each_can_be_read_back(cell):
    written = neutralised(cell)
    assert not written.lstrip().startswith(("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert not written.startswith(("\t", "\r", "\n"))
    assert restored(written) == cell


def test_strict_issues_nothing_where_a_row_is_rejected(desk):
    done = issue(desk, "name,awardedDate\nSample Learner,\nDemo Learner,never\n", "--strict")
    assert (done.returncode, left(desk)) == (1, {"signed.jsonl.rejected.csv"})
    assert "Nothing was issued." in done.stderr


def test_a_trial_writes_nothing_and_opens_no_key(desk):
    key = json.loads((desk / "key.json").read_bytes())
    table = "name,awardedDate\nSample Learner,\nDemo Learner,never\n"
    done = issue(desk, table, "--dry-run", out=None)
    assert (done.returncode, left(desk)) == (1, set())
    assert "1 credentials could be issued" in done.stderr
    assert "Rows that would be rejected: 1" in done.stderr
    (desk / "key.json").unlink()
    protected = glejt(desk, "did", "create", "--out", "key.json", "--passphrase-file", "words", stdin=b"")
    assert protected.returncode == 2  # there is no such file, so this key needs a passphrase that nobody can give
    (desk / "words").write_text("correct horse battery staple\n", "utf-8")
    assert glejt(desk, "did", "create", "--out", "key.json", "--passphrase-file", "words").returncode == 0
    assert json.loads((desk / "key.json").read_bytes()) != key
    (desk / "words").unlink()
    assert issue(desk, "name\nSample Learner\n", "--dry-run", out=None).returncode == 0
    assert issue(desk, None).returncode == 2


@pytest.mark.parametrize(
    ("encoding", "option"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ("--encoding", "UTF8")),
        ("cp1250", ("--encoding", "cp1250")),
        ("cp1250", ("--encoding", "Windows-1250")),
        ("iso-8859-2", ("--encoding", "latin2")),
        ("utf-16", ("--encoding", "utf-16")),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_write_them(desk, encoding, option, delimiter):
    table = f'Osoba{delimiter}Uwagi\r\n"Zażółć ""gęślą"" jaźń"{delimiter}"dwa\r\nwiersze"\r\n'
    done = issue(desk, table, "--column", "Osoba=name", "--column", "Uwagi=narrative", *option, encoding=encoding)
    assert done.returncode == 0, done.stderr
    assert names(lines(desk)) == ['Zażółć "gęślą" jaźń']
    assert lines(desk)[0]["credentialSubject"]["narrative"] == "dwa\r\nwiersze"


@pytest.mark.threat(64)
@pytest.mark.parametrize(
    ("table", "more", "status", "code"),
    [
        ("name\nZażółć\n".encode("cp1250"), (), 2, "csv.encoding"),
        (b"", (), 2, "csv.empty"),
        (b",,\n", (), 2, "csv.empty"),
        (b"name,\nx,y\n", (), 2, "csv.heading"),
        (b"name,name\nx,y\n", (), 2, "csv.heading"),
        (b'name\n"half\n', (), 2, "csv.syntax"),
        (b"name\n" + b"x" * (MAX_CELL_CHARS + 1) + b"\n", (), 2, "csv.syntax"),
        (b"name\nSample Learner\n" + b"," * (MAX_LINE_CHARS + 1) + b"\n", (), 2, "csv.line"),
        (b"name" + b",x" * 300 + b"\n", (), 2, "csv.heading"),
        (b"Full name\nx\n", (), 1, "award.table.column"),
        (b"Full name\nx\n", ("--column", "Full name"), 2, "usage.column"),
        (b"name\nx\n", ("--column", "Name=name"), 1, "award.table.unused"),
        (b"name,Full\nx,y\n", ("--column", "Full=name"), 1, "award.table.repeated"),
        (b"value:unknown\nx\n", (), 1, "award.table.result"),
        (b"name\nx\n", ("--encoding", "rot13"), 2, "usage.choice"),
        (b"name\nx\n", ("--encoding", "\u0105"), 2, "usage.choice"),
        (b"name\nx\n", ("--encoding", "../utf_8"), 2, "usage.choice"),
        (b"name\nx\n", ("--endorsement", "x.json"), 2, "usage.csv"),
        (b"name\n", (), 1, ""),
    ],
)
def test_a_table_that_cannot_be_read_leaves_nothing_behind(desk, table, more, status, code):
    done = issue(desk, table, *more)
    assert (done.returncode, left(desk)) == (status, set()), done.stderr
    assert code in done.stderr


def test_options_for_tables_are_for_tables(desk):
    done = glejt(desk, "issue", "award.json", "--key", "key.json", "--dry-run")
    assert (done.returncode, "usage.table_only" in done.stderr) == (2, True)


def test_no_result_is_replaced_unasked(desk):
    (desk / "signed.jsonl").write_text("mine", "utf-8")
    done = issue(desk, "name\nSample Learner\n")
    assert (done.returncode, "output.exists" in done.stderr) == (2, True)
    assert (desk / "signed.jsonl").read_text("utf-8") == "mine"
    assert issue(desk, None, "--force").returncode == 0
    assert names(lines(desk)) == ["Sample Learner"]


@pytest.mark.threat(53)
def test_each_credential_gets_a_place_of_its_own_in_the_list(desk):
    for name in ("list.json", "other.json"):
        made = ("--url", NEXT_BADGE + name, "--out", name, "--key", "key.json")
        assert glejt(desk, "status", "create", *made).returncode == 0
    table = "name,awardedDate\nSample Learner,\nWrong Learner,never\n" + "".join(f"Learner {n},\n" for n in range(20))
    assert issue(desk, table, "--status", "list.json").returncode == 1
    assert issue(desk, table, "--status", "list.json", out="second.jsonl").returncode == 1
    entries = [one["credentialStatus"] for name in ("signed.jsonl", "second.jsonl") for one in lines(desk, name)]
    indexes = {int(entry["statusListIndex"]) for entry in entries}
    assert len(entries) == len(indexes) == 42
    assert max(indexes) - min(indexes) > 42  # drawn, not counted up
    assert {entry["statusListCredential"] for entry in entries} == {NEXT_BADGE + "list.json"}
    before = (desk / "list.json.taken").read_bytes()
    assert json.loads(before)["list"] == NEXT_BADGE + "list.json"
    assert issue(desk, table, "--status", "list.json", "--strict", out="third.jsonl").returncode == 1
    assert issue(desk, table, "--status", "list.json", "--dry-run", out=None).returncode == 1
    assert (desk / "list.json.taken").read_bytes() == before  # nothing was released, so nothing is taken
    (desk / "other.json.taken").write_bytes(before)
    done = issue(desk, table, "--status", "other.json", out="fourth.jsonl")
    assert (done.returncode, "places.other" in done.stderr) == (2, True)


@pytest.mark.threat(53)
def test_what_is_written_down_as_taken_is_taken(desk):
    assert (
        glejt(desk, "status", "create", "--url", NEXT_BADGE, "--out", "list.json", "--key", "key.json").returncode == 0
    )
    with reserved(str(desk / "list.json"), trial=False) as places:
        first = {int(places.next()["statusListIndex"]) for _ in range(1500)}
        noted = TakenIndexes(MIN_ENTRIES, decode(json.loads((desk / "list.json.taken").read_bytes())["taken"]))
        assert first <= set(noted)
        assert len(noted) == 2000  # before they are given out
        with reserved(str(desk / "list.json"), trial=False) as others:  # another batch, meanwhile
            assert first.isdisjoint({int(others.next()["statusListIndex"]) for _ in range(1500)})
        places.keep()
    noted = TakenIndexes(MIN_ENTRIES, decode(json.loads((desk / "list.json.taken").read_bytes())["taken"]))
    assert set(noted) == first


def test_nobody_gets_a_place_in_a_list_that_will_never_change(desk):
    made = ("--url", NEXT_BADGE, "--out", "list.json", "--key", "key.json")
    assert glejt(desk, "status", "create", *made).returncode == 0
    assert glejt(desk, "status", "seal", "list.json", "--yes", "--key", "key.json").returncode == 0
    done = issue(desk, "name\nSample Learner\n", "--status", "list.json")
    assert (done.returncode, "places.sealed" in done.stderr) == (2, True)
    assert not (desk / "signed.jsonl").exists()


def test_at_a_terminal_progress_is_shown_and_gone_at_the_end(desk):
    (desk / "table.csv").write_text("name\n" + "".join(f"Learner {n}\n" for n in range(3000)), "utf-8")
    files = ("--achievement", "achievement.json", "--award", "award.json", "--csv", "table.csv", "--key", "key.json")
    status, shown = at_terminal(desk, "issue", *files, "--out", "signed.jsonl")
    assert status == 0
    assert "rows," in shown
    assert "Issued: 3000 credentials" in shown.rpartition("\x1b[K")[2]


@pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
def test_everybody_in_a_table_gets_a_token(desk, form):
    table = "name,value:grade\n" + "".join(f"Learner {n},{'ABC'[n % 3]}\n" for n in range(6)) + ",A\n"
    done = issue(desk, table, "--form", form)
    assert "Issued: 6 credentials" in done.stderr
    assert done.returncode == 1  # one row has no name
    assert len(rejected(desk)) == 1
    tokens = lines(desk)
    assert len(set(tokens)) == 6
    assert all(isinstance(token, str) and token.startswith("ey") for token in tokens)
    read = [receive(token).value for token in tokens]
    assert names(read) == [f"Learner {n}" for n in range(6)]
    checked = glejt(desk, "verify", "signed.jsonl", "--offline", "--json")
    assert checked.returncode == 0
    assert issue(desk, table, "--form", form, out="folder").returncode == 1
    assert {path.name for path in (desk / "folder").iterdir()} == {f"row-{n:07}.jwt" for n in range(2, 8)}
    assert glejt(desk, "verify", "folder", "--offline").returncode == 0


def test_tokens_of_a_table_have_places_of_their_own(desk):
    url, key = ("--url", NEXT_BADGE), ("--key", "key.json")
    assert glejt(desk, "status", "create", *url, "--out", "list.json", *key).returncode == 0
    assert issue(desk, "name\nA B\nC D\n", "--form", "sd-jwt", "--status", "list.json").returncode == 0
    read = [receive(token).value for token in lines(desk)]
    assert len({one["credentialStatus"]["statusListIndex"] for one in read}) == 2


def test_a_table_of_wallet_forms(desk):
    done = issue(desk, "name\nA B\nC D E\n", "--form", "sd-jwt", "--vct", "we-build")
    assert done.returncode == 0
    read = [receive(token).value for token in lines(desk)]
    assert [one["vct"] for one in read] == ["VerifiableMicroCredential"] * 2
    assert done.stderr.count("no place") == 1 or "E" in done.stderr
    more = ("--token-status", "https://school.example/tokens/1#1")
    refused = issue(desk, None, "--form", "sd-jwt", "--vct", "we-build", *more, out="other.jsonl")
    assert (refused.returncode, "Code: usage.csv\n" in refused.stderr) == (2, True)


def test_what_betrays_holders_of_tokens_is_told_once_for_the_table(desk):
    table = "name\n" + "".join(f"Learner {n}\n" for n in range(6))
    done = issue(desk, table, "--form", "sd-jwt", "--strict")
    assert done.returncode == 1
    assert done.stderr.count("privacy.time") == 2  # of iat, and of validFrom
    assert left(desk) == set()
