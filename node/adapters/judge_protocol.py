"""What the pool of judges and its processes say to each other: a length, then a job as a pickle or an answer as JSON.

Jobs go as pickles, because only the pool writes them. Answers come as JSON, because a process reads what strangers
wrote, and the pool must be able to distrust it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.documents import JsonValue
from node.verification.case import Request
from node.verification.material import VerificationMaterial
from node.verification.policy import Policy

LENGTH_BYTES: Final = 4
"""A big-endian number before each message: how many bytes follow."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to be judged, with everything that was gathered for it."""

    document: bytes
    material: VerificationMaterial
    policy: Policy
    at: datetime
    request: Request | None = None
    beside: tuple[JsonValue, ...] = ()


def framed(message: bytes) -> bytes:
    """A message with its length before it."""
    return len(message).to_bytes(LENGTH_BYTES) + message
