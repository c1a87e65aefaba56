"""Check 6 of an SD-JWT VC: its issuer has not withdrawn or suspended it, by a Token Status List.

As with any status list: what keeps one from being read leaves the question open, and an answer is as of its date.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
"""

from dataclasses import dataclass
from typing import Final

from node.credentials.timestamps import format_timestamp
from node.documents import DocumentError, JsonObject, parse_object
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import CERTIFICATES, parse_jws, verify_jws
from node.proofs.jose.jwt import read_jwt
from node.proofs.options import ASSERTION_METHOD
from node.proofs.sd_jwt.sd_jwt import MAX_HEADER_BYTES
from node.status.errors import StatusError
from node.status.token_status_list import (
    INVALID,
    SUSPENDED,
    TYPE,
    VALID,
    TokenStatusEntry,
    TokenStatusList,
    read_reference,
    read_token_status_list,
)
from node.verification.case import CLOCK_SKEW
from node.verification.check import Check, CheckName, Outcome
from node.verification.counting_list import HeadProblem, Heads, Offered, Refused
from node.verification.keys import KeyRing
from node.verification.material import Origin, StatusListCopy
from node.verification.received import SPACE, USUAL_ALGORITHMS
from node.verification.sd_jwt_vc.issuer_key import find_issuer_key
from node.verification.status_lists import copies_at

TOLERATED: Final = frozenset({CERTIFICATES})


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one copy, which the issuer signed, says of the entry."""

    content: TokenStatusList
    value: int
    origin: Origin
    ended: bool

    def evidence(self) -> JsonObject:
        found: JsonObject = {"source": self.origin.value, "time": format_timestamp(self.content.issued_at)}
        if self.content.expires is not None:
            found["validUntil"] = format_timestamp(self.content.expires)
        return found


@dataclass(frozen=True, slots=True)
class _Unusable:
    code: str
    message: str
    origin: Origin


def check_token_status(  # noqa: PLR0911 -- one per answer
    claims: JsonObject, issuer: str | None, ring: KeyRing, path: str, heads: Heads | None = None
) -> Check:
    """What the list says of the place that the `status` claim names.

    1. No such claim: the issuer provided no way to withdraw.
    2. It says properly which list, and which place in it.
    3. Copies of that list are at hand that its issuer signed, who is also the credential's.
    4. What any of them says to be withdrawn for good is withdrawn, whatever a later one says.
    5. Else the one that a promised head names counts, where one is promised; else the latest. Its date is within the
       policy's bounds.
    6. The value means valid or suspended; any other only its issuer understands.
    """
    if "status" not in claims:  # 1.
        return Check(
            CheckName.STATUS, Outcome.NOT_APPLICABLE, "status.none", "The issuer provided no way to withdraw it."
        )
    try:
        entry = read_reference(claims["status"], f"{path}/status")  # 2.
    except StatusError as error:
        return _unknown(error.code, f"{error}. {error.remedy}", {"path": error.path})
    asked: JsonObject = {"index": entry.index, "list": entry.uri}
    copies = copies_at(entry.uri, ring.material.status_lists)
    found = [_judged(copy, entry, issuer, ring) for copy in copies]  # 3.
    readings = [one for one in found if isinstance(one, _Reading)]
    withdrawn = [one for one in readings if one.value == INVALID]  # 4.
    if withdrawn:
        first = min(withdrawn, key=lambda one: one.content.issued_at)
        message = "The issuer has withdrawn it. Ask the person, or the issuer, for a document that stands."
        return Check(CheckName.STATUS, Outcome.FAILED, "status.revoked", message, asked | first.evidence())
    if heads is not None:  # 5.
        digests = [copy.digest for copy in copies]
        chosen = heads.choose(entry.uri, tuple(map(_offered, found, digests)))
        if isinstance(chosen, HeadProblem):
            return Check(CheckName.STATUS, chosen.outcome, chosen.code, chosen.message, asked | chosen.evidence)
        if chosen is not None and isinstance(reading := found[chosen.place], _Reading):
            return _valued(reading, asked | reading.evidence() | chosen.evidence)
    if not readings:
        return _why_nothing([one for one in found if isinstance(one, _Unusable)], entry, ring, asked)
    latest = max(readings, key=lambda one: (one.content.issued_at, one.value))
    evidence = asked | latest.evidence()
    age = ring.policy.status_age
    if age is not None and (latest.ended or ring.at - latest.content.issued_at > age):
        time = format_timestamp(latest.content.issued_at)
        message = (
            f"The latest list is of {time}, which is too long ago. Connect and check again; if the issuer is gone, the "
            "policy “archive” answers as of that day."
        )
        known: JsonObject = {"last_known": time} if latest.value == VALID else {}
        return _unknown("status.list.ended" if latest.ended else "status.list.stale", message, evidence | known)
    return _valued(latest, evidence)


def _valued(reading: _Reading, evidence: JsonObject) -> Check:
    """What the value of the list that counts means.  6."""
    if reading.value == VALID:
        return Check(CheckName.STATUS, Outcome.PASSED, "status.passed", "The issuer has not withdrawn it.", evidence)
    if reading.value == SUSPENDED:
        message = "The issuer has suspended it. Ask the issuer whether, and when, it comes back into force."
        return Check(CheckName.STATUS, Outcome.FAILED, "status.suspended", message, evidence)
    message = "The list says something of it that only its issuer understands. Ask the issuer."
    return _unknown("status.purpose", message, evidence | {"value": reading.value})


def _offered(copy: "_Reading | _Unusable", digest: bytes) -> Offered | Refused:
    if isinstance(copy, _Unusable):
        return Refused(digest, copy.code, copy.message)
    return Offered(digest, copy.content.issued_at, copy.value, copy.ended)


def _judged(  # noqa: PLR0911 -- one per answer
    copy: StatusListCopy, entry: TokenStatusEntry, issuer: str | None, ring: KeyRing
) -> _Reading | _Unusable:
    """One copy.

    1. It is a status list token.
    2. It is by the issuer of the credential, found in the same way, and the signature holds.
    3. It is the list of this address, and speaks of the entry. It was not made in the future.
    """
    try:
        jws = parse_jws(copy.content.strip(SPACE), max_header_bytes=MAX_HEADER_BYTES)  # 1.
        claims = parse_object(jws.payload)
        if jws.typ != TYPE:
            return _Unusable(
                "status.list.type", f"What should be the list is of the type {jws.typ!r:.64}.", copy.origin
            )
        stated = claims.get("iss")
        token = read_jwt(jws, claims, maker=issuer, purpose=ASSERTION_METHOD, algorithms=USUAL_ALGORITHMS)
        maker, key = find_issuer_key(token, stated if isinstance(stated, str) else _unnamed(issuer), ring)  # 2.
        if maker is None or maker != issuer:
            message = "The list is by somebody else than the document, and nobody else may withdraw it."
            return _Unusable("status.list.issuer", message, copy.origin)
        if key.public_key is None or key.outcome is not Outcome.PASSED:
            return _Unusable("status.list.issuer_key", f"The list cannot be relied on: {key.message}", copy.origin)
        verify_jws(jws, key.public_key, algorithms=USUAL_ALGORITHMS, tolerated=TOLERATED)
        content = read_token_status_list(claims)  # 3.
        value = content.value(entry)
    except StatusError as error:
        return _Unusable(error.code, f"{error}. {error.remedy}", copy.origin)
    except ProofsError as error:
        return _Unusable("status.list.proof", f"The list cannot be relied on: {error}.", copy.origin)
    except DocumentError as error:
        return _Unusable("status.list.unreadable", f"What should be the list is none: {error}.", copy.origin)
    if content.issued_at - ring.at > CLOCK_SKEW:
        message = "The list is of a later date than the one asked about."
        return _Unusable("status.list.not_yet", message, copy.origin)
    ended = content.expires is not None and ring.at - content.expires > CLOCK_SKEW
    return _Reading(content, value, copy.origin, ended)


def _unnamed(issuer: str | None) -> str | None:
    """Who a list is supposed to be by that names nobody: the issuer, unless only certificates say who that is."""
    return None if issuer is None or issuer.startswith("x509:") else issuer


def _why_nothing(refused: list[_Unusable], entry: TokenStatusEntry, ring: KeyRing, asked: JsonObject) -> Check:
    for copy in sorted(refused, key=lambda one: one.origin is not Origin.LIVE):
        return _unknown(copy.code, copy.message, asked)
    failure = ring.material.status_failures.get(entry.uri)
    if failure is None:
        message = "Nobody looked up the list that says whether it was withdrawn."
        return _unknown("status.not_checked", message, asked)
    message = f"The list that says whether it was withdrawn is not at hand: {failure.message}."
    return _unknown("status.unreachable", message, asked)


def _unknown(code: str, message: str, evidence: JsonObject) -> Check:
    return Check(CheckName.STATUS, Outcome.INDETERMINATE, code, message, evidence)
