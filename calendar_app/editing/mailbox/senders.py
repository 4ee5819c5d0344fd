"""Declared senders: whose mails are letters, and for which académies or départements."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.mailbox import DeclaredSender
from calendar_app.editing.rights import NotYourActionError, is_allowed
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.mail_addresses import AddressError, MailAddress
from calendar_app.words.text import clean_line

_LIST_ID = re.compile(r"[a-z0-9]([a-z0-9._-]{0,200}[a-z0-9])?\.[a-z0-9.-]{1,100}")


class SenderError(CalendarError):
    """A sender cannot be declared: the sentence says why.

    :param field: the name of the form field with the problem.
    """

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


def declare(
    session: AnySession, editor: Editor, typed: str, scope: frozenset[str], now: datetime
) -> int:
    """Declare that the mails of a sender are letters for *scope*; return the id of the declaration.
    When this sender is declared for this scope already, nothing is added.

    :param typed: a mail address, or the name of a mailing list as « List-Id » has it.
    :raises SenderError: when *typed* is neither, or when the editor may not publish for all of
        *scope*.
    """
    with writing(session, now):
        return declared(session, editor, typed, scope, now).id


def declared(
    session: AnySession, editor: Editor, typed: str, scope: frozenset[str], now: datetime
) -> DeclaredSender:
    """As :func:`declare`, inside the caller's transaction."""
    address, list_id = _read(typed)
    if not is_allowed(session, editor, EditorAction.DECLARE_SENDER, scope):
        raise SenderError(
            "pour",
            "Choisissez des académies ou départements qui sont à vous ; déclarer un expéditeur "
            "revient aux responsables de publication.",
        )
    # The lock makes two editors who declare the same sender wait for each other.
    queries.catalogue(session, for_update=True)
    for known in of_mail(session, address, list_id):
        if known.scope == scope:
            return known
    sender = DeclaredSender(
        address=address, list_id=list_id, created_at=now, created_by_id=editor.id
    )
    sender.scope = set(scope)
    session.add(sender)
    session.flush()
    return sender


def withdraw(session: AnySession, editor: Editor, sender_id: int, now: datetime) -> None:
    """Take a declaration back: the next mails of this sender wait for an administrateur.

    :raises NotFoundError: when there is no such declaration for this editor.
    :raises NotYourActionError: when the editor may not publish for all of its scope.
    """
    with writing(session, now):
        sender = visible(session, editor, sender_id)
        if not is_allowed(session, editor, EditorAction.DECLARE_SENDER, sender.scope):
            raise NotYourActionError
        session.delete(sender)


def senders_of(session: AnySession, editor: Editor) -> list[DeclaredSender]:
    """Return the declarations whose scope lies within an editor's scope, the oldest first."""
    found = session.scalars(select(DeclaredSender).order_by(DeclaredSender.id))
    return [s for s in found if is_allowed(session, editor, EditorAction.READ_SENDER, s.scope)]


def visible(session: AnySession, editor: Editor, sender_id: int) -> DeclaredSender:
    """Return a declaration whose scope lies within an editor's scope.

    :raises NotFoundError: when there is no such declaration for this editor.
    """
    sender = session.get(DeclaredSender, sender_id)
    read = EditorAction.READ_SENDER
    if sender is None or not is_allowed(session, editor, read, sender.scope):
        raise NotFoundError("Cet expéditeur n'est pas déclaré, ou n'est pas de votre périmètre.")
    return sender


def of_mail(session: AnySession, address: str | None, list_id: str | None) -> list[DeclaredSender]:
    """Return the declarations of an address, or of a mailing list.

    :param address: ``MailAddress.key``.
    """
    by = [
        column == value
        for column, value in (
            (DeclaredSender.address, address),
            (DeclaredSender.list_id, list_id),
        )
        if value
    ]
    found = (session.scalars(select(DeclaredSender).where(one)) for one in by)
    return [sender for senders in found for sender in senders]


def _read(typed: str) -> tuple[str | None, str | None]:
    """Return the address, or else the name of the list, that somebody typed."""
    text = clean_line(typed).strip("<> ")
    if "@" not in text and _LIST_ID.fullmatch(text.lower()):
        return None, text.lower()
    try:
        return MailAddress.read(text).key, None
    except AddressError:
        raise SenderError(
            "expediteur",
            "Écrivez l'adresse de qui envoie ces lettres, par exemple lettre@ac-exemple.fr, ou le "
            "nom d'une liste de diffusion, par exemple lettre.listes.ac-exemple.fr.",
        ) from None
