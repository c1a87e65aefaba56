"""What was brought for one task and may do for others: remembered for minutes, bounded, and never read.

Each answer carries the time when it was had, so nothing is ever called newer than it is. That nothing was to be had
counts for a while, too: a host that does not answer would else cost its whole time limit again for each document.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from node.adapters.judging.protocol import (
    AsOf,
    Brought,
    Failure,
    FetchNeed,
    Need,
    OwnEventsNeed,
    OwnNeed,
    PostNeed,
    size_of,
)
from node.adapters.remembered_fetch import FAILED_SECONDS, KEPT_SECONDS, MAX_KEPT_BYTES
from node.adapters.remembered_ledger import KEPT_SECONDS as CHAIN_KEPT_SECONDS

MAX_KEPT: Final = 4096
"""Answers, some hundred bytes each beside their bodies."""
OWN_SECONDS: Final = 2.0
"""How long counts what this node itself publishes or its own chain shows: as long as a burst takes, since a withdrawal
of its own is to be seen at once."""
_ERAS: Final = itertools.count(1)
"""Of all memories of this server, so that what one of them told is taken for nothing that another one would."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, when it was had, and until when it counts."""

    answer: Brought
    since: float
    until: float


@dataclass(slots=True)
class Answers:
    """For the tasks of one event loop. How old an answer may be is no part of what it is kept under."""

    clock: Callable[[], float] = time.monotonic
    max_bytes: int = MAX_KEPT_BYTES
    _kept: dict[Need, _Kept] = field(default_factory=dict)
    bytes: int = 0
    """Of all answers that are kept."""
    _era: int = field(default_factory=lambda: next(_ERAS))

    @property
    def as_of(self) -> AsOf:
        """The present moment, as processes are told it that keep what they were told."""
        return AsOf(self._era, self.clock())

    def find(self, need: Need) -> Brought | None:
        """What is remembered of a need, if it is new enough for it."""
        found = self.find_until(need)
        return None if found is None else found[0]

    def find_until(self, need: Need) -> tuple[Brought, float] | None:
        """The same, and until when by the clock that counts."""
        known = self._kept.get(_plain(need))
        if known is None:
            return None
        until = known.until
        if isinstance(need, FetchNeed) and need.max_age is not None:
            until = min(until, known.since + need.max_age)
        return (known.answer, until) if self.clock() < until else None

    def keep(self, need: Need, answer: Brought, *, own: bool = False) -> None:
        """Remember what was brought; what was kept longest makes room."""
        need = _plain(need)
        self.forget(need)
        now = self.clock()
        self._kept[need] = _Kept(answer, now, now + _seconds(need, answer, own=own))
        self.bytes += size_of(answer)
        while len(self._kept) > MAX_KEPT or self.bytes > self.max_bytes:
            self.forget(next(iter(self._kept)))

    def forget(self, need: Need) -> None:
        """Remember nothing of a need."""
        if (known := self._kept.pop(_plain(need), None)) is not None:
            self.bytes -= size_of(known.answer)

    def forget_address(self, url: str) -> None:
        """Remember nothing of an address, here and in every process: what lies there was changed."""
        self._era = next(_ERAS)
        for need in [need for need in self._kept if isinstance(need, FetchNeed) and need.url == url]:
            self.forget(need)


def _plain(need: Need) -> Need:
    if isinstance(need, FetchNeed) and need.max_age is not None:
        return replace(need, max_age=None)
    return need


def _seconds(need: Need, answer: Brought, *, own: bool) -> float:
    if own or isinstance(need, OwnNeed | OwnEventsNeed):
        return OWN_SECONDS
    if isinstance(answer, Failure):
        return FAILED_SECONDS
    return CHAIN_KEPT_SECONDS if isinstance(need, PostNeed) else KEPT_SECONDS
