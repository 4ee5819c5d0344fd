"""How sure each part of an item is, from how it was found, and what an editor should check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.letters.doubts import DOUBT, Doubts, doubts_from
from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, PrintedDay
from calendar_app.letters.grammar.years import Days
from calendar_app.letters.reading.merging import NO_STEP
from calendar_app.letters.reading.names import (
    KNOWN,
    has_verb,
    is_generic,
    looks_like_a_sentence,
    names_a_sort,
    names_something,
)
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
#: How sure a title is, by the rule that found it (``titles.title_of``).
_TITLES = {
    "row": 0.93,
    "heading-line": 0.9,
    "label": 0.9,
    "heading": 0.9,
    "line": 0.88,
    "stage": 0.88,
    "sentence": 0.76,
    "named-nearby": 0.7,
    "document": 0.6,
    "words": 0.3,
}
_TITLE_REASONS = {
    "sentence": "ce sont des mots de la phrase",
    "named-nearby": "trouvé dans un paragraphe voisin",
    "document": "c'est celui de la lettre",
    "words": "ce sont des mots de la phrase",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """How the parts of an item were found.

    :param year: how the year was found (``grammar.years.Days``).
    :param title: the title as it is shown.
    :param rule: the rule that found the title.
    :param marked: whether the letter marks it as a title: a heading of Markdown or HTML, a cell.
    :param told: whether the sentence of the date says the name itself (``titles.is_told``), or the
        letter is about this one contest (``titles.is_alone``).
    :param asks: whether the words beside the date ask for something.
    :param rival: whether another name stands between the title and the date.
    :param plain: whether the words beside the date say what kind of item it is.
    :param meets: whether a weekday, a place or an hour but the last one of a day is printed.
    :param scope: how sure the académies are, and why they may be wrong, or nothing.
    """

    phrase: DatePhrase
    days: Days
    kind: ItemKind
    step: Step | None
    status: ItemStatus
    title: str
    rule: str
    marked: bool
    told: bool
    asks: bool
    rival: bool
    plain: bool
    meets: bool
    scope: tuple[float, str]


def doubts_of(
    found: Finding, issued: date, warnings: Sequence[str]
) -> tuple[Doubts, tuple[str, ...]]:
    """Return how sure each part of an item is, and French sentences for the parts in doubt.

    :param issued: the day of the letter.
    :param warnings: the warnings of the item (:func:`warnings_of`).
    """
    parts = {
        "day": _sure_day(found, issued, warnings),
        "title": _sure_title(found),
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
    if found.status is not ItemStatus.PLANNED:
        return 0.7, "la date a changé"
    if any("passée" in warning or "supposée" in warning for warning in warnings):
        return 0.65, "l'année est supposée, ou la date est passée"
    if any(INCLUDED in warning for warning in warnings):
        return 0.78, "« avant le » peut exclure ce jour"
    near = issued <= days.last <= issued + _NEAR
    sure = _YEARS.get(days.year_from, 0.92 if near else 0.75)
    return sure, "l'année n'est pas écrite"


def _sure_title(found: Finding) -> tuple[float, str]:
    title, sure = found.title, _TITLES.get(found.rule, 0.5)
    if found.rival:
        return min(sure, 0.6), "un autre nom est plus près de la date"
    if found.told:
        sure = max(sure, 0.85)
    if sure < DOUBT:
        return sure, _TITLE_REASONS.get(found.rule, "trouvé loin de la date")
    over, _, part = title.rpartition(" : ")
    if (not over and is_generic(part) and not found.told) or _DATED.search(fold(title)):
        return 0.6, "il ne nomme rien de précis"
    long = len(over or title) > _LONG_TITLE * (1.4 if KNOWN.search(fold(title)) else 1)
    if long or has_verb(title) or looks_like_a_sentence(title, marked=found.marked):
        return 0.6, "ce sont des mots de la phrase"
    if found.rule in ("line", "stage") and _NO_NAME.match(fold(title)):
        return 0.6, "ce sont des mots de la phrase"
    if (
        found.told
        or names_a_sort(title)
        or (found.marked and (found.rule == "row" or names_something(title)))
    ):
        return sure, ""
    if found.rule == "row" and len(title.split()) > 2 and not _VENUE.search(title):
        return sure, ""  # the cell of a row that says most
    told = found.rule == "line" and found.kind is ItemKind.EVENT and found.meets
    if told and len(title.split()) > 2 and not _NEXT.match(title):
        return 0.82, ""  # a line of a list that says what is on that day
    return 0.72, "il ne nomme rien de précis"


#: Words of a line before which the name is missing: « À retourner au lycée », « En ligne ».
_NO_NAME = re.compile(
    r"(?:a|au|aux|en|dans|chez|par|pour|sur|avec|de|du|des|depuis|vers|avant|apres|entre)\b"
)
#: Where one meets, or who comes.
_VENUE = re.compile(
    r"(?-i:, [A-ZÀ-Þ])|^(?:école|collège|lycée|salle|amphi|gymnase|médiathèque|maison|théâtre"
    r"|bassin|secteur|circonscription|département|académie|zone|groupe|cinéma|canopé"
    r"|atelier canopé|mairie|stade|musée|m\.|mme|rue|place)\b",
    re.IGNORECASE,
)
#: A title that only counts what it names: « Prochain comité de pilotage », « 24 heures de… »
_NEXT = re.compile(r"(?:prochaine?s?|premi\w+|derni\w+|commission|\d+)\b", re.IGNORECASE)
#: A title that ends with a day is that of a letter or of a page.
_DATED = re.compile(rf"\d (?:{'|'.join(fold(month) for month in MONTHS)}) 20\d\d$")
#: A longer title, in characters, is rather a sentence.
_LONG_TITLE = 80


def _sure_kind(found: Finding) -> tuple[float, str]:
    if found.step is Step.UNKNOWN:
        return 0.75, "inscription ou envoi, la lettre ne le dit pas"
    if found.kind is ItemKind.DEADLINE:
        ends = found.phrase.lead.ends or found.plain
        return (0.94 if ends else 0.75), "la lettre ne dit pas « jusqu'au »"
    if found.kind is ItemKind.WINDOW:
        length = (found.days.last - found.days.first).days
        return (0.9 if found.plain and length > 1 else 0.72), "déduite de sa durée"
    length, title = (found.days.last - found.days.first).days, fold(found.title)
    if length > _LONG_EVENT and not (found.plain and _LASTS.search(title)):
        return 0.72, "déduite de sa durée"
    if length and not found.plain and _TAKES_PART.match(title):
        return 0.72, "déduite de sa durée"
    if found.asks:
        return 0.72, "la lettre demande peut-être quelque chose pour ce jour"
    if found.plain:
        return 0.93, ""
    met = found.meets and not _ASKED.search(fold(found.title))
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
#: Words by which a title asks for something.
_ASKED = re.compile(
    r"\b(?:limite|rendre|ren(?:voyer|dus?)|retours?|envois?|depots?|inscri\w*|candidat\w*|votes?"
    r"|listes?|enquetes?|sondages?|fiches?|questionnaires?"
    r"|dossiers?|delai|commandes?|comptes?[- ]rendus?|bilans?|voeux)\b"
)
#: An event of more days may be a time in which something is open.
_LONG_EVENT = 5
