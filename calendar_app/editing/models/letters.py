"""The tables of letters that editors dropped, and of drafts from letters and other origins.

No table here is ``Visible``: a draft is never public, and changes no feed before it is accepted.
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
    """A newsletter. The checksum of its bytes keeps it unique; only its text is stored."""

    __tablename__ = "letter"
    __table_args__ = (CheckConstraint("length(checksum) = 64", name="checksum"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: SHA-256 of the file, in hexadecimal.
    checksum: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    #: The last segment of the file's name, without folders.
    file_name: Mapped[str]
    issued: Mapped[date]
    #: French words: how *issued* was found.
    issued_from: Mapped[str]
    #: The text that was read; the offsets of drafts count its characters.
    text: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[Instant]
    #: The dates that gave no draft: phrase, offset and reason of each (``dated_items.PassedOver``).
    passed_over: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    drafts: Mapped[list[Draft]] = relationship(
        back_populates="letter", cascade="all, delete-orphan", order_by="Draft.position"
    )
    drops: Mapped[list[LetterDrop]] = relationship(
        back_populates="letter", cascade="all, delete-orphan", passive_deletes=True
    )


class LetterDrop(Base):
    """An editor who dropped a letter, and may therefore read it, even without a draft in scope."""

    __tablename__ = "letter_drop"

    letter_id: Mapped[int] = mapped_column(
        ForeignKey(Letter.id, ondelete="CASCADE"), primary_key=True
    )
    editor_id: Mapped[int] = mapped_column(ForeignKey(Editor.id), primary_key=True, index=True)
    at: Mapped[Instant]

    letter: Mapped[Letter] = relationship(back_populates="drops")


class Draft(Base):
    """A proposal and its outcome: a dated item of a letter or of a source, a suggestion of the
    public, or a whole event that an editor prepared (``entry``).

    A dated item that the calendar already knows, or that another draft already proposes, is a draft
    too, so that a page can show the whole letter. Only a pending draft asks for a decision.

    ``item`` is the whole item as it was read, and never changes; ``corrected`` is the item as an
    editor corrected it. The other columns hold the current proposal, which the queue filters by.
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
    #: NULL for drafts that come from no letter.
    letter_id: Mapped[int | None] = mapped_column(ForeignKey(Letter.id, ondelete="CASCADE"))
    #: The order in the letter, from 0.
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[DraftState] = mapped_column(
        closed(DraftState), default=DraftState.PENDING, index=True
    )
    proposal: Mapped[Proposal | None] = mapped_column(closed(Proposal))
    #: For a new event: the series of which it is the next edition.
    series_id: Mapped[str | None] = mapped_column(ForeignKey(Series.id))
    event_id: Mapped[str | None] = mapped_column(ForeignKey(Event.id), index=True)
    #: The milestone that is already known, or that the draft changes. NULL when there is none, or
    #: when it was removed since.
    milestone_id: Mapped[int | None] = mapped_column(
        ForeignKey(Milestone.id, ondelete="SET NULL"), index=True
    )
    #: The days in the calendar when the letter was read (« 31/01 » of « 31/01 → 14/02 »), in the
    #: form of the draft's own days: a deadline has a last day only.
    known_first_day: Mapped[date | None]
    known_last_day: Mapped[date | None]
    #: The draft that already proposes the same item; set only in the state ``repeated``.
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)

    title: Mapped[str]
    kind: Mapped[ItemKind] = mapped_column(closed(ItemKind))
    step: Mapped[Step | None] = mapped_column(closed(Step))
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    certainty: Mapped[Certainty] = mapped_column(closed(Certainty))
    status: Mapped[ItemStatus] = mapped_column(closed(ItemStatus))
    confidence: Mapped[float]
    #: The values of ``letters.as_json.contract``; empty for an event that an editor prepared.
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The same values as an editor corrected them; NULL while nobody corrected them.
    corrected: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: For an event that an editor prepared: its facts (``catalogue.facts``); and, in *base*, its
    #: facts when the editor began (NULL for a new event).
    entry: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    base: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    author_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey(Source.id, ondelete="SET NULL"), index=True
    )
    #: What makes it the same date at each reading of the source: UID and RECURRENCE-ID
    #: (``rules.source_changes.Identity``).
    outside_id: Mapped[str | None]
    recurrence: Mapped[str | None]
    #: The whole item as the source said it last, where it is not *item*: a change to a date that
    #: stands here leaves in *item* what an editor wrote otherwise.
    said: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: For a change that a source proposes, the parts that it changes (``rules.source_changes``):
    #: the others stay as they stand in the calendar. NULL: the item counts whole.
    changes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    #: The address of a proposer who wants an answer; erased once the answer was sent.
    suggested_by: Mapped[str | None]
    #: The mail with the answer to the proposer.
    answer_delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey(Delivery.id, ondelete="SET NULL"), unique=True
    )
    created_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id))
    #: The editor's words to the proposer.
    answer: Mapped[str | None] = mapped_column(Text)
    #: A flush from an older revision raises ``StaleDataError``, so that two editors cannot both
    #: decide one draft.
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
    #: The codes (``school.academies``) that an editor must cover to publish it; never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: DraftScope(code=code)
    )

    @property
    def origin(self) -> DraftOrigin:
        """The origin of the draft, told by the columns that are set."""
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
