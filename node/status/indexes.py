"""Which index the next credential gets: any of the free ones, each as likely as the other.

An index that follows from when, or to whom, a credential was issued would tell that to everybody who sees it.
"""

import secrets
from collections.abc import Set as AbstractSet
from typing import Final

from node.status.errors import StatusFullError

GUESSES_BEFORE_COUNTING: Final = 32
"""While at most half are taken, so many wrong guesses in a row happen once in four billion draws."""


def free_index(entries: int, used: AbstractSet[int]) -> int:
    """A free index below `entries`, drawn by the system's randomness; raises StatusFullError when there is none.

    Whoever issues keeps `used`, and keeps it so that no two draws are made from the same one.
    """
    for _ in range(GUESSES_BEFORE_COUNTING):
        index = secrets.randbelow(entries)
        if index not in used:
            return index
    free = [index for index in range(entries) if index not in used]
    if not free:
        raise StatusFullError(f"all {entries} indexes are taken")
    return secrets.choice(free)
