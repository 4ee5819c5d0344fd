"""The open data: the calendar for programs, in parts or as a whole, and how to ask for it.

Each view declares what it takes and answers (``operations.told``); the description for programs and
the page for people are made of these declarations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone, Series
from calendar_app.feeds import ical
from calendar_app.feeds.feed import cancelled_since, month_edge
from calendar_app.feeds.links import query
from calendar_app.feeds.options import read_options
from calendar_app.store.base import db
from calendar_app.web import caching
from calendar_app.web.api import dumps, nouns
from calendar_app.web.api.operations import (
    AFTER,
    COUNT,
    FILTERS,
    JSON,
    MOST,
    SINCE,
    Parameter,
    document,
    operations,
    told,
)
from calendar_app.web.compression import GZIPPED
from calendar_app.web.feed_answers import event_page
from calendar_app.web.kept_answer import never_kept_here
from calendar_app.web.page import get_event, page, settings, whole_number
from calendar_app.web.policies import Policy, policy
from calendar_app.words.errors import GoneError, ParameterError, as_repeated

bp = Blueprint("api", __name__, url_prefix="/api/v1")

#: The end of a list that was asked for in parts: an id; of the changes, a history of the catalogue,
#: a version and an id.
_AFTER = re.compile(AFTER.schema["pattern"])
_AFTER_CHANGE = re.compile(r"([0-9a-f]{8})-([0-9]{1,9})(?:-([0-9a-z-]{1,180}))?")
_EVENT = Parameter("event_id", "L'identifiant de l'événement.", {"type": "string"}, "path")
_CSV = "text/csv"
#: How much of a dump is in memory at once, in bytes.
_PIECE = 256 * 1024


@bp.after_request
def _link(answer: Response) -> Response:
    """Name the licence and the description of the data (RFC 8288, RFC 8631)."""
    described = f'<{url_for("api.openapi")}>; rel="service-desc"'
    answer.headers["Link"] = f'<{nouns.LICENCE_ADDRESS}>; rel="license", {described}'
    return answer


@bp.get("/")
@policy(Policy.PUBLIC)
@told("La page qui présente ces données.", None, content_type="text/html")
def docs() -> str:
    """Show what the open data is, and how to ask for it."""
    return render_template(
        "public/pages/donnees-ouvertes.html",
        page=page(),
        api=_document(),
        licence=nouns.LICENCE,
        licence_address=nouns.LICENCE_ADDRESS,
    )


@bp.get("/openapi.json")
@policy(Policy.PUBLIC)
@told("Cette description (OpenAPI 3.1).", None)
def openapi() -> Response:
    """Return the description of the open data for programs."""
    text = json.dumps(_document(), ensure_ascii=False, indent=1) + "\n"
    return Response(text, content_type=JSON)


def _document() -> dict[str, Any]:
    here = settings()
    return document(operations(current_app, bp.name), here.site_name, here.public_url)


@bp.get("/events")
@policy(Policy.PUBLIC)
@told("Les événements, par parties.", nouns.EventList, *FILTERS, SINCE, COUNT, AFTER)
def events() -> Response:
    """Return a part of the events of all years that pass the filter, with the dates that do."""
    here, most = page(), _count()
    since = read_options(request.args.get("depuis", "").strip()).since
    found = queries.walked_events(
        db.session,
        here.filter,
        _after(),
        most + 1,
        first_day=since,
        cancelled_since=cancelled_since(month_edge(here.now)),
    )
    asked = [*here.filter.parameters(), *([("depuis", f"{since:%Y-%m}")] if since else [])]
    shown = tuple(_event(event, dates) for event, dates in found[:most])
    return _answer(nouns.EventList(events=shown, next=_next(found, most, asked)))


@bp.get("/events/<event_id>")
@policy(Policy.PUBLIC)
@told("Un événement.", nouns.OneEvent, _EVENT)
def event(event_id: str) -> Response:
    """Return one event, archived or not, with all its dates."""
    found = get_event(event_id)
    return _answer(nouns.OneEvent(event=_event(found, found.milestones)))


@bp.get("/changes")
@policy(Policy.PUBLIC)
@told(
    "Ce qui a changé depuis une réponse précédente ; sans « apres », tout.",
    nouns.ChangeList,
    COUNT,
    AFTER,
    statuses=(HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
)
def changes() -> Response:
    """Return a part of all events in the order of their last changes, and where to go on: at the
    end, from the present version of the catalogue on."""
    most, now = _count(), page().reference
    found = queries.changed_events(db.session, _after_change(now), most + 1)
    complete, shown = len(found) <= most, found[:most]
    version = now.version if complete else f"{shown[-1].catalogue_version}-{shown[-1].id}"
    after = f"{now.history}-{version}"
    asked = [("nombre", f"{most}")] if most != MOST else []
    return _answer(
        nouns.ChangeList(
            events=tuple(_event(event, event.milestones) for event in shown),
            next=_address([*asked, ("apres", after)]),
            complete=complete,
        )
    )


@bp.get("/series")
@policy(Policy.PUBLIC)
@told("Les séries, par parties.", nouns.SeriesList, COUNT, AFTER)
def series() -> Response:
    """Return a part of the series."""
    most = _count()
    found = queries.walked_series(db.session, _after(), most + 1)
    shown = tuple(nouns.Series.of(one, editions) for one, editions in found[:most])
    return _answer(nouns.SeriesList(series=shown, next=_next(found, most)))


@bp.get("/academies")
@policy(Policy.PUBLIC)
@told("Les académies.", nouns.AcademyList)
def academies() -> Response:
    """Return all académies and collectivities."""
    found = tuple(map(nouns.Academy.of, page().reference.academies))
    return _answer(nouns.AcademyList(academies=found))


@bp.get("/catalogue.json")
@never_kept_here
@policy(Policy.PUBLIC)
@told("Tout le calendrier, en JSON.", nouns.WholeCatalogue)
def catalogue_json() -> Response:
    """Return the whole catalogue as JSON."""
    return _dump("json", JSON)


@bp.get("/catalogue.csv")
@never_kept_here
@policy(Policy.PUBLIC)
@told("Tout le calendrier, en CSV.", None, content_type=_CSV)
def catalogue_csv() -> Response:
    """Return the whole catalogue as a table, with a row for each date."""
    return _dump("csv", f"{_CSV}; charset=utf-8")


@bp.get("/catalogue.ics")
@never_kept_here
@policy(Policy.PUBLIC)
@told("Tout le calendrier, en iCalendar.", None, content_type="text/calendar")
def catalogue_ics() -> Response:
    """Return all dates of the catalogue as iCalendar."""
    return _dump("ics", ical.CONTENT_TYPE)


def _dump(form: str, content_type: str) -> Response:
    """Answer with a whole catalogue, from its file, as it stands."""
    found = dumps.made(form)
    zipped = request.accept_encodings["gzip"] > 0
    answer = Response(content_type=content_type)
    answer.set_etag(f"{found.etag}{GZIPPED}" if zipped else found.etag)
    answer.last_modified = found.changed_at
    answer.headers["Cache-Control"] = caching.FEED_CACHE
    answer.headers["Content-Disposition"] = f'attachment; filename="catalogue.{form}"'
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    known = caching.is_known(request.environ, found.etag, found.changed_at)
    if request.method == "GET" and not known:
        path = found.zipped if zipped else found.plain
        answer.content_length, answer.response = path.stat().st_size, _pieces(path)
    return answer


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _event(row: Event, dates: Iterable[Milestone]) -> nouns.Event:
    return nouns.Event.of(row, event_page(row.id), dates)


def _answer(said: nouns.Answer) -> Response:
    return Response(said.model_dump_json().encode() + b"\n", content_type=JSON)


def _count() -> int:
    return whole_number(request.args.get("nombre", ""), MOST, 1, MOST)


def _after() -> str:
    """Return the id after which a list goes on; empty for its begin.

    :raises ParameterError: when no list of ours ended so.
    """
    text = request.args.get("apres", "").strip()
    if text and not _AFTER.fullmatch(text):
        raise _no_end_of_ours(text)
    return text


def _after_change(now: queries.Reference) -> tuple[int, str | None]:
    """Return the change after which the changes go on, as ``queries.changed_events`` takes it.

    :param now: with the present history and version of the catalogue.
    :raises ParameterError: when no list of ours ended so.
    :raises GoneError: for another history, or a version that is yet to come: the store was restored
        from a copy.
    """
    text = request.args.get("apres", "").strip()
    if not text:
        return 0, ""
    match = _AFTER_CHANGE.fullmatch(text)
    if not match:
        raise _no_end_of_ours(text)
    history, version, event_id = match.groups()
    if history != now.history or int(version) > now.version:
        raise GoneError(
            "Le calendrier a été rétabli d'après une copie plus ancienne : reprenez depuis le "
            "début, sans « apres »."
        )
    return int(version), event_id


def _no_end_of_ours(text: str) -> ParameterError:
    sentence = (
        f"« {as_repeated(text)} » n'est la suite d'aucune réponse : reprenez l'adresse « next »."
    )
    return ParameterError(sentence, text)


def _next(
    found: Sequence[tuple[Event | Series, object]],
    most: int,
    asked: Iterable[tuple[str, str]] = (),
) -> str | None:
    """Return the address of what follows; None at the end.

    :param found: one more than *most*, if there is as much.
    :param asked: the parameters to keep.
    """
    if len(found) <= most:
        return None
    last = found[most - 1][0].id
    kept = [("nombre", f"{most}")] if most != MOST else []
    return _address([*asked, *kept, ("apres", last)])


def _address(pairs: list[tuple[str, str]]) -> str:
    return f"{settings().public_url}{url_for(request.endpoint or '')}{query(pairs)}"
