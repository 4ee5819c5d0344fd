"""Make the editions of the series that return by a rule, for this school year and the next.

An edition is made once. What an editor changed stays, what has passed stays, and an edition that
nobody changed follows its rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry, MilestoneEntry
from calendar_app.catalogue.entry_rows import apply_entry, content_of, event_entry
from calendar_app.catalogue.facts import written
from calendar_app.catalogue.file_entries import RuleEntry
from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.catalogue.queries import Reference
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.yearly_rules import AfterHolidays
from calendar_app.store.base import AnySession, writing
from calendar_app.words.vocabulary import EventType, MilestoneKind

#: Where the reference values of a version keep the day on which nothing was due.
_RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class RenewalReport:
    """What a renewal did: ids of events.

    :param created: editions that are new.
    :param changed: editions that follow a changed rule, or are archived because it ended.
    """

    created: tuple[str, ...]
    changed: tuple[str, ...]


def renew(session: AnySession, now: datetime) -> RenewalReport:
    """Make the editions of all rules, in one transaction. A second run changes nothing.

    :param now: the present instant; its day in Paris gives the two school years.
    """
    today = paris_day(now)
    # Each worker asks every minute: the rules are read once a day and a version of the catalogue,
    # and the catalogue is locked only when there is something to do.
    known = queries.reference(session).memory
    if known.get(_RENEWED) == today:
        return RenewalReport((), ())
    if not any(_due(session, today)):
        known[_RENEWED] = today
        return RenewalReport((), ())
    created, changed = [], []
    with writing(session, now):
        # Two workers at once: the second waits here, and then finds the editions of the first.
        queries.catalogue(session, for_update=True)
        reference = queries.reference(session)
        for rule, event, wanted in list(_due(session, today)):
            if event is None:
                created.append(_create(session, rule, wanted, reference, now))
            else:
                _change(event, wanted, reference, now)
                changed.append(event.id)
    return RenewalReport(tuple(created), tuple(changed))


def _due(session: AnySession, today: date) -> Iterator[tuple[SeriesRule, Event | None, EventEntry]]:
    """Yield what a renewal has to do: the rule, its edition (None where it must be made), and what
    the edition must say."""
    reference = queries.reference(session)
    years = (SchoolYear.of(today), SchoolYear.of(today).next)
    of_rules = select(Event).where(
        Event.series_id.in_(select(SeriesRule.series_id)),
        Event.school_year.in_([year.start for year in years]),
    )
    editions = {(e.series_id, e.school_year): e for e in session.scalars(of_rules).unique()}
    for rule in rules(session):
        for year in years:
            event = editions.get((rule.series_id, year.start))
            wanted = _wanted(rule, year, reference)
            if rule.ended_at and event:
                wanted = _without(event, reference)
            if wanted is None:
                continue
            if _follows(event, wanted, reference, today) if event else not rule.ended_at:
                yield rule, event, wanted


def rules(session: AnySession) -> list[SeriesRule]:
    """Return the rules of all series, those that ended included, by series."""
    # Sorted in Python: SQLite and PostgreSQL order text differently.
    return sorted(session.scalars(select(SeriesRule)), key=lambda rule: rule.series_id)


def rule_entry(rule: SeriesRule) -> RuleEntry:
    """Return a rule of the store as an entry of a file."""
    ended = {"ended": "true"} if rule.ended_at else {}
    return RuleEntry.model_validate({"series": rule.series_id, **rule.content, **ended})


def rule_of(session: AnySession, series_id: str) -> RuleEntry | None:
    """Return the rule of a series, also one that ended; None when it has none."""
    rule = session.get(SeriesRule, series_id)
    return rule_entry(rule) if rule else None


def rule_content(entry: RuleEntry) -> dict[str, object]:
    """Return an entry as ``SeriesRule.content`` holds it."""
    return {k: v for k, v in written(entry).items() if k not in ("series", "ended")}


def next_day(rule: RuleEntry, reference: Reference, today: date) -> date | None:
    """Return the day of a rule that comes next, today included; None when it is not known, or the
    rule ended."""
    year = SchoolYear.of(today)
    days = (_day(rule, y, reference) for y in (year, year.next))
    return None if rule.ended else min((d for d in days if d and d >= today), default=None)


def _day(rule: RuleEntry, year: SchoolYear, reference: Reference) -> date | None:
    found = rule.rule
    if not isinstance(found, AfterHolidays):
        return found.day_in(year)
    nation = reference.class_days(None, wednesdays=True)
    day = found.day_in(year, reference.zones, nation)
    return day if day and day.year >= rule.since else None


def _wanted(row: SeriesRule, year: SchoolYear, reference: Reference) -> EventEntry | None:
    """Return the edition that a rule asks for; None without a day in that school year."""
    rule = rule_entry(row)
    day = _day(rule, year, reference)
    if day is None:
        return None
    return EventEntry(
        id=f"{rule.series}-{year.label}",
        series=rule.series,
        title=row.series.title,
        school_year=year.label,
        type=EventType.WEEK_OR_DAY,
        audience=rule.audience,
        classes=rule.classes,
        themes=rule.themes,
        scope=rule.scope,
        organiser=rule.organiser,
        link=rule.link,
        summary=rule.summary,
        source=rule.source,
        milestones=(
            MilestoneEntry(kind=MilestoneKind.SESSION, day=day, announced_at=_announced_at(year)),
        ),
    )


def _without(event: Event, reference: Reference) -> EventEntry:
    """Return an edition as it stands, but out of the calendar: its rule ended."""
    return event_entry(event, reference.academies).model_copy(update={"archived": True})


def _announced_at(year: SchoolYear) -> datetime:
    """Return the instant from which an edition could have been made: the first of the school year
    before. All stores tell this instant, and news begin with what people wrote since."""
    return datetime.combine(year.previous.first_day, time(), PARIS)


def _follows(event: Event, wanted: EventEntry, reference: Reference, today: date) -> bool:
    """Whether an edition must be changed to what its rule asks for now."""
    days = [*(m.last_day for m in event.milestones), *(m.days[1] for m in wanted.milestones)]
    if not event.is_untouched or min(days, default=today) < today:
        return False
    academies = reference.academies
    stored = event_entry(event, academies)
    return content_of(stored, event, academies) != content_of(wanted, event, academies)


def _create(
    session: AnySession, rule: SeriesRule, wanted: EventEntry, reference: Reference, now: datetime
) -> str:
    at = _announced_at(SchoolYear.parse(wanted.school_year))
    event = Event(id=wanted.id, created_at=at, changed_at=at, revision=1, rule_revision=1)
    event.series = rule.series
    apply_entry(event, wanted, reference, now)
    for milestone in event.milestones:
        milestone.changed_at = milestone.dated_at = at
    session.add(event)
    return event.id


def _change(event: Event, wanted: EventEntry, reference: Reference, now: datetime) -> None:
    apply_entry(event, wanted, reference, now)
    event.revision += 1
    event.rule_revision = event.revision
    event.changed_at = now
