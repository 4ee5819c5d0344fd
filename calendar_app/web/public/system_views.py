"""The addresses for programs: health checks, robots.txt, site map, manifest, security.txt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, abort, current_app, url_for
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from calendar_app.catalogue import queries, setup
from calendar_app.editing.service.state import read_state
from calendar_app.store.base import db
from calendar_app.store.health import Health
from calendar_app.web import metrics as web_metrics
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.security import PERSONAL_FEED_PATH
from calendar_app.words.errors import NotFoundError

bp = Blueprint("system", __name__)

#: The most events in a file of the site map; sitemaps.org allows 50,000 addresses.
SITEMAP_EVENTS = 10_000
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: The colours of the icon and of the page background (static/favicon.svg, static/app.css).
THEME_COLOUR, BACKGROUND_COLOUR = "#1e4d45", "#fbf7ef"
#: The widths of the square icons in static/, in pixels; tests/browser/site_images.py draws them.
ICON_SIZES = (192, 512)


@bp.get("/livez")
@policy(Policy.PUBLIC_UNCACHED)
def livez() -> Response:
    """Answer 200 while the process lives; the store is not asked."""
    return _text("ok\n")


@bp.get("/readyz")
@policy(Policy.PUBLIC_UNCACHED)
def readyz() -> Response:
    """Answer 200 when this process can serve, else 503. The body names other parts that fail."""
    try:
        state = setup.schema_state(db.session)
        if state is not setup.SchemaState.READY:
            is_newer = state is setup.SchemaState.NEWER
            todo = "run the program of that release" if is_newer else "run calendar-app migrate"
            return _text(f"the schema is {state.value}: {todo}\n", 503)
        version = queries.catalogue(db.session).version
        degraded = _health().degraded(db.session, datetime.now(UTC))
    except (DBAPIError, PoolTimeoutError):
        return _text("the store does not answer\n", 503)
    lines = [f"ok, catalogue version {version}"]
    if degraded:
        lines.append(f"degraded: {', '.join(degraded)}")
    return _text("\n".join(lines) + "\n")


def _health() -> Health:
    """Return what this process knows about the health of the installation."""
    found: Health = current_app.extensions.setdefault("health", Health())
    return found


@bp.get("/metrics")
@policy(Policy.PUBLIC_UNCACHED)
def metrics() -> Response:
    """Return the state of the service for Prometheus, to whom may read it; 404 to anybody else."""
    if not web_metrics.may_read():
        abort(404)
    body = web_metrics.render(read_state(db.session, datetime.now(UTC)))
    return Response(body, content_type=web_metrics.CONTENT_TYPE)


@bp.get("/robots.txt")
@policy(Policy.PUBLIC)
def robots() -> Response:
    """Allow programs to read everything but personal agendas; pages that should not be indexed say
    so themselves. Google's calendar reads personal agendas, too, for those who add theirs: it has
    obeyed this file, and does as its own group says (RFC 9309, section 2.2.1)."""
    site = settings().public_url
    lines = (
        "User-agent: *",
        "Allow: /flux/",
        f"Disallow: {PERSONAL_FEED_PATH}",
        "Allow: /",
        "",
        "User-agent: Google-Calendar-Importer",
        "Allow: /",
        "",
        f"Sitemap: {site}{url_for('system.sitemap')}",
        "",
        f"# {site}",
    )
    return _text("\n".join(lines) + "\n")


@bp.get("/sitemap.xml")
@policy(Policy.PUBLIC)
def sitemap() -> Response:
    """Return the site map (sitemaps.org 0.9): the pages that may be indexed, each with its last
    change. Past pages ask not to be indexed, and are left out. When there are more events than one
    file holds, return the index of the files."""
    files = -(-queries.count_current(db.session, page().today) // SITEMAP_EVENTS)
    if files <= 1:
        return _urls(1)
    changed_at = queries.catalogue(db.session).changed_at
    root = ET.Element("sitemapindex", xmlns=_SITEMAPS)
    for number in range(1, files + 1):
        _place(root, "sitemap", url_for(".sitemap_file", number=number), changed_at)
    return _xml(root)


@bp.get("/sitemap-<int(min=1, max=9999):number>.xml")
@policy(Policy.PUBLIC)
def sitemap_file(number: int) -> Response:
    """Return one file of the site map, from 1 on."""
    return _urls(number)


def _urls(number: int) -> Response:
    """Return a file of the site map; the first one names the pages that are no events, too.

    :raises NotFoundError: when there is no such file.
    """
    today, root = page().today, ET.Element("urlset", xmlns=_SITEMAPS)
    if number == 1:
        changed_at = queries.catalogue(db.session).changed_at
        for endpoint in ("calendar.home", "calendar.agenda"):
            _place(root, "url", url_for(endpoint), changed_at)
        for year, at in queries.current_years(db.session, today):
            _place(root, "url", url_for("calendar.school_year", label=year.label), at)
    before = (number - 1) * SITEMAP_EVENTS
    events = queries.current_events(db.session, today, before, SITEMAP_EVENTS)
    if number != 1 and not events:
        raise NotFoundError("Le plan du site n'a pas ce fichier.")
    for event_id, at in events:
        _place(root, "url", url_for("calendar.event", event_id=event_id), at)
    return _xml(root)


def _xml(root: ET.Element) -> Response:
    ET.indent(root)
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body + b"\n", content_type="application/xml; charset=utf-8")


def _place(root: ET.Element, kind: str, path: str, changed_at: datetime) -> None:
    place = ET.SubElement(root, kind)
    ET.SubElement(place, "loc").text = settings().public_url + path
    ET.SubElement(place, "lastmod").text = changed_at.isoformat(timespec="seconds")


@bp.get("/manifest.webmanifest")
@policy(Policy.PUBLIC)
def manifest() -> Response:
    """Return the W3C Web Application Manifest: how a phone shows the site on its screen."""
    icons = [("favicon.svg", "any", "image/svg+xml")]
    icons += [(f"icon-{size}.png", f"{size}x{size}", "image/png") for size in ICON_SIZES]
    found = {
        "name": settings().site_name,
        # There is room for about twelve letters under an icon.
        "short_name": "Calendrier",
        "lang": "fr",
        "start_url": url_for("calendar.home"),
        "display": "minimal-ui",
        "theme_color": THEME_COLOUR,
        "background_color": BACKGROUND_COLOUR,
        "icons": [
            {"src": url_for("static", filename=name), "sizes": sizes, "type": kind}
            for name, sizes, kind in icons
        ],
    }
    body = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    return Response(body, content_type="application/manifest+json; charset=utf-8")


@bp.get("/.well-known/security.txt")
@policy(Policy.PUBLIC)
def security() -> Response:
    """Return where to report a vulnerability (RFC 9116). Each answer is valid for a year."""
    contact = settings().contact or f"{settings().public_url}/mentions-legales/"
    where = f"mailto:{contact}" if "@" in contact and "/" not in contact else contact
    expires = (datetime.now(UTC) + timedelta(days=365)).replace(microsecond=0)
    return _text(
        f"Contact: {where}\nExpires: {expires.isoformat()}\nPreferred-Languages: fr, en\n"
        f"Canonical: {settings().public_url}/.well-known/security.txt\n"
    )


def _text(body: str, status: int = 200) -> Response:
    return Response(body, status=status, content_type="text/plain; charset=utf-8")
