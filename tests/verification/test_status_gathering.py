"""Gathering status lists: each whole list once, bounded, kept while it is fresh, and every failure a matter of data."""

import asyncio
import json
from datetime import timedelta

import pytest
from status_support import (
    DAY,
    DOCUMENT,
    GOOD,
    HOUR,
    LIST,
    OTHER,
    Web,
    copy_of,
    entry,
    having,
    pointing,
    status,
    status_list,
    told,
)
from verification_support import AT, ISSUER, credential, judged, presentation

from did_methods.key import KeyMethod
from did_methods.resolution import resolve
from node.documents import MAX_CREDENTIAL_BYTES
from node.verification import status_gathering
from node.verification.errors import FetchRefusedError, MaterialError, UnreachableError
from node.verification.gather import gather
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.sources import Fetched, Sources, no_fetch
from node.verification.status_gathering import MAX_AT_ONCE, MAX_COPIES, MAX_HELD, MAX_LISTS, USUAL_FRESHNESS
from node.verification.trust import NO_TRUST


def _gather(subject, fetch, *, held=(), now=AT):
    sources = Sources(lambda did: resolve(did, {"key": KeyMethod()}), lambda: now, fetch)
    return asyncio.run(gather(subject, sources, NO_TRUST, lists=held))


def test_a_list_is_fetched_and_judged():
    web = Web({LIST: status_list([7])})
    material = _gather(DOCUMENT, web)
    assert web.asked == [LIST]
    assert web.limits == {MAX_CREDENTIAL_BYTES}
    assert "application/vc" in web.accepted.pop()
    assert [(copy.url, copy.origin, copy.obtained_at) for copy in material.status_lists] == [(LIST, Origin.LIVE, AT)]
    assert told(DOCUMENT, material=material) == ("failed", "status.revoked")


@pytest.mark.threat(43)
def test_a_hundred_credentials_ask_for_the_whole_list_once():
    documents = [pointing(entry(index), id=f"urn:uuid:{index}") for index in range(60)]
    web = Web({LIST: status_list([3])})
    material = _gather(presentation(*documents), web)
    assert web.asked == [LIST]
    verdicts = [each.verdict for each in judged(presentation(*documents), material=material).credentials]
    assert [index for index, verdict in enumerate(verdicts) if verdict == "rejected"] == [3]


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("page", "code"),
    [
        (None, "status.unreachable"),
        (UnreachableError("it took longer than 5 s", code="fetch.timeout", remedy="Wait."), "status.unreachable"),
        (FetchRefusedError("it is a private address", code="fetch.address", remedy="Do not."), "status.unreachable"),
        (b"\xff\xfe\x00", "status.unreachable"),
        (b"<!DOCTYPE html><html><body>Our status list moved.</body></html>", "status.list.unreadable"),
        (json.dumps(GOOD).encode()[:-40], "status.list.unreadable"),
        (b"", "status.list.unreadable"),
        (b"{}", "status.list.structure"),
        (b"null", "status.list.unreadable"),
        (status_list(url=OTHER), "status.list.id"),
        ({name: value for name, value in GOOD.items() if name != "proof"}, "status.list.structure"),
    ],
)
def test_what_is_withheld_or_something_else_is_never_good(page, code):
    material = _gather(DOCUMENT, Web({LIST: page}))
    check = status(DOCUMENT, material=material)
    assert (check.outcome.value, check.code) == ("indeterminate", code)
    assert judged(DOCUMENT, material=material).verdict == "cannot_tell"


def test_offline_nobody_is_asked_and_what_came_in_a_file_counts():
    assert told(DOCUMENT, material=_gather(DOCUMENT, no_fetch)) == ("indeterminate", "status.unreachable")
    held = [copy_of(GOOD, Origin.FILE), copy_of(status_list([7], url=OTHER), Origin.FILE, url=OTHER)]
    material = _gather(DOCUMENT, no_fetch, held=held)
    assert [copy.url for copy in material.status_lists] == [LIST]
    assert told(DOCUMENT, material=material) == ("passed", "status.passed")
    assert status(DOCUMENT, material=material).evidence["source"] == "file"


def test_a_file_never_spares_the_question_to_the_issuer():
    web = Web({LIST: status_list([7], signed=AT - HOUR / 2)})
    material = _gather(DOCUMENT, web, held=[copy_of(GOOD, Origin.FILE)])
    assert web.asked == [LIST]
    assert told(DOCUMENT, material=material) == ("failed", "status.revoked")


@pytest.mark.parametrize(
    ("ttl", "until", "fresh_for"),
    [
        (None, AT + DAY, USUAL_FRESHNESS),
        (timedelta(seconds=30), AT + DAY, timedelta(seconds=30)),
        (timedelta(0), AT + DAY, timedelta(0)),
        (2 * HOUR, AT + DAY, 2 * HOUR),
        (2 * HOUR, AT + HOUR, HOUR),
        (timedelta(milliseconds=2**53 - 1), AT + HOUR, HOUR),
        (timedelta(milliseconds=2**53 - 1), None, 3000 * DAY),
    ],
)
def test_a_fetched_list_is_kept_for_its_ttl_and_never_beyond_its_end(ttl, until, fresh_for):
    held = [copy_of(status_list(ttl=ttl, until=until), Origin.SAVED)]
    moment = timedelta(milliseconds=1)
    for now, asked in ((AT + fresh_for - moment, []), (AT + fresh_for, [LIST])):
        web = Web({LIST: GOOD})
        if fresh_for or asked:
            _gather(DOCUMENT, web, held=held, now=now)
            assert web.asked == (asked if fresh_for < 3000 * DAY else [])


def test_a_saved_list_that_cannot_be_read_is_fetched_again():
    for content in ("<html>", "{}", json.dumps({**GOOD, "validUntil": "soon"})):
        web = Web({LIST: GOOD})
        _gather(DOCUMENT, web, held=[copy_of(content, Origin.SAVED)])
        assert web.asked == [LIST]


def test_only_so_many_lists_and_so_many_at_once():
    class Slow(Web):
        now = most = 0

        async def __call__(self, url, *, accept, max_bytes):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.01)
            self.now -= 1
            return await super().__call__(url, accept=accept, max_bytes=max_bytes)

    documents = [
        credential(credentialStatus=[entry(list_url=f"https://s{n}.example/{m}") for m in range(12)]) for n in range(10)
    ]
    web = Slow({})
    material = _gather(presentation(*documents), web)
    assert len(web.asked) == len(set(web.asked)) == MAX_LISTS
    assert web.most == MAX_AT_ONCE
    assert {failure.code for failure in material.status_failures.values()} == {"TOO_MANY", "fetch.status"}
    assert len(material.status_failures) == 80  # 8 entries of each are looked at


def test_only_so_many_copies_the_latest_obtained_first():
    held = [copy_of(f"{n}", Origin.FILE, obtained=AT + n * HOUR) for n in range(9)]
    material = _gather(DOCUMENT, Web({LIST: GOOD}), held=held)
    assert [copy.content for copy in material.status_lists[:-1]] == ["8", "7", "6"]
    assert len(material.status_lists) == MAX_HELD + 1 < MAX_COPIES
    assert material.status_lists[-1].origin is Origin.LIVE


def test_time_runs_out_as_data(monkeypatch):
    monkeypatch.setattr(status_gathering, "FETCH_SECONDS", 0.05)

    async def never(url, *, accept, max_bytes):
        del url, accept, max_bytes
        await asyncio.sleep(30)
        return Fetched(b"", "", "", AT)

    material = _gather(DOCUMENT, never)
    assert material.status_failures[LIST].code == "TIMEOUT"
    assert told(DOCUMENT, material=material) == ("indeterminate", "status.unreachable")


@pytest.mark.parametrize(
    "entries",
    [None, "x", {}, [], [None], {"type": "BitstringStatusListEntry"}, {"statusListCredential": LIST},
     {"type": "Other", "statusListCredential": LIST}, {"type": "BitstringStatusListEntry", "statusListCredential": 7}],
)  # fmt: skip
def test_what_names_no_list_asks_for_nothing(entries):
    web = Web({})
    assert _gather({**ISSUER.sign(credential()), "credentialStatus": entries}, web) == EMPTY
    assert web.asked == []


def test_lists_travel_with_the_material():
    material = having(copy_of(GOOD, Origin.SAVED), status_list(url=OTHER), failures={OTHER: "gone"})
    told_json = json.loads(json.dumps(material.to_json()))
    assert VerificationMaterial.from_json(told_json, own=True) == material
    strange = VerificationMaterial.from_json(told_json)
    assert {copy.origin for copy in strange.status_lists} == {Origin.FILE}
    assert told(DOCUMENT, material=strange) == ("passed", "status.passed")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"statusLists": None}, "/statusLists"),
        ({"statusLists": [7]}, "/statusLists/0"),
        ({"statusLists": [{"url": LIST}]}, "/statusLists/0/content"),
        ({"statusLists": [{"url": LIST, "content": "{}", "origin": "rumour"}]}, "/statusLists/0"),
        ({"statusLists": [{"url": LIST, "content": "{}", "origin": "live"}]}, "/statusLists/0/obtainedAt"),
        ({"statusFailures": []}, "/statusFailures"),
    ],
)
def test_lists_that_are_no_material(change, path):
    with pytest.raises(MaterialError) as refused:
        VerificationMaterial.from_json(EMPTY.to_json() | change)
    assert refused.value.path == path
