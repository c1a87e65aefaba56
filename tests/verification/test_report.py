"""What the policy makes of the checks: verdict, sentence, and the JSON that every face of glejt shows."""

import json
import pickle
from datetime import datetime, timedelta, timezone

import pytest
from verification_support import AT, EVERYDAY, STRICT, made_up

from node.verification.check import Check, CheckName, Outcome
from node.verification.policy import INDISPENSABLE, Policy
from node.verification.report import Report, Sentence, Verdict, combine, judge

REVOKED_KEY = ("failed", "issuer_key.revoked", {"revoked": "2026-05-01T00:00:00Z"})
WITHDRAWN = ("failed", "status.revoked", {"date": "2026-05-01T00:00:00Z"})
SUSPENDED = ("failed", "status.suspended", {"date": "2026-05-01T00:00:00Z"})
ENDED = ("failed", "validity.ended", {"until": "2026-05-01T00:00:00Z"})
NOT_YET = ("failed", "validity.not_yet", {"from": "2026-07-01T00:00:00Z"})
LENIENT = Policy("lenient", INDISPENSABLE)
LISTED = ("indeterminate", "authority.listed", {"lists": [{"list": "demo"}]})

# In the order of precedence: each of these is said although all that follow are true as well.
BY_PRECEDENCE = [
    ("malformed", {"structure": "failed"}),
    ("ambiguous", {"context": "failed"}),
    ("altered", {"proof": "failed"}),
    ("revoked_key", {"issuer_key": REVOKED_KEY}),
    ("wrong_key", {"issuer_key": "failed"}),
    ("withdrawn", {"status": WITHDRAWN}),
    ("suspended", {"status": SUSPENDED}),
    ("ended", {"validity": ENDED}),
    ("not_yet", {"validity": NOT_YET}),
    ("refused", {"holder": "failed"}),
    ("cannot_tell", {"anchor": "indeterminate"}),
]
CERTAIN = {"anchor": "passed", "authority": ("passed", "authority.accredited", {"body": "Board"})}


@pytest.mark.parametrize("index", range(len(BY_PRECEDENCE)))
def test_the_first_match_is_said(index):
    worse_first = {}
    for _, checks in reversed(BY_PRECEDENCE[index:]):
        worse_first |= checks
    report = made_up(STRICT, **{**CERTAIN, **worse_first})
    assert report.sentence == BY_PRECEDENCE[index][0]


@pytest.mark.parametrize(
    ("checks", "policy", "verdict", "sentence"),
    [
        ({"authority": LISTED, "class_": "indeterminate"}, EVERYDAY, "accepted", "genuine"),
        ({"authority": "indeterminate"}, EVERYDAY, "accepted", "genuine_but"),
        ({"authority": LISTED, "holder": "failed"}, EVERYDAY, "accepted", "genuine_but"),
        ({"authority": LISTED, "holder": "indeterminate"}, EVERYDAY, "accepted", "genuine"),
        ({"authority": LISTED, "status": "indeterminate"}, EVERYDAY, "cannot_tell", "cannot_tell"),
        ({"authority": LISTED, "status": "indeterminate"}, LENIENT, "accepted", "genuine_but"),
        ({"authority": LISTED, "status": "not_applicable"}, STRICT, "cannot_tell", "cannot_tell"),
        ({"status": WITHDRAWN}, LENIENT, "accepted", "withdrawn"),
        ({"validity": ENDED}, LENIENT, "accepted", "ended"),
        ({"validity": ENDED}, EVERYDAY, "rejected", "ended"),
        ({"validity": NOT_YET}, EVERYDAY, "rejected", "not_yet"),
        # Without a proof by the issuer's key nothing is called genuine, whatever else failed.
        ({"issuer_key": "indeterminate", "validity": ENDED}, EVERYDAY, "rejected", "cannot_tell"),
        ({"proof": "indeterminate", "validity": NOT_YET}, EVERYDAY, "rejected", "cannot_tell"),
        ({"proof": "not_applicable"}, EVERYDAY, "cannot_tell", "cannot_tell"),
        ({"issuer_key": "indeterminate", "holder": "failed"}, STRICT, "rejected", "cannot_tell"),
        # An end that the policy does not ask about does not hide that it cannot tell.
        ({"validity": ENDED, "status": "indeterminate"}, EVERYDAY, "rejected", "ended"),
    ],
)
def test_verdict_and_sentence(checks, policy, verdict, sentence):
    report = made_up(policy, **checks)
    assert (report.verdict, report.sentence) == (verdict, sentence)


def test_an_end_nobody_asked_about_goes_only_with_an_answer():
    policy = Policy("odd", INDISPENSABLE | {CheckName.STATUS})
    report = made_up(policy, validity=ENDED, status="indeterminate")
    assert (report.verdict, report.sentence) == ("cannot_tell", "cannot_tell")


@pytest.mark.parametrize("name", ["anchor", "holder", "authority", "class", "validity"])
def test_a_required_check_that_does_not_apply_leaves_the_verdict_open(name):
    policy = Policy("asks", INDISPENSABLE | {CheckName(name)})
    report = made_up(policy, **{f"{name}_": "not_applicable"})
    assert report.verdict == "cannot_tell"


def test_a_required_status_that_does_not_apply_is_enough():
    policy = Policy("asks", INDISPENSABLE | {CheckName.STATUS})
    assert made_up(policy, status="not_applicable").verdict == "accepted"


@pytest.mark.parametrize("name", sorted(EVERYDAY.requires))
def test_a_required_check_that_nobody_made_did_not_run(name):
    checks = [Check(other, Outcome.PASSED, f"{other}.passed", "") for other in CheckName if other != name]
    entry = judge(checks, EVERYDAY, {})
    assert entry.verdict == "cannot_tell"
    assert entry.check(CheckName(name)).outcome == "indeterminate"
    assert [check.name for check in entry.checks] == list(CheckName)


def test_the_whole_is_as_good_as_its_worst():
    good = made_up(authority=LISTED).credentials[0]
    unknown = made_up(status="indeterminate").credentials[0]
    ended = made_up(validity=ENDED).credentials[0]
    for entries in ([good, unknown, ended], [ended, good, unknown]):
        report = combine(entries, EVERYDAY, AT)
        assert (report.verdict, report.sentence) == ("rejected", "ended")
    report = combine([good, unknown], EVERYDAY, AT)
    assert (report.verdict, report.sentence) == ("cannot_tell", "cannot_tell")


def test_a_report_on_nothing_cannot_be_made():
    with pytest.raises(ValueError, match="an entry even where no credential"):
        combine([], EVERYDAY, AT)


def test_the_json_has_the_promised_shape():
    at = datetime(2026, 6, 12, 16, 3, tzinfo=timezone(timedelta(hours=2)))
    made = made_up(authority=LISTED)
    report = Report(made.verdict, made.sentence, made.policy, at, made.credentials)
    told = json.loads(json.dumps(report.to_json()))
    assert list(told) == ["verdict", "sentence", "policy", "at", "credentials"]
    assert told["at"] == "2026-06-12T14:03:00Z"
    assert told["policy"] == "everyday"
    (entry,) = told["credentials"]
    assert list(entry) == ["verdict", "sentence", "credential", "checks"]
    assert [check["check"] for check in entry["checks"]] == [
        "structure", "context", "issuer_key", "proof", "validity", "status", "anchor", "holder", "authority", "class",
    ]  # fmt: skip
    assert all(list(check) == ["check", "outcome", "code", "message", "evidence"] for check in entry["checks"])


def test_a_report_can_be_sent_to_another_process():
    report = made_up(authority=LISTED)
    assert pickle.loads(pickle.dumps(report)).to_json() == report.to_json()  # noqa: S301 -- our own bytes


def test_verdicts_and_sentences_are_ordered_by_how_bad_they_are():
    assert list(Verdict) == ["accepted", "cannot_tell", "rejected"]
    assert [sentence for sentence, _ in BY_PRECEDENCE] + ["genuine_but", "genuine"] == list(Sentence)
