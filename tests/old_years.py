"""A store with many past school years, made in bulk, and what a page reads of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import event, func, insert, literal, select, text
from sqlalchemy.orm import DeclarativeBase

from calendar_app.catalogue.models.events import Event, EventScope, Milestone, Series
from calendar_app.store.base import db, writing
from tests.conftest import IMPORTED_AT
from tests.factories import entry, publish

#: The past school years, one event of each is written as editors write it; the others are copies.
YEARS = range(2001, 2017)
#: In the title of the event of each past year, in words that no event of today has.
OLD = "Tournoi d'orthographe d'autrefois"


def add_old_years(app: Flask, count: int) -> None:
    """Add so many events of past school years, each with one date, to the store of an application.

    All but the first of each year are copied by the database: ten thousand take half a second.
    """
    publish(app, *(_old(year) for year in YEARS))
    copies = count // len(YEARS) - 1
    with app.app_context(), writing(db.session, IMPORTED_AT):
        numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < copies))
        new = "-copy-" + func.cast(numbers.c.n, db.String)
        old = Event.school_year < YEARS.stop
        is_lite = db.engine.name == "sqlite"
        uid = text("lower(hex(randomblob(16)))" if is_lite else "gen_random_uuid()")
        _copy(Series, numbers, Series.id.like("ancien-%"), id=Series.id + new)
        ids = {"id": Event.id + new, "series_id": Event.series_id + new}
        _copy(Event, numbers, old, **ids, search_text=Event.search_text + new)
        of_copies = Milestone.event_id.in_(select(Event.id).where(old, ~Event.id.contains("copy")))
        _copy(Milestone, numbers, of_copies, id=None, event_id=Milestone.event_id + new, uid=uid)
        of_copies = EventScope.event_id.in_(select(Event.id).where(old, ~Event.id.contains("copy")))
        _copy(EventScope, numbers, of_copies, event_id=EventScope.event_id + new)
    with app.app_context(), writing(db.session, IMPORTED_AT):
        if not is_lite:
            db.session.execute(text("ANALYZE"))  # as PostgreSQL itself does, a minute later


def _old(year: int) -> dict[str, Any]:
    label, series = f"{year}-{year + 1}", f"ancien-{year}"
    return entry(
        id=f"{series}-{label}",
        series=series,
        title=f"{OLD} {year}",
        school_year=label,
        milestones=[{"kind": "deadline", "day": f"{year + 1}-02-11"}],
    )


def _copy(noun: type[DeclarativeBase], numbers: Any, which: Any, **changes: Any) -> None:
    """Insert a copy of the rows of a table for each number; *changes* give columns other values,
    None leaves one to the database."""
    columns = {c.name: changes.get(c.name, c) for c in noun.__table__.columns}
    columns = {name: value for name, value in columns.items() if value is not None}
    query = select(*columns.values()).select_from(noun.__table__.join(numbers, literal(True)))
    db.session.execute(insert(noun.__table__).from_select(list(columns), query.where(which)))


@dataclass
class Reading:
    """What was read of a store.

    :param queries: number of statements.
    :param rows: number of rows that Python received.
    :param work: hundreds of steps of SQLite's machine; 0 on PostgreSQL, whose planner reads a table
        whole, instead of an index, as long as that is cheaper.
    """

    queries: int = 0
    rows: int = 0
    work: int = 0


@contextmanager
def counted(app: Flask) -> Iterator[Reading]:
    """Count what the block reads of the store of an application."""
    found = Reading()
    with app.app_context():
        engine = db.engine

    is_lite = engine.name == "sqlite"

    def row(_cursor: object, values: Any) -> Any:
        found.rows += 1
        return tuple(values)

    def step() -> None:
        found.work += 1

    def before(connection: Any, cursor: Any, *_: Any) -> None:
        found.queries += 1
        cursor.row_factory = row if is_lite else lambda one: partial(row, one)
        if is_lite:
            connection.connection.dbapi_connection.set_progress_handler(step, 100)

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        engine.dispose()  # its connections go on counting
