"""Check 6 of a badge of Open Badges 2: its issuer has not revoked it.

A hosted badge is good while its host gives it, and revoked when the host says so, or has taken it away for good. For a
signed one the issuer's profile names a list of those revoked. Either is the word of a host at a moment, without any
signature, so it counts only from the host itself, and for as long as the policy lets such a word count.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#RevocationList
"""

from datetime import datetime
from typing import Final

from node.credentials.open_badges_2.objects import Assertion, Kind, link
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.check import Check, CheckName, Outcome
from node.verification.open_badges_2.library import Absent, Gone, Published, same_address
from node.verification.open_badges_2.way import Way
from node.verification.policy import Policy

STALE: Final = "That is too long ago. Connect and check again; the policy “archive” answers as of that day."


def check_status(way: Way, policy: Policy, at: datetime) -> Check:
    """Whether it was revoked, as of when, and by whose word."""
    if way.kind is Kind.OTHER:
        message = "Whether it was revoked is not looked up for badges that are verified in this way."
        return _unknown("status.not_checked", message, {})
    return _hosted(way, policy, at) if way.kind is Kind.HOSTED else _signed(way, policy, at)


def _hosted(way: Way, policy: Policy, at: datetime) -> Check:
    """What its host says, as far as the host is the issuer's: nobody else may withdraw it, or say that it stands.

    Where nothing but the address was handed over, its host is all there is to go by.
    """
    hosted = way.hosted
    if hosted is None or isinstance(hosted, Absent):
        reason = hosted.reason if hosted else "nobody asked"
        return _unknown("status.unreachable", f"Whether it was revoked only its host can say: {reason}.", {})
    if not hosted.own:
        return _unknown("status.from_file", "That it stands only the file itself says. Connect and check again.", {})
    if way.obstacle is not None and not way.unseen:
        message = (
            "Whether it was revoked only its issuer can say, and that the host speaks for the issuer is not known."
        )
        return _unknown("status.not_checked", message, {})
    evidence: JsonObject = {"source": hosted.origin.value, "time": format_timestamp(hosted.time)}
    if isinstance(hosted, Gone) or Assertion(hosted.document).revoked:
        return _revoked(hosted.document, evidence)
    return _standing(hosted.time, policy, at, evidence)


def _signed(way: Way, policy: Policy, at: datetime) -> Check:
    """What the payload, and the list that the profile names, say.

    1. It does not itself say that it was revoked.
    2. The list is the issuer's own.
    3. The badge is in it, by its id, or by its uid where that is all it has.
    """
    if way.truth.revoked:  # 1.
        return _revoked(way.truth.document, {"time": format_timestamp(at)})
    found = _list(way)  # 2.
    if isinstance(found, Check):
        return found
    evidence: JsonObject = {"source": found.origin.value, "time": format_timestamp(found.time), "list": found.iri}
    for entry in _entries(found.document):  # 3.
        if _names(entry, way.truth):
            return _revoked(entry if isinstance(entry, dict) else {}, evidence)
    return _standing(found.time, policy, at, evidence)


def _list(way: Way) -> Published | Check:
    """The issuer's list of those revoked, or why there is none to look into.

    1. The profile is known, and it is the issuer's; where it names no list, the issuer provided no way to withdraw.
    2. The list is at hand, from its host.
    3. It is a list of revoked assertions, and of this issuer.
    """
    known = way.profile is not None and not way.profile.moved  # 1.
    if not known or (way.obstacle is not None and way.obstacle.outcome is Outcome.FAILED):
        return _unknown("status.not_checked", "It is not known whose list would say whether it was revoked.", {})
    found = way.revocations
    if found is None:
        message = "The issuer provided no way to withdraw it."
        return Check(CheckName.STATUS, Outcome.NOT_APPLICABLE, "status.none", message)
    if not isinstance(found, Published):  # 2.
        reason = found.reason if isinstance(found, Absent) else "its host has taken it away"
        message = f"The list that says whether it was revoked is not at hand: {reason}."
        return _unknown("status.unreachable", message, {})
    if not found.own:
        return _unknown("status.from_file", "The list came only with the file. Connect and check again.", {})
    named = link(found.document.get("issuer")).iri  # 3.
    stated = found.document.get("revokedAssertions")
    listed = isinstance(stated, (list, str)) and all(map(_is_read, _entries(found.document)))
    if not listed or found.moved or (named is not None and not same_address(named, way.issuer)):
        message = "What should be the issuer's list of those revoked is not one. Ask the issuer."
        return _unknown("status.list.unreadable", message, {"list": found.iri})
    return found


def _entries(document: JsonObject) -> list[JsonValue]:
    entries = document.get("revokedAssertions")
    return entries if isinstance(entries, list) else [entries]


def _is_read(entry: JsonValue) -> bool:
    """Whether it is known which badge an entry is about, if any; one that says it in another way could be about any."""
    if isinstance(entry, dict):
        said = {name for name, value in entry.items() if value is not None}
        return not said or any(isinstance(entry.get(name), str) for name in ("id", "uid"))
    return isinstance(entry, str) or not entry


def _names(entry: JsonValue, assertion: Assertion) -> bool:
    if isinstance(entry, str):
        return same_address(entry, assertion.id) or entry == assertion.uid
    if not isinstance(entry, dict) or entry.get("revoked") is False:
        return False
    identifier, uid = entry.get("id"), entry.get("uid")
    if isinstance(identifier, str) and same_address(identifier, assertion.id):
        return True
    return assertion.uid is not None and uid == assertion.uid


def _standing(time: datetime, policy: Policy, at: datetime, evidence: JsonObject) -> Check:
    if policy.status_age is not None and at - time > policy.status_age:
        told = format_timestamp(time)
        return _unknown("status.stale", f"It was not revoked on {told}. {STALE}", {**evidence, "last_known": told})
    message = "The issuer has not revoked it."
    return Check(CheckName.STATUS, Outcome.PASSED, "status.passed", message, evidence)


def _revoked(said: JsonObject, evidence: JsonObject) -> Check:
    reason = said.get("revocationReason")
    told: JsonObject = {"reason": reason[:1000]} if isinstance(reason, str) and reason else {}
    message = "The issuer has revoked it. Ask the person, or the issuer, for a document that stands."
    return Check(CheckName.STATUS, Outcome.FAILED, "status.revoked", message, evidence | told)


def _unknown(code: str, message: str, evidence: JsonObject) -> Check:
    return Check(CheckName.STATUS, Outcome.INDETERMINATE, code, message, evidence)
