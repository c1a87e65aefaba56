"""`glejt status` as processes: lists are made, changed and sealed whole, and what is final stays so."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from running import at_terminal, environment, glejt
from samples import badge, data

from node.credentials.timestamps import parse_timestamp
from node.status.bitstring import Bitstring
from node.status.status_list import read_status_list

URL = "https://school.example/status/1"


@pytest.fixture
def desk(tmp_path):
    """An issuer's folder: a key, and a new list for withdrawals."""
    assert glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").returncode == 0
    assert make(tmp_path).returncode == 0
    return tmp_path


def make(folder, *more, out="list.json"):
    return glejt(folder, "status", "create", "--url", URL, "--out", out, "--key", "key.json", *more)


def change(folder, *more, name="list.json", env=None):
    return glejt(folder, "status", "set", name, "--key", "key.json", *more, env=env)


def listed(folder, name="list.json"):
    return json.loads((folder / name).read_bytes())


def places(folder, name="list.json", size=1):
    return dict(Bitstring(read_status_list(listed(folder, name)).data, size).nonzero())


def award(folder, index, **more):
    """A signed badge that points into the list."""
    entry = json.loads(glejt(folder, "status", "show", "list.json", str(index), "--json").stdout)["asked"][0]["entry"]
    did = listed(folder)["issuer"]
    (folder / "unsigned.json").write_bytes(data(badge(issuer=did, credentialStatus=entry, **more)))
    done = glejt(folder, "issue", "unsigned.json", "--key", "key.json", "--out", f"award-{index}.json")
    assert done.returncode == 0, done.stderr
    return f"award-{index}.json"


def verdict(folder, name, *more):
    done = glejt(folder, "verify", name, "--offline", "--json", *more)
    report = json.loads(done.stdout)
    (status,) = [check for check in report["credentials"][0]["checks"] if check["check"] == "status"]
    return done.returncode, status["outcome"], status["code"]


def test_from_a_new_list_to_a_withdrawal(desk):
    first, second = award(desk, 7), award(desk, 8)
    assert verdict(desk, first) == (20, "indeterminate", "status.unreachable")
    for name in (first, second):
        assert verdict(desk, name, "--status", "list.json") == (0, "passed", "status.passed")
    (desk / "before.json").write_bytes((desk / "list.json").read_bytes())
    done = change(desk, "7", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert URL in done.stderr
    assert places(desk) == {7: 1}
    assert verdict(desk, first, "--status", "list.json") == (1, "failed", "status.revoked")
    assert verdict(desk, second, "--status", "list.json") == (0, "passed", "status.passed")
    # Old and new together, in any order: withdrawn is withdrawn.
    for order in (("before.json", "list.json"), ("list.json", "before.json")):
        given = [argument for name in order for argument in ("--status", name)]
        assert verdict(desk, first, *given) == (1, "failed", "status.revoked")


def test_a_new_list_says_what_was_asked(desk):
    document = listed(desk)
    assert document["id"] == URL
    assert parse_timestamp(document["validUntil"]) - parse_timestamp(document["validFrom"]) == timedelta(hours=24)
    assert make(desk, "--purpose", "suspension", "--hours", "1", out="other.json").returncode == 0
    document = listed(desk, "other.json")
    assert document["credentialSubject"]["statusPurpose"] == "suspension"
    assert parse_timestamp(document["validUntil"]) - parse_timestamp(document["validFrom"]) == timedelta(hours=1)
    assert glejt(desk, "verify", "other.json").returncode == 0


@pytest.mark.threat(55)
def test_a_withdrawal_is_final_and_a_suspension_is_not(desk):
    assert change(desk, "7", "--yes").returncode == 0
    before = (desk / "list.json").read_bytes()
    done = change(desk, "7", "--lift", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "status.final.value" in done.stderr
    assert (desk / "list.json").read_bytes() == before
    assert change(desk, "7", "--yes").returncode == 0  # again the same is no change of mind

    make(desk, "--purpose", "suspension", out="other.json")
    assert change(desk, "7", "9", name="other.json").returncode == 0
    assert places(desk, "other.json") == {7: 1, 9: 1}
    assert change(desk, "7", "--lift", name="other.json").returncode == 0
    assert places(desk, "other.json") == {9: 1}


def test_each_version_is_later_and_keeps_what_was_set(desk):
    dates = []
    for place in ("1", "2", "3"):
        assert change(desk, place, "--yes").returncode == 0
        dates.append(parse_timestamp(listed(desk)["validFrom"]))
        assert parse_timestamp(listed(desk)["proof"]["created"]) == dates[-1]
    assert dates == sorted(set(dates))
    assert places(desk) == {1: 1, 2: 1, 3: 1}
    assert change(desk, "--hours", "48").returncode == 0  # nothing but a new end, and no question
    assert places(desk) == {1: 1, 2: 1, 3: 1}
    assert parse_timestamp(listed(desk)["validFrom"]) > dates[-1]


def test_a_sealed_list_is_the_last(desk):
    name = award(desk, 7)
    refused = glejt(desk, "status", "seal", "list.json", "--key", "key.json")
    assert (refused.returncode, "input.unconfirmed" in refused.stderr) == (2, True)
    assert glejt(desk, "status", "seal", "list.json", "--key", "key.json", "--yes").returncode == 0
    assert listed(desk)["validUntil"] == "9999-12-31T23:59:59Z"
    before = (desk / "list.json").read_bytes()
    for attempt in (("set", "8"), ("set",), ("seal",)):
        done = glejt(desk, "status", attempt[0], "list.json", *attempt[1:], "--key", "key.json", "--yes")
        assert (done.returncode, "status.final.list" in done.stderr) == (1, True)
    assert (desk / "list.json").read_bytes() == before
    assert "sealed" in glejt(desk, "status", "show", "list.json").stdout
    far = ("--status", "list.json", "--at", "2056-06-12T14:03:00Z")
    assert verdict(desk, name, *far) == (20, "indeterminate", "status.list.stale")
    assert verdict(desk, name, *far, "--policy", "archive") == (0, "passed", "status.passed")
    report = json.loads(glejt(desk, "verify", name, "--offline", "--json", *far, "--policy", "archive").stdout)
    assert report["credentials"][0]["checks"][5]["evidence"]["source"] == "final"


def test_messages_have_wider_places(desk):
    assert make(desk, "--purpose", "message", "--size", "3", out="other.json").returncode == 0
    assert change(desk, "7", "--value", "5", name="other.json").returncode == 0
    assert change(desk, "8", "--value", "2", name="other.json").returncode == 0
    assert places(desk, "other.json", size=3) == {7: 5, 8: 2}
    shown = json.loads(glejt(desk, "status", "show", "other.json", "7", "9", "--json").stdout)
    assert (shown["bits"], shown["entries"], shown["set"]) == (3, 131_072, {"7": 5, "8": 2})
    assert [asked["value"] for asked in shown["asked"]] == [5, 0]
    done = change(desk, "7", "--value", "8", name="other.json")
    assert (done.returncode, "status.bitstring.value" in done.stderr) == (1, True)
    done = make(desk, "--size", "2", out="third.json")
    assert (done.returncode, "status.bitstring.entries" in done.stderr) == (1, True)


def test_what_a_list_says_is_shown(desk):
    change(desk, "7", "131071", "--yes")
    done = glejt(desk, "status", "show", "list.json", "7", "8")
    assert done.returncode == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert ["Address", URL] in lines
    assert ["Set", "2: 7, 131071"] in lines
    assert lines[-2:] == [["7", "1"], ["8", "0"]]
    assert "nothing was checked" in done.stderr
    shown = json.loads(glejt(desk, "status", "show", "list.json", "8", "--json").stdout)
    assert shown["set"] == {"7": 1, "131071": 1}
    assert shown["asked"] == [
        {
            "index": 8,
            "value": 0,
            "entry": {
                "id": f"{URL}#8",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": "8",
                "statusListCredential": URL,
            },
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("set", "list.json", "131072", "--yes"), 1, "status.list.index"),
        (("set", "list.json", "--", "-1"), 2, "usage.number"),
        (("set", "list.json", "7.0", "--yes"), 2, "usage.number"),
        (("set", "list.json", "\N{ARABIC-INDIC DIGIT SEVEN}", "--yes"), 2, "usage.number"),
        (("set", "list.json", "7", "--value", "256", "--yes"), 2, "usage.number"),
        (("set", "list.json", "7", "--value", "2", "--yes"), 1, "status.bitstring.value"),
        (("set", "list.json", "7", "--value", "0", "--lift"), 2, "usage.lift"),
        (("set", "list.json", "7", "--hours", "0"), 2, "usage.number"),
        (("set", "list.json", "7", "--hours", "9000"), 2, "usage.number"),
        (("set", "absent.json", "7"), 2, "input.missing"),
        (("set", "nowhere/list.json", "7"), 2, "input.missing"),
        (("set", "key.json", "7"), 1, "status.list.type"),
        (("show", "key.json"), 1, "status.list.type"),
        (("show", "list.json", "131072"), 1, "status.list.index"),
        (("create", "--url", "http://school.example/1", "--out", "x.json"), 2, "usage.address"),
        (("create", "--url", f"{URL}#1", "--out", "x.json"), 1, "status.list.url"),
        (("create", "--url", URL, "--out", "x.json", "--purpose", "withdrawal"), 2, "usage.choice"),
        (("create", "--url", URL, "--out", "x.json", "--size", "9"), 2, "usage.number"),
        (("create", "--url", URL, "--out", "list.json"), 2, "output.exists"),
    ],
)
def test_what_is_not_done(desk, arguments, status, code):
    before = (desk / "list.json").read_bytes()
    key = () if arguments[0] == "show" else ("--key", "key.json")
    done = glejt(desk, "status", arguments[0], *key, *arguments[1:])
    assert (done.returncode, done.stdout) == (status, "")
    assert f"Code: {code}" in done.stderr
    assert (desk / "list.json").read_bytes() == before
    assert not (desk / "x.json").exists()


def test_nobody_s_changes_are_signed_over(desk):
    """A list that was altered, or is somebody else's, is not followed by a version of ours."""
    document = listed(desk)
    document["name"] = "altered"
    (desk / "altered.json").write_bytes(data(document))
    done = change(desk, "7", "--yes", name="altered.json")
    assert (done.returncode, "issuance.list" in done.stderr) == (1, True)
    glejt(desk, "did", "create", "--out", "other-key.json", "--no-passphrase")
    done = glejt(desk, "status", "set", "list.json", "7", "--key", "other-key.json", "--yes")
    assert (done.returncode, "issuance.issuer" in done.stderr) == (1, True)
    unsigned = {name: value for name, value in listed(desk).items() if name != "proof"}
    (desk / "unsigned.json").write_bytes(data(unsigned))
    assert change(desk, "7", "--yes", name="unsigned.json").returncode == 1


def test_a_clock_that_lies_behind_the_last_version_is_not_signed_by(desk):
    """A version with an earlier date would count for less than the one it follows."""
    script = (
        "import json, sys; sys.path.insert(0, 'tests')\n"
        "from datetime import timedelta\n"
        "from node.cli import status\n"
        "from node.cli.program import run\n"
        "class Behind(status.datetime):\n"
        "    @classmethod\n"
        "    def now(cls, zone=None):\n"
        "        return status.datetime.__mro__[1].now(zone) - timedelta(hours=1)\n"
        "status.datetime = Behind\n"
        "sys.exit(run(['status', 'set', 'list.json', '7', '--yes', '--key', 'key.json']))\n"
    )
    before = (desk / "list.json").read_bytes()
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", script], cwd=desk, env=environment(desk), capture_output=True, check=False
    )
    assert (done.returncode, b"issuance.clock" in done.stderr) == (1, True), done.stderr
    assert (desk / "list.json").read_bytes() == before


@pytest.mark.threat(54)
def test_changes_at_once_lose_nothing(desk):
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda place: change(desk, str(place * 1000), "--yes"), range(8)))
    assert [each.returncode for each in done] == [0] * 8
    assert places(desk) == {place * 1000: 1 for place in range(8)}
    assert [path.name for path in desk.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_taken_back_is_asked_at_a_terminal(desk):
    command = ("status", "set", "list.json", "7", "--key", "key.json")
    status, shown = at_terminal(desk, *command, answers=[("(yes/no)", "no\n")])
    assert (status, "Nothing was done" in shown) == (1, True)
    assert places(desk) == {}
    status, shown = at_terminal(desk, *command, "--lang", "pl", answers=[("tak/nie)", "tak\n")])
    assert status == 0, shown
    assert places(desk) == {7: 1}
    status, shown = at_terminal(
        desk, "status", "seal", "list.json", "--key", "key.json", answers=[("(yes/no)", "yes\n")]
    )
    assert (status, "closed for good" in shown) == (0, True)


def test_without_a_terminal_nobody_waits(desk):
    done = change(desk, "7")
    assert (done.returncode, "input.unconfirmed" in done.stderr) == (2, True)
    assert places(desk) == {}


def test_a_file_that_is_no_status_list_cannot_be_given_for_one(desk):
    name = award(desk, 7)
    (desk / "none.json").write_bytes(b"{}")
    done = glejt(desk, "verify", name, "--status", "none.json")
    assert (done.returncode, "input.no_status_list" in done.stderr) == (2, True)
    assert glejt(desk, "verify", name, "--status", "absent.json").returncode == 2
    assert verdict(desk, name, "--status", name) == (20, "indeterminate", "status.unreachable")


def test_a_key_that_cannot_be_had_is_told_from_a_list_that_was_changed(tmp_path):
    """The document of a did:web is fetched, or pinned: an issuer without a network is not told of a forgery."""
    made = glejt(tmp_path, "did", "create", "--method", "web", "--domain", "school.example", "--out", "key.json",
                 "--no-passphrase")  # fmt: skip
    assert made.returncode == 0
    assert make(tmp_path).returncode == 0
    before = (tmp_path / "list.json").read_bytes()
    done = change(tmp_path, "7", "--yes", env={"GLEJT_OFFLINE": "1"})
    assert (done.returncode, "issuance.list_key" in done.stderr) == (20, True)
    assert (tmp_path / "list.json").read_bytes() == before
    (tmp_path / "trust.toml").write_text('[[documents]]\nid = "did:web:school.example"\nfile = "did.json"\n')
    pinned = {"GLEJT_OFFLINE": "1", "GLEJT_TRUST": "trust.toml"}
    assert change(tmp_path, "7", "--yes", env=pinned).returncode == 0
    assert places(tmp_path) == {7: 1}
    document = listed(tmp_path)
    document["name"] = "altered"
    (tmp_path / "list.json").write_bytes(data(document))
    done = change(tmp_path, "8", "--yes", env=pinned)
    assert (done.returncode, "issuance.list_key" in done.stderr) == (1, False)
