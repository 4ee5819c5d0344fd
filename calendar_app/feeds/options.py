"""The options of a feed, and how an address says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from calendar_app.words.errors import ParameterError, as_repeated

MONTH = re.compile(r"((?:19|20|21)[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """The advanced options of a feed, all off by default.

    :param since: the first day of the feed, for an archive (``?depuis=2020-09``); None for the
        default.
    :param bars: whether a window is one bar instead of two dates (``?fenetres=barre``).
    :param reminder_weeks: how many class weeks before a deadline a visible reminder stands
        (``?rappels=3``); None for no reminders.
    :param alarms: whether deadlines and sessions have a VALARM (``?alarmes=1``).
    :param holidays: whether the feed also has the school holidays (``?vacances=1``).
    """

    since: date | None = None
    bars: bool = False
    reminder_weeks: int | None = None
    alarms: bool = False
    holidays: bool = False

    @property
    def one_event_each(self) -> bool:
        """Whether each date is one VEVENT, which depends on no other date."""
        return not self.bars and not self.reminder_weeks

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Return the options as query parameters, always in the same order."""
        found = []
        if self.since:
            found.append(("depuis", self.since.isoformat()[:7]))
        if self.bars:
            found.append(("fenetres", "barre"))
        if self.reminder_weeks:
            found.append(("rappels", str(self.reminder_weeks)))
        if self.alarms:
            found.append(("alarmes", "1"))
        if self.holidays:
            found.append(("vacances", "1"))
        return tuple(found)


def read_options(
    since: str, bars: str = "", reminders: str = "", alarms: str = "", holidays: str = ""
) -> FeedOptions:
    """Return the options of an address; an empty text means that the parameter is missing.

    :raises ParameterError: for a value that is not allowed.
    """
    month = MONTH.fullmatch(since)
    if since and not month:
        sentence = f"« {as_repeated(since)} » n'est pas un mois : il s'écrit 2020-09."
        raise ParameterError(sentence, since)
    if bars not in ("", "barre"):
        sentence = "Une inscription ouverte se montre d'un seul trait si l'adresse dit « barre »."
        raise ParameterError(sentence, bars, "barre")
    if reminders and not re.fullmatch(r"[1-9]|1[0-2]", reminders):
        sentence = "Un rappel visible se demande de 1 à 12 semaines de classe avant la date."
        raise ParameterError(sentence, reminders)
    if alarms not in ("", "1"):
        raise ParameterError("Une alarme se demande par le chiffre 1.", alarms, "1")
    if holidays not in ("", "1"):
        sentence = "Les vacances scolaires se demandent par le chiffre 1."
        raise ParameterError(sentence, holidays, "1")
    return FeedOptions(
        since=date(int(month[1]), int(month[2]), 1) if month else None,
        bars=bool(bars),
        reminder_weeks=int(reminders) if reminders else None,
        alarms=bool(alarms),
        holidays=bool(holidays),
    )
