"""Events for tests, in the form of ``events.yaml`` and imported like a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask

from calendar_app.catalogue import queries
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.import_export import ImportReport, import_events
from calendar_app.catalogue.models.events import Event
from calendar_app.store.base import db, writing
from tests.conftest import IMPORTED_AT

SERIES = "essai"
ID = f"{SERIES}-2020-2021"

#: A milestone without a day.
MID_JUNE = {
    "kind": "results",
    "certainty": "approximate",
    "phrase": "mi-juin",
    "first_day": "2021-06-10",
    "last_day": "2021-06-20",
}


def entry(**changes: Any) -> dict[str, Any]:
    """Return one event in the form of the file: a national contest with a deadline on 11 February
    2021. *changes* replace or add keys."""
    return {
        "id": ID,
        "series": SERIES,
        "title": "Concours d'essai",
        "school_year": "2020-2021",
        "type": "concours",
        "audience": ["eleves"],
        "scope": "national",
        "organiser": "Une association",
        "summary": "Un concours pour les essais.",
        "source": {"name": "Lettre d'essai"},
        "milestones": [{"kind": "deadline", "day": "2021-02-11"}],
    } | changes


def another(series: str, **changes: Any) -> dict[str, Any]:
    """Return an event of another series."""
    return entry(id=f"{series}-2020-2021", series=series, **changes)


def many(
    count: int,
    milestones: Callable[[int], list[dict[str, Any]]],
    school_year: str = "2020-2021",
    **changes: Any,
) -> list[dict[str, Any]]:
    """Return so many events with titles as long as real ones.

    :param milestones: returns the dates of the event with a number, from 0.
    """
    return [
        entry(
            id=f"essai-{n}-{school_year}",
            series=f"essai-{n}",
            school_year=school_year,
            title=f"Concours numéro {n} des écoles, des collèges et des lycées",
            milestones=milestones(n),
            **changes,
        )
        for n in range(count)
    ]


def events_file(*entries: dict[str, Any]) -> EventsFile:
    """Return the file that holds these events."""
    series = {e["series"]: e["title"] for e in entries}
    return EventsFile.model_validate({"series": series, "events": list(entries)})


def publish(app: Flask, *entries: dict[str, Any], now: datetime = IMPORTED_AT) -> ImportReport:
    """Import these events into the store of an application."""
    with app.app_context():
        return import_events(db.session, events_file(*entries), now)


@contextmanager
def changing(app: Flask, now: datetime, event_id: str = ID) -> Iterator[Event]:
    """Yield an event to change in the store, as an editor would: its revision grows by one."""
    with app.app_context(), writing(db.session, now):
        event = queries.event(db.session, event_id, for_update=True)
        assert event is not None
        yield event
        event.revision += 1
        event.changed_at = now
