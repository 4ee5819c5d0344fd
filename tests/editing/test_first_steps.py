"""« La première heure »: each step is done when the store says so, for each role and scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue import queries
from calendar_app.editing import accounts, letter_room, overview
from calendar_app.editing.followed import agendas
from calendar_app.editing.mailbox import receiving
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rules.first_steps import FirstStep, RoomFacts, steps_of
from calendar_app.editing.rules.roles import EditorRights, EditorRole
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from tests.editing.test_events import editor
from tests.editing.test_moderation import KNOWLEDGE, LETTER, LILLE, LYON
from tests.school.test_unknown_holidays import ACADEMIES

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 30)
LETTER_STEP, MAILBOX, AGENDA, HOLIDAYS, COLLEAGUE = FirstStep

some_academies = st.lists(st.sampled_from(list(ACADEMIES)), min_size=1, unique=True)


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def done(who: Editor, today: date = TODAY) -> list[FirstStep]:
    """Return the steps that are done for an editor, in a new snapshot."""
    db.session.rollback()
    reference = queries.reference(db.session)
    steps = overview.first_steps(db.session, who, reference, today)
    return [state.step for state in steps if state.done]


def drop(who: Editor, text: str = LETTER) -> None:
    data, day = text.encode(), date(2021, 1, 4)
    letter_room.drop(db.session, who, data, "lettre.txt", day, NOW, KNOWLEDGE)


def follow(who: Editor, *scope: str) -> int:
    address = f"https://agenda.example/{'-'.join(scope)}.ics"
    return agendas.add(db.session, who, "Agenda", address, frozenset(scope), NOW).id


def test_a_letter_counts_for_those_who_may_read_it(store):
    lille, lyon = editor("redacteur", LILLE), editor("redacteur", LYON)
    chief = editor("administrateur")
    other_of_lille = editor("responsable", LILLE)
    assert LETTER_STEP not in done(chief)
    drop(chief)
    assert LETTER_STEP in done(chief)
    assert LETTER_STEP in done(lille)  # the letter's drafts are of Lille
    assert LETTER_STEP in done(other_of_lille)
    assert LETTER_STEP not in done(lyon)
    drop(lyon)  # the same letter: its reader dropped it
    assert LETTER_STEP in done(lyon)


def test_the_mailbox_counts_for_those_who_may_read_a_letter_of_it(store):
    lille, lyon = editor("redacteur", LILLE), editor("redacteur", LYON)
    drop(lille)
    assert MAILBOX not in done(lille)
    text = "Lettre nationale, 4 janvier 2021\n\nConcours : s'inscrire avant le 5 mars 2021."
    data = f"To: letters+lille@x.example\nFrom: a@b.example\n\n{text}".encode()
    receiving.receive(db.session, data, NOW, KNOWLEDGE)
    assert [MAILBOX in done(who) for who in (lille, lyon)] == [True, False]


def test_an_agenda_counts_while_it_is_followed_within_the_scope(store):
    lille, lyon = editor("redacteur", LILLE), editor("responsable", LYON)
    chief = editor("administrateur")
    national = follow(chief, "national")
    assert [AGENDA in done(who) for who in (chief, lille, lyon)] == [True, False, False]
    of_lille = follow(chief, LILLE)
    agendas.pause(db.session, chief, national, True, NOW)
    assert [AGENDA in done(who) for who in (chief, lille, lyon)] == [True, True, False]
    agendas.pause(db.session, chief, of_lille, True, NOW)
    assert [AGENDA in done(who) for who in (chief, lille, lyon)] == [False, False, False]


def test_a_colleague_is_an_account_of_somebody_else_that_is_not_disabled(store):
    assert not accounts.any_enabled(db.session)
    chief = editor("administrateur")
    assert accounts.any_enabled(db.session)
    assert COLLEAGUE not in done(chief)
    lille = editor("redacteur", LILLE)
    assert COLLEAGUE in done(chief)
    accounts.disable(db.session, lille.address, NOW)
    assert COLLEAGUE not in done(chief)
    accounts.disable(db.session, chief.address, NOW)
    assert not accounts.any_enabled(db.session)


def test_holidays_are_those_of_this_year_and_of_the_scope(store):
    lille = editor("redacteur", LILLE)
    nobody_knows = editor("redacteur", "academie/wallis-et-futuna")
    both = editor("redacteur", LILLE, "academie/wallis-et-futuna")
    assert [HOLIDAYS in done(who) for who in (lille, nobody_knows, both)] == [True, False, False]
    # The zones are known until summer 2028: the year of today counts, not the next.
    assert HOLIDAYS in done(lille, date(2028, 7, 31))
    assert HOLIDAYS not in done(lille, date(2028, 8, 1))


def facts(has: tuple[bool, bool, bool, bool], academies=(), unknown=()) -> RoomFacts:
    return RoomFacts(*has, SchoolYear(2026), academies, unknown)


def rights_of(role: EditorRole) -> EditorRights:
    return EditorRights(role, None if role is EditorRole.ADMINISTRATOR else frozenset({LILLE}))


@given(
    st.sampled_from(EditorRole),
    st.tuples(*[st.booleans()] * 4),
    some_academies,
    st.data(),
)
def test_a_step_is_done_by_its_own_fact_alone_and_says_so(role, has, academies, data):
    unknown = data.draw(st.lists(st.sampled_from(academies), unique=True))
    found = facts(has, academies, unknown)
    steps = steps_of(rights_of(role), found)
    asked = list(FirstStep)[: 5 if role is EditorRole.ADMINISTRATOR else 4]
    assert [state.step for state in steps] == asked
    expected = dict(zip(FirstStep, (*has[:3], not unknown, has[3]), strict=True))
    for state in steps:
        assert state.done == expected[state.step]
        assert state.sentence.endswith(".")
    # What is done and what is open are different sentences.
    for number in range(4):
        turned = tuple(not h if n == number else h for n, h in enumerate(has))
        others = steps_of(rights_of(role), replace(found, **dict(zip(FACTS, turned, strict=True))))
        for state, other in zip(steps, others, strict=True):
            assert (state.done == other.done) == (state.sentence == other.sentence)


FACTS = ("letters", "mailbox", "agendas", "colleagues")


@pytest.mark.parametrize("role", EditorRole)
def test_who_may_not_follow_an_agenda_is_told_who_may(role):
    _, _, agenda, *_ = steps_of(rights_of(role), facts((False,) * 4))
    told = "C'est aux responsables de publication" in agenda.sentence
    assert told == (role is EditorRole.PREPARER)


@given(some_academies, st.data())
def test_what_is_known_is_named_or_counted_and_what_is_not_has_a_way(academies, data):
    unknown = data.draw(st.lists(st.sampled_from(academies), unique=True))
    steps = steps_of(rights_of(EditorRole.PUBLISHER), facts((True,) * 4, academies, unknown))
    said = steps[3].sentence
    known = [academy.name for academy in academies if academy not in unknown]
    if len(known) > 4:
        assert f"2026-2027 sont connues pour {len(known)} académies et collectivités." in said
    else:
        assert all(name in said for name in known)
    assert ("sont connues" in said) == bool(known)
    assert ("calendar-app holidays" in said) == bool(unknown)
