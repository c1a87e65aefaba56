"""How much of everything: rates, sizes, times, and whose word on an address counts."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and `burst` at once."""

    per_second: float
    burst: int


MAX_BODY_BYTES: Final = 1024 * 1024
"""Of a request whose route says nothing else: what management sends has kilobytes."""
ROUTE_SECONDS: Final = 30.0
"""For reading a request and answering it; what takes longer belongs into the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a node. Starting values: a processor answers some hundreds of requests a second."""

    in_flight: int = 256
    """Requests that are answered at one time; as long as they wait for others, they cost memory alone."""
    without_key: int = 128
    """… of which so many may be of callers without a key, so that those never hold up the others."""
    seconds: float = ROUTE_SECONDS
    caller: Rate = Rate(200, 400)
    """For each key."""
    address: Rate = Rate(30, 120)
    """For each address, of requests without a key; a class behind one address opens a page each."""
    wrong_key: Rate = Rate(0.5, 20)
    """For each address, of keys that do not count: guessing is hopeless, and costs a look into the database each."""
    key_known_seconds: float = 1.0
    """How long a key that was looked up counts without another look, which costs more than a small answer. So long it
    outlives its end, where another process ended it; what this one ends, ends at once."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """One's own reverse proxies: what they say of who asks is believed."""


USUAL: Final = Limits()
