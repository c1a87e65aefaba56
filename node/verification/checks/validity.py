"""Check 5: the document is in force at the time of judging, clocks being off by up to CLOCK_SKEW.

When a proof says it was created decides nothing: an issuer, or a thief of its key, can write any date there. It only
has to be a date.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#validity-period, https://www.w3.org/TR/vc-data-integrity/#proofs
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.errors import TimestampError
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue, pointer
from node.verification.case import CLOCK_SKEW, Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.examination import ExaminedProof, counting

STARTS = ("validFrom", "issuanceDate")
ENDS = ("validUntil", "expirationDate")
UNDISCLOSED: Final = "validity.undisclosed"
NOT_SHOWN: Final = (
    "Since when or until when it counts is not shown, and its holder may have hidden it. Ask the holder to show both, "
    "or the issuer to sign them as always shown."
)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A date that cannot be read."""

    path: str
    value: JsonValue
    error: TimestampError


def check_validity(case: Case, proofs: tuple[ExaminedProof, ...]) -> Check:
    """Whether the document is in force: the latest start and the earliest end that it states count.

    1. Read its dates, of both data models, and those of the proofs that count. One proof that lasts is enough, and one
       that has begun.
    2. An end that has passed, or a start to come, decides, whatever else cannot be read.
    3. A date that cannot be read leaves it open.
    4. So does a start or an end that is not shown, where the holder may have hidden it.
    """
    document = case.document
    chosen = counting(proofs)
    holding = tuple([proof for proof in chosen if proof.holds]) or chosen
    starts, unread_starts = _read([("", name, document[name]) for name in STARTS if name in document])  # 1.
    ends, unread_ends = _read([("", name, document[name]) for name in ENDS if name in document])
    proof_start, unread_proof_starts = _proofs_start(holding)
    proof_end, unread_proof = _proofs_end(holding)
    start, end = max([*starts, *proof_start], default=None), min(ends, default=None)
    until = min([moment for moment in (end, proof_end) if moment is not None], default=None)
    evidence: JsonObject = {}
    if start is not None:
        evidence["from"] = format_timestamp(start)
    if until is not None:
        evidence["until"] = format_timestamp(until)
    if until is not None and case.at - until > CLOCK_SKEW:  # 2.
        code = "validity.ended" if until == end else "validity.proof_expired"
        message = f"It ended on {evidence['until']}. Ask for a renewed one."
        return Check(CheckName.VALIDITY, Outcome.FAILED, code, message, evidence)
    if start is not None and start - case.at > CLOCK_SKEW:
        message = f"It is in force only from {evidence['from']}. Check it again then."
        return Check(CheckName.VALIDITY, Outcome.FAILED, "validity.not_yet", message, evidence)
    for unread in (*unread_starts, *unread_ends, *unread_proof_starts, *unread_proof, *_unread_creation(chosen)):  # 3.
        evidence |= {"path": case.credential.path + unread.path, "value": unread.value}
        message = f"{unread.error}. {unread.error.remedy}"
        return Check(CheckName.VALIDITY, Outcome.INDETERMINATE, "validity.unreadable", message, evidence)
    if case.undisclosed.members:  # 4.
        lacking = _not_shown(document)
        if lacking and not case.policy.undisclosed_is_absent:
            evidence["undisclosed"] = lacking
            return Check(CheckName.VALIDITY, Outcome.INDETERMINATE, UNDISCLOSED, NOT_SHOWN, evidence)
        if lacking:
            evidence["taken_for_absent"] = lacking
    return Check(CheckName.VALIDITY, Outcome.PASSED, "validity.passed", "It is in force.", evidence)


def _not_shown(document: JsonObject) -> list[JsonValue]:
    """The dates of the data model that the document does not show."""
    return [names[0] for names in (STARTS, ENDS) if not any(name in document for name in names)]


def _read(members: Iterable[tuple[str, str, JsonValue]]) -> tuple[list[datetime], list[_Unread]]:
    """The moments that can be read, and the values that cannot; each comes with its owner's path and its name."""
    moments: list[datetime] = []
    unread: list[_Unread] = []
    for path, name, value in members:
        try:
            moments.append(parse_timestamp(value))
        except TimestampError as error:
            unread.append(_Unread(path + pointer(name), value, error))
    return moments, unread


def _proofs_start(proofs: tuple[ExaminedProof, ...]) -> tuple[list[datetime], list[_Unread]]:
    """When the first of these proofs begins to count; nothing while one of them always has."""
    stated = [(proof.proof.path, "starts", proof.proof.starts) for proof in proofs]
    if any(moment is None for _, _, moment in stated):
        return [], []
    moments, unread = _read(stated)
    return [min(moments)] if moments else [], unread


def _proofs_end(proofs: tuple[ExaminedProof, ...]) -> tuple[datetime | None, list[_Unread]]:
    """When the last of these proofs expires; None while one of them has no end."""
    stated = [(proof.proof.path, "expires", proof.proof.expires) for proof in proofs]
    if any(moment is None for _, _, moment in stated):
        return None, []
    moments, unread = _read(stated)
    return max(moments, default=None), unread


def _unread_creation(proofs: tuple[ExaminedProof, ...]) -> list[_Unread]:
    stated = [(proof.proof.path, "created", proof.proof.created) for proof in proofs]
    return _read([each for each in stated if each[2] is not None])[1]
