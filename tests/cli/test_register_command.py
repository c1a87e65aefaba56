"""`glejt register`: one command copies a register, another checks the copy with no network."""

import http.server
import json
import shutil
import threading

import pytest
from node_support import A
from register_support import built
from running import glejt

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}


class Site:
    """A web server on this machine that serves pages by their paths."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.busy = set()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                body = site.pages.get(self.path)
                if busy := self.path in site.busy:
                    site.busy.discard(self.path)
                    body = b""
                self.send_response(404 if body is None else 429 if busy else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    running = Site()
    yield running
    running.close()


def test_a_register_is_copied_and_the_copy_checked_with_nobody_there(site, tmp_path):
    first, second = built(tmp_path, site.url, later=True)
    site.pages = first
    site.busy = {"/register", next(path for path in first if path.startswith("/achievements"))}
    done = glejt(tmp_path, "register", "mirror", f"{site.url}/register", "copy", env=OPEN)
    assert done.returncode == 0, done.stderr
    assert f"{A}  4 files, 4 of them new.  Genuine" in done.stdout
    asked = len(site.asked)
    site.pages = second
    site.asked.clear()
    again = glejt(tmp_path, "register", "mirror", f"{site.url}/register", "copy", "--json", env=OPEN)
    assert again.returncode == 0, again.stderr
    (told,) = json.loads(again.stdout)["organisations"]
    assert (told["files"], told["new"], told["verdict"]) == (5, 1, "accepted")
    assert len(site.asked) == 5 < asked, "index, head, manifest, one page, and what is new"
    site.close()
    checked = glejt(tmp_path, "register", "check", "copy", env=OPEN)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "5 files: 3 achievement, 1 issuer, 1 picture" in checked.stdout
    assert f"The copy of {site.url}/register is what its issuers signed." in checked.stdout
    told = json.loads(glejt(tmp_path, "register", "check", "copy", "--json").stdout)
    (one,) = told["organisations"]
    assert (one["name"], one["classes"], one["problems"]) == ("Sample org-a", {"micro-credential": 3}, [])
    polish = glejt(tmp_path, "register", "check", "copy", "--lang", "pl")
    assert "jest tym, co podpisali jej wystawcy" in polish.stdout


def test_a_copy_that_was_changed_is_told(site, tmp_path):
    site.pages = built(tmp_path, site.url, achievements=1)
    assert glejt(tmp_path, "register", "mirror", f"{site.url}/register", "copy", env=OPEN).returncode == 0
    file = max((tmp_path / "copy" / "files").glob("*/*"), key=lambda one: one.stat().st_size)
    file.write_bytes(file.read_bytes().replace(b"MIG", b"TIG"))
    checked = glejt(tmp_path, "register", "check", "copy")
    assert checked.returncode == 1
    assert "register.missing" in checked.stdout
    assert "is not what its issuers signed" in checked.stdout


def test_keys_that_came_only_with_the_copy_are_not_vouched_for(site, tmp_path):
    did = "did:web:school.example"
    site.pages = built(tmp_path, site.url, did=did)
    done = glejt(tmp_path, "register", "mirror", f"{site.url}/register", "copy", env=OPEN)
    assert done.returncode == 0, done.stderr
    checked = glejt(tmp_path, "register", "check", "copy")
    assert checked.returncode == 20, checked.stdout
    assert "the issuer's keys came only with the file itself" in checked.stdout
    document = next(
        file for file in (tmp_path / "copy" / "files").glob("*/*") if b'"verificationMethod":[' in file.read_bytes()
    )
    shutil.copy(document, tmp_path / "did.json")
    (tmp_path / "trust.toml").write_text(f'[[documents]]\nid = "{did}"\nfile = "did.json"\n', "utf-8")
    pinned = glejt(tmp_path, "register", "check", "copy", "--trust", "trust.toml")
    assert pinned.returncode == 0, pinned.stdout + pinned.stderr


def test_what_is_no_register_is_said_so(site, tmp_path):
    site.pages = {"/register": b"<html>"}
    for arguments, status, code in (
        (("mirror", f"{site.url}/register", "copy"), 1, "register.form"),
        (("mirror", f"{site.url}/nothing", "copy"), 2, "fetch.status"),
        (("mirror", "ftp://x/register", "copy"), 1, "register.url"),
        (("check", "copy"), 2, "register.copy"),
    ):
        done = glejt(tmp_path, "register", *arguments, env=OPEN)
        assert done.returncode == status, done.stderr
        assert code in done.stderr
    assert not (tmp_path / "copy").exists(), "nothing was written"


def test_a_folder_holds_the_copy_of_one_register(site, tmp_path):
    site.pages = built(tmp_path, site.url, achievements=1)
    assert glejt(tmp_path, "register", "mirror", f"{site.url}/register", "copy", env=OPEN).returncode == 0
    other = glejt(tmp_path, "register", "mirror", "https://other.example/register", "copy", env=OPEN)
    assert other.returncode == 2
    assert "register.other" in other.stderr
