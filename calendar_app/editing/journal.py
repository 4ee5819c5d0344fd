"""The journal: notes each change in the transaction that makes it, and returns the changes that an
editor may read."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import selectinload

from calendar_app.catalogue.versions import Facts
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change, ChangeScope
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.roles import EditorAction, EditorRights, EditorRole
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import AnySession
from calendar_app.words.errors import NotFoundError

#: Least number of changes on a full page.
PAGE = 50

#: Changes that an export reads in one query.
_EXPORTED = 500


def note(
    session: AnySession,
    editor: Editor | None,
    subject: ChangeSubject,
    subject_id: str,
    title: str,
    action: ChangeAction,
    before: Facts | None,
    after: Facts | None,
    scope: Set[str],
    now: datetime,
    *,
    why: str | None = None,
    draft: Draft | None = None,
    undoes: Change | None = None,
) -> Change:
    """Note who changed what, from what, to what, and why, inside the caller's transaction.

    :param editor: None for a change that the program made by itself.
    :param title: the present title of the object.
    :param before: the facts of the object (``catalogue.versions``); None when it did not exist.
    :param scope: the codes of the object before and after the change.
    :param draft: the draft that the change accepts.
    :param undoes: the change that this one undoes.
    """
    change = Change(
        at=now,
        editor_id=editor.id if editor else None,
        subject=subject,
        subject_id=subject_id,
        title=title,
        action=action,
        before=before,
        after=after,
        why=why or None,
        draft_id=draft.id if draft else None,
        undoes_id=undoes.id if undoes else None,
    )
    change.scope = set(scope)
    session.add(change)
    return change


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """The filter for changes; a field that is None filters nothing.

    :param first_day: with *last_day*, inclusive days in Europe/Paris.
    """

    event_id: str | None = None
    editor_id: int | None = None
    action: ChangeAction | None = None
    first_day: date | None = None
    last_day: date | None = None


def changes(
    session: AnySession,
    rights: EditorRights,
    me: int | None,
    chosen: JournalFilter,
    *,
    before_id: int | None = None,
    limit: int,
) -> list[Change]:
    """Return the changes that an editor may read, newest first: the changes to objects wholly
    within their scope, and the changes that they made.

    :param me: the editor's id; None for an operator, with the rights of an administrateur.
    :param before_id: return only changes older than this one.
    """
    query = select(Change).where(_readable(rights, me)).order_by(Change.id.desc())
    if chosen.event_id is not None:
        query = query.where(
            Change.subject == ChangeSubject.EVENT, Change.subject_id == chosen.event_id
        )
    if chosen.editor_id is not None:
        query = query.where(Change.editor_id == chosen.editor_id)
    if chosen.action is not None:
        query = query.where(Change.action == chosen.action)
    if chosen.first_day is not None:
        query = query.where(Change.at >= _midnight(chosen.first_day))
    if chosen.last_day is not None:
        query = query.where(Change.at < _midnight(chosen.last_day + timedelta(days=1)))
    if before_id is not None:
        query = query.where(Change.id < before_id)
    query = query.options(selectinload(Change.editor), selectinload(Change.undone_by))
    return list(session.scalars(query.limit(limit)))


def page_of(
    session: AnySession,
    rights: EditorRights,
    me: int | None,
    chosen: JournalFilter,
    *,
    before_id: int | None = None,
) -> tuple[list[list[Change]], int | None]:
    """Return a page of the journal, newest first, and the *before_id* of the next page (None on the
    last page).

    A page is a list of entries, each a list of changes. Drafts that were accepted together form one
    entry, with the changes that the program made for them by itself, and an entry is never split
    over two pages. These changes have the same instant, because an action reads the clock once.
    """
    found = changes(session, rights, me, chosen, before_id=before_id, limit=PAGE + 1)
    shown, more = found[:PAGE], found[PAGE:]
    while more and _is_of_acceptance(more[0], shown[-1]):
        shown += more
        more = changes(session, rights, me, chosen, before_id=shown[-1].id, limit=1)
    entries: list[list[Change]] = []
    for _, act in groupby(shown, lambda change: change.at):
        made = list(act)
        together = sum(change.draft_id is not None for change in made) > 1
        entries += [made] if together else [[change] for change in made]
    return entries, shown[-1].id if more else None


def _is_of_acceptance(older: Change, newer: Change) -> bool:
    return older.at == newer.at and (older.draft_id or newer.draft_id) is not None


def pages(
    session: AnySession, rights: EditorRights, me: int | None, chosen: JournalFilter
) -> Iterator[list[Change]]:
    """Yield all changes that an editor may read, newest first, in batches."""
    before_id = None
    while found := changes(session, rights, me, chosen, before_id=before_id, limit=_EXPORTED):
        yield found
        before_id = found[-1].id


def whole(session: AnySession) -> Iterator[list[Change]]:
    """Yield the whole journal for an operator, newest first, in batches."""
    return pages(session, EditorRights(EditorRole.ADMINISTRATOR, None), None, JournalFilter())


def visible_change(session: AnySession, editor: Editor, change_id: int) -> Change:
    """Return a change that an editor may read.

    :raises NotFoundError: when there is no such change for this editor.
    """
    change = session.get(Change, change_id)
    read = EditorAction.READ_CHANGE
    if change is None or not is_allowed(
        session, editor, read, change.scope, maker_id=change.editor_id
    ):
        raise NotFoundError("Ce changement n'existe pas, ou n'est pas de votre périmètre.")
    return change


def people(session: AnySession, rights: EditorRights, me: int) -> list[Editor]:
    """Return, by name, the editors who made some change that the editor *me* may read."""
    made = select(Change.editor_id).where(_readable(rights, me))
    return list(
        session.scalars(select(Editor).where(Editor.id.in_(made)).order_by(Editor.name, Editor.id))
    )


def _readable(rights: EditorRights, me: int | None) -> ColumnElement[bool]:
    """Return the condition that an editor may read a change; parameters as of :func:`changes`."""
    if rights.covers is None:
        return true()
    within = and_(
        Change.scope_rows.any(), ~Change.scope_rows.any(ChangeScope.code.not_in(rights.covers))
    )
    return or_(within, Change.editor_id == me) if me is not None else within


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)
