"""What editing forgets of an address that a person erases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from calendar_app.editing import suggestions
from calendar_app.editing.mailbox import receiving
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.mailbox import DeclaredSender, ReceivedMail
from calendar_app.store.base import AnySession

_REASON = "Son expéditeur a fait effacer son adresse."


def addresses(session: AnySession) -> set[str]:
    """Return the addresses (``MailAddress.key``) that :func:`forget` would find."""
    kept = (Draft.suggested_by, ReceivedMail.sender, DeclaredSender.address)
    found = (session.scalars(select(column).where(column.is_not(None))) for column in kept)
    return {address.casefold() for addresses in found for address in addresses if address}


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
