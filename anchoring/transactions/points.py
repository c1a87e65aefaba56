"""The points of a round between which nothing outlives a crash but what the store and the chain hold.

`docs/anchoring.md` has a line for each. Whoever puts the parts together may watch them; here nothing depends on that.
"""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """Where a round, or the taking of a call, stands."""

    TAKING = "call.taking"
    TAKEN = "call.taken"
    LEASED = "account.leased"
    SEEN = "calls.seen"
    JUDGED = "calls.judged"
    SIGNED = "transaction.signed"
    STORED = "transactions.stored"
    SENT = "transaction.sent"
    RECORDED = "sending.recorded"


type Checkpoint = Callable[[Point], None]


def unwatched(_: Point) -> None:
    """Nobody watches."""
