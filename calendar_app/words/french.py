"""French wording of days, hours and durations.

The rules are those of the Imprimerie nationale: « 1er », no capital on months and weekdays,
« 14 h 30 » with no-break spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time

NBSP = "\u00a0"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

SHORT_MONTHS = (
    "janv.",
    "févr.",
    "mars",
    "avril",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)


def day_words(day: date, *, weekday: bool = True, year: bool = True) -> str:
    """Return « jeudi 11 février 2021 »."""
    number = f"1er{NBSP}" if day.day == 1 else f"{day.day}{NBSP}"
    words = f"{number}{MONTHS[day.month - 1]}"
    if weekday:
        words = f"{WEEKDAYS[day.weekday()]} {words}"
    return f"{words} {day.year}" if year else words


def span_words(first: date, last: date, *, weekday: bool = False) -> str:
    """Return inclusive days as « 11 février 2021 » or « du 20 au 24 janvier 2021 »."""
    if first == last:
        return day_words(first, weekday=weekday)
    end = day_words(last, weekday=weekday)
    if first.year != last.year:
        return f"du {day_words(first, weekday=weekday)} au {end}"
    if first.month != last.month:
        return f"du {day_words(first, weekday=weekday, year=False)} au {end}"
    number = "1er" if first.day == 1 else str(first.day)
    start = f"{WEEKDAYS[first.weekday()]} {number}" if weekday else number
    return f"du {start} au {end}"


def short_span_words(first: date, last: date) -> str:
    """Return inclusive days without their year: « 11 févr. », « 20–24 janv. », « 28 janv. – 1er
    févr. »."""

    def number(day: date) -> str:
        return "1er" if day.day == 1 else str(day.day)

    end = f"{number(last)}{NBSP}{SHORT_MONTHS[last.month - 1]}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{number(first)}–{end}"
    return f"{number(first)}{NBSP}{SHORT_MONTHS[first.month - 1]} – {end}"


def month_words(day: date) -> str:
    """Return « février 2021 »."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def of_month_words(day: date) -> str:
    """Return « de février 2021 », « d'avril 2021 »."""
    words = month_words(day)
    return f"d'{words}" if words[0] in "ao" else f"de {words}"


def hour_words(at: time) -> str:
    """Return « 14 h 30 », « 9 h », « minuit » or « midi »."""
    if (at.hour, at.minute) in ((0, 0), (12, 0)):
        return "midi" if at.hour else "minuit"
    minutes = f"{NBSP}{at.minute:02}" if at.minute else ""
    return f"{at.hour}{NBSP}h{minutes}"


def days_left_words(days: int) -> str:
    """Return « aujourd'hui », « demain », « dans 12 jours » or, for past days,
    « il y a 3 jours »."""
    match days:
        case 0:
            return "aujourd'hui"
        case 1:
            return "demain"
        case -1:
            return "hier"
    return f"dans {days}{NBSP}jours" if days > 0 else f"il y a {-days}{NBSP}jours"


def class_weeks_words(weeks: int, *, at_most: bool = False) -> str:
    """Return the countdown « il reste 6 semaines de classe ».

    :param at_most: whether some readers have fewer weeks (« il reste au plus… »).
    """
    if weeks == 0:
        return "plus aucune semaine de classe après celle-ci"
    left = "il reste au plus" if at_most else "il reste"
    return f"{left} {weeks}{NBSP}semaine{'s' if weeks > 1 else ''} de classe"


def in_class_weeks_words(weeks: int) -> str:
    """Return « Dans 3 semaines de classe », or « Dernière semaine de classe » for 0."""
    if weeks == 0:
        return "Dernière semaine de classe"
    return f"Dans {weeks} semaine{'s' if weeks > 1 else ''} de classe"


def list_words(items: Iterable[str]) -> str:
    """Return « a, b et c »."""
    *start, last = list(items) or [""]
    return f"{', '.join(start)} et {last}" if start else last


def counted(number: int, noun: str) -> str:
    """Return « 0 courriel remis », « 2 courriels remis ».

    :param noun: a noun with its adjectives, in the singular, whose plural is made with « s ».
    """
    words = (word if word.endswith("s") or number < 2 else f"{word}s" for word in noun.split())
    return f"{number} {' '.join(words)}"


_NARROW = "\u202f"


def typography(text: str) -> str:
    """Return *text* with the apostrophes and the no-break spaces of French.

    Narrow ones stand inside guillemets and before « ; », « ? » and « ! »; full ones stand before
    « : » and inside « n° 23 » and « zone A ».
    """
    text = apostrophes(text)
    text = re.sub(r" (?=[;?!»])|(?<=«) ", _NARROW, text)
    text = re.sub(r" (?=:(?:\s|$))|(?<=n°) (?=\d)", NBSP, text)
    return re.sub(r"\b(zones?) (?=[ABC]\b)", rf"\1{NBSP}", text)


#: An apostrophe of a keyboard between letters, also as HTML writes it.
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])(?:'|&#39;)(?=[^\W_])")
_WORD = re.compile(r"""[^\s<>"]+""")


def apostrophes(text: str) -> str:
    """Return *text* with curly apostrophes between letters (« l’école »).

    *text* may be HTML. A link and a mail address stay as they are: with another character they
    would lead elsewhere.
    """
    if not _APOSTROPHE.search(text):
        return text
    return _WORD.sub(
        lambda word: word[0] if re.search("@|://", word[0]) else _APOSTROPHE.sub("’", word[0]), text
    )
