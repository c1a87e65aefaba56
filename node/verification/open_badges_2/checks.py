"""What each check says of a badge of Open Badges 2.

A hosted badge has no signature. That it is its issuer's rests on who controls a place on the web, today; that nothing
has changed means that the place gives the same as was handed over. So it can only be checked where that place answers.
"""

from typing import Final

from node.credentials.findings import FindingOutcome
from node.credentials.open_badges_2.identity import read_identity, told
from node.credentials.open_badges_2.objects import Assertion, Kind
from node.credentials.open_badges_2.structure import check_assertion, remarks
from node.credentials.structure import types_of
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.check import Check, CheckName, Outcome
from node.verification.open_badges_2.comparison import Difference, compare
from node.verification.open_badges_2.library import Absent, Gone
from node.verification.open_badges_2.signature import Tried
from node.verification.open_badges_2.way import Way
from node.verification.policy import KeyEvidence, Policy

NAMES: Final = frozenset(
    {"id", "type", "recipient", "badge", "verification", "verify", "issuedOn", "expires", "revoked", "revocationReason"}
    | {
        "name",
        "description",
        "criteria",
        "issuer",
        "identity",
        "hashed",
        "salt",
        "publicKey",
        "owner",
        "revocationList",
    }
    | {"alignment", "image", "evidence", "narrative"}
)
"""The members that are read by their names; a context inside the document that gives one of them another meaning makes
it say something else to readers that go by contexts."""
CONTEXTS: Final = (
    "https://w3id.org/openbadges/v1",
    "https://w3id.org/openbadges/v2",
    "https://purl.imsglobal.org/spec/ob/v2p0/",
    "https://purl.imsglobal.org/spec/ob/v2p1/",
    "https://openbadgespec.org/v2/context.json",
)
"""How the contexts of Open Badges 1 and 2 begin."""
MAX_LISTED: Final = 20
"""Remarks and differences listed in the evidence: a hostile badge could have thousands."""


def check_structure(way: Way) -> Check:
    """Check 1: what was handed over, and what its host gives for it, can be verified as a badge."""
    received = way.received
    findings = [] if received.address_only else check_assertion(received.document)
    for finding in sorted(findings, key=lambda each: each.outcome is not FindingOutcome.FAILED):
        failed = finding.outcome is FindingOutcome.FAILED
        return Check(
            CheckName.STRUCTURE,
            Outcome.FAILED if failed else Outcome.INDETERMINATE,
            finding.code,
            f"{finding.message}. {finding.remedy}",
            {"path": finding.path, "total": len(findings)},
        )
    if received.kind is Kind.SIGNED and received.jws is None:
        message = "It says that it is signed, and the signature is not here. Ask for the signed form, or the picture."
        return Check(CheckName.STRUCTURE, Outcome.FAILED, "proof.malformed.missing", message, {"path": ""})
    listed = remarks(way.truth.document, way.badge, way.profile.document if way.profile else None)
    noted: list[JsonValue] = [{"code": code, "path": path} for code, path in listed]
    evidence: JsonObject = {"remarks": noted[:MAX_LISTED]} if noted else {}
    return Check(CheckName.STRUCTURE, Outcome.PASSED, "structure.passed", "It is built as a badge must be.", evidence)


def check_context(way: Way) -> Check:
    """Check 2: its members mean what their names say in Open Badges.

    The contexts are neither fetched nor processed. Those beside that of Open Badges may define further members, which
    nobody reads here.
    """
    if way.unseen:
        message = "Nothing of it is at hand but its address. Connect and check again."
        return Check(CheckName.CONTEXT, Outcome.INDETERMINATE, "context.hosted.unreachable", message)
    document = way.truth.document
    stated = document.get("@context")
    contexts = stated if isinstance(stated, list) else [] if stated is None else [stated]
    for context in contexts:
        if isinstance(context, dict) and (taken := sorted(NAMES & context.keys())):
            message = (
                f"It gives “{taken[0]}” a meaning of its own, so it says one thing by name and another by context."
            )
            evidence: JsonObject = {"path": "/@context"}
            return Check(CheckName.CONTEXT, Outcome.FAILED, "context.redefined", message, evidence)
    named = [context for context in contexts if isinstance(context, str)]
    others: list[JsonValue] = [context for context in named if not context.startswith(CONTEXTS)]
    if contexts and len(others) == len(named):
        message = "Its context is not one of Open Badges, so what its members mean is not known. Ask the issuer."
        return Check(CheckName.CONTEXT, Outcome.INDETERMINATE, "context.unknown", message, {"path": "/@context"})
    message = "Its members are read by the names that Open Badges gives them; contexts were not fetched."
    return Check(CheckName.CONTEXT, Outcome.PASSED, "context.by_name", message, {"further": others[:MAX_LISTED]})


def check_issuer_key(way: Way, tried: Tried | None, policy: Policy) -> Check:
    """Check 3: the place where it is kept, or the key that signed it, is the issuer's.

    1. The way to the issuer led to its end.
    2. All of it was had from its hosts: what a file brings along is nobody's word.
    3. Whose a place or a key is, is known only of today, which the policy may find too little.
    """
    hosts: list[JsonValue] = [*sorted(way.hosts)]
    evidence: JsonObject = {"issuer": way.issuer, "evidence": KeyEvidence.NOW_ONLY.value, "hosts": hosts}
    hosted = way.kind is Kind.HOSTED
    if hosted:
        evidence["address"] = way.received.assertion.address
    elif tried is not None and tried.iri is not None:
        evidence["method"] = tried.iri
    if way.kind is Kind.OTHER:
        message = "It is to be verified in a way that is not supported here. Use a program that knows it."
        return _key(Outcome.INDETERMINATE, "unsupported", message, evidence)
    if way.obstacle is not None:  # 1.
        outcome = way.obstacle.outcome if way.own else Outcome.INDETERMINATE
        return Check(CheckName.ISSUER_KEY, outcome, way.obstacle.code, way.obstacle.message, evidence)
    kind = "hosted." if hosted else ""
    if not way.own:  # 2.
        message = "What its hosts publish came only with the file. Connect and check again."
        return _key(Outcome.INDETERMINATE, f"{kind}from_file", message, evidence)
    if KeyEvidence.NOW_ONLY not in policy.key_evidence:  # 3.
        message = "Whose it was on the day of award is not known, only today; your policy asks for more."
        return _key(Outcome.INDETERMINATE, "undated", message, evidence)
    if hosted:
        return _key(Outcome.PASSED, "hosted", "It is kept at a place that its issuer names as its own.", evidence)
    return _key(Outcome.PASSED, "passed", "It is signed with a key that its issuer lists.", evidence)


def check_proof(way: Way, tried: Tried | None) -> Check:
    """Check 4: it is what the issuer publishes today, or what the issuer signed."""
    if way.kind is Kind.HOSTED:
        return _published(way)
    evidence: JsonObject = {"kind": way.kind.value}
    if tried is None:
        if way.kind is Kind.OTHER:
            stated: JsonObject = {"stated": list[JsonValue](types_of(_verification(way.truth)))}
            message = "It is to be verified in a way that is not supported here. Use a program that knows it."
            return _proof(Outcome.INDETERMINATE, "unsupported", message, evidence | stated)
        message = "The signature was not checked: it is not known by whose key it should be."
        return _proof(Outcome.INDETERMINATE, "indeterminate.key", message, evidence)
    outcome = tried.outcome
    if outcome is Outcome.FAILED and not way.own:
        message = "The signature does not match a key that only the file itself vouches for."
        return _proof(Outcome.INDETERMINATE, "indeterminate.key", message, evidence)
    return Check(CheckName.PROOF, outcome, tried.code, tried.message, evidence)


def _published(way: Way) -> Check:
    """What its host gives, beside what was handed over.

    1. The host gives an assertion.
    2. It says the same of who was awarded what by whom, and from when until when. Where a recipient is hidden under
       another salt, that cannot be told.
    3. Whatever else differs, the issuer may have changed since: it is listed, and what the host gives is what counts.
    """
    hosted = way.hosted
    evidence: JsonObject = {"kind": Kind.HOSTED.value, "address": way.received.assertion.address}
    if isinstance(hosted, Absent) or hosted is None:  # 1.
        reason = hosted.reason if hosted else "nobody asked"
        message = f"It could not be compared with what the issuer publishes: {reason}. Connect and check again."
        return _proof(Outcome.INDETERMINATE, "hosted.unreachable", message, evidence)
    evidence |= {"source": hosted.origin.value, "time": format_timestamp(hosted.time)}
    if isinstance(hosted, Gone) or Assertion(hosted.document).badge == (None, None):
        message = "The issuer publishes no more of it than that it is withdrawn."
        return _proof(Outcome.INDETERMINATE, "hosted.stripped", message, evidence)
    if not way.own:
        message = "What the issuer publishes came only with the file. Connect and check again."
        return _proof(Outcome.INDETERMINATE, "hosted.from_file", message, evidence)
    differences = (
        [] if way.received.address_only else list(compare(way.received.document, hosted.document, way.whole_badge))
    )
    for difference in differences:  # 2.
        if difference.kind is Difference.CONTRADICTS:
            message = "What was handed over is not what the issuer publishes. Ask the person for the original file."
            return _proof(Outcome.FAILED, "hosted.differs", message, evidence | {"path": difference.path})
    for difference in differences:
        if difference.kind is Difference.UNKNOWN:
            message = "Whether the issuer publishes it for the same recipient cannot be told. Ask the issuer."
            return _proof(Outcome.INDETERMINATE, "hosted.recipient", message, evidence | {"path": difference.path})
    message = "It is what the issuer publishes today."
    listed: list[JsonValue] = [difference.path for difference in differences]  # 3.
    if listed:
        evidence["differs"] = listed[:MAX_LISTED]
        message = "The issuer publishes it today, in part otherwise than was handed over; what is published counts."
    return _proof(Outcome.PASSED, "hosted", message, evidence)


def check_holder(way: Way) -> Check:
    """Check 8: never passed, for nothing in such a badge can answer a request; what names the recipient is told."""
    identity = read_identity(way.truth.document.get("recipient"))
    message = "This is a file; anyone could have passed it on."
    return Check(CheckName.HOLDER, Outcome.INDETERMINATE, "holder.file", message, told(identity))


def check_anchor(way: Way) -> Check:
    """Check 7: badges of this kind promise no anchor, but those of Blockcerts, which are not read here."""
    stated = types_of(_verification(way.truth))
    anchored = [name for name in stated if name.startswith("MerkleProof")]
    if anchored:
        message = "The document names an anchor, which this version does not read."
        evidence: JsonObject = {"network": anchored[0]}
        return Check(CheckName.ANCHOR, Outcome.INDETERMINATE, "anchor.not_checked", message, evidence)
    return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.none", "It promises no anchor.")


def _verification(assertion: Assertion) -> JsonObject:
    value = assertion.document.get("verification", assertion.document.get("verify"))
    return value if isinstance(value, dict) else {}


def _key(outcome: Outcome, kind: str, message: str, evidence: JsonObject) -> Check:
    return Check(CheckName.ISSUER_KEY, outcome, f"issuer_key.{kind}", message, evidence)


def _proof(outcome: Outcome, kind: str, message: str, evidence: JsonObject) -> Check:
    return Check(CheckName.PROOF, outcome, f"proof.{kind}", message, evidence)
