"""The judge: a pure function of the subject, the material gathered for it, a policy and a time.

It reads no clock, fetches nothing, and gives the same report for the same input, today and in ten years.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#verification
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from did_methods.document import Relationship
from node.credentials.credential import Credential
from node.credentials.findings import Finding
from node.credentials.objects import Objects
from node.credentials.presentation import Presentation, check_presentation
from node.credentials.record_name import NO_RECORDS, Promise, named_records
from node.documents import JsonObject, JsonValue, pointer
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.case import Case, Request
from node.verification.check import Check, CheckName, Outcome, not_run
from node.verification.checks.anchor import check_anchor
from node.verification.checks.authority import check_authority
from node.verification.checks.context import appended, check_context
from node.verification.checks.credential_class import check_class
from node.verification.checks.holder import Presented, check_holder
from node.verification.checks.issuer_key import check_issuer_key
from node.verification.checks.proof import check_proof
from node.verification.checks.status import UNDISCLOSED, check_status
from node.verification.checks.structure import check_structure, nothing_found, proofs_on
from node.verification.checks.validity import check_validity
from node.verification.context_vetting import vet
from node.verification.domain_linkage import DomainLinkages
from node.verification.examination import ExaminedProof, counting, examine
from node.verification.keys import KeyRing
from node.verification.labels import Labels
from node.verification.linked import with_linked
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy
from node.verification.received import Received
from node.verification.report import CredentialReport, Report, combine, judge
from node.verification.status_lists import StatusLists
from node.verification.subject import HELD, Handed, read_subject
from node.verification.summary import summarize
from node.verification.trust import NO_TRUST, Trust
from node.verification.undisclosed import undisclosed
from node.verification.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from node.verification.accreditations import Accreditations
    from node.verification.anchors import Anchored, Anchors, FindKey
    from node.verification.counting_list import Heads

INSIDE: Final = pointer(HELD)
STATUS_CLAIM: Final = "status"
"""The claim of a token that says by which list it can be withdrawn."""
BEST_TO_WORST: Final = (Outcome.NOT_APPLICABLE, Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED)


def verify(  # noqa: PLR0913 -- each is an input of the judgement
    subject: Handed,
    material: VerificationMaterial,
    policy: Policy,
    at: datetime,
    *,
    trust: Trust = NO_TRUST,
    request: Request | None = None,
    beside: Sequence[JsonValue] = (),
) -> Report:
    """The report on a credential, on a presentation of several, or on JSON that is neither.

    1. Find the credentials.
    2. Examine the presentation around them, once.
    3. Judge each credential: structure, then its proofs, then everything that follows from them.
    4. Combine: the whole is as good as its worst.

    `at` is an aware datetime; `request` is what the verifier asked the holder for, which makes the check `holder`
    required whatever the policy. `beside` are documents that were handed over with the subject: labels of it among them
    are compared with it, and nothing else is said of them. Never raises for what the subject or the material says.
    """
    if at.tzinfo is None:
        raise ValueError("the time of judging needs a zone")
    if request is not None:  # Who asks for an answer relies on it: one to somebody else is not accepted.
        policy = replace(policy, requires=policy.requires | {CheckName.HOLDER})
    found = read_subject(subject)  # 1.
    if found.problem is not None:
        return combine([_unreadable(nothing_found(found.problem), policy, {})], policy, at)
    ring, known = KeyRing(material, trust, policy, at), vocabulary(trust.contexts)
    bench = _Bench(ring, known, request)
    bench.read_labels(found.parts, beside)
    findings, presented = examine_presentation(found.presentation, ring, known)  # 2.
    return combine([bench.judge(part, findings, presented) for part in found.parts], policy, at)  # 3. and 4.


def examine_presentation(
    received: Received | None, ring: KeyRing, known: Vocabulary
) -> tuple[list[Finding], Presented | None]:
    """What is wrong with the presentation, and what became of its proofs; those of a broken one are not tried."""
    if received is None or not isinstance(received.value, dict):
        return [], None
    presentation = received.value
    findings = list(received.problems)
    findings += [
        finding
        for finding in check_presentation(presentation, credentials=False)
        if not finding.path.startswith(INSIDE)  # what is inside is judged part by part
    ]
    proofs, broken = proofs_on(received) if "proof" in presentation or received.envelope else ((), [])
    findings += broken
    if findings or not proofs:
        return findings, Presented(Presentation(presentation), ())
    examined = examine(presentation, proofs, ring, Relationship.AUTHENTICATION, known)
    around = {name: value for name, value in presentation.items() if name != "verifiableCredential"}
    unvetted = (*vet(around, "", known, ring.policy), *appended(examined, ""))
    return findings, Presented(Presentation(presentation), examined, unvetted)


class _Bench:
    """What is the same for every credential of one subject."""

    def __init__(self, ring: KeyRing, known: Vocabulary, request: Request | None) -> None:
        self._ring = ring
        self._vocabulary = known
        self._request = request
        self._lists = StatusLists(ring, known)
        self._labels: Labels | None = None
        self._linkages = DomainLinkages(ring, known)
        self._anchors: Anchors | None = None
        self._accredited = _accreditations(ring, known) if ring.material.accreditations else None

    def read_labels(self, parts: Sequence[Received], beside: Sequence[JsonValue]) -> None:
        """Find the labels: one credential alone has none."""
        if len(parts) > 1 or beside:
            others = (part for value in beside for part in read_subject(value).parts)
            self._labels = Labels((*parts, *others), self._ring, self._vocabulary)

    def judge(self, part: Received, findings: list[Finding], presented: Presented | None) -> CredentialReport:
        """One credential; a badge of Open Badges 2 has a procedure of its own.

        1. structure. What is not a credential in the sense of its data model is not judged further. How schemas and
           pinned resources stand is told beside it.
        2. Its proofs: whose key, and does the signature hold; as of when, where an anchor shows that.
        3. context, issuer_key, proof and validity follow from them.
        4. status, anchor, holder, authority and class are questions of their own.
        """
        policy = self._ring.policy
        if part.badge is not None:
            from node.verification.open_badges_2.judging import judge_badge  # noqa: PLC0415 -- few documents need it

            return judge_badge(part.badge, self._ring, self._vocabulary, self._request, self._accredited)
        if part.typed:
            return self._judge_typed(part, findings)
        credential = Credential(part.value, part.path) if isinstance(part.value, dict) else None
        objects = Objects(credential.document) if credential else None
        structure, proofs = check_structure(part, findings, objects)  # 1.
        if credential is None or not structure.passed:
            return _unreadable(structure, policy, summarize(credential) if credential else {})
        examined = examine(  # 2.
            credential.document, proofs, self._ring, Relationship.ASSERTION_METHOD, self._vocabulary
        )
        by_issuer = tuple(proof.by(credential.issuer) for proof in examined)
        anchored = None
        if "evidence" in credential.document and (anchored := self._anchored(credential, credential.issuer, by_issuer)):
            by_issuer = anchored.proofs
        hidden = undisclosed(credential.document, by_issuer)
        case = Case(
            credential,
            self._ring.at,
            policy,
            self._ring.trust,
            self._vocabulary,
            self._request,
            objects,
            hidden,
            anchored.time if anchored is not None else None,
        )
        labels = self._labels.about(part, credential.issuer, self._ring.trust) if self._labels else ()
        issuer_key, proof = check_issuer_key(credential.issuer, by_issuer), check_proof(by_issuer)
        return judge(
            (
                with_linked(structure, case, self._ring.material.resources),
                check_context(case, by_issuer),  # 3.
                issuer_key,
                proof,
                check_validity(case, by_issuer),
                self._check_status(part, case, by_issuer),  # 4.
                check_anchor(case, by_issuer) if anchored is None else anchored.check,
                self._check_holder(part, case, presented, by_issuer),
                check_authority(case, self._linkages, self._accredited if issuer_key.passed and proof.passed else None),
                check_class(case, by_issuer, labels),
            ),
            policy,
            summarize(credential),
        )

    def _anchored(
        self,
        credential: Credential,
        issuer: str | None,
        proofs: tuple[ExaminedProof, ...],
        find: "FindKey | None" = None,
    ) -> "Anchored | None":
        """What anchors show of a credential that names a record on a chain; None where it names none."""
        named = named_records(credential.evidence)
        if not named:
            return None
        from node.verification.anchors import Anchors  # noqa: PLC0415 -- few documents need it

        if self._anchors is None:
            self._anchors = Anchors(self._ring, self._accredited)
        return self._anchors.of(credential, named, issuer, proofs, find)

    def _heads(self, credential: Credential, issuer: str | None, proofs: tuple[ExaminedProof, ...]) -> "Heads | None":
        """The heads of the status lists of a credential that promises some; None where none could be told of.

        Those that are remembered speak of lists that are promised none, too.
        """
        ledgers = self._ring.material.ledgers
        named = named_records(credential.evidence) if "evidence" in credential.document else NO_RECORDS
        promising = named.promising(Promise.HEADS)
        if not promising and not (ledgers and ledgers.seen):
            return None
        from node.verification.anchors import Anchors  # noqa: PLC0415 -- few documents need it
        from node.verification.status_heads import StatusHeads, issued_at  # noqa: PLC0415 -- as above

        if self._anchors is None:
            self._anchors = Anchors(self._ring, self._accredited)
        issued = issued_at(credential, proofs)
        return StatusHeads(self._anchors, self._ring, promising, credential.document, issuer, issued=issued)

    def _judge_typed(self, part: Received, findings: list[Finding]) -> CredentialReport:
        from node.verification.sd_jwt_vc.issuer_key import issuer_in  # noqa: PLC0415 -- few documents need it
        from node.verification.sd_jwt_vc.judging import judge_typed  # noqa: PLC0415 -- as above

        labels = self._labels.about(part, issuer_in(part), self._ring.trust) if self._labels else ()
        return judge_typed(
            part,
            self._ring,
            self._vocabulary,
            self._request,
            self._linkages,
            labels=labels,
            presented=findings,
            anchored=self._anchored,
            heads=self._heads,
            accredited=self._accredited,
        )

    def _check_status(self, part: Received, case: Case, proofs: tuple[ExaminedProof, ...]) -> Check:
        """By the lists that the credential names, and by that which its issuer's token around it does."""
        heads = self._heads(case.credential, case.credential.issuer, proofs)
        told = check_status(case, self._lists, heads)
        named = part.envelope is not None and isinstance(case.credential.document.get(STATUS_CLAIM), dict)
        if not named or not any(found.proof is part.envelope for found in counting(proofs)):
            return told
        from node.verification.sd_jwt_vc.status import check_token_status  # noqa: PLC0415 -- few documents need it

        by_token = check_token_status(case.document, case.credential.issuer, self._ring, part.path, heads)
        if told.code == UNDISCLOSED:
            return by_token
        return max(told, by_token, key=lambda check: BEST_TO_WORST.index(check.outcome))

    def _check_holder(
        self, part: Received, case: Case, presented: Presented | None, proofs: tuple[ExaminedProof, ...]
    ) -> Check:
        """By the key that the issuer bound it to, where it did; else by the presentation around it.

        An envelope that is not the issuer's binds to nobody: whoever put it around the document chose the key. What was
        bound, somebody else must not sign around as theirs.
        """
        envelope = next((found.proof for found in counting(proofs) if found.proof is part.envelope), None)
        if isinstance(envelope, SdJwtProof) and (envelope.confirmation or envelope.opened.sd_jwt.key_binding):
            from node.verification.key_binding import check_key_binding  # noqa: PLC0415 -- few documents need it

            bound = check_key_binding(envelope, case, self._ring)
            if not bound.passed or presented is None or not presented.proofs:
                return bound
            around = check_holder(case, presented, proofs)
            return around if around.failed else bound
        return check_holder(case, presented, proofs)


def _accreditations(ring: KeyRing, known: Vocabulary) -> "Accreditations":
    from node.verification.accreditations import Accreditations  # noqa: PLC0415 -- few verifiers know bodies

    return Accreditations(ring, known)


def _unreadable(structure: Check, policy: Policy, summary: JsonObject) -> CredentialReport:
    """The report on what is no credential that could be read: every other check did not run."""
    others = (name for name in CheckName if name is not CheckName.STRUCTURE)
    return judge((structure, *(not_run(name, CheckName.STRUCTURE) for name in others)), policy, summary)
