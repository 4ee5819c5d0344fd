"""Letters that were dropped in, and the drafts that were read in them.

Nothing here is ``Visible``: a draft is never public, and moves no feed before it is accepted.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from calendar_app.catalogue.models.events import SCOPE_CODE, Event, Milestone, Series, closed
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState, Proposal
from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.store.base import Base, Instant
from calendar_app.words.mail_addresses import stored
from calendar_app.words.vocabulary import Certainty


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
    drops: Mapped[list[LetterDrop]] = relationship(
        back_populates="letter", cascade="all, delete-orphan", passive_deletes=True
    )


class LetterDrop(Base):
    """An editor who dropped a letter: they may read it, whether or not a draft of it is theirs."""

    __tablename__ = "letter_drop"

    letter_id: Mapped[int] = mapped_column(
        ForeignKey(Letter.id, ondelete="CASCADE"), primary_key=True
    )
    editor_id: Mapped[int] = mapped_column(ForeignKey(Editor.id), primary_key=True, index=True)
    at: Mapped[Instant]

    letter: Mapped[Letter] = relationship(back_populates="drops")


class Draft(Base):
    """What somebody proposes, and what became of it: a dated item of a letter or of a source, a
    suggestion of the public, or a whole event that an editor prepared (``entry``).

    What a letter says that the calendar already knows, or that is proposed already, is a draft
    too, so that the letter can be shown whole; only a pending one asks for a decision.

    ``item`` is the whole item as it was read, for good, and ``corrected`` what was put right of it
    by hand. The columns beside them are what is proposed now, and what the queue asks for.
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
    #: The values of ``letters.as_json.contract``; none of what an editor prepared.
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The same values, as somebody put them right; None while nobody did.
    corrected: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: What an editor prepared: the facts of the whole event (``catalogue.facts``), and of the
    #: event as it stood when they began (None of a new one).
    entry: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    base: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    author_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey(Source.id, ondelete="SET NULL"), index=True
    )
    #: What the source calls it, and the fingerprint of what it said.
    outside_id: Mapped[str | None]
    fingerprint: Mapped[str | None]
    #: The address of a proposer who wants to hear what became of it; erased once they did.
    suggested_by: Mapped[str | None]
    #: The mail that tells them.
    answer_delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey(Delivery.id, ondelete="SET NULL"), unique=True
    )
    created_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id))
    #: What the editor says to whoever proposed it.
    answer: Mapped[str | None] = mapped_column(Text)
    #: A flush from an older one raises ``StaleDataError``: two editors, one draft.
    revision: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 (SQLAlchemy reads a plain dict)

    letter: Mapped[Letter | None] = relationship(back_populates="drafts")
    series: Mapped[Series | None] = relationship()
    event: Mapped[Event | None] = relationship()
    milestone: Mapped[Milestone | None] = relationship()
    same_as: Mapped[Draft | None] = relationship(remote_side=[id])
    author: Mapped[Editor | None] = relationship(foreign_keys=[author_id])
    decided_by: Mapped[Editor | None] = relationship(foreign_keys=[decided_by_id])
    source: Mapped[Source | None] = relationship()
    scope_rows: Mapped[set[DraftScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: Whom it takes to publish it: codes of ``school.academies``; never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: DraftScope(code=code)
    )

    @property
    def origin(self) -> DraftOrigin:
        """Where it comes from."""
        if self.letter_id is not None:
            return DraftOrigin.LETTER
        if self.outside_id is not None:
            return DraftOrigin.SOURCE
        return DraftOrigin.EDITOR if self.author_id is not None else DraftOrigin.SUGGESTION

    @validates("suggested_by")
    def _address(self, _name: str, address: str | None) -> str | None:
        return stored(address)

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
