"""Which IP addresses an outgoing request may reach: those of the public Internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: Globally routable for Python, but not a place for a website: addresses of protocols,
#: the relays of 6to4, and Azure's metadata service.
_RESERVED_V4 = tuple(
    map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
)
#: The only block from which global IPv6 addresses are given out.
_GLOBAL_V6 = IPv6Network("2000::/3")
#: Parts of it that are for protocols, documentation, or addresses with another inside.
_RESERVED_V6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
#: How an IPv4 address is reached from a network that only has IPv6 (NAT64).
_NAT64 = IPv6Network("64:ff9b::/96")
_V4_BITS = 0xFFFFFFFF


def is_public(text: str) -> bool:
    """Return whether an IP address is on the public Internet; False if it is invalid.

    An IPv4 address inside an IPv6 address counts as itself. Python's `is_global` is not
    enough: it is true for multicast, NAT64 and 6to4 addresses.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inside = _embedded(address)
        if inside is None:
            return _is_public_v6(address)
        address = inside
    is_reserved = any(address in network for network in _RESERVED_V4)
    return address.is_global and not address.is_multicast and not is_reserved


def is_elsewhere(host: str) -> bool:
    """Return whether a host is the IP address of a place that is not public."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address reach, if any."""
    if address in _NAT64:
        return IPv4Address(int(address) & _V4_BITS)
    return address.ipv4_mapped


def _is_public_v6(address: IPv6Address) -> bool:
    is_reserved = any(address in network for network in _RESERVED_V6)
    return address in _GLOBAL_V6 and not address.scope_id and not is_reserved
