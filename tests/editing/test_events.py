"""What editors do to events: rights, versions, and what the journal keeps of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import EntryError, facts_of, read_entry, written_from
from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.versions import Conflict
from calendar_app.editing import accounts, events
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import db, writing
from calendar_app.words.errors import NotFoundError
from tests.factories import ID, MID_JUNE, another, entry, publish

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

DEADLINE = {"kind": "deadline", "day": "2021-02-11"}
OF_NORD = {"kind": "deadline", "key": "nord", "day": "2021-02-01", "scope": {"departments": ["59"]}}


def editor(role: str = "responsable", *scope: str) -> Editor:
    address = f"{role}-{'-'.join(scope).replace('/', '-')}@x.example"
    accounts.add(db.session, address, "Zoé", EditorRole(role), frozenset(scope), NOW)
    return db.session.scalar(select(Editor).where(Editor.address == address))


def facts(event_id: str = ID) -> dict:
    found = queries.event(db.session, event_id)
    return facts_of(event_entry(found, queries.reference(db.session).academies))


def wanted(facts: dict, **changes):
    """Return the entry of these facts after some changes; « __ » in a name stands for a point."""
    changed = facts | {name.replace("__", "."): value for name, value in changes.items()}
    changed = {name: value for name, value in changed.items() if value is not None}
    return events.check_entry(db.session, written_from(changed))


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def in_lille(**changes):
    return entry(scope={"academies": ["lille"]}, **changes)


# -- facts -----------------------------------------------------------------------------------------


def test_facts_say_the_whole_event_and_read_back(store):
    everything = entry(
        classes=["cycle-3", "6e"],
        themes=["musique"],
        place="Lille",
        participation={"registrants": ["enseignant"], "ien_visa": "true", "cost": "gratuit"},
        milestones=[DEADLINE, OF_NORD, MID_JUNE],
        full="true",
    )
    publish(store, everything)
    found = facts()
    assert found["participation.cost"] == "gratuit"
    assert found["milestones.nord"] == OF_NORD
    assert found["full"] == "true"
    reference = queries.reference(db.session)
    again = read_entry(written_from(found), reference.academies, reference.themes)
    assert facts_of(again) == found


@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [
        ({"title": ""}, "title", "vide"),
        ({"milestones": [DEADLINE | {"day": "2021-02-31"}]}, "milestones.0.day", "n'existe pas"),
        ({"scope": {"academies": ["lile"]}}, "scope.academies.0", "lille"),
        ({"part_of": ID}, "part_of", "lui-même"),
    ],
)
def test_what_is_wrong_in_an_entry_is_said_where_it_stands(store, changes, where, said):
    with pytest.raises(EntryError) as refused:
        events.check_entry(db.session, entry(**changes))
    assert said in refused.value.problems[where]


def test_events_that_are_part_of_each_other_are_refused(store):
    publish(store, entry(), another("autre", part_of=ID))
    with pytest.raises(EntryError, match="en rond"):
        events.check_entry(db.session, entry(part_of="autre-2020-2021"))


# -- create, change --------------------------------------------------------------------------------


def test_a_new_event_is_published_with_its_series_and_noted(store):
    zoe, new = editor("responsable", "academie/lille"), events.check_entry(db.session, in_lille())
    version = queries.catalogue(db.session).version
    made = events.save(db.session, zoe, new, None, NOW, why="lu dans la lettre")
    assert (made.id, made.revision, made.series.title) == (ID, 1, "Concours d'essai")
    assert queries.catalogue(db.session).version == version + 1
    [change] = db.session.scalars(select(Change))
    assert (change.action, change.before, change.after) == (ChangeAction.CREATED, None, facts())
    assert (change.editor.name, change.why, change.at) == ("Zoé", "lu dans la lettre", NOW)
    assert set(change.scope) == {"academie/lille"}
    with pytest.raises(events.EventExistsError, match="existe déjà"):
        events.save(db.session, zoe, new, None, NOW)


def test_a_change_moves_the_revision_once_and_nothing_changes_nothing(store):
    publish(store, in_lille())
    zoe = editor("responsable", "academie/lille")
    seen = facts()
    saved = events.save(db.session, zoe, wanted(seen, title="Grand concours"), seen, NOW)
    assert (saved.title, saved.revision, saved.changed_at) == ("Grand concours", 2, NOW)
    assert "grand concours" in saved.search_text
    version = queries.catalogue(db.session).version
    events.save(db.session, zoe, wanted(facts()), facts(), LATER)
    assert queries.event(db.session, ID).revision == 2
    assert queries.catalogue(db.session).version == version
    assert len(list(db.session.scalars(select(Change)))) == 1


def test_two_editors_change_other_parts_and_both_stay(store):
    publish(store, in_lille())
    zoe, max_ = editor("responsable", "academie/lille"), editor("administrateur")
    seen = facts()
    events.save(db.session, zoe, wanted(seen, title="Grand concours"), seen, NOW)
    saved = events.save(db.session, max_, wanted(seen, place="Lens"), seen, LATER)
    assert (saved.title, saved.place, saved.revision) == ("Grand concours", "Lens", 3)


def test_two_editors_change_the_same_part_and_the_second_is_told(store):
    publish(store, in_lille())
    zoe, seen = editor("responsable", "academie/lille"), facts()
    events.save(db.session, zoe, wanted(seen, title="Grand concours"), seen, NOW)
    with pytest.raises(events.StaleEventError) as refused:
        events.save(db.session, zoe, wanted(seen, title="Petit concours", place="Lens"), seen, NOW)
    assert refused.value.conflicts == (
        Conflict("title", "Concours d'essai", "Petit concours", "Grand concours"),
    )
    assert (facts()["title"], facts().get("place")) == ("Grand concours", None)


def test_a_day_that_is_corrected_was_not_moved(store):
    publish(store, in_lille())
    zoe, seen = editor("responsable", "academie/lille"), facts()
    new_day = DEADLINE | {"day": "2021-02-12"}
    [m] = events.save(
        db.session, zoe, wanted(seen, milestones__deadline=new_day), seen, NOW
    ).milestones
    assert (m.last_day, m.moved_from_last_day, m.dated_at) == (date(2021, 2, 12), None, NOW)
    seen = facts()
    moved = new_day | {
        "day": "2021-02-26",
        "moved_from": {"first_day": "2021-02-12", "last_day": "2021-02-12"},
    }
    [m] = events.save(
        db.session, zoe, wanted(seen, milestones__deadline=moved), seen, NOW
    ).milestones
    assert (m.last_day, m.moved_from_last_day) == (date(2021, 2, 26), date(2021, 2, 12))


def test_an_archived_event_leaves_the_lists(store):
    publish(store, in_lille())
    zoe, seen = editor("responsable", "academie/lille"), facts()
    saved = events.save(db.session, zoe, wanted(seen, archived="true"), seen, NOW)
    assert saved.archived_at == NOW
    assert queries.editions(db.session, saved.series_id) == []
    assert queries.school_years(db.session) == []
    events.save(db.session, zoe, wanted(facts(), archived=None), facts(), LATER)
    assert [e.id for e in queries.editions(db.session, saved.series_id)] == [ID]


# -- who may ---------------------------------------------------------------------------------------

LILLE, LYON, NORD = "academie/lille", "academie/lyon", "departement/59"


@pytest.mark.parametrize(
    ("role", "scope", "of", "changes", "outcome"),
    [
        ("responsable", LILLE, {"academies": ["lille"]}, {"title": "X"}, None),
        ("redacteur", LILLE, {"academies": ["lille"]}, {"title": "X"}, events.NotYoursError),
        ("responsable", LYON, {"academies": ["lille"]}, {"title": "X"}, NotFoundError),
        ("responsable", NORD, {"academies": ["lille"]}, {"title": "X"}, events.NotYoursError),
        ("responsable", NORD, {"departments": ["59"]}, {"title": "X"}, None),
        ("responsable", NORD, {"departments": ["62"]}, {"title": "X"}, NotFoundError),
        ("responsable", LILLE, "national", {"title": "X"}, events.NotYoursError),
        ("administrateur", None, "national", {"title": "X"}, None),
        # An académie adds its own date to a national event, and only its own.
        ("responsable", LILLE, "national", {"milestones__nord": OF_NORD}, None),
        ("responsable", NORD, "national", {"milestones__nord": OF_NORD}, None),
        ("responsable", LYON, "national", {"milestones__nord": OF_NORD}, events.NotYoursError),
        (
            "responsable",
            LILLE,
            "national",
            {"milestones__bis": DEADLINE | {"key": "bis"}},
            events.NotYoursError,
        ),
        # To widen the scope of one's own event needs the right to the whole new scope.
        (
            "responsable",
            LILLE,
            {"academies": ["lille"]},
            {"scope": "national"},
            events.NotYoursError,
        ),
    ],
)
def test_who_may_publish_which_change(store, role, scope, of, changes, outcome):
    publish(store, entry(scope=of))
    who, seen = editor(role, *([scope] if scope else [])), facts()
    new = wanted(seen, **changes)
    if outcome is None:
        assert events.save(db.session, who, new, seen, NOW).revision == 2
        return
    with pytest.raises(outcome):
        events.save(db.session, who, new, seen, NOW)
    assert facts() == seen
    assert db.session.scalar(select(Change)) is None


def test_a_date_of_one_departement_is_changed_by_its_own_people_only(store):
    publish(store, entry(milestones=[DEADLINE, OF_NORD]))
    seen = facts()
    new = wanted(seen, milestones__nord=OF_NORD | {"day": "2021-02-02"})
    with pytest.raises(events.NotYoursError):
        events.save(db.session, editor("responsable", "departement/62"), new, seen, NOW)
    events.save(db.session, editor("responsable", NORD), new, seen, NOW)
    change = db.session.scalar(select(Change))
    assert set(change.scope) == {NORD}


# -- the journal -----------------------------------------------------------------------------------


def test_the_journal_only_grows(store):
    events.save(
        db.session, editor("administrateur"), events.check_entry(db.session, entry()), None, NOW
    )
    for statement in (
        update(Change).values(why="autre chose"),
        delete(Change),
        text("DELETE FROM change_scope"),
        text("UPDATE change_scope SET code = 'national'"),
    ):
        with pytest.raises(DBAPIError, match="only grows"), writing(db.session, NOW):
            db.session.execute(statement)
    assert db.session.scalar(select(Change)).why is None
    assert db.session.scalar(select(Event)).id == ID
