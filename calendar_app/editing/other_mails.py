"""Mails to people who are not subscribers: the recipient, the text, and whether to send it still.

The row that a mail is about points at its delivery (``reminders.models.outbox``). To add a kind of
mail, add a class, a function that reads its rows, a line in :func:`read` and a line in
:func:`somebody_waits`. The sender of ``reminders`` gets this module as its
:class:`~calendar_app.reminders.outbox.OtherMails`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_, select

from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.mailbox import ReceivedLetter, ReceivedMail
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.reminders.mail import other_messages
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.outbox import Claimed, OtherMail
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.store.base import AnySession

#: The draft itself was accepted, or the calendar has its date from another draft.
_IN_THE_CALENDAR = (DraftState.ACCEPTED, DraftState.KNOWN)
_DECIDED = (*_IN_THE_CALENDAR, DraftState.REFUSED)


@dataclass(frozen=True, slots=True)
class ToEditor:
    """The mail to an editor with a link to set a password.

    :param token_hash: the stored hash of the link's token.
    :param expires_at: the instant (aware UTC) until which the link works.
    :param has_password: whether the editor has a password already.
    """

    address: str
    token_hash: str
    expires_at: datetime
    has_password: bool

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return the token of the link; None when the secret key changed after the mail was
        queued."""
        token = links.password_token(mail.id, mail.created_at)
        return token if links.digest(token) == self.token_hash else None

    def message(self, head: Letterhead) -> Message:
        """Return the mail « Choisissez votre mot de passe »."""
        until = self.expires_at.astimezone(PARIS)
        return other_messages.password(head, until, has_password=self.has_password)


@dataclass(frozen=True, slots=True)
class ToProposer:
    """The mail to a person whose suggestion was decided.

    :param day: the day in Europe/Paris on which the suggestion was made.
    :param accepted: whether the calendar now has the suggested date.
    :param of_change: whether the suggestion was about a known event: a mistake, or a moved date.
    :param event: id and title of the event that has the suggested date, or that the suggestion was
        about; None if there is none.
    :param words: the editor's answer; None if empty.
    """

    address: str
    day: date
    accepted: bool
    of_change: bool
    event: tuple[str, str] | None
    words: str | None

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return an empty text: the mail has no personal link."""
        return ""

    def message(self, head: Letterhead) -> Message:
        """Return the mail « Votre proposition »."""
        return other_messages.suggestion(
            head,
            self.day,
            self.event,
            self.words,
            accepted=self.accepted,
            of_change=self.of_change,
        )


@dataclass(frozen=True, slots=True)
class ToForwarder:
    """The mail to an editor who sent a letter to the mailbox.

    :param day: the day in Europe/Paris on which the letter came.
    :param letter_ids: the letters that the mail brought.
    :param found: the number of their dates.
    :param pending: of these, those that the editor may read and somebody has to decide about.
    :param reason: French: why the mail brought no letter; None if it did.
    :param problems: French: why parts of it could not be read though it did; None if all could.
    """

    address: str
    day: date
    letter_ids: tuple[int, ...]
    found: int
    pending: int
    reason: str | None
    problems: str | None

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return an empty text: the mail has no personal link."""
        return ""

    def message(self, head: Letterhead) -> Message:
        """Return the mail « Votre lettre »."""
        return other_messages.letter(
            head,
            self.day,
            self.letter_ids,
            self.found,
            self.pending,
            self.reason,
            self.problems,
        )


@dataclass(frozen=True, slots=True)
class ToFollower:
    """The mail to an editor who follows an agenda that has a fault.

    :param name: how an editor called the agenda.
    :param warning: French: the fault.
    """

    address: str
    name: str
    source_id: int
    warning: str

    def token(self, links: PersonalLinks, mail: Claimed) -> str | None:
        """Return an empty text: the mail has no personal link."""
        return ""

    def message(self, head: Letterhead) -> Message:
        """Return the mail « Un agenda à regarder »."""
        return other_messages.agenda(head, self.name, self.source_id, self.warning)


def read(session: AnySession, mails: Sequence[Claimed], now: datetime) -> Mapping[int, OtherMail]:
    """Return the recipient and text of each mail, by the id of its delivery; mails that nobody
    waits for any more are left out."""
    ids = [mail.id for mail in mails]
    if not ids:
        return {}
    return {
        **_editors(session, ids, now),
        **_proposers(session, ids),
        **_forwarders(session, ids),
        **_followers(session, ids),
    }


def somebody_waits(now: datetime) -> ColumnElement[bool]:
    """Return the condition, for the gate, that somebody still waits for a delivery."""
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
        exists().where(
            ReceivedMail.answer_delivery_id == Delivery.id,
            Delivery.kind == DeliveryKind.LETTER,
            Editor.id == ReceivedMail.editor_id,
            Editor.disabled_at.is_(None),
        ),
        exists().where(
            Source.told_delivery_id == Delivery.id,
            Delivery.kind == DeliveryKind.AGENDA,
            *_IS_FAULTY,
        ),
    )


#: The conditions that an agenda is followed and has a fault: one that healed needs no mail.
_IS_FAULTY = (Source.warning.is_not(None), Source.paused_at.is_(None))


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a link still sets a password."""
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
        # A draft that repeats another one shares its decision.
        decided = draft.same_as or draft
        if decided.state in _DECIDED and draft.answer_delivery_id and draft.suggested_by:
            event = decided.event
            found[draft.answer_delivery_id] = ToProposer(
                address=draft.suggested_by,
                day=paris_day(draft.created_at),
                accepted=decided.state in _IN_THE_CALENDAR,
                of_change=decided.proposal is Proposal.CHANGE,
                event=(event.id, event.title) if event else None,
                words=decided.answer,
            )
    return found


def _forwarders(session: AnySession, ids: Sequence[int]) -> dict[int, ToForwarder]:
    found = {}
    rows = session.execute(
        select(ReceivedMail, Editor)
        .join(Editor, Editor.id == ReceivedMail.editor_id)
        .where(ReceivedMail.answer_delivery_id.in_(ids), Editor.disabled_at.is_(None))
    )
    for mail, editor in rows.tuples().all():
        letters = select(ReceivedLetter.letter_id).where(ReceivedLetter.mail_id == mail.id)
        drafts = session.scalars(select(Draft).where(Draft.letter_id.in_(letters))).all()
        pending = [
            draft
            for draft in drafts
            if draft.state is DraftState.PENDING
            and is_allowed(session, editor, EditorAction.READ_DRAFT, draft.scope)
        ]
        found[mail.answer_delivery_id or 0] = ToForwarder(
            address=editor.address,
            day=paris_day(mail.received_at),
            letter_ids=tuple(session.scalars(letters.order_by(ReceivedLetter.letter_id))),
            found=len(drafts),
            pending=len(pending),
            reason=mail.reason,
            problems=mail.problems,
        )
    return found


def _followers(session: AnySession, ids: Sequence[int]) -> dict[int, ToFollower]:
    found = {}
    query = select(Source).where(Source.told_delivery_id.in_(ids), *_IS_FAULTY)
    for source in session.scalars(query):
        editor = _keeper(session, source)
        if editor and source.told_delivery_id and source.warning:
            found[source.told_delivery_id] = ToFollower(
                editor.address, source.name, source.id, source.warning
            )
    return found


def _keeper(session: AnySession, source: Source) -> Editor | None:
    """Return the editor who looks after an agenda: the one who follows it, or else the first one
    who may; None if there is none."""
    everybody = select(Editor).where(Editor.disabled_at.is_(None))
    own_first = (Editor.id != (source.created_by_id or 0), Editor.id)
    return next(
        (
            editor
            for editor in session.scalars(everybody.order_by(*own_first))
            if is_allowed(session, editor, EditorAction.FOLLOW_SOURCE, source.scope)
        ),
        None,
    )
