"""The journal: who changed what, from what, to what, and why. It only grows.

The store itself refuses to change or delete a row (triggers of migration 0006), whoever asks.
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
    """One change to one object. ``before`` and ``after`` are its facts (``catalogue.versions``);
    None where it did not exist."""

    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint("subject_id <> ''", name="subject_id"),
        Index("ix_change_subject", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant] = mapped_column(index=True)
    #: None for what the program did by itself.
    editor_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)
    subject: Mapped[ChangeSubject] = mapped_column(closed(ChangeSubject))
    #: The id of the event, the draft or the source. No foreign key: the journal outlives them.
    subject_id: Mapped[str]
    #: What people called it then.
    title: Mapped[str]
    action: Mapped[ChangeAction] = mapped_column(closed(ChangeAction))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    why: Mapped[str | None] = mapped_column(Text)
    #: The draft that was accepted by it.
    draft_id: Mapped[int | None] = mapped_column(ForeignKey(Draft.id), index=True)
    #: The change that it takes back; each one is taken back once at most.
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), unique=True)

    editor: Mapped[Editor | None] = relationship()
    draft: Mapped[Draft | None] = relationship()
    undoes: Mapped[Change | None] = relationship(remote_side=[id], back_populates="undone_by")
    undone_by: Mapped[Change | None] = relationship(back_populates="undoes")
    scope_rows: Mapped[set[ChangeScope]] = relationship(lazy="selectin")
    #: Whom the object was for, before and after: who publishes for all of them may read it.
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
