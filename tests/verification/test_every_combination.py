"""No combination of check outcomes is ever shown as more than it is: not in the JSON, not in a row, not in words."""

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_support import EVERYDAY, STRICT, made_up

from node.verification import gaps, row_texts
from node.verification.check import Check, CheckName, Outcome
from node.verification.phrases import LANGUAGES, phrases
from node.verification.policy import INDISPENSABLE, Policy, built_in
from node.verification.report import VERDICTS, combine, judge, sentence_of, verdict_of
from node.verification.rows import CHECKS_OF_ROW, RowState, rows_of
from node.verification.wording import wording

POLICIES = [*map(built_in, ("everyday", "strict", "archive")), Policy("lenient", INDISPENSABLE)]
GENUINE = {"genuine", "genuine_but", "ended", "not_yet", "refused"}
"""The sentences that begin by calling the document genuine."""
ALL = list(itertools.product(Outcome, repeat=len(CheckName)))
NAMES = list(CheckName)


def _checks() -> dict[CheckName, dict[Outcome, Check]]:
    return {name: {outcome: Check(name, outcome, f"{name}.{outcome}", "") for outcome in Outcome} for name in CheckName}


@pytest.mark.parametrize("policy", [EVERYDAY, STRICT], ids=["everyday", "strict"])
def test_verdict_and_sentence_of_all_combinations(policy):
    """All 4^10, each judged: nothing required is missing from an acceptance, nothing unknown from “genuine”."""
    made = _checks()
    required = [NAMES.index(name) for name in policy.requires]
    proof, key = NAMES.index(CheckName.PROOF), NAMES.index(CheckName.ISSUER_KEY)
    status = NAMES.index(CheckName.STATUS)
    passed, failed, not_applicable = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_APPLICABLE
    wrong = []
    for combination in ALL:
        checks = {name: made[name][outcome] for name, outcome in zip(NAMES, combination, strict=True)}
        verdict = verdict_of(checks, policy)
        if any(combination[index] is failed for index in required):
            expected = "rejected"
        elif all(
            combination[index] is passed or (index == status and combination[index] is not_applicable)
            for index in required
        ):
            expected = "accepted"
        else:
            expected = "cannot_tell"
        if verdict != expected:
            wrong.append((combination, verdict))
            continue
        # The sentence depends on rows only once a document is accepted; then on all of them.
        sentence = sentence_of(checks, verdict)
        if sentence in GENUINE and not (combination[proof] is passed and combination[key] is passed):
            wrong.append((combination, sentence))
        if sentence in {"genuine", "genuine_but"} and verdict != "accepted":
            wrong.append((combination, sentence))
        if sentence == "genuine" and any(outcome is failed for outcome in combination):
            wrong.append((combination, sentence))
    assert wrong == []


@pytest.mark.parametrize("number", range(1, 8))
def test_a_row_passes_only_when_all_its_checks_did(number):
    """All outcomes of the checks behind the row; the others cannot matter, as the next test shows."""
    names = CHECKS_OF_ROW[number - 1]
    passes = set()
    made = _checks()
    for combination in itertools.product(Outcome, repeat=len(names)):
        checks = {name: made[name][Outcome.PASSED] for name in CheckName}
        checks |= {name: made[name][outcome] for name, outcome in zip(names, combination, strict=True)}
        if rows_of(checks)[number - 1].state is RowState.PASS:
            passes.add(combination)
    # Row 2 asks the authority for a list or a body, and these have none.
    assert passes == (set() if number == 2 else {(Outcome.PASSED,) * len(names)})


def test_row_2_passes_only_with_the_key_and_somebody_who_names_the_issuer():
    made = _checks()
    for key, authority, named in itertools.product(
        Outcome, Outcome, [{}, {"lists": []}, {"lists": [{}]}, {"body": "B"}]
    ):
        checks = {name: made[name][Outcome.PASSED] for name in CheckName}
        checks[CheckName.ISSUER_KEY] = made[CheckName.ISSUER_KEY][key]
        checks[CheckName.AUTHORITY] = Check(CheckName.AUTHORITY, authority, "authority.test", "", named)
        known = named.get("lists") or (authority is Outcome.PASSED and named.get("body"))
        assert (rows_of(checks)[1].state is RowState.PASS) == (key is Outcome.PASSED and bool(known))


@given(st.lists(st.sampled_from(Outcome), min_size=10, max_size=10), st.integers(1, 7), st.data())
def test_a_row_depends_on_its_own_checks_only(outcomes, number, data):
    made = _checks()
    checks = {name: made[name][outcome] for name, outcome in zip(NAMES, outcomes, strict=True)}
    before = rows_of(checks)[number - 1].state
    for name in set(CheckName) - set(CHECKS_OF_ROW[number - 1]):
        checks[name] = made[name][data.draw(st.sampled_from(Outcome))]
    assert rows_of(checks)[number - 1].state is before


KNOWN_CODES = sorted(
    {*gaps.BY_CODE, *gaps.DEFERRED, *row_texts.UNKNOWN_KEYS, *row_texts.OPEN_LISTS}
    | {
        "issuer_key.revoked", "status.revoked", "status.suspended", "status.no_anchored_list", "status.rolled_back",
        "validity.ended", "validity.not_yet", "validity.proof_expired", "validity.unreadable", "anchor.waiting",
        "anchor.test_network", "anchor.unlinkable", "holder.replay", "authority.listed", "authority.distrusted",
        "authority.list_stale", "mc.label.mismatch", "mc.claim.unsupported", "context.undefined_term",
        "structure.not_run", "issuer_key.not_run", "authority.not_run", "credential.type",
        "credential.limit.bytes", "something.new",
    }
)  # fmt: skip
EVIDENCE = st.dictionaries(
    st.sampled_from(
        ["lists", "known", "body", "date", "revoked", "until", "from", "time", "source", "network", "block", "class",
         "score", "elements", "findings", "last_known", "covers", "path", "value", "within", "seen", "reason", "level",
         "issuer"]
    ),
    st.one_of(
        st.none(), st.text(max_size=20), st.integers(), st.just("2026-06-12T14:03:00Z"), st.lists(st.text(max_size=5)),
        st.just([{"list": "demo", "issuer": "U", "domain": "u.example"}]), st.just({"met": 9, "of": 11}),
        st.sampled_from(["participation", "achievement", "mandatory", "live"]),
    ),
    max_size=6,
)  # fmt: skip
OUTCOME = st.sampled_from([str(outcome) for outcome in Outcome])
CHECK = st.one_of(OUTCOME, st.tuples(OUTCOME, st.sampled_from(KNOWN_CODES), EVIDENCE))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(template)), re.DOTALL)


PASS_TEXTS = {
    language: {
        number: [
            _pattern(text) for key, text in phrases(language).texts.items() if key.startswith(f"row.{number}.pass")
        ]
        for number in range(1, 8)
    }
    for language in LANGUAGES
}


@settings(max_examples=400)
@given(
    policy=st.sampled_from(POLICIES),
    checks=st.fixed_dictionaries({f"{name}_": CHECK for name in CheckName}),
    name=st.one_of(st.none(), st.text(max_size=20)),
)
def test_no_words_say_more_than_the_checks(policy, checks, name):
    """Also under codes and evidence that this version does not know, or that a stranger chose."""
    report = made_up(policy, {"issuer": {"id": "did:example:a"}, "subject": {"name": name}}, **checks)
    (entry,) = report.credentials
    told = json.loads(json.dumps(report.to_json()))
    assert [check["outcome"] for check in told["credentials"][0]["checks"]] == [
        value if isinstance(value := checks[f"{check}_"], str) else value[0] for check in CheckName
    ]
    for language in LANGUAGES:
        said = wording(report, language)
        (words,) = said.credentials
        for row, names in zip(words.rows, CHECKS_OF_ROW, strict=True):
            made = [entry.check(check).passed for check in names]
            may_pass = made[0] if row.number == 2 else all(made)
            assert row.state is not RowState.PASS or may_pass
            assert row.spoken != phrases(language)("state.pass") or may_pass
            assert row.look.colour != "green" or may_pass
            if row.state is not RowState.PASS:
                assert not any(pattern.fullmatch(row.text) for pattern in PASS_TEXTS[language][row.number]), row.text
        if words.class_name or words.name or words.person:
            assert all(entry.check(check).passed for check in INDISPENSABLE)
        assert (words.look.colour == "green") == (entry.sentence == "genuine")
        everything = " ".join([words.sentence, words.name or "", *(row.text for row in words.rows)])
        assert all(character.isprintable() or character in "\u2068\u2069\u200c\u200d" for character in everything)


@given(st.permutations(list(range(4))))
def test_the_worst_entry_decides_wherever_it_stands(order):
    kinds = [
        made_up(authority=("indeterminate", "authority.listed", {"lists": [{}]})),
        made_up(status="indeterminate"),
        made_up(validity=("failed", "validity.ended", {"until": "2026-05-01T00:00:00Z"})),
        made_up(proof="failed"),
    ]
    entries = [kinds[index].credentials[0] for index in order]
    report = combine(entries, EVERYDAY, kinds[0].at)
    assert (report.verdict, report.sentence) == ("rejected", "altered")
    assert VERDICTS.index(report.verdict) == max(VERDICTS.index(entry.verdict) for entry in entries)


def test_judging_all_combinations_keeps_every_outcome():
    """What goes into the report is what comes out, for each check by itself."""
    made = _checks()
    for name, outcome in itertools.product(CheckName, Outcome):
        checks = [made[other][outcome if other == name else Outcome.PASSED] for other in CheckName]
        assert judge(checks, EVERYDAY, {}).check(name).outcome is outcome
