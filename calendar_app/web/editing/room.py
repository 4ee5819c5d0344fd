"""What the pages of ``/redaction/`` share: the editor, their rights, how a page is shown."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rights import rights
from calendar_app.editing.rules.roles import EditorRights
from calendar_app.reminders.keeping import hold
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.editing import kept_forms
from calendar_app.web.editing.kept_forms import KeptForm, is_of_another_site
from calendar_app.web.forms import AddressForm
from calendar_app.web.page import page
from calendar_app.web.security import has_undeclared_proxy

#: The French sentence that says what was done, by the value of the parameter ``fait``.
DONE: dict[str, str] = {
    "mot-de-passe": "Votre mot de passe est enregistré : connectez-vous.",
    "deconnexion": "Déconnexion faite.",
    "lien": (
        "Si un compte de la rédaction existe à cette adresse, un courriel y arrive dans quelques "
        "minutes, avec un lien valable un jour. Regardez aussi dans les indésirables."
    ),
}

SESSION_ENDED = (
    "Votre session a pris fin. Connectez-vous : ce que vous avez écrit est gardé, et vous pourrez "
    "l'envoyer."
)


def room_blueprint(name: str, import_name: str, **words: str) -> Blueprint:
    """Return a blueprint for pages of the editors' room.

    :param words: value of ``fait`` → French sentence that says what was done.
    :raises ValueError: when another blueprint has a sentence for one of these values.
    """
    if taken := DONE.keys() & words.keys():
        raise ValueError(f"another page says what these values of « fait » mean: {taken}")
    DONE.update(words)
    bp = Blueprint(name, import_name, url_prefix="/redaction")

    @bp.before_request
    def prepare() -> BaseResponse | None:
        if request.method == "POST" and is_of_another_site():
            # An answer would set a cookie for another session, and so end the editor's session.
            return redirect(url_for("editor.log_in"), 303)
        page().noindex = True
        return None

    return bp


def the_editor() -> Editor:
    """Return the editor who is logged in; the policy of the view lets nobody else in.

    :raises Unauthorized: when nobody is logged in.
    """
    found = editor_session.editor()
    if found is None:
        raise Unauthorized
    return found


def the_rights() -> EditorRights:
    """Return the rights of the editor who is logged in."""
    return rights(the_editor(), page().reference.academies)


def show(template: str, status: int = 200, **context: Any) -> Response:
    """Answer with a page of ``templates/editing/``."""
    body = render_template(
        f"editing/{template}",
        page=page(),
        me=editor_session.editor(),
        hold=hold.found(db.session),
        undeclared_proxy=has_undeclared_proxy(),
        form_token=editor_session.form_token,
        done=DONE.get(request.args.get("fait", "")),
        **context,
    )
    return make_response(body, status)


def log_in_page(
    form: AddressForm, status: int = 200, notice: str | None = None, kept: KeptForm | None = None
) -> Response:
    """Answer with the log-in page.

    :param kept: the page to which the person was going, and the form that they sent there.
    """
    return show("log_in.html", status, form=form, notice=notice, kept=kept)


def ask_to_log_in() -> BaseResponse:
    """Answer a request for an editors' page without a session; a form that was sent is kept."""
    kept = kept_forms.of_this_request()
    if kept.fields:
        return log_in_page(AddressForm(), 403, SESSION_ENDED, kept)
    onward = request.method != "POST" and request.endpoint != "editor.room"
    return redirect(url_for("editor.log_in", suite=kept.place if onward else None), 303)
