"""What editing forgets of an address that a person erases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from calendar_app.editing import suggestions
from calendar_app.editing.mailbox import receiving
from calendar_app.editing.models.mailbox import DeclaredSender, ReceivedMail
from calendar_app.store.base import AnySession

_REASON = "Son expéditeur a fait effacer son adresse."


def forget(session: AnySession, key: str, now: datetime) -> None:
    """Erase an address from the suggestions, the mails that wait, and the declared senders, inside
    the caller's transaction.

    :param key: ``MailAddress.key`` of the address.
    """
    suggestions.forget(session, key, now)
    waiting = select(ReceivedMail).where(func.lower(ReceivedMail.sender) == key)
    for row in session.scalars(waiting.with_for_update()):
        receiving.refuse_row(row, _REASON)
        row.subject = None
    # The rows of its scope go with it.
    session.execute(delete(DeclaredSender).where(DeclaredSender.address == key))
