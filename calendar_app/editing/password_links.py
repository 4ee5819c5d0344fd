"""Single-use links to set an editor's password: handed over by an operator, or mailed.

Only the hash of a token is stored. The token of a mailed link is computed from the row of its mail
and the secret key of the installation each time the mail is written.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.reminders.outbox import queue_other
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.store.base import AnySession
from calendar_app.words.errors import DeadLinkError

#: How long a link works: one that an operator made, and one from « Mot de passe oublié ». (A
#: school's mail server that defers unknown senders may take hours.)
PASSWORD_LINK_LIFE, SELF_SERVICE_LIFE = timedelta(days=3), timedelta(days=1)


class PasswordLinkError(DeadLinkError):
    """The link was used, is expired or unknown, or its editor is disabled."""

    def __init__(self) -> None:
        super().__init__(
            "Ce lien a déjà servi, n'est plus valable, ou n'est pas complet. Demandez-en un autre "
            "sur la page « Mot de passe oublié »."
        )


# The functions below run inside the caller's transaction, which holds the lock of the editor's row.


def new(session: AnySession, editor_id: int, now: datetime) -> str:
    """Add a link that works for :data:`PASSWORD_LINK_LIFE`, and return its token for an operator to
    hand over; earlier links are deleted."""
    kill(session, editor_id)
    token = secrets.token_urlsafe(32)
    _add(session, editor_id, token, now + PASSWORD_LINK_LIFE)
    return token


def mail(
    session: AnySession, editor_id: int, links: PersonalLinks, life: timedelta, now: datetime
) -> None:
    """Queue a mail with a new link. Earlier links that still work stay; the others are deleted.

    :param life: how long the link works from *now* on.
    """
    dead = or_(PasswordLink.used_at.is_not(None), PasswordLink.expires_at <= now)
    session.execute(delete(PasswordLink).where(PasswordLink.editor_id == editor_id, dead))
    delivery = queue_other(session, DeliveryKind.PASSWORD, now, now + life)
    _add(session, editor_id, links.password_token(delivery.id, now), now + life, delivery.id)


def kill(session: AnySession, editor_id: int) -> None:
    """Delete all links of an editor."""
    session.execute(delete(PasswordLink).where(PasswordLink.editor_id == editor_id))


def open_link(
    session: AnySession, token: str, now: datetime, *, for_update: bool = False
) -> PasswordLink:
    """Return the link of a token.

    :param for_update: lock the editor's row first, as every change to an editor or a link does.
    :raises PasswordLinkError: when the link is used, expired or unknown, or the editor is disabled.
    """
    of_token = PasswordLink.token_hash == PersonalLinks.digest(token)
    if for_update:
        whose = select(Editor.id).join(PasswordLink, PasswordLink.editor_id == Editor.id)
        session.execute(whose.where(of_token).with_for_update(of=Editor))
    found = session.scalar(select(PasswordLink).where(of_token))
    if found is None or found.used_at or found.expires_at <= now or found.editor.disabled_at:
        raise PasswordLinkError
    return found


def use_up(session: AnySession, link: PasswordLink, now: datetime) -> None:
    """Mark a link as used, and delete the other links of its editor."""
    link.used_at = now
    others = PasswordLink.token_hash != link.token_hash
    session.execute(delete(PasswordLink).where(PasswordLink.editor_id == link.editor_id, others))


def _add(
    session: AnySession,
    editor_id: int,
    token: str,
    expires_at: datetime,
    delivery_id: int | None = None,
) -> None:
    session.add(
        PasswordLink(
            token_hash=PersonalLinks.digest(token),
            editor_id=editor_id,
            expires_at=expires_at,
            delivery_id=delivery_id,
        )
    )
