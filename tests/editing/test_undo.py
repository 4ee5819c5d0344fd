"""Undoing changes: whole facts before and after, undoing again and again, and who may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from calendar_app.catalogue import queries
from calendar_app.editing import events, journal, moderation, proposals, undo
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.draft_facts import draft_facts
from calendar_app.editing.followed import agendas
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.letters.dated_items import ItemKind
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarError, NotFoundError
from tests.editing.test_events import NORD, OF_NORD, editor, facts, wanted
from tests.editing.test_moderation import LILLE, LYON, read
from tests.factories import ID, MID_JUNE, entry, publish
from tests.tools import drawn_on

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def save(who, event_id: str = ID, **changes) -> Change:
    seen = facts(event_id)
    events.save(db.session, who, wanted(seen, **changes), seen, NOW)
    return last()


def last() -> Change:
    by_somebody = select(Change).where(Change.editor_id.is_not(None))
    found = db.session.scalars(by_somebody.order_by(Change.id.desc())).first()
    assert found is not None
    return found


def back(who, change: Change, now: datetime = LATER) -> Change:
    return undo.undo(db.session, who, change.id, None, now)


def draft(draft_id: int) -> Draft:
    found = db.session.get(Draft, draft_id, populate_existing=True)
    assert found is not None
    return found


def refused(who, change: Change) -> type[CalendarError]:
    """Try to take a change back; check that nothing changed, and return the error's class."""
    before = db.session.scalar(select(func.count(Change.id)))
    version = queries.catalogue(db.session).version
    with pytest.raises(CalendarError) as error:
        back(who, change)
    assert db.session.scalar(select(func.count(Change.id))) == before
    assert queries.catalogue(db.session).version == version
    return error.type


# -- events ----------------------------------------------------------------------------------------

EVERY_PART = {
    "title": "Un autre titre",
    "place": "Lens",
    "participation__cost": "gratuit",
    "participation__registrants": ["directeur"],
    "classes": ["cm1", "6e"],
    "themes": ["musique"],
    "scope": {"departments": ["59", "62"]},
    "milestones__nord": OF_NORD,
    "milestones__results": MID_JUNE,
    "milestones__deadline": None,
    "link": "https://concours.example/",
    "full": "true",
    "reason": "La salle est fermée.",
    "cancelled": "true",
}


@pytest.mark.parametrize("name", EVERY_PART)
def test_each_part_goes_back_to_what_it_was_and_forth_again(store, name):
    publish(store, entry(scope={"academies": ["lille"]}))
    zoe, before = editor("responsable", LILLE), facts()
    first = save(zoe, **{name: EVERY_PART[name]})
    after = facts()
    assert after != before
    second = back(zoe, first)
    assert facts() == before
    third = back(zoe, second)
    assert facts() == after
    assert [c.undoes_id for c in (first, second, third)] == [None, first.id, second.id]
    assert undo.may_undo(db.session, zoe, third)
    assert not undo.may_undo(db.session, zoe, db.session.get(Change, first.id))
    assert refused(zoe, first) is undo.UndoneAlreadyError
    # The journal still holds the whole history.
    assert (third.before, third.after, third.at) == (before, after, LATER)


def test_who_may_take_what_back(store):
    publish(store, entry())
    admin, zoe = editor("administrateur"), editor("responsable", LILLE)
    lyon = editor("responsable", LYON)
    helper = editor("redacteur", NORD)
    of_nord = save(editor("responsable", NORD), milestones__nord=OF_NORD)
    of_all = save(admin, title="Un")
    may = {
        (who.role, change.id): undo.may_undo(db.session, who, change)
        for who in (admin, zoe, helper)
        for change in (of_nord, of_all)
    }
    assert may == {
        (EditorRole.ADMINISTRATOR, of_nord.id): True,
        (EditorRole.ADMINISTRATOR, of_all.id): True,
        (EditorRole.PUBLISHER, of_nord.id): True,
        (EditorRole.PUBLISHER, of_all.id): False,
        (EditorRole.PREPARER, of_nord.id): False,
        (EditorRole.PREPARER, of_all.id): False,
    }
    assert refused(lyon, of_nord) is NotFoundError
    assert refused(zoe, of_all) is NotFoundError
    assert refused(helper, of_nord) is events.NotYoursError
    back(zoe, of_nord)
    assert "milestones.nord" not in facts()


def test_what_went_to_another_academie_is_not_taken_back_from_it(store):
    publish(store, entry(scope={"academies": ["lille"]}))
    admin, zoe = editor("administrateur"), editor("responsable", LILLE)
    first = save(zoe, title="Un")
    save(admin, scope={"academies": ["lyon"]})
    # Zoé may still read her own change, but the event is no longer within her scope.
    assert journal.visible_change(db.session, zoe, first.id).id == first.id
    assert refused(zoe, first) is NotFoundError
    assert facts()["title"] == "Un"


def test_a_part_that_was_changed_otherwise_since_is_told_with_both_values(store):
    publish(store, entry())
    admin = editor("administrateur")
    first = save(admin, title="Un", place="Lens")
    save(admin, title="Deux")
    assert refused(admin, first) is undo.UndoConflictError
    assert (facts()["title"], facts()["place"]) == ("Deux", "Lens")
    # Somebody set the title back by hand, so only the rest is taken back.
    save(admin, title="Concours d'essai")
    back(admin, first)
    assert facts().get("place") is None
    assert facts()["title"] == "Concours d'essai"


def test_what_was_put_back_by_hand_leaves_nothing_to_take_back(store):
    publish(store, entry())
    admin = editor("administrateur")
    first = save(admin, title="Un")
    save(admin, title="Concours d'essai")
    assert refused(admin, first) is undo.UndoneAlreadyError


NAMES = ["title", "place", "organiser", "participation.cost"]
STEP = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["Un", "Deux"])),
    st.integers(min_value=0, max_value=9),
)


@pytest.mark.long
def test_undoing_twice_changes_nothing_whatever_came_before(store, engine):
    """Random changes and undoings; after each one that succeeds, undo(undo(x)) = x."""

    @given(st.lists(STEP, min_size=2, max_size=9))
    @settings(max_examples=drawn_on(engine, 12))
    def hold(steps):
        _undo_twice(store, steps)

    hold()


def _undo_twice(store, steps) -> None:
    admin = editor("administrateur")
    _begin_again(store)
    for step in steps:
        known = facts()
        if isinstance(step, tuple):
            name, value = step
            if known.get(name) == value:
                continue
            made = save(admin, **{name.replace(".", "__"): value})
        else:
            found = db.session.scalars(select(Change).order_by(Change.id.desc())).all()
            if step >= len(found):
                continue
            try:
                made = back(admin, found[step])
            except (undo.UndoneAlreadyError, undo.UndoConflictError):
                assert facts() == known
                continue
        now = facts()
        assert now != known
        once = back(admin, made)
        assert facts() == known
        back(admin, once)
        assert facts() == now


def _begin_again(store) -> None:
    """Set the event back to its first state; the journal keeps the changes of earlier examples."""
    publish(store, entry())
    admin, found = editor("administrateur"), facts()
    kept = {"title": "Concours d'essai", "organiser": "Une association"}
    changes = {n: kept.get(n) for n in NAMES if found.get(n) != kept.get(n)}
    if changes:
        save(admin, **{n.replace(".", "__"): v for n, v in changes.items()})


# -- drafts ----------------------------------------------------------------------------------------


def test_an_acceptance_goes_back_and_forth_with_its_draft(store):
    first = read()[0].id
    zoe = editor("responsable", LILLE)
    seen = draft_facts(draft(first))
    event = moderation.accept(db.session, zoe, first, draft(first).revision, NOW)
    accepted, published = last(), facts(event.id)
    undone = back(zoe, accepted)
    assert draft_facts(draft(first)) == seen
    assert facts(event.id) == published | {"archived": "true"}
    back(zoe, undone)
    assert facts(event.id) == published
    assert (draft(first).state, draft(first).event_id) == (DraftState.ACCEPTED, event.id)
    assert (draft(first).decided_at, draft(first).decided_by_id) == (LATER, zoe.id)


def test_a_draft_that_was_decided_otherwise_meanwhile_is_left_alone(store):
    first = read()[0].id
    zoe = editor("responsable", LILLE)
    moderation.accept(db.session, zoe, first, draft(first).revision, NOW)
    undone = back(zoe, last())
    moderation.refuse(db.session, zoe, first, draft(first).revision, "non", NOW)
    back(zoe, undone)
    assert (draft(first).state, draft(first).answer) == (DraftState.REFUSED, "non")


def test_a_refusal_goes_back_and_forth(store):
    first = read()[0].id
    zoe, helper = editor("responsable", LILLE), editor("redacteur", LILLE)
    seen = draft_facts(draft(first))
    moderation.refuse(db.session, zoe, first, draft(first).revision, "non", NOW)
    refusal, decided = last(), draft_facts(draft(first))
    assert refused(helper, refusal) is moderation.DraftNotYoursError
    assert refused(editor("responsable", LYON), refusal) is NotFoundError
    assert not undo.may_undo(db.session, helper, refusal)
    undone = back(zoe, refusal)
    assert (draft_facts(draft(first)), draft(first).decided_at) == (seen, None)
    assert first in [d.id for d in moderation.queue(db.session, zoe)]
    # A rédacteur may not refuse in this way either: by undoing the undoing of a refusal.
    assert refused(helper, undone) is moderation.DraftNotYoursError
    back(zoe, undone)
    assert (draft_facts(draft(first)), draft(first).decided_at) == (decided, LATER)


def test_a_correction_goes_back_until_the_draft_is_decided(store):
    first = read()[0].id
    zoe, helper = editor("responsable", LILLE), editor("redacteur", LILLE)
    seen, codes = draft_facts(draft(first)), set(draft(first).scope)
    item = item_of_draft(draft(first))
    wrong = type(item)(
        **{name: getattr(item, name) for name in item.__slots__}
        | {"title": "Autre chose", "academies": (), "kind": ItemKind.EVENT, "step": None}
    )
    moderation.correct(db.session, helper, first, draft(first).revision, wrong, NOW)
    correction = last()
    assert set(draft(first).scope) == {"national"}
    # The draft is national now, so she may not undo the change, although it is her own.
    assert refused(helper, correction) is NotFoundError
    admin = editor("administrateur")
    back(admin, correction)
    assert (draft_facts(draft(first)), set(draft(first).scope)) == (seen, codes)
    back(admin, last())
    assert draft(first).title == "Autre chose"
    back(admin, last())
    moderation.attach(db.session, zoe, first, draft(first).revision, None, None, NOW)
    attached = last()
    assert attached.action is ChangeAction.ATTACHED
    moderation.accept(db.session, zoe, first, draft(first).revision, NOW)
    assert refused(zoe, attached) is moderation.DraftDecidedError
    assert not undo.may_undo(db.session, zoe, attached)


def test_a_draft_is_not_put_back_on_a_date_that_is_gone(store):
    """The row of the date is gone: the undo once failed with an error of the store."""
    deadline = {"kind": "deadline", "day": "2021-02-11"}
    results = {"kind": "results", "day": "2021-05-03"}
    publish(store, entry(scope={"academies": ["lille"]}, milestones=[deadline, results]))
    first = read()[0].id
    zoe = editor("responsable", LILLE)
    moderation.attach(db.session, zoe, first, draft(first).revision, ID, "results", NOW)
    moderation.attach(db.session, zoe, first, draft(first).revision, ID, None, NOW)
    detached = last()
    seen = facts(ID)
    events.save(db.session, zoe, wanted(seen, milestones__results=None), seen, NOW)
    assert refused(zoe, detached) is undo.GoneDateError
    assert draft(first).milestone_id is None


def test_what_waits_for_an_event_that_is_taken_back_proposes_it_anew(store):
    """Otherwise the draft would be accepted into an archived event, which nobody sees."""
    first, second = (d.id for d in read()[:2])
    zoe, waiting = editor("responsable", LILLE), draft_facts(draft(second))
    event = moderation.accept(db.session, zoe, first, draft(first).revision, NOW)
    pointed, created = draft_facts(draft(second)), last()
    assert (pointed["event_id"], pointed["proposal"]) == (event.id, "new_date")
    undone = back(zoe, created)
    assert draft_facts(draft(second)) == waiting
    # When the event is restored, the draft belongs to it again.
    forth = back(zoe, undone)
    assert draft_facts(draft(second)) == pointed
    back(zoe, forth)
    found = moderation.accept(db.session, zoe, second, draft(second).revision, LATER)
    assert (found.id, found.archived_at) == (event.id, None)
    assert [m.last_day.isoformat() for m in found.milestones] == ["2021-03-25"]


def followed_now(source_id: int) -> tuple[datetime | None, datetime]:
    source = db.session.get(Source, source_id, populate_existing=True)
    assert source is not None
    return source.paused_at, source.next_fetch_at


def test_a_source_that_is_followed_is_paused_and_the_other_way_round(store):
    zoe, leo = editor("responsable", LILLE), editor("responsable", LYON)
    source = agendas.add(
        db.session, zoe, "Agenda", "https://agenda.example/x.ics", frozenset({LILLE}), NOW
    )
    followed = last()
    assert refused(leo, followed) is NotFoundError
    undone = back(zoe, followed)
    assert followed_now(source.id) == (LATER, LATER)
    assert (undone.action, undone.undoes_id) == (ChangeAction.UNDONE, followed.id)
    assert refused(zoe, followed) is undo.UndoneAlreadyError
    back(zoe, undone)
    assert followed_now(source.id) == (None, LATER)


def test_a_source_that_is_what_it_was_is_not_taken_back(store):
    zoe = editor("responsable", LILLE)
    source = agendas.add(
        db.session, zoe, "Agenda", "https://agenda.example/x.ics", frozenset({LILLE}), NOW
    )
    followed = last()
    agendas.pause(db.session, zoe, source.id, True, NOW)
    assert refused(zoe, followed) is undo.UndoneAlreadyError


def test_what_was_prepared_for_publication_is_withdrawn(store):
    """Its author may withdraw it, and so may an editor who may publish it; no other colleague."""
    publish(store, entry(scope={"academies": ["lille"]}), now=NOW)
    ana, leo = editor("redacteur", LILLE), editor("redacteur", LILLE, "academie/amiens")
    proposed = proposals.propose(
        db.session, ana, wanted(facts(), title="Abc"), facts(), NOW, "Faute de frappe"
    )
    prepared = last()
    assert (prepared.action, prepared.before, prepared.why) == (
        ChangeAction.CREATED,
        None,
        "Faute de frappe",
    )
    assert refused(leo, prepared) is moderation.DraftNotYoursError
    undone = back(ana, prepared)
    assert draft(proposed.id).state is DraftState.REFUSED
    back(ana, undone)
    assert draft(proposed.id).state is DraftState.PENDING
    moderation.accept(
        db.session, editor("administrateur"), proposed.id, draft(proposed.id).revision, NOW
    )
    assert refused(ana, prepared) is undo.UndoneAlreadyError


def test_what_the_program_did_with_other_drafts_is_noted(store):
    first, second = (d.id for d in read()[:2])
    zoe = editor("responsable", LILLE)
    moderation.accept(db.session, zoe, first, draft(first).revision, NOW)
    noted = db.session.scalars(select(Change).where(Change.editor_id.is_(None))).all()
    assert [(c.subject_id, c.action) for c in noted] == [(str(second), ChangeAction.ATTACHED)]
