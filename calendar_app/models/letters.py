"""Letters that were dropped in, and the drafts that were read in them.

Nothing here is ``Visible``: a draft is never public, and moves no feed before it is accepted.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.domain.dated_items import ItemKind, ItemStatus, Step
from calendar_app.domain.drafts import DraftState, Proposal
from calendar_app.domain.vocabulary import Certainty
from calendar_app.models.base import Base, Instant
from calendar_app.models.events import SCOPE_CODE, Event, Milestone, Series, closed


class Letter(Base):
    """A newsletter, once: its bytes are known by their checksum, and only its text is kept."""

    __tablename__ = "letter"
    __table_args__ = (CheckConstraint("length(checksum) = 64", name="checksum"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: SHA-256 of the file, in hexadecimal.
    checksum: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    #: Without its folder.
    file_name: Mapped[str]
    issued: Mapped[date]
    #: French words: how *issued* was found.
    issued_from: Mapped[str]
    #: What was read, as drafts count their offsets in it.
    text: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[Instant]

    drafts: Mapped[list[Draft]] = relationship(
        back_populates="letter", cascade="all, delete-orphan", order_by="Draft.position"
    )


class Draft(Base):
    """One dated item that somebody proposes, and what became of it.

    What a letter says that the calendar already knows, or that is proposed already, is a draft
    too, so that the letter can be shown whole; only a pending one asks for a decision.

    ``item`` is the whole item as it was read, for good. The columns beside it are what is proposed
    now, and what the queue asks for.
    """

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("letter_id", "position"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("last_day >= first_day", name="order_of_days"),
        CheckConstraint("known_last_day >= known_first_day", name="order_of_known_days"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("(state = 'known') = (proposal IS NULL)", name="known_proposes_nothing"),
        CheckConstraint("proposal = 'new_event' OR event_id IS NOT NULL", name="of_an_event"),
        CheckConstraint("(state = 'repeated') = (same_as_id IS NOT NULL)", name="same_as"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: None for what no letter said.
    letter_id: Mapped[int | None] = mapped_column(ForeignKey(Letter.id, ondelete="CASCADE"))
    #: The order in the letter, from 0.
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[DraftState] = mapped_column(
        closed(DraftState), default=DraftState.PENDING, index=True
    )
    proposal: Mapped[Proposal | None] = mapped_column(closed(Proposal))
    #: Of a new event: what it is the next edition of.
    series_id: Mapped[str | None] = mapped_column(ForeignKey(Series.id))
    event_id: Mapped[str | None] = mapped_column(ForeignKey(Event.id), index=True)
    #: The date that is known or changes. None when that date was removed since.
    milestone_id: Mapped[int | None] = mapped_column(
        ForeignKey(Milestone.id, ondelete="SET NULL"), index=True
    )
    #: Where the calendar stood when the letter was read (« 31/01 » of « 31/01 → 14/02 »), written
    #: as the draft's own days are: a deadline has its last day only.
    known_first_day: Mapped[date | None]
    known_last_day: Mapped[date | None]
    #: The pending draft that says the same.
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)

    title: Mapped[str]
    kind: Mapped[ItemKind] = mapped_column(closed(ItemKind))
    step: Mapped[Step | None] = mapped_column(closed(Step))
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    certainty: Mapped[Certainty] = mapped_column(closed(Certainty))
    status: Mapped[ItemStatus] = mapped_column(closed(ItemStatus))
    confidence: Mapped[float]
    #: The values of ``sources.letter_json.contract``.
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[Instant]

    letter: Mapped[Letter | None] = relationship(back_populates="drafts")
    series: Mapped[Series | None] = relationship()
    event: Mapped[Event | None] = relationship()
    milestone: Mapped[Milestone | None] = relationship()
    same_as: Mapped[Draft | None] = relationship(remote_side=[id])
    scope_rows: Mapped[set[DraftScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: Codes of ``domain.academies``; never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: DraftScope(code=code)
    )

    def __repr__(self) -> str:
        return f"<Draft {self.id} {self.state} {self.title!r}>"


class DraftScope(Base):
    """One code of a draft's scope."""

    __tablename__ = "draft_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    draft_id: Mapped[int] = mapped_column(
        ForeignKey(Draft.id, ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True, index=True)
