"""The mails to others than subscribers, one function each: see ``reminders/mail/messages.py``."""

from __future__ import annotations

from datetime import date, datetime

from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.words.french import day_words, hour_words
from calendar_app.words.text import clean, clean_line


def password(head: Letterhead, until: datetime, *, has_password: bool) -> Message:
    """« Choisissez votre mot de passe »: the single-use link of an editor.

    :param until: when the link ends, in Paris.
    :param has_password: whether it replaces one, which works until then.
    """
    context = {
        "until": f"{day_words(until.date())} à {hour_words(until.time())}",
        "has_password": has_password,
    }
    return Message.build(head, DeliveryKind.PASSWORD, context, unsubscribe=False)


def suggestion(
    head: Letterhead,
    day: date,
    event: tuple[str, str] | None,
    words: str | None,
    *,
    accepted: bool,
    of_change: bool = False,
) -> Message:
    """« Votre proposition »: what became of it. Nothing that a visitor typed is in it, for anybody
    may type anybody's address.

    :param day: when it was made.
    :param event: id and title of the event that has what was suggested, or that it was about.
    :param words: what the editor says.
    :param of_change: it was about what the calendar had already.
    """
    context = {
        "accepted": accepted,
        "of_change": of_change,
        "day": day_words(day, weekday=False),
        "event_id": event[0] if event else None,
        "title": clean_line(event[1]) if event else None,
        "paragraphs": [p.strip() for p in clean(words or "").split("\n") if p.strip()],
    }
    return Message.build(head, DeliveryKind.SUGGESTION, context, unsubscribe=False)
