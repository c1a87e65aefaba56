"""What gathering asks of the outside, as Protocols; whoever calls it hands over the real ones.

Spec: https://www.w3.org/TR/did-resolution/#resolving
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from did_methods.resolution import Resolution


class Resolve(Protocol):
    """From a DID to its document; a problem is an answer, not an exception."""

    async def __call__(self, did: str) -> Resolution:
        """The resolution of this text, which a stranger wrote."""


class Clock(Protocol):
    """The present, as an aware datetime."""

    def __call__(self) -> datetime:
        """The present time."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that gathering may ask."""

    resolve: Resolve
    now: Clock
