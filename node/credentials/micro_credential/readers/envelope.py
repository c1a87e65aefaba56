"""European Digital Credentials as they travel: the form that Europass takes for upload, and the sealed one.

A seal is not checked here; what is inside it is read as it stands.

Spec: https://www.rfc-editor.org/rfc/rfc7515#section-7.2
"""

import base64
import binascii

from node.credentials.micro_credential.places import Place
from node.documents import JsonObject, parse_object


def open_envelope(document: JsonObject) -> Place:
    """The credential inside, or the document itself where it is no such form.

    The path is that of the credential in the document; what is inside a seal is a text, so paths there begin anew.
    Raises DocumentError for a sealed text that is no JSON object.
    """
    inner, payload = document.get("credential"), document.get("payload")
    if isinstance(inner, dict) and "type" not in document:
        return Place(inner, "/credential")
    if isinstance(payload, str) and not {"signature", "signatures"}.isdisjoint(document):
        return Place(parse_object(_text(payload)))
    return Place(document)


def _text(payload: str) -> str | bytes:
    """The payload as it stands, where it is not encoded, which a seal may say."""
    if payload.lstrip().startswith("{"):
        return payload
    try:
        return base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return payload
