"""How long what concerns a person is kept, and how a page or a mail says it.

Each promise is one constant here: the worker deletes by it, and pages and mails say it (the filter
``duration``), so that they cannot differ. « Données personnelles » names all of them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

#: A sign-up, or a new address, that nobody confirmed.
UNCONFIRMED: Final = timedelta(days=7)

#: A subscription that was ended, by its subscriber or by silence, or whose address refuses mail.
ENDED: Final = timedelta(days=30)

#: What somebody asked for by typing an address, until the worker takes it (mostly seconds later).
ASKED: Final = timedelta(days=1)

#: The address that somebody left with a suggestion, at most.
PROPOSER: Final = timedelta(days=90)

#: The rows of mails that are done: a school year and its rentrée.
MAILS: Final = timedelta(days=400)

#: What « Le point de la semaine » told of a date, after that date.
WEEKLY: Final = timedelta(days=30)

#: Counts of what was asked from one network, and for one address.
COUNTS_OF_NETWORK: Final = timedelta(hours=1)
COUNTS_OF_ADDRESS: Final = timedelta(hours=24)

#: How often the worker deletes what is over: nothing is kept longer beyond its time.
CLEANED_EVERY: Final = timedelta(hours=1)

#: Years without a click after which reminders end (see :func:`silence_ends`).
SILENT_YEARS: Final = 3

#: The end by silence is told by mail so long before it, at least.
TOLD_BEFORE: Final = timedelta(days=30)

#: Years without a log-in after which an editor's account is disabled.
IDLE_ACCOUNT_YEARS: Final = 2

#: Years after which the name and the address of a disabled account are erased.
DISABLED_ACCOUNT_YEARS: Final = 3

#: Who has no name any more, in the journal and elsewhere.
ERASED_NAME: Final = "compte supprimé"

# Reminders end by silence on this day (month, day): some eight weeks after the mails of the
# rentrée, which say it. A day that all share lets these mails share their text.
_SILENCE_ENDS_ON = (11, 1)


def silence_ends(heard: date, today: date) -> date:
    """Return the day, told *today*, on which reminders end for somebody who did nothing after
    *heard*: the first 1 November that is at least :data:`SILENT_YEARS` years later. Where that day
    has passed without their being told, it is the next one after today."""
    on = date(heard.year, *_SILENCE_ENDS_ON)
    first = on.replace(year=heard.year + SILENT_YEARS + (heard > on))
    return first if first > today else _last_end(today).replace(year=_last_end(today).year + 1)


def silence_ended(today: date) -> tuple[date, date]:
    """Return the latest day, today at most, on which silence ends reminders; and the last day such
    that who did nothing after it is meant by then."""
    last = _last_end(today)
    return last, last.replace(year=last.year - SILENT_YEARS)


def _last_end(today: date) -> date:
    on = date(today.year, *_SILENCE_ENDS_ON)
    return on.replace(year=today.year - (today < on))


def years_before(now: datetime, years: int) -> datetime:
    """Return the same day and hour so many years earlier; 28 February where it has no 29th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def duration_words(span: timedelta | int) -> str:
    """Return « 30 jours », « 24 heures », « 1 heure » or, for a number of years, « 3 ans ».

    :param span: whole hours, said as days from two days on; or years.
    """
    if isinstance(span, int):
        return f"{span}\u00a0{'an' if span == 1 else 'ans'}"
    hours = int(span.total_seconds()) // 3600
    count, unit = (hours // 24, "jour") if hours % 24 == 0 and hours > 24 else (hours, "heure")
    return f"{count}\u00a0{unit}{'s' if count > 1 else ''}"
