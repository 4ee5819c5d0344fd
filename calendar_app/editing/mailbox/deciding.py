"""« Expéditeur inconnu »: an administrateur decides about mails that nobody declared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from calendar_app.editing.mailbox import receiving, senders
from calendar_app.editing.mailbox.receiving import Outcome
from calendar_app.editing.mailbox.waiting_room import WaitingRoom, room_of
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.mailbox import MailboxState, ReceivedMail
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.store.base import AnySession, reading, writing
from calendar_app.words.errors import NotFoundError

_REFUSED = "L'administration du site l'a refusée."


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """The mailbox at a glance.

    :param state: how the last readings ended; None before the first.
    :param counts: how many mails are in each state.
    :param room: how full the room of those that wait is.
    """

    state: MailboxState | None
    counts: dict[MailState, int]
    room: WaitingRoom

    @property
    def waiting(self) -> int:
        """The mails of unknown senders that wait for a decision."""
        return self.counts.get(MailState.WAITING, 0)


def facts(session: AnySession) -> MailboxFacts:
    """Return the mailbox at a glance."""
    counted = select(ReceivedMail.state, func.count()).group_by(ReceivedMail.state)
    counts = dict(session.execute(counted).tuples().all())
    return MailboxFacts(session.get(MailboxState, 1), counts, room_of(session))


def waiting_for(session: AnySession, editor: Editor) -> int:
    """Return how many mails wait for the decision of an editor; 0 of who may not decide."""
    return facts(session).waiting if is_allowed(session, editor, EditorAction.DECIDE_MAIL) else 0


def of_state(
    session: AnySession, editor: Editor, state: MailState, limit: int = 100
) -> list[ReceivedMail]:
    """Return the mails in a state, the newest first; none to an editor who may not decide."""
    if not is_allowed(session, editor, EditorAction.DECIDE_MAIL):
        return []
    query = select(ReceivedMail).where(ReceivedMail.state == state)
    return list(session.scalars(query.order_by(ReceivedMail.id.desc()).limit(limit)))


def visible(session: AnySession, editor: Editor, mail_id: int) -> ReceivedMail:
    """Return a mail that waits, to an administrateur.

    :raises NotFoundError: when there is no such mail for this editor.
    """
    row = session.get(ReceivedMail, mail_id)
    if (
        row is None
        or row.state is not MailState.WAITING
        or not is_allowed(session, editor, EditorAction.DECIDE_MAIL)
    ):
        raise NotFoundError("Ce courriel n'attend pas, ou n'attend plus, de décision.")
    return row


def read_as(
    session: AnySession,
    editor: Editor,
    mail_id: int,
    scope: frozenset[str],
    now: datetime,
    knowledge: LetterKnowledge,
    *,
    declares: bool = False,
) -> tuple[Outcome, str | None]:
    """Read a mail that waits as a letter of *scope*; return as :func:`receiving.receive`.

    :param declares: declare its list, or else its sender, for *scope* as well.
    :raises NotFoundError: as :func:`visible`.
    :raises SenderError: when there is nobody to declare.
    """
    if declares:
        with writing(session, now):
            row = visible(session, editor, mail_id)
            name = row.list_id or row.sender or ""
            senders.declared(session, editor, name, scope, now)
    else:
        with reading(session):
            visible(session, editor, mail_id)
    return receiving.read_waiting(session, mail_id, scope, now, knowledge)


def refuse(session: AnySession, editor: Editor, mail_id: int, now: datetime) -> None:
    """Refuse a mail that waits: its bytes and its sender are erased.

    :raises NotFoundError: as :func:`visible`.
    """
    with writing(session, now):
        receiving.refuse_row(visible(session, editor, mail_id), _REFUSED)
