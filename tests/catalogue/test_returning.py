"""Whether an event comes back: by its next edition, by a rule, or by what is known of the past."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue import queries, returning
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.store.base import db, writing
from calendar_app.words.vocabulary import Certainty, MilestoneKind
from tests.catalogue.test_renewal import ID as LAICITE
from tests.catalogue.test_renewal import NOW, renew, write_rule
from tests.conftest import IMPORTED_AT
from tests.factories import entry, publish


def edition(start: int, *days: str, **changes):
    """An edition of the contest, with deadlines on these days."""
    label = f"{start}-{start + 1}"
    milestones = [{"kind": "deadline", "day": day, "key": f"d{n}"} for n, day in enumerate(days)]
    return entry(id=f"essai-{label}", school_year=label, milestones=milestones) | changes


def returns(app, event_id, today):
    with app.app_context():
        event = db.session.get(Event, event_id)
        editions = queries.editions(db.session, event.series_id)
        found = returning.how_it_returns(db.session, event, editions, today)
        coming = found.next_edition and found.next_edition.id
        return coming, found.next_day, [year.start for year in found.took_place]


def followable(app, ids, today):
    with app.app_context():
        events = [db.session.get(Event, event_id) for event_id in ids]
        found = returning.followable(db.session, events, today)
        return tuple(
            [event.id for event in part] for part in (found.now, found.next_time, found.never)
        )


def test_the_next_edition_is_the_earliest_that_has_not_passed(empty_app):
    publish(
        empty_app,
        edition(2018, "2019-02-11"),
        edition(2019, "2020-02-11", cancelled=True),
        edition(2020, "2021-02-11"),
        edition(2021, "2022-02-11"),
        edition(2022, "2023-02-11"),
    )
    for today, coming, past in (
        (date(2020, 11, 2), "essai-2020-2021", [2018]),
        (date(2021, 2, 11), "essai-2020-2021", [2018]),
        (date(2021, 2, 12), "essai-2021-2022", [2018, 2020]),
        (date(2023, 2, 12), None, [2018, 2020, 2021, 2022]),
    ):
        assert returns(empty_app, "essai-2018-2019", today) == (coming, None, past), today


def test_a_rule_says_the_next_day_until_it_ends(empty_app):
    write_rule(empty_app)
    today = date(2027, 12, 20)
    renew(empty_app)
    # The edition of 2028-2029 is not made yet, and the two that stand have passed.
    assert returns(empty_app, LAICITE, today) == (None, date(2028, 12, 9), [2026, 2027])
    assert returns(empty_app, LAICITE, date(2026, 12, 10))[0] == "laicite-2027-2028"
    with empty_app.app_context(), writing(db.session, NOW):
        db.session.get(SeriesRule, "laicite").ended_at = NOW
    assert returns(empty_app, LAICITE, today) == (None, None, [2026, 2027])


@pytest.mark.parametrize("field", ["cancelled_at", "archived_at"])
def test_a_rule_promises_no_day_that_an_editor_took_away(empty_app, field):
    write_rule(empty_app)
    renew(empty_app)
    with empty_app.app_context(), writing(db.session, NOW):
        for event_id in (LAICITE, "laicite-2027-2028"):
            event = db.session.get(Event, event_id)
            setattr(event, field, NOW)
            event.revision += 1
    assert returns(empty_app, LAICITE, date(2026, 11, 30))[:2] == (None, None)


def test_what_has_passed_is_followed_by_its_next_edition_or_by_a_wish(empty_app):
    publish(empty_app, edition(2018, "2019-02-11"), edition(2019, "2020-02-11"))
    old, last, coming = (f"essai-{y}-{y + 1}" for y in (2018, 2019, 2020))
    # The wish is noted with the latest edition: the one between has passed, too.
    assert followable(empty_app, [old, last], date(2020, 11, 2)) == ([], [last], [])
    publish(empty_app, edition(2020, "2021-02-11"), now=IMPORTED_AT)
    assert followable(empty_app, [old, last, coming], date(2021, 1, 4)) == ([coming], [], [])
    assert followable(empty_app, [old], date(2021, 2, 12)) == ([], [coming], [])
    # Nothing can be promised of an edition that only tells results; the wish is for the one after.
    results = [{"kind": "results", "day": "2021-05-11"}]
    publish(empty_app, edition(2020, milestones=results))
    assert followable(empty_app, [old], date(2021, 1, 4)) == ([], [coming], [])
    assert followable(empty_app, [coming], date(2021, 1, 4)) == ([], [], [coming])


@given(days=st.lists(st.dates(date(2020, 8, 1), date(2021, 12, 31)), max_size=4), data=st.data())
def test_what_is_over_has_passed_and_no_reminder_is_of_what_has_passed(days, data):

    event = Event(school_year=2020, full=False)
    for day in days:
        kind = data.draw(st.sampled_from(MilestoneKind))
        cancelled_at = data.draw(st.sampled_from((None, NOW)))
        event.milestones.append(
            Milestone(
                kind=kind,
                first_day=day,
                last_day=day,
                cancelled_at=cancelled_at,
                certainty=Certainty.DAY,
            )
        )
    today = data.draw(st.dates(date(2020, 8, 1), date(2022, 1, 31)))
    if event.is_over(today):
        assert event.has_passed(today)
    assert not (event.has_passed(today) and event.may_remind(today))
    assert not event.has_passed(min([date(2021, 7, 31), *days]))
