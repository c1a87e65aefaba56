"""did:web at the command line: made, published on this machine, resolved, and used to verify."""

import json

import pytest
from running import glejt
from samples import badge, data
from verification_support import credential, party
from web_servers import publishing

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}


@pytest.fixture
def school():
    """An issuer on this machine: its server's pages, its port, and what was asked of it."""
    pages = {}
    with publishing(pages) as (port, asked):
        issuer = party(33, f"did:web:localhost%3A{port}")
        pages["/.well-known/did.json"] = json.dumps(issuer.document()).encode()
        yield issuer, pages, asked


def signed(folder, issuer):
    (folder / "award.json").write_bytes(data(issuer.sign(credential(issuer))))


def test_a_new_did_web_comes_with_the_document_to_be_published(tmp_path):
    done = glejt(
        tmp_path, "did", "create", "--method", "web", "--domain", "good.example", "--out", "key.json", "--no-passphrase"
    )
    assert (done.returncode, done.stdout) == (0, "did:web:good.example\n")
    assert "Document: did.json. Publish it as https://good.example/.well-known/did.json" in done.stderr
    key = json.loads((tmp_path / "key.json").read_bytes())
    document = json.loads((tmp_path / "did.json").read_bytes())
    assert document["id"] == "did:web:good.example"
    assert document["assertionMethod"] == document["authentication"] == [key["id"]]
    assert document["verificationMethod"][0]["publicKeyMultibase"] == key["publicKeyMultibase"]
    assert "secretKeyMultibase" not in (tmp_path / "did.json").read_text()

    # The key signs for the DID, and whoever pins the document verifies it offline.
    (tmp_path / "credential.json").write_bytes(data(badge(issuer="did:web:good.example")))
    (tmp_path / "trust.toml").write_text('[[documents]]\nid = "did:web:good.example"\nfile = "did.json"\n')
    issued = glejt(tmp_path, "issue", "credential.json", "--key", "key.json", "--out", "signed.json")
    assert issued.returncode == 0, issued.stderr
    assert glejt(tmp_path, "verify", "signed.json", "--offline", "--trust", "trust.toml").returncode == 0
    assert glejt(tmp_path, "verify", "signed.json", "--offline").returncode == 20


def test_neither_a_document_nor_a_key_is_written_over(tmp_path):
    line = ["did", "create", "--method", "web", "--domain", "good.example", "--no-passphrase"]
    (tmp_path / "did.json").write_text("mine")
    done = glejt(tmp_path, *line, "--out", "key.json")
    assert done.returncode == 2
    assert "output.exists" in done.stderr
    assert (tmp_path / "did.json").read_text() == "mine"
    assert not (tmp_path / "key.json").exists()
    assert glejt(tmp_path, *line, "--out", "key.json", "--document", "other.json").returncode == 0
    assert glejt(tmp_path, *line, "--out", "key.json", "--document", "third.json").returncode == 2
    assert not (tmp_path / "third.json").exists()


def test_a_published_document_is_resolved(tmp_path, school):
    issuer, pages, asked = school
    done = glejt(tmp_path, "did", "resolve", issuer.did, env=OPEN)
    assert (done.returncode, json.loads(done.stdout)) == (0, issuer.document())
    assert asked == ["/.well-known/did.json"]
    whole = glejt(tmp_path, "did", "resolve", issuer.did, "--json", env=OPEN)
    assert json.loads(whole.stdout)["didResolutionMetadata"] == {"contentType": "application/did"}
    absent = glejt(tmp_path, "did", "resolve", f"{issuer.did}:ala", env=OPEN)
    assert (absent.returncode, absent.stdout) == (1, "")
    assert asked[-1] == "/ala/did.json"
    pages["/.well-known/did.json"] = b'{"id": "did:web:evil.example"}'
    other = glejt(tmp_path, "did", "resolve", issuer.did, env=OPEN)
    assert (other.returncode, other.stdout) == (1, "")
    assert "evil.example" in other.stderr


@pytest.mark.threat(56)
def test_this_machine_is_closed_unless_whoever_starts_the_program_opens_it(tmp_path, school):
    issuer, _, asked = school
    signed(tmp_path, issuer)
    for env in ({}, {"GLEJT_ALLOW_LOOPBACK": "0"}, {"GLEJT_ALLOW_LOOPBACK": "yes"}):
        assert glejt(tmp_path, "did", "resolve", issuer.did, env=env).returncode == 2
        assert glejt(tmp_path, "verify", "award.json", env=env).returncode == 20
    # A settings file may have come with the documents: it cannot open anything.
    for line in ("allow_loopback = true", 'GLEJT_ALLOW_LOOPBACK = "1"', "loopback = true"):
        (tmp_path / "glejt.toml").write_text(line)
        assert glejt(tmp_path, "verify", "award.json").returncode == 2
    assert asked == []


def test_a_credential_is_verified_with_what_its_issuer_publishes(tmp_path, school):
    issuer, pages, asked = school
    signed(tmp_path, issuer)
    done = glejt(tmp_path, "verify", "award.json", "--json", env=OPEN)
    assert done.returncode == 0, done.stdout
    (key,) = [c for c in json.loads(done.stdout)["credentials"][0]["checks"] if c["check"] == "issuer_key"]
    assert (key["evidence"]["evidence"], key["evidence"]["origin"]) == ("now-only", "live")
    pages["/.well-known/did.json"] = json.dumps(party(34, issuer.did).document()).encode()
    assert glejt(tmp_path, "verify", "award.json", env=OPEN).returncode == 1
    del pages["/.well-known/did.json"]
    assert glejt(tmp_path, "verify", "award.json", env=OPEN).returncode == 20
    assert len(asked) == 3


@pytest.mark.threat(21)
def test_a_host_that_leads_to_another_host_does_not_make_that_one_speak_for_it(tmp_path, school):
    issuer, pages, asked = school
    with publishing({"/did.json": pages["/.well-known/did.json"]}) as (port, elsewhere):
        for place in (f"http://localhost:{port}/did.json", f"http://127.0.0.1:{port}/did.json"):
            pages["/.well-known/did.json"] = place
            assert glejt(tmp_path, "did", "resolve", issuer.did, env=OPEN).returncode == 20
        assert elsewhere == []
    pages["/.well-known/did.json"], pages["/here.json"] = "/here.json", json.dumps(issuer.document()).encode()
    assert glejt(tmp_path, "did", "resolve", issuer.did, env=OPEN).returncode == 0
    assert asked[-2:] == ["/.well-known/did.json", "/here.json"]


@pytest.mark.threat(43)
def test_offline_nobody_is_asked_and_a_pinned_document_is_enough(tmp_path, school):
    issuer, pages, asked = school
    signed(tmp_path, issuer)
    (tmp_path / "pinned.json").write_bytes(json.dumps(issuer.document()).encode())
    (tmp_path / "trust.toml").write_text(f'[[documents]]\nid = "{issuer.did}"\nfile = "pinned.json"\n')
    pages["/.well-known/did.json"] = json.dumps(party(34, issuer.did).document()).encode()
    offline = glejt(tmp_path, "verify", "award.json", "--offline", env=OPEN)
    assert offline.returncode == 20
    assert glejt(tmp_path, "verify", "award.json", env={**OPEN, "GLEJT_OFFLINE": "1"}).returncode == 20
    assert glejt(tmp_path, "did", "resolve", issuer.did, env={**OPEN, "GLEJT_OFFLINE": "1"}).returncode == 20
    for more in ([], ["--offline"]):
        assert glejt(tmp_path, "verify", "award.json", "--trust", "trust.toml", *more, env=OPEN).returncode == 0
    assert asked == []


@pytest.mark.parametrize(
    ("domain", "did", "url"),
    [
        ("good.example:8443", "did:web:good.example%3A8443", "https://good.example:8443/.well-known/did.json"),
        ("good.example/a/~b/", "did:web:good.example:a:%7Eb", "https://good.example/a/~b/did.json"),
    ],
)
def test_a_port_and_folders_are_part_of_the_place(tmp_path, domain, did, url):
    line = ["did", "create", "--method", "web", "--domain", domain, "--out", "key.json", "--no-passphrase"]
    done = glejt(tmp_path, *line)
    assert (done.returncode, done.stdout) == (0, f"{did}\n")
    assert f"Publish it as {url}," in done.stderr


@pytest.mark.parametrize(
    "domain",
    ["good.example:0", "good.example:65536", "good.example:x", "good.example:1:2", "a@good.example", "good.example//a"],
)
def test_what_is_no_place(tmp_path, domain):
    line = ["did", "create", "--method", "web", "--domain", domain, "--out", "key.json", "--no-passphrase"]
    done = glejt(tmp_path, *line, env=OPEN)
    assert done.returncode == 2
    assert "did." in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.threat(56)
@pytest.mark.parametrize("method", ["web", "webvh"])
@pytest.mark.parametrize("spelling", ["localhost:{}", "localhost%3A{}"])
def test_this_machine_is_a_place_only_where_it_was_opened(tmp_path, method, spelling):
    pages = {}
    with publishing(pages) as (port, _):
        line = ["did", "create", "--method", method, "--domain", spelling.format(port), "--out", "key.json"]
        for env in ({}, {"GLEJT_ALLOW_LOOPBACK": "0"}, {"GLEJT_ALLOW_LOOPBACK": "true"}):
            refused = glejt(tmp_path, *line, "--no-passphrase", env=env)
            assert refused.returncode == 2
            assert "did.host" in refused.stderr
            assert list(tmp_path.iterdir()) == []
        for number in ("127.0.0.1", "[::1]", "10.0.0.1", "printer.local"):
            done = glejt(tmp_path, *line[:5], number, *line[6:], "--no-passphrase", env=OPEN)
            assert done.returncode == 2
        done = glejt(tmp_path, *line, "--no-passphrase", env=OPEN)
        assert done.returncode == 0, done.stderr
        did = done.stdout.strip()
        assert f"http://localhost:{port}/.well-known/did.json" in done.stderr
        for page in tmp_path.glob("did.json*"):
            pages[f"/.well-known/{page.name}"] = page.read_bytes()
        assert glejt(tmp_path, "did", "resolve", did, env=OPEN).returncode == 0
        web = json.loads((tmp_path / "did.json").read_bytes())["id"]
        assert web == f"did:web:localhost%3A{port}"
        assert glejt(tmp_path, "did", "resolve", web, env=OPEN).returncode == 0
        for name in (did, web):
            shut = glejt(tmp_path, "did", "resolve", name)
            assert (shut.returncode, shut.stdout) == (2, "")
            assert "did.this_machine" in shut.stderr
            assert "GLEJT_ALLOW_LOOPBACK=1" in shut.stderr
