"""School calendars as values, and the public holidays.

Zones A, B and C come from the PyPI library ``holidays`` (category ``school``), which copies the
ministry's decrees. Later years, and the calendars of Corse and overseas, come from files (see
``catalogue/files/holidays_file.py``). All days are inclusive. A day is known, and then all holidays
around it are listed; or it is unknown, and nothing is said about it. There is no « probably ».
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from holidays import country_holidays

from calendar_app.words.french import list_words
from calendar_app.words.text import small_initial

#: First and last day, both inclusive.
Span = tuple[date, date]

#: The library starts with the decree of 2017-2018, whose first class day was 4 September 2017. The
#: last decree that it copies ends with summer 2028. The library computes later days by a rule,
#: which decrees need not follow.
MAINLAND_KNOWN: Span = (date(2017, 9, 4), date(2028, 8, 31))

#: The ``source`` of zones A, B and C.
LIBRARY = "PyPI holidays"

_ZONES = {"zone-a": "A", "zone-b": "B", "zone-c": "C"}

# Code of the département → subdivision of the library. The other départements have only the
# national public holidays. « GES » (Grand Est) would silently give only these too.
_SUBDIVISIONS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}

_ARTICLES = {
    "Grandes vacances": "les grandes vacances",
    "Journée": "la journée",
    "Pont": "le pont",
    "Semaine": "la semaine",
    "Vacances": "les vacances",
}

#: The name of days without class that calendars share under several names.
SHARED_NAME = "Vacances scolaires"

_ONE_DAY = timedelta(days=1)

#: Between the origins of a calendar's days.
_AND = " ; "


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """School holidays: consecutive days without class.

    :param name: in French, with a capital (« Vacances d'hiver », « Pont de l'Ascension »).
    :param last_day: inclusive; classes start again on the next morning.
    :raises ValueError: when the last day comes before the first.
    """

    name: str
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError(
                f"« {self.name} » finit le {self.last_day}, avant de commencer le {self.first_day}."
            )

    @property
    def days(self) -> int:
        """Number of days, weekends included."""
        return (self.last_day - self.first_day).days + 1

    @property
    def short_name(self) -> str:
        """« Toussaint » for « Vacances de la Toussaint », « hiver » for « Vacances d'hiver »."""
        return re.sub(r"^Vacances (de la |de l'|de |d'|)", "", self.name)

    @property
    def is_summer(self) -> bool:
        """Whether they contain a 1 August, on which a school year begins."""
        return self.first_day <= date(self.last_day.year, 8, 1) <= self.last_day

    @property
    def in_sentence(self) -> str:
        """The name inside a sentence, without an article: « vacances d'hiver »."""
        return small_initial(self.name)

    @property
    def with_article(self) -> str:
        """The name inside a sentence: « les vacances d'hiver », « le pont de l'Ascension »."""
        for start, words in _ARTICLES.items():
            if self.name.startswith(start):
                return words + self.name[len(start) :]
        return f"« {self.name} »"


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """The school holidays of a zone, or of an académie with a calendar of its own.

    :param slug: ``zone-a``, ``corse``, ``la-reunion``, …
    :param label: the name in a French sentence: « zone A », « calendrier de La Réunion ».
    :param holidays: sorted; no two overlap.
    :param known: the ranges of days for which all holidays are listed; sorted, and not touching.
        Outside the ranges a holiday may be listed: it is known, but the days around it are not.
    :param source: origin and licence of the facts. It does not count when calendars are compared.
    :raises ValueError: when holidays or ranges are out of order or overlap, or when ranges touch.
    """

    slug: str
    label: str
    holidays: tuple[SchoolHoliday, ...]
    known: tuple[Span, ...]
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for before, after in pairwise(self.holidays):
            if after.first_day <= before.last_day:
                raise ValueError(
                    f"« {after.name} » ({after.first_day}) ne vient pas après « {before.name} » "
                    f"({before.last_day})."
                )
        for first, last in self.known:
            if last < first:
                raise ValueError(f"La plage connue finit le {last}, avant le {first}.")
        for (_, last), (first, _) in pairwise(self.known):
            if first <= last + _ONE_DAY:
                raise ValueError(
                    f"Les plages connues qui finissent et commencent le {last} et le {first} "
                    "se suivent : n'en faites qu'une."
                )

    def knows(self, first_day: date, last_day: date) -> bool:
        """Whether all days from *first_day* to *last_day*, inclusive, are known."""
        return any(first <= first_day and last_day <= last for first, last in self.known)

    def holiday_on(self, day: date) -> SchoolHoliday | None:
        """Return the school holidays that contain *day*, or None."""
        return next((h for h in self.holidays if h.first_day <= day <= h.last_day), None)


# Arguments and results are frozen: a cached result can neither change nor become outdated.
@lru_cache(maxsize=1024)
def days_of_year(calendar: SchoolCalendar, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Return the known days of a calendar year, and its days within school holidays."""
    bounds = (date(year, 1, 1), date(year, 12, 31))
    holidays = ((h.first_day, h.last_day) for h in calendar.holidays)
    return _days_within(calendar.known, bounds), _days_within(holidays, bounds)


def _days_within(spans: Iterable[Span], bounds: Span) -> frozenset[date]:
    parts = (_common(span, bounds) for span in spans)
    return frozenset(day for part in parts if part for day in each_day(*part))


def each_day(first: date, last: date) -> Iterator[date]:
    """Yield the days from *first* to *last*, both included; none if *last* comes before *first*."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def mainland_calendars() -> dict[str, SchoolCalendar]:
    """Return zones A, B and C by slug, known from September 2017 to August 2028."""
    return {slug: _mainland_calendar(slug) for slug in _ZONES}


@lru_cache(maxsize=len(_ZONES))
def _mainland_calendar(slug: str) -> SchoolCalendar:
    zone = _ZONES[slug]
    first, last = MAINLAND_KNOWN
    found: list[SchoolHoliday] = []
    listed = country_holidays(
        "FR",
        subdiv=f"Zone {zone}",
        years=range(first.year, last.year + 1),
        categories=("school",),
        language="fr",
        expand=False,
    )
    for day, name in sorted(listed.items()):
        if not first <= day <= last:
            continue
        # The library lists single days; consecutive days of one name are one holiday.
        if found and found[-1].name == name and found[-1].last_day == day - _ONE_DAY:
            found[-1] = SchoolHoliday(name, found[-1].first_day, day)
        else:
            found.append(SchoolHoliday(name, day, day))
    return SchoolCalendar(slug, f"zone {zone}", tuple(found), (MAINLAND_KNOWN,), LIBRARY)


def public_holidays(departments: Iterable[str], year: int) -> Mapping[date, str]:
    """Return the public holidays of a calendar year with their French names.

    These are the national ones, and those of any of *departments*, such as Good Friday and 26
    December in Moselle (Code du travail, L. 3133-1, L. 3134-13 and L. 3422-2).

    :param departments: codes (« 57 », « 974 »); empty for the national ones only.
    """
    codes = frozenset(_SUBDIVISIONS[code] for code in departments if code in _SUBDIVISIONS)
    return _public_holidays(codes, year)


@lru_cache(maxsize=1024)
def _public_holidays(subdivisions: frozenset[str], year: int) -> Mapping[date, str]:
    found: dict[date, str] = {}
    for subdivision in (None, *sorted(subdivisions)):
        listed = country_holidays("FR", subdiv=subdivision, years=year, language="fr", expand=False)
        # The library writes two holidays on one day as « Ascension; Fête du Travail ».
        found |= {day: name.replace("; ", " et ") for day, name in listed.items()}
    return MappingProxyType(dict(sorted(found.items())))


def merge(old: SchoolCalendar, new: SchoolCalendar) -> SchoolCalendar:
    """Return *old* renewed: *new* decides on the days that it knows, *old* on the other days.

    Holidays that *new* lists outside its known days are left out.

    :raises ValueError: when the two slugs differ.
    """
    if old.slug != new.slug:
        raise ValueError(f"{old.slug} ne peut pas être renouvelé par {new.slug}")
    parts = [
        SchoolHoliday(holiday.name, first, last)
        for holiday in old.holidays
        for first, last in _outside((holiday.first_day, holiday.last_day), new.known)
    ]
    for holiday in new.holidays:
        for span in new.known:
            if part := _common((holiday.first_day, holiday.last_day), span):
                parts.append(SchoolHoliday(holiday.name, *part))
    # Each origin once: a calendar is renewed again and again from the same one.
    origins = f"{new.source}{_AND}{old.source}".split(_AND)
    sources = dict.fromkeys(origin for origin in origins if origin)
    return SchoolCalendar(
        slug=new.slug,
        label=new.label,
        holidays=_joined(sorted(parts, key=lambda h: h.first_day)),
        known=join_spans((*old.known, *new.known)),
        source=_AND.join(sources),
    )


def _joined(holidays: Iterable[SchoolHoliday]) -> tuple[SchoolHoliday, ...]:
    """Join adjacent parts of one holiday, such as the parts on both sides of the last known day."""
    found: list[SchoolHoliday] = []
    for holiday in holidays:
        before = found[-1] if found else None
        if (
            before
            and before.name == holiday.name
            and before.last_day + _ONE_DAY == holiday.first_day
        ):
            found[-1] = SchoolHoliday(holiday.name, before.first_day, holiday.last_day)
        else:
            found.append(holiday)
    return tuple(found)


def join_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the days of *spans* as sorted spans that neither overlap nor touch."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + _ONE_DAY:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def without_spans(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return the days of *spans* that are in none of the spans *taken*."""
    cut = join_spans(taken)
    return join_spans(part for span in spans for part in _outside(span, cut))


def _outside(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """Yield the parts of *span* outside the sorted spans *taken*."""
    start, end = span
    for first, last in taken:
        if last < start or first > end:
            continue
        if start < first:
            yield start, first - _ONE_DAY
        start = last + _ONE_DAY
    if start <= end:
        yield start, end


def _common(one: Span, other: Span) -> Span | None:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


def shared_holidays(calendars: Iterable[SchoolCalendar]) -> tuple[SchoolHoliday, ...]:
    """Return the spans without class that all *calendars* share, such as the Christmas holidays.

    A span of only a weekend is left out: the holidays of two zones merely meet there.
    """
    first, *others = [calendar.holidays for calendar in calendars] or [()]
    shared = list(first)
    for holidays in others:
        shared = [
            SchoolHoliday(a.name if a.name == b.name else SHARED_NAME, *part)
            for a in shared
            for b in holidays
            if (part := _common((a.first_day, a.last_day), (b.first_day, b.last_day)))
        ]
    return tuple(h for h in shared if has_weekday(h.first_day, h.last_day))


def has_weekday(first: date, last: date) -> bool:
    """Whether one of these inclusive days is a day from Monday to Friday."""
    return any(day.weekday() < 5 for day in each_day(first, min(last, first + timedelta(days=6))))


def zone_words(labels: Sequence[str]) -> str:
    """Return « zone A » or « zones A et C » for the labels of zones.

    With labels of other calendars among them: « calendriers de la Guadeloupe et de la Martinique ».
    """
    if len(labels) == 1:
        return labels[0]
    if any(not label.startswith("zone ") for label in labels):
        whose = [
            re.sub(r"^calendrier |^(?=zone )", lambda m: "" if m[0] else "de la ", label)
            for label in labels
        ]
        return f"calendriers {list_words(whose)}"
    return "zones " + list_words(label.removeprefix("zone ") for label in labels)
