"""Reference files and the store: files are loaded once, and add the years that the store lacks."""

from __future__ import annotations

from datetime import date, timedelta

import flask_migrate
import pytest
import sqlalchemy as sa

from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.references import import_calendars, load_reference
from calendar_app.config.settings import data_folder
from calendar_app.school.school_calendars import SchoolCalendar, SchoolHoliday
from calendar_app.store.base import db, writing
from tests.conftest import IMPORTED_AT

LATER = IMPORTED_AT + timedelta(days=400)


def calendar(year: int, name: str = "Vacances d'été") -> SchoolCalendar:
    """Return a calendar of Corse that knows one calendar year and its summer."""
    summer = SchoolHoliday(name, date(year, 7, 5), date(year, 8, 31))
    known = ((date(year, 1, 1), date(year, 12, 31)),)
    return SchoolCalendar("corse", "calendrier de la Corse", (summer,), known)


def summers(app) -> list[str]:
    with app.app_context():
        found = queries.reference(db.session).calendars["corse"].holidays
        return [f"{h.name} {h.first_day.year}" for h in found if h.first_day.year >= 2030]


def load(app, *calendars: SchoolCalendar) -> None:
    with app.app_context():
        reference = queries.reference(db.session)
        load_reference(db.session, reference.academies, reference.themes, calendars, LATER)


@pytest.mark.long
def test_loading_the_shipped_files_again_changes_nothing(app):
    with app.app_context():
        before = queries.catalogue(db.session).version
        setup.load_reference_files(db.session, data_folder(), LATER)
        setup.load_reference_files(db.session, data_folder(), LATER)
        assert queries.catalogue(db.session).version == before


@pytest.mark.long
def test_an_older_store_learns_that_holidays_begin_on_the_saturday(app):
    sunday = [["2020-10-18", "2020-11-01", "Toussaint"], ["2021-02-10", "2021-02-21", "Carnaval"]]
    with app.app_context():
        flask_migrate.downgrade(revision="0008")
        table = sa.table("school_calendar", sa.column("slug"), sa.column("holidays", sa.JSON()))
        query = sa.update(table).where(table.c.slug == "guadeloupe").values(holidays=sunday)
        with writing(db.session, LATER):
            db.session.execute(query)
        setup.upgrade_schema()
        found = queries.calendars(db.session)["guadeloupe"].holidays
        assert [str(holiday.first_day) for holiday in found] == ["2020-10-17", "2021-02-10"]


def test_a_shipped_calendar_adds_the_years_that_the_store_does_not_know(app):
    load(app, calendar(2030))
    assert summers(app) == ["Vacances d'été 2030"]


def test_what_was_imported_wins_over_what_is_shipped(app):
    with app.app_context():
        import_calendars(db.session, [calendar(2030, "Grandes vacances")], LATER)
    load(app, calendar(2030), calendar(2031))
    assert summers(app) == ["Grandes vacances 2030", "Vacances d'été 2031"]
