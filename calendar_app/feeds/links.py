"""Addresses that leave the site: subscribe links, add-one-date links, QR codes."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from urllib.parse import quote, urlencode

import segno

from calendar_app.models import Milestone


def webcal(address: str) -> str:
    """Return the address as Apple's and desktop programs take it."""
    return "webcal://" + address.partition("://")[2]


def google_subscribe(address: str) -> str:
    """Return Google's subscribe link. Its ``cid`` must be the webcal address: an https one
    fails in silence."""
    return f"https://calendar.google.com/calendar/r?cid={quote(webcal(address), safe='')}"


def outlook_subscribe(address: str, name: str, *, school: bool) -> str:
    """Return Outlook's subscribe link, of a school's account (Microsoft 365) or a private one."""
    host = "outlook.office.com" if school else "outlook.live.com"
    query = urlencode({"url": address, "name": name}, quote_via=quote)
    return f"https://{host}/calendar/0/addfromweb?{query}"


def google_add(milestone: Milestone, summary: str, details: str) -> str:
    """Return the link that adds one all-day date to Google's calendar."""
    end = milestone.last_day + timedelta(days=1)
    query = {
        "action": "TEMPLATE",
        "text": summary,
        "dates": f"{milestone.first_day:%Y%m%d}/{end:%Y%m%d}",
        "details": details,
        "location": milestone.place or milestone.event.place or "",
    }
    return f"https://calendar.google.com/calendar/render?{urlencode(query, quote_via=quote)}"


def outlook_add(milestone: Milestone, summary: str, details: str) -> str:
    """Return the link that adds one all-day date to Outlook's calendar."""
    query = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "allday": "true",
        "startdt": milestone.first_day.isoformat(),
        "enddt": (milestone.last_day + timedelta(days=1)).isoformat(),
        "subject": summary,
        "body": details,
        "location": milestone.place or milestone.event.place or "",
    }
    base = "https://outlook.office.com/calendar/0/deeplink/compose"
    return f"{base}?{urlencode(query, quote_via=quote)}"


def qr_svg(address: str) -> str:
    """Return a QR code of *address* as an inline SVG without styles, black on white."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out,
        kind="svg",
        border=4,
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        title=f"Code QR de {address}",
    )
    return out.getvalue().decode()


def derived_uid(uid: uuid.UUID, what: str) -> uuid.UUID:
    """Return the UID of a VEVENT made from a milestone (its bar, its visible reminder)."""
    return uuid.uuid5(uid, what)
