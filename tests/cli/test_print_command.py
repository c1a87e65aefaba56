"""`glejt print`, and what the other commands make of printed pages and of their codes."""

import json
from hashlib import sha256

import pytest
from pdf_support import drawn, printed
from picture_support import png
from running import glejt, python
from samples import badge, data, signed
from support import ROOT

from node.adapters.printer import print_page
from node.issuance.printed_page import page_of

NAME = "Zażółć gęślą jaźń"
ADDRESS = "https://school.example/credentials/1"


@pytest.fixture(scope="module")
def genuine():
    return signed(badge(name=NAME))


@pytest.fixture
def folder(tmp_path, genuine):
    (tmp_path / "award.json").write_bytes(data(genuine) + b"\n")
    return tmp_path


def digest_of(folder):
    return sha256((folder / "award.json").read_bytes()).hexdigest()


@pytest.mark.parametrize("language", ["en", "pl"])
def test_a_credential_is_printed_judged_looked_into_and_taken_out(folder, language):
    done = glejt(folder, "print", "award.json", "--out", "award.pdf", "--lang", language)
    assert (done.returncode, done.stdout) == (0, "")
    assert "glejt verify award.pdf" in done.stderr
    judged = [glejt(folder, "verify", name, "--json") for name in ("award.pdf", "award.json")]
    assert [one.returncode for one in judged] == [0, 0]
    on_page, bare = (json.loads(one.stdout) for one in judged)
    assert on_page | {"at": ""} == bare | {"at": ""}
    assert "glejt inspect award.pdf" in judged[0].stderr  # the page itself was not looked at
    found = json.loads(glejt(folder, "inspect", "award.pdf", "--json").stdout)
    assert found["picture"] == {
        "format": "pdf",
        "badge": "openbadges-3.0",
        "form": "json",
        "activity": [],
        "page": "as_printed",
    }
    assert found["name"] == NAME
    out = glejt(folder, "unbake", "award.pdf", "--out", "out.json")
    assert out.returncode == 0
    assert (folder / "out.json").read_bytes() == (folder / "award.json").read_bytes()
    assert glejt(folder, "verify", "-", stdin=(folder / "award.pdf").read_bytes()).returncode == 0


def test_a_token_is_printed_and_judged(folder):
    did = glejt(folder, "did", "create", "--out", "key.json", "--no-passphrase").stdout.strip()
    (folder / "draft.json").write_bytes(data(badge(issuer={"id": did, "type": ["Profile"]})))
    glejt(folder, "issue", "draft.json", "--key", "key.json", "--form", "jwt", "--out", "award.jwt")
    assert glejt(folder, "print", "award.jwt", "--out", "award.pdf").returncode == 0
    assert glejt(folder, "verify", "award.pdf").returncode == 0
    assert glejt(folder, "unbake", "award.pdf").stdout == (folder / "award.jwt").read_text()
    said = json.loads(glejt(folder, "inspect", "award.pdf", "--json").stdout)["picture"]
    assert (said["form"], said["page"]) == ("jws", "as_printed")


def test_the_page_of_an_altered_credential_is_printed_and_not_genuine(folder, genuine):
    (folder / "altered.json").write_bytes(data({**genuine, "name": "Another"}))
    assert glejt(folder, "print", "altered.json", "--out", "altered.pdf").returncode == 0
    done = glejt(folder, "verify", "altered.pdf")
    assert (done.returncode, "Not genuine" in done.stdout) == (1, True)


def test_a_page_is_printed_from_a_picture_too(folder):
    (folder / "plain.png").write_bytes(png())
    glejt(folder, "bake", "plain.png", "award.json", "--out", "baked.png")
    assert glejt(folder, "print", "baked.png", "--out", "a.pdf", "--quiet").stderr == ""
    glejt(folder, "print", "award.json", "--out", "b.pdf")
    assert (folder / "a.pdf").read_bytes() == (folder / "b.pdf").read_bytes()


@pytest.mark.threat(29)
@pytest.mark.parametrize(("language", "other"), [("en", "is not what this glejt prints"), ("pl", "nie jest tym")])
def test_a_page_that_shows_something_else_than_its_attachment_is_told_apart(folder, genuine, language, other):
    page = page_of(data(genuine), "en")
    page.content["title"][0] = "Doctor of Everything"
    (folder / "forged.pdf").write_bytes(print_page(page))
    assert glejt(folder, "verify", "forged.pdf").returncode == 0  # what is attached is genuine
    assert NAME not in (folder / "forged.pdf").read_bytes().decode("latin-1")
    done = glejt(folder, "inspect", "forged.pdf", "--lang", language)
    assert (done.returncode, other in done.stdout) == (0, True)
    assert json.loads(glejt(folder, "inspect", "forged.pdf", "--json").stdout)["picture"]["page"] == "other"


def test_what_is_no_signed_credential_is_refused_and_nothing_is_written(folder):
    (folder / "draft.json").write_bytes(data(badge()))
    (folder / "broken.json").write_bytes(b"{")
    for name, status, code in (("draft.json", 1, "paper.credential"), ("broken.json", 2, "document.syntax")):
        done = glejt(folder, "print", name, "--out", "x.pdf")
        assert (done.returncode, done.stdout) == (status, "")
        assert f": {code}\n" in done.stderr
        assert not (folder / "x.pdf").exists()


def test_the_address_is_said_and_has_to_be_one(folder):
    done = glejt(folder, "print", "award.json", "--out", "a.pdf", "--url", ADDRESS)
    assert (done.returncode, "--url" in done.stderr) == (0, False)
    assert ADDRESS.encode() in (folder / "a.pdf").read_bytes()
    assert "--url" in glejt(folder, "print", "award.json", "--out", "b.pdf").stderr
    refused = glejt(folder, "print", "award.json", "--out", "c.pdf", "--url", "http://school.example/")
    assert (refused.returncode, ": paper.address\n" in refused.stderr) == (2, True)


def test_nothing_is_overwritten_unasked(folder):
    assert glejt(folder, "print", "award.json", "--out", "a.pdf").returncode == 0
    again = glejt(folder, "print", "award.json", "--out", "a.pdf")
    assert (again.returncode, "output.exists" in again.stderr) == (2, True)
    assert glejt(folder, "print", "award.json", "--out", "a.pdf", "--force").returncode == 0


@pytest.mark.parametrize(("language", "address"), [("en", ADDRESS), ("pl", None)])
def test_a_look_at_a_scan_tells_the_code(folder, genuine, language, address):
    page = page_of(data(genuine), language, address=address)
    (folder / "scan.png").write_bytes(drawn(page, resolution=150))
    found = json.loads(glejt(folder, "inspect", "scan.png", "--json").stdout)
    assert found["codes"] == [{"text": page.code.text, "address": address, "digest": f"sha256:{digest_of(folder)}"}]
    done = glejt(folder, "inspect", "scan.png", "--lang", language)
    assert (done.returncode, page.code.text in done.stdout) == (0, True)


def test_a_picture_with_neither_badge_nor_code_says_so(folder):
    (folder / "plain.png").write_bytes(png())
    done = glejt(folder, "inspect", "plain.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert ": picture.none\n" in done.stderr


def test_the_document_that_a_page_names_is_told_from_others(folder, genuine):
    digest = digest_of(folder)
    assert glejt(folder, "verify", "award.json", "--expect", page_of(data(genuine), "en").code.text).returncode == 0
    glejt(folder, "print", "award.json", "--out", "award.pdf")
    assert glejt(folder, "verify", "award.pdf", "--expect", digest).returncode == 0
    other = signed(badge(name="other"))
    (folder / "other.json").write_bytes(data(other))
    done = glejt(folder, "verify", "other.json", "--expect", f"{ADDRESS}#sha256={digest}", "--lang", "pl")
    assert (done.returncode, done.stdout) == (1, "")
    assert ": expected.other\n" in done.stderr
    error = json.loads(glejt(folder, "verify", "other.json", "--expect", digest, "--json").stdout)["error"]
    assert (error["code"], digest in error["remedy"]) == ("expected.other", True)
    done = glejt(folder, "verify", "award.json", "--expect", "sha256:00")
    assert (done.returncode, ": usage.expected\n" in done.stderr) == (2, True)


@pytest.mark.threat(60)
@pytest.mark.parametrize(
    ("command", "language"), [("verify", "en"), ("inspect", "pl"), ("unbake", "en"), ("print", "pl")]
)
def test_a_pdf_that_was_changed_is_refused_with_its_mend(folder, command, language):
    (folder / "changed.pdf").write_bytes(printed() + printed())
    options = ["--out", "x.pdf"] if command == "print" else []
    done = glejt(folder, command, "changed.pdf", *options, "--lang", language)
    assert (done.returncode, done.stdout) == (2, "")
    assert ": picture.pdf.form\n" in done.stderr


WITHOUT_EXTRAS = """
import sys
for name in ("typst", "segno", "zxingcpp", "PIL"):
    sys.modules[name] = None
sys.path.insert(0, {root!r})
from node.cli.program import run
sys.exit(run(sys.argv[1:]))
"""


def test_the_base_install_reads_pages_and_says_what_printing_needs(folder, genuine):
    (folder / "award.pdf").write_bytes(print_page(page_of(data(genuine), "en")))
    (folder / "scan.png").write_bytes(drawn(page_of(data(genuine), "en"), resolution=150))
    script = WITHOUT_EXTRAS.format(root=str(ROOT))
    assert python(folder, ["-c", script, "verify", "award.pdf"]).returncode == 0
    assert python(folder, ["-c", script, "unbake", "award.pdf"]).returncode == 0
    looked = python(folder, ["-c", script, "inspect", "award.pdf", "--json"])
    assert json.loads(looked.stdout)["picture"]["page"] == "unknown"
    refused = python(folder, ["-c", script, "print", "award.json", "--out", "x.pdf"])
    assert (refused.returncode, "glejt[node]" in refused.stderr, (folder / "x.pdf").exists()) == (2, True, False)
    scanned = python(folder, ["-c", script, "inspect", "scan.png"])
    assert (scanned.returncode, "glejt[node]" in scanned.stderr) == (2, True)
