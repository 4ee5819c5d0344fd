"""The tables of the reference values: académies, themes and school calendars.

``catalogue.queries.reference`` reads all rows and turns them into the frozen values of ``school``.
"""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.store.base import Base, Instant, Visible


class AcademyRow(Visible, Base):
    """An académie or an overseas collectivity (``school.academies.Academy``)."""

    __tablename__ = "academy"

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    of_name: Mapped[str]
    region: Mapped[str | None]
    collectivity: Mapped[bool]
    holiday_calendar: Mapped[str]
    time_zone: Mapped[str]
    former_names: Mapped[list[str]] = mapped_column(JSON)
    attached_to: Mapped[str | None] = mapped_column(ForeignKey("academy.slug"))

    departments: Mapped[list[DepartmentRow]] = relationship(
        cascade="all, delete-orphan", order_by="DepartmentRow.code", lazy="selectin"
    )


class DepartmentRow(Visible, Base):
    """A département of an académie."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    academy_slug: Mapped[str] = mapped_column(ForeignKey("academy.slug"), index=True)
    towns: Mapped[list[str]] = mapped_column(JSON, server_default="[]")


class ThemeRow(Visible, Base):
    """A theme of the closed list in ``data/themes.yaml``."""

    __tablename__ = "theme"

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class SchoolCalendarRow(Visible, Base):
    """A school calendar that was imported from a file (``school.school_calendars.SchoolCalendar``).

    ``known`` and ``holidays`` hold ISO days, both bounds inclusive, as in
    ``data/school_holidays.yaml``. Both are always read and replaced as a whole.
    """

    __tablename__ = "school_calendar"
    __table_args__ = (CheckConstraint("slug <> ''", name="slug"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    #: Where the facts come from, and their licence.
    source: Mapped[str]
    known: Mapped[list[list[str]]] = mapped_column(JSON)
    holidays: Mapped[list[list[str]]] = mapped_column(JSON)
    #: The last change of the days; None when they were stored before this column existed.
    changed_at: Mapped[Instant | None]


class HolidaysUpdate(Base):
    """When the school calendars were last fetched, and what became of it: one row, or none before
    the first try. It is not ``Visible``: a try that changes no day changes no page."""

    __tablename__ = "holidays_update"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The worker fetches the calendars at the first tick after this instant.
    next_at: Mapped[Instant]
    tried_at: Mapped[Instant]
    succeeded_at: Mapped[Instant | None]
    #: Why the last try failed, in French; NULL when it succeeded.
    problem: Mapped[str | None]
    #: The last good copy: slug of a calendar → the ISO days that it knew, both bounds inclusive.
    known: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON)
