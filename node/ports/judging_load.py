"""How the processes fare that read strangers' bytes: numbers, and nothing of what they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a job ended."""

    ANSWERED = "answered"
    """Also where it first has to have something brought, and is then another job."""
    REFUSED = "refused"
    """What was sent is none of what it has to be."""
    TIMEOUT = "timeout"
    MEMORY = "memory"
    FAILED = "failed"
    """The process died, met a bug, or said what no process of ours says."""
    BUSY = "busy"
    """No process was to be had; nothing was read."""


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """Of one pool, since it was made."""

    jobs: Mapping[Outcome, int]
    ended: int
    """Processes that ended, or were ended, and were replaced."""
    processes: int
    at_work: int
    waiting: int
    """Callers in line for a process."""
