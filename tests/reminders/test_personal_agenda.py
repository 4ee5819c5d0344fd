"""« Mon agenda personnel » tells what the mails tell: the same dates, and a visible reminder on
each morning on which a mail goes out."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.feed import Feed
from calendar_app.reminders import follows, personal_agenda, subscriptions
from calendar_app.reminders.models.outbox import Reminder
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber
from calendar_app.reminders.personal_agenda import reminder_words
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind
from calendar_app.school.leads import Lead
from calendar_app.store.base import db
from tests.factories import ID, another, entry, publish
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber
from tests.reminders.test_subscriptions import CM2
from tests.tools import scaled

PUBLISHED = datetime(2020, 9, 2, 9, 0, tzinfo=UTC)
#: Before the first date of the tests has passed.
JANUARY = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
PLACES = {"lille": "59", "rennes": "35", "la-reunion": "974", None: ""}
SCOPES = (
    "national",
    {"academies": ["lille"]},
    {"academies": ["rennes", "la-reunion"]},
    {"departments": ["59"]},
)
BY_RULE = {"revision": 2, "changed_at": PUBLISHED.isoformat(), "by_rule": True}
KINDS = ("registration_deadline", "submission_deadline", "deadline", "session", "opening")


def feed_of(app, subscriber_id: int, now: datetime = JANUARY) -> Feed:
    """Return the feed of a subscriber, for whom an agenda is made."""
    with app.app_context():
        person = db.session.get(Subscriber, subscriber_id)
        personal_agenda.start(db.session, person.uid, now)
        person = db.session.get(Subscriber, subscriber_id)
        feed = personal_agenda.personal_feed(
            db.session,
            queries.reference(db.session),
            db.session.get(PersonalAgenda, person.id),
            person,
            now,
            site_name="Dates",
            address="https://site.example/flux/perso/x/mon-agenda.ics",
        )
        for milestone in feed.milestones:
            assert milestone.scope  # read before the session ends
        return feed


def shown(feed: Feed) -> set[tuple[str, date]]:
    """Return (date, day) of each visible reminder."""
    return {
        (f"{m.event_id}/{m.key}", r.day)
        for m in feed.milestones
        for r in feed.personal.note(m).reminders
    }


def mailed(app, subscriber_id: int, zones: dict[str | None, str]) -> set[tuple[str, date]]:
    """Return (date, day) of each reminder that was planned for a subscriber."""
    with app.app_context():
        person = db.session.get(Subscriber, subscriber_id)
        zone = ZoneInfo(zones[person.academy_slug])
        rows = db.session.execute(
            select(Milestone.event_id, Milestone.key, Reminder.send_at)
            .join(Milestone, Milestone.id == Reminder.milestone_id)
            .where(Reminder.subscriber_id == subscriber_id)
        )
        return {(f"{e}/{key}", at.astimezone(zone).date()) for e, key, at in rows}


def some_event(drawn: random.Random, number: int) -> dict[str, Any]:
    days = [date(2021, 3, 1) + timedelta(days=drawn.randrange(100)) for _ in range(3)]
    milestones = [
        {"kind": kind, "day": day.isoformat(), "key": f"k{n}"}
        | ({"scope": {"departments": ["59"]}} if drawn.random() < 0.2 else {})
        for n, (kind, day) in enumerate(zip(drawn.sample(KINDS, 3), days, strict=True))
    ]
    classes = {"classes": drawn.choice((["cm2"], ["6e"], ["5e", "ulis"]))}
    return another(
        f"essai-{number}",
        title=f"Concours {number}",
        scope=drawn.choice(SCOPES),
        milestones=milestones,
        full=drawn.random() < 0.1,
        **(classes if drawn.random() < 0.6 else {}),
        **({"record": BY_RULE} if drawn.random() < 0.3 else {}),
    )


def some_person(drawn: random.Random, number: int) -> Subscriber:
    leads = drawn.sample([lead.code for lead in OFFERED_LEADS], drawn.randint(1, 4))
    school = drawn.choice(tuple(SchoolKind))
    return subscriber(
        f"p{number}",
        academy_slug=drawn.choice(tuple(PLACES)),
        school=school,
        classes=frozenset(("6e", "5e") if school is SchoolKind.COLLEGE else ("cm1", "cm2")),
        leads=frozenset(leads),
        follows_all=drawn.random() < 0.5,
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(scaled(30)))
def test_a_visible_reminder_stands_on_each_morning_of_a_mail(empty_app, seed):
    """For people of several places and schools, who pick, answer and decline, the days of the feed
    are the days on which reminders are planned. (Two leads on one day are one reminder.)"""
    drawn = random.Random(seed)
    events = [some_event(drawn, n) for n in range(6)]
    publish(empty_app, *events, now=PUBLISHED)
    ids = sign_up(empty_app, *(some_person(drawn, n) for n in range(5)), now=SIGNED_UP)
    verbs = [follows.pick, follows.pick, follows.unpick]
    with empty_app.app_context():
        for subscriber_id in ids:
            uid = db.session.get(Subscriber, subscriber_id).uid
            for event in drawn.sample(events, 4):
                about, at = (db.session, uid, event["id"]), PUBLISHED
                drawn.choice(verbs)(*about, at)
                if drawn.random() < 0.5:
                    follows.answer(*about, drawn.choice(tuple(ClassAnswer)), at)
        reference = queries.reference(db.session)
        zones = {a.slug: a.time_zone for a in reference.academies} | {None: "Europe/Paris"}
    # On the morning of a date all its leads are due, and none is too late.
    for day in sorted({milestone["day"] for event in events for milestone in event["milestones"]}):
        plan(empty_app, datetime.fromisoformat(f"{day}T09:00:00+00:00"))
    for subscriber_id in ids:
        mails = mailed(empty_app, subscriber_id, zones)
        assert shown(feed_of(empty_app, subscriber_id)) == mails


def test_every_date_of_a_reminder_and_of_what_the_class_takes_part_in_is_there(empty_app):
    local = {"academies": ["lille"]}
    publish(
        empty_app,
        entry(),
        another("inscrit", milestones=[{"kind": "opening", "day": "2021-02-01"}]),
        another("ailleurs", scope={"academies": ["lyon"]}),
        another("ici", scope=local, milestones=[{"kind": "results", "day": "2021-04-01"}]),
        another("refuse", scope=local),
        now=PUBLISHED,
    )
    picks = (ID, "ailleurs-2020-2021", "refuse-2020-2021")
    [alice] = sign_up(empty_app, subscriber(), picks=picks)
    [bob] = sign_up(empty_app, subscriber("bob", follows_all=True))
    with empty_app.app_context():
        uid = db.session.get(Subscriber, alice).uid
        for event_id, said in (
            ("refuse-2020-2021", ClassAnswer.DECLINED),
            ("inscrit-2020-2021", ClassAnswer.REGISTERED),
        ):
            follows.answer(db.session, uid, event_id, said, PUBLISHED)

    def events(who: int) -> list[str]:
        return [m.event_id.removesuffix("-2020-2021") for m in feed_of(empty_app, who).milestones]

    assert events(alice) == ["inscrit", "ailleurs", "essai"]
    assert events(bob) == ["inscrit", "essai", "refuse", "ici"]


def test_a_date_published_late_is_reminded_of_on_the_next_class_morning(empty_app):
    [alice] = sign_up(empty_app, subscriber(leads=frozenset(("month", "class_weeks:3"))))
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-01-14"}]), now=JANUARY)
    with empty_app.app_context():
        follows.pick(db.session, db.session.get(Subscriber, alice).uid, ID, JANUARY)
    feed = feed_of(empty_app, alice)
    [reminder] = feed.personal.note(feed.milestones[0]).reminders
    assert (reminder.day, reminder.words) == (date(2021, 1, 5), "Dans 1 semaine de classe")


@pytest.mark.parametrize(
    ("slug", "lead", "day", "words"),
    [
        ("lille", Lead.class_weeks(3), "2021-01-21", "Dans 3 semaines de classe"),
        ("lille", Lead.last_class_day(), "2021-02-09", "Dernier jour de classe avant"),
        ("lille", Lead.month(), "2021-01-11", "Dans un mois"),
        # Late or moved: what is true on that day.
        ("lille", Lead.month(), "2021-01-14", "Dans 4 semaines de classe"),
        ("lille", Lead.last_class_day(), "2021-02-08", "Dernière semaine de classe"),
        # Without an académie, weeks differ from zone to zone.
        (None, Lead.class_weeks(3), "2021-01-21", "Dans 21 jours"),
        (None, Lead.last_class_day(), "2021-02-10", "Demain"),
        (None, Lead.month(), "2021-01-11", "Dans un mois"),
    ],
)
def test_the_words_before_a_reminder_are_true_on_its_day(app, slug, lead, day, words):
    with app.app_context():
        reference = queries.reference(db.session)
    academy = reference.academies.get(slug) if slug else None
    class_days = reference.class_days(academy, wednesdays=False)
    said = reminder_words(class_days, date.fromisoformat(day), date(2021, 2, 11), lead)
    assert said.replace("\u00a0", " ") == words


def test_where_holidays_are_not_known_the_days_are_counted(app):
    with app.app_context():
        reference = queries.reference(db.session)
    class_days = reference.class_days(reference.academies.get("lille"), wednesdays=False)
    for lead in OFFERED_LEADS:
        said = reminder_words(class_days, date(2099, 2, 5), date(2099, 2, 11), lead)
        assert said.replace("\u00a0", " ") == "Dans 6 jours"


def test_wishes_and_a_wish_that_is_carried_over_move_its_last_change(empty_app):
    publish(empty_app, entry(), now=PUBLISHED)
    [alice] = sign_up(empty_app, subscriber(academy_slug=CM2.academy_slug))
    feed_of(empty_app, alice, PUBLISHED)
    seen = []

    def note() -> None:
        with empty_app.app_context():
            found = db.session.get(PersonalAgenda, alice)
            seen.append((found.revision, found.changed_at))

    with empty_app.app_context():
        uid = db.session.get(Subscriber, alice).uid
        follows.answer(db.session, uid, ID, ClassAnswer.NEXT_YEAR, PUBLISHED)
        note()
        subscriptions.change(db.session, uid, CM2, JANUARY)  # nothing is different
        follows.answer(db.session, uid, ID, ClassAnswer.NEXT_YEAR, JANUARY)
    note()
    assert seen == [(1, PUBLISHED)] * 2
    next_year = {"id": "essai-2021-2022", "school_year": "2021-2022"}
    dates = [{"kind": "deadline", "day": "2022-02-10"}]
    publish(empty_app, entry(), entry(**next_year, milestones=dates), now=JANUARY)
    carried = JANUARY + timedelta(hours=1)
    plan(empty_app, carried)
    note()
    assert seen[-1] == (2, carried)
    assert [m.event_id for m in feed_of(empty_app, alice).milestones] == ["essai-2021-2022"]


def test_days_that_return_by_a_rule_come_when_they_were_picked(empty_app):
    """In the agenda, and under « Bientôt » on the personal page."""
    contest = another("concours", milestones=[{"kind": "deadline", "day": "2021-02-12"}])
    day = {"kind": "session", "day": "2021-02-11"}
    publish(empty_app, contest, entry(record=BY_RULE, milestones=[day]), now=PUBLISHED)
    [alice] = sign_up(empty_app, subscriber(), picks=(ID,))
    [bob] = sign_up(empty_app, subscriber("bob", follows_all=True))
    expected = {alice: ([ID], [ID], ["concours-2020-2021"])}
    expected[bob] = (["concours-2020-2021"], ["concours-2020-2021"], [])
    for who, (held, followed, others) in expected.items():
        assert [m.event_id for m in feed_of(empty_app, who).milestones] == held
        with empty_app.app_context():
            person = db.session.get(Subscriber, who)
            ahead = follows.due_soon(db.session, person, JANUARY.date())
            assert [card.event.id for card in ahead.followed] == followed
            assert [card.event.id for card in ahead.others] == others
