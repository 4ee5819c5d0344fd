"""The tables of letters that come by mail: mails, declared senders, and the state of the mailbox.

No table here is ``Visible``: the dates of a letter become drafts. An address stands here only while
somebody has to decide about a mail, and where an editor declared it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship, validates

from calendar_app.catalogue.models.events import SCOPE_CODE, closed
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Letter
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.store.base import Base, Instant
from calendar_app.words.mail_addresses import stored


class ReceivedMail(Base):
    """A mail that came to the mailbox, by which it is known again."""

    __tablename__ = "received_mail"
    __table_args__ = (
        CheckConstraint("length(identity) = 64", name="identity"),
        CheckConstraint("(state = 'waiting') = (data IS NOT NULL)", name="bytes_while_waiting"),
        CheckConstraint("sender IS NULL OR state = 'waiting'", name="sender_while_waiting"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: SHA-256 of Message-ID (or content) and sender: ``mailbox.envelope.Envelope.identity``.
    identity: Mapped[str] = mapped_column(unique=True)
    state: Mapped[MailState] = mapped_column(closed(MailState), index=True)
    #: A French sentence: why it was refused.
    reason: Mapped[str | None]
    #: French sentences: why parts of a mail that was read could not be; without their names.
    problems: Mapped[str | None]
    #: NULL once ``config.retention.STRANGE_MAIL`` is over.
    subject: Mapped[str | None]
    #: The address in « From », and the name of the mailing list, while an administrateur decides.
    sender: Mapped[str | None]
    list_id: Mapped[str | None]
    #: The day of its Date header.
    sent_day: Mapped[date | None]
    received_at: Mapped[Instant] = mapped_column(index=True)
    #: The number of bytes of the mail, and the bytes while an administrateur decides.
    size: Mapped[int]
    data: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    #: The editor in whose name it was sent.
    editor_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)
    #: The mail that says to this editor what was found.
    answer_delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey(Delivery.id, ondelete="SET NULL"), unique=True
    )

    editor: Mapped[Editor | None] = relationship()
    letter_rows: Mapped[list[ReceivedLetter]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ReceivedLetter.letter_id"
    )
    scope_rows: Mapped[set[ReceivedScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: The codes (``school.academies``) of those whom the mail is for; empty where only the editor
    #: who sent it may read its letters, and while it waits.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: ReceivedScope(code=code)
    )

    @validates("sender")
    def _address(self, _name: str, address: str | None) -> str | None:
        return stored(address)

    def __repr__(self) -> str:
        return f"<ReceivedMail {self.id} {self.state}>"  # not the address: a log may show this text


class ReceivedScope(Base):
    """One code of those whom a mail is for."""

    __tablename__ = "received_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    mail_id: Mapped[int] = mapped_column(
        ForeignKey(ReceivedMail.id, ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True, index=True)


class ReceivedLetter(Base):
    """A letter that a mail brought. Two mails may bring the same letter."""

    __tablename__ = "received_letter"

    mail_id: Mapped[int] = mapped_column(
        ForeignKey(ReceivedMail.id, ondelete="CASCADE"), primary_key=True
    )
    letter_id: Mapped[int] = mapped_column(
        ForeignKey(Letter.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class DeclaredSender(Base):
    """A sender, or a mailing list, whose mails are letters for some académies or départements. Two
    editors may declare the same sender for different places."""

    __tablename__ = "declared_sender"
    __table_args__ = (
        CheckConstraint("(address IS NULL) <> (list_id IS NULL)", name="address_or_list"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: In lower case: ``MailAddress.key``.
    address: Mapped[str | None] = mapped_column(index=True)
    #: The name between < and > in « List-Id » (RFC 2919), in lower case.
    list_id: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey(Editor.id), index=True)

    scope_rows: Mapped[set[SenderScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: The codes (``school.academies``) for which its letters are; never empty.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: SenderScope(code=code)
    )

    @validates("address")
    def _address(self, _name: str, address: str | None) -> str | None:
        return stored(address)

    def __repr__(self) -> str:
        return f"<DeclaredSender {self.id}>"  # not the address: a log may show this text


class SenderScope(Base):
    """One code of a declared sender's scope."""

    __tablename__ = "sender_scope"
    __table_args__ = (CheckConstraint(SCOPE_CODE, name="code"),)

    sender_id: Mapped[int] = mapped_column(
        ForeignKey(DeclaredSender.id, ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)


class MailboxState(Base):
    """One row: which worker reads the mailbox now, and how the last readings ended."""

    __tablename__ = "mailbox_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    #: The worker that reads the mailbox, and until when others leave it alone.
    owner: Mapped[str | None]
    lease_until: Mapped[Instant | None]
    #: The end of the last reading, and of the last one without a problem.
    tried_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]
    #: A French sentence: why the last reading failed; NULL if it did not.
    problem: Mapped[str | None]
