"""The anchors of one verification: which signed objects are shown to have existed by the time of a block.

What is anchored is a signature together with what it covers, so an anchor speaks for one proof, and dates it: its key
is then judged as of that time. It does not show when the document was signed, nor that what it says is true.

Only what stands in a namespace counts that the signed credential names, and that is its issuer's: nobody who stole a
signing key can write there, and nobody can name another's namespace as his own.

Spec: docs/concepts/what-an-anchor-proves.md
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from anchoring.errors import AnchoringError
from anchoring.facts import Anchor
from anchoring.merkle import leaf_hash, root_from_path
from anchoring.receipt import Finality, Receipt, Site, State
from did_methods.document import Relationship
from node.credentials.credential import Credential
from node.credentials.record_name import NamedRecords, Promise, RecordName
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.proofs.commitment import Commitment, commitment_of
from node.proofs.data_integrity import VerifiedProof
from node.proofs.errors import ProofsError
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.case import CLOCK_SKEW
from node.verification.check import Check, CheckName, Outcome, not_run
from node.verification.examination import ExaminedProof, counting
from node.verification.keys import KeyFinding, KeyRing
from node.verification.ledger_material import LedgerMaterial
from node.verification.namespaces import is_own
from node.verification.receipt_subject import subject_of
from node.verification.records import Known, Problem, Records, Unknown, moment

if TYPE_CHECKING:
    from node.verification.accreditations import Accreditations

BEST_FIRST: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.INDETERMINATE)
"""Records are independent of one another: one that shows the document is enough."""
WITHIN_UNTIL_MINED: Final = "24 h"
"""How long a receipt may be pending: issuers anchor what they signed once a day, or more often."""
WITHIN_UNTIL_FINAL: Final = "1 h"
"""How long a block takes to become final, at the most, while the chain goes on."""

type FindKey = Callable[[ExaminedProof, KeyRing], KeyFinding]
"""The key of a proof, looked up anew in another ring."""

_UNKNOWN: Final[dict[Problem, tuple[str, str]]] = {
    Problem.TEST_NETWORK: ("test_network", "It is named to be on a network for tests, which proves nothing."),
    Problem.UNKNOWN_NETWORK: ("unknown_network", "Your trust file does not know the chain that it names."),
    Problem.OTHER_CONTRACT: ("other_contract", "On the chain that it names, your trust file expects another contract."),
    Problem.UNPROVEN: ("unproven", "Nothing at hand proves what the receipt says. Connect and check again."),
    Problem.UNTRUSTED_BLOCK: (
        "untrusted_block",
        "The proof ends in a block that you have no reason to trust. Connect, or get a newer checkpoint.",
    ),
}


@dataclass(frozen=True, slots=True)
class AnchorFinding:
    """What is known of the anchor of one proof in one record; `time` is there where it passed."""

    outcome: Outcome
    code: str
    message: str
    evidence: JsonObject
    time: datetime | None = None

    def check(self) -> Check:
        """The check that this makes."""
        return Check(CheckName.ANCHOR, self.outcome, f"anchor.{self.code}", self.message, self.evidence)


@dataclass(frozen=True, slots=True)
class Anchored:
    """The proofs of a document, with keys as of the times that are shown; and the check `anchor`.

    `time` is the earliest by which a proof that counts existed.
    """

    proofs: tuple[ExaminedProof, ...]
    check: Check
    time: datetime | None


@dataclass(frozen=True, slots=True)
class _Signed:
    """One signed object: a proof of a credential, and what it commits to; `known` are those of all its proofs."""

    document: JsonObject
    credential_id: str | None
    path: str
    commitment: Commitment
    known: tuple[bytes, ...]

    def is_mistaken(self, receipt: Receipt) -> bool:
        """Whether a receipt says that it is of this document, and is of none of its proofs."""
        if self.credential_id is None or receipt.subject != subject_of(self.credential_id, self.commitment.form):
            return False
        return not any(_leads(receipt, value) for value in self.known)


class Anchors:
    """The anchors of one verification, over what is known of chains."""

    __slots__ = ("_accredited", "_records", "_ring")

    def __init__(self, ring: KeyRing, accredited: "Accreditations | None" = None) -> None:
        self._ring = ring
        self._accredited = accredited
        known = None if accredited is None else accredited.records
        self._records = known or Records(ring.material.ledgers or LedgerMaterial(), ring.trust, ring.at)

    @property
    def records(self) -> Records:
        """What is proven of records on chains."""
        return self._records

    def of(
        self,
        credential: Credential,
        named: NamedRecords,
        issuer: str | None,
        proofs: Sequence[ExaminedProof],
        find: FindKey | None = None,
    ) -> Anchored:
        """What anchors show of a credential that names records; `proofs` are judged as its issuer's.

        1. Each proof by the issuer that holds is looked for in each record that the credential names.
        2. The key of one that is found is judged anew, as of the time by which it existed.
        3. The best that is known of a proof that counts is how the check ends.
        """
        findings: dict[int, list[AnchorFinding]] = {}
        dated: list[ExaminedProof] = []
        commitments = [_commitment(proof, issuer) for proof in proofs]
        values = tuple([one.value for one in commitments if one is not None])
        for place, (proof, commitment) in enumerate(zip(proofs, commitments, strict=True)):
            signed = None
            if commitment is not None:
                signed = _Signed(credential.document, credential.id, proof.proof.path, commitment, values)
            found = findings[place] = list(self._findings(named, issuer, signed))  # 1.
            times = [one.time for one in found if one.time is not None]
            dated.append(self._dated(proof, min(times), issuer, find or _found_again) if times else proof)  # 2.
        chosen = {proof.proof.path for proof in counting(tuple(dated))}
        told = [one for place, proof in enumerate(dated) if proof.proof.path in chosen for one in findings[place]]
        check = self._check(named, dated, told)  # 3.
        times = [one.time for one in told if one.time is not None]
        return Anchored(tuple(dated), check, min(times, default=None))

    def _findings(self, named: NamedRecords, issuer: str | None, signed: "_Signed | None") -> Iterator[AnchorFinding]:
        if issuer is not None and signed is not None:
            for name in named.promising(Promise.ANCHOR):
                yield self._finding(name, issuer, signed)

    def _finding(  # noqa: PLR0911 -- one per answer
        self, name: RecordName, issuer: str, signed: "_Signed"
    ) -> AnchorFinding:
        """What one record shows of one signed object.

        1. The record is on a chain and in a contract that the verifier knows.
        2. A receipt leads from the object to a value, and a trusted block shows when that was anchored.
        3. The namespace is the issuer's: now, or when the value was anchored.
        4. Without such a receipt nothing is shown. One that was made for the document, and of another object, speaks
           against it; so does one that tells of an anchor what the record does not.
        5. Nothing that was anchored only after the time of judging counts.
        """
        network = self._records.network(name.chain_id)
        told: JsonObject = {"network": network, "record": str(name), "proof": signed.path}
        site = Site(name.chain_id, name.contract, name.namespace)
        chain = self._records.chain_of(site)  # 1.
        if isinstance(chain, Unknown):
            return _unknown(chain.problem, told)
        receipts = self._records.receipts(site)  # 2.
        leading = [
            (receipt, self._records.fact(site, receipt.question))
            for receipt in receipts
            if _leads(receipt, signed.commitment.value)
        ]
        anchors = [known.fact for _, known in leading if isinstance(known, Known) and isinstance(known.fact, Anchor)]
        time = min((moment(anchor.time) for anchor in anchors), default=self._ring.at)
        if not self.is_issuers(name, issuer, time, signed.document):  # 3.
            message = "That the record is its issuer's, neither the issuer says, nor a list of yours, nor a body."
            return AnchorFinding(Outcome.INDETERMINATE, "namespace", message, told)
        if not leading:  # 4.
            if any(map(signed.is_mistaken, receipts)):
                message = (
                    "The receipt is of something else than this signed document. Ask the issuer for the right one."
                )
                return AnchorFinding(Outcome.FAILED, "mismatch", message, told)
            message = "It promises an anchor, and no receipt shows it. Ask the issuer for the receipt."
            return AnchorFinding(Outcome.INDETERMINATE, "no_receipt", message, told)
        found = [_judged(receipt, known, told) for receipt, known in leading]
        best = min(found, key=self._rank)
        if best.time is None:
            return best
        if best.time - self._ring.at > CLOCK_SKEW:  # 5.
            message = f"It was anchored only on {format_timestamp(best.time)}, after the time that was asked about."
            return AnchorFinding(
                Outcome.INDETERMINATE, "later", message, {**best.evidence, "covers": signed.commitment.covers}
            )
        return replace(
            best, evidence={**best.evidence, "covers": signed.commitment.covers}, time=min(best.time, self._ring.at)
        )

    def _rank(self, found: AnchorFinding) -> tuple[int, datetime]:
        """Best first; of those that passed, the earliest."""
        return BEST_FIRST.index(found.outcome), found.time or self._ring.at

    def _dated(self, proof: ExaminedProof, time: datetime, issuer: str | None, find: FindKey) -> ExaminedProof:
        """The proof, with its key as of a time; of several that its id meant, the one that it was made with."""
        found = find(proof, replace(self._ring, anchored=lambda _proof: time))
        for key in (found, *found.others):
            if key.public_key == proof.key.public_key:
                return replace(proof, key=key).by(issuer)
        return proof

    def is_issuers(self, name: RecordName, issuer: str, time: datetime, document: JsonObject) -> bool:
        """Whether a namespace is the issuer's: by the trust file, the issuer's own document, or an accreditation.

        What was said when the value was anchored counts as much as what is said now: issuers move on. A body speaks for
        an issuer as far as it accredits it, so what it says of namespaces counts for documents of that kind.
        """
        known = self._accredited
        given = (lambda: False) if known is None else lambda: known.give(name, issuer, time, document)
        return is_own(self._ring, name, issuer, time, given)

    def _check(self, named: NamedRecords, proofs: Sequence[ExaminedProof], told: list[AnchorFinding]) -> Check:
        if told:
            return min(told, key=self._rank).check()
        networks = [self._records.network(name.chain_id) for name in named.names]
        evidence: JsonObject = {"network": networks[0]} if networks else {}
        holding = [proof for proof in counting(tuple(proofs)) if proof.holds]
        if holding and all(map(_unlinkable, holding)):
            message = "It is not anchored, so that two showings of it cannot be linked."
            return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.unlinkable", message, evidence)
        if named.promising(Promise.ANCHOR):
            return replace(not_run(CheckName.ANCHOR, CheckName.PROOF), evidence={"because": "proof", **evidence})
        if named.malformed:
            listed: list[JsonValue] = [text[:256] for text in named.malformed]
            message = "What should name the record of its anchor cannot be read. Ask the issuer for a new document."
            return Check(CheckName.ANCHOR, Outcome.INDETERMINATE, "anchor.malformed", message, {"names": listed})
        return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.none", "It promises no anchor.")


def _judged(receipt: Receipt, known: Known | Unknown, told: JsonObject) -> AnchorFinding:
    """What is known of a receipt that leads from the document to its value."""
    told = {**told, "state": receipt.state.value}
    waiting = {State.PENDING: WITHIN_UNTIL_MINED, State.MINED: WITHIN_UNTIL_FINAL}.get(receipt.state)
    if isinstance(known, Known) and isinstance(known.fact, Anchor):
        claimed = receipt.progress.anchor if isinstance(receipt.progress, Finality) else known.fact
        evidence = {
            **told,
            "state": State.FINAL.value,
            "block": known.fact.block,
            "time": format_timestamp(moment(known.fact.time)),
            "asOf": format_timestamp(known.time),
        }
        if claimed != known.fact:
            message = (
                "The receipt tells of the anchor something else than the record. Ask the issuer for the right one."
            )
            return AnchorFinding(Outcome.FAILED, "contradicted", message, evidence)
        message = "The signed document existed by the time of the block; when it was signed, that does not show."
        return AnchorFinding(Outcome.PASSED, "passed", message, evidence, moment(known.fact.time))
    if (
        isinstance(known, Known)
        and isinstance(receipt.progress, Finality)
        and receipt.progress.anchor.block <= known.block
    ):
        message = "The receipt tells of an anchor that the record does not hold. Ask the issuer for the right one."
        return AnchorFinding(Outcome.FAILED, "contradicted", message, told)
    if waiting is not None:
        message = "It is being anchored, which takes a while. Its signature stands without the anchor."
        return AnchorFinding(Outcome.INDETERMINATE, "waiting", message, {**told, "within": waiting})
    return _unknown(known.problem if isinstance(known, Unknown) else Problem.UNTRUSTED_BLOCK, told)


def _unknown(problem: Problem, told: JsonObject) -> AnchorFinding:
    code, message = _UNKNOWN[problem]
    return AnchorFinding(Outcome.INDETERMINATE, code, message, told)


def _commitment(proof: ExaminedProof, issuer: str | None) -> Commitment | None:
    """The commitment to what a proof signs; None where it is not by the issuer, does not hold, or has none."""
    if proof.key.controller != issuer or not proof.key.authorised:
        return None
    if isinstance(proof.outcome, ProofsError) or _unlinkable(proof):
        return None
    return commitment_of(proof.outcome, of_sd_jwt=isinstance(proof.proof, SdJwtProof))


def _unlinkable(proof: ExaminedProof) -> bool:
    return isinstance(proof.outcome, VerifiedProof) and proof.outcome.covers == "nothing"


def _leads(receipt: Receipt, commitment: bytes) -> bool:
    place = receipt.place
    try:
        return root_from_path(leaf_hash(place.salt, commitment), place.index, place.size, place.path) == place.root
    except AnchoringError:
        return False  # no place in any tree


def _found_again(proof: ExaminedProof, ring: KeyRing) -> KeyFinding:
    return ring.find(proof.proof, Relationship.ASSERTION_METHOD)
