"""What gathering asks of the outside, as Protocols; whoever calls it hands over the real ones.

Spec: https://www.w3.org/TR/did-resolution/#resolving
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from did_methods.resolution import Resolution
from node.verification.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anchoring.ledger import LedgerReader
    from node.verification.chains import TrustedChain

type FindLedger = "Callable[[TrustedChain], LedgerReader | None]"
"""Whoever answers for a chain that the verifier trusts; None where nobody is to be asked."""


class Resolve(Protocol):
    """From a DID to its document; a problem is an answer, not an exception."""

    async def __call__(self, did: str) -> Resolution:
        """The resolution of this text, which a stranger wrote."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered with.

    `body` is whole, unpacked, and no longer than was asked for. `content_type` is what the server says of it, in lower
    case and without parameters, or empty: a claim, to be believed by nobody. `url` is where the body came from in the
    end, and `at` when it was there.
    """

    body: bytes
    content_type: str
    url: str
    at: datetime


class Fetch(Protocol):
    """The one way to what an address stands for that somebody else named."""

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """The body behind this text, which a stranger wrote.

        `accept` is the media type asked for; the answer may be of another. Raises FetchRefusedError where asking again
        changes nothing, and UnreachableError where it may be had another time.
        """


async def no_fetch(url: str, *, accept: str, max_bytes: int) -> Fetched:
    """A Fetch that asks nobody: for a verifier that is offline."""
    del accept, max_bytes
    raise UnreachableError(
        f"{url[:96]!r} was not fetched: the network is not to be used",
        code="fetch.offline",
        remedy="Connect and check again without --offline.",
    )


def no_ledger(_chain: "TrustedChain") -> "LedgerReader | None":
    """Nobody, for any chain: for a verifier that is offline."""
    return None


class Clock(Protocol):
    """The present, as an aware datetime."""

    def __call__(self) -> datetime:
        """The present time."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that gathering may ask."""

    resolve: Resolve
    now: Clock
    fetch: Fetch = no_fetch
    ledger: FindLedger = no_ledger
