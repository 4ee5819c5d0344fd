"""How sure each part of an item is, from how it was found, and what an editor should check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.letters.doubts import Doubts, doubts_from
from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, PrintedDay
from calendar_app.letters.grammar.years import Days
from calendar_app.letters.reading.merging import NO_STEP
from calendar_app.letters.reading.sure_titles import TitleFinding, sure_title
from calendar_app.words.french import MONTHS, WEEKDAYS, day_words
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import Certainty

#: The end of the warning of « avant le 15 »: some mean the 15th, and some the day before.
INCLUDED = "ce jour est-il compris ?"


def warnings_of(
    phrase: DatePhrase,
    days: Days,
    step: Step | None,
    end: date | None,
    issued: date,
    *,
    guessed: bool,
    unsettled: str | None,
) -> Iterator[str]:
    """Yield the French sentences that tell an editor what to check in an item.

    :param end: the last day of the item, or its first one.
    :param issued: the day of the letter.
    :param guessed: whether *issued* was guessed.
    :param unsettled: the words by which the letter says that the day is not settled, or None.
    """
    if days.impossible is not None:
        yield f"« {_printed(days.impossible)} » : ce jour n’existe pas."
    if days.wrong_weekday:
        printed = next(day for day in phrase.days if day.weekday is not None)
        yield (
            f"La lettre dit « {WEEKDAYS[printed.weekday or 0]} », mais le "
            f"{day_words(days.first, weekday=False)} est un {WEEKDAYS[days.first.weekday()]}."
        )
    if phrase.lead is LeadIn.BEFORE and phrase.end_time is None and not phrase.included:
        yield (f"« Avant le {day_words(days.last, weekday=False, year=False)} » : {INCLUDED}")
    if days.certainty is Certainty.APPROXIMATE:
        yield "Date approximative : à préciser."
    if unsettled:
        yield f"Date à confirmer : la lettre dit « {unsettled} »."
    if step is Step.UNKNOWN:
        yield NO_STEP
    if days.impossible is None and (end or days.last) < issued:
        yield "Cette date est passée au jour de la lettre."
    if guessed and days.year_from not in ("printed", "weekday"):
        yield "Année supposée : la lettre ne dit pas la sienne."


def _printed(day: PrintedDay) -> str:
    said = f"{day.day} {MONTHS[day.month - 1]}"
    return said if day.year is None else f"{said} {day.year}"


# -- how sure each part is -------------------------------------------------------------------------

#: How sure a day is, by how its year was found.
_YEARS = {"printed": 0.97, "weekday": 0.96, "next": 0.95, "school-year": 0.95, "past": 0.7}
#: Without a year, a day in these days after the letter is near; another one may be a year off.
_NEAR = timedelta(days=240)


@dataclass(frozen=True, slots=True)
class Finding:
    """How the parts of an item were found.

    :param year: how the year was found (``grammar.years.Days``).
    :param title: how the title was found.
    :param asks: whether the words beside the date ask for something.
    :param plain: whether the words beside the date say what kind of item it is.
    :param meets: whether a weekday, a place or an hour but the last one of a day is printed.
    :param numbered: whether a number that was not read stands right before the date
        (:func:`is_numbered`).
    :param scope: how sure the académies are, and why they may be wrong, or nothing.
    """

    phrase: DatePhrase
    days: Days
    kind: ItemKind
    step: Step | None
    status: ItemStatus
    title: TitleFinding
    asks: bool
    plain: bool
    meets: bool
    numbered: bool
    scope: tuple[float, str]


#: « 3 ~ 7 avril », « 3 et 4/10 »: what may be the first of several days, left of the one read.
_NUMBER_BEFORE = re.compile(r"(?<![\d,.])\d{1,2}(?:er)?[ ]?(?:[^\w\s.,;:()|%€]{1,2}|et|ou)[ ]?$")


def is_numbered(text: str, start: int) -> bool:
    """Whether a number and a sign stand right before a date, as a day that was not read does.

    :param start: where the date starts in *text*.
    """
    return _NUMBER_BEFORE.search(text[max(0, start - 12) : start]) is not None


def doubts_of(
    found: Finding, issued: date, warnings: Sequence[str]
) -> tuple[Doubts, tuple[str, ...]]:
    """Return how sure each part of an item is, and French sentences for the parts in doubt.

    :param issued: the day of the letter.
    :param warnings: the warnings of the item (:func:`warnings_of`).
    """
    parts = {
        "day": _sure_day(found, issued, warnings),
        "title": sure_title(found.title),
        "kind": _sure_kind(found),
        "place": found.scope,
    }
    return doubts_from(parts)


def _sure_day(found: Finding, issued: date, warnings: Sequence[str]) -> tuple[float, str]:
    days = found.days
    if days.impossible is not None:
        return 0.05, "il n'existe pas"
    if days.wrong_weekday:
        return 0.5, "le jour de la semaine ne va pas avec la date"
    if days.certainty is Certainty.APPROXIMATE:
        return 0.6, "la date est approximative"
    if any("à confirmer" in warning for warning in warnings):
        return 0.5, "la lettre dit qu’il est à confirmer"
    if found.numbered:
        return 0.7, "un nombre qui n'est pas lu le précède"
    if found.status is not ItemStatus.PLANNED:
        return 0.7, "la date a changé"
    if any("passée" in warning or "supposée" in warning for warning in warnings):
        return 0.65, "l'année est supposée, ou la date est passée"
    if any(INCLUDED in warning for warning in warnings):
        return 0.78, "« avant le » peut exclure ce jour"
    near = issued <= days.last <= issued + _NEAR
    sure = _YEARS.get(days.year_from, 0.92 if near else 0.75)
    return sure, "l'année n'est pas écrite"


def _sure_kind(found: Finding) -> tuple[float, str]:
    if found.step is Step.UNKNOWN:
        return 0.75, "inscription ou envoi, la lettre ne le dit pas"
    if found.kind is ItemKind.DEADLINE:
        ends = found.phrase.lead.ends or found.plain
        return (0.94 if ends else 0.75), "la lettre ne dit pas « jusqu'au »"
    if found.kind is ItemKind.WINDOW:
        length = (found.days.last - found.days.first).days
        return (0.9 if found.plain and length > 1 else 0.72), "déduite de sa durée"
    length, title = (found.days.last - found.days.first).days, fold(found.title.text)
    if length > _LONG_EVENT and not (found.plain and _LASTS.search(title)):
        return 0.72, "déduite de sa durée"
    if length and not found.plain and _TAKES_PART.match(title):
        return 0.72, "déduite de sa durée"
    if found.asks:
        return 0.72, "la lettre demande peut-être quelque chose pour ce jour"
    if found.plain:
        return 0.93, ""
    met = found.meets and not (_ASKED.search(title) or _ENTERED.match(title))
    return (0.85 if met else 0.75), "rien ne dit que c'est un événement"


#: What lasts for days on end.
_LASTS = re.compile(
    r"\b(?:semaines?|quinzaine|mois|fetes?|festival|printemps|exposition|salon|journees|nuits?"
    r"|sejour"
    r"|voyage|stage|congres|colloque|residence|rencontres)\b"
)
_TAKES_PART = re.compile(
    r"(?:concours|prix|defi|rallye|tournoi|challenge|olympiades|trophees)\b[^:]*$"
)
#: What one enters or applies for; its weekday may be that of a deadline.
_ENTERED = re.compile(
    r"(?:concours|prix|defis?|trophees|appels?|label|bourses?|programme|dispositif|accreditation"
    r"|partenariats?)\b[^:]*$"
)
#: Words by which a title asks for something.
_ASKED = re.compile(
    r"\b(?:limite|rendre|ren(?:voyer|dus?)|retours?|envois?|depots?|inscri\w*|candidat\w*|votes?"
    r"|listes?|enquetes?|sondages?|fiches?|questionnaires?"
    r"|dossiers?|delai|commandes?|comptes?[- ]rendus?|bilans?|voeux)\b"
)
#: An event of more days may be a time in which something is open.
_LONG_EVENT = 5
