"""An SD-JWT VC before the judge: the same checks as of any credential, asked of its claims."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from node.credentials.credential import Credential
from node.credentials.findings import Finding
from node.credentials.micro_credential.readers.sd_jwt import READERS
from node.credentials.sd_jwt_vc import TYPE, is_collision_resistant
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, pointer
from node.proofs.errors import ProofIndeterminate
from node.proofs.jose.jwt import moment_of
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.case import CLOCK_SKEW, Case, Request
from node.verification.check import Check, CheckName, Outcome, not_run
from node.verification.checks.anchor import check_anchor
from node.verification.checks.authority import Linkages, judge_authority
from node.verification.checks.credential_class import check_class
from node.verification.checks.issuer_key import check_issuer_key
from node.verification.checks.proof import check_proof
from node.verification.checks.structure import concluded
from node.verification.examination import ExaminedProof, examine_envelope
from node.verification.key_binding import check_key_binding
from node.verification.keys import KeyFinding, KeyRing
from node.verification.linked import weighed
from node.verification.received import Received
from node.verification.report import CredentialReport, judge
from node.verification.sd_jwt_vc.issuer_key import find_issuer_key, issuer_in
from node.verification.sd_jwt_vc.status import check_token_status
from node.verification.sd_jwt_vc.type_metadata import judge_type
from node.verification.summary import summarize_claims
from node.verification.undisclosed import undisclosed_of_claims
from node.verification.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from node.verification.accreditations import Accreditations
    from node.verification.anchors import Anchored, FindKey
    from node.verification.counting_list import Heads

    type FindHeads = Callable[[Credential, str | None, tuple[ExaminedProof, ...]], Heads | None]
    """The heads of the status lists of a credential; None where it promises none."""
    type FindAnchors = Callable[[Credential, str | None, tuple[ExaminedProof, ...], FindKey], Anchored | None]
    """What anchors show of a credential; None where it names no record."""

CIRCULAR: Final = "failed.circular"
_UNKNOWN_KEY: Final = ProofIndeterminate(
    "the key of the signature is not known",
    code="proof.indeterminate.key",
    remedy="Find out where its issuer publishes its keys, and check again.",
)


def judge_typed(  # noqa: PLR0913 -- what it is, and what it is judged by
    part: Received,
    ring: KeyRing,
    vocabulary: Vocabulary,
    request: Request | None,
    linkages: Linkages,
    *,
    labels: Sequence[JsonObject] = (),
    presented: Sequence[Finding] = (),
    anchored: "FindAnchors | None" = None,
    heads: "FindHeads | None" = None,
    accredited: "Accreditations | None" = None,
) -> CredentialReport:
    """The report on an SD-JWT VC.

    1. structure. What is none is not judged further.
    2. Its issuer and key, and the signature.
    3. What its type demands, where the issuer signed which text that is.
    4. The other checks, of its claims.
    """
    claims, proof = part.value, part.envelope
    if not isinstance(claims, dict) or not isinstance(proof, SdJwtProof):
        raise TypeError("an SD-JWT VC has claims, and a proof")
    structure = concluded([*presented, *part.problems])  # 1.
    summary = summarize_claims(claims, issuer_in(part))
    if not structure.passed:
        others = [not_run(name, CheckName.STRUCTURE) for name in CheckName if name is not CheckName.STRUCTURE]
        return judge((structure, *others), ring.policy, summary)
    issuer, examined = _examined(proof, claims, ring)  # 2.
    credential = Credential(claims, part.path)
    dated = anchored(credential, issuer, (examined,), _found_again) if anchored is not None else None
    if dated is not None:
        (examined,) = dated.proofs
    hidden = undisclosed_of_claims(claims, proof)
    case = Case(
        credential,
        ring.at,
        ring.policy,
        ring.trust,
        vocabulary,
        request,
        undisclosed=hidden,
        anchored=dated.time if dated is not None else None,
    )
    linked = judge_type(claims, proof, ring.material.resources, part.path)  # 3.
    structure = weighed(structure, linked, (), ring.policy)
    for found in linked:
        if found.why == CIRCULAR:  # a type that extends itself is refused whatever the policy
            evidence: JsonObject = {"path": found.path, "schemas": [one.to_json() for one in linked]}
            structure = Check(CheckName.STRUCTURE, Outcome.FAILED, found.code, found.message, evidence)
    issuer_key, signed = check_issuer_key(issuer, (examined,)), check_proof((examined,))
    checks = (  # 4.
        structure,
        _check_context(claims, part.path),
        issuer_key,
        signed,
        check_validity(claims, case),
        check_token_status(claims, issuer, ring, part.path, heads and heads(credential, issuer, (examined,))),
        check_anchor(case, (examined,)) if dated is None else dated.check,
        check_key_binding(proof, case, ring),
        judge_authority(issuer or "", case, linkages, accredited if issuer_key.passed and signed.passed else None),
        check_class(case, (examined,), labels),
    )
    return judge(checks, ring.policy, summary)


def _examined(proof: SdJwtProof, claims: JsonObject, ring: KeyRing) -> tuple[str | None, ExaminedProof]:
    stated = claims.get("iss")
    issuer, key = find_issuer_key(proof.token, stated if isinstance(stated, str) else None, ring)
    return issuer, examine_envelope(proof, key, _UNKNOWN_KEY)


def _found_again(examined: ExaminedProof, ring: KeyRing) -> KeyFinding:
    """The issuer's key, looked up in another ring."""
    proof = examined.proof
    if not isinstance(proof, SdJwtProof):
        raise TypeError("an SD-JWT VC has a proof of its kind")
    stated = proof.opened.claims.get("iss")
    return find_issuer_key(proof.token, stated if isinstance(stated, str) else None, ring)[1]


def _check_context(claims: JsonObject, path: str) -> Check:
    """Check 2: what its claims mean, its type says. The text of the claims is signed, so nothing of them is lost."""
    kind = str(claims.get(TYPE))
    if kind in READERS:
        message = "What its claims mean follows from its type, which is known."
        return Check(CheckName.CONTEXT, Outcome.PASSED, "context.by_type", message, {"type": kind})
    message = f"What its claims mean, only its type says, which is not known here: {kind[:96]}."
    finding: JsonObject = {"type": kind[:256], "path": path + pointer(TYPE), "finding": "context.unknown_type"}
    if not is_collision_resistant(kind):
        finding["why"] = "context.type_name"
    return Check(CheckName.CONTEXT, Outcome.PASSED, "context.unknown_type", message, finding)


def check_validity(claims: JsonObject, case: Case) -> Check:
    """Check 5: `exp` has not passed, `nbf` has, and it was not issued in the future; clocks may be off by CLOCK_SKEW.

    Dates that cannot be read were refused with the structure, but for an `iat` that was disclosed.
    """
    moments: dict[str, datetime] = {}
    for name in ("exp", "nbf", "iat"):
        if name in claims:
            moment = moment_of(claims[name])
            if moment is None:
                evidence: JsonObject = {"path": case.credential.path + pointer(name), "value": str(claims[name])[:96]}
                message = (
                    f"{name} is no number of seconds since 1970. Ask whoever made the document for a corrected one."
                )
                return Check(CheckName.VALIDITY, Outcome.INDETERMINATE, "validity.unreadable", message, evidence)
            moments[name] = moment
    told: JsonObject = {}
    start = max((moments[name] for name in ("nbf", "iat") if name in moments), default=None)
    if start is not None:
        told["from"] = format_timestamp(start)
    if "exp" in moments:
        told["until"] = format_timestamp(moments["exp"])
        if case.at - moments["exp"] > CLOCK_SKEW:
            message = f"It ended on {told['until']}. Ask for a renewed one."
            return Check(CheckName.VALIDITY, Outcome.FAILED, "validity.ended", message, told)
    if start is not None and start - case.at > CLOCK_SKEW:
        message = f"It is in force only from {told['from']}. Check it again then."
        return Check(CheckName.VALIDITY, Outcome.FAILED, "validity.not_yet", message, told)
    return Check(CheckName.VALIDITY, Outcome.PASSED, "validity.passed", "It is in force.", told)
