"""Addresses for other programs: links to subscribe to a feed or to add one date; QR codes."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlencode

import segno
from markupsafe import Markup, escape

from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.wording import session_hours
from calendar_app.words.text import clean_line


def query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a query string with its « ? », or an empty text without parameters."""
    text = urlencode(list(pairs))
    return f"?{text}" if text else ""


def webcal(address: str) -> str:
    """Return the ``webcal:`` form of an address, which Apple's and desktop programs accept."""
    return "webcal://" + address.partition("://")[2]


def google_subscribe(address: str) -> str:
    """Return the link that subscribes to a feed in Google's calendar. Its ``cid`` must be the
    webcal address: an https address fails silently."""
    return f"https://calendar.google.com/calendar/r?cid={quote(webcal(address), safe='')}"


def outlook_subscribe(address: str, name: str, *, school: bool) -> str:
    """Return the link that subscribes to a feed in Outlook.

    :param school: whether the account is a school's (Microsoft 365); else it is a private account.
    """
    parameters = urlencode({"url": address, "name": name}, quote_via=quote)
    return f"https://{_outlook(school)}/calendar/0/addfromweb?{parameters}"


def add_links(milestone: Milestone, summary: str, details: str) -> dict[str, str]:
    """Return the links that add one date to a calendar on the web: name of the service → address.

    :param summary: the title of the date.
    :param details: the text of the date.
    """
    return {
        "Google": google_add(milestone, summary, details),
        "Outlook (compte professionnel)": outlook_add(milestone, summary, details, school=True),
        "Outlook.com": outlook_add(milestone, summary, details, school=False),
        "Yahoo": yahoo_add(milestone, summary, details),
    }


def google_add(milestone: Milestone, summary: str, details: str) -> str:
    """Return the link that adds one date to Google's calendar."""
    start, end = _bounds(milestone)
    form = "%Y%m%dT%H%M%S" if isinstance(start, datetime) else "%Y%m%d"
    parameters = {
        "action": "TEMPLATE",
        "text": summary,
        "dates": f"{start:{form}}/{end:{form}}",
        "ctz": milestone.time_zone,
        "details": details,
        "location": _place(milestone),
    }
    return f"https://calendar.google.com/calendar/render?{urlencode(parameters, quote_via=quote)}"


def outlook_add(milestone: Milestone, summary: str, details: str, *, school: bool) -> str:
    """Return the link that adds one date to Outlook's calendar.

    :param school: as for :func:`outlook_subscribe`.
    """
    start, end = _bounds(milestone)
    parameters = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "allday": "false" if isinstance(start, datetime) else "true",
        "startdt": _iso(start),
        "enddt": _iso(end),
        "subject": summary,
        "body": details,
        "location": _place(milestone),
    }
    base = f"https://{_outlook(school)}/calendar/0/deeplink/compose"
    return f"{base}?{urlencode(parameters, quote_via=quote)}"


def yahoo_add(milestone: Milestone, summary: str, details: str) -> str:
    """Return the link that adds one date to Yahoo's calendar. Yahoo expects instants in UTC, and an
    inclusive last day."""
    start, end = _bounds(milestone)
    parameters = {"v": "60", "title": summary, "desc": details, "in_loc": _place(milestone)}
    if isinstance(start, datetime) and isinstance(end, datetime):
        parameters["st"] = f"{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        parameters["et"] = f"{end.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    else:
        parameters["st"] = f"{milestone.first_day:%Y%m%d}"
        parameters["et"] = f"{milestone.last_day:%Y%m%d}"
        parameters["dur"] = "allday"
    return f"https://calendar.yahoo.com/?{urlencode(parameters, quote_via=quote)}"


def _iso(at: date) -> str:
    """Return a day, or an instant in UTC, in ISO 8601."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(at, datetime) else f"{at}"


def _outlook(school: bool) -> str:
    return "outlook.office.com" if school else "outlook.live.com"


def _place(milestone: Milestone) -> str:
    return clean_line(milestone.place or milestone.event.place or "")


def _bounds(milestone: Milestone) -> tuple[date, date]:
    """Return the start and the exclusive end: instants for a session with hours, else days."""
    return session_hours(milestone) or (
        milestone.first_day,
        milestone.last_day + timedelta(days=1),
    )


def qr_svg(address: str) -> str | None:
    """Return a QR code of *address* as an inline SVG without styles, black on white. None when the
    address is too long for a QR code."""
    out = io.BytesIO()
    try:
        code = segno.make(address, error="m")
    except segno.DataOverflowError:
        return None
    code.save(
        out,
        kind="svg",
        border=4,
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
    )
    # Without a style sheet, a drawing without a size would fill the page. The role and the name are
    # what a screen reader tells of it (RGAA 1.1).
    told = f'role="img" aria-label="{escape(f"Code QR de {address}")}"'
    return out.getvalue().decode().replace("<svg ", f'<svg width="164" height="164" {told} ', 1)


def mail_share(title: str, dates: Iterable[str], page: str) -> str:
    """Return a ``mailto:`` link for a mail that recommends an event.

    :param title: the title of the event.
    :param dates: the future dates of the event, in words.
    :param page: the address of the event's page.
    """
    title = clean_line(title)
    lines = [title, *dates, "", page]
    body = quote("\r\n".join(lines))  # RFC 6068, section 5: line breaks are %0D%0A
    return f"mailto:?subject={quote(title)}&body={body}"


def qr_markup(address: str) -> Markup | None:
    """Return the result of :func:`qr_svg` as markup for a template."""
    svg = qr_svg(address)
    return Markup(svg) if svg else None  # noqa: S704 (our own SVG of our own address)


def derived_uid(uid: uuid.UUID, what: str) -> uuid.UUID:
    """Return the UID of a VEVENT that is derived from a milestone.

    :param uid: the UID of the milestone.
    :param what: the kind of VEVENT: « fenetre » for a bar, « rappel-3 » for a visible reminder.
    """
    return uuid.uuid5(uid, what)
