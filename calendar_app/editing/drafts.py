"""Turns the dated items of a letter into drafts, by comparison with the calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import selectinload

from calendar_app import letters
from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Series
from calendar_app.editing.draft_entries import publishing_scope
from calendar_app.editing.models.letters import Draft, DraftScope, Letter
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.known_events import (
    Decision,
    KnownDate,
    KnownEvent,
    compatible,
    decide,
    scope_of,
)
from calendar_app.letters.as_json import contract, item_from_json
from calendar_app.letters.dated_items import DatedItem, LetterReading, Step
from calendar_app.letters.doubts import PassedOver
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.title_words import SAME_TITLE, closeness
from calendar_app.school.academies import Academies
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, insert_new, reading, writing
from calendar_app.words.text import clean_line


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft in the report of an import.

    :param event_title: the title of the known event; None if there is none.
    :param first_seen: the title of the letter that first proposed the same; None if there is none.
    """

    draft_id: int
    state: DraftState
    proposal: Proposal | None
    item: DatedItem
    known_first_day: date | None
    known_last_day: date | None
    event_title: str | None
    first_seen: str | None


@dataclass(frozen=True, slots=True)
class LetterReport:
    """The report of an import.

    :param issued_from: French words: how *issued* was found.
    :param is_new: False when the same file was imported before, at *imported_at*; this import then
        added nothing.
    """

    letter_id: int
    title: str
    issued: date
    issued_from: str
    imported_at: datetime
    is_new: bool
    drafts: tuple[DraftLine, ...]
    passed_over: tuple[PassedOver, ...]


def import_letter(
    session: AnySession,
    data: bytes,
    file_name: str,
    issued: date | None,
    now: datetime,
    knowledge: LetterKnowledge,
) -> LetterReport:
    """Store a letter, with a draft for each dated item. Idempotent: the same file adds nothing.

    :param file_name: only its last segment is kept.
    :param issued: the day on which the letter was sent; None if unknown.
    :raises UnreadableLetterError: as :func:`letters.read`; nothing is stored.
    """
    checksum = hashlib.sha256(data).hexdigest()
    with reading(session):
        if known := _letter(session, checksum):
            return _report(known, is_new=False)
    # Parsed before the transaction, because it may take seconds and other writers would wait.
    found = letters.read(data, issued, now, knowledge)
    return import_reading(session, checksum, file_name, found, now, knowledge)


def import_reading(
    session: AnySession,
    checksum: str,
    file_name: str,
    found: LetterReading,
    now: datetime,
    knowledge: LetterKnowledge,
) -> LetterReport:
    """As :func:`import_letter`, for a reading of the letter with this SHA-256 (hexadecimal)."""
    with writing(session, now):
        # The lock keeps two concurrent imports from both proposing the same contest.
        queries.catalogue(session, for_update=True)
        values = {
            "checksum": checksum,
            "title": found.title,
            # Folders may tell about the person who dropped the file.
            "file_name": clean_line(file_name.replace("\\", "/").rpartition("/")[2]),
            "issued": found.issued,
            "issued_from": found.issued_from,
            "text": found.text,
            "passed_over": [asdict(passed) for passed in found.passed_over],
            "imported_at": now,
        }
        insert = insert_new(session, Letter).values(values).returning(Letter.id)
        is_new = session.scalar(insert) is not None
        letter = _letter(session, checksum)
        assert letter  # noqa: S101 - inserted here or by another process
        if is_new:
            letter.drafts = held_against_calendar(
                session, found.items, found.issued, now, knowledge.academies
            )
            session.flush()
            for draft in letter.drafts:
                draft.scope = set(publishing_scope(session, draft))
        return _report(letter, is_new=is_new)


def item_as_read(draft: Draft) -> DatedItem:
    """Return the whole item as it was read, without later corrections."""
    return item_from_json(draft.item)


def _letter(session: AnySession, checksum: str) -> Letter | None:
    return session.scalars(select(Letter).where(Letter.checksum == checksum)).one_or_none()


def held_against_calendar(
    session: AnySession,
    items: Sequence[DatedItem],
    issued: date,
    now: datetime,
    academies: Academies,
    claimed: Set[int] = frozenset(),
) -> list[Draft]:
    """Return a draft for each item, in order, compared with the calendar and the pending drafts.
    The caller's transaction holds the lock of the catalogue's row and adds the drafts.

    :param issued: the day of announcement; it decides the school year of items without days.
    :param claimed: ids of the milestones that are known to be other dates than these.
    """
    events = _events(session, items, issued)
    series = dict(session.execute(select(Series.id, Series.title)).tuples().all())
    decisions = decide(items, [known_event(e, claimed) for e in events], series, academies, issued)
    waiting = _pending(session, items)
    drafts: list[Draft] = []
    for position, (item, decision) in enumerate(zip(items, decisions, strict=True)):
        draft = new_draft(item, decision, position, now, academies)
        if decision.proposal:
            draft.same_as = _same(draft, waiting, academies)
        drafts.append(draft)
    for draft, decision in zip(drafts, decisions, strict=True):
        if decision.same_as is not None:
            draft.same_as = drafts[decision.same_as].same_as or drafts[decision.same_as]
        if draft.same_as:
            draft.state = DraftState.REPEATED
    return drafts


def new_draft(
    item: DatedItem, decision: Decision, position: int, now: datetime, academies: Academies
) -> Draft:
    return Draft(
        position=position,
        state=DraftState.PENDING if decision.proposal else DraftState.KNOWN,
        proposal=decision.proposal,
        series_id=decision.series_id,
        event_id=decision.event_id,
        milestone_id=decision.milestone_id,
        known_first_day=decision.known_first_day,
        known_last_day=decision.known_last_day,
        title=item.title,
        kind=item.kind,
        step=item.step,
        first_day=item.first_day,
        last_day=item.last_day,
        certainty=item.certainty,
        status=item.status,
        confidence=item.confidence,
        item=contract(item),
        scope=set(scope_of(item, academies)),
        created_at=now,
    )


def _events(session: AnySession, items: Iterable[DatedItem], issued: date) -> Sequence[Event]:
    """Return the events of the school years in which the items of a letter lie, by id."""
    days = (item.last_day or item.first_day or issued for item in items)
    years = {SchoolYear.of(day).start for day in days}
    events = session.scalars(select(Event).where(Event.school_year.in_(years)))
    return sorted(events, key=lambda event: event.id)


def known_event(event: Event, without: Set[int] = frozenset()) -> KnownEvent:
    """Return an event as the value that items are compared with, *without* some milestones."""
    dates = tuple(
        KnownDate(
            id=m.id,
            kind=m.kind,
            first_day=m.first_day,
            last_day=m.last_day,
            certainty=m.certainty,
            scope=m.scope,
            cancelled=m.is_cancelled,
        )
        for m in event.milestones
        if m.id not in without
    )
    return KnownEvent(
        id=event.id,
        series_id=event.series_id,
        names=(event.title, event.series.title),
        school_year=event.school_year,
        scope=frozenset(event.scope).union(*(d.scope for d in dates)),
        dates=dates,
    )


def _pending(session: AnySession, items: Iterable[DatedItem]) -> Sequence[Draft]:
    """Return the pending drafts that have the last (or only) day of an item, oldest first."""
    days = {item.last_day for item in items if item.last_day}
    first_days = {item.first_day for item in items if item.first_day and not item.last_day}
    query = (
        select(Draft)
        .where(
            Draft.state == DraftState.PENDING,
            Draft.last_day.in_(days) | Draft.first_day.in_(first_days),
        )
        .order_by(Draft.id)
    )
    return session.scalars(query).all()


def _same(draft: Draft, others: Iterable[Draft], academies: Academies) -> Draft | None:
    """Return the first of these drafts that proposes the same as *draft*, or None."""
    for other in others:
        if (
            _what(other) == _what(draft)
            and (other.step == draft.step or Step.UNKNOWN in (other.step, draft.step))
            and compatible(other.scope, draft.scope, academies)
            and (draft.event_id or closeness(draft.title, other.title) >= SAME_TITLE)
        ):
            return other
    return None


def _what(draft: Draft) -> tuple[object, ...]:
    return (
        draft.proposal,
        draft.event_id,
        draft.milestone_id,
        draft.kind,
        draft.first_day,
        draft.last_day,
        draft.status,
    )


def _report(letter: Letter, *, is_new: bool) -> LetterReport:
    return LetterReport(
        letter_id=letter.id,
        title=letter.title,
        issued=letter.issued,
        issued_from=letter.issued_from,
        imported_at=letter.imported_at,
        is_new=is_new,
        passed_over=tuple(PassedOver(**each) for each in letter.passed_over),
        drafts=tuple(
            DraftLine(
                draft_id=draft.id,
                state=draft.state,
                proposal=draft.proposal,
                item=item_as_read(draft),
                known_first_day=draft.known_first_day,
                known_last_day=draft.known_last_day,
                event_title=draft.event.title if draft.event else None,
                first_seen=(
                    draft.same_as.letter.title if draft.same_as and draft.same_as.letter else None
                ),
            )
            for draft in letter.drafts
        ),
    )


def pending_drafts(
    session: AnySession, codes: frozenset[str] | None, author_id: int | None = None
) -> list[Draft]:
    """Return the pending drafts whose scope lies within *codes*, by last day, with their letters.

    :param codes: codes of ``school.academies``; None for all drafts.
    :param author_id: also return the pending drafts of this editor, whatever their scope.
    """
    query = drafts_within(codes, author_id).where(Draft.state == DraftState.PENDING)
    query = query.order_by(Draft.last_day.nulls_last(), Draft.id)
    return list(session.scalars(query.options(selectinload(Draft.letter))))


def drafts_within(
    codes: frozenset[str] | None, author_id: int | None = None
) -> Select[tuple[Draft]]:
    """Return the query for the drafts whose scope lies within *codes*, and for the drafts of an
    author; for all drafts where *codes* is None."""
    if codes is None:
        return select(Draft)
    within = and_(Draft.scope_rows.any(), ~Draft.scope_rows.any(DraftScope.code.not_in(codes)))
    if author_id is None:  # comparing with None would select every draft without an author
        return select(Draft).where(within)
    return select(Draft).where(or_(within, Draft.author_id == author_id))
