"""Read the ministry's open data of school holidays, a CSV file.

The data set is fr-en-calendrier-scolaire of data.education.gouv.fr (Licence Ouverte). A public copy
of 2025 was compared with the PyPI library ``holidays`` (part of the zones' rows) and with the
OpenHolidays data set (the rows of Corse and overseas since 2020). The meaning of the rows:

- A date is midnight **in Paris**, even for overseas. It is written as an instant in UTC
  (``2020-10-16T22:00:00+00:00`` is 17 October), with an offset, or as a plain day.
- « Date de début » is the last day of class (ministry: « Le départ en vacances a lieu après la
  classe des jours indiqués »). It is mostly a Saturday, which is never one of our class days.
  But zone A's summer of 2021 has 6 July and its holidays start on the 7th, and Guadeloupe's
  carnaval of 2021 has 9 February, a Tuesday with class. So the holidays of a row start on the day
  after, with these exceptions: on a Saturday they start on that day; on a Sunday or Monday they
  start on the Saturday before (old rows of Corse give the first Monday of the holidays), since a
  doubtful day is never called a class day; and when no Monday to Friday would remain, the row means
  the day itself (a pont on a Friday, a « semaine en mai »).
- « Date de fin » is the day when classes start again (ministry: « La reprise des cours s'effectue
  le matin des jours indiqués »), so the last day without class is the day before. A row of one day
  gives that day twice.
- « Début des Vacances d'Été » gives only one day, when the end of the summer is not published. The
  holidays then last until 31 July, the end of the school year; the days after it are unknown.
- Population: « Enseignants… » rows are skipped. « - », « Élèves », « Élèves du premier degré » and
  similar values mean pupils. In zone « Guadeloupe » it may name Guadeloupe, Saint-Martin or
  Saint-Barthélemy; a row without a name is for all three.
- There is a row for each académie of a zone. A « Rentrée » row is not a holiday.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from calendar_app.school.local_time import paris_day
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    Span,
    has_weekday,
    join_spans,
    without_spans,
)
from calendar_app.words.errors import CalendarError
from calendar_app.words.text import clean_line, fold, nearest, slugify

_ONE_DAY = timedelta(days=1)
_MONDAY, _SUNDAY = 0, 6
_SCHOOL_WEEK = 5


class HolidaysFileError(CalendarError):
    """A file of school holidays cannot be read.

    :param problems: French sentences, each with its position (line and column, or calendar and
        key).
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


# Key → the names of the column, in the file for people and in the data set.
_COLUMNS = {
    "description": ("Description", "description"),
    "population": ("Population", "population"),
    "start": ("Date de début", "start_date"),
    "end": ("Date de fin", "end_date"),
    "zones": ("Zones", "zones"),
    "year": ("annee_scolaire", "Année scolaire"),
}

# Slug of a value of « Zones » → slug → label of the calendars that its rows may be for.
_CALENDARS: dict[str, dict[str, str]] = {
    "zone-a": {"zone-a": "zone A"},
    "zone-b": {"zone-b": "zone B"},
    "zone-c": {"zone-c": "zone C"},
    "corse": {"corse": "calendrier de la Corse"},
    "guadeloupe": {
        "guadeloupe": "calendrier de la Guadeloupe",
        "saint-barthelemy": "calendrier de Saint-Barthélemy",
        "saint-martin": "calendrier de Saint-Martin",
    },
    "guyane": {"guyane": "calendrier de la Guyane"},
    "martinique": {"martinique": "calendrier de la Martinique"},
    "mayotte": {"mayotte": "calendrier de Mayotte"},
    "nouvelle-caledonie": {"nouvelle-caledonie": "calendrier de la Nouvelle-Calédonie"},
    "polynesie": {"polynesie-francaise": "calendrier de la Polynésie française"},
    "polynesie-francaise": {"polynesie-francaise": "calendrier de la Polynésie française"},
    "la-reunion": {"la-reunion": "calendrier de La Réunion"},
    "reunion": {"la-reunion": "calendrier de La Réunion"},
    "saint-pierre-et-miquelon": {
        "saint-pierre-et-miquelon": "calendrier de Saint-Pierre-et-Miquelon"
    },
    "wallis-et-futuna": {"wallis-et-futuna": "calendrier de Wallis-et-Futuna"},
}

_LABELS = {slug: label for found in _CALENDARS.values() for slug, label in found.items()}

#: The longest school holidays; in a longer row, one of the two dates is a mistake.
_LONGEST = timedelta(days=100)

#: Between two holidays there are at most 91 days (Martinique, spring 2024); when a holiday is
#: missing, there are mostly 96 days or more. Above this limit, a holiday is certainly missing.
_LONGEST_STRETCH = timedelta(days=95)

_SOURCE = "Ministère de l'Éducation nationale, fr-en-calendrier-scolaire, Licence Ouverte"


@dataclass(frozen=True, slots=True)
class _Row:
    year: int
    name: str
    first_day: date
    last_day: date
    is_summer: bool
    is_open: bool  # « Début des… »: the end is not published

    @property
    def span(self) -> Span:
        return self.first_day, self.last_day


def read_ministry_csv(text: str) -> tuple[SchoolCalendar, ...]:
    """Return the calendars of the ministry's CSV file (the module docstring explains its rows).

    The separator may be ``;`` or ``,``; unknown columns and a BOM are ignored.

    A school year is known from the end of the summer holidays before it (if they are in the file,
    else from its first holidays) to the end of its own summer holidays, or to 31 July when only the
    start of these is published. When two holidays are more than 95 days apart, a holiday between
    them is missing, and the days between are unknown.

    :returns: the calendars in the file, in the order of their slugs; the calendars of zones A, B
        and C renew the days of the library.
    :raises HolidaysFileError: with every row that cannot be read, by line and column.
    """
    found: dict[str, set[_Row]] = {}
    problems: list[str] = []
    for line, row in _csv_rows(text, problems):
        _read_row(row, line, found, problems)
    if not found and not problems:
        problems.append("Ce fichier n'a aucune ligne de vacances pour les élèves.")
    if problems:
        raise HolidaysFileError(problems)
    return tuple(_calendar(slug, found[slug]) for slug in sorted(found))


def _csv_rows(text: str, problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the number of its line. The first line must name the columns."""
    text = text.removeprefix("\ufeff")
    separator = ";" if ";" in text.partition("\n")[0] else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        names = {slugify(name): place for place, name in enumerate(next(lines, []))}
        places: dict[str, int] = {}
        for key, columns in _COLUMNS.items():
            place = next((names[slugify(c)] for c in columns if slugify(c) in names), None)
            if place is None:
                problems.append(f"ligne 1 : la colonne « {columns[0]} » manque.")
            else:
                places[key] = place
        if problems:
            return
        for cells in lines:
            if not any(cells):
                continue
            if len(cells) > max(places.values()):
                yield (
                    lines.line_num,
                    {key: clean_line(cells[place]) for key, place in places.items()},
                )
            else:
                problems.append(f"ligne {lines.line_num} : il manque des colonnes.")
    except csv.Error:
        problems.append(f"ligne {lines.line_num} : ce n'est pas du CSV lisible.")


def _read_row(
    row: Mapping[str, str], line: int, found: dict[str, set[_Row]], problems: list[str]
) -> None:
    """Add a row to the calendars it is for in *found*, or its errors to *problems*."""
    if fold(row["population"]).startswith("enseignants") or "rentree" in fold(row["description"]):
        return

    def wrong(key: str, why: str) -> None:
        problems.append(f"ligne {line}, colonne « {_COLUMNS[key][0]} » : {why}")

    before = len(problems)
    zone = slugify(row["zones"])
    if zone not in _CALENDARS:
        hint = nearest(zone, _CALENDARS)
        wrong(
            "zones",
            f"« {row['zones'] or 'vide'} » n'est pas une zone{f' ({hint} ?)' if hint else ''}.",
        )
    if not row["description"]:
        wrong("description", "il faut le nom des vacances.")
    year = re.fullmatch(r"([0-9]{4})(-[0-9]{4})?", row["year"])
    if not year:
        wrong("year", f"« {row['year'] or 'vide'} » n'est pas une année scolaire (2026-2027).")
    is_summer = _is_summer(row["description"])
    is_open = fold(row["description"]).startswith("debut")
    start = _paris_day(row["start"])
    end = _paris_day(row["end"])
    if is_open:
        end = date(start.year, 8, 1) if start and is_summer and start.month in (6, 7) else start
    for key, day in (("start", start), ("end", end)):
        if day is None:
            wrong(key, f"« {row[key] or 'vide'} » n'est pas un jour (2026-10-17).")
    if start and end and not start <= end <= start + _LONGEST:
        wrong("end", f"{end} ne peut pas suivre {start} dans les mêmes vacances.")
    if len(problems) > before or not (year and start and end):
        return
    first, last = _days_without_class(start, end)
    for slug in _slugs(zone, row["population"]):
        name = _name(row["description"])
        found.setdefault(slug, set()).add(_Row(int(year[1]), name, first, last, is_summer, is_open))


def _paris_day(text: str) -> date | None:
    """Return the day in Paris of a date; a time without an offset is a time in Paris. None when the
    text is not a date."""
    try:
        at = datetime.fromisoformat(text)
        day = paris_day(at) if at.tzinfo else at.date()
    except (ValueError, OverflowError):
        return None
    # Outside these years there is no school year, and sums of days could overflow.
    return day if 1900 <= day.year < 2200 else None


def _days_without_class(start: date, end: date) -> Span:
    """Return the inclusive days without class of a row (see the module docstring)."""
    last = max(start, end - _ONE_DAY)
    # Tuesday to Friday: the holidays start after class.
    first = start + _ONE_DAY if 1 <= start.weekday() <= 4 else start
    return (first, last) if first <= last and has_weekday(first, last) else (start, last)


def _is_summer(description: str) -> bool:
    """Whether holidays separate two school years (not La Réunion's été austral, in December)."""
    words = fold(description)
    return "grandes vacances" in words or "hiver austral" in words or words.endswith("d'ete")


def _slugs(zone: str, population: str) -> Iterator[str]:
    """Yield the calendars that a row is for."""
    choices = _CALENDARS[zone]
    who = slugify(population)
    named = [slug for slug in choices if slug in who]
    if "sauf" in who:  # « Guadeloupe sauf Saint-Martin »
        left_out = who.partition("sauf")[2]
        named = [slug for slug in choices if slug not in left_out]
    yield from named or choices


# The data set writes these common nouns with a capital.
_COMMON_NOUNS = re.compile(
    r"\b(Carnaval|Été|Février|Hiver|Mai|Novembre|Printemps|Septembre|Vacances)\b"
)

_AUSTRAL = {"1": "Vacances d'octobre", "3": "Vacances de mars", "4": "Vacances de mai"}


def _name(description: str) -> str:
    """Return the name of holidays as a staff room says it: « Vacances d'hiver » for « Vacances
    d'Hiver » or « Début des Vacances d'Hiver », « Vacances de mars » for La Réunion's « Vacances
    après 3ème période »."""
    text = description.replace("’", "'")
    if after := re.fullmatch(r"Vacances après ([134])\w* période", text):
        return _AUSTRAL[after[1]]
    text = re.sub(r"^Début des ", "", text)
    return text[0].upper() + _COMMON_NOUNS.sub(lambda noun: noun[0].lower(), text[1:])


def _calendar(slug: str, rows: Iterable[_Row]) -> SchoolCalendar:
    holidays: list[SchoolHoliday] = []
    for row in sorted(rows, key=lambda r: (r.first_day, -r.last_day.toordinal(), r.name)):
        if holidays and row.first_day <= holidays[-1].last_day:
            # Two degrés, or two rows that disagree: all days of both rows are without class.
            longer = max(row.last_day, holidays[-1].last_day)
            holidays[-1] = SchoolHoliday(holidays[-1].name, holidays[-1].first_day, longer)
        else:
            holidays.append(SchoolHoliday(row.name, *row.span))
    return SchoolCalendar(
        slug=slug,
        label=_LABELS[slug],
        holidays=_begun_after_class(holidays),
        known=without_spans(_known_years(tuple(rows)), _missing(holidays)),
        source=_SOURCE,
    )


def _begun_after_class(holidays: Iterable[SchoolHoliday]) -> tuple[SchoolHoliday, ...]:
    """Return sorted holidays, each beginning on the day after the last class day.

    Holidays that begin on a Sunday, or on a Monday and last a whole week, are moved to the Saturday
    before, unless other holidays already hold the Friday before or that weekend.
    """
    found: list[SchoolHoliday] = []
    for holiday in holidays:
        weekday = holiday.first_day.weekday()
        friday = holiday.first_day - timedelta(days=(weekday + 3) % 7)
        taken = found[-1].last_day if found else date.min
        begins = weekday == _SUNDAY or (weekday == _MONDAY and holiday.days >= _SCHOOL_WEEK)
        if begins and taken < friday:
            holiday = SchoolHoliday(holiday.name, friday + _ONE_DAY, holiday.last_day)
        found.append(holiday)
    return tuple(found)


def _known_years(rows: tuple[_Row, ...]) -> tuple[Span, ...]:
    """Return the spans of the school years whose summer holidays are in the file."""
    spans = []
    for year in sorted({row.year for row in rows if row.is_summer}):
        summer = [row for row in rows if row.is_summer and row.year == year]
        before = [
            row.last_day
            for row in rows
            if row.is_summer and row.year == year - 1 and not row.is_open
        ]
        first = min(row.first_day for row in rows if row.year == year)
        spans.append((max(before) + _ONE_DAY if before else first, max(r.last_day for r in summer)))
    return join_spans(span for span in spans if span[0] <= span[1])


def _missing(holidays: Iterable[SchoolHoliday]) -> Iterator[Span]:
    """Yield the spans between two holidays that are too long: a holiday in them is not listed."""
    for before, after in pairwise(h for h in holidays if h.days >= 5):
        if after.first_day - before.last_day > _LONGEST_STRETCH:
            yield before.last_day + _ONE_DAY, after.first_day - _ONE_DAY
