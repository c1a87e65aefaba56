"""Token buckets: so many at once, so many a second in the long run, for each of many names.

A bucket is one number, the time at which it will be full again (GCRA). There are never more than MAX_NAMES: the one
that nobody has asked for the longest goes, and is full when it comes again. `limits` was measured against this: its
store in memory looks through every name at each request, and moves to a thread for it.

Spec: https://www.itu.int/rec/T-REC-I.371-200403-I (annex A)
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from node.http.limits import Rate
from node.http.problems import ProblemError

MAX_NAMES: Final = 65_536
"""Some 10 MB; a flood from more addresses than that is stopped by how many requests there may be at one time."""


class Buckets:
    """The buckets of one kind."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate.per_second
        self._depth = rate.burst * self._interval
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one; 0, or how many seconds until there is one."""
        wait = self.wait(name)
        if not wait:
            self._full_at[name] = max(self._full_at.get(name, 0.0), self._clock()) + self._interval
            self._full_at.move_to_end(name)
            if len(self._full_at) > MAX_NAMES:
                self._full_at.popitem(last=False)
        return wait

    def wait(self, name: str) -> float:
        """How many seconds until there is one; 0 where there is."""
        full_at = self._full_at.get(name)
        if full_at is None:
            return 0.0
        self._full_at.move_to_end(name)
        return max(0.0, full_at + self._interval - self._depth - self._clock())

    def __len__(self) -> int:
        return len(self._full_at)


def too_often(seconds: float) -> ProblemError:
    """The problem of whoever comes too often."""
    return ProblemError(
        429,
        "request.rate",
        "there were too many requests",
        "Wait for as many seconds as Retry-After says, and send fewer.",
        headers={"Retry-After": str(max(1, math.ceil(seconds)))},
    )
