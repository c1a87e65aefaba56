"""Under which ids an accreditation stands on a chain, and by which digest it names the signed statement.

The ids are hashes, so the chain tells whom they mean only to who knows already: who is accredited, and what for.
"""

import hashlib

from anchoring.tags import SCOPE, SUBJECT


def subject_id(identifier: str) -> bytes:
    """The id of who is accredited, by their identifier as the statement writes it."""
    return hashlib.sha256(SUBJECT + identifier.encode("utf-8", "surrogatepass")).digest()


def scope_id(canonical: bytes) -> bytes:
    """The id of what an accreditation is for, by the one form of that scope."""
    return hashlib.sha256(SCOPE + canonical).digest()


def evidence_of(signed: bytes) -> bytes:
    """The digest by which a record names these bytes of a signed statement, exactly as they are handed on."""
    return hashlib.sha256(signed).digest()
