"""« Courriels reçus »: declared senders, and the mails of unknown senders that an administrateur
decides about."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Response, current_app, redirect, request, url_for

from calendar_app import letters
from calendar_app.config.settings import data_folder
from calendar_app.editing.mailbox import deciding, senders
from calendar_app.editing.mailbox.receiving import Outcome
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.feeds.wording import scope_words
from calendar_app.store.base import db
from calendar_app.web import bodies, editor_session
from calendar_app.web.editing.room import room_blueprint, show, the_editor
from calendar_app.web.editing.typed_lists import read_scope, scope_text
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.mail_addresses import is_mail_address

bp = room_blueprint(
    "mailbox",
    __name__,
    declare="Cet expéditeur est déclaré : ses courriels sont lus dès qu'ils arrivent.",
    retire="Cet expéditeur n'est plus déclaré.",
    lu="La lettre est lue : ses dates sont dans « À vérifier ».",
    ecarte="Ce courriel est refusé.",
)


@bp.route("/courriels/", methods=["GET", "POST"])
@policy(Policy.EDITOR)
def index() -> Any:
    """Show what comes by mail; POST declares a sender."""
    if request.method != "POST":
        return _index()
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    try:
        scope = read_scope(request.form.get("pour", ""), page().reference.academies)
        typed = request.form.get("expediteur", "")
        senders.declare(db.session, the_editor(), typed, scope, page().now)
    except UnknownValueError as error:
        return _index(400, problems={"pour": str(error)})
    except senders.SenderError as error:
        return _index(400, problems={error.field: str(error)})
    return redirect(url_for(".index", fait="declare"), 303)


@bp.post("/courriels/expediteurs/<int(max=2147483647):sender_id>/retirer/")
@policy(Policy.PUBLISHER)
def withdraw(sender_id: int) -> Any:
    """Take the declaration of a sender back."""
    senders.visible(db.session, the_editor(), sender_id)
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    senders.withdraw(db.session, the_editor(), sender_id, page().now)
    return redirect(url_for(".index", fait="retire"), 303)


@bp.post("/courriels/<int(max=2147483647):mail_id>/lire/")
@policy(Policy.ADMINISTRATOR)
def read(mail_id: int) -> Any:
    """Read a mail that waits, and declare its sender if that is asked for."""
    deciding.visible(db.session, the_editor(), mail_id)
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    field = f"pour-{mail_id}"
    knowledge = letters.knowledge_of_files(data_folder())
    try:
        scope = read_scope(request.form.get(field, ""), page().reference.academies)
        with bodies.LETTERS.place(bodies.LETTER_WAITS):
            outcome, reason = deciding.read_as(
                db.session,
                the_editor(),
                mail_id,
                scope,
                page().now,
                knowledge,
                declares=request.form.get("action") == "declarer",
            )
    except (UnknownValueError, senders.SenderError) as error:
        return _index(400, problems={field: str(error)})
    if outcome is Outcome.REFUSED:
        return _index(409, f"Ce courriel n'a pas pu être lu. {reason}")
    return redirect(url_for(".index", fait="lu"), 303)


@bp.post("/courriels/<int(max=2147483647):mail_id>/refuser/")
@policy(Policy.ADMINISTRATOR)
def refuse(mail_id: int) -> Any:
    """Refuse a mail that waits."""
    deciding.visible(db.session, the_editor(), mail_id)
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    deciding.refuse(db.session, the_editor(), mail_id, page().now)
    return redirect(url_for(".index", fait="ecarte"), 303)


def _index(
    status: int = 200, notice: str | None = None, problems: dict[str, str] | None = None
) -> Response:
    editor, academies = the_editor(), page().reference.academies
    settings = current_app.config["SETTINGS"]
    declared = senders.senders_of(db.session, editor)
    return show(
        "mailbox.html",
        status,
        senders=[(sender, scope_words(sender.scope, academies)) for sender in declared],
        waiting=deciding.of_state(db.session, editor, MailState.WAITING),
        refused=deciding.of_state(db.session, editor, MailState.REFUSED, limit=20),
        mailbox=deciding.facts(db.session),
        typed=request.form if request.method == "POST" else {},
        own_scope=scope_text(editor.scope, academies),
        address=_address(settings.letters_mailbox) if settings.letters_mailbox else None,
        notice=notice,
        problems=problems or {},
    )


def _address(mailbox: str) -> str | None:
    """Return the mail address of a mailbox; None where its name on the server is none."""
    name = unquote(urlsplit(mailbox).username or "")
    return name if is_mail_address(name) else None
