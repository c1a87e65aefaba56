"""What a process was told of the outside, which it need not ask again for as long as the pool would say the same.

It is kept under the whole need, and by the pool's clock, which comes with each task. Where the pool has forgotten
anything before its time, or another pool's memory is meant, the task names another era: then all of it is forgotten.
"""

from typing import Final

from node.adapters.judging.protocol import AsOf, Brought, Need, size_of

MAX_TOLD: Final = 64
"""Answers that a process keeps: those of the issuers of the hour."""
MAX_TOLD_BYTES: Final = 2 * 1024 * 1024
"""… and what they weigh, which a task has beside what it may be brought."""


class Told:
    """For one process; what a task must not see is gone before it begins."""

    def __init__(self) -> None:
        self._kept: dict[Need, tuple[Brought, float]] = {}
        self._bytes = 0
        self._as_of: AsOf | None = None

    def turn_to(self, as_of: AsOf | None) -> None:
        """Keep nothing of another era; without a moment, nothing is told and nothing kept."""
        if as_of is None or self._as_of is None or as_of.era != self._as_of.era:
            self._kept.clear()
            self._bytes = 0
        self._as_of = as_of

    def find(self, need: Need) -> Brought | None:
        """What was told of a need, where it still counts."""
        known = self._kept.get(need)
        if known is None or self._as_of is None or self._as_of.clock >= known[1]:
            return None
        return known[0]

    def keep(self, need: Need, answer: Brought, until: float) -> None:
        """Keep it until then by the pool's clock; what was kept longest makes room."""
        self._forget(need)
        if self._as_of is None or size_of(answer) > MAX_TOLD_BYTES:
            return
        self._kept[need] = answer, until
        self._bytes += size_of(answer)
        while len(self._kept) > MAX_TOLD or self._bytes > MAX_TOLD_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, need: Need) -> None:
        if (known := self._kept.pop(need, None)) is not None:
            self._bytes -= size_of(known[0])
