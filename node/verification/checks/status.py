"""Check 6: the issuer has not withdrawn or suspended the document.

An answer is always as of the date of a list. What keeps a list from being read, and whatever is wrong with it, leaves
the question open: it never means that the document was withdrawn, nor that it was not.

A document that names no list cannot be withdrawn; that it names none is signed. Where its holder may have hidden the
list, nothing is known. Where it promises that heads of its lists are anchored, the list that they name counts.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#status, https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from node.credentials.credential import MAX_STATUS_ENTRIES
from node.credentials.structure import one_or_many
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, pointer
from node.status.entry import Purpose, StatusEntry, read_entry
from node.status.errors import StatusError
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.counting_list import HeadProblem, Heads, Offered, Refused
from node.verification.material import Origin
from node.verification.status_lists import NOT_YET, SignedList, StatusLists, UnusableList

FINAL: Final = "final"
"""The source of an answer that the issuer sealed."""
GRAVEST_FIRST: Final = (Outcome.FAILED, Outcome.INDETERMINATE, Outcome.PASSED)
UNDISCLOSED: Final = "status.undisclosed"
NOT_SHOWN: Final = (
    "Where it is said whether it was withdrawn is not shown, and its holder may have hidden it. Ask the holder to show "
    "it, or the issuer to sign it as always shown."
)
WITHDRAWN_FIRST: Final = ("status.revoked", "status.suspended")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one entry leads to; `informs` only says that it is no matter of withdrawal."""

    outcome: Outcome
    code: str
    message: str
    evidence: JsonObject = field(default_factory=dict)
    time: datetime | None = None
    informs: bool = False

    @property
    def revocation(self) -> bool:
        """Whether it is about being withdrawn for good."""
        return self.evidence.get("purpose") == Purpose.REVOCATION

    def to_json(self) -> JsonObject:
        return {"outcome": self.outcome.value, "code": self.code, "message": self.message, **self.evidence}


def check_status(case: Case, lists: StatusLists, heads: Heads | None = None) -> Check:
    """The gravest answer that the entries of the document lead to.

    1. No entry: the issuer provided no way to withdraw, unless the holder may have hidden it.
    2. Each entry is looked up. One that only tells of a newer document decides nothing.
    3. Withdrawn before suspended, before unknown; where all are good, the one of the oldest date is the answer. Where
       others may be hidden, only if one of these tells of withdrawal.
    """
    value = case.document.get("credentialStatus", [])
    if value == []:  # 1.
        return _none(hidden=case.undisclosed.members, case=case)
    entries = one_or_many(value, case.credential.path + pointer("credentialStatus"))
    answers = [_look_up(entry, path, case, lists, heads) for entry, path in entries[:MAX_STATUS_ENTRIES]]  # 2.
    decisive = [answer for answer in answers if not answer.informs]
    hidden = case.undisclosed.entries and not any(answer.revocation for answer in decisive)  # 3.
    if not decisive:
        return _none(answers, hidden=hidden, case=case)
    gravest = min(decisive, key=_gravity) if len(decisive) > 1 else decisive[0]
    if hidden and gravest.outcome is Outcome.PASSED and not case.policy.undisclosed_is_absent:
        return _check(_unknown(UNDISCLOSED, NOT_SHOWN, gravest.evidence), answers)
    return _check(gravest, answers)


def _look_up(value: JsonValue, path: str, case: Case, lists: StatusLists, heads: Heads | None) -> _Answer:
    """What one entry leads to.

    1. It says properly which list, which place in it, and for what purpose.
    2. Copies of that list are at hand that its issuer signed, who is also the document's.
    3. The list is long enough, for this purpose, and has the place.
    4. What any of them says to be withdrawn for good is withdrawn, whatever a later one says.
    5. Else the one that a promised head names counts, where one is promised; else the latest, and no older one in its
       stead.
    6. Its date is within the policy's bounds: the list's own end, and the longest age.
    7. The value is read by its purpose.
    """
    if not isinstance(value, dict):
        return _unknown("status.entry", "What should say where the status is found is no object.", {"path": path})
    try:
        entry = read_entry(value, path)  # 1.
    except StatusError as error:
        return _unknown(error.code, f"{error}. {error.remedy}", {"path": error.path})
    asked: JsonObject = {"purpose": entry.purpose, "index": entry.index, "list": entry.list_url}
    found = [_read(copy, entry, case) for copy in lists.copies(entry.list_url)]  # 2.
    withdrawn = [
        one for one in found if isinstance(one, _Reading) and one.value and entry.purpose == Purpose.REVOCATION
    ]
    if withdrawn:  # 4.
        first = min(withdrawn, key=lambda reading: reading.list.signed)
        message = "The issuer has withdrawn it. Ask the person, or the issuer, for a document that stands."
        return _Answer(Outcome.FAILED, "status.revoked", message, asked | first.evidence(), first.list.signed)
    if heads is not None:  # 5.
        digests = lists.digests(entry.list_url)
        chosen = heads.choose(entry.list_url, tuple(map(_offered, found, digests)))
        if isinstance(chosen, HeadProblem):
            informs = entry.purpose == Purpose.REFRESH
            return _Answer(chosen.outcome, chosen.code, chosen.message, asked | chosen.evidence, informs=informs)
        if chosen is not None and isinstance(reading := found[chosen.place], _Reading):
            return _judged(entry, reading, asked | reading.evidence() | chosen.evidence)  # 7.
    return _by_date(entry, asked, found, lists, case)


def _by_date(
    entry: StatusEntry, asked: JsonObject, found: "list[_Reading | UnusableList]", lists: StatusLists, case: Case
) -> _Answer:
    """What the latest copy leads to, where no head names one.  5. to 7."""
    informs = entry.purpose == Purpose.REFRESH
    readings = [reading for reading in found if isinstance(reading, _Reading)]
    if not readings:
        refused = [copy for copy in found if isinstance(copy, UnusableList)]
        code, message = _why_nothing(entry.list_url, refused, lists)
        return _Answer(Outcome.INDETERMINATE, code, message, asked, informs=informs)
    latest = max(readings, key=lambda reading: (reading.list.signed, reading.value))
    if stale := _stale(latest, readings, case):  # 6.
        code, message = stale
        last_known: JsonObject = {} if latest.value else {"last_known": format_timestamp(latest.list.signed)}
        evidence = asked | latest.evidence() | last_known
        if code == "status.rolled_back":
            evidence["seen"] = format_timestamp(latest.list.signed)
        return _Answer(Outcome.INDETERMINATE, code, message, evidence, latest.list.signed, informs=informs)
    return _judged(entry, latest, asked | latest.evidence())  # 7.


@dataclass(frozen=True, slots=True)
class _Reading:
    """A list that speaks of the entry, and the value it gives."""

    list: SignedList
    value: int

    def evidence(self) -> JsonObject:
        found: JsonObject = {
            "source": FINAL if self.list.sealed else self.list.origin.value,
            "time": format_timestamp(self.list.signed),
        }
        if self.list.valid_until is not None:
            found["validUntil"] = format_timestamp(self.list.valid_until)
        return found


def _read(copy: SignedList | UnusableList, entry: StatusEntry, case: Case) -> _Reading | UnusableList:
    if isinstance(copy, UnusableList):
        return copy
    if copy.issuer != case.credential.issuer:
        message = "The list is by somebody else than the document, and nobody else may withdraw it."
        return UnusableList("status.list.issuer", message, copy.origin)
    try:
        return _Reading(copy, copy.content.value(entry))  # 3.
    except StatusError as error:
        return UnusableList(error.code, f"{error}. {error.remedy}", copy.origin)


def _offered(copy: "_Reading | UnusableList", digest: bytes) -> Offered | Refused:
    if isinstance(copy, UnusableList):
        return Refused(digest, copy.code, copy.message)
    return Offered(digest, copy.list.signed, copy.value, copy.list.ended)


def _why_nothing(url: str, refused: list[UnusableList], lists: StatusLists) -> tuple[str, str]:
    """The reason that no list could be read: what is wrong with the one fetched, else with another."""
    for copy in sorted(refused, key=lambda copy: (copy.origin is not Origin.LIVE, copy.code == NOT_YET)):
        return copy.code, copy.message
    failure = lists.failure(url)
    if failure is None:
        return "status.not_checked", "Nobody looked up the list that says whether it was withdrawn."
    return "status.unreachable", f"The list that says whether it was withdrawn is not at hand: {failure.message}."


def _stale(latest: _Reading, readings: list[_Reading], case: Case) -> tuple[str, str] | None:
    """Why the latest list is too old for the policy; None where it counts."""
    age = case.policy.status_age
    if age is None:
        return None
    found = latest.list
    if any(reading.list.origin is Origin.LIVE and reading.list.signed < found.signed for reading in readings):
        code = "status.rolled_back"
    elif found.ended:
        code = "status.list.ended"
    else:
        code = "status.list.stale"
    if found.ended or case.at - found.signed > age:
        return code, (
            f"The latest list is of {format_timestamp(found.signed)}, which is too long ago. Connect and check again; "
            "if the issuer is gone, the policy “archive” answers as of that day."
        )
    return None


def _judged(entry: StatusEntry, reading: _Reading, evidence: JsonObject) -> _Answer:
    """What a value means; only the standard purposes mean anything to a program."""
    time, value = reading.list.signed, reading.value
    match entry.purpose:
        case Purpose.SUSPENSION if value:
            message = "The issuer has suspended it. Ask the issuer whether, and when, it comes back into force."
            return _Answer(Outcome.FAILED, "status.suspended", message, evidence, time)
        case Purpose.REFRESH:
            code = "status.refresh" if value else "status.passed"
            message = "The issuer has a newer document." if value else "The issuer has no newer document."
            return _Answer(Outcome.PASSED, code, message, evidence, time, informs=True)
        case Purpose.MESSAGE if value:
            messages = reading.list.content.messages_for(entry)
            said: JsonObject = {"value": value, "references": list(entry.references)}
            if messages is not None:
                said["said"] = messages[value]
            message = "The issuer's list says something of it that no rule here can judge. Ask the issuer."
            return _Answer(Outcome.INDETERMINATE, "status.message", message, evidence | said, time)
        case Purpose.REVOCATION | Purpose.SUSPENSION | Purpose.MESSAGE:
            return _Answer(Outcome.PASSED, "status.passed", "The issuer has not withdrawn it.", evidence, time)
        case _:
            message = "The list is for a purpose that only its issuer understands. Ask the issuer."
            return _Answer(Outcome.INDETERMINATE, "status.purpose", message, evidence | {"value": value}, time)


def _gravity(answer: _Answer) -> tuple[int, int, str, str]:
    """Gravest first; among equals the oldest, then whatever the order of the entries, which no proof covers, is not."""
    code = WITHDRAWN_FIRST.index(answer.code) if answer.code in WITHDRAWN_FIRST else len(WITHDRAWN_FIRST)
    time = format_timestamp(answer.time) if answer.time else ""
    return GRAVEST_FIRST.index(answer.outcome), code, time, str(answer.to_json())


def _unknown(code: str, message: str, evidence: JsonObject) -> _Answer:
    return _Answer(Outcome.INDETERMINATE, code, message, evidence)


def _none(answers: Sequence[_Answer] = (), *, hidden: bool, case: Case) -> Check:
    """Nothing that is shown decides; `hidden` says that something else may."""
    evidence: JsonObject = {"entries": [answer.to_json() for answer in answers]} if answers else {}
    if hidden and not case.policy.undisclosed_is_absent:
        return Check(CheckName.STATUS, Outcome.INDETERMINATE, UNDISCLOSED, NOT_SHOWN, evidence)
    if hidden:
        evidence["taken_for_absent"] = ["credentialStatus"]
    message = "The issuer provided no way to withdraw it."
    return Check(CheckName.STATUS, Outcome.NOT_APPLICABLE, "status.none", message, evidence)


def _check(answer: _Answer, answers: Sequence[_Answer]) -> Check:
    """The check that an answer makes; where there were several entries, the others stand in the evidence too."""
    evidence = dict(answer.evidence)
    if len(answers) > 1:
        evidence["entries"] = [each.to_json() for each in answers]
    return Check(CheckName.STATUS, answer.outcome, answer.code, answer.message, evidence)
