"""Read and write school holidays as YAML. ``ministry_csv`` reads the ministry's CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from calendar_app.catalogue.files.ministry_csv import HolidaysFileError
from calendar_app.school.school_calendars import SchoolCalendar, SchoolHoliday
from calendar_app.words.text import clean_line


def read_holidays_yaml(text: str) -> tuple[SchoolCalendar, ...]:
    """Return the calendars of ``data/school_holidays.yaml``, or of a text that
    :func:`write_holidays_yaml` wrote.

    :raises HolidaysFileError: with every problem, by calendar and key.
    """
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f"ligne {line + 1} : "
        raise HolidaysFileError([f"{where}ce n'est pas du YAML lisible."]) from error
    items = content.get("calendars") if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise HolidaysFileError(["La clé « calendars » et sa liste manquent."])
    problems: list[str] = []
    found: dict[str, SchoolCalendar] = {}
    for number, item in enumerate(items, start=1):
        calendar = _read_calendar(item, f"calendrier n° {number}", problems)
        if calendar and calendar.slug in found:
            problems.append(
                f"calendrier n° {number}, « slug » : « {calendar.slug} » est déjà pris."
            )
        elif calendar:
            found[calendar.slug] = calendar
    if problems:
        raise HolidaysFileError(problems)
    return tuple(found.values())


_KEYS = ("slug", "label", "source", "known", "holidays")


def _read_calendar(item: object, where: str, problems: list[str]) -> SchoolCalendar | None:
    """Return the calendar; None when it has errors, which are added to *problems*."""
    if not isinstance(item, dict) or set(item) != set(_KEYS):
        problems.append(f"{where} : il faut les clés {', '.join(_KEYS)}, et elles seules.")
        return None
    where = f"{where} ({item['slug']})"
    before = len(problems)
    for key in ("slug", "label", "source"):
        if not isinstance(item[key], str) or not clean_line(item[key]):
            problems.append(f"{where}, « {key} » : il faut un texte.")
    known = [row[:2] for row in _read_rows(item["known"], 2, f"{where}, « known »", problems)]
    holidays = []
    for first, last, name in _read_rows(item["holidays"], 3, f"{where}, « holidays »", problems):
        try:
            holidays.append(SchoolHoliday(name, first, last))
        except ValueError as error:
            problems.append(f"{where}, « holidays » : {error}")
    if len(problems) > before:
        return None
    try:
        slug, label, source = (clean_line(item[key]) for key in ("slug", "label", "source"))
        return SchoolCalendar(slug, label, tuple(holidays), tuple(known), source)
    except ValueError as error:
        problems.append(f"{where} : {error}")
        return None


def _read_rows(
    rows: object, length: int, where: str, problems: list[str]
) -> Iterator[tuple[date, date, str]]:
    """Yield the two days and the name of each row (an empty name in a row of two); wrong rows are
    reported in *problems*."""
    if not isinstance(rows, list):
        problems.append(f"{where} : il faut une liste.")
        return
    for number, row in enumerate(rows, start=1):
        # ``type``, not ``isinstance``: a datetime is an instance of date, but not a day.
        right = (
            isinstance(row, list)
            and len(row) == length
            and all(type(day) is date for day in row[:2])
            and all(isinstance(name, str) and clean_line(name) for name in row[2:])
        )
        if right:
            yield row[0], row[1], clean_line(row[2]) if length == 3 else ""
        else:
            shape = "[AAAA-MM-JJ, AAAA-MM-JJ" + (", nom]" if length == 3 else "]")
            problems.append(f"{where}, n° {number} : il faut {shape}.")


def write_holidays_yaml(calendars: Iterable[SchoolCalendar]) -> str:
    """Return the calendars as YAML. Equal calendars give equal texts, with one line for each
    holiday, so that two versions are easy to compare."""
    listed = tuple(calendars)
    lines = ["calendars:\n" if listed else "calendars: []\n"]
    for calendar in listed:
        lines.append(f"  - slug: {_quoted(calendar.slug)}\n")
        lines.append(f"    label: {_quoted(calendar.label)}\n")
        lines.append(f"    source: {_quoted(calendar.source or 'non précisée')}\n")
        lines.append(f"    known:{'' if calendar.known else ' []'}\n")
        lines += [f"      - [{first}, {last}]\n" for first, last in calendar.known]
        lines.append(f"    holidays:{'' if calendar.holidays else ' []'}\n")
        lines += [
            f"      - [{h.first_day}, {h.last_day}, {_quoted(h.name)}]\n" for h in calendar.holidays
        ]
    return "".join(lines)


def _quoted(text: str) -> str:
    # Every JSON string is a YAML 1.2 string.
    return json.dumps(text, ensure_ascii=False)
