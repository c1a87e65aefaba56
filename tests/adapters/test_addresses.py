"""Addresses: what is for use inside a machine or network is told from the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hostile_hosts import ADDRESSES, PUBLIC
from hypothesis import given
from hypothesis import strategies as st

from node.adapters.addresses import kind_of, parse_address


@pytest.mark.threat(56)
@pytest.mark.parametrize(("text", "kind"), ADDRESSES.items())
def test_an_address_that_is_not_public(text, kind):
    assert kind_of(parse_address(text)) == kind


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_public_internet(text):
    assert kind_of(parse_address(text)) is None


@pytest.mark.threat(56)
@given(st.integers(0, 2**32 - 1))
def test_nothing_is_public_here_that_the_standard_library_calls_private(number):
    address = IPv4Address(number)
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert kind_of(address) is not None
    # The same behind a NAT64 prefix, and never behind any other way of putting one address into another.
    assert kind_of(IPv6Address(int(IPv6Address("64:ff9b::")) + number)) == kind_of(address)
    for prefix in ("::ffff:0:0", "::", "::ffff:0:0:0"):
        assert kind_of(IPv6Address(int(IPv6Address(prefix)) + number)) is not None
    assert kind_of(IPv6Address((0x2002 << 112) + (number << 80))) == "6to4"


@pytest.mark.threat(56)
@given(st.integers(0, 2**128 - 1) | st.integers(0x2000 << 112, (0x3FFF << 112) + 2**112 - 1))
def test_the_same_for_the_longer_addresses(number):
    address = IPv6Address(number)
    if kind_of(address) is None:
        assert address.is_global
        assert (address.is_multicast, address.is_link_local) == (False, False)
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "fe80::1%1", "1", "0x7f.1", "127.1", "127.0.0.01", "localhost", ""])
def test_what_is_no_address_in_the_usual_form(text):
    assert parse_address(text) is None


def test_an_address_is_read_as_it_stands():
    assert parse_address("2001:DB8::1") == ip_address("2001:db8::1")
