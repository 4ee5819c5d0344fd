"""Corrects drafts, attaches them to events, accepts and refuses them.

A rédacteur may correct and attach; accepting and refusing need the right to publish everything that
the draft changes. The editor who prepared a draft may withdraw it. No draft is decided twice: when
another editor decided or corrected a draft meanwhile, the action raises
:class:`DraftDecidedError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of
from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.versions import Facts
from calendar_app.editing import drafts, events, suggestions
from calendar_app.editing.draft_entries import date_of, item_of_draft, proposed, publishing_scope
from calendar_app.editing.draft_facts import draft_facts, note_draft
from calendar_app.editing.drafts import known_event
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rights import is_allowed, rights
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.known_events import decide
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.as_json import contract
from calendar_app.letters.dated_items import DatedItem, ItemStatus
from calendar_app.letters.reading.title_words import SAME_TITLE, closeness
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError, NotFoundError

#: Least confidence with which the parser leaves no doubt that an editor must resolve.
CERTAIN = 0.8


class DraftDecidedError(CalendarError):
    """Another editor decided or corrected the draft meanwhile; nothing was written."""

    def __init__(self, draft: Draft) -> None:
        if draft.state is DraftState.PENDING:
            super().__init__(
                "Quelqu'un d'autre vient de corriger cette proposition : relisez-la, rien n'a été "
                "enregistré."
            )
        else:
            by = f" par {draft.decided_by.name}" if draft.decided_by else ""
            super().__init__(f"Cette proposition est déjà traitée : {draft.state.words}{by}.")


class WholeEventError(NotFoundError):
    """The draft is a whole event that an editor prepared; it is corrected in its own form."""

    def __init__(self) -> None:
        super().__init__("Cette proposition se corrige dans sa fiche.")


class DraftNotYoursError(CalendarError):
    """The editor may read the draft, but may not decide it.

    :param parts: as for ``events.NotYoursError``; empty when the right to decide is missing.
    """

    def __init__(self, parts: tuple[str, ...] = ()) -> None:
        self.parts = parts
        super().__init__(
            "Accepter ou refuser cette proposition revient aux responsables de publication de "
            "tous ceux qu'elle concerne."
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The result for one draft, when several are accepted at once.

    :param event_id: the event that has the draft's date; None when the draft was not accepted.
    :param problem: a French sentence when the draft was not accepted, else None.
    """

    draft_id: int
    title: str
    event_id: str | None
    problem: str | None = None


def queue(session: AnySession, editor: Editor) -> list[Draft]:
    """Return the pending drafts that an editor may read, by last day: the drafts within their
    scope, and the drafts that they prepared themselves."""
    covers = rights(editor, queries.reference(session).academies).covers
    return drafts.pending_drafts(session, covers, editor.id)


def visible_draft(session: AnySession, editor: Editor, draft_id: int) -> Draft:
    """Return a draft that an editor may read.

    :raises NotFoundError: when there is no such draft for this editor.
    """
    draft = session.get(Draft, draft_id)
    if draft is None or not may(session, editor, EditorAction.READ_DRAFT, draft):
        raise NotFoundError("Cette proposition n'existe pas, ou n'est pas de votre périmètre.")
    return draft


def may(session: AnySession, editor: Editor, action: EditorAction, draft: Draft) -> bool:
    """Return whether an editor may do an action on a draft."""
    return is_allowed(session, editor, action, draft.scope, maker_id=draft.author_id)


def may_decide(session: AnySession, editor: Editor, draft: Draft) -> bool:
    """Return whether an editor may accept a draft, or refuse a draft that another editor made."""
    return may(session, editor, EditorAction.ACCEPT_DRAFT, draft)


def accept(
    session: AnySession,
    editor: Editor,
    draft_id: int,
    revision: int,
    now: datetime,
    entry: EventEntry | None = None,
    base: Facts | None = None,
    answer: str = "",
) -> Event:
    """Publish the event that a draft proposes, and settle the drafts that propose the same.

    :param revision: the revision of the draft that the editor saw.
    :param entry: the whole event as the editor completed it; None for the event that the draft
        proposes.
    :param base: with *entry*, the facts of the known event that the editor saw.
    :param answer: words to the proposer; may be empty.
    :raises NotFoundError: when the draft, or its event, is not visible to the editor.
    :raises DraftDecidedError: when the draft is no longer pending, or has another revision.
    :raises DraftNotYoursError: when the editor may not publish the draft.
    :raises EntryError: when the event is incomplete or not valid.
    :raises EventExistsError: when the new event exists already: attach the draft to that event.
    :raises StaleEventError: when the same parts of the event changed since the draft was prepared,
        or since the editor saw the event.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        draft = _to_decide(session, editor, draft_id, revision)
        was, event_revision = draft_facts(draft), draft.event.revision if draft.event else 0
        entry = entry or events.at_home(session, editor, draft.event, proposed(session, draft))
        before = None
        if draft.event:
            now_ = facts_of(event_entry(draft.event, queries.reference(session).academies))
            before = dict(base) if base is not None else now_
        was_new = draft.proposal is Proposal.NEW_EVENT
        had = {m.id for m in draft.event.milestones} if draft.event else set()
        event = _write(session, editor, draft, entry, before, now)
        draft.answer = answer.strip() or None
        _decide(draft, DraftState.ACCEPTED, editor, now)
        draft.event = event
        if draft.entry is None:
            draft.milestone = date_of(draft, event, had)
        session.flush()
        if event.revision == event_revision:  # the event did not change, so the journal has no row
            note_draft(session, editor, draft, ChangeAction.EDITED, was, now)
        if was_new and draft.entry is None:
            point_others_to(session, draft, event, now)
        suggestions.answer(session, draft, now)
        settle_repeated(session, draft, now)
        return event


def accept_certain(
    session: AnySession, editor: Editor, letter_id: int, now: datetime
) -> tuple[Accepted, ...]:
    """Accept all drafts of a letter that are certain (:func:`is_certain`) and that the editor may
    publish, each in its own transaction. Return a result for each; drafts that another acceptance
    settled meanwhile are left out."""
    found = []
    wanted = [
        (draft.id, draft.title)
        for draft in queue(session, editor)
        if draft.letter_id == letter_id and is_certain(draft) and may_decide(session, editor, draft)
    ]
    for draft_id, title in wanted:
        draft = session.get(Draft, draft_id, populate_existing=True)
        if draft is None or draft.state is not DraftState.PENDING:
            continue  # it repeated a draft that was just accepted
        try:
            event = accept(session, editor, draft_id, draft.revision, now)
        except CalendarError as error:
            found.append(Accepted(draft_id, title, None, str(error)))
        else:
            found.append(Accepted(draft_id, title, event.id))
    return tuple(found)


def is_certain(draft: Draft) -> bool:
    """Return whether a draft may be accepted without a look at it: the parser has no doubt of its
    day, its title, its kind and its place, or an editor corrected it.

    What would be merged into an event that exists is always looked at first.
    """
    if draft.entry is not None or not (draft.item or draft.corrected):
        return False
    if draft.corrected is not None:
        return True
    changes_event = draft.event_id is not None and draft.state is DraftState.PENDING
    if draft.confidence < CERTAIN or changes_event:
        return False
    return not item_of_draft(draft).warnings


def refuse(
    session: AnySession, editor: Editor, draft_id: int, revision: int, answer: str, now: datetime
) -> Draft:
    """Refuse a draft. The editor who prepared a draft may withdraw it in this way.

    :param revision: the revision of the draft that the editor saw.
    :param answer: words to the proposer; may be empty.
    :raises NotFoundError: when the draft is not visible to the editor.
    :raises DraftDecidedError: when the draft is no longer pending, or has another revision.
    :raises DraftNotYoursError: when the editor may not refuse the draft.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        draft = _pending(session, editor, draft_id, revision)
        _ask(session, editor, EditorAction.REFUSE_DRAFT, draft)
        before = draft_facts(draft)
        draft.answer = answer.strip() or None
        _decide(draft, DraftState.REFUSED, editor, now)
        note_draft(session, editor, draft, ChangeAction.REFUSED, before, now, why=draft.answer)
        suggestions.answer(session, draft, now)
        return draft


def correct(
    session: AnySession,
    editor: Editor,
    draft_id: int,
    revision: int,
    item: DatedItem,
    now: datetime,
) -> Draft:
    """Correct the item of a draft; the draft keeps the item as it was read, too.

    :param revision: the revision of the draft that the editor saw.
    :param item: the whole item as it should have been read.
    :raises NotFoundError: when the draft is not visible to the editor.
    :raises DraftDecidedError: when the draft is no longer pending, or has another revision.
    :raises WholeEventError: when the draft is a whole event that an editor prepared.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        draft = _to_correct(session, editor, draft_id, revision)
        before, codes = draft_facts(draft), frozenset(draft.scope)
        draft.corrected = contract(item)
        draft.title, draft.kind, draft.step = item.title, item.kind, item.step
        draft.first_day, draft.last_day = item.first_day, item.last_day
        draft.certainty, draft.status = item.certainty, item.status
        if draft_facts(draft) == before:
            return draft
        draft.scope = set(publishing_scope(session, draft))
        note_draft(session, editor, draft, ChangeAction.CORRECTED, before, now, also=codes)
        return draft


def attach(
    session: AnySession,
    editor: Editor,
    draft_id: int,
    revision: int,
    event_id: str | None,
    key: str | None,
    now: datetime,
) -> Draft:
    """Attach a draft to an event, or detach it.

    :param revision: the revision of the draft that the editor saw.
    :param event_id: an event that the editor may read; None: the draft proposes a new event.
    :param key: the key of the milestone that the draft changes; None: the draft adds a milestone.
    :raises NotFoundError: when there is no such draft, event or date for this editor.
    :raises DraftDecidedError: when the draft is no longer pending, or has another revision.
    :raises WholeEventError: when the draft is a whole event that an editor prepared.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        draft = _to_correct(session, editor, draft_id, revision)
        before, codes = draft_facts(draft), frozenset(draft.scope)
        event = events.visible_event(session, editor, event_id) if event_id else None
        milestone = next((m for m in event.milestones if m.key == key), None) if event else None
        if key and milestone is None:
            raise NotFoundError("Cet événement n'a pas cette date.")
        draft.event, draft.milestone, draft.series = event, milestone, None
        draft.event_id, draft.series_id = event.id if event else None, None
        draft.milestone_id = milestone.id if milestone else None
        of_deadline = milestone is not None and milestone.kind.is_deadline
        draft.known_first_day = milestone.first_day if milestone and not of_deadline else None
        draft.known_last_day = milestone.last_day if milestone else None
        draft.changes = None
        draft.proposal = Proposal.CHANGE if milestone else Proposal.NEW_DATE
        if event is None:
            draft.proposal = Proposal.NEW_EVENT
        session.flush()
        draft.scope = set(publishing_scope(session, draft))
        note_draft(session, editor, draft, ChangeAction.ATTACHED, before, now, also=codes)
        return draft


# -- the steps -------------------------------------------------------------------------------------


def _ask(session: AnySession, editor: Editor, action: EditorAction, draft: Draft) -> None:
    if not may(session, editor, action, draft):
        raise DraftNotYoursError


def _pending(session: AnySession, editor: Editor, draft_id: int, revision: int) -> Draft:
    session.get(Draft, draft_id, with_for_update={"of": Draft}, populate_existing=True)
    draft = visible_draft(session, editor, draft_id)
    if draft.state is not DraftState.PENDING or draft.revision != revision:
        raise DraftDecidedError(draft)
    return draft


def _to_decide(session: AnySession, editor: Editor, draft_id: int, revision: int) -> Draft:
    draft = _pending(session, editor, draft_id, revision)
    _ask(session, editor, EditorAction.ACCEPT_DRAFT, draft)
    return draft


def _to_correct(session: AnySession, editor: Editor, draft_id: int, revision: int) -> Draft:
    draft = _pending(session, editor, draft_id, revision)
    _ask(session, editor, EditorAction.CORRECT_DRAFT, draft)
    if draft.entry is not None:
        raise WholeEventError
    return draft


def _write(
    session: AnySession,
    editor: Editor,
    draft: Draft,
    entry: EventEntry,
    before: dict[str, Any] | None,
    now: datetime,
) -> Event:
    action = ChangeAction.EDITED
    if draft.proposal is Proposal.CHANGE and draft.entry is None:
        ended = draft.status in (ItemStatus.CANCELLED, ItemStatus.POSTPONED)
        action = ChangeAction.CANCELLED if ended else ChangeAction.MOVED
    try:
        return events.write(session, editor, entry, before, now, action=action, draft=draft)
    except events.NotYoursError as error:
        raise DraftNotYoursError(error.parts) from None


def _decide(draft: Draft, state: DraftState, editor: Editor, now: datetime) -> None:
    draft.state, draft.decided_at, draft.decided_by = state, now, editor


def point_others_to(session: AnySession, accepted: Draft, event: Event, now: datetime) -> None:
    """Attach the other pending drafts about a new event to it, inside the caller's transaction:
    each then proposes a date or a change, or becomes known."""
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
    known, issued = known_event(event), paris_day(accepted.created_at)
    # The accepted draft comes first, so that it is matched with the date of the event: otherwise
    # another draft would be taken for that date, moved.
    items = [item_of_draft(draft) for draft in (accepted, *others)]
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
    return closeness(draft.title, event.title) >= SAME_TITLE


def settle_repeated(session: AnySession, accepted: Draft, now: datetime) -> None:
    """Make the drafts that repeat an accepted draft known, inside the caller's transaction."""
    for draft in session.scalars(select(Draft).where(Draft.same_as_id == accepted.id)):
        before = draft_facts(draft)
        draft.same_as, draft.proposal, draft.state = None, None, DraftState.KNOWN
        draft.event, draft.milestone = accepted.event, draft.milestone or accepted.milestone
        note_draft(session, None, draft, ChangeAction.ATTACHED, before, now)
