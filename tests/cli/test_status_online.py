"""`glejt verify` and a status list that has to be fetched: each whole list once, and nothing withheld is ever good."""

import http.server
import json
import threading
import time

import pytest
from running import glejt
from samples import data
from status_support import entry, pointing, status_list
from verification_support import AT

from node.credentials.timestamps import format_timestamp

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
WHEN = ("--at", format_timestamp(AT))


class Site:
    """A web server on this machine: pages by path, each a body, a status, or something to do."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                page = site.pages.get(self.path, 404)
                page(self) if callable(page) else site.answer(self, page)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/status/1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @staticmethod
    def answer(request, page):
        status, body = (page, b"") if isinstance(page, int) else (200, page)
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    running = Site()
    yield running
    running.close()


def _award(folder, site, index=7, name="award.json"):
    (folder / name).write_bytes(data(pointing(entry(index, list_url=site.url))))
    return name


def _status(done):
    checks = json.loads(done.stdout)["credentials"][0]["checks"]
    return done.returncode, next(check["code"] for check in checks if check["check"] == "status")


def _cut(body):
    def page(request):
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[:100])

    return page


def _moved(request):
    request.send_response(302)
    request.send_header("Location", "/mirror/1")
    request.send_header("Content-Length", "0")
    request.end_headers()


def _list(places=()):
    """A list that is still in force by the clock of this machine, so that a copy may be kept."""
    return lambda url: data(status_list(places, url=url, until=AT.replace(year=2126)))


GOOD, WITHDRAWN = _list(), _list([7])


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("page", "status", "code"),
    [
        (GOOD, 0, "status.passed"),
        (WITHDRAWN, 1, "status.revoked"),
        (lambda _: 404, 20, "status.unreachable"),
        (lambda _: 500, 20, "status.unreachable"),
        (lambda _: b"<!DOCTYPE html><title>Welcome</title>", 20, "status.list.unreadable"),
        (lambda _: b"", 20, "status.list.unreadable"),
        (lambda url: _cut(GOOD(url)), 20, "status.unreachable"),
        (lambda url: GOOD(url)[:-90], 20, "status.list.unreadable"),
        (lambda url: GOOD(url) + b" " * 300_000, 20, "status.unreachable"),
        (lambda _: GOOD("https://school.example/status/1"), 20, "status.list.id"),
        (lambda _: lambda _: time.sleep(7), 20, "status.unreachable"),
    ],
    ids=["good", "withdrawn", "404", "500", "a page", "nothing", "cut off", "truncated", "too long", "another", "slow"],
)
def test_a_list_from_the_network(tmp_path, site, page, status, code):
    site.pages["/status/1"] = page(site.url)
    name = _award(tmp_path, site)
    assert _status(glejt(tmp_path, "verify", name, "--json", *WHEN, env=OPEN)) == (status, code)
    assert site.asked == ["/status/1"]


def test_a_list_that_moved_is_still_the_list(tmp_path, site):
    site.pages |= {"/status/1": _moved, "/mirror/1": WITHDRAWN(site.url)}
    name = _award(tmp_path, site)
    assert _status(glejt(tmp_path, "verify", name, "--json", *WHEN, env=OPEN)) == (1, "status.revoked")


@pytest.mark.threat(43)
def test_many_files_ask_for_a_list_once_and_offline_nobody_is_asked(tmp_path, site):
    site.pages["/status/1"] = WITHDRAWN(site.url)
    names = [_award(tmp_path, site, index, f"award-{index}.json") for index in range(6, 10)]
    done = glejt(tmp_path, "verify", *names, "--json", *WHEN, env=OPEN)
    verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
    assert verdicts == ["accepted", "rejected", "accepted", "accepted"]
    assert site.asked == ["/status/1"]
    done = glejt(tmp_path, "verify", names[0], "--json", "--offline", *WHEN, env=OPEN)
    assert _status(done) == (20, "status.unreachable")
    assert site.asked == ["/status/1"]


@pytest.mark.threat(56)
def test_a_list_at_an_address_of_this_machine_is_not_asked_for_by_default(tmp_path, site):
    site.pages["/status/1"] = GOOD(site.url)
    assert _status(glejt(tmp_path, "verify", _award(tmp_path, site), "--json", *WHEN)) == (20, "status.unreachable")
    assert site.asked == []
