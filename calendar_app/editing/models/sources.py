"""The tables of outside feeds, read on a schedule, and of official links, checked each week.

No table here is ``Visible``: the items of a source become drafts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.catalogue.models.events import SCOPE_CODE
from calendar_app.editing.models.editors import Editor
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.store.base import Base, Instant


class Source(Base):
    """An outside feed (iCalendar, Atom or RSS)."""

    __tablename__ = "source"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: Not unique: two académies may follow the same feed.
    address: Mapped[str] = mapped_column()
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id))
    #: The worker has not fetched the source since this instant; NULL while it is followed.
    paused_at: Mapped[Instant | None]

    next_fetch_at: Mapped[Instant] = mapped_column(index=True)
    tried_at: Mapped[Instant | None]
    succeeded_at: Mapped[Instant | None]
    #: Consecutive failed tries.
    failures: Mapped[int] = mapped_column(default=0)
    #: A French sentence about what an editor must look at (the feed fails, lost half of its
    #: dates…).
    warning: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    #: When an editor was told by mail of what is wrong now; NULL when they were not, or when
    #: nothing is.
    told_at: Mapped[Instant | None]
    #: That mail.
    told_delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey(Delivery.id, ondelete="SET NULL"), unique=True
    )
    #: The dates that it showed last: UID, RECURRENCE-ID or None, last day (ISO 8601) of each.
    copy: Mapped[list[list[str | None]]] = mapped_column(JSON, default=list)
    #: What was not taken at the last reading: ``{"reason": …, "count": …, "titles": […]}``.
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    #: Entries of news without a date of their own → the day (ISO 8601) when they were first seen.
    first_seen: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    created_by: Mapped[Editor | None] = relationship()
    scope_rows: Mapped[set[SourceScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: Codes of ``school.academies``, also given to items that name no place; never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: SourceScope(code=code)
    )


class SourceScope(Base):
    """One code of a source's scope."""

    __tablename__ = "source_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    source_id: Mapped[int] = mapped_column(
        ForeignKey(Source.id, ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True, index=True)


class LinkCheck(Base):
    """The result of the last check of an official link."""

    __tablename__ = "link_check"

    link: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[Instant]
    #: When the first of two or more consecutive checks found the link dead; NULL while the link is
    #: not known to be dead.
    dead_since: Mapped[Instant | None]
    #: French words: why the last check found the link dead; NULL if it did not.
    reason: Mapped[str | None]
