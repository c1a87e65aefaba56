"""From where a request comes, as far as it can be known.

Anybody can write X-Forwarded-For. So it is read from its end, and only as far as one's own proxies wrote it. An IPv6
network of 64 bits is one customer's, and counts as one address.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from node.http.frame import Scope

LOCAL: Final = "local"
"""Whoever comes through a socket of this machine that has no address."""
_IPV6_CUSTOMER_BITS: Final = 64
_MAX_HOPS: Final = 8
_MAX_CHARS: Final = 64
"""Of an address: the longest has 45, and may name an interface."""

type Address = IPv4Address | IPv6Address


def address_of(scope: Scope, proxies: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """The name under which requests from there are counted."""
    address = _parsed(scope["client"][0] if scope.get("client") else "")
    if address is None:
        return LOCAL
    for said in _forwarded(scope["headers"]):
        before = _parsed(said) if _is_in(address, proxies) else None
        if before is None:
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_CUSTOMER_BITS), strict=False))
    return str(address)


def is_in(text: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Whether this is an address of one of these networks."""
    address = _parsed(text)
    return address is not None and _is_in(address, networks)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """What was said of who asks, the nearest first."""
    said = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    parts = said.decode("latin-1").rsplit(",", _MAX_HOPS)
    return [part.strip() for part in reversed(parts[-_MAX_HOPS:])]


def _is_in(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Address | None:
    if len(text) > _MAX_CHARS:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
