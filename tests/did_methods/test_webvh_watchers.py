"""Watchers: where they are asked, and what a copy of a log shows beside the published one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webvh_support import (
    DAY,
    KEYS,
    NOW,
    START,
    WITNESSES,
    chain,
    did_of,
    entries,
    first,
    forged,
    private,
    rule,
)

from did_methods import web
from did_methods.webvh import LogFiles, read_files
from did_methods.webvh_create import approve, update
from did_methods.webvh_watchers import MAX_WATCHERS_ASKED, WatcherState, compared, named_watchers, watcher_urls
from node.verification.did_logs import LOG_TOOLS

LOG = chain(4)
DID = did_of(LOG)
LINES = LOG.splitlines(keepends=True)
URL = "https://watcher.example/webvh"


def read(log, witnesses=None, did=DID):
    return read_files(did, LogFiles(log, witnesses), LOG_TOOLS, now=NOW)


def shown(published, held):
    finding = compared(URL, read(published), read(held))
    return finding.state, finding.number


def other_third():
    """A second history: another third entry, signed by the key that may."""
    two = b"".join(LINES[:2])
    document = web.new_document(DID, private(90).public)
    return update(two, {}, KEYS[0], LOG_TOOLS, at=START + 9 * DAY, document=document)


def test_where_a_watcher_is_asked():
    urls = watcher_urls(f"{URL}/", "QmX")
    assert urls.log == f"{URL}/log?scid=QmX"
    assert urls.witnesses == f"{URL}/witness?scid=QmX"
    assert watcher_urls("https://watcher.example:8443", "QmX").log == "https://watcher.example:8443/log?scid=QmX"


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    "url",
    [
        "http://watcher.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://user@watcher.example/",
        "https://watcher.example/?x=",
        "https://watcher.example/#",
        "https://Watcher.example/",
        "did:web:watcher.example",
        "ftp://watcher.example/",
        "https://watcher.example/\n",
        "https://watcher.example/" + "a" * 1024,
        "",
    ],
)
def test_who_cannot_be_asked(url):
    assert watcher_urls(url, "QmX") is None


def test_this_machine_is_asked_only_where_it_was_opened():
    for url in ("http://localhost:8000/", "https://localhost/"):
        assert watcher_urls(url, "QmX") is None
        assert watcher_urls(url, "QmX", loopback=True) is not None
    assert watcher_urls("http://watcher.example/", "QmX", loopback=True) is None


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    ("published", "held", "state", "number"),
    [
        (LOG, LOG, WatcherState.SAME, None),
        (LOG, LOG.rstrip(b"\n"), WatcherState.SAME, None),
        (LOG, b"".join(LINES[:2]), WatcherState.BEHIND, 3),
        (b"".join(LINES[:2]), LOG, WatcherState.AHEAD, 3),
        (LOG, other_third(), WatcherState.FORK, 3),
        (other_third(), LOG, WatcherState.FORK, 3),
        (LOG, b"", WatcherState.UNSOUND, 1),
        (LOG, b"<html>", WatcherState.UNSOUND, 1),
        (LOG, LOG[:-20], WatcherState.UNSOUND, 4),
        (LOG, forged(LOG, by=1), WatcherState.UNSOUND, 5),
        (LOG, forged(b"".join(LINES[:2]), by=1), WatcherState.UNSOUND, 3),
        (LOG, LINES[0] + LINES[2] + LINES[1], WatcherState.UNSOUND, 2),
        (LOG, first(changes={"ttl": 5}), WatcherState.UNSOUND, 1),
        (b"".join(LINES[:2]), forged(LOG, by=1), WatcherState.AHEAD, 3),
        (LOG, forged(other_third(), by=1), WatcherState.FORK, 3),
    ],
)
def test_what_a_copy_shows(published, held, state, number):
    assert shown(published, held) == (state, number)
    assert state.contradicts == (state in {WatcherState.AHEAD, WatcherState.FORK})


@pytest.mark.threat(23)
@given(st.integers(0, len(LOG) - 1), st.integers(0, 255))
def test_no_watcher_accuses_without_the_controllers_key(place, byte):
    """Any byte of the true log changed: it never looks as if the controller had signed two histories."""
    held = LOG[:place] + bytes([byte]) + LOG[place + 1 :]
    assert not compared(URL, read(LOG), read(held)).state.contradicts


@pytest.mark.threat(23)
def test_what_witnesses_did_not_approve_accuses_nobody():
    log = first(changes={"witness": rule(1, 0)})
    approved = approve(log, None, WITNESSES[:1], LOG_TOOLS, at=START)
    more = update(log, {}, KEYS[0], LOG_TOOLS, at=START + DAY)
    did = did_of(log)
    published = read(log, approved, did)
    assert compared(URL, published, read(more, approved, did)).state is WatcherState.UNSOUND
    both = approve(more, approved, WITNESSES[:1], LOG_TOOLS, at=START + DAY)
    assert compared(URL, published, read(more, both, did)).state is WatcherState.AHEAD


def test_all_that_a_log_ever_named_are_asked_the_latest_first():
    log = first(changes={"watchers": ["https://a.example/", "https://b.example/"]})
    log = update(log, {"watchers": ["https://c.example/", "https://a.example/"]}, KEYS[0], LOG_TOOLS, at=START + DAY)
    log = update(log, {"watchers": []}, KEYS[0], LOG_TOOLS, at=START + 2 * DAY)
    assert named_watchers(read(log, did=did_of(log))) == (
        "https://c.example/",
        "https://a.example/",
        "https://b.example/",
    )
    many = first(changes={"watchers": [f"https://w{number}.example/" for number in range(60)]})
    assert len(named_watchers(read(many, did=did_of(many)))) == MAX_WATCHERS_ASKED
    assert entries(many)[0]["parameters"]["watchers"][0] == named_watchers(read(many, did=did_of(many)))[0]
