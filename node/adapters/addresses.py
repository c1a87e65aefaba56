"""Which addresses a stranger may make this machine connect to: those of the public internet, and no others.

Spec: https://www.iana.org/assignments/iana-ipv4-special-registry,
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

type Address = IPv4Address | IPv6Address

LOOPBACK: Final = "loopback"
_REFUSED_4: Final = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this machine"),
        ("127.0.0.0/8", LOOPBACK),
        ("10.0.0.0/8", "private"),
        ("172.16.0.0/12", "private"),
        ("192.168.0.0/16", "private"),
        ("100.64.0.0/10", "carrier's shared"),  # also the metadata of Alibaba Cloud, 100.100.100.200
        ("169.254.0.0/16", "link-local"),  # also the metadata of most clouds, 169.254.169.254
        ("168.63.129.16/32", "cloud metadata"),  # Azure's, in the middle of a public range
        ("192.0.0.0/24", "protocol"),  # also the metadata of Oracle Cloud, 192.0.0.192
        ("192.0.2.0/24", "documentation"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("198.18.0.0/15", "benchmark"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_REFUSED_6: Final = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::1/128", LOOPBACK),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "Teredo"),  # carries an IPv4 address that the other end chose
        ("2001::/23", "protocol"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("2002::/16", "6to4"),  # carries an IPv4 address, which a relay near us would connect to
    )
)
_PUBLIC_6: Final = IPv6Network("2000::/3")
"""All that has been given out for use on the internet. Private, mapped and other special addresses lie outside."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 shows the IPv4 internet to its machines (RFC 6052): judged by the address inside."""
_IPV4_MASK: Final = 2**32 - 1


def parse_address(text: str) -> Address | None:
    """The address that a text writes in full and in the usual form, or None; a zone makes it none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id is not None else address


def kind_of(address: Address) -> str | None:
    """What an address that is never connected to is for; None for one of the public internet.

    The tables are our own: what the standard library calls global has changed from release to release.
    """
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _REFUSED_4 if address in network), None)
    if address in _NAT64:
        return kind_of(IPv4Address(int(address) & _IPV4_MASK))
    kind = next((kind for network, kind in _REFUSED_6 if address in network), None)
    return kind if kind or address in _PUBLIC_6 else "private or reserved"
