"""The calendar in other sites: the list in a frame, the page that gives its code, and oEmbed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from calendar_app.catalogue.filters import CatalogueFilter, read_filter, the_academy
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.links import query
from calendar_app.school.school_year import SchoolYear
from calendar_app.web.head import EMBEDDABLE
from calendar_app.web.kept_answer import shows_what_it_reads
from calendar_app.web.page import get_event, page, settings, whole_number
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.calendar_views import first_of_month, next_cards, undated_events
from calendar_app.web.security import CONTENT_SECURITY_POLICY
from calendar_app.words.errors import NotFoundError
from calendar_app.words.text import clean_line

bp = Blueprint("embed", __name__)

#: Maximum size of a frame that an oEmbed consumer may ask for, in CSS pixels.
_LARGEST = 100_000


@bp.get("/embed/agenda/")
@policy(Policy.PUBLIC)
@shows_what_it_reads
def agenda() -> str:
    """Show the next dates for a frame in another site: no script, no cookie."""
    here, shown = page(), on_screen()
    here.noindex = True
    cards = next_cards(here, shown.count)
    undated = undated_events(here, here.filter)[: shown.count]
    return render_template(
        "public/embed/agenda.html", page=here, embed=shown, cards=cards, undated=undated
    )


@bp.get("/integrer/")
@policy(Policy.PUBLIC)
def builder() -> Response:
    """Show the code that puts the dates into another site, and a preview."""
    shown, least, most = on_screen(), LEAST_HEIGHT, MOST_HEIGHT
    here, height = page(), _number("hauteur", HEIGHT, least, most)
    answer = make_response(
        render_template(
            "public/embed/builder.html",
            page=here,
            embed=shown,
            preview=shown.path(here.today if here.rehearsed else None),
            height=height,
            heights=(least, most),
            most_dates=MOST_DATES,
            code=shown.code(height),
        )
    )
    answer.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return answer


@bp.get("/oembed")
@policy(Policy.PUBLIC)
def oembed() -> Any:
    """Return the oEmbed 1.0 answer for the address of a page (``url``)."""
    if request.args.get("format", "json") != "json":
        words = "Cette adresse ne répond qu'en JSON : écrivez « format=json ».\n"
        return Response(words, 501, content_type="text/plain; charset=utf-8")
    shown = of_address(request.args.get("url", ""))
    width = min(WIDTH, _number("maxwidth", WIDTH, 1, _LARGEST))
    height = min(HEIGHT, _number("maxheight", HEIGHT, 1, _LARGEST))
    return jsonify(
        version="1.0",
        type="rich",
        title=shown.full_title,
        provider_name=settings().site_name,
        provider_url=f"{settings().public_url}/",
        html=shown.code(height, width),
        width=width,
        height=height,
    )


def _number(name: str, default: int, least: int, most: int) -> int:
    return whole_number(request.args.get(name, ""), default, least, most)


#: Number of dates in an embed: default and maximum.
DATES, MOST_DATES = 10, 50


#: Default size of a frame, in CSS pixels.
WIDTH, HEIGHT = 600, 480


#: The least and the greatest height that the builder offers, in CSS pixels.
LEAST_HEIGHT, MOST_HEIGHT = 200, 2000


_FRAME = Markup(
    '<iframe src="{}" title="{}"{} height="{}" loading="lazy" style="border: 0{}"></iframe>'
)


@dataclass(frozen=True, slots=True)
class Embed:
    """A list of the next dates in another site.

    :param count: maximum number of dates.
    :param title: the title of the list, without the site's name.
    """

    filter: CatalogueFilter
    count: int
    title: str

    def path(self, le: date | None = None) -> str:
        """Return the address of the list on this site: path and query.

        :param le: the day that a preview on this site takes as today; None for other sites.
        """
        pairs = list(self.filter.parameters())
        if self.count != DATES:
            pairs.append(("nombre", str(self.count)))
        if le:
            pairs.append(("le", le.isoformat()))
        return url_for("embed.agenda") + query(pairs)

    @property
    def full_title(self) -> str:
        return f"{self.title} – {settings().site_name}"

    def code(self, height: int, width: int | None = None) -> str:
        """Return the HTML that another site pastes.

        :param height: in CSS pixels, like *width*. Without a width, the frame fills its place.
        """
        address = settings().public_url + self.path()
        size = Markup(' width="{}"').format(width) if width is not None else ""
        style = "" if width is not None else "; width: 100%"
        return str(_FRAME.format(address, self.full_title, size, height, style))


def on_screen() -> Embed:
    """Return the embed that the parameters of this request ask for.

    :raises ParameterError: when ``nombre`` is not a number from 1 to 50.
    """
    here = page()
    count = whole_number(request.args.get("nombre", ""), DATES, 1, MOST_DATES)
    return Embed(here.filter, count, title_of(here.filter, here.reference))


def of_address(address: str) -> Embed:
    """Return the embed for the address of a page of this site, with the page's filters.

    :raises NotFoundError: when *address* is not that of a page in ``web.head.EMBEDDABLE``.
    """
    reference = page().reference
    endpoint, values, parameters = _read(address)
    chosen = read_filter(parameters, reference.academies, reference.themes)
    count, title = DATES, title_of(chosen, reference)
    match endpoint:
        case "calendar.event":
            event = get_event(values["event_id"])
            chosen, title = replace(chosen, event_ids=(event.id,)), clean_line(event.title)
        case "calendar.month":
            first_of_month(**values)
        case "calendar.school_year":
            SchoolYear.parse(values["label"])
        case "embed.agenda":
            given = parameters.get("nombre", [""])[0]
            count = whole_number(given, DATES, 1, MOST_DATES)
    return Embed(chosen, count, title)


def _read(address: str) -> tuple[str, dict[str, Any], dict[str, list[str]]]:
    refusal = NotFoundError(
        "Indiquez l'adresse d'une page de ce site (« url »), par exemple "
        f"{settings().public_url}{url_for('calendar.agenda')}."
    )
    try:
        parts = urlsplit(address.strip())
        parameters = parse_qs(parts.query)
    except ValueError:
        raise refusal from None
    ours = urlsplit(settings().public_url).netloc
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != ours:
        raise refusal
    try:
        endpoint, values = current_app.url_map.bind(ours).match(unquote(parts.path))
    except HTTPException:
        raise refusal from None
    if endpoint not in EMBEDDABLE:
        raise refusal
    return endpoint, dict(values), parameters


def title_of(chosen: CatalogueFilter, reference: Reference) -> str:
    """Return the French title of a list of the next dates."""
    academy = the_academy(chosen, reference.academies)
    return f"Les prochaines dates, {academy.label}" if academy else "Les prochaines dates"
