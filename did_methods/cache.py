"""Resolutions that are remembered, for as long as the method allows: what cannot change, until something newer comes.

Spec: https://www.w3.org/TR/did-resolution/#caching
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from did_methods.did import Did
from did_methods.errors import DidDocumentError
from did_methods.resolution import Method, Resolution
from did_methods.timestamps import parse_stamp

MAX_REMEMBERED: Final = 1024
"""Documents of one method: a thousand issuers, of 128 kB each at the very most."""
RETRIEVED: Final = "retrieved"
TTL: Final = "ttl"

_SECONDS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(slots=True)
class RememberedMethod:
    """A DID method that asks another one for what it does not remember; for the tasks of one event loop.

    `seconds` is how long an answer counts at most; None for a method whose documents follow from the identifier. Where
    its controller says by `ttl` that it counts for less, it does; 0 is never remembered. An answer that counts for a
    time carries the time when it was had, so nothing is ever called newer than it is. Failures count for
    `failed_seconds`: a host that does not answer is not asked again at once. Those who ask for the same thing together
    wait for one answer. Answers are shared: nobody changes one.
    """

    method: Method
    seconds: float | None = None
    failed_seconds: float = 0.0
    max_entries: int = MAX_REMEMBERED
    clock: Callable[[], float] = monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _known: OrderedDict[Did, tuple[float, Resolution]] = field(default_factory=OrderedDict)
    _under_way: dict[Did, asyncio.Lock] = field(default_factory=dict)

    async def resolve(self, did: Did) -> Resolution:
        """What the other method answers now, or answered not long ago."""
        answer = self._remembered(did)
        if answer is not None:
            return answer
        lock = self._under_way.setdefault(did, asyncio.Lock())
        async with lock:
            answer = self._remembered(did)
            if answer is not None:
                return answer
            try:
                return await self._ask(did)
            finally:
                if self._under_way.get(did) is lock:
                    del self._under_way[did]

    def _remembered(self, did: Did) -> Resolution | None:
        known = self._known.get(did)
        if known is None or (self.seconds is not None and self.clock() >= known[0]):
            return None
        self._known.move_to_end(did)
        return known[1]

    async def _ask(self, did: Did) -> Resolution:
        had_at = self.now()  # before it is asked: what changes meanwhile may not be in the answer
        answer = await self.method.resolve(did)
        self._known.pop(did, None)
        counts = self.failed_seconds if answer.document is None else self._counts(answer)
        if self.seconds is not None and answer.document is not None:
            stamp = had_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            answer = replace(answer, resolution_metadata={**answer.resolution_metadata, RETRIEVED: stamp})
        if self.seconds is None or counts:
            self._known[did] = (self.clock() + (counts or 0.0), answer)
            while len(self._known) > self.max_entries:
                self._known.popitem(last=False)
        return answer

    def _counts(self, answer: Resolution) -> float | None:
        """How long an answer counts: never longer than is said here, and shorter where its controller says so."""
        ttl = answer.document_metadata.get(TTL)
        if self.seconds is None or not isinstance(ttl, str) or not _SECONDS.fullmatch(ttl):
            return self.seconds
        return min(self.seconds, float(ttl))


def retrieved_at(resolution: Resolution) -> datetime | None:
    """When a remembered answer was had; None for one that is new, or does not say."""
    stamp = resolution.resolution_metadata.get(RETRIEVED)
    try:
        return parse_stamp(stamp, path="") if stamp is not None else None
    except DidDocumentError:
        return None
