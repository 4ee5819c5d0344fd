"""The SQLAlchemy nouns and their named read queries: no rendering, no sending."""

from calendar_app.models.base import Catalogue, db, reading, writing
from calendar_app.models.editors import Editor, EditorScope, PasswordLink
from calendar_app.models.events import (
    Event,
    EventClass,
    EventScope,
    EventTheme,
    Milestone,
    MilestoneScope,
    Series,
)
from calendar_app.models.letters import Draft, DraftScope, Letter
from calendar_app.models.outbox import (
    Delivery,
    DeliveryAttempt,
    Reminder,
    SendDay,
    WorkerHeartbeat,
)
from calendar_app.models.reference import AcademyRow, DepartmentRow, SchoolCalendarRow, ThemeRow
from calendar_app.models.subscriptions import RateCount, Subscriber, Subscription

__all__ = [
    "AcademyRow",
    "Catalogue",
    "Delivery",
    "DeliveryAttempt",
    "DepartmentRow",
    "Draft",
    "DraftScope",
    "Editor",
    "EditorScope",
    "Event",
    "EventClass",
    "EventScope",
    "EventTheme",
    "Letter",
    "Milestone",
    "MilestoneScope",
    "PasswordLink",
    "RateCount",
    "Reminder",
    "SchoolCalendarRow",
    "SendDay",
    "Series",
    "Subscriber",
    "Subscription",
    "ThemeRow",
    "WorkerHeartbeat",
    "db",
    "reading",
    "writing",
]
