"""« À vérifier »: the queue of drafts, and what an editor does to a draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for

from calendar_app.catalogue.facts import EntryError
from calendar_app.editing import accounts, letter_room, moderation, overview
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.letter_room import LetterLine
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState
from calendar_app.editing.rules.roles import academies_of
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.unknown_holidays import unknown_holidays_words
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.editing.draft_cards import DraftList, draft_card, draft_list
from calendar_app.web.editing.draft_form import NATURES, DraftForm
from calendar_app.web.editing.form_words import in_words_of_the_form
from calendar_app.web.editing.room import room_blueprint, show, the_editor, the_rights
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.text import clean

bp = room_blueprint(
    "drafts",
    __name__,
    accepte="C'est publié.",
    refuse="La proposition est refusée.",
    corrige="La correction est enregistrée.",
    rattache="La proposition est rattachée.",
)

_LONGEST_ANSWER = 1000


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"NATURES": NATURES}


def room(status: int = 200, notice: str | None = None) -> Response:
    """Answer with the queue: the drafts of each letter, then those of other origins; all by last
    day."""
    editor, own, here = the_editor(), the_rights(), page()
    academies = academies_of(own, here.reference.academies)
    return show(
        "room.html",
        status,
        notice=notice,
        where=accounts.where_words(editor.scope, here.reference.academies),
        groups=_groups(moderation.queue(db.session, editor)),
        letters=letter_room.letters_of(db.session, editor, limit=5),
        closing=[here.card(m) for m in overview.closing_soon(db.session, own, here.today)],
        missing=[
            (found.event, here.card(found.milestone))
            for found in overview.missing_editions(db.session, own, here.today)
        ],
        dead=overview.dead_links(db.session, own, here.today),
        unknown_holidays=unknown_holidays_words(academies, here.reference.calendars, here.today),
        first_steps=overview.first_steps(db.session, editor, here.reference, here.today),
        school_year=SchoolYear.of(here.today),
        academies=academies,
        problems={},
        typed={},
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """Drafts that came together.

    :param line: their letter; None for drafts that came without a letter.
    """

    origin: DraftOrigin
    line: LetterLine | None
    drafts: DraftList


def _groups(waiting: Sequence[Draft]) -> list[_Group]:
    """Return pending drafts by letter, then by their other origins. The letter with the nearest
    last day comes first."""
    letters = {draft.letter.id: draft.letter for draft in waiting if draft.letter}
    groups = []
    for line in letter_room.lines_of(db.session, the_editor(), tuple(letters.values())):
        own = (draft_card(draft) for draft in waiting if draft.letter is line.letter)
        groups.append(_Group(DraftOrigin.LETTER, line, draft_list(own)))
    for origin in DraftOrigin:
        cards = tuple(draft_card(d) for d in waiting if d.origin is origin and not d.letter)
        if cards:
            groups.append(_Group(origin, None, DraftList(cards)))
    return groups


@bp.get("/propositions/<int(max=2147483647):draft_id>/")
@policy(Policy.EDITOR)
def draft(draft_id: int) -> Any:
    """Show a draft."""
    return _page(moderation.visible_draft(db.session, the_editor(), draft_id))


@bp.post("/propositions/<int(max=2147483647):draft_id>/accepter/")
@policy(Policy.PUBLISHER)
def accept(draft_id: int) -> Any:
    """Publish what a draft proposes, with an answer to the person who proposed it."""

    def act(found: Draft, revision: int) -> None:
        moderation.accept(
            db.session, the_editor(), found.id, revision, page().now, answer=typed_answer()
        )

    return _act(draft_id, act, "accepte")


@bp.post("/propositions/<int(max=2147483647):draft_id>/refuser/")
@policy(Policy.EDITOR)
def refuse(draft_id: int) -> Any:
    """Refuse a draft, with an answer to its proposer; an author withdraws a draft in this way."""

    def act(found: Draft, revision: int) -> None:
        moderation.refuse(db.session, the_editor(), found.id, revision, typed_answer(), page().now)

    return _act(draft_id, act, "refuse")


@bp.post("/propositions/<int(max=2147483647):draft_id>/rattacher/")
@policy(Policy.EDITOR)
def attach(draft_id: int) -> Any:
    """Note which event, and which date of the event, a draft is about."""

    def act(found: Draft, revision: int) -> None:
        chosen = clean(request.form.get("evenement", "")).strip()
        event_id, _, key = chosen.partition("/")
        moderation.attach(
            db.session, the_editor(), found.id, revision, event_id or None, key or None, page().now
        )

    return _act(draft_id, act, "rattache")


@bp.post("/propositions/<int(max=2147483647):draft_id>/corriger/")
@policy(Policy.EDITOR)
def correct(draft_id: int) -> Any:
    """Correct what was read in a letter."""
    found = moderation.visible_draft(db.session, the_editor(), draft_id)
    typed = DraftForm.posted(request.form)
    if not editor_session.is_fresh():
        return _page(found, 400, editor_session.NOT_FRESH, typed)
    if not (found.item or found.corrected):
        raise moderation.WholeEventError
    item = typed.read(item_of_draft(found), page().reference.academies)
    if item is None:
        return _page(found, 400, form=typed)
    try:
        moderation.correct(db.session, the_editor(), draft_id, _seen(), item, page().now)
    except CalendarError as error:
        db.session.expire_all()
        return _page(found, 409, str(error), typed)
    return _onward(found, "corrige")


def _act(draft_id: int, act: Callable[[Draft, int], None], done: str) -> Any:
    found = moderation.visible_draft(db.session, the_editor(), draft_id)
    if not editor_session.is_fresh():
        return _page(found, 400, editor_session.NOT_FRESH)
    try:
        act(found, _seen())
    except EntryError as error:
        said = dict.fromkeys(map(in_words_of_the_form, error.problems.values()))
        notice = f"Il manque de quoi publier ceci, corrigez d'abord : {' ; '.join(said)}."
        return _page(found, 400, notice)
    except NotFoundError:
        raise
    except CalendarError as error:
        db.session.expire_all()
        return _page(found, 409, str(error))
    return _onward(found, done)


def typed_answer() -> str:
    """Return the editor's typed answer to the person who proposed a draft; may be empty."""
    return clean(request.form.get("reponse", "")).strip()[:_LONGEST_ANSWER]


def _seen() -> int:
    text = request.form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _onward(decided: Draft, done: str) -> Any:
    """Redirect to the next pending draft of the same letter, else to the queue. A draft that must
    be read leads to the next one that must be read, and a certain one to the next certain one."""
    if decided.letter is None:
        return redirect(url_for("editor.room", fait=done), 303)
    try:
        opened = letter_room.open_letter(db.session, the_editor(), decided.letter.id)
    except NotFoundError:
        # No draft of the letter is in this editor's scope any more: it went to other editors.
        return redirect(url_for("editor.room", fait=done), 303)
    waiting = [d for d in opened.drafts if d.state is DraftState.PENDING]
    is_certain = moderation.is_certain(decided)
    alike = [d for d in waiting if moderation.is_certain(d) is is_certain] or waiting
    later = [d for d in alike if d.position > decided.position] or alike
    if decided.state is DraftState.PENDING and decided in waiting:
        later = [decided]
    anchor = f"proposition-{later[0].id}" if later else None
    return redirect(
        url_for("letters.letter", letter_id=decided.letter.id, fait=done, _anchor=anchor), 303
    )


def _page(
    found: Draft, status: int = 200, notice: str | None = None, form: DraftForm | None = None
) -> Response:
    card = draft_card(found, form)
    return show("draft.html", status, card=card, notice=notice, answer=typed_answer())
