"""Days that return by a rule remind only who asked for them, and do not fill the weekly mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from calendar_app.catalogue import renewal
from calendar_app.editing import other_mails
from calendar_app.reminders.mail_batch import MailBatch
from calendar_app.store.base import db
from tests.catalogue.test_renewal import write_rule
from tests.factories import entry, publish
from tests.mail_factories import SIGNED_UP, plan, reminders, sign_up, subscriber

DAY, CONTEST = "laicite-2020-2021", "essai-2020-2021"


@pytest.fixture
def both(empty_app):
    """A store with a day by a rule and a contest, both on 9 December 2020."""
    write_rule(empty_app, SIGNED_UP - timedelta(days=1))
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2020-12-09"}]),
        now=SIGNED_UP - timedelta(days=1),
    )
    with empty_app.app_context():
        renewal.renew(db.session, SIGNED_UP)
    return empty_app


def plan_all(app) -> None:
    day = date(2020, 11, 1)
    while day < date(2020, 12, 10):
        plan(app, datetime(day.year, day.month, day.day, 6, 31, tzinfo=UTC))
        day += timedelta(days=1)


@pytest.mark.long
def test_only_who_picked_the_day_is_reminded_of_it(both):
    sign_up(both, subscriber("alice", follows_all=True))
    sign_up(both, subscriber("bob", follows_all=True), picks=(DAY,))
    sign_up(both, subscriber("carole", follows_all=False), picks=(DAY,))
    plan_all(both)
    told = {(name, key.partition("/")[0]) for name, key, _, _ in reminders(both)}
    assert told == {("alice", CONTEST), ("bob", CONTEST), ("bob", DAY), ("carole", DAY)}


@pytest.mark.long
def test_a_day_is_reminded_of_at_the_leads_that_were_chosen(both):
    leads = frozenset(("class_weeks:1", "last_class_day"))
    sign_up(both, subscriber("alice", follows_all=False, leads=leads), picks=(DAY,))
    plan_all(both)
    assert {lead for _, _, lead, _ in reminders(both)} == set(leads)


def test_the_weekly_mail_tells_contests_only(both):
    with both.app_context():
        batch = MailBatch(db.session, [], datetime(2020, 12, 7, 6, tzinfo=UTC), other_mails)
        told = batch.ahead(subscriber(themes=frozenset()), date(2020, 12, 7))
        assert [milestone.event_id for milestone in told] == [CONTEST]
