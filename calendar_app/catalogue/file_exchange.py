"""Import, check and export the files of events and of school holidays that a person uses."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from calendar_app.catalogue import queries
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_file import json_schema, read_events
from calendar_app.catalogue.files.events_writer import write_events
from calendar_app.catalogue.files.holidays_file import read_holidays_yaml, write_holidays_yaml
from calendar_app.catalogue.files.ministry_csv import read_ministry_csv
from calendar_app.catalogue.files.yaml_tree import MAX_BYTES
from calendar_app.catalogue.holidays_update import keep_copy
from calendar_app.catalogue.import_export import (
    ImportReport,
    export_events,
    import_events,
    parents_first,
)
from calendar_app.catalogue.references import (
    import_calendars,
    imported_calendars,
    renew_calendars,
)
from calendar_app.school.reference_files import read_academies, read_themes
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError

#: The files of the data folder that a first start imports, in this order: the days that return by a
#: rule, and what letters announced. Both have one format. The rules come first: a start that ends
#: between the two leaves a store without events, which the next start fills.
CONTENT = ("yearly_days.yaml", "events.yaml")

#: Called with the amount that is done and the total.
Progress = Callable[[int, int], None]


def check_events_file(
    session: AnySession,
    path: Path,
    data_folder: Path,
    progress: Progress | None = None,
    before: Collection[str] = (),
) -> EventsFile:
    """Return the content of a file of events, checked against the reference files of *data_folder*.

    Nothing is written. The store only gives the ids that ``part_of`` may name; its schema may be of
    another version, or missing.

    :param progress: called with the characters read so far and their total.
    :param before: ids of events of the files that are imported before this one.
    :raises EventsFileError: with every problem of the file.
    :raises OSError: when the file cannot be read.
    """
    try:
        known_ids = queries.event_ids(session)
    except DBAPIError:
        known_ids = frozenset()
    return read_events(
        path.read_bytes(),
        str(path),
        read_academies((data_folder / "academies.yaml").read_text(encoding="utf-8")),
        read_themes((data_folder / "themes.yaml").read_text(encoding="utf-8")),
        progress=progress,
        known_ids=known_ids.union(before),
    )


def import_events_file(
    session: AnySession,
    path: Path,
    now: datetime,
    reading: Progress | None = None,
    writing: Progress | None = None,
) -> ImportReport:
    """Import a file of events, unless it has a mistake (:func:`.import_export.import_events`).

    :param reading: called while the file is read, with the characters read and their total.
    :param writing: called while the events are written, with the events done and their total.
    :raises EventsFileError: with every problem of the file.
    :raises OSError: when the file cannot be read.
    """
    reference = queries.reference(session)
    file = read_events(
        path.read_bytes(),
        str(path),
        reference.academies,
        reference.themes,
        progress=reading,
        known_ids=queries.event_ids(session),
    )
    return import_events(session, file, now, progress=writing)


def export_events_texts(session: AnySession) -> list[str]:
    """Return the whole catalogue as the text of an ``events.yaml``; as several, to be imported in
    their order, where one would be larger than an import reads."""
    file = export_events(session)
    if len((text := write_events(file)).encode()) <= MAX_BYTES:
        return [text]
    # An import only knows the events before: what an event is part of must not stand after it.
    return _halved(file.model_copy(update={"events": tuple(parents_first(file.events))}))


def numbered(path: Path, count: int) -> list[Path]:
    """Return the paths of so many files that stand for one, which a folder lists in their order:
    « a.yaml » alone, or « a-1.yaml », « a-2.yaml »…"""
    digits = len(str(count))
    stems = [f"{path.stem}-{number:0{digits}}" for number in range(1, count + 1)]
    return [path.with_stem(stem) for stem in stems] if count > 1 else [path]


def left_from_before(path: Path, count: int) -> list[Path]:
    """Return the files that an export to *path* in another number of parts has left beside these,
    in the order of their names."""
    written = {*numbered(path, count)}
    pieces = re.compile(rf"{re.escape(path.stem)}(?:-[0-9]+)?{re.escape(path.suffix)}")
    beside = (one for one in path.parent.glob("*") if pieces.fullmatch(one.name))
    return sorted(one for one in beside if one not in written)


def _halved(file: EventsFile) -> list[str]:
    """Return a file as texts that an import reads, cut in halves as often as needed."""
    text, middle = write_events(file), len(file.events) // 2
    if len(text.encode()) <= MAX_BYTES or not middle:
        return [text]
    first, second = file.events[:middle], file.events[middle:]
    # A title stands where an event needs it; the titles without an event and the rules come first.
    late = {entry.series for entry in second}
    early = {entry.series for entry in first} | {rule.series for rule in file.rules}
    early |= file.series.keys() - late
    parts = (
        {"events": first, "series": {s: t for s, t in file.series.items() if s in early}},
        {"events": second, "series": {s: t for s, t in file.series.items() if s in late}}
        | {"rules": ()},
    )
    return [text for part in parts for text in _halved(file.model_copy(update=part))]


def events_schema() -> str:
    """Return the JSON schema of ``events.yaml``, for text editors."""
    return json_schema()


def import_holidays_file(
    session: AnySession, path: Path, now: datetime
) -> tuple[SchoolCalendar, ...]:
    """Renew the school calendars from the ministry's CSV file, or from a YAML export.

    :param path: a file whose name ends in ``.yaml`` or ``.yml`` is read as YAML, any other as CSV.
    :returns: the renewed calendars, as the store holds them now.
    :raises HolidaysFileError: with every problem of the file.
    :raises CalendarError: when the file is not in UTF-8.
    :raises OSError: when the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarError(
            f"{path} n'est pas en UTF-8 (octet {error.start}) : enregistrez-le en UTF-8."
        ) from error
    if path.suffix in (".yaml", ".yml"):
        return import_calendars(session, read_holidays_yaml(text), now)
    found = read_ministry_csv(text)
    with writing(session, now):
        # The person knows what this file says: the next one is compared with it.
        keep_copy(session, found)
        return renew_calendars(session, found, now)


def export_holidays_text(session: AnySession) -> str:
    """Return the calendars of the store as the text of a ``school_holidays.yaml``."""
    return write_holidays_yaml(imported_calendars(session))


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file atomically: an interrupted export leaves the old file as it was.

    :param private: whether the file names people; then only its owner may read it (mode 600).
    """
    # The temporary name cannot be guessed, and mode « x » never follows a symbolic link that
    # another user put there.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    mode = 0o600 if private else 0o666
    try:
        with open(
            beside, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)
        ) as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
