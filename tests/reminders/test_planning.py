"""Who is told of which date on which morning, and who must not be told."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from calendar_app.catalogue.models.events import Milestone
from calendar_app.reminders import planning
from calendar_app.reminders.models.outbox import Reminder, SendDay
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind
from calendar_app.school import levels
from calendar_app.store.base import db, writing
from tests.factories import ID, another, entry, publish
from tests.mail_factories import SIGNED_UP, deliveries, plan, reminders, sign_up, subscriber
from tests.tools import CAMPAIGN

ALL_LEADS = frozenset(lead.code for lead in OFFERED_LEADS)
TALENT, ROBOTEAM = "ma-classe-a-du-talent-2020-2021", "roboteam-2020-2021"
CAMP, FETE = "camp-num-2020-2021", "fete-de-l-apprendre-2020-2021"

#: 7 h 31 in Paris on the morning of the lead « 3 class weeks » for Thursday 11 February (zone B).
THREE_WEEKS = datetime(2021, 1, 21, 6, 31, tzinfo=UTC)
KEY = f"{ID}/deadline"
LEAD = "class_weeks:3"


def morning(day: date, hour: int = 6) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 31, tzinfo=UTC)


@pytest.fixture
def contest(empty_app):
    """A store with one national contest, until 11 February 2021."""
    publish(empty_app, entry(), now=SIGNED_UP - timedelta(days=1))
    return empty_app


def answer(app, person: int, event_id: str = ID, **changes: Any) -> None:
    """Change what somebody follows, as a service would."""
    with app.app_context(), writing(db.session, SIGNED_UP):
        found = db.session.get(Subscription, (person, event_id))
        found = found or Subscription(subscriber_id=person, event_id=event_id, since=SIGNED_UP)
        for name, value in changes.items():
            setattr(found, name, value)
        db.session.add(found)


# -- the letter's four events, by hand -------------------------------------------------------------

# The real calendar of 2020-2021 (spring holidays of the three zones unified, from 10 to 25 April
# 2021, by decision of that year). The reasoning for the deadlines stands in
# tests/reminders/test_reminder_plan.py. The school is an école without Wednesdays; the leads are a
# month, 3 class weeks, 1 class week and the last class day before. Sessions are told only because
# the class is registered.
#
# La Fête de l'Apprendre, first day Wednesday 20 January 2021:
#   Lille, Clermont-Ferrand, Montpellier: a month before is Sunday 20 December, in the Christmas
#   holidays (19 December to 3 January): Friday 18 December. Weeks with class before that of 18
#   January: 11 and 4 January, 14 December; their Wednesdays 13 January and 16 December are no class
#   day in an école: Tuesdays 12 January and 15 December. The last class day is Tuesday 19 January.
#   La Réunion is on holiday from 20 December to 24 January: a month before, Friday 18 December,
#   which is the last class day and the one from which class weeks are counted: 7 December, 30 and
#   23 November, whose Fridays are 11 December and 27 November.
# Camp@Num, first day Monday 17 May 2021:
#   In France: a month before is Saturday 17 April, in the spring holidays: Friday 9 April. Weeks
#   with class before that of 17 May: 10 May (Monday and Tuesday; Ascension is Thursday 13, the pont
#   Friday 14), 3 May and 26 April: Mondays 10 May and 26 April. The last class day is Tuesday 11
#   May.
#   La Réunion is on holiday from 5 to 16 May: a month before is Saturday 17 April: Friday 16.
#   Weeks with class: 3 May, 26 and 19 April: Mondays 3 May and 19 April. The last class day is
#   Tuesday 4 May.
IN_FRANCE = {
    FETE: ("2020-12-18", "2020-12-15", "2021-01-12", "2021-01-19"),
    CAMP: ("2021-04-09", "2021-04-26", "2021-05-10", "2021-05-11"),
    ROBOTEAM: ("2021-03-30", "2021-03-26", "2021-04-09", "2021-04-29"),
    TALENT: ("2021-01-11", "2021-01-21", "2021-02-04", "2021-02-09"),
}
TABLE = {
    "lille": IN_FRANCE,
    "clermont-ferrand": IN_FRANCE
    | {TALENT: ("2021-01-11", "2021-01-15", "2021-01-29", "2021-02-05")},
    "montpellier": IN_FRANCE,
    "la-reunion": {
        FETE: ("2020-12-18", "2020-11-27", "2020-12-11", "2020-12-18"),
        CAMP: ("2021-04-16", "2021-04-19", "2021-05-03", "2021-05-04"),
        ROBOTEAM: ("2021-03-30", "2021-04-09", "2021-04-23", "2021-04-29"),
        TALENT: ("2020-12-18", "2020-12-17", "2021-02-04", "2021-02-09"),
    },
}


@pytest.mark.long
def test_the_mornings_of_the_letters_four_events(empty_app, engine):
    # A campaign plans every morning of the year, else those around the mornings of the table; on
    # PostgreSQL, these mornings alone.
    told = {
        date.fromisoformat(d) for place in TABLE.values() for days in place.values() for d in days
    }
    near = {
        day + timedelta(days=n)
        for day in told
        for n in ((-1, 0, 1) if engine == "sqlite" else (0,))
    }
    from calendar_app.catalogue import file_exchange
    from calendar_app.config.settings import data_folder

    with empty_app.app_context():
        path = data_folder() / "events.yaml"
        file_exchange.import_events_file(db.session, path, SIGNED_UP - timedelta(days=1))
    people = [subscriber(slug, academy_slug=slug, leads=ALL_LEADS) for slug in TABLE]
    ids = sign_up(empty_app, *people, picks=(TALENT, ROBOTEAM, CAMP, FETE))
    # Eve picked two of the events, but her class is not registered: no session is told to her.
    [eve] = sign_up(empty_app, subscriber("eve", leads=ALL_LEADS), picks=(CAMP, FETE))
    for person in ids:
        for event_id in (CAMP, FETE):
            answer(empty_app, person, event_id, registered_at=SIGNED_UP)
    day = date(2020, 11, 1)
    while day < date(2021, 6, 1):
        # 7 h 31 in La Réunion, then in Paris in summer and in winter.
        for hour in (3, 5, 6) if CAMPAIGN or day in near else ():
            plan(empty_app, morning(day, hour))
        day += timedelta(days=1)
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    with empty_app.app_context():
        rows = db.session.execute(
            select(Reminder, Subscriber.academy_slug, Milestone.event_id)
            .join(Subscriber, Subscriber.id == Reminder.subscriber_id)
            .join(Milestone, Milestone.id == Reminder.milestone_id)
        )
        for reminder, slug, event_id in rows:
            assert reminder.subscriber_id != eve
            zone = timedelta(hours=4 if slug == "la-reunion" else 1)
            found[slug][event_id][reminder.lead] = (reminder.send_at + zone).date().isoformat()
    days = {
        slug: {
            event_id: tuple(by_lead[lead.code] for lead in OFFERED_LEADS)
            for event_id, by_lead in of_place.items()
        }
        for slug, of_place in found.items()
    }
    assert days == TABLE


# -- who follows what ------------------------------------------------------------------------------


def test_who_picked_it_is_told_once_and_who_did_not_is_not(contest):
    sign_up(contest, subscriber("alice"), picks=(ID,))
    sign_up(contest, subscriber("bob"))
    plan(contest, THREE_WEEKS - timedelta(minutes=2))
    assert reminders(contest) == set()
    for _ in range(3):
        plan(contest, THREE_WEEKS)
        planning._last_looks.clear()
    assert reminders(contest) == {("alice", KEY, LEAD, "planned")}
    assert deliveries(contest) == {("reminder", "pending"): 1}


def test_who_follows_everything_hears_of_what_fits(empty_app):
    before = SIGNED_UP - timedelta(days=1)
    publish(
        empty_app,
        entry(classes=["cm1"], themes=["robotique"]),
        another("college", classes=["cycle-4"], themes=["robotique"]),
        another("sans-classe", themes=["robotique"]),
        another("ailleurs", scope={"academies": ["lyon"]}, themes=["robotique"]),
        another("musique", classes=["cm1"]),
        now=before,
    )
    keen = {"follows_all": True, "themes": frozenset(("robotique",))}
    sign_up(
        empty_app,
        subscriber("alice", **keen),
        subscriber("lyon", **keen | {"academy_slug": "lyon"}),
        subscriber("nobody", **keen | {"academy_slug": None}),
        subscriber("all", follows_all=True),
        subscriber("paused", **keen, state=SubscriberState.PAUSED),
        subscriber("gone", **keen, state=SubscriberState.UNSUBSCRIBED),
        subscriber("unsure", **keen, state=SubscriberState.UNCONFIRMED, confirmed_at=None),
    )
    plan(empty_app, THREE_WEEKS)
    told = {(who, key.partition("-2020")[0]) for who, key, _, _ in reminders(empty_app)}
    assert told == {
        ("alice", "essai"),
        ("alice", "sans-classe"),
        ("lyon", "essai"),
        ("lyon", "sans-classe"),
        ("lyon", "ailleurs"),
        ("nobody", "essai"),
        ("nobody", "sans-classe"),
        ("all", "essai"),
        ("all", "sans-classe"),
        ("all", "musique"),
    }


def test_ulis_alone_brings_no_event_of_the_other_degre(empty_app):
    """« All classes of an école » includes ULIS, and so does the second degré."""
    publish(
        empty_app,
        entry(classes=["second-degre"]),
        another("ulis", classes=["ulis"]),
        now=SIGNED_UP - timedelta(days=1),
    )
    ecole = levels.GROUPS["premier-degre"][1]
    sign_up(empty_app, subscriber("ecole", follows_all=True, classes=ecole))
    sign_up(empty_app, subscriber("ulis", follows_all=True, classes=frozenset(("ulis",))))
    plan(empty_app, THREE_WEEKS)
    told = {(who, key.partition("-2020")[0]) for who, key, _, _ in reminders(empty_app)}
    assert told == {("ecole", "ulis"), ("ulis", "essai"), ("ulis", "ulis")}


def test_a_contest_of_another_academie_is_told_to_who_picked_it(empty_app):
    publish(
        empty_app,
        entry(scope={"academies": ["lyon"]}),
        another(
            "partage",
            milestones=[
                {"kind": "deadline", "day": "2021-02-11"},
                {
                    "kind": "deadline",
                    "key": "cantal",
                    "day": "2021-02-11",
                    "scope": {"departments": ["15"]},
                },
            ],
        ),
        now=SIGNED_UP - timedelta(days=1),
    )
    sign_up(empty_app, subscriber("alice"), picks=(ID, "partage-2020-2021"))
    sign_up(empty_app, subscriber("bob"))
    plan(empty_app, THREE_WEEKS)
    # A deadline for only some of the participants is not told to the others.
    assert reminders(empty_app) == {
        ("alice", KEY, LEAD, "planned"),
        ("alice", "partage-2020-2021/deadline", LEAD, "planned"),
    }


def test_two_reasons_make_one_reminder_and_two_dates_one_mail(empty_app):
    publish(empty_app, entry(), another("autre"), now=SIGNED_UP - timedelta(days=1))
    sign_up(empty_app, subscriber("alice", follows_all=True), picks=(ID,))
    plan(empty_app, THREE_WEEKS)
    assert len(reminders(empty_app)) == 2
    assert deliveries(empty_app) == {("reminder", "pending"): 1}


def test_leads_that_had_passed_at_sign_up_do_not_fire(contest):
    late = {"since": THREE_WEEKS, "confirmed_at": THREE_WEEKS}
    sign_up(contest, subscriber("alice", **late), picks=(ID,), now=THREE_WEEKS)
    [bob] = sign_up(contest, subscriber("bob"))
    answer(contest, bob, picked=True, since=THREE_WEEKS + timedelta(minutes=1))
    plan(contest, THREE_WEEKS + timedelta(hours=1))
    assert reminders(contest) == set()
    # The lead « last class day before » is still ahead.
    plan(contest, datetime(2021, 2, 9, 6, 31, tzinfo=UTC))
    assert {who for who, _, lead, _ in reminders(contest) if lead == "last_class_day"} == {
        "alice",
        "bob",
    }


def test_wednesdays_decide_by_the_kind_of_school(contest):
    kinds = {kind.value: kind for kind in SchoolKind}
    sign_up(contest, *(subscriber(name, school=kind) for name, kind in kinds.items()), picks=(ID,))
    plan(contest, datetime(2021, 2, 9, 6, 31, tzinfo=UTC))
    last = {who for who, _, lead, _ in reminders(contest) if lead == "last_class_day"}
    assert last == {"ecole"}
    plan(contest, datetime(2021, 2, 10, 6, 31, tzinfo=UTC))
    last = {who for who, _, lead, _ in reminders(contest) if lead == "last_class_day"}
    assert last == set(kinds)


# -- what the class did ----------------------------------------------------------------------------

STEPS = entry(
    milestones=[
        {"kind": "registration_deadline", "day": "2021-02-11"},
        {"kind": "submission_deadline", "day": "2021-02-11"},
        {"kind": "session", "day": "2021-02-11"},
    ]
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {"registration_deadline", "submission_deadline"}),
        ({"registered_at": SIGNED_UP}, {"submission_deadline", "session"}),
        ({"submitted_at": SIGNED_UP}, {"registration_deadline"}),
        ({"declined_at": SIGNED_UP}, set()),
    ],
)
def test_an_answer_silences_its_own_dates(empty_app, said, told):
    publish(empty_app, STEPS, now=SIGNED_UP - timedelta(days=1))
    [alice] = sign_up(empty_app, subscriber("alice", follows_all=True))
    answer(empty_app, alice, **said)
    plan(empty_app, THREE_WEEKS)
    assert {key.partition("/")[2] for _, key, _, _ in reminders(empty_app)} == told


def test_a_full_event_needs_no_registration_any_more(empty_app):
    publish(empty_app, STEPS | {"full": True}, now=SIGNED_UP - timedelta(days=1))
    sign_up(empty_app, subscriber("alice"), picks=(ID,))
    plan(empty_app, THREE_WEEKS)
    assert {key for _, key, _, _ in reminders(empty_app)} == {f"{ID}/submission_deadline"}


def test_the_wish_for_next_year_follows_the_next_edition(contest):
    [alice] = sign_up(contest, subscriber("alice"))
    [bob] = sign_up(contest, subscriber("bob"))
    answer(contest, alice, next_year=True, declined_at=SIGNED_UP)
    answer(contest, bob, declined_at=SIGNED_UP)
    published = datetime(2021, 9, 20, 8, 0, tzinfo=UTC)
    publish(
        contest,
        entry(
            id="essai-2021-2022",
            school_year="2021-2022",
            milestones=[{"kind": "deadline", "day": "2022-02-03"}],
        ),
        now=published,
    )
    plan(contest, published + timedelta(hours=1))
    plan(contest, datetime(2022, 1, 13, 6, 31, tzinfo=UTC))
    assert reminders(contest) == {("alice", "essai-2021-2022/deadline", LEAD, "planned")}


# -- late, moved, cancelled ------------------------------------------------------------------------


def test_a_date_that_appears_after_its_leads_is_told_on_the_next_class_morning(empty_app):
    sign_up(empty_app, subscriber("alice", follows_all=True))
    friday = datetime(2021, 1, 29, 15, 0, tzinfo=UTC)
    publish(empty_app, entry(), now=friday)
    for hours in (1, 24, 48):
        plan(empty_app, friday + timedelta(hours=hours))
    assert reminders(empty_app) == set()
    plan(empty_app, datetime(2021, 2, 1, 6, 31, tzinfo=UTC))
    assert reminders(empty_app) == {("alice", KEY, LEAD, "planned")}


def moved_to(day: str) -> dict[str, Any]:
    return entry(milestones=[{"kind": "deadline", "day": day}])


def told(app) -> None:
    """Mark all planned reminders as sent."""
    with app.app_context(), writing(db.session, THREE_WEEKS):
        for reminder in db.session.scalars(select(Reminder)):
            reminder.state = "sent"


def test_a_moved_date_is_told_to_who_picked_it_or_was_reminded(contest):
    late = frozenset(("last_class_day",))
    sign_up(contest, subscriber("alice"), picks=(ID,))
    sign_up(contest, subscriber("bob", follows_all=True))
    sign_up(contest, subscriber("carol", leads=late), picks=(ID,))
    # Dora follows everything, and was not told of this date yet.
    sign_up(contest, subscriber("dora", leads=late, follows_all=True))
    plan(contest, THREE_WEEKS)
    told(contest)
    saturday = datetime(2021, 1, 23, 10, 0, tzinfo=UTC)
    publish(contest, moved_to("2021-03-11"), now=saturday)
    plan(contest, saturday + timedelta(hours=2))
    assert {lead for _, _, lead, _ in reminders(contest)} == {LEAD}
    plan(contest, datetime(2021, 1, 25, 6, 31, tzinfo=UTC))
    news = {(who, lead) for who, _, lead, state in reminders(contest) if state == "planned"}
    assert news == {("alice", "moved"), ("bob", "moved"), ("carol", "moved")}
    assert deliveries(contest)["moved", "pending"] == 3


def test_a_move_within_two_days_is_told_at_once(contest):
    sign_up(contest, subscriber("alice"), picks=(ID,))
    plan(contest, THREE_WEEKS)
    told(contest)
    # Wednesday evening, the day before the deadline.
    evening = datetime(2021, 2, 10, 18, 0, tzinfo=UTC)
    publish(contest, moved_to("2021-03-11"), now=evening)
    plan(contest, evening + timedelta(minutes=1))
    assert ("alice", KEY, "moved", "planned") in reminders(contest)


@pytest.mark.long
def test_a_cancelled_event_is_told_to_who_counts_on_it_and_to_nobody_else(contest):
    late = frozenset(("last_class_day",))
    sign_up(contest, subscriber("alice"), picks=(ID,))
    sign_up(contest, subscriber("carol", leads=late), picks=(ID,))
    sign_up(contest, subscriber("dora", leads=late, follows_all=True))
    plan(contest, THREE_WEEKS)
    told(contest)
    publish(contest, entry(cancelled=True), now=THREE_WEEKS + timedelta(days=1))
    for day in range(22, 40):
        plan(contest, THREE_WEEKS.replace(day=1) + timedelta(days=day))
    assert reminders(contest) == {
        ("alice", KEY, LEAD, "sent"),
        ("alice", KEY, "cancelled", "planned"),
        ("carol", KEY, "cancelled", "planned"),
    }


# -- mails that depend on no date ------------------------------------------------------------------


def test_the_weekly_mail_goes_on_the_first_class_day_of_the_week_to_who_asked(contest):
    sign_up(contest, subscriber("alice", weekly=True), subscriber("bob"))
    # Easter Monday, then the Tuesday and the Wednesday after it.
    plan(contest, datetime(2021, 4, 5, 7, 0, tzinfo=UTC))
    assert deliveries(contest) == {}
    plan(contest, datetime(2021, 4, 6, 7, 0, tzinfo=UTC))
    plan(contest, datetime(2021, 4, 7, 7, 0, tzinfo=UTC))
    assert deliveries(contest) == {("weekly", "pending"): 1}


def test_the_rentree_asks_who_was_there_before_it(contest):
    sign_up(contest, subscriber("alice"))
    recent = datetime(2021, 8, 30, tzinfo=UTC)
    sign_up(contest, subscriber("bob", confirmed_at=recent, since=recent))
    # The rentrée of 2021 was Thursday 2 September.
    plan(contest, datetime(2021, 9, 1, 7, 0, tzinfo=UTC))
    assert deliveries(contest) == {}
    for day in (2, 3, 6):
        plan(contest, datetime(2021, 9, day, 7, 0, tzinfo=UTC))
    assert deliveries(contest)["rentree", "pending"] == 1


@pytest.mark.long
def test_places_without_known_holidays_are_told_on_weekdays(contest):
    sign_up(contest, subscriber("wallis", academy_slug="wallis-et-futuna"), picks=(ID,))
    day = date(2021, 1, 10)
    while day < date(2021, 2, 12):
        plan(contest, datetime(day.year, day.month, day.day, 1, tzinfo=UTC))
        plan(contest, datetime(day.year, day.month, day.day, 20, tzinfo=UTC))
        day += timedelta(days=1)
    assert {lead for _, _, lead, _ in reminders(contest)} == {LEAD, "last_class_day"}


def test_chunks_reach_everybody_once(contest, monkeypatch):
    monkeypatch.setattr(planning, "CHUNK_SUBSCRIBERS", 3)
    sign_up(contest, *(subscriber(f"n{n}") for n in range(20)), picks=(ID,))
    plan(contest, THREE_WEEKS)
    assert len(reminders(contest)) == 20
    assert deliveries(contest) == {("reminder", "pending"): 20}


def test_a_morning_that_nobody_planned_in_time_is_left_out(contest):
    """Sent days later, its mails would still say « dans 3 semaines »."""
    sign_up(contest, subscriber("bob"), picks=(ID,))
    plan(contest, THREE_WEEKS)
    with contest.app_context(), writing(db.session, THREE_WEEKS):
        db.session.execute(update(SendDay).values(planned_at=None))
        expiry = db.session.scalar(select(func.max(SendDay.expires_at)))
    sign_up(contest, subscriber("alice"), picks=(ID,))
    plan(contest, expiry)
    with contest.app_context():
        open_days = select(func.count()).where(SendDay.planned_at.is_(None))
        assert db.session.scalar(open_days) == 0
    assert deliveries(contest) == {("reminder", "pending"): 1}, "Bob's, in time"
