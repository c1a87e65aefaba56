"""A badge of Open Badges 2 before the judge: the same checks as of any credential, asked of what such a badge has."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.open_badges_2.dates import parse_date
from node.credentials.open_badges_2.objects import Kind, authority_of, endorsements
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, pointer
from node.verification.case import CLOCK_SKEW, Case, Request
from node.verification.check import Check, CheckName, Outcome, not_run
from node.verification.checks.authority import judge_authority
from node.verification.checks.credential_class import check_class
from node.verification.domain_linkage import DomainLinkage
from node.verification.keys import KeyRing
from node.verification.open_badges_2.checks import (
    check_anchor,
    check_context,
    check_holder,
    check_issuer_key,
    check_proof,
    check_structure,
)
from node.verification.open_badges_2.library import Library
from node.verification.open_badges_2.received import ReceivedBadge
from node.verification.open_badges_2.signature import try_signature
from node.verification.open_badges_2.way import Way, follow
from node.verification.open_badges_2.withdrawal import check_status
from node.verification.report import CredentialReport, judge
from node.verification.summary import summarize_badge
from node.verification.vocabulary import Vocabulary

if TYPE_CHECKING:
    from node.verification.accreditations import Accreditations

MAX_ENDORSEMENTS: Final = 20
"""Endorsements that are named: real badges have one or two."""


def judge_badge(
    received: ReceivedBadge,
    ring: KeyRing,
    vocabulary: Vocabulary,
    request: Request | None,
    accredited: "Accreditations | None" = None,
) -> CredentialReport:
    """The report on a badge.

    1. The way to its issuer, through what is known of its objects.
    2. structure. What is no badge is not judged further.
    3. The signature, where there is one.
    4. The other checks, of the badge put together from its parts.
    """
    way = follow(received, Library(ring.material))  # 1.
    structure = check_structure(way)  # 2.
    assembled = way.assembled
    summary = summarize_badge(assembled, way.issuer)
    if not structure.passed:
        others = [not_run(name, CheckName.STRUCTURE) for name in CheckName if name is not CheckName.STRUCTURE]
        return judge((structure, *others), ring.policy, summary)
    tried = None  # 3.
    if way.kind is Kind.SIGNED and received.jws is not None:
        tried = try_signature(received.jws, way.keys)
    case = Case(Credential(assembled), ring.at, ring.policy, ring.trust, vocabulary, request)
    issuer_key, proof = check_issuer_key(way, tried, ring.policy), check_proof(way, tried)
    checks = (  # 4.
        structure,
        check_context(way),
        issuer_key,
        proof,
        check_validity(way, case),
        check_status(way, ring.policy, ring.at),
        check_anchor(way),
        check_holder(way),
        _check_authority(way, case, accredited if issuer_key.passed and proof.passed else None),
        check_class(case, ()),
    )
    return judge(checks, ring.policy, summary)


def check_validity(way: Way, case: Case) -> Check:
    """Check 5: it was awarded already, and has not expired; clocks may be off by CLOCK_SKEW."""
    if way.unseen:
        message = "Nothing of it is at hand but its address. Connect and check again."
        return Check(CheckName.VALIDITY, Outcome.INDETERMINATE, "validity.unreadable", message, {"value": None})
    moments: JsonObject = {}
    unread: Check | None = None
    for name, member in (("until", "expires"), ("from", "issuedOn")):
        if member not in way.truth.document:
            continue
        value = way.truth.document[member]
        try:
            moment = parse_date(value)
        except TimestampError as error:
            evidence: JsonObject = {"path": pointer(member), "value": value}
            message = f"{error}. {error.remedy}"
            unread = Check(CheckName.VALIDITY, Outcome.INDETERMINATE, "validity.unreadable", message, evidence)
            continue
        moments[name] = format_timestamp(moment)
        if name == "until" and case.at - moment > CLOCK_SKEW:
            message = f"It ended on {moments[name]}. Ask for a renewed one."
            return Check(CheckName.VALIDITY, Outcome.FAILED, "validity.ended", message, moments)
        if name == "from" and moment - case.at > CLOCK_SKEW:
            message = f"It was awarded only on {moments[name]}. Check it again then."
            return Check(CheckName.VALIDITY, Outcome.FAILED, "validity.not_yet", message, moments)
    return unread or Check(CheckName.VALIDITY, Outcome.PASSED, "validity.passed", "It is in force.", moments)


def _check_authority(way: Way, case: Case, accredited: "Accreditations | None") -> Check:
    """Check 9: who vouches for the issuer.

    Endorsements are somebody's word on the badge, its class or its issuer. They are named, and not looked into: nothing
    of the verdict rests on them.
    """
    check = judge_authority(way.issuer or "", case, _Hosts(way), accredited)
    named = endorsements(case.document)[:MAX_ENDORSEMENTS]
    if not named:
        return check
    listed: list[JsonValue] = [{"of": path, "id": iri} for path, iri in named]
    return replace(check, evidence={**check.evidence, "endorsements": listed})


class _Hosts:
    """The domains that a badge shows to be its issuer's: the one that has just published the issuer's own profile."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def of(self, did: str, domain: str) -> DomainLinkage:
        """Whether the profile at this address is the word of this domain."""
        profile = self._way.profile
        if profile is not None and profile.own and did == self._way.issuer and authority_of(did) == domain:
            return DomainLinkage(Outcome.PASSED, "domain.profile", "The domain itself publishes the issuer's profile.")
        message = "The domain was not asked: the issuer's profile is another host's."
        return DomainLinkage(Outcome.INDETERMINATE, "domain.unreachable", message)
