"""How long personal data is kept, and how a page or a mail says so.

Each promise is one constant. The worker deletes by this constant, and pages and mails show it
(filter ``duration``), so that they cannot differ. « Données personnelles » names all promises.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

#: A sign-up, or a new address, that is not confirmed.
UNCONFIRMED: Final = timedelta(days=7)

#: A subscription that ended (by its subscriber or by silence), or whose address refuses mail.
ENDED: Final = timedelta(days=30)

#: A request made by typing an address, until the worker takes it (mostly seconds later).
ASKED: Final = timedelta(days=1)

#: The address left with a suggestion, at most.
PROPOSER: Final = timedelta(days=90)

#: A mail of an unknown sender until an administrateur decides, and the subject of any mail.
STRANGE_MAIL: Final = timedelta(days=30)

#: The rows of finished mails: a school year and the rentrée after it.
MAILS: Final = timedelta(days=400)

#: The lines of the ledger of departures: longer than any backup is kept.
LEDGER: Final = timedelta(days=400)

#: The record of what « Le point de la semaine » told of a date, counted from that date.
WEEKLY: Final = timedelta(days=30)

#: Counts of requests from one network, and for one address.
COUNTS_OF_NETWORK: Final = timedelta(hours=1)
COUNTS_OF_ADDRESS: Final = timedelta(hours=24)

#: The time between two deletions by the worker; data stays at most this much beyond its end.
CLEANED_EVERY: Final = timedelta(hours=1)

#: Years without a click after which reminders end (see :func:`silence_ends`).
SILENT_YEARS: Final = 3

#: The least time between the mail that announces the end by silence and this end.
TOLD_BEFORE: Final = timedelta(days=30)

#: Years without a log-in after which an editor's account is disabled.
IDLE_ACCOUNT_YEARS: Final = 2

#: Years after which the name and the address of a disabled account are erased.
DISABLED_ACCOUNT_YEARS: Final = 3

#: The name of an account whose name was erased, in the journal and elsewhere.
ERASED_NAME: Final = "compte supprimé"

# Reminders end by silence on this day (month, day): some eight weeks after the mails of the
# rentrée, which announce it. One day for everybody lets these mails share their text.
_SILENCE_ENDS_ON = (11, 1)


def silence_ends(heard: date, today: date) -> date:
    """Return the day on which reminders end for a person who did nothing after the day *heard*.

    This is the first 1 November at least :data:`SILENT_YEARS` years later. If that day has come
    without the person being told, it is the next 1 November after *today*.

    :param heard: the last day on which the person did something, in Paris.
    :param today: in Paris.
    """
    on = date(heard.year, *_SILENCE_ENDS_ON)
    first = on.replace(year=heard.year + SILENT_YEARS + (heard > on))
    return first if first > today else _last_end(today).replace(year=_last_end(today).year + 1)


def silence_ended(today: date) -> tuple[date, date]:
    """Return two days: when silence last ended reminders (*today* at the latest), and the limit.

    On the first day, reminders ended for the people who did nothing after the limit.
    """
    last = _last_end(today)
    return last, last.replace(year=last.year - SILENT_YEARS)


def _last_end(today: date) -> date:
    on = date(today.year, *_SILENCE_ENDS_ON)
    return on.replace(year=today.year - (today < on))


def years_before(now: datetime, years: int) -> datetime:
    """Return the same day and hour *years* years earlier; 28 February if it has no 29th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def duration_words(span: timedelta | int) -> str:
    """Return « 30 jours », « 24 heures », « 1 heure » or, for a number of years, « 3 ans ».

    :param span: whole hours, written as days from two days on; or a number of years.
    """
    if isinstance(span, int):
        return f"{span}\u00a0{'an' if span == 1 else 'ans'}"
    hours = int(span.total_seconds()) // 3600
    count, unit = (hours // 24, "jour") if hours % 24 == 0 and hours > 24 else (hours, "heure")
    return f"{count}\u00a0{unit}{'s' if count > 1 else ''}"
