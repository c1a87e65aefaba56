"""This machine's clock beside the chain's: what is signed when they disagree."""

from dataclasses import replace

import pytest

from anchoring.transactions.clock import ClockCheck
from anchoring.transactions.endpoint import Head
from anchoring.transactions.problems import Problem

YEAR, NOW = 365 * 86_400, 1_800_000_000
HEAD = Head(100, bytes(32), NOW - 12, 7)


def problem(*, now=NOW, head=HEAD, anchored_until=NOW - 900, unchanged=0.0):
    return ClockCheck(60.0).problem(head, now=now, unchanged=unchanged, anchored_until=anchored_until)


@pytest.mark.threat(98)
@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (0, None),
        (-120, None),
        (-121, Problem.CLOCK_BEHIND),
        (-3600, Problem.CLOCK_BEHIND),
        (-YEAR, Problem.CLOCK_BEHIND),
        (-5 * YEAR, Problem.CLOCK_BEHIND),
        (600, None),
        (601, Problem.CLOCK_AHEAD),
        (3600, Problem.CLOCK_AHEAD),
        (5 * YEAR, Problem.CLOCK_AHEAD),
    ],
)
def test_a_clock_that_is_off_signs_nothing(off, expected):
    now = HEAD.time + off
    assert problem(now=now, anchored_until=HEAD.time) is expected


@pytest.mark.threat(98)
def test_before_anything_was_anchored_no_clock_is_behind():
    assert problem(now=NOW - 5 * YEAR, anchored_until=0) is None


@pytest.mark.threat(98)
@pytest.mark.threat(93)
def test_a_halted_chain_stops_nobody_once_it_is_seen_to_stand_still():
    old = replace(HEAD, time=NOW - 7200)
    assert problem(head=old, unchanged=59.9) is Problem.CLOCK_AHEAD
    assert problem(head=old, unchanged=60.0) is None


@pytest.mark.threat(98)
def test_standing_still_is_measured_by_what_nobody_sets_and_begins_anew_with_each_head():
    check = ClockCheck(60.0)
    assert [check.watch(HEAD, moment) for moment in (5.0, 35.0, 65.0)] == [0.0, 30.0, 60.0]
    other = replace(HEAD, number=101, hash=bytes([1]) * 32)
    assert [check.watch(other, moment) for moment in (70.0, 71.0)] == [0.0, 1.0]
