"""The tables of editors, who may enter ``/redaction/``, and of their single-use password links.

No table here is ``Visible``: a change to one does not move the catalogue's version.
"""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from calendar_app.catalogue.models.events import closed
from calendar_app.config.retention import ERASED_NAME
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.store.base import Base, Instant, as_created
from calendar_app.words.mail_addresses import stored


class Editor(Base):
    """A person with a role in some académies or départements."""

    __tablename__ = "editor"
    __table_args__ = (
        CheckConstraint("address <> ''", name="address"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The editor's identity in a login session.
    uid: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    #: The address that mails are sent to: its domain is in lower case and ASCII.
    address: Mapped[str]
    #: The case-folded address; unique, so that a person has one account.
    address_key: Mapped[str] = mapped_column(unique=True)
    #: ``config.retention.ERASED_NAME`` once erased: the row stays, as the journal points at it.
    name: Mapped[str]
    role: Mapped[EditorRole] = mapped_column(closed(EditorRole))
    disabled_at: Mapped[Instant | None]
    #: Argon2id hash with its parameters; NULL while the editor has no password.
    password_hash: Mapped[str | None]
    #: Incremented when the password, role or scope changes, or when the account is disabled: login
    #: sessions of an earlier epoch are void.
    session_epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]
    #: When the editor last logged in, set a password, or was given the account.
    used_at: Mapped[Instant] = mapped_column(default=as_created)

    scope_rows: Mapped[set[EditorScope]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    #: Codes ``academie/…`` and ``departement/…``; empty only for an administrateur, and for an
    #: account whose name is erased.
    scope: AssociationProxy[set[str]] = association_proxy(
        "scope_rows", "code", creator=lambda code: EditorScope(code=code)
    )

    @validates("address")
    def _address(self, _name: str, address: str) -> str | None:
        return address if address.startswith(ERASED_NAME) else stored(address)

    def __repr__(self) -> str:
        return f"<Editor {self.id} {self.role}>"  # not the address: a log may show this text


class EditorScope(Base):
    """One code of an editor's scope."""

    __tablename__ = "editor_scope"
    __table_args__ = (
        CheckConstraint("code LIKE 'academie/_%' OR code LIKE 'departement/_%'", name="code"),
    )

    editor_id: Mapped[int] = mapped_column(
        ForeignKey(Editor.id, ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)


class PasswordLink(Base):
    """A single-use link to set a password; only the hash of its token is stored."""

    __tablename__ = "password_link"
    __table_args__ = (CheckConstraint("length(token_hash) = 64", name="token_hash"),)

    #: SHA-256 of the token, in hexadecimal. (A token of 256 random bits needs no slow hash.)
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    editor_id: Mapped[int] = mapped_column(ForeignKey(Editor.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    #: The mail that carries the link; NULL for a link that an operator hands over.
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey(Delivery.id, ondelete="SET NULL"), unique=True
    )

    editor: Mapped[Editor] = relationship()
