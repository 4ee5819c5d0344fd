"""« Sources suivies »: the outside feeds that the editors follow."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, url_for

from calendar_app import letters
from calendar_app.config.settings import data_folder
from calendar_app.editing.followed import agendas
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.feeds.wording import scope_words
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.editing.room import room_blueprint, show, the_editor
from calendar_app.web.editing.typed_lists import read_scope, scope_text
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.links import whole_link

bp = room_blueprint(
    "sources",
    __name__,
    suivi="Cet agenda est suivi : il sera lu dans la minute.",
    arrete="Cet agenda n'est plus suivi.",
    relu="L'agenda vient d'être relu.",
)


@bp.route("/sources/", methods=["GET", "POST"])
@policy(Policy.EDITOR)
def index() -> Any:
    """Show the agendas that are followed; POST follows another agenda."""
    if request.method != "POST":
        return _index()
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    given = request.form
    try:
        scope = read_scope(given.get("pour", ""), page().reference.academies)
        agendas.add(
            db.session,
            the_editor(),
            given.get("nom", ""),
            whole_link(given.get("adresse", "").strip()),
            scope,
            page().now,
        )
    except UnknownValueError as error:
        return _index(400, problems={"pour": str(error)})
    except agendas.SourceError as error:
        return _index(400, problems={error.field: str(error)})
    return redirect(url_for(".index", fait="suivi"), 303)


@bp.get("/sources/<int(max=2147483647):source_id>/")
@policy(Policy.EDITOR)
def source(source_id: int) -> Any:
    """Show an agenda: its state, and what the editor may do."""
    return _source(source_id)


@bp.post("/sources/<int(max=2147483647):source_id>/suivre/")
@policy(Policy.PUBLISHER)
def pause(source_id: int) -> Any:
    """Stop following an agenda, or follow it again."""
    agendas.visible(db.session, the_editor(), source_id)
    if not editor_session.is_fresh():
        return _source(source_id, 400, editor_session.NOT_FRESH)
    stops = request.form.get("suivre") != "oui"
    try:
        agendas.pause(db.session, the_editor(), source_id, stops, page().now)
    except agendas.SourceNotYoursError as error:
        return _source(source_id, 409, str(error))
    done = "arrete" if stops else "suivi"
    return redirect(url_for(".source", source_id=source_id, fait=done), 303)


@bp.post("/sources/<int(max=2147483647):source_id>/relire/")
@policy(Policy.PUBLISHER)
def read_again(source_id: int) -> Any:
    """Read an agenda now, and accept it even if it shrank, because an editor checked it."""
    agendas.visible(db.session, the_editor(), source_id)
    if not editor_session.is_fresh():
        return _source(source_id, 400, editor_session.NOT_FRESH)
    knowledge = letters.knowledge_of_files(data_folder())
    now = page().now
    fetcher, editor = Fetcher(), the_editor()
    try:
        agendas.refresh(db.session, source_id, fetcher, knowledge, now, editor=editor)
    except agendas.SourceNotYoursError as error:
        return _source(source_id, 409, str(error))
    db.session.rollback()
    found = agendas.visible(db.session, the_editor(), source_id)
    if found.failures:
        return _source(source_id, 409)  # the warning of the agenda says why
    return redirect(url_for(".source", source_id=source_id, fait="relu"), 303)


def _source(source_id: int, status: int = 200, notice: str | None = None) -> Response:
    found = agendas.visible(db.session, the_editor(), source_id)
    where = scope_words(found.scope, page().reference.academies)
    return show("source.html", status, source=found, where=where, notice=notice)


def _index(
    status: int = 200, notice: str | None = None, problems: dict[str, str] | None = None
) -> Response:
    academies = page().reference.academies
    typed = request.form if request.method == "POST" else {}
    return show(
        "sources.html",
        status,
        sources=agendas.sources_of(db.session, the_editor()),
        typed=typed,
        own_scope=scope_text(the_editor().scope, academies) or "national",
        notice=notice,
        problems=problems or {},
    )
