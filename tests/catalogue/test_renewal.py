"""Editions that a rule makes: once, by the rule alone, and never over what an editor wrote."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from calendar_app.app import create_app
from calendar_app.catalogue import file_exchange, queries, renewal
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_file import EventsFileError
from calendar_app.catalogue.import_export import import_events
from calendar_app.catalogue.models.events import Event, Milestone, milestone_uid
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.config.settings import data_folder
from calendar_app.editing import events
from calendar_app.store.base import db
from tests.conftest import IMPORTED_AT, settings_for
from tests.editing.test_events import editor
from tests.factories import entry, publish

YEARLY = data_folder() / "yearly_days.yaml"
#: A day of the school year 2026-2027.
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
ID = "laicite-2026-2027"


def rule(**changes):
    return {
        "series": "laicite",
        "since": 2015,
        "every": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9",
        "audience": ["eleves"],
        "themes": ["citoyennete"],
        "scope": "national",
        "organiser": "Ministère",
        "summary": "Une journée.",
        "source": {"name": "Loi du 9 décembre 1905"},
    } | changes


def write_rule(app, now=IMPORTED_AT, **changes):
    """Import one rule, as a file would."""
    file = EventsFile.model_validate(
        {"series": {"laicite": "Laïcité"}, "rules": [rule(**changes)], "events": []}
    )
    with app.app_context():
        import_events(db.session, file, now)


def renew(app, now=NOW):
    with app.app_context():
        return renewal.renew(db.session, now)


def days(app):
    with app.app_context():
        found = db.session.execute(select(Milestone.event_id, Milestone.first_day))
        return dict(sorted(map(tuple, found)))


def whole(app):
    """Everything that the store says of its events."""
    with app.app_context():
        academies = queries.reference(db.session).academies
        found = sorted(db.session.scalars(select(Event)), key=lambda event: event.id)
        return [event_entry(event, academies) for event in found]


def test_a_rule_makes_this_years_edition_and_the_next(empty_app):
    write_rule(empty_app)
    assert renew(empty_app).created == (ID, "laicite-2027-2028")
    assert days(empty_app) == {ID: date(2026, 12, 9), "laicite-2027-2028": date(2027, 12, 9)}
    with empty_app.app_context():
        event = db.session.get(Event, ID)
        assert event.milestones[0].uid == milestone_uid(ID, "session")
        assert event.by_rule
        assert event.type == "semaine"
        assert db.session.scalars(select(Event.id).where(~Event.by_rule)).all() == []


def test_a_second_run_changes_nothing_at_all(empty_app):
    write_rule(empty_app)
    renew(empty_app)
    before = whole(empty_app)
    with empty_app.app_context():
        version = queries.catalogue(db.session).version
    for later in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=200)):
        assert renew(empty_app, later) == renewal.RenewalReport((), ())
    assert whole(empty_app) == before
    with empty_app.app_context():
        assert queries.catalogue(db.session).version == version


def test_the_change_of_the_school_year_brings_one_more_edition(empty_app):
    write_rule(empty_app)
    last_night = datetime(2027, 7, 31, 21, 59, tzinfo=UTC)  # 23 h 59 in Paris
    renew(empty_app, NOW)
    assert renew(empty_app, last_night).created == ()
    midnight = last_night + timedelta(minutes=1)
    assert renew(empty_app, midnight).created == ("laicite-2028-2029",)


@pytest.mark.parametrize("changes", [{"title": "La laïcité"}, {"cancelled": "true"}])
def test_what_an_editor_changed_stays(empty_app, changes):
    write_rule(empty_app)
    renew(empty_app)
    with empty_app.app_context():
        made = event_entry(db.session.get(Event, ID), queries.reference(db.session).academies)
        new = events.check_entry(db.session, events.written_entry(made) | changes)
        events.save(db.session, editor("administrateur"), new, facts_of(made), NOW)
    before = whole(empty_app)
    write_rule(empty_app, summary="Autrement dite.")
    assert renew(empty_app).changed == ("laicite-2027-2028",)
    after = whole(empty_app)
    assert [e for e in after if e.id == ID] == [e for e in before if e.id == ID]


def test_an_edition_that_somebody_wrote_by_hand_is_the_edition(empty_app):
    write_rule(empty_app)
    own = entry(id=ID, series="laicite", title="Laïcité", school_year="2026-2027", milestones=[])
    publish(empty_app, own)
    assert renew(empty_app).created == ("laicite-2027-2028",)


def test_a_rule_that_changes_leaves_the_past(empty_app):
    write_rule(empty_app, every="FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=20")
    renew(empty_app)  # 29 November: that of this year is past
    write_rule(empty_app, every="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9")
    assert renew(empty_app).changed == ("laicite-2027-2028",)
    assert days(empty_app) == {ID: date(2026, 11, 20), "laicite-2027-2028": date(2027, 12, 9)}
    with empty_app.app_context():
        [moved] = db.session.get(Event, "laicite-2027-2028").milestones
        assert moved.moved_from_first_day == date(2027, 11, 20)  # said: people may count on it


def test_a_rule_that_ended_takes_back_what_is_ahead(empty_app):
    write_rule(empty_app)
    renew(empty_app, datetime(2026, 12, 10, 9, tzinfo=UTC))
    write_rule(empty_app, ended="true")
    assert renew(empty_app, datetime(2026, 12, 10, 9, tzinfo=UTC)).changed == ("laicite-2027-2028",)
    with empty_app.app_context():
        assert db.session.get(Event, ID).archived_at is None
        assert db.session.get(Event, "laicite-2027-2028").archived_at
    write_rule(empty_app)  # a file does not take an end back
    with empty_app.app_context():
        assert db.session.get(SeriesRule, "laicite").ended_at
    assert renew(empty_app, datetime(2028, 8, 1, 9, tzinfo=UTC)).created == ()


def test_a_rule_that_ended_takes_its_edition_back_whatever_the_rule_says_by_then(empty_app):
    write_rule(empty_app)
    renew(empty_app)
    write_rule(empty_app, since=2030, ended="true")
    assert renew(empty_app).changed == (ID, "laicite-2027-2028")


def test_a_rule_moves_no_edition_into_the_past(empty_app):
    write_rule(empty_app)
    renew(empty_app)
    write_rule(empty_app, every="FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=20")
    assert renew(empty_app).changed == ("laicite-2027-2028",)
    assert days(empty_app)[ID] == date(2026, 12, 9)


def test_a_file_may_write_over_an_edition_that_nobody_changed(empty_app):
    write_rule(empty_app)
    renew(empty_app)
    own = entry(id=ID, series="laicite", title="Laïcité", school_year="2026-2027", milestones=[])
    assert publish(empty_app, own).changed == (ID,)
    assert renew(empty_app) == renewal.RenewalReport((), ())


def test_an_export_names_the_edition_of_which_another_event_is_a_part(
    empty_app, make_app, tmp_path
):
    write_rule(empty_app)
    renew(empty_app)
    part = entry(id="fil-2026-2027", series="fil", school_year="2026-2027", part_of=ID)
    publish(empty_app, part | {"milestones": []})
    path, fresh = tmp_path / "export.yaml", make_app("empty")
    with empty_app.app_context():
        path.write_text("".join(file_exchange.export_events_texts(db.session)), encoding="utf-8")
    with fresh.app_context():
        report = file_exchange.import_events_file(db.session, path, IMPORTED_AT)
    assert set(report.created) == {ID, "fil-2026-2027"}


@pytest.mark.parametrize("rule", ["after_holidays", "every"])
def test_nothing_returns_before_the_year_since_which_it_does(empty_app, rule):
    rules = {
        "every": {"every": "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1"},
        "after_holidays": {
            "every": None,
            "after_holidays": {"holidays": "hiver", "weekday": "monday"},
        },
    }
    write_rule(empty_app, since=2027, **rules[rule])
    renew(empty_app)
    assert [day.year for day in days(empty_app).values()] == [2027, 2028]


def test_a_rule_after_holidays_makes_no_edition_where_they_are_unknown(empty_app):
    after = {"holidays": "toussaint", "weekday": "thursday"}
    write_rule(empty_app, every=None, after_holidays=after)
    renew(empty_app, datetime(2028, 3, 1, tzinfo=UTC))
    assert days(empty_app) == {"laicite-2027-2028": date(2027, 11, 18)}


@pytest.mark.long
def test_the_whole_content_is_made_and_exported(empty_app, make_app, tmp_path):
    with empty_app.app_context():
        file_exchange.import_events_file(db.session, YEARLY, IMPORTED_AT)
    assert len(renew(empty_app).created) == 2 * len(YEARLY.read_text().split("  - series:")[1:])
    path, fresh = tmp_path / "export.yaml", make_app("empty")
    with empty_app.app_context():
        path.write_text("".join(file_exchange.export_events_texts(db.session)), encoding="utf-8")
    with fresh.app_context():
        file_exchange.import_events_file(db.session, path, IMPORTED_AT)
        assert "".join(file_exchange.export_events_texts(db.session)) == path.read_text(
            encoding="utf-8"
        )
    renew(fresh, NOW + timedelta(days=3))
    address = "/flux/toutes.ics?depuis=2020-09"
    both = [app.test_client().get(address) for app in (empty_app, fresh)]
    assert both[0].status_code == 200
    assert both[0].data == both[1].data


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"every": "FREQ=DAILY"}, "FREQ=YEARLY"),
        ({"after_holidays": {"holidays": "toussaint", "weekday": "thursday"}}, "pas les deux"),
        ({"every": None}, "il faut every, ou bien after_holidays"),
        ({"series": "autre"}, "la série"),
        ({"since": "hier"}, "nombre entier"),
        ({"themes": ["citoyen"]}, "le thème"),
        ({"scope": {"academies": ["lile"]}}, "vouliez-vous dire « lille »"),
        ({"jour": "2026-12-09"}, "la clé « jour » est inconnue"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(empty_app, tmp_path, changes, said):
    path = tmp_path / "rules.yaml"
    file = {"series": {"laicite": "Laïcité"}, "rules": [rule(**changes)], "events": []}
    file["rules"][0] = {k: v for k, v in file["rules"][0].items() if v is not None}
    path.write_text(json.dumps(file, indent=1))
    with empty_app.app_context(), pytest.raises(EventsFileError) as refused:
        file_exchange.import_events_file(db.session, path, NOW)
    assert said in str(refused.value)
    assert "ligne" in str(refused.value)


def _renew_elsewhere(url, folder, barrier):
    app = create_app(settings_for(url, folder))
    with app.app_context():
        queries.reference(db.session)
        db.session.rollback()
        barrier.wait()
        renewal.renew(db.session, NOW)


@pytest.mark.long
def test_two_processes_at_once_make_each_edition_once(empty_app, tmp_path):
    with empty_app.app_context():
        file_exchange.import_events_file(db.session, YEARLY, IMPORTED_AT)
        db.session.remove()
        db.engine.dispose()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    both = [
        context.Process(target=_renew_elsewhere, args=(url, tmp_path, barrier)) for _ in range(2)
    ]
    for process in both:
        process.start()
    barrier.wait()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert renew(empty_app) == renewal.RenewalReport((), ())
