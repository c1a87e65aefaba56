"""`glejt issue` and `glejt did` as processes: what is signed, what is refused, and what happens to files."""

import json
import stat

import pytest
from running import glejt
from samples import badge, data

from did_methods.multibase import encode_base58btc

WORDS = "correct horse battery staple"


@pytest.fixture
def desk(tmp_path):
    """An issuer's folder: a key, and a credential that names its DID."""
    did = glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").stdout.strip()
    (tmp_path / "credential.json").write_bytes(data(badge(issuer=did)))
    return tmp_path


def issue(folder, *more, name="credential.json", key="key.json"):
    return glejt(folder, "issue", name, "--key", key, *more)


def change(folder, **changes):
    did = json.loads((folder / "credential.json").read_bytes())["issuer"]
    (folder / "credential.json").write_bytes(data(badge(**({"issuer": did} | changes))))


def test_a_credential_is_signed_and_anybody_can_verify_it(desk):
    done = issue(desk, "--out", "signed.json", "--created", "2026-06-12T14:03:00Z")
    assert (done.returncode, done.stdout) == (0, "")
    assert "glejt verify signed.json" in done.stderr
    signed = json.loads((desk / "signed.json").read_bytes())
    unsigned = json.loads((desk / "credential.json").read_bytes())
    proof = signed.pop("proof")
    assert signed == unsigned
    assert (proof["cryptosuite"], proof["created"]) == ("eddsa-rdfc-2022", "2026-06-12T14:03:00Z")
    assert glejt(desk, "verify", "signed.json").returncode == 0


def test_without_out_the_credential_is_the_answer(desk):
    done = issue(desk)
    assert done.returncode == 0
    assert glejt(desk, "verify", "-", stdin=done.stdout).returncode == 0


def test_the_credential_may_come_from_standard_input(desk):
    done = glejt(desk, "issue", "-", "--key", "key.json", stdin=(desk / "credential.json").read_bytes())
    assert json.loads(done.stdout)["proof"]["type"] == "DataIntegrityProof"


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_the_suite_and_the_form_of_the_proof_can_be_chosen(desk, suite):
    done = issue(desk, "--suite", suite, "--proof-array", "--out", "signed.json")
    assert done.returncode == 0
    (proof,) = json.loads((desk / "signed.json").read_bytes())["proof"]
    assert proof["cryptosuite"] == suite
    assert glejt(desk, "verify", "signed.json").returncode == 0


@pytest.mark.parametrize("key_type", ["ed25519", "p256", "p384"])
@pytest.mark.parametrize("method", ["key", "jwk"])
def test_each_kind_of_key_and_did_signs_what_verifies(tmp_path, method, key_type):
    created = glejt(
        tmp_path, "did", "create", "--method", method, "--type", key_type, "--out", "key.json", "--no-passphrase"
    )
    did = created.stdout.strip()
    assert did.startswith(f"did:{method}:")
    resolved = glejt(tmp_path, "did", "resolve", did, "--json")
    assert json.loads(resolved.stdout)["didDocument"]["id"] == did
    assert json.loads(glejt(tmp_path, "did", "resolve", did).stdout)["id"] == did
    (tmp_path / "credential.json").write_bytes(data(badge(issuer=did)))
    assert issue(tmp_path, "--out", "signed.json").returncode == 0
    assert glejt(tmp_path, "verify", "signed.json").returncode == 0


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"issuer": None}, "issuance.malformed", ""),
        ({"issuer": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}, "issuance.issuer", "/issuer"),
        ({"validFrom": "yesterday"}, "issuance.malformed", "/validFrom"),
        ({"type": ["OpenBadgeCredential"]}, "issuance.malformed", "/type"),
        ({"credentialSubject": None}, "issuance.malformed", "credentialSubject"),
        ({"proof": {"type": "DataIntegrityProof"}}, "issuance.secured", "/proof"),
        ({"undefinedTerm": 1}, "context.undefined_term", "/undefinedTerm"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2"]}, "issuance.context", "/@context"),
        ({"@context": ["https://nobody.example/v1"]}, "issuance.malformed", "/@context/0"),
    ],
)
@pytest.mark.parametrize("options", [["--suite", "eddsa-rdfc-2022"], ["--suite", "eddsa-jcs-2022", "--lang", "pl"]])
@pytest.mark.threat(1)
def test_what_must_not_be_signed_is_refused_with_its_place_and_nothing_is_written(desk, changes, code, place, options):
    change(desk, **changes)
    done = issue(desk, "--out", "signed.json", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert f": {code}\n" in done.stderr
    assert place in done.stderr
    assert not (desk / "signed.json").exists()


@pytest.mark.threat(7)
@pytest.mark.threat(8)
@pytest.mark.parametrize(
    "context", [{"@vocab": "https://example.com/#"}, {"name": "https://example.com/#other"}, None, []]
)
def test_no_context_of_the_documents_own_is_ever_signed(desk, context):
    change(desk, **{"@context": [*badge()["@context"], context]})
    done = issue(desk)
    assert done.returncode == 1
    assert done.stdout == ""


def test_nothing_is_filled_in_and_what_is_often_forgotten_is_said(desk):
    change(desk, validFrom=None)
    done = issue(desk)
    assert done.returncode == 0
    assert "validFrom" not in json.loads(done.stdout)
    assert "validFrom" in done.stderr
    assert issue(desk, "--quiet").stderr == ""


def test_an_existing_file_is_kept_unless_force_is_said(desk):
    (desk / "signed.json").write_text("mine", "utf-8")
    done = issue(desk, "--out", "signed.json")
    assert (done.returncode, (desk / "signed.json").read_text("utf-8")) == (2, "mine")
    assert "output.exists" in done.stderr
    assert issue(desk, "--out", "signed.json", "--force").returncode == 0
    assert "proof" in json.loads((desk / "signed.json").read_bytes())
    assert not list(desk.glob(".glejt-*"))


def test_a_link_is_no_free_name_and_a_folder_no_file(desk):
    (desk / "signed.json").symlink_to(desk / "elsewhere.json")
    assert "output.exists" in issue(desk, "--out", "signed.json").stderr
    assert not (desk / "elsewhere.json").exists()
    assert "output.is_folder" in issue(desk, "--out", ".", "--force").stderr
    assert "output.unwritable" in issue(desk, "--out", "no/such/folder.json").stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--suite", "rot13"], "usage.choice"),
        (["--suite", "Ed25519Signature2020"], "usage.choice"),
        (["--created", "now"], "usage.time"),
        (["--suite", "ecdsa-rdfc-2019"], "proof.options.key_type"),
    ],
)
def test_a_wrong_order_is_told(desk, options, code):
    done = issue(desk, *options)
    assert done.returncode == (1 if code.startswith("proof") else 2)
    assert f"Code: {code}\n" in done.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "key_file.absent"),
        (b"{}", "key_file.unsupported"),
        (b"[]", "key_file.damaged"),
        (b"\xff", "key_file.damaged"),
    ],
)
def test_a_key_file_that_is_none_is_told(desk, content, code):
    if content is not None:
        (desk / "other.json").write_bytes(content)
        (desk / "other.json").chmod(0o600)
    done = issue(desk, key="other.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Code: {code}\n" in done.stderr


def test_an_unprotected_key_that_others_may_read_signs_nothing(desk):
    (desk / "key.json").chmod(0o644)
    assert "key_file.permissions" in issue(desk).stderr


def test_a_passphrase_protects_the_key(tmp_path):
    (tmp_path / "passphrase").write_text(f"{WORDS}\n", "utf-8")
    (tmp_path / "wrong").write_text("something else\n", "utf-8")
    created = glejt(tmp_path, "did", "create", "--out", "key.json", "--passphrase-file", "passphrase")
    assert created.returncode == 0
    assert "protected by your passphrase" in created.stderr
    assert WORDS not in created.stderr + created.stdout + (tmp_path / "key.json").read_text("utf-8")
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    (tmp_path / "credential.json").write_bytes(data(badge(issuer=created.stdout.strip())))
    assert "input.no_terminal" in issue(tmp_path).stderr
    assert "key_file.passphrase_wrong" in issue(tmp_path, "--passphrase-file", "wrong").stderr
    assert issue(tmp_path, "--passphrase-file", "passphrase").returncode == 0
    (tmp_path / "glejt.toml").write_text('key = "key.json"\npassphrase_file = "passphrase"\n', "utf-8")
    assert glejt(tmp_path, "issue", "credential.json").returncode == 0


@pytest.mark.parametrize(
    ("out", "code"),
    [("signed.json", "output.exists"), (".", "output.is_folder"), ("none/a.json", "output.unwritable")],
)
def test_nobody_is_asked_for_a_passphrase_for_what_cannot_be_written(desk, out, code):
    (desk / "signed.json").write_text("mine", "utf-8")
    done = issue(desk, "--out", out, "--passphrase-file", "none")
    assert (done.returncode, code in done.stderr) == (2, True)


def test_a_key_is_never_made_unprotected_by_accident(tmp_path):
    done = glejt(tmp_path, "did", "create", "--out", "key.json")
    assert done.returncode == 2
    assert "input.no_terminal" in done.stderr
    assert not (tmp_path / "key.json").exists()
    assert "NOT protected" in glejt(tmp_path, "did", "create", "--out", "key.json", "--no-passphrase").stderr


def test_a_key_is_never_overwritten(desk):
    before = (desk / "key.json").read_bytes()
    done = glejt(desk, "did", "create", "--out", "key.json", "--no-passphrase")
    assert (done.returncode, done.stdout) == (2, "")
    assert "key_file.exists" in done.stderr
    assert (desk / "key.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--method", "btcr"], "usage.choice"),
        (["--method", "web"], "usage.domain"),
        (["--method", "jwk", "--domain", "good.example"], "usage.domain"),
        (["--method", "web", "--domain", "localhost"], "did.host"),
        (["--method", "web", "--domain", "Good.example"], "did.host"),
        (["--method", "web", "--domain", "good.example/a?b"], "did.syntax"),
        (["--type", "rsa"], "usage.choice"),
        (["--no-passphrase", "--passphrase-file", "x"], "usage.passphrase_conflict"),
    ],
)
def test_a_key_nobody_can_make_is_told(tmp_path, options, code):
    done = glejt(tmp_path, "did", "create", "--out", "key.json", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Code: {code}\n" in done.stderr


@pytest.mark.parametrize(
    ("did", "status", "code"),
    [
        ("nonsense", 2, "did.invalid"),
        ("did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktI", 2, "did.invalid"),
        (f"did:key:{encode_base58btc(b'\xed\x01\x01' + bytes(31))}", 1, "did.refused"),
        ("did:nosuch:example", 20, "did.unsupported"),
        ("did:key:zabc", 20, "did.unsupported"),
    ],
)
def test_a_did_that_stands_for_nothing_is_told_apart_from_one_that_is_not_known(tmp_path, did, status, code):
    done = glejt(tmp_path, "did", "resolve", did)
    assert (done.returncode, done.stdout) == (status, "")
    assert f"Code: {code}\n" in done.stderr
    machine = glejt(tmp_path, "did", "resolve", did, "--json")
    assert machine.returncode == status
    result = json.loads(machine.stdout)
    assert result["didDocument"] is None
    assert result["didResolutionMetadata"]["error"]["type"].startswith("https://")
