"""SD-JWTs on the command line: issued in each form, looked into, chosen from, shown, judged."""

import json

import pytest
from micro_credential_support import sample
from running import glejt
from samples import data

FORMS = {"as it is": (), "eudi": ("--vct", "eudi"), "we-build": ("--vct", "we-build")}
NAMES = {"as it is": "/credentialSubject/identifier", "eudi": "/given_name", "we-build": "/givenName"}
ASKED = ("--challenge", "n-1", "--domain", "https://employer.example")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with keys of issuer and holder, and a micro-credential in each form."""
    folder = tmp_path_factory.mktemp("desk")
    dids = [
        glejt(folder, "did", "create", "--out", f"{who}.json", "--no-passphrase").stdout.strip()
        for who in ("issuer", "holder", "other")
    ]
    document = sample()
    document["issuer"]["id"], document["credentialSubject"]["id"] = dids[:2]
    (folder / "badge.json").write_bytes(data(document))
    for form, options in FORMS.items():
        done = issue(folder, *options, "--out", f"{form}.txt")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "SD-JWT" in done.stderr
        assert ("E9, E10" in done.stderr) is (form == "eudi")
    return folder


def issue(folder, *options):
    return glejt(folder, "issue", "badge.json", "--key", "issuer.json", "--form", "sd-jwt", *options)


@pytest.mark.parametrize("form", FORMS)
def test_judged(desk, form):
    done = glejt(desk, "verify", f"{form}.txt", "--offline", "--json")
    assert done.returncode == 0, done.stdout
    proof = json.loads(done.stdout)["credentials"][0]["checks"][3]["evidence"]["proofs"][0]
    assert proof["form"] == "sd-jwt"


@pytest.mark.parametrize("form", FORMS)
def test_looked_into(desk, form):
    said = json.loads(glejt(desk, "inspect", f"{form}.txt", "--json").stdout)
    assert [one["path"] for one in said["disclosed"] if one["path"].startswith(NAMES[form]) and not one["always"]]
    assert not [one for one in said["disclosed"] if one["path"] in {"/issuer/id", "/iss"} and not one["always"]]
    told = glejt(desk, "inspect", f"{form}.txt").stdout
    assert "Can be hidden" in told
    assert "Given" in told


@pytest.mark.parametrize("form", FORMS)
def test_chosen_shown_and_judged(desk, form):
    hidden = glejt(desk, "derive", f"{form}.txt")
    assert hidden.returncode == 0, hidden.stderr
    assert "Given" not in hidden.stderr
    shown = glejt(desk, "present", f"{form}.txt", "--show", NAMES[form], *ASKED, "--key", "holder.json")
    assert shown.returncode == 0, shown.stderr
    assert "Given" in shown.stderr
    (desk / "shown.txt").write_text(shown.stdout)
    assert glejt(desk, "verify", "shown.txt", *ASKED).returncode == 0
    other = ("--challenge", "n-2", "--domain", "https://employer.example")
    assert glejt(desk, "verify", "shown.txt", *other).returncode == 1
    (desk / "bearer.txt").write_text(glejt(desk, "present", f"{form}.txt", *ASKED).stdout)
    assert glejt(desk, "verify", "bearer.txt", *ASKED).returncode == 20
    refused = glejt(desk, "present", f"{form}.txt", *ASKED, "--key", "other.json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "wallet.subject" in refused.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--vct", "other"), "usage.choice"),
        (("--token-status", "https://lists.example/1#3"), "usage.vct"),
        (("--vct", "eudi", "--token-status", "https://lists.example/1"), "usage.token_status"),
        (("--vct", "eudi", "--token-status", "lists#1"), "usage.token_status"),
        (("--proof-array",), "usage.form_conflict"),
    ],
)
def test_orders_that_cannot_be_carried_out(desk, options, code):
    done = issue(desk, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_withdrawn_by_a_place_in_a_list(desk):
    done = issue(desk, "--vct", "we-build", "--token-status", "https://lists.example/1#17")
    (desk / "listed.txt").write_text(done.stdout)
    said = json.loads(glejt(desk, "inspect", "listed.txt", "--json").stdout)
    assert said["status"] == [{"idx": 17, "uri": "https://lists.example/1"}]
    assert glejt(desk, "verify", "listed.txt", "--offline").returncode == 20


def test_nothing_at_a_place(desk):
    done = glejt(desk, "derive", "eudi.txt", "--show", "/nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "proof.options.pointer" in done.stderr


def test_asked_for_as_in_a_query(desk):
    (desk / "asked.json").write_text(json.dumps({"claims": [{"path": ["given_name"]}]}))
    done = glejt(desk, "derive", "eudi.txt", "--request", "asked.json")
    assert done.returncode == 0, done.stderr
    assert "Given" in done.stderr
    assert "Family" not in done.stderr


@pytest.mark.threat(39)
@pytest.mark.parametrize("form", FORMS)
def test_the_privacy_linter_is_told_and_refuses_where_it_is_strict(desk, form):
    done = issue(desk, *FORMS[form])
    said = ("privacy.key", "privacy.time", "privacy.lasting")
    assert (done.returncode, [code for code in said if code not in done.stderr]) == (0, [])
    done = issue(desk, *FORMS[form], "--strict", "--out", "strict.txt")
    assert (done.returncode, (desk / "strict.txt").exists()) == (1, False)
    assert "klucz" in issue(desk, *FORMS[form], "--strict", "--lang", "pl").stderr.lower()
    document = json.loads((desk / "badge.json").read_text())
    document |= {"validFrom": "2026-06-12T00:00:00Z", "validUntil": "2026-09-12T00:00:00Z"}
    del document["credentialSubject"]["id"]
    (desk / "coarse.json").write_bytes(data(document))
    asked = ("issue", "coarse.json", "--key", "issuer.json", "--form", "sd-jwt", *FORMS[form], "--strict")
    done = glejt(desk, *asked, "--created", "2026-06-12T00:00:00Z")
    assert (done.returncode, "privacy." in done.stderr) == (0, False), done.stderr
    done = glejt(desk, *asked)
    assert (done.returncode, done.stdout, "/iat" in done.stderr) == (1, "", True)
    given = ("--created", "2026-06-12T00:00:00Z", "--mandatory", NAMES[form])
    done = glejt(desk, *asked, *given)
    assert (done.returncode, done.stdout, "privacy.identifying" in done.stderr) == (1, "", True)


@pytest.mark.threat(39)
def test_a_place_in_a_list_is_told_of_and_refused_where_it_is_strict(desk):
    given = ("--vct", "eudi", "--token-status", "https://lists.example/1#17", "--strict")
    done = issue(desk, *given)
    assert (done.returncode, done.stdout, "privacy.status" in done.stderr) == (1, "", True)
