"""Which network addresses a server of ours never connects to on somebody's word.

``ipaddress.is_global`` alone lets several of these through (NAT64, 6to4, Teredo, the metadata
address of a cloud): the list is said here.
"""

from __future__ import annotations

import ipaddress

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DENIED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared address space (RFC 6598)
        "168.63.129.16/32",  # a cloud's own services
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local
    )
)


def is_denied(text: str) -> bool:
    """Return whether an address (of a resolver's answer, so in its canonical form) is none that
    anybody on the Internet may be asked for; what is no address is denied too."""
    try:
        address: _Address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return True
        if address.ipv4_mapped:
            address = address.ipv4_mapped
    return (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _DENIED if network.version == address.version)
    )
