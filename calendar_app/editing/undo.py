"""Undoes a change by making another change; nothing is ever removed from the journal.

Later changes to other parts stay. A part that was changed again cannot be restored: the editor is
told which part it is (:class:`UndoConflictError`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of, written_from
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.versions import Conflict, Facts, merge
from calendar_app.editing import events, journal, moderation, series_rules
from calendar_app.editing.draft_entries import date_of, publishing_scope
from calendar_app.editing.draft_facts import draft_facts, note_draft, reopen, restore
from calendar_app.editing.followed import agendas
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError

#: The facts that undo a creation: an event is archived, a prepared draft is refused.
_GONE = {"archived": "true"}
_WITHDRAWN = {"state": DraftState.REFUSED.value}


class UndoneAlreadyError(CalendarError):
    """The change is already undone, or nothing of it is left to undo."""

    def __init__(self) -> None:
        super().__init__("Ce changement est déjà défait.")


class GoneDateError(CalendarError):
    """The date to which an undo would attach a draft again has been deleted since."""

    def __init__(self) -> None:
        super().__init__(
            "La date à laquelle cette proposition était rattachée n'est plus au calendrier : "
            "rattachez la proposition à une autre date."
        )


class UndoConflictError(CalendarError):
    """The same parts were changed again since.

    :param conflicts: these parts; ``wanted`` is the value before the change to undo.
    """

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(
            "La même partie a encore changé depuis : défaites d'abord le dernier changement, ou "
            "corrigez à la main."
        )


def undo(
    session: AnySession, editor: Editor, change_id: int, why: str | None, now: datetime
) -> Change:
    """Undo a change, and return the new change.

    The undo of a creation archives the event. The undo of an acceptance reopens its draft, and the
    undo of that undo accepts the draft again. The undo of a proposal withdraws it, and the undo of
    following a source pauses the source.

    :raises NotFoundError: when the change, or its object, is not visible to the editor.
    :raises NotYoursError: when the editor may not publish the earlier version.
    :raises DraftNotYoursError: when the editor may not decide the draft of the change.
    :raises SourceNotYoursError: when the editor may not decide whether the source is followed.
    :raises DraftDecidedError: when the draft was decided after the change.
    :raises EntryError: when the resulting event is not valid.
    :raises UndoneAlreadyError: when the change is already undone.
    :raises UndoConflictError: when the same parts were changed since.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        change = journal.visible_change(session, editor, change_id)
        if change.undone_by:
            raise UndoneAlreadyError
        if change.subject is ChangeSubject.EVENT:
            _undo_event(session, editor, change, why, now)
        elif change.subject is ChangeSubject.DRAFT:
            _undo_draft(session, editor, change, why, now)
        elif change.subject is ChangeSubject.SERIES:
            _undo_end(session, editor, change, why, now)
        else:
            _undo_source(session, editor, change, why, now)
        session.flush()
        found = session.scalars(select(Change).where(Change.undoes_id == change.id)).one_or_none()
        if found is None:  # nothing of the change was left, so nothing was noted
            raise UndoneAlreadyError
        return found


def may_undo(session: AnySession, editor: Editor, change: Change) -> bool:
    """Return whether a page should offer an editor to undo a change. It is an estimate:
    :func:`undo` may still refuse."""
    if change.undone_by:
        return False
    if change.subject is ChangeSubject.DRAFT:
        try:
            _draft_to_undo(session, editor, change)
        except CalendarError:
            return False
        return True
    is_source = change.subject is ChangeSubject.SOURCE
    action = EditorAction.FOLLOW_SOURCE if is_source else EditorAction.PUBLISH_EVENT
    return is_allowed(session, editor, action, change.scope)


def _undo_event(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    event = events.visible_event(session, editor, change.subject_id)
    facts = facts_of(event_entry(event, queries.reference(session).academies))
    after: Facts = change.after or {}
    merged = merge(after, change.before or {**after, **_GONE}, facts)
    if merged.conflicts:
        raise UndoConflictError(merged.conflicts)
    entry = events.check_entry(session, written_from(merged.facts))
    action = ChangeAction.UNDONE
    events.write(session, editor, entry, facts, now, action=action, why=why, undoes=change)
    session.flush()
    first, is_back = _first(change)
    draft, was_created = first.draft, first.before is None
    if draft and not moderation.may_decide(session, editor, draft):
        raise moderation.DraftNotYoursError
    if draft and not is_back and draft.state is DraftState.ACCEPTED:
        reopen(draft)
    elif draft and is_back and draft.state is DraftState.PENDING:
        draft.state, draft.decided_at, draft.decided_by = DraftState.ACCEPTED, now, editor
        draft.event = event
        if draft.entry is None:
            draft.milestone = date_of(draft, event)
    session.flush()
    if was_created and not is_back:
        _let_go(session, event, now)
    elif draft and was_created and draft.event is event and draft.entry is None:
        moderation.point_others_to(session, draft, event, now)


def _let_go(session: AnySession, event: Event, now: datetime) -> None:
    """Make the pending drafts of an archived event propose a new event: accepted into the archived
    event, their dates would not be visible."""
    query = select(Draft).where(
        Draft.event_id == event.id, Draft.state == DraftState.PENDING, Draft.entry.is_(None)
    )
    for draft in session.scalars(query):
        before, codes = draft_facts(draft), frozenset(draft.scope)
        draft.event, draft.milestone, draft.proposal = None, None, Proposal.NEW_EVENT
        draft.known_first_day = draft.known_last_day = None
        session.flush()
        draft.scope = set(publishing_scope(session, draft))
        note_draft(session, None, draft, ChangeAction.ATTACHED, before, now, also=codes)


def _first(change: Change) -> tuple[Change, bool]:
    """Return the change at the start of a chain of undos, and whether an undo of *change* makes the
    first change effective again."""
    is_back = False
    while change.undoes:
        change, is_back = change.undoes, not is_back
    return change, is_back


def _undo_end(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    """Undo the end of a series, or that it was taken up again. The worker makes its editions, or
    takes them back, within a minute."""
    was_ended = bool((change.before or {}).get("ended"))
    series_rules.write_end(
        session, editor, change.subject_id, was_ended, now, why=why, undoes=change
    )


def _undo_draft(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    draft = _draft_to_undo(session, editor, change)
    facts = draft_facts(draft)
    after: Facts = change.after or {}
    merged = merge(after, change.before or {**after, **_WITHDRAWN}, facts)
    if merged.conflicts:
        raise UndoConflictError(merged.conflicts)
    codes, of_event = frozenset(draft.scope), draft.event_id
    with session.no_autoflush:
        restore(draft, merged.facts)
        _check_date(session, draft)
    if draft.event_id not in (None, of_event):
        events.visible_event(session, editor, draft.event_id)
    if draft.state is not DraftState.PENDING:
        draft.decided_at = now
    session.flush()
    draft.scope = set(publishing_scope(session, draft))
    action = ChangeAction.UNDONE
    note_draft(session, editor, draft, action, facts, now, why=why, also=codes, undoes=change)


def _check_date(session: AnySession, draft: Draft) -> None:
    """Check that the date to which an undo attaches a draft again is still there.

    :raises GoneDateError: when it is not.
    """
    if draft.milestone_id is None:
        return
    milestone = session.get(Milestone, draft.milestone_id)
    if milestone is None or milestone.event_id != draft.event_id:
        raise GoneDateError


def _draft_to_undo(session: AnySession, editor: Editor, change: Change) -> Draft:
    """Return the draft of a change, if the editor may undo the change.

    :raises CalendarError: as :func:`undo`.
    """
    draft = moderation.visible_draft(session, editor, int(change.subject_id))
    began = _first(change)[0].action
    of_decision = began in (ChangeAction.REFUSED, ChangeAction.CREATED)
    if draft.state is not DraftState.PENDING and not (
        of_decision and draft.state is DraftState.REFUSED
    ):
        raise moderation.DraftDecidedError(draft)
    action = EditorAction.REFUSE_DRAFT if of_decision else EditorAction.CORRECT_DRAFT
    if not moderation.may(session, editor, action, draft):
        raise moderation.DraftNotYoursError
    return draft


def _undo_source(
    session: AnySession, editor: Editor, change: Change, why: str | None, now: datetime
) -> None:
    """Pause a source that the change followed, or follow a source that the change paused."""
    source = agendas.visible(session, editor, int(change.subject_id))
    paused = bool((change.after or {}).get("paused"))
    if paused is not (source.paused_at is not None):
        raise UndoneAlreadyError
    agendas.follow(session, editor, source, paused, now, why=why, undoes=change)
