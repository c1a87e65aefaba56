"""A fetch that asks for the same thing once: for many documents of few issuers, checked in one run.

What was had counts for a while, and so does that it was not to be had: a host that does not answer would else cost its
whole time limit again for each document. Those who ask for the same thing at once wait for one answer.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from node.verification.errors import FetchError
from node.verification.sources import Fetch, Fetched

KEPT_SECONDS: Final = 300.0
"""How long an answer counts. Each carries the time when it was had, so nothing is ever called newer than it is."""
FAILED_SECONDS: Final = 60.0
"""How long a failure counts: hosts come back."""
MAX_KEPT: Final = 1024
MAX_KEPT_BYTES: Final = 64 * 1024 * 1024
"""All bodies that are kept: a thousand status lists of the usual size."""

type Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, or why there is none, and until when it counts."""

    answer: Fetched | FetchError
    until: float

    @property
    def size(self) -> int:
        return len(self.answer.body) if isinstance(self.answer, Fetched) else 0


@dataclass(slots=True)
class RememberedFetch:
    """A Fetch that goes to another one for what it does not remember; for the tasks of one event loop."""

    fetch: Fetch
    clock: Callable[[], float] = time.monotonic
    _kept: dict[Key, _Kept] = field(default_factory=dict)
    _under_way: dict[Key, asyncio.Task[Fetched | FetchError]] = field(default_factory=dict)
    _bytes: int = 0

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """The body behind a URL; raises as the other one does."""
        key = (url, accept, max_bytes)
        known = self._kept.get(key)
        if known is not None and self.clock() < known.until:
            answer = known.answer
        else:
            task = self._under_way.get(key)
            if task is None:
                task = self._under_way[key] = asyncio.create_task(self._ask(key))
            # One who gives up does not take the answer away from the others.
            answer = await asyncio.shield(task)
        if isinstance(answer, FetchError):
            raise answer.with_traceback(None)
        return answer

    async def _ask(self, key: Key) -> Fetched | FetchError:
        url, accept, max_bytes = key
        answer: Fetched | FetchError
        try:
            answer = await self.fetch(url, accept=accept, max_bytes=max_bytes)
        except FetchError as error:
            answer = error
        finally:
            del self._under_way[key]
        self._keep(key, answer)
        return answer

    def _keep(self, key: Key, answer: Fetched | FetchError) -> None:
        seconds = KEPT_SECONDS if isinstance(answer, Fetched) else FAILED_SECONDS
        self._forget(key)
        self._kept[key] = kept = _Kept(answer, self.clock() + seconds)
        self._bytes += kept.size
        while len(self._kept) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        if (known := self._kept.pop(key, None)) is not None:
            self._bytes -= known.size
