"""The whole catalogue as files: JSON, CSV and iCalendar, each made once a version of the catalogue.

A dump is written to a file in the instance folder, a few hundred events at a time, so that no
process ever holds it. All processes of a machine share the file: whoever asks first makes it, and
the others wait for it. Files of the present and of one earlier version stay.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from flask import url_for

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event
from calendar_app.feeds.feed import Feed
from calendar_app.feeds.time_zones import time_zone
from calendar_app.store.base import db
from calendar_app.store.file_lock import alone
from calendar_app.web import bodies, caching
from calendar_app.web.api import nouns
from calendar_app.web.feed_answers import event_page, write_ics
from calendar_app.web.page import page, settings
from calendar_app.words.spreadsheets import START, table

#: How many events are in memory at once.
_AT_ONCE = 200
#: The gate for making dumps, and for waiting for one: the other threads answer.
_MAKING: Final = bodies.Gate(4)
#: The time zone of a calendar without dates: RFC 5545, section 3.6, requires a component.
_ANY_ZONE = "Europe/Paris", (date(2020, 1, 1), date(2020, 12, 31))


@dataclass(frozen=True, slots=True)
class Dump:
    """A whole catalogue in a file, and the same gzipped.

    :param etag: without its quotes.
    :param changed_at: the last change of the catalogue (aware).
    """

    plain: Path
    zipped: Path
    etag: str
    changed_at: datetime


def made(form: str) -> Dump:
    """Return the dump of the present version of the catalogue; make it if nobody did.

    :param form: « json », « csv » or « ics ».
    :raises ServiceUnavailable: when enough others wait for one already.
    """
    here = page().reference
    # The history tells a store apart from the one that it was restored from.
    made_of = here.history, here.version, here.changed_at.isoformat()
    site = settings().public_url, settings().site_name
    etag = caching.etag_of(repr((form, *made_of, *site)).encode())
    folder = settings().instance / "dumps"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{etag}.{form}"
    found = Dump(path, folder / f"{path.name}.gz", etag, here.changed_at)
    if not found.zipped.exists():
        with _MAKING.place(), alone(folder / f"{form}.lock"):
            if not found.zipped.exists():
                _make(found, _WRITERS[form])
                _tidy(folder, form)
    return found


def _make(dump: Dump, write: Callable[[], Iterator[str]]) -> None:
    """Write both files. The gzipped one comes last, and with its name when it is whole."""
    # One name for all versions: what a process that was killed left is written over.
    half = dump.zipped.with_name(f"{dump.plain.suffix[1:]}.half")
    with dump.plain.open("w", encoding="utf-8", newline="") as text:
        text.writelines(write())
    with (
        dump.plain.open("rb") as plain,
        half.open("wb") as file,
        # mtime=0 and no name: the same bytes give the same gzip bytes.
        gzip.GzipFile("", "wb", 6, file, mtime=0) as zipped,
    ):
        shutil.copyfileobj(plain, zipped)
    half.replace(dump.zipped)


def _tidy(folder: Path, form: str) -> None:
    """Remove the files of earlier versions, but those of the last one: an answer that has just
    found them may be about to open them."""
    for end in (form, f"{form}.gz"):
        files = sorted(folder.glob(f"*.{end}"), key=lambda path: path.stat().st_mtime_ns)
        for old in files[:-2]:
            old.unlink(missing_ok=True)


def _parts() -> Iterator[list[Event]]:
    """Yield all events that are not archived, a few at a time, in the order of their ids in the
    store, in the one snapshot of the request. Those of an earlier part are no longer read."""
    after = ""
    while found := queries.some_events(db.session, after, _AT_ONCE):
        yield found
        after = found[-1].id
        db.session.expunge_all()


def _said(event: Event) -> nouns.Event:
    return nouns.Event.of(event, event_page(event.id), event.milestones)


def _json() -> Iterator[str]:
    here = page().reference
    series, after = [], ""
    while found := queries.walked_series(db.session, after, _AT_ONCE):
        series += [nouns.Series.of(one, editions) for one, editions in found]
        after = found[-1][0].id
    head = nouns.CatalogueHead(
        changes=f"{settings().public_url}{url_for('api.changes')}?apres={here.history}-{here.version}",
        academies=tuple(map(nouns.Academy.of, here.academies)),
        series=tuple(series),
    )
    yield head.model_dump_json()[:-1] + ',"events":['
    between = "\n"
    for event in chain.from_iterable(_parts()):
        yield between + _said(event).model_dump_json()
        between = ",\n"
    yield "\n]}\n"


def _csv() -> Iterator[str]:
    columns = tuple(nouns.columns())
    yield START + table([columns])
    for event in chain.from_iterable(_parts()):
        said = _said(event).model_dump(mode="json")
        dates = said.pop("milestones")
        rows = [dict(nouns.cells(said | {"milestones": one})) for one in dates or [{}]]
        yield table([row.get(column, "") for column in columns] for row in rows)


def _ics() -> Iterator[str]:
    """Yield the dates as a feed writes them. The feed of each few events has time zones of its own:
    those of the whole come first, and of each feed only its dates."""
    site = settings()
    feed = Feed(
        name=site.site_name,
        description=f"Toutes les dates, toutes années comprises. {nouns.LICENCE}.",
        address=f"{site.public_url}{url_for('api.catalogue_ics')}",
        milestones=(),
    )
    head, _, _ = write_ics(feed).decode().partition("BEGIN:VTIMEZONE\r\n")
    yield head
    for zone, (first, last) in sorted(queries.time_zones(db.session).items()) or [_ANY_ZONE]:
        yield time_zone(zone, first.year, last.year).to_ical(sorted=False).decode()
    for part in _parts():
        dates = tuple(one for event in part for one in event.milestones)
        text = write_ics(replace(feed, milestones=dates)).decode()
        begin, end = text.find("BEGIN:VEVENT\r\n"), text.rindex("END:VCALENDAR")
        yield text[begin:end] if begin > 0 else ""
    yield "END:VCALENDAR\r\n"


_WRITERS: dict[str, Callable[[], Iterator[str]]] = {"json": _json, "csv": _csv, "ics": _ics}
