"""Beside the queue: deadlines of the next weeks, and last year's events without a new edition."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from calendar_app.catalogue import queries
from calendar_app.editing import overview
from calendar_app.editing.rights import rights as editor_rights
from calendar_app.editing.rules.roles import EditorRights
from calendar_app.store.base import db
from tests.editing.test_events import NORD, OF_NORD, editor
from tests.editing.test_moderation import LILLE, LYON
from tests.factories import ID, another, changing, entry, publish

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
TODAY = date(2021, 2, 1)
DEADLINE = {"kind": "deadline", "day": "2021-02-11"}


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def own(role: str, *scope: str) -> EditorRights:
    return editor_rights(editor(role, *scope), queries.reference(db.session).academies)


def soon(rights: EditorRights, today: date = TODAY) -> list[tuple[str, str]]:
    db.session.rollback()  # a new snapshot, with what was published meanwhile
    return [(m.event_id, m.key) for m in overview.closing_soon(db.session, rights, today)]


def missing(rights: EditorRights, today: date) -> list[tuple[str, str]]:
    db.session.rollback()
    found = overview.missing_editions(db.session, rights, today)
    return [(f.event.id, f.milestone.key) for f in found]


def of(series: str, academy: str, **changes):
    return another(series, scope={"academies": [academy]}, **changes)


def test_deadlines_of_the_next_three_weeks_are_told_to_those_they_concern(store):
    publish(
        store,
        entry(milestones=[DEADLINE, OF_NORD, {"kind": "session", "day": "2021-02-03"}]),
        of("lyon", "lyon", milestones=[DEADLINE | {"day": "2021-02-05"}]),
        of("lille", "lille", milestones=[DEADLINE | {"day": "2021-02-22"}]),
        of("tard", "lille", milestones=[DEADLINE | {"day": "2021-02-23"}]),
        of("annule", "lille", cancelled="true"),
        of("retire", "lille", archived="true"),
        of("date-annulee", "lille", milestones=[DEADLINE | {"cancelled": "true"}]),
    )
    lille = [(ID, "nord"), (ID, "deadline"), ("lille-2020-2021", "deadline")]
    assert soon(own("redacteur", LILLE)) == lille
    assert soon(own("redacteur", NORD)) == lille
    # A date of the Nord concerns neither the Pas-de-Calais nor Lyon.
    assert soon(own("redacteur", "departement/62")) == lille[1:]
    assert soon(own("responsable", LYON)) == [("lyon-2020-2021", "deadline"), (ID, "deadline")]
    assert len(soon(own("administrateur"))) == 4
    assert soon(own("redacteur", LILLE), date(2021, 2, 12)) == [
        ("lille-2020-2021", "deadline"),
        ("tard-2020-2021", "deadline"),
    ]


def test_what_came_back_every_year_and_has_no_edition_is_told_when_it_is_time(store):
    session = {"kind": "session", "day": "2021-01-20"}
    publish(
        store,
        entry(milestones=[session, DEADLINE]),
        of("lyon", "lyon"),
        of("annule", "lille", cancelled="true"),
        of("retire", "lille", archived="true"),
        of("sans-jour", "lille", milestones=[]),
        of("rencontre", "lille", milestones=[session]),
    )
    rights = own("redacteur", LILLE)
    # 11 February 2021 was a Thursday: the next edition is expected on 10 February 2022.
    for today, found in (
        (date(2021, 7, 31), []),  # still the same school year
        (date(2021, 11, 1), []),
        (date(2021, 11, 25), [(ID, "session"), ("rencontre-2020-2021", "session")]),
        (date(2022, 1, 10), [("rencontre-2020-2021", "session"), (ID, "deadline")]),
        (date(2022, 4, 7), [(ID, "deadline")]),
        (date(2022, 4, 8), []),
        (date(2023, 1, 10), []),  # after two years without an edition, none is expected
    ):
        assert missing(rights, today) == found, today
    assert missing(own("redacteur", LYON), date(2022, 1, 10)) == [
        (ID, "deadline"),
        ("lyon-2020-2021", "deadline"),
    ]


def test_an_edition_of_this_year_is_not_missed_even_one_without_dates(store):
    publish(store, entry())
    rights = own("administrateur")
    assert missing(rights, date(2022, 1, 10)) == [(ID, "deadline")]
    publish(store, entry(id="essai-2021-2022", school_year="2021-2022", milestones=[]))
    assert missing(rights, date(2022, 1, 10)) == []


def test_what_was_cancelled_is_not_waited_for(store):
    publish(store, entry())
    rights = own("administrateur")
    with changing(store, NOW) as event:
        event.cancelled_at = NOW
    assert missing(rights, date(2022, 1, 10)) == []
