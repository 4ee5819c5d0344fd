"""The tables of the journal: who changed what, from what, to what, and why. Rows are only added.

Triggers of migration 0006 refuse every update and delete of a row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.catalogue.models.events import SCOPE_CODE, closed
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.store.base import Base, Instant


class Change(Base):
    """One change to one object.

    ``before`` and ``after`` are the facts of the object (``catalogue.versions``); NULL where the
    object did not exist.
    """

    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint("subject_id <> ''", name="subject_id"),
        Index("ix_change_subject", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant] = mapped_column(index=True)
    #: NULL for changes that the program made by itself.
    editor_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)
    subject: Mapped[ChangeSubject] = mapped_column(closed(ChangeSubject))
    #: The id of the event, draft or source. No foreign key: the journal outlives these objects.
    subject_id: Mapped[str]
    #: The title of the object at the time of the change.
    title: Mapped[str]
    action: Mapped[ChangeAction] = mapped_column(closed(ChangeAction))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    why: Mapped[str | None] = mapped_column(Text)
    #: The draft that this change accepted, if any.
    draft_id: Mapped[int | None] = mapped_column(ForeignKey(Draft.id), index=True)
    #: The change that this one undoes, if any; a change is undone at most once.
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), unique=True)

    editor: Mapped[Editor | None] = relationship()
    draft: Mapped[Draft | None] = relationship()
    undoes: Mapped[Change | None] = relationship(remote_side=[id], back_populates="undone_by")
    undone_by: Mapped[Change | None] = relationship(back_populates="undoes")
    scope_rows: Mapped[set[ChangeScope]] = relationship(lazy="selectin")
    #: The scope of the object before and after: an editor who covers all of it may read the change.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: ChangeScope(code=code)
    )

    def __repr__(self) -> str:
        return f"<Change {self.id} {self.subject} {self.subject_id} {self.action}>"


class ChangeScope(Base):
    """One code of a change's scope."""

    __tablename__ = "change_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    change_id: Mapped[int] = mapped_column(ForeignKey(Change.id), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True, index=True)
