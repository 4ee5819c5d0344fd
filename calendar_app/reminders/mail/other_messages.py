"""The mails to people who are not subscribers, one function for each: see
``reminders/mail/messages.py``."""

from __future__ import annotations

from collections.abc import Sequence
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


def letter(
    head: Letterhead,
    day: date,
    letter_ids: Sequence[int],
    found: int,
    pending: int,
    reason: str | None,
    problems: str | None = None,
) -> Message:
    """« Votre lettre »: what was found in a letter that an editor sent to the mailbox. The mail
    contains nothing of the letter, because anybody may write in anybody's name.

    :param day: the day on which the letter came.
    :param letter_ids: the letters that it brought; the link leads to the only one, else to all.
    :param found: the number of dates in them.
    :param pending: of these, those that wait for this editor.
    :param reason: French: why it brought no letter; None if it did.
    :param problems: French: why parts of it could not be read; None if all could.
    """
    rest = f"{letter_ids[0]}/" if len(letter_ids) == 1 else ""
    context = {
        "day": day_words(day, weekday=False),
        "path": f"/redaction/lettres/{rest}",
        "found": found,
        "pending": pending,
        "reason": reason,
        "problems": problems,
    }
    return Message.build(head, DeliveryKind.LETTER, context, unsubscribe=False)


def agenda(head: Letterhead, name: str, source_id: int, warning: str) -> Message:
    """« Un agenda à regarder »: what is wrong with an agenda that an editor follows.

    :param name: how an editor called the agenda.
    :param warning: a French sentence.
    """
    context = {
        "name": clean_line(name),
        "path": f"/redaction/sources/{source_id}/",
        "warning": warning,
    }
    return Message.build(head, DeliveryKind.AGENDA, context, unsubscribe=False)
