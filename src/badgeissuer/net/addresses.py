"""Which IP addresses a stranger's URL may lead us to: public unicast, and nothing that turns into something else.

Written by hand from the IANA special-purpose registries (RFC 6890 and its updates), because ``ipaddress.is_global`` of
Python 3.11 calls 192.0.0.8 global, and 64:ff9b::7f00:1, which a NAT64 gateway turns into 127.0.0.1.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; Alibaba's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's virtual host service, from inside a virtual machine
        "169.254.0.0/16",  # link-local; metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
# Of IPv6 only the block that is given out; the rest is loopback, local, multicast, translated or unassigned.
_GIVEN_OUT_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo (an IPv4 host of the sender's choice behind it), ORCHID, …
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 host of the sender's choice behind it
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Addresses that stand for an IPv4 address, which alone decides: mapped (RFC 4291), and NAT64 (RFC 6052), which a host
# with IPv6 only needs to reach any IPv4 host at all.
_STANDS_FOR_4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
# ISATAP (RFC 5214) tunnels to the IPv4 address at the end, whatever the prefix.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


def public_unicast(text: str) -> bool:
    """Whether the text is one IP address (no zone, no other spelling) that is public, unicast and no tunnel's mouth."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _public_4(address)
    if address.scope_id is not None:
        return False
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _STANDS_FOR_4):
        return _public_4(low)
    return _public_6(address)


def _public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_4)


def _public_6(address: IPv6Address) -> bool:
    tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return not tunnel and address in _GIVEN_OUT_6 and not any(address in network for network in _NOT_PUBLIC_6)
