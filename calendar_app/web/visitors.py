"""The visitor of a request: the network they come from, and the personal links of mails."""

from __future__ import annotations

import ipaddress

from flask import request

from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.web.page import settings


def links() -> PersonalLinks:
    """Return the object that makes and reads the personal links of this installation."""
    return PersonalLinks(settings().secret_key, settings().public_url)


def ledger() -> Ledger:
    """Return where departures are noted, so that a restored backup keeps to them."""
    return Ledger(settings().ledger, links())


def network() -> str:
    """Return the fingerprint of the network that this request comes from: of an IPv4 address, or of
    the /64 that one IPv6 subscriber has."""
    remote = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return links().fingerprint(f"source/{remote}")
    if address.version == 6 and address.ipv4_mapped:  # IPv4, on a server that listens on both
        remote = str(address.ipv4_mapped)
    elif address.version == 6:
        remote = str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return links().fingerprint(f"source/{remote}")
