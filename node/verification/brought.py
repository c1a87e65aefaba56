"""What is handed over beside a document, read far enough to know what it is; whether it counts, nobody knows yet."""

from datetime import datetime

from node.documents import DocumentError, parse_object
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import parse_jws
from node.status.errors import StatusError
from node.status.token_status_list import read_token_status_list
from node.verification.material import Origin, StatusListCopy
from node.verification.received import read_text


def brought_list(text: str, at: datetime) -> StatusListCopy | None:
    """The copy of a status list, under the address that it calls its own; None for what calls nothing its own.

    Raises DocumentError for a text that is neither JSON nor a token.
    """
    document = read_text(text).value
    url = document.get("id") if isinstance(document, dict) else _address_in_token(text)
    return StatusListCopy(url, text, Origin.FILE, at) if isinstance(url, str) else None


def _address_in_token(text: str) -> str | None:
    """The address that a Token Status List calls its own; None for what is none."""
    try:
        return read_token_status_list(parse_object(parse_jws(text.strip()).payload)).uri
    except (ProofsError, StatusError, DocumentError):
        return None
