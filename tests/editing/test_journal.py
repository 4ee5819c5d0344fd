"""The journal: what it keeps, who reads it, and how a change is taken back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from calendar_app.app import create_app
from calendar_app.catalogue import queries
from calendar_app.catalogue.versions import Conflict
from calendar_app.editing import events, journal, moderation, undo
from calendar_app.editing.change_words import changed_parts, part_name, value_words
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.draft_facts import draft_facts
from calendar_app.editing.journal import JournalFilter
from calendar_app.editing.journal_export import as_csv, as_json
from calendar_app.editing.models.journal import Change
from calendar_app.editing.rights import rights
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.store.base import db
from calendar_app.words.errors import NotFoundError
from tests.conftest import close, settings_for
from tests.editing.test_events import NORD, OF_NORD, editor, facts, wanted
from tests.editing.test_moderation import LILLE, LYON, read
from tests.factories import ID, MID_JUNE, another, entry, publish
from tests.tools import drawn_on

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


@pytest.fixture(scope="module")
def references(template, tmp_path_factory):
    """The reference values, for tests that need nothing else."""
    app = create_app(settings_for(template("sqlite", "empty"), tmp_path_factory.mktemp("i")))
    with app.app_context():
        yield queries.reference(db.session)
    close(app)


def of_lille(**changes):
    return entry(scope={"academies": ["lille"]}, **changes)


def change(who, event_id: str = ID, **changes) -> Change:
    """Change an event; return the change."""
    seen = facts(event_id)
    events.save(db.session, who, wanted(seen, **changes), seen, NOW)
    return db.session.scalar(select(Change).order_by(Change.id.desc()))


def readable(who, **chosen) -> list[int]:
    own = rights(who, queries.reference(db.session).academies)
    return [
        c.id for c in journal.changes(db.session, own, who.id, JournalFilter(**chosen), limit=50)
    ]


# -- reading ---------------------------------------------------------------------------------------


def test_each_reads_the_changes_of_their_scope_and_their_own(store):
    publish(store, of_lille(), another("autre", scope={"academies": ["lyon"]}), another("tous"))
    lille, lyon = editor("responsable", LILLE), editor("responsable", LYON)
    national = editor("administrateur")
    first = change(lille, title="Un").id
    second = change(lyon, "autre-2020-2021", title="Deux").id
    third = change(national, "tous-2020-2021", title="Trois").id
    fourth = change(editor("responsable", NORD), "tous-2020-2021", milestones__nord=OF_NORD).id
    assert readable(national) == [fourth, third, second, first]
    assert readable(lille) == [fourth, first]
    assert readable(lyon) == [second]
    for who, of in ((lyon, first), (lille, second), (lille, third)):
        with pytest.raises(NotFoundError):
            journal.visible_change(db.session, who, of)
        with pytest.raises(NotFoundError):
            undo.undo(db.session, who, of, None, LATER)
    # The author of a change may read it, though the event has moved to another scope since.
    change(national, "autre-2020-2021", scope={"academies": ["lille"]})
    assert second in readable(lyon)


def test_the_journal_is_filtered(store):
    publish(store, of_lille(), another("autre", scope={"academies": ["lille"]}))
    zoe, max_ = editor("responsable", LILLE), editor("administrateur")
    first, second = change(zoe, title="Un").id, change(max_, "autre-2020-2021", title="Deux").id
    assert readable(zoe, event_id=ID) == [first]
    assert readable(zoe, editor_id=max_.id) == [second]
    assert readable(zoe, action=ChangeAction.MOVED) == []
    assert readable(zoe, first_day=date(2021, 1, 4), last_day=date(2021, 1, 4)) == [second, first]
    assert readable(zoe, first_day=date(2021, 1, 5)) == []
    assert readable(zoe, last_day=date(2021, 1, 3)) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("title", "Un titre", ("titre", "Un titre")),
        ("participation.cost", None, ("coût", "non précisé")),
        ("participation.ien_visa", "true", ("visa de l'IEN", "oui")),
        ("full", "true", ("complet", "oui")),
        ("full", None, ("complet", "non")),
        ("paused", "true", ("en pause", "oui")),
        ("classes", ["cm1", "6e"], ("classes", "CM1 et 6e")),
        ("audience", ["eleves"], ("qui participe", "élèves")),
        ("themes", ["musique", "rien"], ("thèmes", "musique, danse et théâtre et rien")),
        ("type", "projet", ("nature", "projet à l'année")),
        ("scope", "national", ("pour qui", "national")),
        ("scope", {"academies": ["lille"]}, ("pour qui", "académie de Lille")),
        (
            "scope",
            {"departments": ["59", "62"]},
            ("pour qui", "départements 59 et 62 (académie de Lille)"),
        ),
        ("scope", {"academies": ["atlantide"]}, ("pour qui", "atlantide")),
        (
            "milestones.deadline",
            {"kind": "deadline", "day": "2021-02-11", "end_time": "18:00"},
            ("date limite", "11\u00a0février 2021, 18\u00a0h"),
        ),
        (
            "milestones.session-2",
            {"kind": "session", "first_day": "2021-03-01", "last_day": "2021-03-05"},
            ("jour de l'événement (2)", "du 1er au 5\u00a0mars 2021"),
        ),
        ("milestones.results", MID_JUNE, ("résultats", "mi-juin")),
        (
            "milestones.nord",
            OF_NORD,
            ("date « nord »", "1er\u00a0février 2021, département 59 (académie de Lille)"),
        ),
        ("state", "pending", ("état", "à vérifier")),
        ("step", "registration", ("étape", "inscription")),
        ("first_day", "2021-02-01", ("premier jour", "lundi 1er\u00a0février 2021")),
        ("start_time", "14:30", ("heure de début", "14\u00a0h\u00a030")),
    ],
)
def test_what_changed_is_said_in_words(references, name, value, words):
    assert (part_name(name), value_words(name, value, references)) == words


def test_of_a_draft_it_is_told_what_people_read(store):
    first = read()[0]
    item = replace(item_of_draft(first), place="Lens", start_time=time(14, 30), academies=())
    moderation.correct(db.session, editor("redacteur", LILLE), first.id, first.revision, item, NOW)
    assert words_of_last_change() == [
        ("lieu", "non précisé", "Lens"),
        ("pour qui", "académie de Lille", "national"),
        ("heure de début", "non précisé", "14\u00a0h\u00a030"),
    ]
    admin = editor("administrateur")
    moderation.refuse(db.session, admin, first.id, first.revision, "hors sujet", NOW)
    assert words_of_last_change() == [
        ("réponse", "non précisé", "hors sujet"),
        ("état", "à vérifier", "refusé"),
    ]


def words_of_last_change() -> list[tuple[str, str, str]]:
    last = db.session.scalars(select(Change).order_by(Change.id.desc())).first()
    [parts] = changed_parts(db.session, [last])
    return [(part.what, part.before, part.after) for part in parts]


def test_the_journal_is_exported_whole_and_commands_no_spreadsheet(store):
    publish(store, of_lille())
    zoe = editor("responsable", LILLE)
    seen = facts()
    new = wanted(seen, title="=1+1", place="Lens")
    events.save(db.session, zoe, new, seen, NOW, why="@demain")
    [found] = db.session.scalars(select(Change))
    rows = list(
        csv.reader(io.StringIO("".join(as_csv(db.session, [[found]])).removeprefix("\ufeff")))
    )
    head = [str(found.id), "2021-01-04T09:00:00+00:00", "Zoé", "événement", ID, "'=1+1", "modifié"]
    assert rows[1:] == [
        [*head, "lieu", "non précisé", "Lens", "'@demain", ""],
        [*head, "titre", "Concours d'essai", "'=1+1", "'@demain", ""],
    ]
    [told] = json.loads("".join(as_json([[found]])))
    assert (told["before"], told["after"], told["why"]) == (seen, facts(), "@demain")


# -- taking back -----------------------------------------------------------------------------------


def test_a_change_is_taken_back_by_another_and_that_one_too(store):
    publish(store, of_lille())
    zoe, before = editor("responsable", LILLE), facts()
    made = change(zoe, title="Un", place="Lens")
    after = facts()
    back = undo.undo(db.session, zoe, made.id, "une erreur", LATER)
    assert facts() == before
    assert (back.action, back.undoes_id, back.why) == (ChangeAction.UNDONE, made.id, "une erreur")
    assert (back.before, back.after) == (after, before)
    with pytest.raises(undo.UndoneAlreadyError):
        undo.undo(db.session, zoe, made.id, None, LATER)
    undo.undo(db.session, zoe, back.id, None, LATER)
    assert facts() == after
    assert queries.event(db.session, ID).revision == 4


def test_what_was_changed_since_stays_or_is_told(store):
    publish(store, of_lille())
    zoe = editor("responsable", LILLE)
    first = change(zoe, title="Un")
    change(zoe, place="Lens")
    undo.undo(db.session, zoe, first.id, None, LATER)
    assert (facts()["title"], facts()["place"]) == ("Concours d'essai", "Lens")
    second = change(zoe, title="Deux")
    change(zoe, title="Trois")
    with pytest.raises(undo.UndoConflictError) as refused:
        undo.undo(db.session, zoe, second.id, None, LATER)
    assert refused.value.conflicts == (Conflict("title", "Deux", "Concours d'essai", "Trois"),)
    assert facts()["title"] == "Trois"


def test_a_date_that_was_moved_goes_back_as_if_it_had_not(store):
    publish(store, of_lille())
    zoe, before = editor("responsable", LILLE), facts()
    day = {"first_day": "2021-02-11", "last_day": "2021-02-11"}
    moved = {"kind": "deadline", "day": "2021-02-25", "moved_from": day}
    made = change(zoe, milestones__deadline=moved)
    undo.undo(db.session, zoe, made.id, None, LATER)
    [m] = queries.event(db.session, ID).milestones
    assert (facts(), m.moved_from_last_day) == (before, None)


def test_a_creation_is_taken_back_and_its_draft_waits_again(store):
    first = read()[0]
    zoe = editor("responsable", LILLE)
    event = moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    made = db.session.scalar(select(Change))
    undo.undo(db.session, zoe, made.id, None, LATER)
    assert event.archived_at == LATER
    assert (first.state, first.event_id, first.decided_by_id) == (DraftState.PENDING, None, None)
    # Accepted again, the same event comes back.
    again = moderation.accept(db.session, zoe, first.id, first.revision, LATER)
    assert (again.id, again.archived_at) == (event.id, None)


def test_a_refusal_is_taken_back(store):
    first = read()[0]
    zoe, before = editor("responsable", LILLE), draft_facts(first)
    moderation.refuse(db.session, zoe, first.id, first.revision, "non", NOW)
    made = db.session.scalar(select(Change))
    with pytest.raises(moderation.DraftNotYoursError):
        undo.undo(db.session, editor("redacteur", LILLE), made.id, None, LATER)
    back = undo.undo(db.session, zoe, made.id, None, LATER)
    assert draft_facts(first) == before
    assert (back.action, back.subject_id) == (ChangeAction.UNDONE, str(first.id))


def test_who_may_not_publish_takes_nothing_back(store):
    publish(store, of_lille())
    made = change(editor("responsable", LILLE), title="Un")
    with pytest.raises(events.NotYoursError):
        undo.undo(db.session, editor("redacteur", LILLE), made.id, None, LATER)
    assert facts()["title"] == "Un"


WORDS = st.sampled_from(["Un", "Deux", "Trois"])


@pytest.mark.long
def test_taking_all_back_from_the_last_to_the_first_gives_what_was(store, engine):
    parts = st.sampled_from(["title", "place", "organiser"])

    @given(st.lists(st.tuples(parts, WORDS), max_size=6))
    @settings(max_examples=drawn_on(engine, 15))
    def hold(changes):
        _take_all_back(store, changes)

    hold()


def _take_all_back(store, changes) -> None:
    publish(store, of_lille())
    admin, before = editor("administrateur"), facts()
    made = []
    for name, value in changes:
        if facts().get(name) != value:
            made.append(change(admin, **{name: value}).id)
    for change_id in reversed(made):
        undo.undo(db.session, admin, change_id, None, LATER)
    assert facts() == before
