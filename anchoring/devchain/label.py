"""What an embedded chain has to be called wherever it is shown: whoever has the machine can rewrite it."""

from typing import Final

KIND: Final = "local"
"""What a trust file has to call such a chain before anything on it counts."""
NOTICE: Final = (
    "A chain on this machine alone, for trying things out. Whoever has the machine can rewrite it, so what stands on "
    "it proves nothing to anybody else; its coins and the keys in its folder are worth nothing."
)
_FIRST: Final = 0x676C_0000_0000
IDS: Final = range(_FIRST, _FIRST + 2**32)
"""The numbers that embedded chains give themselves, one per folder; `gl` in ASCII, then 32 random bits.

Small enough for every reader of JSON, and far from those that public chains take.
"""


def is_embedded(chain_id: int) -> bool:
    """Whether a chain with this number can only be an embedded one; a public chain may not be mistaken for it."""
    return chain_id in IDS
