"""The mails to people who are not subscribers, one function for each: see
``reminders/mail/messages.py``."""

from __future__ import annotations

from datetime import date, datetime

from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.words.french import day_words, hour_words
from calendar_app.words.text import clean, clean_line


def password(head: Letterhead, until: datetime, *, has_password: bool) -> Message:
    """« Choisissez votre mot de passe »: the single-use link of an editor.

    :param until: when the link expires, on the clock of Paris.
    :param has_password: whether the editor has a password already, which works until it is
        replaced.
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
    """« Votre proposition »: what became of a suggestion. The mail contains nothing that a visitor
    typed, because anybody may type anybody's address.

    :param day: the day on which the suggestion was made.
    :param event: id and title of the event that contains what was suggested, or that the suggestion
        was about.
    :param words: what the editor says.
    :param of_change: whether the suggestion was about something that the calendar already had.
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
