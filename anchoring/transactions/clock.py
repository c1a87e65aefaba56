"""Whether this machine's clock may be believed, compared with the chain's.

A clock that is behind would have calls authorised that are over when they arrive; one that is ahead, calls that the
contract does not take yet, and documents with dates to come.
"""

from dataclasses import dataclass, field
from typing import Final

from anchoring.checkpoint import CLOCK_SKEW
from anchoring.transactions.endpoint import Head
from anchoring.transactions.problems import Problem

AHEAD: Final = 600
"""A head older than this is no head of a chain that makes blocks. In seconds."""


@dataclass(slots=True)
class ClockCheck:
    """Watches the head of the chain over the rounds of one process, by a clock that nobody sets."""

    halted_after: float
    """For how long a head has to stay for the chain to count as standing still, in seconds."""
    _seen: tuple[bytes, float] | None = field(default=None)

    def watch(self, head: Head, monotonic: float) -> float:
        """Take note of the head; for how long it has been the same."""
        if self._seen is None or self._seen[0] != head.hash:
            self._seen = (head.hash, monotonic)
        return monotonic - self._seen[1]

    def problem(self, head: Head, *, now: float, unchanged: float, anchored_until: int) -> Problem | None:
        """Why nothing may be signed, or None.

        A head that is old says that the clock is ahead, or that the chain stands still. Which of both is known only
        once it has not moved for a while: a halted chain must not keep anybody from issuing.
        """
        if now + CLOCK_SKEW.total_seconds() < anchored_until:
            return Problem.CLOCK_BEHIND
        if now - head.time > AHEAD and unchanged < self.halted_after:
            return Problem.CLOCK_AHEAD
        return None
