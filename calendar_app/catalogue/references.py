"""Write académies, themes and school calendars into the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.reference import (
    AcademyRow,
    DepartmentRow,
    SchoolCalendarRow,
    ThemeRow,
)
from calendar_app.school.academies import Academies
from calendar_app.school.school_calendars import SchoolCalendar, merge
from calendar_app.store.base import AnySession, Base, writing

Row = TypeVar("Row", bound=Base)


def load_reference(
    session: AnySession,
    academies: Academies,
    themes: Mapping[str, str],
    calendars: Iterable[SchoolCalendar],
    now: datetime,
) -> None:
    """Update the store with the reference files that ship with the code, in one transaction.

    When nothing changed, nothing is written and the catalogue's version stays. A school calendar
    that is already in the store only gets the days that it does not know, because an import may
    have renewed its other days.

    :param academies: with the towns of their départements.
    :param themes: slug → name.
    """
    with writing(session, now):
        # The lock: processes that start together on a fresh store would insert the same rows.
        queries.catalogue(session, for_update=True)
        for slug, name in themes.items():
            _set(session, ThemeRow, slug, name=name)
        # Académies come first, because the row of a collectivity refers to that of its académie.
        for academy in sorted(academies, key=lambda a: a.attached_to is not None):
            row = _set(
                session,
                AcademyRow,
                academy.slug,
                name=academy.name,
                of_name=academy.of_name,
                region=academy.region,
                collectivity=academy.collectivity,
                holiday_calendar=academy.holiday_calendar,
                time_zone=academy.time_zone,
                former_names=list(academy.former_names),
                attached_to=academy.attached_to,
            )
            session.flush()
            for department in academy.departments:
                _set(
                    session,
                    DepartmentRow,
                    department.code,
                    name=department.name,
                    academy_slug=row.slug,
                    towns=list(department.towns),
                )
        stored = {c.slug: c for c in imported_calendars(session)}
        for calendar in calendars:
            known = stored.get(calendar.slug)
            wanted = merge(calendar, known) if known else calendar
            if wanted != known:
                _write_calendar(session, wanted, now)


def import_calendars(
    session: AnySession, calendars: Iterable[SchoolCalendar], now: datetime
) -> tuple[SchoolCalendar, ...]:
    """Renew the store's school calendars: the days that a new calendar knows replace the old days.

    :returns: the calendars that were given, as the store holds them now.
    """
    with writing(session, now):
        return renew_calendars(session, calendars, now)


def renew_calendars(
    session: AnySession, calendars: Iterable[SchoolCalendar], now: datetime
) -> tuple[SchoolCalendar, ...]:
    """Do what :func:`import_calendars` does, inside the caller's write transaction."""
    queries.catalogue(session, for_update=True)
    old = {c.slug: c for c in imported_calendars(session)}
    renewed = tuple(merge(old[c.slug], c) if c.slug in old else c for c in calendars)
    for calendar in renewed:
        _write_calendar(session, calendar, now)
    return renewed


def imported_calendars(session: AnySession) -> tuple[SchoolCalendar, ...]:
    """Return the calendars that the store holds, in the order of their slugs; zones A, B and C only
    when an import renewed them."""
    rows = session.scalars(select(SchoolCalendarRow).order_by(SchoolCalendarRow.slug))
    return tuple(queries.calendar_of(row) for row in rows)


def _write_calendar(session: AnySession, calendar: SchoolCalendar, now: datetime) -> None:
    """Write a calendar. When its days differ from before, *now* becomes its ``changed_at``."""

    def iso(day: date) -> str:
        return day.isoformat()

    old = session.get(SchoolCalendarRow, calendar.slug)
    before = queries.calendars(session).get(calendar.slug)
    same = before == queries.renewed(calendar)
    _set(
        session,
        SchoolCalendarRow,
        calendar.slug,
        label=calendar.label,
        source=calendar.source,
        known=[[iso(first), iso(last)] for first, last in calendar.known],
        holidays=[[iso(h.first_day), iso(h.last_day), h.name] for h in calendar.holidays],
        changed_at=(old.changed_at if old else None) if same else now,
    )


def _set(session: AnySession, kind: type[Row], key: str, **values: object) -> Row:
    """Create or update the row with this primary key; equal values are not written again."""
    row = session.get(kind, key)
    if row is None:
        row = kind(**{kind.__mapper__.primary_key[0].name: key}, **values)
        session.add(row)
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    return row
