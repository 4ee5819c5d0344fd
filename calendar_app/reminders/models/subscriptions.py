"""Subscribers and the events that they follow.

Nothing here is ``Visible``: a change here changes no feed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from calendar_app.catalogue.models.events import Event, closed
from calendar_app.catalogue.models.reference import AcademyRow
from calendar_app.reminders.rules.deliveries import AskedFor, SubscriberState
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import Base, Instant, as_created
from calendar_app.words.mail_addresses import stored
from calendar_app.words.vocabulary import MilestoneKind


class Slugs(TypeDecorator[frozenset[str]]):
    """A set of slugs, stored as ``,cm1,cm2,``: on both database engines, one statement (LIKE) finds
    a slug among a million subscribers, and a person can read the value. The empty set is the empty
    text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        if value is None or isinstance(value, str):
            return value  # a pattern for LIKE
        return f",{','.join(sorted(value))}," if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str]:
        return frozenset(filter(None, (value or "").split(",")))


class Subscriber(Base):
    """A person with an address, a school, and the leads at which they want to hear of a deadline.

    ``uid`` is the value that signed links carry; another ``uid`` makes all earlier links void.
    """

    __tablename__ = "subscriber"
    __table_args__ = (
        CheckConstraint("address <> ''", name="address"),
        CheckConstraint(
            "state IN ('unconfirmed', 'unsubscribed', 'refused') OR confirmed_at IS NOT NULL",
            name="confirmed",
        ),
        CheckConstraint("(consent_at IS NULL) = (consent_wording IS NULL)", name="consent"),
        # For the query of the places that have subscribers. (With the state first, SQLite would
        # scan the index from its beginning for each chunk of planning.)
        Index("ix_subscriber_place", "academy_slug", "school", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    #: The address to which mails are sent, with the domain in lower case and ASCII.
    address: Mapped[str]
    #: The address without case, which is unique: one person signs up once.
    address_key: Mapped[str] = mapped_column(unique=True)
    #: The address to which the subscriber asked to move, not yet confirmed.
    new_address: Mapped[str | None]
    state: Mapped[SubscriberState] = mapped_column(closed(SubscriberState))
    state_at: Mapped[Instant]

    academy_slug: Mapped[str | None] = mapped_column(ForeignKey(AcademyRow.slug))
    school: Mapped[SchoolKind] = mapped_column(closed(SchoolKind))
    #: Slugs of ``school.levels.CLASSES``; never empty.
    classes: Mapped[frozenset[str]] = mapped_column(Slugs)
    #: Slugs of themes; empty for all themes.
    themes: Mapped[frozenset[str]] = mapped_column(Slugs, default=frozenset)
    #: Codes of ``reminders.rules.reminder_plan.OFFERED_LEADS``.
    leads: Mapped[frozenset[str]] = mapped_column(Slugs)
    #: Whether the subscriber follows every contest that fits, or only the picked events.
    follows_all: Mapped[bool] = mapped_column(default=False)
    weekly: Mapped[bool] = mapped_column(default=False)
    #: Leads that had passed at this instant do not fire.
    since: Mapped[Instant]

    #: When a six-digit code was last sent.
    code_at: Mapped[Instant | None]
    #: The text that the person agreed to, when, and by which means (``lien`` or ``code``).
    consent_wording: Mapped[str | None]
    consent_at: Mapped[Instant | None]
    consent_means: Mapped[str | None]
    created_at: Mapped[Instant]
    #: When the person last did something with a form, a code or a personal link. (Opening a link
    #: does not count: mail servers open links, too.)
    heard_at: Mapped[Instant] = mapped_column(default=as_created)
    confirmed_at: Mapped[Instant | None]

    subscriptions: Mapped[list[Subscription]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", passive_deletes=True
    )

    @validates("address", "new_address")
    def _address(self, _name: str, address: str | None) -> str | None:
        return stored(address)

    def __repr__(self) -> str:
        return f"<Subscriber {self.id} {self.state}>"  # never the address


class Subscription(Base):
    """One event that a subscriber picked, or gave an answer about."""

    __tablename__ = "subscription"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[str] = mapped_column(ForeignKey(Event.id), primary_key=True, index=True)
    #: « Me prévenir » on the event's page.
    picked: Mapped[bool] = mapped_column(default=False)
    #: Leads that had passed at this instant do not fire.
    since: Mapped[Instant]
    #: « La classe est inscrite », « Les productions sont envoyées », « Pas cette année ».
    registered_at: Mapped[Instant | None]
    submitted_at: Mapped[Instant | None]
    declined_at: Mapped[Instant | None]
    #: When « Ne plus me prévenir » was last clicked: what was known before causes no mail.
    unpicked_at: Mapped[Instant | None]
    #: « Prévenez-moi de la prochaine édition »: the wish is carried to the next edition.
    next_year: Mapped[bool] = mapped_column(default=False)

    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions")
    event: Mapped[Event] = relationship()

    def settles(self, kind: MilestoneKind) -> bool:
        """Whether the class has done, by its answers, what a date of this kind asks for. (The same
        rule as SQL: ``audience._is_of_use``.)"""
        if kind is MilestoneKind.REGISTRATION_DEADLINE:
            return self.registered_at is not None
        return kind is not MilestoneKind.SESSION and self.submitted_at is not None


class PersonalAgenda(Base):
    """« Mon agenda personnel »: the feed of what one subscriber follows. The row exists as long as
    the feed, and is deleted with its subscriber."""

    __tablename__ = "personal_agenda"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True
    )
    #: The value that the feed's address carries, signed (``PersonalLinks.agenda_token``). Another
    #: value makes the earlier address void.
    uid: Mapped[uuid.UUID] = mapped_column(unique=True)
    #: When the present address was made.
    created_at: Mapped[Instant]
    #: The last change that the subscriber made to what the feed says (an answer, a wish), and the
    #: number of these changes: the feed's LAST-MODIFIED and SEQUENCE move with them.
    changed_at: Mapped[Instant]
    revision: Mapped[int] = mapped_column(default=0)
    #: Whether it also has the school holidays.
    holidays: Mapped[bool] = mapped_column(default=False)


class AddressRequest(Base):
    """A request that somebody made by typing an address. It is kept for seconds, until the worker
    looks up the address."""

    __tablename__ = "address_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_for: Mapped[AskedFor] = mapped_column(closed(AskedFor))
    address: Mapped[str]
    asked_at: Mapped[Instant]
    #: For a sign-up: the rest of the form.
    form: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    @validates("address")
    def _address(self, _name: str, address: str | None) -> str | None:
        return stored(address)

    def __repr__(self) -> str:
        return f"<AddressRequest {self.id} {self.asked_for}>"  # never the address
