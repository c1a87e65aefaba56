"""The report: what was checked, how each check ended, and what the policy makes of it.

One entry per credential; the whole is as good as its worst. A check that is missing counts as one that did not run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.check import Check, CheckName, Outcome
from node.verification.policy import Policy
from node.verification.rows import Row, RowState, each_row


class Verdict(StrEnum):
    """The policy's answer, best first."""

    ACCEPTED = "accepted"
    CANNOT_TELL = "cannot_tell"
    REJECTED = "rejected"


class Sentence(StrEnum):
    """What is said first, in the order in which the first match is taken: the earlier, the worse."""

    MALFORMED = "malformed"
    AMBIGUOUS = "ambiguous"
    ALTERED = "altered"
    REVOKED_KEY = "revoked_key"
    WRONG_KEY = "wrong_key"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    ENDED = "ended"
    NOT_YET = "not_yet"
    REFUSED = "refused"
    CANNOT_TELL = "cannot_tell"
    GENUINE_BUT = "genuine_but"
    GENUINE = "genuine"


VERDICTS: Final = tuple(Verdict)
CHECKS: Final = tuple(CheckName)
SENTENCES: Final = tuple(Sentence)

BY_FAILED_CHECK: Final[tuple[tuple[CheckName, str | None, Sentence], ...]] = (
    (CheckName.STRUCTURE, None, Sentence.MALFORMED),
    (CheckName.CONTEXT, None, Sentence.AMBIGUOUS),
    (CheckName.PROOF, None, Sentence.ALTERED),
    (CheckName.ISSUER_KEY, "issuer_key.revoked", Sentence.REVOKED_KEY),
    (CheckName.ISSUER_KEY, None, Sentence.WRONG_KEY),
    (CheckName.STATUS, "status.revoked", Sentence.WITHDRAWN),
    (CheckName.STATUS, "status.suspended", Sentence.SUSPENDED),
)
"""Failures that decide the sentence whatever the policy requires, in the order of precedence; None is any code."""

OUT_OF_FORCE: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "validity.ended": Sentence.ENDED,
        "validity.proof_expired": Sentence.ENDED,
        "validity.not_yet": Sentence.NOT_YET,
    }
)

MUST_BE_KNOWN: Final = 4
"""Rows 1 to 4 say what the document is; an unknown among them is named in the sentence, one among 5 to 7 is not."""


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """What is known about one credential. `summary` repeats the document's own words, whatever the checks found."""

    verdict: Verdict
    sentence: Sentence
    summary: Mapping[str, JsonValue]
    checks: tuple[Check, ...]

    def check(self, name: CheckName) -> Check:
        """The check of this name; one that is missing did not run."""
        return next((check for check in self.checks if check.name == name), None) or _missing(name)

    def to_json(self) -> JsonObject:
        """The entry as a report writes it."""
        return {
            "verdict": self.verdict.value,
            "sentence": self.sentence.value,
            "credential": dict(self.summary),
            "checks": [check.to_json() for check in self.checks],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to “may I rely on this?”, by a policy and as of a time."""

    verdict: Verdict
    sentence: Sentence
    policy: Policy
    at: datetime
    credentials: tuple[CredentialReport, ...]

    def to_json(self) -> JsonObject:
        """The report as every face of glejt shows it; stable from the first release."""
        return {
            "verdict": self.verdict.value,
            "sentence": self.sentence.value,
            "policy": self.policy.name,
            "at": format_timestamp(self.at),
            "credentials": [entry.to_json() for entry in self.credentials],
        }

    @staticmethod
    def from_json(value: JsonObject, policy: Policy, at: datetime) -> "Report":
        """A report that `to_json` wrote in another process of ours, by this policy and as of this time."""
        entries = value["credentials"]
        if not isinstance(entries, list):
            raise TypeError("a report has a list of entries")
        return combine([_entry(entry) for entry in entries if isinstance(entry, dict)], policy, at)


def _entry(value: JsonObject) -> CredentialReport:
    summary, checks = value["credential"], value["checks"]
    if not isinstance(summary, dict) or not isinstance(checks, list):
        raise TypeError("an entry has a summary and a list of checks")
    return CredentialReport(
        Verdict(str(value["verdict"])),
        Sentence(str(value["sentence"])),
        summary,
        tuple([Check.from_json(check) for check in checks if isinstance(check, dict)]),
    )


def judge(checks: Iterable[Check], policy: Policy, summary: Mapping[str, JsonValue]) -> CredentialReport:
    """The report on one credential, from its checks."""
    found = _completed(checks)
    verdict = verdict_of(found, policy)
    return CredentialReport(verdict, sentence_of(found, verdict), summary, tuple(found.values()))


def combine(entries: Iterable[CredentialReport], policy: Policy, at: datetime) -> Report:
    """The report on everything that was handed over: as good as its worst entry."""
    credentials = tuple(entries)
    if not credentials:
        raise ValueError("a report has an entry even where no credential was found")
    return Report(
        verdict=max((entry.verdict for entry in credentials), key=VERDICTS.index),
        sentence=min((entry.sentence for entry in credentials), key=SENTENCES.index),
        policy=policy,
        at=at,
        credentials=credentials,
    )


def verdict_of(checks: Mapping[CheckName, Check], policy: Policy) -> Verdict:
    """Rejected when a required check failed, accepted when all required are satisfied, else cannot tell."""
    open_ = [check for check in checks.values() if not policy.satisfied(check)]
    if not open_:
        return Verdict.ACCEPTED
    return Verdict.REJECTED if any(check.failed for check in open_) else Verdict.CANNOT_TELL


def sentence_of(checks: Mapping[CheckName, Check], verdict: Verdict) -> Sentence:
    """The sentence, by the first match.

    1. A failure that decides by itself.
    2. Without a proof by the issuer's key nothing can be called genuine, whatever else failed.
    3. Out of force: a genuine document, whether the policy accepts it or not.
    4. What the policy answers.
    """
    for name, code, sentence in BY_FAILED_CHECK:  # 1
        if checks[name].failed and (code is None or code == checks[name].code):
            return sentence
    if not (checks[CheckName.PROOF].passed and checks[CheckName.ISSUER_KEY].passed):  # 2
        return Sentence.CANNOT_TELL
    validity = checks[CheckName.VALIDITY]
    if validity.failed and validity.code in OUT_OF_FORCE and verdict is not Verdict.CANNOT_TELL:  # 3
        return OUT_OF_FORCE[validity.code]
    match verdict:  # 4
        case Verdict.REJECTED:
            return Sentence.REFUSED
        case Verdict.CANNOT_TELL:
            return Sentence.CANNOT_TELL
        case Verdict.ACCEPTED:
            return Sentence.GENUINE_BUT if any(map(blemish, each_row(checks))) else Sentence.GENUINE


def blemish(row: Row) -> bool:
    """Whether a row keeps an accepted document from being called genuine without a “but”."""
    return row.state is RowState.FAIL or (row.state is RowState.UNKNOWN and row.number <= MUST_BE_KNOWN)


def _completed(checks: Iterable[Check]) -> dict[CheckName, Check]:
    """Each check by its name, in order; one that nobody made is one that did not run."""
    made = {check.name: check for check in checks}
    return {name: made.get(name) or _missing(name) for name in CHECKS}


def _missing(name: CheckName) -> Check:
    return Check(name, Outcome.INDETERMINATE, f"{name}.missing", "This check was not made.")
