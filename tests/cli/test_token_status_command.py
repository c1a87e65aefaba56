"""Token Status Lists on the command line: from a new list to a withdrawal, for one token and for a table of them."""

import base64
import json
import shutil

import pytest
from micro_credential_support import sample
from running import glejt
from samples import data

from node.status.encoded_list import decode
from node.status.indexes import TakenIndexes

URL = "https://school.example/tokens/1"
VCT = ("--form", "sd-jwt", "--vct", "we-build")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("key", "other"):
        done = glejt(folder, "did", "create", "--out", f"{name}.json", "--no-passphrase")
        assert done.returncode == 0
        (folder / name).write_text(done.stdout.strip())
    return folder


@pytest.fixture
def desk(tmp_path, keys):
    """An issuer's folder: its key, somebody else's, a micro-credential, a list."""
    for name in ("key.json", "other.json"):
        shutil.copy2(keys / name, tmp_path / name)
    document = sample()
    document["issuer"]["id"] = (keys / "key").read_text()
    (tmp_path / "badge.json").write_bytes(data(document))
    assert make(tmp_path).returncode == 0
    return tmp_path


def make(folder, *more, out="list.txt", key="key.json"):
    asked = ("--kind", "token", "--url", URL, "--out", out, "--key", key)
    return glejt(folder, "status", "create", *asked, *more)


def issue(folder, *more, out="badge.txt"):
    return glejt(folder, "issue", "badge.json", "--key", "key.json", *VCT, "--out", out, *more)


def place(folder, name="badge.txt"):
    (found,) = json.loads(glejt(folder, "inspect", name, "--json").stdout)["status"]
    assert found["uri"] == URL
    return found["idx"]


def change(folder, *more, key="key.json"):
    return glejt(folder, "status", "set", "list.txt", *map(str, more), "--key", key)


def verdict(folder, name="badge.txt", lists=("list.txt",)):
    given = [argument for one in lists for argument in ("--status", one)]
    done = glejt(folder, "verify", name, "--offline", "--json", *given)
    checks = json.loads(done.stdout)["credentials"][0]["checks"]
    return done.returncode, next(check["code"] for check in checks if check["check"] == "status")


def claims(folder, name="list.txt"):
    part = (folder / name).read_text().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def shown(folder, *indexes):
    return json.loads(glejt(folder, "status", "show", "list.txt", *map(str, indexes), "--json").stdout)


@pytest.mark.threat(55)
def test_from_a_new_list_to_a_withdrawal(desk):
    done = issue(desk, "--status", "list.txt")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    index = place(desk)
    assert f"glejt status set list.txt {index}" in done.stderr
    noted = json.loads((desk / "list.txt.taken").read_bytes())
    assert set(TakenIndexes(131_072, decode(noted["taken"]))) == {index}
    assert verdict(desk, lists=()) == (20, "status.unreachable")
    assert verdict(desk) == (0, "status.passed")
    (desk / "before.txt").write_bytes((desk / "list.txt").read_bytes())
    refused = change(desk, index)
    assert (refused.returncode, "input.unconfirmed" in refused.stderr) == (2, True)
    assert (desk / "before.txt").read_bytes() == (desk / "list.txt").read_bytes()
    done = change(desk, index, "--yes")
    assert (done.returncode, done.stdout, URL in done.stderr) == (0, "", True)
    assert verdict(desk) == (1, "status.revoked")
    for both in (("list.txt", "before.txt"), ("before.txt", "list.txt")):
        assert verdict(desk, lists=both) == (1, "status.revoked")
    for more in (("--lift",), ("--value", "0")):
        before = (desk / "list.txt").read_bytes()
        refused = change(desk, index, *more, "--yes")
        assert (refused.returncode, "status.final.value" in refused.stderr) == (1, True)
        assert (desk / "list.txt").read_bytes() == before
    told = glejt(desk, "status", "show", "list.txt", str(index))
    assert (told.returncode, f"1: {index}\n" in told.stdout, "verify --status" in told.stderr) == (0, True, True)


def test_a_suspension_is_lifted(desk):
    assert make(desk, "--size", "2", "--force").returncode == 0
    assert issue(desk, "--status", "list.txt").returncode == 0
    index = place(desk)
    for more, found in (
        (("--value", 2), (1, "status.suspended")),
        (("--lift",), (0, "status.passed")),
        (("--value", 3), (20, "status.purpose")),
    ):
        assert change(desk, index, *more).returncode == 0
        assert verdict(desk) == found
    told = glejt(desk, "status", "show", "list.txt")
    assert f"{index}=3" in told.stdout
    told = shown(desk, index, 0)
    entry = {"status_list": {"idx": index, "uri": URL}}
    assert (told["kind"], told["bits"], told["entries"], told["set"]) == ("token", 2, 131_072, {str(index): 3})
    assert told["asked"][0] == {"index": index, "value": 3, "entry": entry}


def test_each_version_is_later_and_keeps_all_else(desk):
    dates, kept = [], []
    for index in (1, 2, 3):
        assert change(desk, index, "--yes", "--hours", "5").returncode == 0
        found = claims(desk)
        dates.append(found["iat"])
        kept.append((found["sub"], found["iss"], found["exp"] - found["iat"]))
    assert dates == sorted(set(dates))
    assert set(kept) == {(URL, shown(desk)["issuer"], 5 * 3600)}
    assert shown(desk)["set"] == {"1": 1, "2": 1, "3": 1}
    assert change(desk).returncode == 0  # the same again, with a new end
    assert shown(desk)["set"] == {"1": 1, "2": 1, "3": 1}


@pytest.mark.threat(53)
def test_nobody_signs_over_the_list_of_somebody_else_or_one_that_was_changed(desk):
    before = (desk / "list.txt").read_bytes()
    refused = change(desk, 7, "--yes", key="other.json")
    assert (refused.returncode, "issuance.list" in refused.stderr) == (1, True)
    header, _, signature = before.decode().split(".")
    found = claims(desk) | {"sub": "https://school.example/tokens/2"}
    forged = base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")
    (desk / "list.txt").write_text(f"{header}.{forged}.{signature}")
    refused = change(desk, 7, "--yes")
    assert (refused.returncode, "issuance.list" in refused.stderr) == (1, True)
    (desk / "list.txt").write_bytes(before)
    assert change(desk, 7, "--yes").returncode == 0


@pytest.mark.threat(53)
def test_no_two_tokens_get_one_place(desk):
    table = "name,awardedDate\nA B,\nWrong One,never\n" + "".join(f"Learner N{n},\n" for n in range(12))
    found = []
    for out in ("first.jsonl", "second.jsonl"):
        done = everybody(desk, table, "--status", "list.txt", out=out)
        assert (done.returncode, "Issued: 13 credentials" in done.stderr) == (1, True), done.stderr
        for number, line in enumerate((desk / out).read_text().splitlines()):
            (desk / "one.txt").write_text(json.loads(line))
            found.append(place(desk, "one.txt"))
            if number == 0:
                assert verdict(desk, "one.txt") == (0, "status.passed")
    assert issue(desk, "--status", "list.txt").returncode == 0
    found.append(place(desk))
    assert len(set(found)) == len(found) == 27
    assert max(found) - min(found) > 27  # drawn, not counted up
    noted = (desk / "list.txt.taken").read_bytes()
    assert everybody(desk, table, "--status", "list.txt", "--dry-run", out=None).returncode == 1
    assert everybody(desk, table, "--status", "list.txt", "--strict", out="third.jsonl").returncode == 1
    assert issue(desk, "--status", "list.txt", "--strict", out="strict.txt").returncode == 1
    assert (desk / "list.txt.taken").read_bytes() == noted  # nothing was released, so nothing is taken
    assert change(desk, found[0], "--yes").returncode == 0
    (desk / "one.txt").write_text(json.loads((desk / "first.jsonl").read_text().splitlines()[0]))
    assert verdict(desk, "one.txt") == (1, "status.revoked")
    (desk / "one.txt").write_text(json.loads((desk / "first.jsonl").read_text().splitlines()[1]))
    assert verdict(desk, "one.txt") == (0, "status.passed")


def everybody(folder, table, *more, out):
    achievement = {"id": "https://school.example/a", "type": ["Achievement", "MicroCredentialAchievement"]}
    achievement |= {"name": "First aid", "description": "Eight hours.", "assessmentType": "practical"}
    achievement["criteria"] = {"narrative": "A practical task."}
    award = {"issuer": {"name": "Test School"}, "validFrom": "2026-06-12T14:03:00Z"}
    (folder / "achievement.json").write_bytes(data(achievement))
    (folder / "award.json").write_bytes(data(award))
    (folder / "table.csv").write_text(table, "utf-8")
    files = ("--achievement", "achievement.json", "--award", "award.json", "--csv", "table.csv", "--key", "key.json")
    where = () if out is None else ("--out", out)
    return glejt(folder, "issue", *files, *VCT, *more, *where)


def test_a_list_that_the_form_or_the_issuer_cannot_name(desk):
    other = ("status", "create", "--url", URL, "--out", "bits.json", "--key", "key.json")
    assert glejt(desk, *other).returncode == 0
    assert make(desk, out="foreign.txt", key="other.json").returncode == 0
    for name, code in (("bits.json", "places.form"), ("foreign.txt", "places.issuer")):
        done = issue(desk, "--status", name)
        assert (done.returncode, f"Code: {code}\n" in done.stderr, (desk / "badge.txt").exists()) == (2, True, False)
        done = everybody(desk, "name\nA B\n", "--status", name, out="all.jsonl")
        assert (done.returncode, f"Code: {code}\n" in done.stderr, (desk / "all.jsonl").exists()) == (2, True, False)
    for more in (("--form", "sd-jwt"), ()):
        given = ("issue", "badge.json", "--key", "key.json", "--status", "list.txt", *more)
        assert "Code: usage.table_only\n" in glejt(desk, *given).stderr
    done = issue(desk, "--status", "list.txt", "--token-status", f"{URL}#1")
    assert (done.returncode, "Code: usage.two_places\n" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "asked", [("--purpose", "suspension"), ("--form", "jwt"), ("--size", "3"), ("--kind", "other")], ids=" ".join
)
def test_lists_that_cannot_be_made(desk, asked):
    done = make(desk, *asked, out="new.txt")
    assert (done.returncode, (desk / "new.txt").exists()) == (2, False)
    assert ("usage.choice" if asked[0] == "--kind" else "usage.token_list") in done.stderr


def test_changes_that_cannot_be_made(desk):
    for more, status, code in (
        ((131_072, "--yes"), 1, "status.list.index"),
        ((7, "--value", "2"), 1, "status.bitstring.value"),
    ):
        done = change(desk, *more)
        assert (done.returncode, code in done.stderr) == (status, True), done.stderr
    done = glejt(desk, "status", "seal", "list.txt", "--yes", "--key", "key.json")
    assert (done.returncode, "status.token.seal" in done.stderr) == (2, True)
