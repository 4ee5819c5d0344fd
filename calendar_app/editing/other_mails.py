"""Mails to others than subscribers: whom each is for, what it says, whether it may still go.

What a mail is about points at it (``reminders.models.outbox``). A new kind is a class here, which
reads its rows, a line in :func:`read` and one in :func:`somebody_waits`. The sender of
``reminders`` is handed this module as its :class:`~calendar_app.reminders.outbox.OtherMails`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_, select

from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.reminders.mail import other_messages
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.outbox import Claimed, OtherMail
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import AnySession

#: Either it was accepted itself, or what was accepted says it.
_IN_THE_CALENDAR = (DraftState.ACCEPTED, DraftState.KNOWN)
_DECIDED = (*_IN_THE_CALENDAR, DraftState.REFUSED)


@dataclass(frozen=True, slots=True)
class ToEditor:
    """An editor who is to set a password.

    :param token_hash: of the link's token, as the store has it.
    """

    address: str
    token_hash: str
    expires_at: datetime
    has_password: bool

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return the token of the link; None when the key of the installation changed since."""
        token = links.password_token(mail.id, mail.created_at)
        return token if links.digest(token) == self.token_hash else None

    def message(self, head: Letterhead) -> Message:
        """Return « Choisissez votre mot de passe »."""
        until = self.expires_at.astimezone(PARIS)
        return other_messages.password(head, until, has_password=self.has_password)


@dataclass(frozen=True, slots=True)
class ToProposer:
    """Somebody who suggested something that was decided.

    :param day: the day in Paris on which they did.
    :param of_change: it was about an event that the calendar had: a mistake, or a date that moved.
    :param event: id and title of the event that has what was suggested, or that it was about.
    :param words: what the editor says.
    """

    address: str
    day: date
    accepted: bool
    of_change: bool
    event: tuple[str, str] | None
    words: str | None

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return no token: the mail has no link of theirs alone."""
        return ""

    def message(self, head: Letterhead) -> Message:
        """Return « Votre proposition »."""
        return other_messages.suggestion(
            head,
            self.day,
            self.event,
            self.words,
            accepted=self.accepted,
            of_change=self.of_change,
        )


def read(session: AnySession, mails: Sequence[Claimed], now: datetime) -> Mapping[int, OtherMail]:
    """Return whom each of these mails is for, by its id; those that nobody waits for are not
    among them."""
    ids = [mail.id for mail in mails]
    return {**_editors(session, ids, now), **_proposers(session, ids)} if ids else {}


def somebody_waits(now: datetime) -> ColumnElement[bool]:
    """Return, for the gate, whether somebody still waits for a mail."""
    return or_(
        exists().where(
            PasswordLink.delivery_id == Delivery.id,
            Delivery.kind == DeliveryKind.PASSWORD,
            Editor.id == PasswordLink.editor_id,
            *_is_open(now),
        ),
        exists().where(
            Draft.answer_delivery_id == Delivery.id,
            Delivery.kind == DeliveryKind.SUGGESTION,
            Draft.suggested_by.is_not(None),
        ),
    )


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The link still sets a password."""
    return (
        PasswordLink.used_at.is_(None),
        PasswordLink.expires_at > now,
        Editor.disabled_at.is_(None),
    )


def _editors(session: AnySession, ids: Sequence[int], now: datetime) -> dict[int, ToEditor]:
    rows = session.execute(
        select(
            PasswordLink.delivery_id,
            Editor.address,
            PasswordLink.token_hash,
            PasswordLink.expires_at,
            Editor.password_hash,
        )
        .join(Editor, Editor.id == PasswordLink.editor_id)
        .where(PasswordLink.delivery_id.in_(ids), *_is_open(now))
    )
    return {
        id_: ToEditor(address, token_hash, expires_at, password_hash is not None)
        for id_, address, token_hash, expires_at, password_hash in rows
    }


def _proposers(session: AnySession, ids: Sequence[int]) -> dict[int, ToProposer]:
    found = {}
    waits = (Draft.answer_delivery_id.in_(ids), Draft.suggested_by.is_not(None))
    for draft in session.scalars(select(Draft).where(*waits)):
        # What repeats another draft shares what becomes of it.
        decided = draft.same_as or draft
        if decided.state in _DECIDED and draft.answer_delivery_id and draft.suggested_by:
            event = decided.event
            found[draft.answer_delivery_id] = ToProposer(
                address=draft.suggested_by,
                day=draft.created_at.astimezone(PARIS).date(),
                accepted=decided.state in _IN_THE_CALENDAR,
                of_change=decided.proposal is Proposal.CHANGE,
                event=(event.id, event.title) if event else None,
                words=decided.answer,
            )
    return found
