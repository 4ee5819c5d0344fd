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
    PastDate,
    Series,
)
from calendar_app.models.journal import Change, ChangeScope
from calendar_app.models.letters import Draft, DraftScope, Letter, LetterDrop
from calendar_app.models.outbox import (
    Delivery,
    DeliveryAttempt,
    Reminder,
    SendDay,
    WeeklyDate,
    WorkerHeartbeat,
)
from calendar_app.models.reference import AcademyRow, DepartmentRow, SchoolCalendarRow, ThemeRow
from calendar_app.models.sources import LinkCheck, Source, SourceScope
from calendar_app.models.subscriptions import AddressRequest, RateCount, Subscriber, Subscription

__all__ = [
    "AcademyRow",
    "AddressRequest",
    "Catalogue",
    "Change",
    "ChangeScope",
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
    "LetterDrop",
    "LinkCheck",
    "Milestone",
    "MilestoneScope",
    "PasswordLink",
    "PastDate",
    "RateCount",
    "Reminder",
    "SchoolCalendarRow",
    "SendDay",
    "Series",
    "Source",
    "SourceScope",
    "Subscriber",
    "Subscription",
    "ThemeRow",
    "WeeklyDate",
    "WorkerHeartbeat",
    "db",
    "reading",
    "writing",
]
