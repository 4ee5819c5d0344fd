"""Outside feeds that are read on a schedule, and the official links that are looked at each week.

Nothing here is ``Visible``: what a source says becomes drafts.
"""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.catalogue.models.events import SCOPE_CODE
from calendar_app.editing.models.editors import Editor
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
    #: Two académies may follow the same.
    address: Mapped[str] = mapped_column()
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id))
    #: Nobody fetches it since then.
    paused_at: Mapped[Instant | None]

    next_fetch_at: Mapped[Instant] = mapped_column(index=True)
    tried_at: Mapped[Instant | None]
    succeeded_at: Mapped[Instant | None]
    #: Tries in a row that failed.
    failures: Mapped[int] = mapped_column(default=0)
    #: A French sentence: what an editor must look at (it fails, is empty, shrank by half…).
    warning: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    #: The last good copy: id in the feed → fingerprint of what it said.
    copy: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    created_by: Mapped[Editor | None] = relationship()
    scope_rows: Mapped[set[SourceScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: Whom its dates are for: codes of ``school.academies``; never empty.
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
    """What became of an official link when it was last looked at."""

    __tablename__ = "link_check"

    link: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[Instant]
    #: None while it answers, or while nobody can tell.
    dead_since: Mapped[Instant | None]
    #: French words: why it is dead.
    reason: Mapped[str | None]
