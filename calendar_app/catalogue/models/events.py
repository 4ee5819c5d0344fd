"""The tables of series, events and their milestones."""

from __future__ import annotations

import uuid
from datetime import date, time
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Enum,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import Base, Instant, Numbered, Visible
from calendar_app.words.vocabulary import Certainty, EventType, MilestoneKind

#: The namespace of milestone UIDs (UUIDv5 of « event id/key », RFC 9562). It must never change, or
#: every subscribed calendar would show every date twice.
UID_NAMESPACE = uuid.UUID("5b0a8d3e-6c1f-5d7a-9a52-0d6f6f0d2c11")


#: The key of the date that a rule makes.
RULE_KEY = MilestoneKind.SESSION.value


def milestone_uid(event_id: str, key: str) -> uuid.UUID:
    """Return the UID of a milestone. All stores that import one file compute equal UIDs."""
    return uuid.uuid5(UID_NAMESPACE, f"{event_id}/{key}")


def closed(values: type[StrEnum]) -> Enum:
    """Return the type of a text column that accepts only these values: a CHECK constraint, which is
    easier to extend than a native enum."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=values.__name__.lower(),
        values_callable=lambda enum: [member.value for member in enum],
    )


class Series(Visible, Base):
    """A series: what comes back every year, as « Ma classe a du talent »."""

    __tablename__ = "series"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]


class Event(Numbered, Base):
    """One edition of a series, in one school year.

    ``revision`` increases with every visible change to the event or its milestones: a flush from an
    older revision raises ``StaleDataError``. ``changed_at`` is the instant of the last change.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("series_id", "school_year"),
        CheckConstraint("id <> ''", name="id"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("part_of_id <> id", name="part_of_itself"),
        CheckConstraint("school_year BETWEEN 1900 AND 2199", name="school_year"),
        Index("ix_event_changes", "catalogue_version", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"))
    #: The calendar year in which the school year starts (2020 for 2020-2021).
    school_year: Mapped[int] = mapped_column(index=True)
    part_of_id: Mapped[str | None] = mapped_column(ForeignKey("event.id"), index=True)

    title: Mapped[str]
    summary: Mapped[str]
    type: Mapped[EventType] = mapped_column(closed(EventType))
    audience: Mapped[list[str]] = mapped_column(JSON)
    organiser: Mapped[str]
    link: Mapped[str | None]
    place: Mapped[str | None]
    source_name: Mapped[str]
    source_link: Mapped[str | None]

    # How to take part. None or an empty list means « non précisé »: the letter does not say it.
    registrants: Mapped[list[str]] = mapped_column(JSON, default=list)
    ien_visa: Mapped[bool | None]
    register_where: Mapped[str | None]
    register_link: Mapped[str | None]
    cost: Mapped[str | None]
    places: Mapped[str | None]
    sending: Mapped[list[str]] = mapped_column(JSON, default=list)
    pupil_data: Mapped[list[str]] = mapped_column(JSON, default=list)

    full: Mapped[bool] = mapped_column(default=False)
    cancelled_at: Mapped[Instant | None]
    #: Why dates changed or the event is cancelled, in French: shown on its page and in mails.
    reason: Mapped[str | None]
    #: Since when the event is left out of views, feeds and reminders. Its page stays and says so.
    archived_at: Mapped[Instant | None]

    #: Folded words of the event, for the filter ``q`` (see ``words.text.fold``).
    search_text: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    revision: Mapped[int] = mapped_column()
    #: The revision after the last import of ``events.yaml``. A later ``revision`` means that
    #: somebody changed the event in the store since. None when no file named the event yet.
    imported_revision: Mapped[int | None]
    #: The revision after the rule of the series last wrote this edition. A later ``revision`` means
    #: that an editor changed it since. None when no rule made the event.
    rule_revision: Mapped[int | None]

    # The services increase the revision by hand, so that a change to a milestone increases it too.
    __mapper_args__ = {"version_id_col": revision, "version_id_generator": False}  # noqa: RUF012 (SQLAlchemy reads a plain dict)

    series: Mapped[Series] = relationship(lazy="joined", innerjoin=True)
    part_of: Mapped[Event | None] = relationship(remote_side=[id], back_populates="parts")
    parts: Mapped[list[Event]] = relationship(back_populates="part_of", order_by="Event.id")
    milestones: Mapped[list[Milestone]] = relationship(
        back_populates="event",
        cascade="all, delete-orphan",
        order_by="Milestone.position",
        lazy="selectin",
    )
    scope_rows: Mapped[set[EventScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )
    class_rows: Mapped[set[EventClass]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )
    theme_rows: Mapped[set[EventTheme]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )

    #: Scope codes (``school.academies``); never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: EventScope(code=code)
    )
    #: Slugs of ``school.levels.CLASSES``; empty when the letter does not name classes.
    classes: AssociationProxy[set[str]] = association_proxy(
        "class_rows", "slug", creator=lambda slug: EventClass(slug=slug)
    )
    themes: AssociationProxy[set[str]] = association_proxy(
        "theme_rows", "slug", creator=lambda slug: EventTheme(slug=slug)
    )

    @property
    def year(self) -> SchoolYear:
        return SchoolYear(self.school_year)

    @hybrid_property
    def by_rule(self) -> bool:
        """Whether the event is an edition that the rule of its series made."""
        return self.rule_revision is not None

    @by_rule.inplace.expression
    @classmethod
    def _by_rule(cls) -> ColumnElement[bool]:
        return cls.rule_revision.is_not(None)

    @property
    def is_untouched(self) -> bool:
        """Whether the event is as a rule made it: no editor changed it."""
        return self.rule_revision == self.revision

    def is_over(self, today: date) -> bool:
        """Whether the school year and all dates are past (as SQL: ``queries._is_current``)."""
        return max([self.year.last_day, *(m.last_day for m in self.milestones)]) < today

    def has_passed(self, today: date) -> bool:
        """Whether nothing of the event lies ahead: it is cancelled, or its dates are past; without
        a date that takes place, its school year is."""
        days = [m.last_day for m in self.milestones if not m.is_cancelled]
        return self.cancelled_at is not None or max(days, default=self.year.last_day) < today

    def may_remind(self, today: date) -> bool:
        """Whether reminders of the event may still go out: it has a date ahead by which a class
        has something to do (an approximate date included), or it has no date yet."""
        if self.cancelled_at or self.archived_at or self.is_over(today):
            return False
        ahead = [m for m in self.milestones if m.last_day >= today and not m.is_cancelled]
        return not self.milestones or any(m.asks_something for m in ahead)


class Milestone(Visible, Base):
    """One dated item of an event: one VEVENT. Days are inclusive.

    ``start_time`` is the hour of an opening, of results or of a session's first day. ``end_time``
    is the hour of a deadline or the end of a session's last day. Both are hours in ``time_zone``
    (IANA name); a deadline without an hour ends there at 23 h 59.
    """

    __tablename__ = "milestone"
    __table_args__ = (
        UniqueConstraint("event_id", "key"),
        CheckConstraint("last_day >= first_day", name="order_of_days"),
        CheckConstraint(
            "last_day > first_day OR start_time IS NULL OR end_time IS NULL"
            " OR end_time >= start_time",
            name="order_of_hours",
        ),
        CheckConstraint(
            "certainty <> 'approximate' OR phrase IS NOT NULL", name="approximate_has_phrase"
        ),
        CheckConstraint(
            "(moved_from_first_day IS NULL) = (moved_from_last_day IS NULL)", name="moved_from"
        ),
        Index("ix_milestone_days", "last_day", "first_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("event.id"), index=True)
    key: Mapped[str]
    uid: Mapped[uuid.UUID] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[MilestoneKind] = mapped_column(closed(MilestoneKind))

    first_day: Mapped[date]
    last_day: Mapped[date]
    start_time: Mapped[time | None]
    end_time: Mapped[time | None]
    time_zone: Mapped[str] = mapped_column(default="Europe/Paris")
    certainty: Mapped[Certainty] = mapped_column(closed(Certainty), default=Certainty.DAY)
    #: The words of an approximate date (« mi-juin »); None for a certain day.
    phrase: Mapped[str | None]
    label: Mapped[str | None]
    place: Mapped[str | None]

    announced_at: Mapped[Instant]
    #: The last visible change of this date or of its event; changes to other dates do not count.
    changed_at: Mapped[Instant]
    #: When the present days were published; None when that was before this column existed.
    dated_at: Mapped[Instant | None]
    moved_from_first_day: Mapped[date | None]
    moved_from_last_day: Mapped[date | None]
    cancelled_at: Mapped[Instant | None]

    event: Mapped[Event] = relationship(back_populates="milestones")
    scope_rows: Mapped[set[MilestoneScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )
    #: The codes of the date's own, narrower scope; empty when the scope of the event counts.
    own_scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: MilestoneScope(code=code)
    )

    #: The states before each change that people must be told of, oldest first.
    past: Mapped[list[PastDate]] = relationship(
        cascade="all, delete-orphan", order_by="(PastDate.until_at, PastDate.id)"
    )

    @hybrid_property
    def by_rule(self) -> bool:
        """Whether the rule of the series made this date: the day itself, and no date that an editor
        added to its event. As SQL, it needs a join with the event."""
        return self.key == RULE_KEY and self.event.by_rule

    @by_rule.inplace.expression
    @classmethod
    def _by_rule(cls) -> ColumnElement[bool]:
        return and_(cls.key == RULE_KEY, Event.by_rule)

    @property
    def scope(self) -> frozenset[str]:
        """The scope codes of the date: its own, or else those of its event."""
        return frozenset(self.own_scope or self.event.scope)

    @property
    def is_cancelled(self) -> bool:
        """Whether the date or its whole event is cancelled."""
        return self.cancelled_at is not None or self.event.cancelled_at is not None

    @property
    def counted_day(self) -> date:
        """The day that reminders count from: the first day of a session, else the last day."""
        return self.first_day if self.kind is MilestoneKind.SESSION else self.last_day

    @property
    def asks_something(self) -> bool:
        """Whether a class has something to do by this date: not for an opening, for results, or for
        the end of registration when the event is full."""
        full = self.event.full and self.kind is MilestoneKind.REGISTRATION_DEADLINE
        return not full and self.kind not in (MilestoneKind.OPENING, MilestoneKind.RESULTS)

    @property
    def has_leads(self) -> bool:
        """Whether reminders go out before this date."""
        return self.asks_something and not self.is_approximate

    @property
    def is_approximate(self) -> bool:
        return self.certainty is Certainty.APPROXIMATE

    def __repr__(self) -> str:
        return f"<Milestone {self.event_id}/{self.key} {self.first_day}>"


class PastDate(Base):
    """The state of a date until it was moved, cancelled or restored.

    A person who was told of the date before ``until_at`` knows this state. The silent correction of
    a mistake leaves no row.
    """

    __tablename__ = "past_date"

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone_id: Mapped[int] = mapped_column(
        ForeignKey(Milestone.id, ondelete="CASCADE"), index=True
    )
    until_at: Mapped[Instant]
    #: The former ``Milestone.counted_day``.
    day: Mapped[date]
    cancelled: Mapped[bool]


SCOPE_CODE = (
    "code = 'national' OR code LIKE 'region/_%' OR code LIKE 'academie/_%'"
    " OR code LIKE 'departement/_%'"
)


class EventScope(Base):
    """One code of an event's scope."""

    __tablename__ = "event_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    event_id: Mapped[str] = mapped_column(ForeignKey("event.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True, index=True)


class EventClass(Base):
    """One class of an event."""

    __tablename__ = "event_class"

    event_id: Mapped[str] = mapped_column(ForeignKey("event.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True, index=True)


class EventTheme(Base):
    """One theme of an event."""

    __tablename__ = "event_theme"

    event_id: Mapped[str] = mapped_column(ForeignKey("event.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(ForeignKey("theme.slug"), primary_key=True, index=True)


class MilestoneScope(Base):
    """One code of a milestone's own scope."""

    __tablename__ = "milestone_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True, index=True)
