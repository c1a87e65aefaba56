"""From a signed credential to what its issuer anchors for it: the commitments to it, each with whom it is of.

Nothing is anchored that would not count: the signature has to be its issuer's and hold, and the signed document has to
name the record. Of a credential from which its holder derives, what all derivations have in common is committed to.

Spec: docs/adr/0018-a-commitment-is-to-a-signed-object.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from did_methods.document import Relationship
from did_methods.errors import DidMethodsError
from node.credentials.credential import Credential
from node.credentials.record_name import Promise, RecordName, named_records
from node.documents import JsonObject, JsonValue
from node.issuance.document_anchors import anchorable_document
from node.issuance.errors import IssuanceError, NotAnchorableError, UncheckedError
from node.proofs.commitment import commitment_of
from node.proofs.data_integrity import VerifiedProof
from node.proofs.disclosure import derive_proof, is_base
from node.proofs.errors import ProofIndeterminate, ProofsError
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.check import Outcome
from node.verification.checks.structure import proofs_on
from node.verification.examination import ExaminedProof, examine, examine_envelope
from node.verification.keys import KeyRing
from node.verification.receipt_subject import subject_of
from node.verification.received import Received
from node.verification.subject import read_subject
from node.verification.vocabulary import Vocabulary

_UNKNOWN_KEY: Final = ProofIndeterminate(
    "the key of the signature is not known",
    code="proof.indeterminate.key",
    remedy="Find out where its issuer publishes its keys, and run it again.",
)


@dataclass(frozen=True, slots=True)
class Anchorable:
    """What is anchored of one signed object; `subject` tells a receipt of which document and form it is."""

    commitment: bytes
    subject: bytes


def anchorables(document: JsonValue, name: RecordName, ring: KeyRing, vocabulary: Vocabulary) -> tuple[Anchorable, ...]:
    """What is anchored of a signed credential, one for each proof of its issuer's that holds; mostly one.

    1. It is one credential; what is in a presentation is anchored by itself.
    2. It names the record, as the one in which it is going to be anchored.
    3. Its issuer's signature holds, and has a commitment.

    The document of a DID, too, is anchored, so that it can speak for its subject once its host is gone; who says that
    the record is its subject's, is the document itself.

    Raises NotAnchorableError for what nobody should anchor, and UncheckedError where the key is not to be had now.
    """
    if isinstance(document, dict) and _is_did_document(document):
        return (_of_did(document),)
    part = _part(document)  # 1.
    credential = Credential(part.value if isinstance(part.value, dict) else {}, part.path)
    if name not in named_records(credential.evidence).promising(Promise.ANCHOR):  # 2.
        raise NotAnchorableError(
            f"it does not name the record {name}",
            code="anchoring.record",
            remedy="Only what a signed credential names itself counts: issue it with --anchor and that name.",
        )
    issuer, proofs = _examined(part, ring, vocabulary)  # 3.
    found = tuple(_committed(proofs, issuer, credential.id))
    if not found:
        raise _reason(proofs, issuer)
    return found


def _is_did_document(document: JsonObject) -> bool:
    identifier = document.get("id")
    return isinstance(identifier, str) and identifier.startswith("did:") and "type" not in document


def _of_did(document: JsonObject) -> Anchorable:
    try:
        return Anchorable(*anchorable_document(document))
    except (DidMethodsError, IssuanceError) as error:
        raise NotAnchorableError(str(error), code=error.code, remedy=error.remedy) from error


def _part(document: JsonValue) -> Received:
    found = read_subject(document)
    if found.problem is not None or found.presentation is not None or isinstance(document, list):
        raise NotAnchorableError(
            "it is not one credential" if found.problem is None else str(found.problem.message),
            code="anchoring.credential",
            remedy="Give each signed credential in a file, or a line, of its own.",
        )
    part = found.parts[0]
    if part.problems:
        problem = part.problems[0]
        raise NotAnchorableError(problem.message, code=problem.code, remedy=problem.remedy)
    return part


def _examined(part: Received, ring: KeyRing, vocabulary: Vocabulary) -> tuple[str | None, tuple[ExaminedProof, ...]]:
    """The proofs of a document, each judged as its issuer's."""
    if part.typed:
        return _of_claims(part, ring)
    document: JsonObject = part.value if isinstance(part.value, dict) else {}
    proofs, broken = proofs_on(part)
    if broken:
        raise NotAnchorableError(broken[0].message, code=broken[0].code, remedy=broken[0].remedy)
    if any(map(is_base, proofs)):  # what the issuer hands to the holder: nothing is chosen, the mandatory part is left
        try:
            document = derive_proof(document, (), jsonld=vocabulary.jsonld)
        except ProofsError as error:
            raise NotAnchorableError(str(error), code=error.code, remedy=error.remedy) from error
        proofs, _ = proofs_on(Received(part.path, document))
    issuer = Credential(document).issuer
    examined = examine(document, proofs, ring, Relationship.ASSERTION_METHOD, vocabulary)
    return issuer, tuple(proof.by(issuer) for proof in examined)


def _of_claims(part: Received, ring: KeyRing) -> tuple[str | None, tuple[ExaminedProof, ...]]:
    from node.verification.sd_jwt_vc.issuer_key import find_issuer_key  # noqa: PLC0415 -- few documents need it

    proof, claims = part.envelope, part.value
    if not isinstance(proof, SdJwtProof) or not isinstance(claims, dict):
        raise TypeError("an SD-JWT VC has claims, and a proof")
    stated = claims.get("iss")
    issuer, key = find_issuer_key(proof.token, stated if isinstance(stated, str) else None, ring)
    return issuer, (examine_envelope(proof, key, _UNKNOWN_KEY),)


def _committed(
    proofs: tuple[ExaminedProof, ...], issuer: str | None, credential_id: str | None
) -> Iterator[Anchorable]:
    for proof in proofs:
        outcome = proof.outcome
        if proof.key.controller != issuer or not proof.key.authorised or isinstance(outcome, ProofsError):
            continue
        if isinstance(outcome, VerifiedProof) and outcome.covers == "nothing":
            continue
        made = commitment_of(outcome, of_sd_jwt=isinstance(proof.proof, SdJwtProof))
        yield Anchorable(made.value, subject_of(credential_id, made.form))


def _reason(proofs: tuple[ExaminedProof, ...], issuer: str | None) -> NotAnchorableError | UncheckedError:
    """Why nothing can be anchored."""
    for proof in proofs:
        outcome = proof.outcome
        if isinstance(outcome, VerifiedProof) and outcome.covers == "nothing":
            return NotAnchorableError(
                "two showings of it must not be linked, so there is nothing that could be anchored",
                code="anchoring.unlinkable",
                remedy="Anchor credentials in another form than bbs.",
            )
    for proof in proofs:
        if proof.key.outcome is Outcome.INDETERMINATE:
            return UncheckedError(
                f"the key of {str(issuer)[:96]} is not known: {proof.key.message}",
                code="anchoring.key",
                remedy="Connect, or pin the issuer's document in the trust file, and run it again.",
            )
        if isinstance(proof.outcome, ProofsError):
            kind = UncheckedError if proof.signature is Outcome.INDETERMINATE else NotAnchorableError
            return kind(str(proof.outcome), code=proof.outcome.code, remedy=proof.outcome.remedy)
    return NotAnchorableError(
        f"nothing on it is signed by a key of {str(issuer)[:96]}",
        code="anchoring.issuer",
        remedy="Anchor what its issuer signed, as it was signed.",
    )
