"""The leaf and the pill of a date: what a list shows at a glance."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import Card, card
from calendar_app.feeds.date_block import CLOSE, URGENT, date_block, pill
from calendar_app.school.academies import NATIONAL
from calendar_app.store.base import db
from calendar_app.words.vocabulary import Certainty, MilestoneKind

JANUARY = date(2021, 1, 4)
THE_11TH = date(2021, 2, 11)


@pytest.fixture
def engine():
    """What is tested is no SQL."""
    return "sqlite"


@pytest.fixture
def made(app):
    """Return a function that makes the card of a date, for a teacher in Lille."""

    def make(kind: MilestoneKind, first: date, last: date, today: date = JANUARY, **more) -> Card:
        event = Event(title="Concours", scope=frozenset({NATIONAL}))
        days = {"first_day": first, "last_day": last, "time_zone": "Europe/Paris"}
        milestone = Milestone(kind=kind, event=event, **days, **more)
        return card(milestone, today, reference.academies.get("lille"), reference)

    with app.app_context():
        reference = queries.reference(db.session)
        yield make


@pytest.mark.parametrize(
    ("kind", "first", "last", "leaf"),
    [
        ("deadline", THE_11TH, THE_11TH, ("jeu.", ("11",), "févr.")),
        ("deadline", date(2021, 2, 1), THE_11TH, ("jeu.", ("11",), "févr.")),
        ("session", date(2021, 5, 17), date(2021, 5, 19), ("lun.–mer.", ("17–19",), "mai")),
        ("session", date(2022, 5, 17), date(2022, 5, 17), ("mar.", ("17",), "mai 2022")),
        (
            "session",
            date(2021, 1, 30),
            date(2021, 2, 1),
            ("sam.–lun.", ("30\u00a0janv.", "1\u00a0févr."), ""),
        ),
        (
            "session",
            date(2020, 10, 12),
            date(2021, 4, 30),
            ("lun.–ven.", ("12\u00a0oct.", "30\u00a0avril"), "2020–2021"),
        ),
    ],
)
def test_the_leaf_says_the_days(made, kind, first, last, leaf):
    block = date_block(made(MilestoneKind(kind), first, last))
    assert block.leaf == leaf


def test_what_the_leaf_does_not_say_stands_beside_it(made):
    at_six = made(MilestoneKind.DEADLINE, THE_11TH, THE_11TH, end_time=time(18))
    block = date_block(at_six)
    assert (block.name, block.days, block.hours) == (
        "Date limite",
        "jeudi 11\u00a0février 2021",
        "à 18\u00a0h",
    )
    held = made(MilestoneKind.SESSION, THE_11TH, THE_11TH, start_time=time(9), end_time=time(12))
    block = date_block(held)
    assert (block.name, block.hours) == ("A lieu", "de 9\u00a0h à midi")
    assert block.days == "jeudi 11\u00a0février 2021"


def test_a_date_that_is_not_settled_has_no_day(made):
    june = made(
        MilestoneKind.SESSION,
        date(2021, 6, 10),
        date(2021, 6, 20),
        certainty=Certainty.APPROXIMATE,
        phrase="mi-juin",
    )
    block = date_block(june)
    assert block.leaf == ("vers", ("juin",), "2021")
    assert (block.days, block.hours) == ("", "mi-juin (date approximative)")
    assert pill(june) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # one store for all draws
@given(
    kind=st.sampled_from(MilestoneKind),
    first=st.dates(date(2020, 9, 1), date(2021, 7, 6)),
    days=st.integers(0, 200),
    after=st.integers(-30, 250),
)
def test_a_pill_agrees_with_the_card_and_a_deadline_grows_more_urgent(
    made, kind, first, days, after
):
    last = first + timedelta(days=days)
    shown = made(kind, first, last, last - timedelta(days=after))
    found = pill(shown)
    assert (found is None) == (shown.countdown is None)
    if found is None:
        return
    assert shown.countdown in f"{found.words} {found.more}"
    if kind.is_deadline:
        expected = "urgent" if after <= URGENT else "close" if after <= CLOSE else "far"
        assert found.grade == expected or (found.grade == "urgent" and shown.is_last_class_day)
        weeks = (shown.class_weeks or "").partition(" (")[0]
        if weeks.startswith("plus de classe"):
            assert weeks in found.more
        elif after <= URGENT or shown.is_last_class_day:
            assert found.more == ""
        elif weeks.startswith("plus aucune"):
            assert found.more.startswith("dernière semaine de classe")
        else:
            assert weeks.removeprefix("il reste ") == found.words
    elif shown.is_running or kind in (MilestoneKind.OPENING, MilestoneKind.RESULTS):
        assert found.grade == "far"
    block = date_block(shown)
    assert block.days in shown.when
