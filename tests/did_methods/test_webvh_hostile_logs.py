"""Hostile logs of did:webvh: of any form, in any order, with any byte changed, of any date."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webvh_support import (
    KEYS,
    NOW,
    START,
    chain,
    entries,
    first,
    forged,
    read,
    rotating,
)

from did_methods.webvh_log import MAX_ENTRIES, MAX_LINE_BYTES, MAX_LOG_BYTES

CHAIN = chain(3)
ROTATING = rotating(3)


def refused(log, now=NOW):
    """Why the log ends, and how many versions hold."""
    seen = read(log, now)
    return seen.refusal.error.code if seen.refusal else None, len(seen.versions)


def line_of(entry):
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


class TestForm:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "webvh.line"),
            (b"\n", "webvh.line"),
            (b"\n\n", "webvh.line"),
            (b"[]", "webvh.member"),
            (b"null", "webvh.member"),
            (b"{}", "webvh.member"),
            (b'{"versionId":"1-x","versionId":"1-y"}', "webvh.line"),
            (b"\xff", "webvh.line"),
            (b"\xef\xbb\xbf{}", "webvh.line"),
            (b"[" * 100_000, "webvh.line"),
            (b" " * (MAX_LINE_BYTES + 1), "webvh.too_large"),
            ((b" " * 2047 + b"\n") * (MAX_LOG_BYTES // 2048 + 1), "webvh.too_large"),
            (b"{}\n" * (MAX_ENTRIES + 1), "webvh.too_many"),
        ],
    )
    def test_what_is_no_log(self, data, code):
        assert refused(data) == (code, 0)

    def test_an_empty_line_ends_it(self):
        one, two, three = CHAIN.splitlines(keepends=True)
        assert refused(one + b"\n" + two + three) == ("webvh.line", 1)

    def test_too_many_entries_are_not_read_at_all(self):
        assert refused(first() + b"{}\n" * MAX_ENTRIES) == ("webvh.too_many", 0)

    def test_an_entry_has_no_other_members(self):
        assert refused(forged(first(), **{"x-more": 1})) == ("webvh.member", 1)

    @pytest.mark.parametrize("member", ["versionId", "parameters", "state"])
    def test_the_members_have_their_kind(self, member):
        line = entries(first())[0]
        line[member] = 5
        assert refused(line_of(line)) == ("webvh.member", 0)

    def test_lines_may_end_as_windows_ends_them(self):
        assert refused(CHAIN.replace(b"\n", b"\r\n")) == (None, 3)

    @pytest.mark.parametrize(
        "version_id", ["1", "1-", "-Qm", "01-{0}", "1_{0}", "1-{0} ", "1--{0}", "+1-{0}", "\uff11-{0}"]
    )
    def test_a_version_is_named_by_number_and_hash(self, version_id):
        line = entries(first())[0]
        line["versionId"] = version_id.format(line["versionId"][2:])
        body = {name: value for name, value in line.items() if name != "proof"}
        line["proof"] = [KEYS[0].proof(body, START)]
        assert refused(line_of(line))[0] in {"webvh.number", "webvh.hash"}


@pytest.mark.threat(23)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([CHAIN, ROTATING]),
    st.integers(0, 10_000),
    st.one_of(
        st.binary(min_size=1, max_size=1),
        st.sampled_from([b"", b"\n", b'"', b"{", b"}", b"\\", b"0", b"9", b"A", b"z", b" ", b"\x00", b"\xff", b","]),
    ),
    st.booleans(),
)
def test_whatever_is_changed_no_document_is_read_that_was_not_signed(log, place, byte, insert):
    """Any byte replaced, removed or put in: every version still read is one that the controller wrote, in its place."""
    place %= len(log)
    changed = log[:place] + byte + log[place + (not insert) :]
    original = read(log).versions
    for version, true in zip(read(changed).versions, original, strict=False):
        assert version.document == true.document
        assert (version.version_id, version.time, version.parameters) == (true.version_id, true.time, true.parameters)


@pytest.mark.threat(23)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(6)), max_size=7))
def test_whatever_order_the_entries_come_in_only_their_own_is_read(order):
    """Entries of two logs that begin alike, in any order: what is read is the beginning of one of them."""
    one, other = forged(forged(first(), {"ttl": 1}), {}), forged(forged(first(), {"ttl": 2}), {})
    lines = [*one.splitlines(keepends=True), *other.splitlines(keepends=True)]
    names = [version.version_id for version in read(b"".join(lines[number] for number in order)).versions]
    branches = [[version.version_id for version in read(log).versions] for log in (one, other)]
    assert names in [branch[: len(names)] for branch in branches]


@pytest.mark.threat(109)
def test_a_log_that_was_written_today_with_old_times_is_sound_and_proves_no_time():
    """What is said of a version's time is its controller's word, and no witness is there to say more."""
    old = datetime(2016, 1, 1, tzinfo=UTC)
    log = first(at=old)
    for year in range(1, 10):
        log = forged(log, versionTime=f"{2016 + year}-01-01T00:00:00Z")
    seen = read(log, datetime.now(UTC) + timedelta(0))
    assert seen.refusal is None
    assert seen.versions[0].time == old
    assert not seen.witnessed
    assert all(not version.approved_by for version in seen.versions)
