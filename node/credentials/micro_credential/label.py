"""The transparency label: a small credential that states the class of a document, for whoever has only the label.

It is a result that somebody signed, never a claim that is believed: with the document at hand it is compared with what
the rules make of it.
"""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

import rfc8785

from node.credentials.context_profile import GLEJT_CONTEXT
from node.credentials.errors import RuleSetError
from node.credentials.micro_credential.classification import Classification, classify
from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.rule_set import rule_set
from node.credentials.structure import objects_of, types_of
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, UnsecuredDocument

BASE_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL_TYPE: Final = "TransparencyLabelCredential"
LABEL_TYPE: Final = "TransparencyLabel"


class LabelOutcome(StrEnum):
    """What a comparison shows."""

    MATCHES = "matches"
    DIFFERS = "differs"
    UNDECIDED = "undecided"
    """Its rules are not known here, or the document shows less than the labelled one."""


def document_digest(document: JsonValue) -> str:
    """`sha256:` and the SHA-256 of the RFC 8785 form of the whole document, its proofs too.

    A token is a JSON text like any other: its digest is that of the text between quotation marks. Raises
    CanonicalizationError for what is no JSON.
    """
    return f"sha256:{sha256(rfc8785.dumps(document)).hexdigest()}"


def compose_label(
    document: JsonObject,
    classification: Classification,
    *,
    issuer: str,
    valid_from: datetime,
    whole: JsonValue = None,
) -> UnsecuredDocument:
    """The label of a signed document, without a proof; what the class rests on is in it, the findings are not.

    `whole` is the token of a document that came in one.
    """
    subject: JsonObject = {
        "type": [LABEL_TYPE],
        "documentDigest": document_digest(document if whole is None else whole),
        "classification": _stated(classification),
    }
    if isinstance(identifier := document.get("id"), str):
        subject = {"id": identifier, **subject}
    return UnsecuredDocument(
        {
            "@context": [BASE_CONTEXT, GLEJT_CONTEXT],
            "type": ["VerifiableCredential", CREDENTIAL_TYPE],
            "issuer": issuer,
            "validFrom": format_timestamp(valid_from),
            "credentialSubject": subject,
        }
    )


def is_about(label: JsonObject, digest: str, identifier: JsonValue) -> bool:
    """Whether a label is about the document of this digest, or of this identifier, if it has one."""
    return any(
        subject.get("documentDigest") == digest or (identifier is not None and subject.get("id") == identifier)
        for subject in objects_of(label, "credentialSubject")
    )


def check_label(
    label: JsonObject, document: JsonObject, *, derived: bool = False, whole: JsonValue = None
) -> LabelOutcome:
    """Whether a label, whose proof somebody has checked, says of the document what its own rules make of it.

    `whole` is the token of a document that came in one.

    1. A document that shows less than the labelled one has another digest: nothing can be compared.
    2. The label is about one document, and about this one.
    3. The rules it states are known here.
    4. What it states is what they make of the document.
    """
    if derived:  # 1
        return LabelOutcome.UNDECIDED
    subjects = Place(label).walk("credentialSubject")
    if len(subjects) != 1 or LABEL_TYPE not in types_of(subjects[0].object):  # 2
        return LabelOutcome.DIFFERS
    subject = subjects[0].object
    digest = document_digest(document if whole is None else whole)
    if subject.get("id") != document.get("id") or subject.get("documentDigest") != digest:
        return LabelOutcome.DIFFERS
    stated = subject.get("classification")
    name = stated.get("rules") if isinstance(stated, dict) else None
    if not isinstance(name, str):
        return LabelOutcome.DIFFERS
    try:  # 3
        rules = rule_set(name)
    except RuleSetError as error:
        if error.code == RuleSetError.default_code:
            raise
        return LabelOutcome.UNDECIDED
    return LabelOutcome.MATCHES if stated == _stated(classify(document, rules)) else LabelOutcome.DIFFERS  # 4


def _stated(classification: Classification) -> JsonValue:
    return {name: value for name, value in classification.to_json().items() if name != "findings"}
