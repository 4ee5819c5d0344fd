"""Letters in the editors' room: dropping a letter, and checking its drafts beside its text."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, current_app, redirect, request, url_for
from itsdangerous import BadData, URLSafeSerializer

from calendar_app import letters
from calendar_app.config.settings import data_folder
from calendar_app.editing import letter_room, moderation
from calendar_app.editing.letter_lines import passed_over_words
from calendar_app.editing.letter_room import OpenLetter
from calendar_app.editing.mailbox import deciding
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.store.base import db
from calendar_app.web import bodies, editor_session
from calendar_app.web.editing.draft_cards import draft_card, draft_list
from calendar_app.web.editing.form_words import in_words_of_the_form
from calendar_app.web.editing.room import room_blueprint, show, the_editor
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.typed_days import EXAMPLE, read_day
from calendar_app.words.errors import UnreadableLetterError

bp = room_blueprint("letters", __name__)

#: Maximum number of results that a page reports: they stand in its address, which has no room for
#: more; and of the letters of a file name among them.
_MOST_TOLD = 10
_MOST_OF_A_NAME = 100

#: The file name of a pasted text.
PASTED = "texte-colle.txt"


@bp.route("/lettres/", methods=["GET", "POST"])
@policy(Policy.EDITOR)
@bodies.takes(MAX_BYTES + bodies.PASTED_LETTER)
def index() -> Any:
    """Show the letters that the editor may read; POST drops another letter."""
    if request.method != "POST":
        return _index()
    if not editor_session.is_fresh():
        return _index(400, editor_session.NOT_FRESH)
    problems: dict[str, str] = {}
    issued = _issued(problems)
    with bodies.LETTERS.place(bodies.LETTER_WAITS):
        return _drop(issued, problems)


def _drop(issued: date | None, problems: dict[str, str]) -> Any:
    file = request.files.get("fichier")
    name, data = (file.filename or "", file.read()) if file else ("", b"")
    if not data:
        name, data = PASTED, request.form.get("texte", "").strip().encode("utf-8", "replace")
    if not data:
        problems["fichier"] = "Choisissez un fichier, ou collez le texte de la lettre."
    if problems:
        return _index(400, problems=problems)
    knowledge = letters.knowledge_of_files(data_folder())
    now = page().now
    try:
        dropped = letter_room.drop(db.session, the_editor(), data, name, issued, now, knowledge)
    except UnreadableLetterError as error:
        where = "texte" if name == PASTED else "fichier"
        return _index(400, problems={where: str(error)})
    told: dict[str, Any] = {"letter_id": dropped.letter_id}
    unread = [(name[:_MOST_OF_A_NAME], why) for name, why in dropped.unread[:_MOST_TOLD]]
    if unread:
        told["jointes"] = _results("jointes", dropped.letter_id).dumps(unread)
    return redirect(url_for(".letter", **told), 303)


@bp.get("/lettres/<int(max=2147483647):letter_id>/")
@policy(Policy.EDITOR)
def letter(letter_id: int) -> Any:
    """Show a letter, and beside it the drafts within the editor's scope."""
    found = letter_room.open_letter(db.session, the_editor(), letter_id)
    told: dict[str, Any] = {"unread": _told(letter_id, "jointes")}
    if done := _told(letter_id, "lot"):
        told["published"], told["refused"] = done
    return letter_page(found, **told)


@bp.post("/lettres/<int(max=2147483647):letter_id>/accepter/")
@policy(Policy.PUBLISHER)
def accept_certain(letter_id: int) -> Any:
    """Accept all drafts of a letter that leave no doubt."""
    found = letter_room.open_letter(db.session, the_editor(), letter_id)
    if not editor_session.is_fresh():
        return letter_page(found, 400, editor_session.NOT_FRESH)
    done = moderation.accept_certain(db.session, the_editor(), letter_id, page().now)
    # The results travel in the address of a redirect, so that reloading the page repeats nothing.
    refused = [
        (result.title, in_words_of_the_form(result.problem)) for result in done if result.problem
    ]
    lot = _results("lot", letter_id).dumps((len(done) - len(refused), refused[:_MOST_TOLD]))
    return redirect(url_for(".letter", letter_id=letter_id, lot=lot), 303)


def _told(letter_id: int, name: str) -> Any:
    """Return the results that a parameter of the address tells; None without any of ours."""
    try:
        return _results(name, letter_id).loads(request.args.get(name, ""))
    except BadData:
        return None


def _results(name: str, letter_id: int) -> URLSafeSerializer:
    """Return the signer of a parameter with results: nobody else can make a page show others."""
    secret, key = current_app.config["SETTINGS"].secret_key, editor_session.browser_key()
    return URLSafeSerializer(secret, salt=f"{name}/{letter_id}/{key}")


def letter_page(
    found: OpenLetter, status: int = 200, notice: str | None = None, **more: Any
) -> Response:
    """Answer with the page of a letter."""
    drafts = draft_list(map(draft_card, found.drafts))
    return show(
        "letter.html",
        status,
        found=found,
        drafts=drafts,
        numbers={draft.id: number for number, draft in enumerate(found.drafts, 1)},
        marked={id_ for segment in found.segments for id_ in segment.draft_ids},
        passed_over=passed_over_words(found.letter.passed_over),
        notice=notice,
        **more,
    )


def _index(
    status: int = 200, notice: str | None = None, problems: dict[str, str] | None = None
) -> Response:
    return show(
        "letters.html",
        status,
        lines=letter_room.letters_of(db.session, the_editor()),
        unknown_mails=deciding.waiting_for(db.session, the_editor()),
        typed=request.form,
        notice=notice,
        problems=problems or {},
    )


def _issued(problems: dict[str, str]) -> date | None:
    text = request.form.get("envoyee", "").strip()
    if not text:
        return None
    day = read_day(text)
    if day is None:
        problems["envoyee"] = f"Écrivez un jour, par exemple {EXAMPLE}."
    return day
