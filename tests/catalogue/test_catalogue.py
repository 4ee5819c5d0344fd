"""Import and export of ``events.yaml``: which events are created, changed, kept or refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from calendar_app.catalogue import file_exchange, queries
from calendar_app.catalogue.import_export import export_events
from calendar_app.catalogue.models.events import Event
from calendar_app.config.settings import data_folder
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarError
from tests.conftest import IMPORTED_AT
from tests.factories import ID, MID_JUNE, another, changing, entry, publish

LATER = IMPORTED_AT + timedelta(days=2)
SEED = data_folder() / "events.yaml"
MOVED = [{"kind": "deadline", "day": "2021-02-18"}]


def outcome(report) -> dict[str, tuple[str, ...]]:
    return {name: ids for name, ids in vars(report).items() if ids}


def test_an_import_says_what_it_created_changed_and_left(empty_app):
    assert outcome(publish(empty_app, entry(), another("deuxieme"))) == {
        "created": (ID, "deuxieme-2020-2021")
    }
    assert outcome(publish(empty_app, entry(title="Autre"), another("deuxieme"))) == {
        "changed": (ID,),
        "unchanged": ("deuxieme-2020-2021",),
    }
    assert outcome(publish(empty_app, entry(title="Autre"))) == {
        "unchanged": (ID,),
        "absent": ("deuxieme-2020-2021",),
    }


def test_importing_the_real_content_twice_changes_nothing(app):
    with app.app_context():
        before = queries.catalogue(db.session).version
        report = file_exchange.import_events_file(db.session, SEED, LATER)
        assert set(outcome(report)) == {"unchanged"}
        assert queries.catalogue(db.session).version == before


@pytest.mark.parametrize("name", ["toutes", "national", "academie-de-lille", "departement-63"])
def test_an_export_imported_into_a_fresh_store_gives_the_same_feeds(make_app, tmp_path, name):
    app, fresh = make_app("content"), make_app("empty")
    _live_a_little(app)
    path = tmp_path / "export.yaml"
    with app.app_context():
        path.write_text("".join(file_exchange.export_events_texts(db.session)), encoding="utf-8")
    with fresh.app_context():
        file_exchange.import_events_file(db.session, path, LATER + timedelta(days=300))
        assert "".join(file_exchange.export_events_texts(db.session)) == path.read_text(
            encoding="utf-8"
        )
    address = f"/flux/{name}.ics?depuis=2020-09"
    first, second = (a.test_client().get(address).data for a in (app, fresh))
    assert first == second
    assert b"BEGIN:VEVENT" in first


def _live_a_little(app) -> None:
    """Publish moved, cancelled, approximate and narrow dates, as they occur in a year."""
    hours = {"kind": "session", "day": "2021-05-18", "start_time": "09:00", "end_time": "16:00"}
    narrow = {"kind": "submission_deadline", "day": "2021-03-01", "scope": {"departments": ["63"]}}
    first = [{"kind": "deadline", "day": "2021-02-11"}, MID_JUNE, hours, narrow]
    publish(
        app,
        entry(milestones=first, classes=["cycle-3", "ulis"], themes=["robotique"]),
        another("annule", scope={"regions": ["hauts-de-france"]}),
        another("partie", part_of=ID, title="« Guillemets » : 12, [a] #b\\c & «é»"),
    )
    publish(
        app,
        entry(milestones=[*MOVED, MID_JUNE, hours, narrow | {"cancelled": True}], classes=["cm1"]),
        another("annule", scope={"regions": ["hauts-de-france"]}, cancelled=True),
        now=IMPORTED_AT + timedelta(days=1),
    )


def test_a_change_made_in_the_store_is_a_conflict_and_is_kept(empty_app):
    publish(empty_app, entry())
    with changing(empty_app, LATER) as event:
        event.title = "Corrigé par une rédactrice"
    for title in ("Concours d'essai", "Un titre du fichier"):
        assert outcome(publish(empty_app, entry(title=title))) == {"conflicts": (ID,)}
        with empty_app.app_context():
            event = queries.event(db.session, ID)
            assert (event.title, event.revision) == ("Corrigé par une rédactrice", 2)


def test_a_file_exported_after_the_change_may_change_it_again(empty_app):
    publish(empty_app, entry())
    with changing(empty_app, LATER) as event:
        event.title = "Corrigé par une rédactrice"
    with empty_app.app_context():
        (exported,) = export_events(db.session).events
    record = exported.record.model_dump()
    assert outcome(publish(empty_app, entry(title="Titre final", record=record))) == {
        "changed": (ID,)
    }
    with empty_app.app_context():
        event = queries.event(db.session, ID)
        assert (event.title, event.revision) == ("Titre final", 3)


def test_an_export_imported_again_into_its_own_store_changes_nothing(app, tmp_path):
    with changing(app, LATER, "roboteam-2020-2021") as event:
        event.place = "Montpellier"
    with app.app_context():
        path = tmp_path / "export.yaml"
        path.write_text("".join(file_exchange.export_events_texts(db.session)), encoding="utf-8")
        report = file_exchange.import_events_file(db.session, path, LATER)
        assert set(outcome(report)) == {"unchanged"}


def test_classes_written_one_by_one_or_as_a_cycle_are_the_same(empty_app):
    publish(empty_app, entry(classes=["cycle-3"]))
    report = publish(empty_app, entry(classes=["6e", "cm2", "cm1"]))
    assert outcome(report) == {"unchanged": (ID,)}


def test_a_moved_date_remembers_where_it_stood_first(empty_app):
    publish(empty_app, entry())
    for days in ("2021-02-18", "2021-02-25"):
        publish(empty_app, entry(milestones=[{"kind": "deadline", "day": days}]))
    with empty_app.app_context():
        (milestone,) = queries.event(db.session, ID).milestones
        assert str(milestone.moved_from_last_day) == "2021-02-11"
    assert outcome(
        publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-02-25"}]))
    ) == {"unchanged": (ID,)}


def test_a_move_taken_out_of_an_exported_file_is_taken_back(empty_app):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-02-12"}]))
    publish(empty_app, entry())
    with empty_app.app_context():
        (exported,) = export_events(db.session).events
    assert str(exported.milestones[0].moved_from.last_day) == "2021-02-12"
    report = publish(empty_app, entry(record=exported.record.model_dump()))
    assert outcome(report) == {"changed": (ID,)}
    with empty_app.app_context():
        (milestone,) = queries.event(db.session, ID).milestones
        assert milestone.moved_from_first_day is None


def test_an_approximate_date_that_becomes_known_was_not_moved(empty_app):
    publish(empty_app, entry(milestones=[MID_JUNE]))
    publish(empty_app, entry(milestones=[{"kind": "results", "day": "2021-06-15"}]))
    with empty_app.app_context():
        (milestone,) = queries.event(db.session, ID).milestones
        assert milestone.moved_from_first_day is None


def test_nothing_is_imported_when_one_event_is_wrong(empty_app, tmp_path):
    path = tmp_path / "events.yaml"
    text = SEED.read_text(encoding="utf-8")
    path.write_text(text.replace("academies: [lille]", "academies: [lile]", 1), encoding="utf-8")
    with empty_app.app_context():
        before = queries.catalogue(db.session).version
        with pytest.raises(CalendarError, match="lille"):
            file_exchange.import_events_file(db.session, path, LATER)
        assert db.session.scalars(select(Event.id)).all() == []
        assert queries.catalogue(db.session).version == before


def test_the_time_zone_is_the_one_of_its_scope_unless_it_is_said(empty_app):
    deadline = {"kind": "deadline", "day": "2021-02-11"}
    publish(
        empty_app,
        entry(),
        another("reunion", scope={"academies": ["la-reunion"]}),
        another("deux", scope={"academies": ["la-reunion", "lille"]}),
        another("dit", milestones=[deadline | {"time_zone": "America/Cayenne"}]),
        another("etroit", milestones=[deadline | {"scope": {"departments": ["987"]}}]),
    )
    with empty_app.app_context():
        found = {e.series_id: e.milestones[0].time_zone for e in db.session.scalars(select(Event))}
    assert found == {
        "essai": "Europe/Paris",
        "reunion": "Indian/Reunion",
        "deux": "Europe/Paris",
        "dit": "America/Cayenne",
        "etroit": "Pacific/Tahiti",
    }


def test_the_letter_is_there_as_it_was_announced(app):
    with app.app_context():
        events = {e.series_id: e for e in db.session.scalars(select(Event))}
        dated = {
            (m.event.series_id, m.kind.value, str(m.first_day), str(m.last_day), tuple(m.scope))
            for e in events.values()
            for m in e.milestones
        }
        undated = {e.title for e in events.values() if not e.milestones}
        assert {e.year.label for e in events.values()} == {"2020-2021"}
        assert sorted(events["camp-num"].scope) == [f"departement/{d}" for d in (15, 43, 63)]
        assert events["camp-code"].part_of is events["camp-num"]
    assert {(row[0].split("-")[0], *row[1:4]) for row in dated} == {
        ("ma", "deadline", "2021-02-11", "2021-02-11"),
        ("camp", "session", "2021-05-17", "2021-05-19"),
        ("fete", "session", "2021-01-20", "2021-01-24"),
        ("roboteam", "opening", "2020-10-12", "2020-10-12"),
        ("roboteam", "deadline", "2021-04-30", "2021-04-30"),
    }
    assert len(undated) == 7
