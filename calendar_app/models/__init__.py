"""The SQLAlchemy nouns and their named read queries: no rendering, no sending."""

from calendar_app.models.base import Catalogue, db, reading, writing
from calendar_app.models.events import (
    Event,
    EventClass,
    EventScope,
    EventTheme,
    Milestone,
    MilestoneScope,
    Series,
)
from calendar_app.models.reference import AcademyRow, DepartmentRow, SchoolCalendarRow, ThemeRow

__all__ = [
    "AcademyRow",
    "Catalogue",
    "DepartmentRow",
    "Event",
    "EventClass",
    "EventScope",
    "EventTheme",
    "Milestone",
    "MilestoneScope",
    "SchoolCalendarRow",
    "Series",
    "ThemeRow",
    "db",
    "reading",
    "writing",
]
