"""The rehearsal of a morning: which reminders before a deadline would be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_place
from calendar_app.feeds import wording
from calendar_app.reminders.rules.reminder_plan import (
    OFFERED_LEADS,
    PlannedReminder,
    SchoolKind,
    plan,
)
from calendar_app.reminders.send_days import FARTHEST
from calendar_app.school.academies import Academy
from calendar_app.store.base import AnySession, reading
from calendar_app.words.errors import CalendarUnknownError


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One reminder that would be sent: its date, its lead, and its instant."""

    title: str
    todo: str
    planned: PlannedReminder


@dataclass(frozen=True, slots=True)
class Preview:
    """The reminders that a subscriber of an académie would get on one morning, with every lead
    chosen.

    :param unknown: the titles of the events for whose deadlines the school holidays are not known.
    """

    academy: Academy
    lines: tuple[PreviewLine, ...]
    unknown: tuple[str, ...]


def preview(session: AnySession, academy_slug: str, school: SchoolKind, on: date) -> Preview:
    """Rehearse one morning for a subscriber who follows every contest. Nothing is written.

    :param on: the local day of the académie.
    :raises UnknownValueError: for an unknown académie.
    """
    with reading(session):
        reference = queries.reference(session)
        academy = reference.academies.get(academy_slug)
        chosen = for_place(CatalogueFilter(), reference.academies, academy.slug)
        class_days = reference.class_days(academy, wednesdays=school.wednesdays)
        lines, unknown = [], []
        for milestone in queries.milestones(session, chosen, on, on + FARTHEST):
            if not milestone.kind.is_deadline or milestone.is_approximate:
                continue
            title, deadline = milestone.event.title, milestone.last_day
            try:
                planned = plan(class_days, deadline, OFFERED_LEADS, academy.time_zone)
            except CalendarUnknownError:
                unknown.append(title)
                continue
            todo = wording.todo_words(milestone)
            lines += [PreviewLine(title, todo, p) for p in planned if p.day == on]
    return Preview(academy, tuple(lines), tuple(unknown))
