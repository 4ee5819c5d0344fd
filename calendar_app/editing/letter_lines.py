"""French words for one dated item, on one line of plain text. Control characters are removed,
because a terminal would obey them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from calendar_app.catalogue.models.events import Milestone
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus
from calendar_app.school.academies import Academies
from calendar_app.words.french import NBSP, SHORT_MONTHS, hour_words
from calendar_app.words.text import clean_line, fold
from calendar_app.words.vocabulary import Certainty


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A dated item in French words.

    :param doubts: a sentence for each part that is in doubt: « Titre : c'est celui de la lettre. »
    :param before: the part of the sentence before the date's *phrase*; *after* is the part that
        follows it.
    """

    days: str
    kind: ItemKind
    what: str
    title: str
    where: str
    confidence: str
    before: str
    phrase: str
    after: str
    warnings: tuple[str, ...]
    doubts: tuple[str, ...]


def item_line(item: DatedItem, academies: Academies) -> ItemLine:
    """Return an item in words; *academies* gives the names of its places."""
    before, phrase, after = _marked(item)
    return ItemLine(
        days=days_words(item),
        kind=item.kind,
        what=_what(item),
        title=clean_line(item.title),
        where=_where(item, academies),
        confidence=f"{round(item.confidence * 100)}{NBSP}%",
        before=before,
        phrase=phrase,
        after=after,
        warnings=tuple(clean_line(warning) for warning in item.warnings),
        doubts=tuple(clean_line(reason) for reason in item.reasons),
    )


def passed_over_words(passed: Sequence[object]) -> str:
    """Return « 3 jours vus, non retenus », or nothing when there is none."""
    many = "s" if len(passed) > 1 else ""
    return f"{len(passed)} jour{many} vu{many}, non retenu{many}" if passed else ""


def days_words(item: DatedItem) -> str:
    """Return « jusqu'au 11 févr. 2021 à 20 h » or « du 20 au 24 janv. 2021 », with « ≈ » before an
    approximate date, or « sans date »."""
    first, last = item.first_day, item.last_day
    if first is None and last is None:
        return "sans date"
    if item.kind is ItemKind.EVENT or (first and last):
        words = _span(first or last, last or first)
    else:
        words = f"jusqu'au {_day(last)}" if last else f"à partir du {_day(first)}"
    about = f"≈{NBSP}" if item.certainty is Certainty.APPROXIMATE else ""
    return f"{about}{words}{_hours(item)}"


def change_words(known: tuple[date | None, date | None], item: DatedItem) -> str:
    """Return « 31/01 → 14/02 »; the years are shown where they differ. A cancelled or postponed
    item has its status after the arrow.

    :param known: the first and the last day in the calendar, in the form of the item's own days.
    """
    days = [day for day in (*known, item.first_day, item.last_day) if day]
    form = "%d/%m" if len({day.year for day in days}) == 1 else "%d/%m/%Y"
    if item.status in (ItemStatus.CANCELLED, ItemStatus.POSTPONED):
        return f"{_figures(*known, form)} → {item.status.words}"
    return f"{_figures(*known, form)} → {_figures(item.first_day, item.last_day, form)}"


def whole_change_words(here: Milestone, item: DatedItem, *, alone: bool = False) -> str:
    """Return every part in which an item differs from the date that stands here, for a change that
    a source proposes: « 31/01 → 14/02 ; 10 h → 14 h ; Lens → Lille ; annulé ».

    :param alone: whether a title is for this date alone, and not for its event.
    """
    first = None if here.kind.is_deadline else here.first_day
    known = first, here.last_day
    ended = item.status in (ItemStatus.CANCELLED, ItemStatus.POSTPONED)
    parts = []
    if known != (item.first_day, item.last_day) and not ended:
        parts.append(change_words(known, item))
    start = None if here.kind.is_deadline else here.start_time
    if (start, here.end_time) != (item.start_time, item.end_time):
        before = _clock(start, here.end_time)
        parts.append(f"{before} → {_clock(item.start_time, item.end_time)}")
    place = here.place or here.event.place
    if item.place != place:
        parts.append(f"{place or 'sans lieu'} → {clean_line(item.place or 'sans lieu')}")
    if alone:
        name = f"« {clean_line(item.title)} »"
        parts.append(f"seule de « {here.event.title} », cette date s'appelle désormais {name}")
    elif fold(item.title) != fold(here.event.title):
        parts.append(f"« {here.event.title} » → « {clean_line(item.title)} »")
    if ended != here.is_cancelled:
        parts.append(item.status.words if ended else "annulé → maintenu")
    return " ; ".join(parts) or change_words(known, item)


def _clock(start: time | None, end: time | None) -> str:
    words = [hour_words(at) for at in (start, end) if at is not None]
    return " – ".join(words) or "sans heure"


def short_day(day: date) -> str:
    """Return « 11 févr. 2021 »."""
    return _day(day)


def _day(day: date | None, *, month: bool = True, year: bool = True) -> str:
    if day is None:
        return ""
    words = "1er" if day.day == 1 else str(day.day)
    words += f"{NBSP}{SHORT_MONTHS[day.month - 1]}" if month else ""
    return f"{words} {day.year}" if year else words


def _span(first: date | None, last: date | None) -> str:
    if first is None or last is None or first == last:
        return _day(last or first)
    same_year = first.year == last.year
    same_month = same_year and first.month == last.month
    return f"du {_day(first, month=not same_month, year=not same_year)} au {_day(last)}"


def _figures(first: date | None, last: date | None, form: str) -> str:
    days = [f"{day:{form}}" for day in dict.fromkeys((first, last)) if day]
    return "–".join(days) or "…"


def _hours(item: DatedItem) -> str:
    start, end = item.start_time, item.end_time
    zone = f" ({item.time_zone})" if item.time_zone else ""
    if start and end:
        return f", de {hour_words(start)} à {hour_words(end)}{zone}"
    at = end if start is None else start
    return "" if at is None else f" à {hour_words(at)}{zone}"


def _what(item: DatedItem) -> str:
    words = [item.kind.words]
    if item.step is not None:
        words.append(item.step.words)
    if item.status is not ItemStatus.PLANNED:
        words.append(item.status.words)
    return ", ".join(words)


def _where(item: DatedItem, academies: Academies) -> str:
    names = [academies.get(slug).label for slug in item.academies]
    for code in item.departments:
        department = academies.department(code)
        names.append(f"{department.name} ({department.code})")
    if item.place:
        names.append(clean_line(item.place))
    return ", ".join(names) or "national"


def _marked(item: DatedItem) -> tuple[str, str, str]:
    """Return the sentence in three parts, with the date's phrase in the middle.

    Line breaks in the phrase are ignored. Where the sentence does not contain the phrase, the
    phrase stands after the sentence.
    """
    sentence, words = clean_line(item.sentence), clean_line(item.phrase).split()
    found = re.search(r"\s*".join(map(re.escape, words)), sentence) if words else None
    if found is None:
        return f"{sentence} ", clean_line(item.phrase), ""
    return sentence[: found.start()], found[0], sentence[found.end() :]
