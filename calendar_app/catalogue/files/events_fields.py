"""The field types of ``data/events.yaml``: they turn each text into a value, or refuse it.

Each type also accepts the value itself (a ``date`` for a day), because the export builds entries
from the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from calendar_app.catalogue.files.problems import not_in_list, shown
from calendar_app.school.levels import CLASSES, GROUPS
from calendar_app.school.reference_files import time_zones
from calendar_app.school.school_year import SchoolYear
from calendar_app.school.yearly_rules import HOLIDAYS
from calendar_app.words.errors import NotFoundError
from calendar_app.words.links import is_link
from calendar_app.words.text import clean, clean_line

T = TypeVar("T")

#: The pydantic error type of our own errors, whose message is already French.
WRONG = "wrong"

_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_HAND_WRITTEN_HOUR = re.compile(r"([0-9]{1,2}) ?(?:h|H|:) ?([0-9]{2})?")


def wrong(message: str) -> PydanticCustomError:
    """Return the error with this message: a French sentence without its capital and full stop."""
    return PydanticCustomError(WRONG, "{message}", {"message": message})


def _from_text(read: Callable[[str], T]) -> BeforeValidator:
    """Return a validator that passes texts through *read* and leaves other values to pydantic."""
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _matching(pattern: str, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise wrong(f"{shown(text)} : {message}")
        return text

    return AfterValidator(check)


def _read_day(text: str) -> date:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()
    elif match := _YEAR_LAST.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise wrong(f"{shown(text)} n'est pas un jour : écrivez par exemple 2021-02-11")
    iso = f"{year}-{month:0>2}-{day:0>2}"
    try:
        found = date.fromisoformat(iso)
    except ValueError:
        raise wrong(f"le jour {shown(text)} n'existe pas") from None
    if text != iso:
        raise wrong(f"{shown(text)} : écrivez {iso}")
    return found


def _read_hour(text: str) -> time:
    if re.fullmatch(_HOUR, text):
        return time.fromisoformat(text)
    match = _HAND_WRITTEN_HOUR.fullmatch(text)
    better = f"{match[1]:0>2}:{match[2] or '00'}" if match else ""
    if re.fullmatch(_HOUR, better):
        raise wrong(f"{shown(text)} : écrivez {better}")
    raise wrong(f"{shown(text)} n'est pas une heure : écrivez par exemple 09:00")


def _check_hour(hour: time) -> time:
    if hour.second or hour.microsecond or hour.tzinfo:
        raise wrong(f"{shown(hour)} : une heure est faite d'heures et de minutes")
    return hour


def _read_instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise wrong(f"{shown(text)} : écrivez par exemple 2021-01-05T10:00:00+00:00")
    return found


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise wrong(f"{shown(instant)} est trop loin") from None


def _read_flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise wrong(f"{shown(text)} : écrivez true (oui) ou false (non)")
    return text == "true"


def _read_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise wrong(f"{shown(text)} n'est pas un nombre entier")
    return int(text)


def _read_school_year(text: str) -> str:
    try:
        return SchoolYear.parse(text).label
    except NotFoundError as error:
        raise wrong(str(error).rstrip(".")) from None


def _check_link(link: str) -> str:
    if not is_link(link):
        raise wrong(f"{shown(link)} n'est pas une adresse qui commence par http:// ou https://")
    return link


def _check_class(slug: str) -> str:
    if slug not in CLASSES and slug not in GROUPS:
        raise wrong(not_in_list("la classe ou le cycle", slug, [*GROUPS, *CLASSES]))
    return slug


def _one_of(what: str, values: Collection[str]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in values:
            raise wrong(not_in_list(what, text, list(values)))
        return text

    return AfterValidator(check)


def _check_time_zone(name: str) -> str:
    if name not in time_zones():
        raise wrong(not_in_list("le fuseau horaire", name, sorted(time_zones())))
    return name


def _once_each(values: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


_on_one_line = _from_text(clean_line)

Title = Annotated[str, Field(min_length=1, max_length=160), _on_one_line]
Words = Annotated[str, Field(min_length=1, max_length=300), _on_one_line]
Paragraphs = Annotated[
    str,
    Field(min_length=1, max_length=4000),
    _from_text(lambda text: clean(text).strip()),
]
Link = Annotated[
    str,
    Field(max_length=2000),
    _on_one_line,
    AfterValidator(_check_link),
    WithJsonSchema({"type": "string", "pattern": "^https?://"}),
]
Slug = Annotated[
    str,
    Field(max_length=120),
    _matching(_SLUG, "écrivez des lettres sans accent, des chiffres et des traits d'union"),
    WithJsonSchema({"type": "string", "pattern": f"^{_SLUG}$"}),
]
#: A slug of a closed list. ``events_checks`` checks it, and names the nearest slug of the list.
ListedSlug = Annotated[
    str,
    Field(max_length=120),
    WithJsonSchema({"type": "string", "pattern": f"^{_SLUG}$"}),
]
DepartmentCode = Annotated[
    str,
    Field(max_length=120),
    WithJsonSchema({"type": "string", "pattern": "^([0-9][0-9]|2[AB]|9[78][0-9])$"}),
]
MilestoneKey = Annotated[
    str,
    Field(max_length=60),
    _matching("[a-z0-9_-]+", "écrivez des lettres sans accent, des chiffres, « - » ou « _ »"),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9_-]+$"}),
]
SchoolYearLabel = Annotated[
    str,
    _from_text(_read_school_year),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{4}$"}),
]
SchoolClass = Annotated[
    str,
    AfterValidator(_check_class),
    WithJsonSchema({"type": "string", "enum": [*GROUPS, *CLASSES]}),
]
TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
Day = Annotated[date, _from_text(_read_day)]
Hour = Annotated[
    time,
    _from_text(_read_hour),
    AfterValidator(_check_hour),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOUR}$"}),
]
Instant = Annotated[AwareDatetime, _from_text(_read_instant), AfterValidator(_in_utc)]
Flag = Annotated[bool, _from_text(_read_flag)]
Number = Annotated[int, _from_text(_read_number), Field(ge=1)]
CalendarYear = Annotated[int, _from_text(_read_number), Field(ge=1900, le=2198)]
Ordinal = Annotated[int, _from_text(_read_number), Field(ge=1, le=5)]
#: An RRULE of RFC 5545; ``school.yearly_rules`` checks it.
Recurrence = Annotated[str, Field(min_length=1, max_length=200), _on_one_line]
HolidayName = Annotated[
    str,
    _one_of("les vacances", HOLIDAYS),
    WithJsonSchema({"type": "string", "enum": list(HOLIDAYS)}),
]
#: The days from Monday on, as ``after_holidays`` writes them.
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday")
WeekdayName = Annotated[
    str,
    _one_of("le jour", WEEKDAY_NAMES),
    WithJsonSchema({"type": "string", "enum": list(WEEKDAY_NAMES)}),
]
OnceEach = AfterValidator(_once_each)
