"""What a receipt says it is of: which form of which document, so that one of another signing of it is found out."""

import hashlib
from typing import Final

MAX_BYTES: Final = 1024
"""As many as receipts hold."""


def subject_of(credential_id: str | None, form: str) -> bytes:
    """The subject of a receipt for a credential with this identifier, in the form that its commitment names.

    An identifier that is too long is told by its SHA-256. Of a document without one only the form is told, and another
    of the kind cannot be told from it.
    """
    if credential_id is None:
        return form.encode()
    told = f"{form} {credential_id}".encode()
    return told if len(told) <= MAX_BYTES else f"{form} {hashlib.sha256(credential_id.encode()).hexdigest()}".encode()
