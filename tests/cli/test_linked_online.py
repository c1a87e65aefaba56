"""`glejt verify` and what a document pins elsewhere: fetched for a signature that holds, and for no other."""

import hashlib
import http.server
import json
import threading
from base64 import b64encode

import pytest
from running import glejt
from samples import data
from verification_support import AT, ISSUER, credential

from node.credentials.timestamps import format_timestamp

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
WHEN = ("--at", format_timestamp(AT))
PICTURE = bytes(range(256)) * 40


@pytest.fixture
def site():
    """A server on this machine, its one answer, and what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.body = [], PICTURE
        server.url = f"http://127.0.0.1:{server.server_port}/picture"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def write(folder, site, **changes):
    digest = b64encode(hashlib.sha256(PICTURE).digest()).decode()
    document = ISSUER.sign(credential(relatedResource=[{"id": site.url, "digestSRI": f"sha256-{digest}"}]))
    (folder / "award.json").write_bytes(data(document | changes))


def verify(folder, *options, **variables):
    done = glejt(folder, "verify", "award.json", "--json", *WHEN, *options, env=OPEN | variables)
    (structure, *_) = json.loads(done.stdout)["credentials"][0]["checks"]
    return done.returncode, [found["code"] for found in structure["evidence"].get("resources", [])]


def test_a_picture_is_compared_with_the_digest_that_was_signed(tmp_path, site):
    write(tmp_path, site)
    assert verify(tmp_path) == (0, ["resource.passed"])
    site.body = PICTURE[::-1]
    assert verify(tmp_path) == (0, ["resource.differs"])
    (tmp_path / "policy.toml").write_text(
        'name = "pinned"\nrequires = ["structure", "context", "issuer_key", "proof"]\nresources = "require"\n', "utf-8"
    )
    assert verify(tmp_path, "--policy", "policy.toml") == (1, ["resource.differs"])
    told = glejt(tmp_path, "verify", "award.json", *WHEN, "--policy", "policy.toml", env=OPEN).stdout
    assert told.startswith("Not a valid document: what it pins has changed (/relatedResource/0).")
    assert "[resource.differs]" in told


@pytest.mark.threat(31)
def test_for_a_signature_that_does_not_hold_nobody_is_asked(tmp_path, site):
    write(tmp_path, site, name="altered")
    assert verify(tmp_path) == (1, ["resource.absent"])
    assert site.asked == []


@pytest.mark.threat(43)
def test_offline_and_by_default_nobody_of_this_machine_is_asked(tmp_path, site):
    write(tmp_path, site)
    assert verify(tmp_path, "--offline") == (0, ["resource.absent"])
    assert verify(tmp_path, GLEJT_ALLOW_LOOPBACK="0")[1] == ["resource.absent"]
    assert site.asked == []
