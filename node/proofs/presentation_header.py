"""The presentation header of a BBS proof: what binds it to the one who asked, so that nobody else can be shown it.

Spec: docs/adr/0017-a-bbs-presentation-is-bound-by-its-header.md,
https://www.w3.org/TR/vc-di-bbs/#add-derived-proof-bbs-2023
"""

import hashlib
from typing import Final

TAG: Final = b"glejt/presentation/v1"
HEADER_BYTES: Final = 32


def presentation_header(challenge: str, domain: str) -> bytes:
    """SHA-256 over the tag, and challenge and domain in UTF-8, each after its length as a big-endian uint32."""
    parts = (challenge.encode(), domain.encode())
    return hashlib.sha256(TAG + b"".join(len(part).to_bytes(4) + part for part in parts)).digest()
