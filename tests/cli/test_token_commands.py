"""Tokens on the command line: signed, judged wherever they stand, shown, and carried by pictures."""

import json

import pytest
from jose_support import enveloped
from picture_support import png, svg
from running import glejt
from samples import badge, data
from verification_support import presentation

from node.proofs.jose.jws import parse_jws


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """An issuer's folder with a key, a badge without its proof, and the badge in a token."""
    folder = tmp_path_factory.mktemp("desk")
    did = glejt(folder, "did", "create", "--out", "key.json", "--no-passphrase").stdout.strip()
    (folder / "badge.json").write_bytes(data(badge(issuer=did)))
    done = issue(folder, "--out", "badge.jwt", "--created", "2026-06-12T14:03:00Z")
    assert (done.returncode, done.stdout) == (0, "")
    assert "JWT" in done.stderr
    token = (folder / "badge.jwt").read_text()
    altered = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    (folder / "altered.jwt").write_text(altered)
    (folder / "string.json").write_text(json.dumps(token.strip()))
    (folder / "list.json").write_text(json.dumps([token.strip(), enveloped(token.strip())]))
    (folder / "enveloped.json").write_text(json.dumps(enveloped(token.strip())))
    (folder / "presented.json").write_bytes(data(presentation(enveloped(token.strip()))))
    return folder


def issue(folder, *more, name="badge.json"):
    return glejt(folder, "issue", name, "--key", "key.json", "--form", "jwt", *more)


def test_the_payload_is_the_credential_and_what_open_badges_wants_to_hear_again(desk):
    jws = parse_jws((desk / "badge.jwt").read_text().strip())
    document = json.loads((desk / "badge.json").read_bytes())
    payload = json.loads(jws.payload)
    assert {name: payload[name] for name in document} == document
    assert {name: value for name, value in payload.items() if name not in document} == {
        "iat": 1781272980,
        "iss": document["issuer"],
        "jti": document["id"],
        "nbf": 1767225600,
    }
    assert (jws.typ, jws.cty, jws.algorithm) == ("vc+jwt", "vc", "EdDSA")


@pytest.mark.parametrize("name", ["badge.jwt", "string.json", "list.json", "enveloped.json", "presented.json"])
def test_a_token_is_accepted_wherever_it_stands(desk, name):
    done = glejt(desk, "verify", name, "--offline", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {entry["verdict"] for entry in report["credentials"]} == {"accepted"}
    assert report["credentials"][0]["checks"][3]["evidence"]["proofs"][0]["form"] == "jwt"


def test_a_token_from_standard_input(desk):
    assert glejt(desk, "verify", "-", stdin=(desk / "badge.jwt").read_bytes()).returncode == 0
    assert glejt(desk, "verify", "-", stdin=issue(desk).stdout).returncode == 0


@pytest.mark.parametrize("language", ["en", "pl"])
def test_an_altered_token_is_rejected(desk, language):
    done = glejt(desk, "verify", "altered.jwt", "--offline", "--lang", language)
    assert done.returncode == 1
    assert {"en": "not what the issuer signed", "pl": "nieautentyczny"}[language] in done.stdout


def test_many_files_of_all_forms(desk):
    done = glejt(desk, "verify", "badge.jwt", "altered.jwt", "badge.json", "--offline", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["accepted", "rejected", "rejected"]


@pytest.mark.parametrize("picture", ["png", "svg"])
def test_a_picture_carries_a_token(desk, picture):
    plain = {"png": png, "svg": svg}[picture]()
    (desk / f"plain.{picture}").write_bytes(plain)
    baked = f"baked.{picture}"
    assert glejt(desk, "bake", f"plain.{picture}", "badge.jwt", "--out", baked, "--force").returncode == 0
    done = glejt(desk, "verify", baked, "--offline", "--json")
    assert done.returncode == 0, done.stderr
    bare = glejt(desk, "verify", "badge.jwt", "--offline", "--json")
    assert json.loads(done.stdout)["credentials"] == json.loads(bare.stdout)["credentials"]
    assert glejt(desk, "unbake", baked).stdout.strip() == (desk / "badge.jwt").read_text().strip()
    shown = json.loads(glejt(desk, "inspect", baked, "--json").stdout)
    assert shown["picture"]["form"] == "jws"
    assert shown["token"]["typ"] == "vc+jwt"
    glejt(desk, "bake", f"plain.{picture}", "altered.jwt", "--out", f"bad.{picture}", "--force")
    assert glejt(desk, "verify", f"bad.{picture}", "--offline").returncode == 1


@pytest.mark.parametrize(("language", "label"), [("en", "Token header"), ("pl", "Nagłówek tokenu")])
def test_a_look_inside_shows_the_credential_and_the_header(desk, language, label):
    done = glejt(desk, "inspect", "badge.jwt", "--lang", language)
    assert done.returncode == 0
    assert any(line.startswith(f"  {label} ") and "vc+jwt · EdDSA" in line for line in done.stdout.splitlines())


def test_a_look_inside_opens_envelopes(desk):
    found = json.loads(glejt(desk, "inspect", "presented.json", "--json").stdout)
    assert found["credentials"][0]["token"]["alg"] == "EdDSA"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--suite", "eddsa-rdfc-2022"], "usage.form_conflict"),
        (["--proof-array"], "usage.form_conflict"),
    ],
)
def test_options_that_only_a_proof_inside_has(desk, more, code):
    done = issue(desk, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_a_form_that_is_not_known(desk):
    done = glejt(desk, "issue", "badge.json", "--key", "key.json", "--form", "paper")
    assert done.returncode == 2
    assert "usage.choice" in done.stderr


def test_what_no_form_signs_is_not_put_into_a_token(desk):
    document = json.loads((desk / "badge.json").read_bytes())
    (desk / "changed.json").write_bytes(data(document | {"iss": "did:example:1"}))
    done = issue(desk, name="changed.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "issuance.claim" in done.stderr


def test_a_token_is_no_sd_jwt_for_a_tilde(desk):
    token = (desk / "badge.jwt").read_text().strip()
    done = glejt(desk, "verify", "-", "--json", stdin=f"{token}~WyJhIl0~")
    assert done.returncode == 1
    assert "proof.malformed.sd_jwt.disclosure" in done.stdout


def test_a_status_list_in_a_token_from_its_first_version_to_its_last(desk):
    url, key = "https://school.example/status/1", ("--key", "key.json")
    create = ["status", "create", "--url", url, "--out", "list.jwt", *key]
    assert glejt(desk, *create, "--form", "eddsa").returncode == 2
    assert glejt(desk, *create, "--form", "jwt").returncode == 0
    shown = json.loads(glejt(desk, "status", "show", "list.jwt", "7", "--json").stdout)
    assert (shown["id"], shown["set"]) == (url, {})
    document = json.loads((desk / "badge.json").read_bytes())
    (desk / "listed.json").write_bytes(data(document | {"credentialStatus": shown["asked"][0]["entry"]}))
    assert issue(desk, "--out", "listed.jwt", name="listed.json").returncode == 0
    judged = ["verify", "listed.jwt", "--offline", "--status", "list.jwt"]
    assert glejt(desk, *judged).returncode == 0
    assert glejt(desk, "status", "set", "list.jwt", "7", "--yes", *key).returncode == 0
    assert parse_jws((desk / "list.jwt").read_text().strip()).typ == "vc+jwt"
    assert glejt(desk, *judged).returncode == 1
    assert glejt(desk, "status", "seal", "list.jwt", "--yes", *key).returncode == 0
    assert json.loads(glejt(desk, "status", "show", "list.jwt", "--json").stdout)["sealed"] is True


@pytest.mark.parametrize(("document", "form"), [("badge.jwt", ["--form", "jwt"]), ("signed.json", [])])
def test_a_label_is_signed_and_compared_with_its_document(desk, document, form):
    glejt(desk, "issue", "badge.json", "--key", "key.json", "--out", "signed.json", "--force")
    label = ["achievement", "label", document, "--key", "key.json", "--out", "label", "--force", *form]
    done = glejt(desk, *label)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"glejt verify {document} --label label" in done.stderr
    judged = ["verify", document, "--offline", "--json", "--label", "label"]
    report = json.loads(glejt(desk, *judged).stdout)
    assert len(report["credentials"]) == 1
    assert report["credentials"][0]["checks"][-1]["code"] != "mc.label.mismatch"
    assert len(report["credentials"][0]["checks"][-1]["evidence"]["labels"]) == 1
    # Of another version of the same document, the label says something else.
    changed = json.loads((desk / "badge.json").read_bytes()) | {"name": "Another award"}
    (desk / "changed.json").write_bytes(data(changed))
    glejt(desk, "issue", "changed.json", "--key", "key.json", "--out", "other.json", "--force")
    other = json.loads(glejt(desk, "verify", "other.json", "--offline", "--json", "--label", "label").stdout)
    assert other["credentials"][0]["checks"][-1]["code"] == "mc.label.mismatch"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_label_that_is_compared_with_nothing_is_told(desk, jobs):
    glejt(desk, "issue", "badge.json", "--key", "key.json", "--out", "signed.json", "--force")
    made = glejt(desk, "achievement", "label", "signed.json", "--key", "key.json", "--out", "label", "--force")
    assert made.returncode == 0
    unlike = json.loads((desk / "badge.json").read_bytes()) | {"id": "urn:uuid:00000000-0000-4000-8000-000000000001"}
    (desk / "unlike.json").write_bytes(data(unlike))
    glejt(desk, "issue", "unlike.json", "--key", "key.json", "--out", "other", "--force")
    assert glejt(desk, "did", "create", "--out", f"stranger{jobs}.key", "--no-passphrase").returncode == 0
    stranger = json.loads((desk / "label").read_bytes())
    stranger["issuer"] = json.loads((desk / f"stranger{jobs}.key").read_bytes())["controller"]
    del stranger["proof"]
    (desk / "stranger.json").write_bytes(data(stranger))
    glejt(desk, "issue", "stranger.json", "--key", f"stranger{jobs}.key", "--out", "stranger", "--force")
    judged = ["--offline", "--json", "--jobs", jobs]
    said = "is about none of these documents"
    assert said not in glejt(desk, "verify", "other", "signed.json", *judged, "--label", "label").stderr
    done = glejt(desk, "verify", "other", *judged, "--label", "label", "--label", "stranger")
    assert f"label {said}" in done.stderr
    assert f"stranger {said}" in done.stderr
    assert "labels" not in json.loads(done.stdout)["credentials"][0]["checks"][-1]["evidence"]
    assert glejt(desk, "verify", "other", *judged, "--quiet", "--label", "label").stderr == ""


@pytest.mark.parametrize("name", ["altered.jwt", "badge.json", "list.json"])
def test_what_its_issuer_did_not_sign_gets_no_label(desk, name):
    done = glejt(desk, "achievement", "label", name, "--key", "key.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "issuance.label" in done.stderr


def test_a_file_that_is_no_label(desk):
    done = glejt(desk, "verify", "badge.jwt", "--label", "badge.jwt")
    assert done.returncode == 2
    assert "input.no_label" in done.stderr
    other = glejt(desk, "achievement", "label", "badge.jwt", "--key", "key.json", "--form", "eddsa")
    assert (other.returncode, "usage.choice" in other.stderr) == (2, True)
