"""What anybody may ask for by typing an address: to sign up, their link, a new password.

The request is written down and answered at once, without a look at whose address it is: a known
one and an unknown one cost the same statements. The worker looks, a few seconds later
(:func:`answer`), and forgets the request in the transaction that queues its mail.
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
    """Note a sign-up: the worker asks the address to confirm it, or sends the link of somebody who
    is subscribed."""
    wishes = {
        name: sorted(value) if isinstance(value, Set) else value
        for name, value in asdict(request.wishes).items()
    }
    form = {"wishes": wishes, "event_ids": request.event_ids, "consent": request.consent}
    _ask(session, AskedFor.SIGN_UP, request.address, now, form)


def link(session: AnySession, address: MailAddress, now: datetime) -> None:
    """Note « Retrouver mon lien »: the worker sends it to whom it belongs."""
    _ask(session, AskedFor.LINK, address, now)


def password(session: AnySession, address: MailAddress, now: datetime) -> None:
    """Note « Mot de passe oublié »: the worker mails a link, if an editor has this address."""
    _ask(session, AskedFor.PASSWORD, address, now)


#: Mails a link to choose a password, inside the caller's transaction, if the address is an
#: editor's: the editing room's part of the answers.
MailPassword = Callable[[AnySession, MailAddress, PersonalLinks, datetime], None]


def answer(
    session: AnySession, links: PersonalLinks, now: datetime, mail_password: MailPassword
) -> int:
    """Answer what was asked, oldest first, each in a transaction of its own; return how many.

    Harmless to run in several processes at once: each request is answered by one.
    """
    waiting = list(session.scalars(select(AddressRequest.id).order_by(AddressRequest.id)))
    session.rollback()
    return sum(_answer_one(session, id_, links, now, mail_password) for id_ in waiting)


def clean(session: AnySession, now: datetime) -> int:
    """Forget what no worker took in a day: one asks again; return how many."""
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
                return False  # somebody else answers, or has answered
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
        # Two workers met the same new address at one instant: at the next tick it is known.
        return False
    return True


def _sign_up_of(address: MailAddress, form: dict[str, Any]) -> SignUp:
    wishes: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in form["wishes"].items()
    }
    wishes["school"] = SchoolKind(wishes["school"])
    return SignUp(address, Wishes(**wishes), tuple(form["event_ids"]), form["consent"])
