"""The calendar in other sites: the list in a frame, the page that gives its code, oEmbed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public import embedding
from calendar_app.web.public.calendar_views import next_cards, undated_events
from calendar_app.web.security import CONTENT_SECURITY_POLICY

bp = Blueprint("embed", __name__)

#: The largest frame that a consumer of oEmbed may ask for, in CSS pixels.
_LARGEST = 100_000


@bp.get("/embed/agenda/")
@policy(Policy.PUBLIC)
def agenda() -> str:
    """The next dates, to be shown in a frame of another site: no script, no cookie."""
    here, shown = page(), embedding.on_screen()
    here.noindex = True
    cards = next_cards(here, shown.count)
    undated = undated_events(here, here.filter)[: shown.count]
    return render_template(
        "public/embed/agenda.html", page=here, embed=shown, cards=cards, undated=undated
    )


@bp.get("/integrer/")
@policy(Policy.PUBLIC)
def builder() -> Response:
    """What to copy into another site to show the dates there, and how it looks."""
    shown, least, most = embedding.on_screen(), embedding.LEAST_HEIGHT, embedding.MOST_HEIGHT
    here, height = page(), _number("hauteur", embedding.HEIGHT, least, most)
    answer = make_response(
        render_template(
            "public/embed/builder.html",
            page=here,
            embed=shown,
            preview=shown.path(here.today if here.rehearsed else None),
            height=height,
            heights=(least, most),
            most_dates=embedding.MOST_DATES,
            code=shown.code(height),
        )
    )
    answer.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return answer


@bp.get("/oembed")
@policy(Policy.PUBLIC)
def oembed() -> Any:
    """What a site that takes oEmbed 1.0 shows for the address of a page (``url``)."""
    if request.args.get("format", "json") != "json":
        words = "Cette adresse ne répond qu'en JSON : écrivez « format=json ».\n"
        return Response(words, 501, content_type="text/plain; charset=utf-8")
    shown = embedding.of_address(request.args.get("url", ""))
    width = min(embedding.WIDTH, _number("maxwidth", embedding.WIDTH, 1, _LARGEST))
    height = min(embedding.HEIGHT, _number("maxheight", embedding.HEIGHT, 1, _LARGEST))
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
    return embedding.whole_number(request.args.get(name, ""), default, least, most)
