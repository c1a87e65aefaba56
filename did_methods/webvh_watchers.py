"""The watchers of a did:webvh: what the copies that they keep show of the log that its host publishes.

A watcher is never relied on. What it holds is read as strictly as the published log, so it can show that the controller
signed something else or something more, and can show nothing that the controller did not sign.

Spec: https://identity.foundation/didwebvh/v1.0/#did-watchers
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from did_methods.host import LOCALHOST, problem_with
from did_methods.webvh_log import Log

MAX_WATCHERS_ASKED: Final = 8
"""More than anybody names; each is asked for a log and a file of proofs."""

_WATCHER: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?P<port>:[1-9][0-9]{0,4})?(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?"
)
_MAX_CHARS: Final = 1024


class WatcherState(StrEnum):
    """What a watcher's copy is to the published log."""

    SAME = "same"
    BEHIND = "behind"
    """It holds the beginning of the published log."""
    AHEAD = "ahead"
    """It holds sound entries that follow the published ones: the log was cut, or its host is late."""
    FORK = "fork"
    """It holds another sound entry in the place of a published one: the controller signed two histories."""
    UNSOUND = "unsound"
    """What it holds does not hold."""
    ABSENT = "absent"
    """It has no copy."""
    UNKNOWN = "unknown"
    """It could not be asked."""

    @property
    def contradicts(self) -> bool:
        """Whether it shows that the published log is not all that its controller signed."""
        return self in {WatcherState.AHEAD, WatcherState.FORK}


@dataclass(frozen=True, slots=True)
class WatcherFinding:
    """What one watcher showed; `number` is the first version in which it differs, where it does."""

    watcher: str
    state: WatcherState
    number: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WatcherUrls:
    """Where a watcher keeps its copies."""

    log: str
    witnesses: str


def watcher_urls(watcher: str, scid: str, *, loopback: bool = False) -> WatcherUrls | None:
    """The addresses at which a watcher is asked for an identifier; None for one that cannot be asked over the web.

    `loopback` takes a watcher on this machine too, for development.

    Spec: https://identity.foundation/didwebvh/v1.0/#watcher-http-api-operations
    """
    parts = _WATCHER.fullmatch(watcher) if len(watcher) <= _MAX_CHARS else None
    if parts is None:
        return None
    local = loopback and parts["host"] == LOCALHOST
    if not local and (parts["scheme"] != "https" or problem_with(parts["host"]) is not None):
        return None
    base = watcher.removesuffix("/")
    return WatcherUrls(f"{base}/log?scid={scid}", f"{base}/witness?scid={scid}")


def named_watchers(log: Log) -> tuple[str, ...]:
    """The watchers to be asked about a log: all that it ever named, for who cuts it may also have changed them."""
    named = (watcher for version in reversed(log.versions) for watcher in version.parameters.watchers)
    return tuple(dict.fromkeys(named))[:MAX_WATCHERS_ASKED]


def compared(watcher: str, published: Log, held: Log) -> WatcherFinding:
    """What a watcher's copy shows, once both were read as logs of the same identifier, with their witnesses.

    1. Where a version of both differs, the controller signed two; the watcher's is sound, or it would not be there.
    2. Sound versions beyond the published ones were signed too.
    3. What of the copy does not hold, says nothing of the controller; sound versions before it do, as above.
    """
    for ours, theirs in zip(published.versions, held.versions, strict=False):  # 1.
        if ours.version_id != theirs.version_id:
            return WatcherFinding(watcher, WatcherState.FORK, ours.number)
    count = len(published.versions)
    if len(held.versions) > count:  # 2.
        return WatcherFinding(watcher, WatcherState.AHEAD, count + 1)
    if held.refusal is not None:  # 3.
        return WatcherFinding(watcher, WatcherState.UNSOUND, held.refusal.number, str(held.refusal.error))
    if len(held.versions) < count:
        return WatcherFinding(watcher, WatcherState.BEHIND, len(held.versions) + 1)
    return WatcherFinding(watcher, WatcherState.SAME)
