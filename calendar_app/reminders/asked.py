"""Requests that anybody may make by typing an address: a sign-up, a personal link, a new password.

A request is stored and answered at once, before anything looks up whose address it is: a known and
an unknown address cost the same statements. A few seconds later, the worker looks up the address
(:func:`answer`) and deletes the request in the transaction that queues its mail.

``now`` is an aware UTC instant everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from calendar_app.config.retention import ASKED
from calendar_app.reminders import subscriptions
from calendar_app.reminders.models.subscriptions import AddressRequest
from calendar_app.reminders.rules.deliveries import AskedFor
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.reminders.subscribers import SignUp, Wishes
from calendar_app.store.base import AnySession, writing
from calendar_app.words.mail_addresses import MailAddress


def sign_up(session: AnySession, request: SignUp, now: datetime) -> None:
    """Store a sign-up. The worker then asks the address to confirm it, or sends the personal link
    if the address is already subscribed."""
    wishes = {
        name: sorted(value) if isinstance(value, Set) else value
        for name, value in asdict(request.wishes).items()
    }
    form = {"wishes": wishes, "event_ids": request.event_ids, "next_of": request.next_of}
    form["consent"] = request.consent
    _ask(session, AskedFor.SIGN_UP, request.address, now, form)


def link(session: AnySession, address: MailAddress, now: datetime) -> None:
    """Store « Retrouver mon lien ». The worker then sends the link if there is one."""
    _ask(session, AskedFor.LINK, address, now)


def password(session: AnySession, address: MailAddress, now: datetime) -> None:
    """Store « Mot de passe oublié ». The worker then mails a link if an editor has the address."""
    _ask(session, AskedFor.PASSWORD, address, now)


#: A function of the editing room. It mails a link to choose a password if the address is an
#: editor's, inside the caller's transaction.
MailPassword = Callable[[AnySession, MailAddress, PersonalLinks, datetime], None]


def answer(
    session: AnySession, links: PersonalLinks, now: datetime, mail_password: MailPassword
) -> int:
    """Answer the stored requests, oldest first, each in a transaction of its own. Return how many
    were answered.

    Several processes may run this at once: each request is answered by one of them.
    """
    waiting = list(session.scalars(select(AddressRequest.id).order_by(AddressRequest.id)))
    session.rollback()
    return sum(_answer_one(session, id_, links, now, mail_password) for id_ in waiting)


def clean(session: AnySession, now: datetime) -> int:
    """Delete the requests that no worker took within a day; the person has to ask again. Return how
    many were deleted."""
    with writing(session, now):
        old = delete(AddressRequest).where(AddressRequest.asked_at <= now - ASKED)
        return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _ask(
    session: AnySession,
    asked_for: AskedFor,
    address: MailAddress,
    now: datetime,
    form: dict[str, Any] | None = None,
) -> None:
    with writing(session, now):
        request = AddressRequest(
            asked_for=asked_for, address=address.address, asked_at=now, form=form
        )
        session.add(request)


def _answer_one(
    session: AnySession,
    id_: int,
    links: PersonalLinks,
    now: datetime,
    mail_password: MailPassword,
) -> bool:
    query = select(AddressRequest).where(AddressRequest.id == id_)
    try:
        with writing(session, now):
            asked = session.scalar(query.with_for_update(skip_locked=True))
            if asked is None:
                return False  # another worker answers it, or has answered it
            address = MailAddress.read(asked.address)
            match asked.asked_for:
                case AskedFor.SIGN_UP:
                    request = _sign_up_of(address, asked.form or {})
                    subscriptions.sign_up(session, request, asked.asked_at, now)
                case AskedFor.LINK:
                    subscriptions.send_link(session, address, now)
                case AskedFor.PASSWORD:
                    mail_password(session, address, links, now)
            session.delete(asked)
    except IntegrityError:
        # Two workers added the same new address at once. At the next tick, the address is known.
        return False
    return True


def _sign_up_of(address: MailAddress, form: dict[str, Any]) -> SignUp:
    wishes: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in form["wishes"].items()
    }
    wishes["school"] = SchoolKind(wishes["school"])
    return SignUp(
        address,
        Wishes(**wishes),
        event_ids=tuple(form["event_ids"]),
        # A request that waited during an upgrade has none.
        next_of=tuple(form.get("next_of", ())),
        consent=form["consent"],
    )
