"""What becomes of drafts: who decides them, what is published of them, and what is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from calendar_app import letters
from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.models.events import Event
from calendar_app.config.settings import data_folder
from calendar_app.editing import drafts, moderation
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.draft_facts import draft_facts, restore
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState, Proposal
from calendar_app.store.base import db, writing
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.vocabulary import Certainty, MilestoneKind
from tests.editing.test_events import editor, facts
from tests.factories import ID, entry, publish

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LILLE, LYON = "academie/lille", "academie/lyon"
KNOWLEDGE = letters.knowledge_of_files(data_folder())

LETTER = """\
Infolettre du numérique éducatif, académie de Lille, 4 janvier 2021

Concours « Mon école en podcast »

Les classes de CM1 et CM2 de l'académie de Lille s'inscrivent jusqu'au 5 février 2021.
Les productions sont à envoyer jusqu'au 25 mars 2021.

Atelier « Radio scolaire »

L'académie de Lille invite les enseignants à une formation le mercredi 20 janvier 2021.
"""

NATIONAL = """\
Lettre nationale, 4 janvier 2021

Concours d'essai

La date limite d'inscription au concours d'essai est prolongée jusqu'au 25 février 2021.
"""


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def read(text: str = LETTER) -> list[Draft]:
    data = text.encode()
    drafts.import_letter(db.session, data, "lettre.txt", date(2021, 1, 4), NOW, KNOWLEDGE)
    return list(db.session.scalars(select(Draft).order_by(Draft.id)))


def ids(found: list[Draft]) -> list[int]:
    return [draft.id for draft in found]


def test_a_queue_holds_what_one_may_decide(store):
    publish(store, entry())
    of_lille = ids(read())
    [national] = [d.id for d in read(NATIONAL) if d.id not in of_lille]
    assert len(of_lille) == 3
    assert sorted(ids(moderation.queue(db.session, editor("responsable", LILLE)))) == of_lille
    assert sorted(ids(moderation.queue(db.session, editor("redacteur", LILLE)))) == of_lille
    assert moderation.queue(db.session, editor("responsable", LYON)) == []
    assert sorted(ids(moderation.queue(db.session, editor("administrateur")))) == [
        *of_lille,
        national,
    ]


def test_an_accepted_draft_is_an_event_of_our_own_words(store):
    first = read()[0]
    zoe = editor("responsable", LILLE)
    version = queries.catalogue(db.session).version
    event = moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    assert facts(event.id) == {
        "id": "concours-mon-ecole-en-podcast-2020-2021",
        "series": "concours-mon-ecole-en-podcast",
        "title": "Concours « Mon école en podcast »",
        "school_year": "2020-2021",
        "type": "concours",
        "audience": ["eleves"],
        "classes": ["cm1", "cm2"],
        "themes": facts(event.id)["themes"],
        "scope": {"academies": ["lille"]},
        "organiser": "non précisé",
        "summary": "Concours « Mon école en podcast », pour le CM1 et le CM2, thème : éducation "
        "aux médias et à l'information (académie de Lille). Pour participer, inscrivez la classe. "
        "Annoncé par la lettre « Concours “Mon école en podcast” » du 4\u00a0janvier 2021.",
        "source.name": "Concours « Mon école en podcast », 4\u00a0janvier 2021",
        "milestones.registration_deadline": {
            "kind": "registration_deadline",
            "day": "2021-02-05",
        },
    }
    assert queries.catalogue(db.session).version == version + 1
    [change] = db.session.scalars(select(Change).where(Change.editor_id.is_not(None)))
    assert (change.action, change.draft_id, change.editor_id) == (
        ChangeAction.CREATED,
        first.id,
        zoe.id,
    )
    assert (first.state, first.event_id, first.decided_by_id, first.decided_at) == (
        DraftState.ACCEPTED,
        event.id,
        zoe.id,
        NOW,
    )


def test_the_other_dates_of_the_letter_follow_the_new_event(store):
    first, second, third = read()
    zoe = editor("responsable", LILLE)
    event = moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    assert (second.proposal, second.event_id, second.state) == (
        Proposal.NEW_DATE,
        event.id,
        DraftState.PENDING,
    )
    assert third.proposal is Proposal.NEW_EVENT
    same = moderation.accept(db.session, zoe, second.id, second.revision, LATER)
    assert same.id == event.id
    assert [(m.kind, m.last_day) for m in same.milestones] == [
        (MilestoneKind.REGISTRATION_DEADLINE, date(2021, 2, 5)),
        (MilestoneKind.SUBMISSION_DEADLINE, date(2021, 3, 25)),
    ]
    assert (same.revision, len(list(db.session.scalars(select(Event))))) == (2, 1)


def test_a_moved_date_remembers_where_it_stood(store):
    publish(store, entry())
    [draft] = read(NATIONAL)
    assert draft.proposal is Proposal.CHANGE
    event = moderation.accept(db.session, editor("administrateur"), draft.id, draft.revision, NOW)
    [m] = event.milestones
    assert (m.key, m.last_day, m.moved_from_last_day) == (
        "deadline",
        date(2021, 2, 25),
        date(2021, 2, 11),
    )
    assert db.session.scalar(select(Change)).action is ChangeAction.MOVED


def test_a_session_that_moved_with_its_hours_is_told_with_the_new_ones(store):
    session = {"kind": "session", "day": "2021-02-11", "start_time": "09:00", "end_time": "10:00"}
    publish(store, entry(scope={"academies": ["lille"]}, milestones=[session]))
    [draft] = read(
        "Lettre de l'académie de Lille, 4 janvier 2021\n\nConcours d'essai\n\n"
        "Le concours d'essai est reporté au vendredi 12 février 2021 à 14 h.\n"
    )
    zoe = editor("responsable", LILLE)
    [m] = moderation.accept(db.session, zoe, draft.id, draft.revision, NOW).milestones
    assert (m.last_day, str(m.start_time), m.end_time) == (date(2021, 2, 12), "14:00:00", None)


def test_all_that_is_certain_is_accepted_at_once_and_the_rest_waits(store):
    first, second, third = read()
    with writing(db.session, NOW):
        third.confidence = 0.5
    zoe = editor("responsable", LILLE)
    done = moderation.accept_certain(db.session, zoe, first.letter_id, NOW)
    assert [(d.draft_id, d.problem) for d in done] == [(first.id, None), (second.id, None)]
    assert [d.state for d in (first, second, third)] == [
        DraftState.ACCEPTED,
        DraftState.ACCEPTED,
        DraftState.PENDING,
    ]
    redacteur = editor("redacteur", LILLE)
    assert moderation.accept_certain(db.session, redacteur, first.letter_id, NOW) == ()


def test_a_day_that_does_not_exist_waits_for_its_correction(store):
    [draft] = read("Prix du roman\n\nÀ Lille, inscriptions jusqu'au 31 novembre 2020.\n")
    assert (draft.first_day, draft.last_day, draft.confidence) == (None, None, 0.05)
    zoe = editor("responsable", LILLE)
    assert not moderation.is_certain(draft)
    with pytest.raises(CalendarError, match="n'existe pas"):
        moderation.accept(db.session, zoe, draft.id, draft.revision, NOW)


def test_what_would_change_an_event_is_looked_at_first(store):
    publish(store, entry())
    [draft] = read(
        "Lettre de l'académie de Lille, 4 janvier 2021\n\nConcours d'essai\n\n"
        "Les inscriptions au concours d'essai sont ouvertes jusqu'au 26 février 2021.\n"
    )
    assert draft.event_id
    assert not moderation.is_certain(draft)


@pytest.mark.parametrize(
    ("role", "scope", "error"),
    [
        ("redacteur", LILLE, moderation.DraftNotYoursError),
        ("responsable", LYON, NotFoundError),
        ("responsable", "departement/59", NotFoundError),
    ],
)
def test_who_may_not_decide_changes_nothing(store, role, scope, error):
    first = read()[0]
    who = editor(role, scope)
    for act in (
        lambda: moderation.accept(db.session, who, first.id, first.revision, NOW),
        lambda: moderation.refuse(db.session, who, first.id, first.revision, "non", NOW),
    ):
        with pytest.raises(error):
            act()
    assert first.state is DraftState.PENDING
    assert (db.session.scalar(select(Event)), db.session.scalar(select(Change))) == (None, None)


def test_a_correction_is_remembered_beside_what_was_read(store):
    first = read()[0]
    item = item_of_draft(first)
    who = editor("redacteur", LILLE)
    right = replace(item, title="Mon école en podcast", last_day=date(2021, 2, 12))
    seen = first.revision
    moderation.correct(db.session, who, first.id, seen, right, NOW)
    assert (item_of_draft(first), first.last_day) == (right, date(2021, 2, 12))
    assert first.item["last_day"] == "2021-02-05"
    [change] = db.session.scalars(select(Change).where(Change.editor_id.is_not(None)))
    assert (change.action, change.before.get("corrected")) == (ChangeAction.CORRECTED, None)
    assert change.after["corrected"]["last_day"] == "2021-02-12"
    assert moderation.is_certain(first)
    with pytest.raises(moderation.DraftDecidedError, match="vient de corriger"):
        moderation.correct(db.session, who, first.id, seen, item, NOW)
    zoe = editor("responsable", LILLE)
    event = moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    assert (event.title, event.id) == ("Mon école en podcast", "mon-ecole-en-podcast-2020-2021")


def test_a_correction_for_other_people_goes_to_their_queue(store):
    first = read()[0]
    zoe, lyon = editor("responsable", LILLE), editor("responsable", LYON)
    theirs = replace(item_of_draft(first), academies=("lyon",))
    moderation.correct(db.session, zoe, first.id, first.revision, theirs, NOW)
    assert first.id not in ids(moderation.queue(db.session, zoe))
    assert ids(moderation.queue(db.session, lyon)) == [first.id]
    assert set(db.session.scalar(select(Change)).scope) == {LILLE, LYON}


def test_a_draft_is_attached_to_a_known_event(store):
    publish(store, entry(scope={"academies": ["lille"]}))
    first = read()[0]
    zoe = editor("responsable", LILLE)
    moderation.attach(db.session, zoe, first.id, first.revision, ID, "deadline", NOW)
    assert (first.proposal, first.known_last_day) == (Proposal.CHANGE, date(2021, 2, 11))
    event = moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    [m] = event.milestones
    assert (event.id, m.last_day, m.moved_from_last_day) == (
        ID,
        date(2021, 2, 5),
        date(2021, 2, 11),
    )


def test_a_draft_is_attached_to_no_event_of_others(store):
    publish(store, entry(scope={"academies": ["lyon"]}))
    first = read()[0]
    zoe = editor("responsable", LILLE)
    with pytest.raises(NotFoundError):
        moderation.attach(db.session, zoe, first.id, first.revision, ID, None, NOW)
    assert first.proposal is Proposal.NEW_EVENT


def test_two_editors_decide_a_draft_once(store):
    first = read()[0]
    zoe, max_ = editor("responsable", LILLE), editor("administrateur")
    seen = first.revision
    moderation.refuse(db.session, zoe, first.id, seen, "C'est de la publicité.", NOW)
    with pytest.raises(moderation.DraftDecidedError, match="déjà traitée : refusé par Zoé"):
        moderation.accept(db.session, max_, first.id, seen, LATER)
    assert (first.state, first.answer) == (DraftState.REFUSED, "C'est de la publicité.")
    assert db.session.scalar(select(Event)) is None


def test_the_same_name_in_two_academies_is_two_events(store):
    first = read()[0]
    zoe = editor("responsable", LILLE)
    moderation.accept(db.session, zoe, first.id, first.revision, NOW)
    other = read(LETTER.replace("Lille", "Lyon"))[3]
    assert other.proposal is Proposal.NEW_EVENT
    lyon = editor("responsable", LYON)
    event = moderation.accept(db.session, lyon, other.id, other.revision, NOW)
    assert event.id == "concours-mon-ecole-en-podcast-academie-lyon-2020-2021"


def test_an_approximate_date_stays_approximate(store):
    [draft] = read(
        "Lettre de l'académie de Lille, 4 janvier 2021\n\nConcours « Écris ton fleuve »\n\n"
        "Les productions sont attendues mi-juin 2021 dans l'académie de Lille.\n"
    )
    zoe = editor("responsable", LILLE)
    event = moderation.accept(db.session, zoe, draft.id, draft.revision, NOW)
    [m] = event.milestones
    assert (m.certainty, m.phrase) == (Certainty.APPROXIMATE, "mi-juin 2021")


def test_facts_of_a_draft_bring_it_back(store):
    first = read()[0]
    before = draft_facts(first)
    zoe = editor("responsable", LILLE)
    moderation.refuse(db.session, zoe, first.id, first.revision, "non", NOW)
    assert draft_facts(first) != before
    with writing(db.session, NOW):
        restore(first, before)
    db.session.expire(first)
    assert draft_facts(first) == before
    assert (first.state, first.origin) == (DraftState.PENDING, DraftOrigin.LETTER)


def test_an_acceptance_that_changes_nothing_is_in_the_journal(store):
    publish(store, entry())
    [draft] = read(NATIONAL)
    admin, event = editor("administrateur"), queries.event(db.session, ID)
    as_it_is = event_entry(event, queries.reference(db.session).academies)
    moderation.accept(db.session, admin, draft.id, draft.revision, LATER, as_it_is)
    [change] = db.session.scalars(select(Change))
    assert (change.subject, change.subject_id) == (ChangeSubject.DRAFT, str(draft.id))
    assert (change.editor_id, change.at) == (admin.id, LATER)
    assert (change.before["state"], change.after["state"]) == ("pending", "accepted")
