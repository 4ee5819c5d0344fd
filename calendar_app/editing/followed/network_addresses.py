"""The IP addresses to which our server never connects for a URL that a user typed.

``ipaddress.is_global`` alone allows several of them (NAT64, 6to4, Teredo, the metadata address of a
cloud): they are listed here.
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
    """Return whether our server must not connect to an IP address.

    :param text: in canonical form, as a resolver returns it. A text that is not an IP address is
        denied, too.
    """
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
