"""The journal in the editors' room: who changed what, from what, to what, why; and undoing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Response, redirect, request, stream_with_context, url_for

from calendar_app.editing import journal, overview, undo
from calendar_app.editing.change_words import ChangedPart, changed_parts
from calendar_app.editing.journal import JournalFilter
from calendar_app.editing.journal_export import as_csv, as_json
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Letter
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.editing.room import room_blueprint, show, the_editor, the_rights
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.typed_days import EXAMPLE, read_day
from calendar_app.words.errors import CalendarError, NotFoundError, ParameterError, as_repeated
from calendar_app.words.french import day_words, hour_words
from calendar_app.words.text import clean, clean_line

bp = room_blueprint("journal", __name__, defait="Le changement est défait.")

_LONGEST_WHY = 500


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change in words.

    :param when: day and hour in Paris time, in French.
    :param parts: the parts that differ; empty when the object did not exist before.
    :param may_undo: whether the editor who is logged in may undo the change.
    """

    change: Change
    when: str
    parts: tuple[ChangedPart, ...]
    may_undo: bool


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One act: a change, or several drafts that were accepted together."""

    lines: tuple[ChangeLine, ...]

    @property
    def accepted(self) -> int:
        """The number of drafts that the act accepted."""
        return sum(line.change.draft_id is not None for line in self.lines)

    @property
    def letter(self) -> Letter | None:
        """The letter of the accepted drafts; None for a single change."""
        drafts = [line.change.draft for line in self.lines if line.change.draft]
        return drafts[0].letter if len(self.lines) > 1 and drafts else None


def lines_of(event_id: str) -> list[ChangeLine]:
    """Return the last 10 changes of an event that the editor who is logged in may read."""
    chosen = JournalFilter(event_id=event_id)
    found = journal.changes(db.session, the_rights(), the_editor().id, chosen, limit=10)
    return _lines(found)


@bp.get("/journal/")
@policy(Policy.EDITOR)
def index() -> Any:
    """Show the changes that the editor may read, newest first."""
    before = request.args.get("avant", "")
    before_id = int(before) if before.isdecimal() and len(before) < 10 else None
    entries, older = journal.page_of(
        db.session, the_rights(), the_editor().id, _filter(), before_id=before_id
    )
    kept = {n: v for n, v in request.args.items() if n != "avant" and v}
    return show(
        "journal.html",
        entries=[JournalEntry(tuple(_lines(changes))) for changes in entries],
        people=journal.people(db.session, the_rights(), the_editor().id),
        actions=tuple(ChangeAction),
        chosen=request.args,
        pickable=_pickable(),
        kept=kept,
        older=older,
    )


@bp.get("/journal.csv")
@policy(Policy.EDITOR)
def export_csv() -> Response:
    """Return all changes that the filter asks for, as a CSV file."""
    return _download(as_csv(db.session, _all()), "text/csv", "journal.csv")


@bp.get("/journal.json")
@policy(Policy.EDITOR)
def export_json() -> Response:
    """Return all changes that the filter asks for, as a JSON file."""
    return _download(as_json(_all()), "application/json", "journal.json")


@bp.get("/journal/<int(max=2147483647):change_id>/")
@policy(Policy.EDITOR)
def change(change_id: int) -> Any:
    """Show a change."""
    return _page(journal.visible_change(db.session, the_editor(), change_id))


@bp.post("/journal/<int(max=2147483647):change_id>/defaire/")
@policy(Policy.EDITOR)
def take_back(change_id: int) -> Any:
    """Undo a change by another change."""
    found = journal.visible_change(db.session, the_editor(), change_id)
    why = clean(request.form.get("pourquoi", "")).strip()[:_LONGEST_WHY]
    if not editor_session.is_fresh():
        return _page(found, 400, editor_session.NOT_FRESH, why=why)
    try:
        made = undo.undo(db.session, the_editor(), change_id, why or None, page().now)
    except undo.UndoConflictError as error:
        return _page(found, 409, str(error), why=why, conflicts=error.conflicts)
    except NotFoundError:
        raise
    except CalendarError as error:
        return _page(found, 409, str(error), why=why)
    return redirect(url_for(".change", change_id=made.id, fait="defait"), 303)


def _page(found: Change, status: int = 200, notice: str | None = None, **more: Any) -> Response:
    [line] = _lines([found])
    return show("change.html", status, line=line, notice=notice, **more)


def _lines(found: list[Change]) -> list[ChangeLine]:
    return [
        ChangeLine(
            change,
            _when(change.at.astimezone(PARIS)),
            parts if change.before is not None else (),
            undo.may_undo(db.session, the_editor(), change),
        )
        for change, parts in zip(found, changed_parts(db.session, found), strict=True)
    ]


def _when(at: datetime) -> str:
    return f"{day_words(at.date())} à {hour_words(at.time())}"


def _all() -> Iterator[list[Change]]:
    return journal.pages(db.session, the_rights(), the_editor().id, _filter())


def _filter() -> JournalFilter:
    """Return the filter in the address of this request.

    :raises ParameterError: when a value is not allowed.
    """
    given = {name: clean_line(value) for name, value in request.args.items()}
    editor, action = given.get("redacteur", ""), given.get("action", "")
    asked = given.get("evenement", "")
    if editor and not (editor.isdecimal() and len(editor) < 10):
        raise ParameterError("Choisissez un nom dans la liste de la rédaction.", editor)
    if action and action not in set(ChangeAction):
        raise ParameterError("Choisissez une action dans la liste.", action)
    return JournalFilter(
        event_id=_pickable().get(asked, asked) or None,
        editor_id=int(editor) if editor else None,
        action=ChangeAction(action) if action else None,
        first_day=_day(given.get("depuis", "")),
        last_day=_day(given.get("jusqu", "")),
    )


def _pickable() -> dict[str, str]:
    """Return the events by which the journal is filtered, those of the latest year: name → id."""
    year = overview.latest_year(db.session, page().today)
    return overview.event_names(db.session, the_editor(), year)


def _day(text: str) -> date | None:
    if not text:
        return None
    day = read_day(text)
    if day is None:
        sentence = f"« {as_repeated(text)} » n'est pas un jour : écrivez par exemple {EXAMPLE}."
        raise ParameterError(sentence, text)
    return day


def _download(parts: Iterator[str], kind: str, name: str) -> Response:
    answer = Response(stream_with_context(parts), content_type=f"{kind}; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
