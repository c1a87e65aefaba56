"""Anchoring the document of an issuer's DID, so that it can speak for the issuer once its host is gone.

It is anchored like a signed credential, as a leaf of a batch: with each batch of credentials, so that it speaks for all
of them, or alone. Alone or not, the chain shows the same: a value that says nothing.

Spec: docs/adr/0025-an-issuer-can-anchor-its-document.md
"""

from dataclasses import dataclass

from anchoring.batch import batch, fresh_salts, fresh_secret
from anchoring.operations import AnchorValue
from anchoring.receipt import Receipt, Site
from did_methods.document import DidDocument
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.issuance.errors import ProfileError
from node.verification.anchored_documents import FORM, commitment_to
from node.verification.keys import HOSTED
from node.verification.receipt_subject import subject_of


@dataclass(frozen=True, slots=True)
class DocumentAnchor:
    """What writes a document down, and the receipt of it, which is final once a proof is added."""

    operation: AnchorValue
    receipt: Receipt


def anchorable_document(document: JsonObject) -> tuple[bytes, bytes]:
    """The commitment to the document of a DID, and what its receipt is of; for a place in a batch.

    Raises DidMethodsError for what is no document, and ProfileError for one that needs no record: it follows from its
    identifier, or a chain shows it.
    """
    did = DidDocument.parse(document).id
    if not did.startswith(HOSTED):
        raise ProfileError(
            f"the document of {did[:96]} needs no record",
            code="issuance.controller",
            remedy=f"Anchor documents of {' and '.join(HOSTED)}… only.",
        )
    return commitment_to(did, document), subject_of(did, FORM)


def document_anchor(document: JsonObject, name: RecordName) -> DocumentAnchor:
    """The anchor of a document alone, in a record of its subject's; raises as `anchorable_document` does."""
    commitment, subject = anchorable_document(document)
    salt = fresh_salts(1)[0]
    made = batch([commitment], [salt], fresh_secret())
    receipt = Receipt(made.place(salt, commitment), Site(name.chain_id, name.contract, name.namespace), subject)
    return DocumentAnchor(AnchorValue(name.namespace, made.anchored), receipt)
