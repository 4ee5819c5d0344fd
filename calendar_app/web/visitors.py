"""Who asks: the network that somebody comes from, and the personal links of mails."""

from __future__ import annotations

import ipaddress

from flask import request

from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.web.page import settings


def links() -> PersonalLinks:
    """Return what makes and reads the personal links of this installation."""
    return PersonalLinks(settings().secret_key, settings().public_url)


def network() -> str:
    """The fingerprint of the network that asks: an IPv4 address, or the /64 that one subscriber of
    IPv6 has."""
    remote = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return links().fingerprint(f"source/{remote}")
    if address.version == 6 and address.ipv4_mapped:  # a server that listens on both
        remote = str(address.ipv4_mapped)
    elif address.version == 6:
        remote = str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return links().fingerprint(f"source/{remote}")
