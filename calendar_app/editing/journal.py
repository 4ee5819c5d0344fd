"""The journal: each change is noted in the transaction that makes it, and read by those whom it
concerns."""

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

#: Changes on one page.
PAGE = 50

#: Changes that an export reads at a time.
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

    :param editor: None for what the program did by itself.
    :param before: the facts of the object (``catalogue.versions``); None when it did not exist.
    :param scope: whom the object was for, before and after.
    :param draft: what was accepted by it.
    :param undoes: the change that is taken back.
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
    """Which changes are asked for; None asks for all.

    :param first_day: with *last_day*, inclusive days in Paris.
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
    """Return the changes that somebody may read, newest first: those to what lies wholly within
    their scope, and their own.

    :param me: the editor's id; None for an operator, who has the rights of all.
    :param before_id: only older ones than this change.
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
    """Return a page of the journal, newest first, and the change that the next page comes before.

    Drafts that were accepted together are one entry, with what the program did of itself for them:
    one list of changes, whole on one page. An act reads the clock once, so they have one instant.
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
    """Yield all changes that somebody may read, newest first, some at a time."""
    before_id = None
    while found := changes(session, rights, me, chosen, before_id=before_id, limit=_EXPORTED):
        yield found
        before_id = found[-1].id


def whole(session: AnySession) -> Iterator[list[Change]]:
    """Yield the whole journal, newest first, for an operator."""
    return pages(session, EditorRights(EditorRole.ADMINISTRATOR, None), None, JournalFilter())


def visible_change(session: AnySession, editor: Editor, change_id: int) -> Change:
    """Return a change that an editor may read.

    :raises NotFoundError: when there is none, or it is none of theirs.
    """
    change = session.get(Change, change_id)
    read = EditorAction.READ_CHANGE
    if change is None or not is_allowed(
        session, editor, read, change.scope, maker_id=change.editor_id
    ):
        raise NotFoundError("Ce changement n'existe pas, ou n'est pas de votre périmètre.")
    return change


def people(session: AnySession, rights: EditorRights, me: int) -> list[Editor]:
    """Return the editors who made some change that somebody may read, by name."""
    made = select(Change.editor_id).where(_readable(rights, me))
    return list(
        session.scalars(select(Editor).where(Editor.id.in_(made)).order_by(Editor.name, Editor.id))
    )


def _readable(rights: EditorRights, me: int | None) -> ColumnElement[bool]:
    """Whether somebody may read a change, as :func:`changes`."""
    if rights.covers is None:
        return true()
    within = and_(
        Change.scope_rows.any(), ~Change.scope_rows.any(ChangeScope.code.not_in(rights.covers))
    )
    return or_(within, Change.editor_id == me) if me is not None else within


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)
