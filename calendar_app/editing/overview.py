"""Lists for the editors' pages besides the queue: the steps of the first hour, deadlines that close
soon, missing editions, dead links, the events of a school year, and events that look alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import MO, relativedelta
from sqlalchemy import func, select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry, Written
from calendar_app.catalogue.facts import written
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.editing import accounts, events, letter_room
from calendar_app.editing.followed import agendas
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import LinkCheck
from calendar_app.editing.rights import is_allowed, rights
from calendar_app.editing.rules.first_steps import RoomFacts, StepState, steps_of
from calendar_app.editing.rules.roles import EditorAction, EditorRights, academies_of, reaches
from calendar_app.letters.reading.title_words import (
    SAME_TITLE,
    closeness,
    tells_of_an_edition,
    without_edition,
)
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.unknown_holidays import academies_with_unknown_holidays
from calendar_app.store.base import AnySession
from calendar_app.words.french import span_words
from calendar_app.words.text import fold, words

#: How far ahead deadlines count as closing soon.
SOON = timedelta(weeks=3)

#: An edition counts as missing from eight weeks before until eight weeks after the anniversary of
#: last year's date.
EDITION_IS_DUE = timedelta(weeks=8)

_YEAR = timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class MissingEdition:
    """Last year's edition of a series that has no edition this year.

    :param milestone: the date of that edition that was about this time of the year.
    """

    event: Event
    milestone: Milestone


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A dead official link, and an event that has it.

    :param reason: French words.
    :param since: the day in Paris of the first check that found the link dead.
    """

    event: Event
    link: str
    reason: str
    since: date


def first_steps(
    session: AnySession, editor: Editor, reference: Reference, today: date
) -> tuple[StepState, ...]:
    """Return the steps of an editor's first hour, done or open (``rules.first_steps``).

    :param today: the day in Paris.
    """
    own, year = rights(editor, reference.academies), SchoolYear.of(today)
    academies = academies_of(own, reference.academies)
    letters = letter_room.letters_of(session, editor)
    facts = RoomFacts(
        letters=bool(letters),
        mailbox=any(line.by_mail for line in letters),
        agendas=any(s.paused_at is None for s in agendas.sources_of(session, editor)),
        colleagues=accounts.any_enabled(session, besides=editor),
        year=year,
        academies=academies,
        unknown=academies_with_unknown_holidays(academies, reference.calendars, year),
    )
    return steps_of(own, facts)


def closing_soon(session: AnySession, rights: EditorRights, today: date) -> list[Milestone]:
    """Return the deadlines of the next three weeks that concern an editor's scope, by day; without
    cancelled ones."""
    query = (
        select(Milestone)
        .join(Milestone.event)
        .where(
            Milestone.last_day.between(today, today + SOON),
            Milestone.cancelled_at.is_(None),
            Event.cancelled_at.is_(None),
            Event.archived_at.is_(None),
        )
        .order_by(Milestone.last_day, Milestone.id)
    )
    academies = queries.reference(session).academies
    return [
        m
        for m in session.scalars(query).unique()
        if m.kind.is_deadline and reaches(rights, m.scope, academies)
    ]


def missing_editions(
    session: AnySession, rights: EditorRights, today: date
) -> list[MissingEdition]:
    """Return the editions of last school year whose series has no edition in this school year or
    later, if one of their dates was about now, a year (52 weeks) ago; in the order of that date,
    for which a deadline is preferred. Cancelled and archived editions are left out."""
    year = SchoolYear.of(today).start
    query = select(Event).where(Event.school_year >= year - 1)
    latest: dict[str, Event] = {}
    for event in session.scalars(query).unique():
        known = latest.get(event.series_id)
        if known is None or event.school_year > known.school_year:
            latest[event.series_id] = event
    academies = queries.reference(session).academies
    found = []
    for event in latest.values():
        if event.school_year >= year or event.archived_at or event.cancelled_at:
            continue
        near = [
            m
            for m in event.milestones
            if m.cancelled_at is None and abs(m.last_day + _YEAR - today) <= EDITION_IS_DUE
        ]
        if near and reaches(rights, events.reach_of(event), academies):
            said = min(near, key=lambda m: (not m.kind.is_deadline, m.last_day, m.position))
            found.append(MissingEdition(event, said))
    return sorted(found, key=lambda missing: (missing.milestone.last_day, missing.event.id))


def dead_links(session: AnySession, rights: EditorRights, today: date) -> list[DeadLink]:
    """Return the dead official links of the events of this school year and later that concern an
    editor's scope, by id of the event."""
    checks = session.scalars(select(LinkCheck).where(LinkCheck.dead_since.is_not(None)))
    dead = {check.link: check for check in checks}
    if not dead:
        return []
    query = select(Event).where(
        Event.school_year >= SchoolYear.of(today).start, Event.archived_at.is_(None)
    )
    academies = queries.reference(session).academies
    return [
        DeadLink(event, link, check.reason or "", paris_day(check.dead_since))
        for event in session.scalars(query.order_by(Event.id)).unique()
        for link in dict.fromkeys((event.link, event.register_link))
        if link and (check := dead.get(link)) and check.dead_since
        if reaches(rights, events.reach_of(event), academies)
    ]


#: An unconfirmed date is given as the days from a week before it to a week after it.
_UNCONFIRMED = timedelta(days=7)


def next_edition(entry: EventEntry) -> Written:
    """Return a proposal for the edition of the next school year, as texts. Each date is a year
    later, on the same weekday, and approximate (« vers le 10 février 2022, à confirmer »), since
    nobody announced it.

    Facts of the past edition alone are left out: cancelled dates, moves, cancellation, ``full``,
    ``archived``, ``part_of``; the number and the year in a title or a label; sentences about that
    edition; and the source, since it did not announce the next edition.
    """
    year = SchoolYear(int(entry.school_year[:4]) + 1)
    found = written(entry)
    for name in ("full", "cancelled", "reason", "archived", "part_of", "source"):
        found.pop(name, None)
    found["title"] = without_edition(entry.title)
    found["summary"] = _of_any_edition(entry.summary)
    found |= {"id": f"{entry.series}-{year.label}", "school_year": year.label}
    milestones = []
    for old, milestone in zip(entry.milestones, found.get("milestones", ()), strict=False):
        if old.cancelled:
            continue
        first, last = (a_year_later(day) for day in old.days)
        kept = {
            name: value
            for name, value in milestone.items()
            if name not in ("day", "moved_from", "cancelled", "phrase")
        }
        around = span_words(first, last)
        if label := without_edition(kept.pop("label", "")):
            kept["label"] = label
        near = f"vers le {around}" if first == last else f"vers la période {around}"
        milestones.append(
            kept
            | {
                "certainty": "approximate",
                "phrase": f"{near}, à confirmer",
                "first_day": (first - _UNCONFIRMED).isoformat(),
                "last_day": (last + _UNCONFIRMED).isoformat(),
            }
        )
    if milestones:
        found["milestones"] = milestones
    else:
        found.pop("milestones", None)
    return found


def _of_any_edition(summary: str) -> str:
    """Return a summary without the sentences that speak of one edition."""
    paragraphs = []
    for paragraph in summary.split("\n\n"):
        sentences = re.split(r"(?<=[.!?…])\s+(?=[A-ZÀ-ÖØ-Þ«])", paragraph)
        paragraphs.append(" ".join(s for s in sentences if not tells_of_an_edition(s)))
    return "\n\n".join(filter(None, paragraphs))


def a_year_later(day: date) -> date:
    """Return the day with the same weekday that is nearest to the same date a year later."""
    weekday = MO.weekday + day.weekday()
    after = day + relativedelta(years=1)
    ahead = (weekday - after.weekday()) % 7
    return after + timedelta(days=ahead if ahead <= 3 else ahead - 7)


#: Most events that a page offers to attach a draft to.
NEAR = 12


def latest_year(session: AnySession, today: date) -> SchoolYear:
    """Return the school year of today; or the last school year with events, if that is earlier."""
    year = SchoolYear.of(today)
    last = session.scalar(select(func.max(Event.school_year)))
    return year if last is None or last >= year.start else SchoolYear(last)


def events_of(session: AnySession, editor: Editor, year: SchoolYear, typed: str) -> list[Event]:
    """Return the events of a school year that concern an editor's scope, by title; archived events,
    too.

    :param typed: return only the events that have all these words; empty for all events.
    """
    query = select(Event).where(Event.school_year == year.start)
    for word in words(typed):
        query = query.where(Event.search_text.contains(word, autoescape=True))
    academies = queries.reference(session).academies
    own = rights(editor, academies)
    found = (
        event
        for event in session.scalars(query).unique()
        if reaches(own, events.reach_of(event), academies)
    )
    return sorted(found, key=lambda event: (fold(event.title), event.id))


def event_names(session: AnySession, editor: Editor, year: SchoolYear) -> dict[str, str]:
    """Return the events of a school year that concern an editor's scope, as name in a picker (« Le
    Printemps de l'écriture (2020-2021) ») → id. Events with the same name are left out."""
    found = events_of(session, editor, year, "")
    names = [f"{event.title} ({event.year.label})" for event in found]
    pairs = zip(names, found, strict=True)
    return {name: event.id for name, event in pairs if names.count(name) == 1}


def exists(session: AnySession, event_id: str) -> bool:
    """Return whether there is an event of this id."""
    return queries.event(session, event_id) is not None


def find_alike(session: AnySession, editor: Editor, entry: EventEntry) -> tuple[Event, ...]:
    """Return the events of the same school year that a new event may duplicate: events of the same
    series, with a close title, or with a date on the same days and a word in common."""
    year = SchoolYear(int(entry.school_year[:4]))
    days = {m.days for m in entry.milestones}

    def alike(event: Event) -> bool:
        close = closeness(entry.title, event.title)
        same_days = any((m.first_day, m.last_day) in days for m in event.milestones)
        return event.series_id == entry.series or close >= SAME_TITLE or (same_days and close > 0)

    return tuple(e for e in events_of(session, editor, year, "") if alike(e))


def find_alike_by_title(session: AnySession, editor: Editor, written: Written) -> tuple[Event, ...]:
    """Return the events of the same school year with a title close to that of an unfinished entry.

    :param written: must have a ``title``; without a valid ``school_year`` nothing is returned.
    """
    label = written.get("school_year", "")
    if not (label[:4].isdecimal() and len(label) == 9):
        return ()
    found = events_of(session, editor, SchoolYear(int(label[:4])), "")
    return tuple(e for e in found if closeness(written["title"], e.title) >= SAME_TITLE)


def find_candidates(session: AnySession, editor: Editor, draft: Draft) -> tuple[Event, ...]:
    """Return the events that a draft may be about, the closest titles first: at most :data:`NEAR`
    events of its school year that the editor may read, without archived ones."""
    day = draft.last_day or draft.first_day or paris_day(draft.created_at)
    found = (e for e in events_of(session, editor, SchoolYear.of(day), "") if not e.archived_at)
    # Days that return by a rule are close to nothing: they come after the contests.
    ranked = sorted(found, key=lambda e: (-closeness(draft.title, e.title), e.by_rule, e.id))
    return tuple(ranked[:NEAR])


def may_publish_all(
    session: AnySession, editor: Editor, event: Event | None, scope: frozenset[str]
) -> bool:
    """Return whether an editor may publish changes to an event; or, without *event*, a new event of
    this scope."""
    codes = frozenset(event.scope) if event else scope
    return is_allowed(session, editor, EditorAction.PUBLISH_EVENT, codes)
