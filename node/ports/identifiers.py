"""Names of rows: of no meaning, and in the order in which they were made.

Rows that were made together lie together, so a table grows at its end and not everywhere.

Spec: https://www.rfc-editor.org/rfc/rfc9562#section-5.7
"""

import secrets
import time
from typing import Final
from uuid import UUID

_RANDOM_BITS: Final = 80


def new_id() -> str:
    """A UUID of version 7, of this moment."""
    value = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(UUID(int=value & ~(0x3 << 62) | 0x2 << 62))
