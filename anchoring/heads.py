"""What a head says of a status list: under which id, and by which digest of its bytes; and where those bytes are found.

The digest covers the bytes exactly as they are published, so it does not matter where a copy comes from, and any store
that addresses by content has them under the CID that follows from it.

Spec: https://github.com/multiformats/cid#cidv1, https://www.rfc-editor.org/rfc/rfc4648#section-6
"""

import hashlib
from base64 import b32encode
from typing import Final

from anchoring.errors import FactError, shown
from anchoring.tags import STATUS_LIST

DIGEST_BYTES: Final = 32
_RAW_SHA2_256: Final = bytes((0x01, 0x55, 0x12, DIGEST_BYTES))
"""CID version 1, of bytes that mean nothing by themselves, by a SHA-256 of 32 bytes."""
_BASE32: Final = "b"


def list_id(url: str) -> bytes:
    """The id of the status list that is published at this address."""
    return hashlib.sha256(STATUS_LIST + url.encode("utf-8", "surrogatepass")).digest()


def digest_of(published: bytes) -> bytes:
    """The digest by which a head names these bytes of a list."""
    return hashlib.sha256(published).digest()


def cid_of(digest: bytes) -> str:
    """The CID of the bytes with this digest, in base32."""
    if len(digest) != DIGEST_BYTES:
        raise FactError(
            f"{shown(digest)} is no digest of {DIGEST_BYTES} bytes",
            code="fact.value",
            remedy="Give the SHA-256 of the published bytes, as a head holds it.",
        )
    return _BASE32 + b32encode(_RAW_SHA2_256 + digest).decode("ascii").rstrip("=").lower()
