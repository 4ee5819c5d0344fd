"""The named read queries of the catalogue. Each runs in the transaction that the caller opened."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Engine,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import aliased, selectinload

from calendar_app.catalogue.class_fit import fits_filter
from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import (
    RULE_KEY,
    Event,
    EventScope,
    EventTheme,
    Milestone,
    MilestoneScope,
    Series,
)
from calendar_app.catalogue.models.reference import AcademyRow, SchoolCalendarRow, ThemeRow
from calendar_app.catalogue.search import queries
from calendar_app.school.academies import NATIONAL, Academies, Academy, Department
from calendar_app.school.class_days import ClassDays
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    mainland_calendars,
    merge,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, Catalogue
from calendar_app.store.reads import UNNOTED
from calendar_app.words.text import clean_line, fold
from calendar_app.words.vocabulary import MilestoneKind


def catalogue(session: AnySession, *, for_update: bool = False) -> Catalogue:
    """Return the row with the catalogue's version, which every visible change increases, and the
    instant of the last change.

    :param for_update: lock the row, so that other writers of the catalogue wait until this
        transaction ends.
    """
    query = select(Catalogue).execution_options(**{UNNOTED: True})
    return session.scalars(query.with_for_update() if for_update else query).one()


#: No date is longer: its days lie in the two calendar years of its school year
#: (``files.events_checks``).
_LONGEST = timedelta(days=731)

_ZONES = ("zone-a", "zone-b", "zone-c")


@dataclass(frozen=True)
class Reference:
    """The reference values of one catalogue version: académies, themes and school calendars.

    :param version: the catalogue's version.
    :param changed_at: the instant (aware, UTC) at which the catalogue reached this version.
    :param themes: the closed list, slug → name, by name.
    :param calendars: the school calendars, by slug.
    :param changed_holidays: the instant of the last change of each school calendar, by slug;
        without the calendars that never changed.
    :param history: the name of the history that versions number (``Catalogue.history``).
    :param values: an object that stays the same while all of these values, but the version and its
        instant, stay equal.
    :param memory: a cache, by name, of values that are computed for this version.
    """

    version: int
    changed_at: datetime
    academies: Academies
    themes: dict[str, str]
    calendars: dict[str, SchoolCalendar]
    changed_holidays: dict[str, datetime] = field(default_factory=dict)
    history: str = ""
    values: object = field(default_factory=object, compare=False)
    memory: dict[str, Any] = field(default_factory=dict, compare=False)
    _class_days: dict[tuple[object, ...], ClassDays] = field(default_factory=dict, compare=False)

    @property
    def state(self) -> tuple[str, int]:
        """What names this state of the catalogue: its history and version."""
        return self.history, self.version

    @property
    def zones(self) -> tuple[SchoolCalendar, ...]:
        """The calendars of zones A, B and C."""
        return tuple(self.calendars[zone] for zone in _ZONES)

    def class_days(self, academy: Academy | None, *, wednesdays: bool) -> ClassDays:
        """Return the class days of an académie; of the nation (zones A, B and C) when *academy* is
        None.

        :param wednesdays: whether there is class on Wednesdays.
        """
        return self.class_days_of((academy,) if academy else (), wednesdays=wednesdays)

    def class_days_of(self, academies: tuple[Academy, ...], *, wednesdays: bool) -> ClassDays:
        """Return the class days of one or more académies; of the nation (zones A, B and C) when
        *academies* is empty.

        :param wednesdays: whether there is class on Wednesdays.
        """
        key = (*(academy.slug for academy in academies), wednesdays)
        if key not in self._class_days:
            self._class_days[key] = (
                ClassDays.of_academies(academies, self.calendars, wednesdays=wednesdays)
                if academies
                else ClassDays.national(
                    self.zones,
                    wednesdays=wednesdays,
                )
            )
        return self._class_days[key]

    @property
    def class_days_of_each_zone(self) -> tuple[ClassDays, ...]:
        """The class days of zones A, B and C, Wednesdays included. They are kept, since they keep
        the days that they have worked out."""
        return tuple(self._class_days_of_zone(zone) for zone in self.zones)

    def _class_days_of_zone(self, zone: SchoolCalendar) -> ClassDays:
        if (zone.slug,) not in self._class_days:
            self._class_days[zone.slug,] = ClassDays.of_zone(zone, wednesdays=True)
        return self._class_days[zone.slug,]

    def holidays_changed_at(self, academies: tuple[Academy, ...]) -> datetime | None:
        """Return the instant at which the school holidays of one or more académies last changed;
        None when they never changed.

        :param academies: when empty, zones A, B and C are meant.
        """
        slugs = [academy.holiday_calendar for academy in academies] or _ZONES
        changed = (self.changed_holidays.get(slug) for slug in slugs)
        return max((at for at in changed if at), default=None)


# One entry for each store. The reference is weak: when a process drops an engine, as tests do, its
# entry disappears too.
_cached_references: WeakKeyDictionary[Engine, Reference] = WeakKeyDictionary()


def reference(session: AnySession) -> Reference:
    """Return the reference values. They are cached, and read again when the catalogue's version has
    changed. As long as they are equal, the class days that were worked out are kept."""
    now = catalogue(session)
    engine = session.get_bind().engine
    cached = _cached_references.get(engine)
    if cached is None or cached.state != (now.history, now.version):
        found = Reference(
            now.version,
            now.changed_at,
            academies(session),
            themes(session),
            calendars(session),
            changed_holidays(session),
            now.history,
        )
        if cached and _without_version(cached) == _without_version(found):
            found = replace(cached, version=now.version, changed_at=now.changed_at, memory={})
        cached = _cached_references[engine] = found
    return cached


def _without_version(found: Reference) -> tuple[object, ...]:
    """Return what a change to an event leaves as it is."""
    # Two calendars of the same days are equal; feeds and the legal notice name their sources too.
    sources = {slug: calendar.source for slug, calendar in found.calendars.items()}
    named = (tuple(found.academies), found.themes, found.calendars, sources)
    return (*named, found.changed_holidays, found.history)


def academies(session: AnySession) -> Academies:
    """Return all académies and collectivities."""
    return Academies(
        Academy(
            slug=row.slug,
            name=row.name,
            of_name=row.of_name,
            departments=tuple(Department(d.code, d.name, tuple(d.towns)) for d in row.departments),
            holiday_calendar=row.holiday_calendar,
            time_zone=row.time_zone,
            region=row.region,
            collectivity=row.collectivity,
            former_names=tuple(row.former_names),
            attached_to=row.attached_to,
        )
        for row in session.scalars(select(AcademyRow))
    )


def themes(session: AnySession) -> dict[str, str]:
    """Return the closed list of themes, slug → name, in the order of the names."""
    rows = session.scalars(select(ThemeRow))
    return {row.slug: row.name for row in sorted(rows, key=lambda row: fold(row.name))}


def calendars(session: AnySession) -> dict[str, SchoolCalendar]:
    """Return the school calendars by slug: zones A, B and C, renewed by the imported days, and the
    calendars that exist only in the store."""
    found = mainland_calendars()
    imported = map(calendar_of, session.scalars(select(SchoolCalendarRow)))
    return found | {calendar.slug: renewed(calendar) for calendar in imported}


def renewed(imported: SchoolCalendar) -> SchoolCalendar:
    """Return an imported calendar; for zones A, B and C, completed with the days that the library
    knows."""
    known = mainland_calendars().get(imported.slug)
    return merge(known, imported) if known else imported


def changed_holidays(session: AnySession) -> dict[str, datetime]:
    """Return the instant at which each stored school calendar last changed, by slug; without the
    calendars that never changed."""
    query = select(SchoolCalendarRow.slug, SchoolCalendarRow.changed_at)
    return {slug: at for slug, at in session.execute(query) if at}


def calendar_of(row: SchoolCalendarRow) -> SchoolCalendar:
    """Return the school calendar that a row holds."""
    day = date.fromisoformat
    return SchoolCalendar(
        slug=row.slug,
        label=row.label,
        holidays=tuple(SchoolHoliday(name, day(a), day(b)) for a, b, name in row.holidays),
        known=tuple((day(a), day(b)) for a, b in row.known),
        source=row.source,
    )


def event(session: AnySession, event_id: str, *, for_update: bool = False) -> Event | None:
    """Return one event, or None.

    :param for_update: lock the row of the event until the transaction ends.
    """
    # PostgreSQL refuses a NUL in a text. No id contains a control character.
    if clean_line(event_id) != event_id:
        return None
    return session.get(Event, event_id, with_for_update={"of": Event} if for_update else None)


def locked_events(session: AnySession, ids: Collection[str]) -> dict[str, Event]:
    """Lock the rows of those of some events that the store has, until the transaction ends; return
    these events by id."""
    query = select(Event).where(Event.id.in_(ids)).with_for_update(of=Event)
    query = query.execution_options(populate_existing=True)
    return {found.id: found for found in session.scalars(query)}


def event_ids(session: AnySession) -> frozenset[str]:
    """Return the ids of all events, archived events included: for commands on the whole catalogue,
    and for the mistakes of a form."""
    return frozenset(session.scalars(select(Event.id)))


def has_events(session: AnySession) -> bool:
    """Return whether there is an event; an archived event counts, too."""
    return bool(session.scalar(select(exists().where(Event.id.is_not(None)))))


def milestones(
    session: AnySession,
    chosen: CatalogueFilter,
    first_day: date | None = None,
    last_day: date | None = None,
    *,
    cancelled_since: datetime | None = None,
    by_rule: bool | None = None,
    begins: bool = False,
    limit: int | None = None,
    latest: bool = False,
) -> list[Milestone]:
    """Return the milestones that pass the filter and touch a span of days, in the order of their
    days.

    :param first_day: with *last_day*, the inclusive span; None leaves that side open.
    :param cancelled_since: leave out milestones that were cancelled before this instant; None
        leaves out all cancelled milestones.
    :param by_rule: return only the dates that a rule made (True), or the others (False); None
        returns both.
    :param begins: leave out the milestones that began before *first_day*.
    :param limit: return only so many milestones, the earliest.
    :param latest: with *limit*, return the latest instead.
    """
    query = _whole_dates(_milestone_conditions(chosen, first_day, last_day, cancelled_since))
    if begins and first_day is not None:
        query = query.where(Milestone.first_day >= first_day)
    if by_rule is not None:
        query = query.where(Milestone.by_rule if by_rule else ~Milestone.by_rule)
    if limit is not None:
        order = (Milestone.first_day, Milestone.by_rule, Milestone.last_day, Milestone.id)
        query = query.order_by(*(column.desc() if latest else column for column in order))
        query = query.limit(limit)
    return in_order(session.scalars(query).unique())


class DateMark(NamedTuple):
    """What tells a milestone from all others and from its own earlier states in one history of the
    catalogue, in the order of a feed (:func:`in_order`): an event and a key are never in two marks.
    """

    first_day: date
    by_rule: bool
    last_day: date
    event_id: str
    position: int
    key: str
    id: int
    #: Of the event, which changes with each of its dates.
    catalogue_version: int


def date_marks(
    session: AnySession,
    chosen: CatalogueFilter,
    first_day: date,
    *,
    cancelled_since: datetime,
    events: Collection[str] | None = None,
) -> list[DateMark]:
    """Return the marks of what :func:`milestones` would return from *first_day* on, in the same
    order, at a small part of its cost.

    :param events: leave out the dates of events other than these; None leaves out none.
    """
    query = (
        select(
            Milestone.first_day,
            Milestone.by_rule,
            Milestone.last_day,
            Milestone.event_id,
            Milestone.position,
            Milestone.key,
            Milestone.id,
            Event.catalogue_version,
        )
        .join(Milestone.event)
        .where(*_milestone_conditions(chosen, first_day, None, cancelled_since))
    )
    if events is not None:
        query = query.where(Milestone.event_id.in_(events))
    return sorted(map(DateMark._make, session.execute(query)))


#: So many dates are read before the memory of their rows is collected. A collection stops all
#: threads for some 25 ms.
_COLLECTED = 500


def milestones_of_ids(session: AnySession, ids: Sequence[int]) -> Iterator[Milestone]:
    """Return the milestones of these ids in any order, read by hundreds: what the caller does not
    keep is not in memory for long."""
    for start in range(0, len(ids), 100):
        if start and not start % _COLLECTED:
            # Rows point to each other: without it, those of the whole feed would be in memory.
            gc.collect()
        query = _whole_dates([Milestone.id.in_(ids[start : start + 100])])
        yield from session.scalars(query).unique()


def _whole_dates(conditions: Iterable[ColumnElement[bool]]) -> Select[tuple[Milestone]]:
    """Return the query of milestones with their events and all dates of these."""
    query = select(Milestone).join(Milestone.event).where(*conditions)
    # Event.milestones is eager already, but must be named here: SQLAlchemy stops an eager load that
    # leads back to the class where the query began.
    return query.options(selectinload(Milestone.event).selectinload(Event.milestones))


def listed_milestones(
    session: AnySession,
    chosen: CatalogueFilter,
    today: date,
    *,
    cancelled_since: datetime,
    skipped: int,
    limit: int,
) -> list[Milestone]:
    """Return a part of the milestones that pass the filter and are not past, in the order of a
    list: what began earlier stands under *today*, what a rule made comes last in its day.

    :param cancelled_since: leave out milestones that were cancelled before this instant.
    :param skipped: leave out so many of the first ones.
    :param limit: return at most so many of the others.
    """
    query = _whole_dates(_milestone_conditions(chosen, today, None, cancelled_since))
    shown_from = case((Milestone.first_day < today, literal(today)), else_=Milestone.first_day)
    order = (shown_from, Milestone.by_rule, Milestone.first_day, Milestone.last_day)
    query = query.order_by(*order, Milestone.event_id, Milestone.position, Milestone.id)
    return list(session.scalars(query.offset(skipped).limit(limit)).unique())


def in_order(found: Iterable[Milestone]) -> list[Milestone]:
    """Return milestones in the order of their days. (Sorted in Python: SQLite and PostgreSQL order
    text differently, and the order is part of the bytes of a feed.)"""
    return sorted(
        found,
        key=lambda m: (
            m.first_day,
            m.by_rule,
            m.last_day,
            m.event_id,
            m.position,
            m.key,
        ),
    )


def count_milestones(
    session: AnySession,
    chosen: CatalogueFilter,
    first_day: date,
    *,
    cancelled_since: datetime | None = None,
) -> int:
    """Return how many milestones :func:`milestones` would return from *first_day* on."""
    conditions = _milestone_conditions(chosen, first_day, None, cancelled_since)
    query = select(func.count(Milestone.id)).join(Milestone.event).where(*conditions)
    return session.scalar(query) or 0


class DatesByAcademy(NamedTuple):
    """How many milestones the classes of each académie see.

    :param national: the milestones that all of them see.
    :param seen: slug of an académie → the milestones that its classes see, national ones included.
    """

    national: int
    seen: dict[str, int]


def count_by_academy(
    session: AnySession,
    chosen: CatalogueFilter,
    academies: Academies,
    first_day: date,
    *,
    cancelled_since: datetime | None = None,
) -> DatesByAcademy:
    """Return for each académie what :func:`count_milestones` would return if the filter named this
    académie and no other place. One query reads the scopes of all dates.

    :param chosen: a filter without events picked by hand: these have a rule of their own.
    """
    everywhere = replace(chosen, academies=(), departments=(), scopes=())
    code = func.coalesce(MilestoneScope.code, EventScope.code)
    inherits = and_(EventScope.event_id == Milestone.event_id, MilestoneScope.code.is_(None))
    query = (
        select(Milestone.id, code)
        .join(Milestone.event)
        .outerjoin(MilestoneScope, MilestoneScope.milestone_id == Milestone.id)
        .outerjoin(EventScope, inherits)
        .where(*_milestone_conditions(everywhere, first_day, None, cancelled_since))
    )
    codes_of: dict[int, set[str]] = {}
    for milestone_id, found in session.execute(query):
        codes_of.setdefault(milestone_id, set()).add(found)
    scopes = Counter(map(frozenset, codes_of.values()))

    def seen_with(codes: frozenset[str]) -> int:
        return sum(n for scope, n in scopes.items() if not scope.isdisjoint(codes))

    return DatesByAcademy(
        seen_with(frozenset((NATIONAL,))),
        {a.slug: seen_with(academies.scope_of_academy(a.slug)) for a in academies},
    )


def events(
    session: AnySession, chosen: CatalogueFilter, year: SchoolYear, *, undated: bool = False
) -> list[Event]:
    """Return the events of one school year that pass the filter, in the order of their titles.

    An event passes the place when its own scope passes it, or the scope of one of its milestones.

    :param undated: return only events without a milestone.
    """
    query = select(Event).where(*_of_year(chosen, year))
    if undated:
        query = query.where(~Event.milestones.any())
    return sorted(session.scalars(query).unique(), key=lambda e: (fold(e.title), e.id))


def count_events(session: AnySession, chosen: CatalogueFilter, year: SchoolYear) -> int:
    """Return how many events :func:`events` would return, those with milestones included."""
    return session.scalar(select(func.count(Event.id)).where(*_of_year(chosen, year))) or 0


def _of_year(chosen: CatalogueFilter, year: SchoolYear) -> Iterable[ColumnElement[bool]]:
    yield Event.school_year == year.start
    yield from _event_conditions(chosen)
    yield from _event_scope(chosen)


def latest_school_year(session: AnySession, chosen: CatalogueFilter) -> SchoolYear | None:
    """Return the latest school year with an event that passes the filter, or None."""
    query = select(Event.school_year).where(*_of_all_years(session, chosen))
    start = session.scalar(query.order_by(Event.school_year.desc()).limit(1))
    return None if start is None else SchoolYear(start)


def _of_all_years(session: AnySession, chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions that an event of any year passes the filter."""
    yield from _event_conditions(chosen)
    yield from _event_scope(chosen)
    if chosen.event_ids:
        return
    # Implied by the conditions, but now the index of the words and that of the themes may answer:
    # SQLite then reads few events instead of all years.
    if (found := queries.indexed(session, chosen.asked.words)) is not None:
        yield Event.id.in_(select(found.c.id))
    if chosen.themes:
        of_themes = select(EventTheme.event_id).where(EventTheme.slug.in_(chosen.themes))
        yield Event.id.in_(of_themes)


def walked_events(
    session: AnySession,
    chosen: CatalogueFilter,
    after: str,
    limit: int,
    *,
    first_day: date | None,
    cancelled_since: datetime,
) -> list[tuple[Event, list[Milestone]]]:
    """Return a part of the events of all years that pass the filter, in the order of their ids in
    the store, each with those of its dates that :func:`milestones` finds.

    :param after: leave out the events up to this id; empty for the first part.
    :param limit: return at most so many events.
    :param first_day: leave out the dates before this day, and the events without a date from it on;
        with None, events without a date are there too.
    :param cancelled_since: leave out the dates that were cancelled before this instant.
    """
    wanted = tuple(_milestone_conditions(chosen, first_day, None, cancelled_since))
    query = select(Event).where(Event.id > after).order_by(Event.id).limit(limit)
    if first_day is None:
        query = query.where(*_of_all_years(session, chosen))
    else:
        dated = select(Milestone.event_id).join(Milestone.event).where(*wanted).subquery()
        query = query.where(Event.id.in_(select(dated.c.event_id)))
    found = list(session.scalars(query).unique())
    of_found = Milestone.event_id.in_([one.id for one in found])
    dates = select(Milestone.id).join(Milestone.event).where(of_found, *wanted)
    seen = set(session.scalars(dates))
    return [(one, [m for m in one.milestones if m.id in seen]) for one in found]


def some_events(session: AnySession, after: str, limit: int) -> list[Event]:
    """Return a part of the events that are not archived, in the order of their ids in the store.

    :param after: leave out the events up to this id; empty for the first part.
    :param limit: return at most so many.
    """
    query = select(Event).where(Event.archived_at.is_(None), Event.id > after)
    return list(session.scalars(query.order_by(Event.id).limit(limit)).unique())


def changed_events(session: AnySession, after: tuple[int, str | None], limit: int) -> list[Event]:
    """Return a part of all events, archived events included, in the order of their last changes.

    :param after: leave out the events that last changed in an earlier version of the catalogue than
        this one, and those of this version up to this id; with None, all of this version.
    :param limit: return at most so many.
    """
    version, event_id = after
    if event_id is None:
        later: ColumnElement[bool] = Event.catalogue_version > version
    else:
        later = tuple_(Event.catalogue_version, Event.id) > tuple_(
            literal(version), literal(event_id)
        )
    query = select(Event).where(later).order_by(Event.catalogue_version, Event.id).limit(limit)
    return list(session.scalars(query).unique())


def changed_ids(session: AnySession, version: int, most: int) -> frozenset[str] | None:
    """Return the ids of the events, archived events included, that changed after the catalogue had
    this version; None when there are more than *most*."""
    query = select(Event.id).where(Event.catalogue_version > version).limit(most + 1)
    found = frozenset(session.scalars(query))
    return found if len(found) <= most else None


def walked_series(session: AnySession, after: str, limit: int) -> list[tuple[Series, list[str]]]:
    """Return a part of the series, in the order of their ids in the store, each with the ids of its
    editions that are not archived, oldest first.

    :param after: leave out the series up to this id; empty for the first part.
    :param limit: return at most so many.
    """
    query = select(Series).where(Series.id > after).order_by(Series.id).limit(limit)
    found = {series.id: (series, list[str]()) for series in session.scalars(query)}
    editions = select(Event.series_id, Event.id).where(
        Event.series_id.in_(found), Event.archived_at.is_(None)
    )
    for series_id, event_id in session.execute(editions.order_by(Event.school_year)):
        found[series_id][1].append(event_id)
    return list(found.values())


def time_zones(session: AnySession) -> dict[str, tuple[date, date]]:
    """Return the time zones (IANA names) of all dates, each with the first and the last day."""
    query = select(
        Milestone.time_zone, func.min(Milestone.first_day), func.max(Milestone.last_day)
    ).group_by(Milestone.time_zone)
    return {zone: (first, last) for zone, first, last in session.execute(query)}


def school_years(session: AnySession) -> list[SchoolYear]:
    """Return the school years with at least one event that is not archived, oldest first."""
    earliest = select(func.min(Event.school_year)).where(Event.archived_at.is_(None))
    # From year to year by the index: SELECT DISTINCT would read all events.
    years = select(earliest.scalar_subquery().label("start")).cte("years", recursive=True)
    later = earliest.where(Event.school_year > years.c.start).scalar_subquery()
    years = years.union_all(select(later).where(years.c.start.is_not(None)))
    found = session.scalars(select(years.c.start).where(years.c.start.is_not(None)))
    return sorted(map(SchoolYear, found))


def count_current(session: AnySession, today: date) -> int:
    """Return how many events :func:`current_events` would return in all."""
    return session.scalar(select(func.count(Event.id)).where(*_is_current(today))) or 0


def current_events(
    session: AnySession, today: date, first: int, most: int
) -> list[tuple[str, datetime]]:
    """Return events that are neither over (``Event.is_over``) nor archived, as (id, instant of the
    last visible change), in the order of their ids in the store.

    :param first: leave out so many.
    :param most: return at most so many of the others.
    """
    query = select(Event.id, Event.changed_at).where(*_is_current(today)).order_by(Event.id)
    return [(row.id, row.changed_at) for row in session.execute(query.offset(first).limit(most))]


def current_years(session: AnySession, today: date) -> list[tuple[SchoolYear, datetime]]:
    """Return the school years with events that are not over, each with the last visible change of
    an event in it."""
    query = select(Event.school_year, func.max(Event.changed_at)).where(
        Event.archived_at.is_(None), Event.school_year >= SchoolYear.of(today).start
    )
    found = session.execute(query.group_by(Event.school_year).order_by(Event.school_year))
    return [(SchoolYear(start), at) for start, at in found]


def _is_current(today: date) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions that ``Event.is_over`` is false, and that the event is not archived."""
    year = SchoolYear.of(today).start
    of_years = select(Event.id).where(Event.archived_at.is_(None), Event.school_year >= year)
    of_dates = select(Milestone.event_id).where(Milestone.last_day >= today)
    yield Event.archived_at.is_(None)
    yield Event.id.in_(union(of_years, of_dates))


def picked_events(session: AnySession, chosen: CatalogueFilter) -> list[Event]:
    """Return the events of « ma sélection », without events that are gone or archived."""
    found = (event(session, event_id) for event_id in chosen.event_ids)
    return [picked for picked in found if picked and not picked.archived_at]


def offered_events(
    session: AnySession,
    chosen: CatalogueFilter,
    year: SchoolYear,
    today: date,
    *,
    skipped: int,
    limit: int,
) -> list[Event]:
    """Return a part of the events of one school year that may be picked, in the order of their next
    dates; then those without a date, then those whose dates are past.

    :param chosen: a filter without events picked by hand.
    :param skipped: leave out so many of the first ones.
    :param limit: return at most so many of the others.
    """
    deadlines = [kind for kind in MilestoneKind if kind.is_deadline]
    shown_day = case((Milestone.kind.in_(deadlines), Milestone.last_day), else_=Milestone.first_day)
    seen = (
        Milestone.event_id == Event.id,
        Milestone.cancelled_at.is_(None),
        *_milestone_scope(chosen),
    )
    following = select(func.min(shown_day)).where(*seen, Milestone.last_day >= today)
    next_day = following.correlate(Event).scalar_subquery()
    latest = select(func.max(shown_day)).where(*seen).correlate(Event).scalar_subquery()
    part = case((next_day.is_not(None), 0), (latest.is_(None), 1), else_=2)
    query = select(Event).where(*_offered(chosen, year))
    query = query.order_by(part, func.coalesce(next_day, latest), Event.id)
    return list(session.scalars(query.offset(skipped).limit(limit)).unique())


def count_offered(
    session: AnySession, chosen: CatalogueFilter, year: SchoolYear, picked: Collection[str]
) -> int:
    """Return how many events :func:`offered_events` would return without limit.

    :param picked: the ids of events that are not counted.
    """
    query = select(func.count(Event.id)).where(*_offered(chosen, year), Event.id.not_in(picked))
    return session.scalar(query) or 0


def _offered(chosen: CatalogueFilter, year: SchoolYear) -> Iterable[ColumnElement[bool]]:
    yield from _of_year(chosen, year)
    yield Event.cancelled_at.is_(None)


def editions(session: AnySession, series_id: str) -> list[Event]:
    """Return the editions of a series that are not archived, newest first."""
    query = select(Event).where(Event.series_id == series_id, Event.archived_at.is_(None))
    return list(session.scalars(query.order_by(Event.school_year.desc())))


def _milestone_conditions(
    chosen: CatalogueFilter,
    first_day: date | None,
    last_day: date | None,
    cancelled_since: datetime | None,
) -> Iterable[ColumnElement[bool]]:
    yield from _event_conditions(chosen)
    yield from _milestone_scope(chosen)
    if not chosen.event_ids:
        yield from queries.date_conditions(chosen.asked)
        if chosen.without_days:
            yield ~Milestone.by_rule
    if first_day is not None:
        yield Milestone.last_day >= first_day
    if last_day is not None:
        yield Milestone.first_day <= last_day
        # Implied, and by the index of last days the store then reads no date of later years.
        yield Milestone.last_day <= last_day + _LONGEST
    for column in (Milestone.cancelled_at, Event.cancelled_at):
        if cancelled_since is None:
            yield column.is_(None)
        else:
            yield or_(column.is_(None), column >= cancelled_since)


def concerns(milestone: Milestone, chosen: CatalogueFilter) -> bool:
    """Whether a date is shown among the dates of its event for this filter. A date is left out only
    when it has its own, narrower scope and that scope does not pass the place."""
    return not milestone.own_scope or chosen.sees(milestone.scope)


def dates_seen(event: Event, chosen: CatalogueFilter) -> list[Milestone]:
    """Return the milestones of an event that pass the place of the filter, by the rule of
    :func:`milestones`.

    For an event of « ma sélection », only the dates that :func:`concerns` refuses are left out;
    when it refuses all dates of the event, all are returned.
    """
    if not chosen.event_ids:
        return [m for m in event.milestones if chosen.sees(m.scope)]
    ours = [m for m in event.milestones if concerns(m, chosen)]
    return ours or list(event.milestones)


def _event_conditions(chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    yield Event.archived_at.is_(None)
    if chosen.event_ids:
        yield Event.id.in_(chosen.event_ids)
        return
    if chosen.types:
        yield Event.type.in_(chosen.types)
    if chosen.themes:
        yield Event.theme_rows.any(EventTheme.slug.in_(chosen.themes))
    if chosen.levels:
        yield fits_filter(chosen)
    yield from queries.event_conditions(chosen.asked, fits_filter)


def _event_scope(chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions on the place, and those of a search on dates. An event meets them when
    one of its dates does."""
    if chosen.event_ids:
        return
    yield from queries.some_date_conditions(chosen.asked)
    if chosen.without_days:
        yield or_(~Event.by_rule, Event.milestones.any(Milestone.key != RULE_KEY))
    for codes in chosen.scopes:
        yield or_(
            Event.scope_rows.any(EventScope.code.in_(codes)),
            Event.milestones.any(Milestone.scope_rows.any(MilestoneScope.code.in_(codes))),
        )


def _milestone_scope(chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions on the place. A milestone's own scope counts where it has one, else the
    scope of its event. For « ma sélection » see :func:`dates_seen`."""
    if not chosen.scopes:
        return
    if chosen.event_ids:
        ours = and_(*(_own_scope_in(Milestone, codes) for codes in chosen.scopes))
        other = aliased(Milestone)
        any_ours = and_(*(_own_scope_in(other, codes) for codes in chosen.scopes))
        yield or_(ours, ~exists().where(other.event_id == Event.id, any_ours))
        return
    for codes in chosen.scopes:
        yield or_(
            Milestone.scope_rows.any(MilestoneScope.code.in_(codes)),
            and_(
                ~Milestone.scope_rows.any(),
                Event.scope_rows.any(EventScope.code.in_(codes)),
            ),
        )


def _own_scope_in(milestone: type[Milestone], codes: frozenset[str]) -> ColumnElement[bool]:
    return or_(
        ~milestone.scope_rows.any(), milestone.scope_rows.any(MilestoneScope.code.in_(codes))
    )
