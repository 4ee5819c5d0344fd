"""What accepting one draft makes of the others that say the same, or another date of the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event
from calendar_app.editing import suggestions
from calendar_app.editing.draft_entries import item_of, publishing_scope
from calendar_app.editing.draft_facts import draft_facts, note_draft
from calendar_app.editing.drafts import known_event
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.known_events import decide
from calendar_app.letters.reading.title_words import SAME, closeness
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession


def point_others_to(session: AnySession, accepted: Draft, event: Event, now: datetime) -> None:
    """Point the other drafts of a new event to it: the next one adds a date, or says the same."""
    academies = queries.reference(session).academies
    pending = session.scalars(
        select(Draft).where(
            Draft.state == DraftState.PENDING,
            Draft.proposal == Proposal.NEW_EVENT,
            Draft.entry.is_(None),
            Draft.id != accepted.id,
        )
    )
    others = [draft for draft in pending if _is_of(draft, event)]
    if not others:
        return
    known, issued = known_event(event), accepted.created_at.date()
    # What was accepted comes first: it is the date that the event has, and none of the others is
    # that date, moved.
    items = [item_of(draft) for draft in (accepted, *others)]
    decisions = decide(items, [known], {}, academies, issued)[1:]
    for draft, decision in zip(others, decisions, strict=True):
        if decision.event_id is None:
            continue
        before, codes = draft_facts(draft), frozenset(draft.scope)
        draft.event, draft.series_id = event, None
        draft.milestone_id = decision.milestone_id
        draft.known_first_day = decision.known_first_day
        draft.known_last_day = decision.known_last_day
        draft.proposal = decision.proposal
        draft.state = DraftState.PENDING if decision.proposal else DraftState.KNOWN
        session.flush()
        if decision.proposal:
            draft.scope = set(publishing_scope(session, draft))
        else:
            suggestions.answer(session, draft, now)
        note_draft(session, None, draft, ChangeAction.ATTACHED, before, now, also=codes)


def _is_of(draft: Draft, event: Event) -> bool:
    day = draft.last_day or draft.first_day
    if day is not None and SchoolYear.of(day).start != event.school_year:
        return False
    return closeness(draft.title, event.title) >= SAME


def settle_repeated(session: AnySession, accepted: Draft, now: datetime) -> None:
    """What other letters say of an accepted draft, the calendar now says."""
    for draft in session.scalars(select(Draft).where(Draft.same_as_id == accepted.id)):
        before = draft_facts(draft)
        draft.same_as, draft.proposal, draft.state = None, None, DraftState.KNOWN
        draft.event = accepted.event
        note_draft(session, None, draft, ChangeAction.ATTACHED, before, now)
