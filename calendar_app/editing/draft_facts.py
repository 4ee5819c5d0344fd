"""The facts of a draft in the journal: how they are noted, and how an undo restores them."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Enum

from calendar_app.editing import journal
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.store.base import AnySession

_FACTS = (
    "state proposal series_id event_id milestone_id known_first_day known_last_day same_as_id "
    "title kind step first_day last_day certainty status corrected changes answer decided_by_id"
).split()


def draft_facts(draft: Draft) -> dict[str, Any]:
    """Return the facts of a draft for the journal, as JSON values; :func:`restore` reads them."""
    return {name: _plain(value) for name in _FACTS if (value := getattr(draft, name)) is not None}


def note_draft(
    session: AnySession,
    editor: Editor | None,
    draft: Draft,
    action: ChangeAction,
    before: dict[str, Any] | None,
    now: datetime,
    *,
    why: str | None = None,
    also: Set[str] = frozenset(),
    undoes: Change | None = None,
) -> None:
    """Note a change to a draft in the journal, as :func:`journal.note` does.

    :param before: the facts of the draft before the change; None when it did not exist.
    :param also: the scope of the draft before the change.
    """
    session.flush()
    journal.note(
        session,
        editor,
        ChangeSubject.DRAFT,
        str(draft.id),
        draft.title,
        action,
        before,
        draft_facts(draft),
        frozenset(draft.scope) | also,
        now,
        why=why,
        undoes=undoes,
    )


def restore(draft: Draft, facts: dict[str, Any]) -> None:
    """Set a draft to these facts, inside the caller's transaction.

    :param facts: as :func:`draft_facts` returns them; a missing fact becomes None.
    """
    for name in _FACTS:
        value, column = facts.get(name), Draft.__table__.columns[name]
        if value is not None and isinstance(column.type, Date):
            value = date.fromisoformat(value)
        elif value is not None and isinstance(column.type, Enum):
            value = column.type.python_type(value)
        setattr(draft, name, value)
    if draft.state is DraftState.PENDING:
        draft.decided_at = None


def reopen(draft: Draft) -> None:
    """Put a draft back in the queue after an undo of its acceptance, inside the caller's
    transaction."""
    draft.state, draft.decided_at, draft.decided_by = DraftState.PENDING, None, None
    if draft.proposal is Proposal.NEW_EVENT:
        draft.event = None
    if draft.proposal is not Proposal.CHANGE:
        draft.milestone = None


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else getattr(value, "value", value)
