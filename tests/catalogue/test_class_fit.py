"""One rule says which events fit a class. The page, the feed, the weekly mail, the reminders and
the dates of a follower agree with this rule for all classes."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import chain, combinations, product

import pytest
import time_machine
from sqlalchemy import select

from calendar_app.reminders import follows
from calendar_app.reminders.models.outbox import Reminder
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.school.levels import CLASSES, GROUPS, collapse, expand, fits
from calendar_app.store.base import db
from tests.factories import another, publish
from tests.ical_reading import vevents
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server
from tests.tools import scaled

#: Monday 1 February 2021, 7 h 31 in Paris: the weekly mail is sent, and the deadlines of all events
#: are in the two weeks that it covers. The lead of 3 class weeks was in January.
MONDAY = datetime(2021, 2, 1, 6, 31, tzinfo=UTC)

#: Classes that every run tests; further classes are drawn at random.
ALWAYS = [frozenset(some.split()) for some in ("", "cm1 ulis", "ulis", "6e segpa", "upe2a 2de")]

#: Class → the only kind of school that has it; ULIS and UPE2A are in all kinds.
SCHOOL_OF = (
    dict.fromkeys("tps ps ms gs cp ce1 ce2 cm1 cm2".split(), "école")
    | dict.fromkeys("6e 5e 4e 3e segpa".split(), "collège")
    | dict.fromkeys("2de 1re terminale cap bac-pro".split(), "lycée")
)


def rooms(classes: Iterable[str]) -> set[tuple[str, str]]:
    """Return the possible (class, school) pairs, computed in another way than by the rule."""
    classes = set(classes)
    known = {SCHOOL_OF[slug] for slug in classes if slug in SCHOOL_OF}
    anywhere = known or {"école", "collège", "lycée"}
    return {
        (slug, school)
        for slug in classes
        for school in ([SCHOOL_OF[slug]] if slug in SCHOOL_OF else anywhere)
    }


def model(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    mine, theirs = rooms(mine), rooms(theirs)
    return not mine or not theirs or bool(mine & theirs)


def subsets(slugs: str) -> list[frozenset[str]]:
    each = slugs.split()
    every = chain.from_iterable(combinations(each, n) for n in range(len(each) + 1))
    return [frozenset(some) for some in every]


@pytest.mark.parametrize(
    ("mine", "theirs", "fit"),
    [
        ("cm1", "cm1 cm2", True),
        ("cm1", "cm2", False),
        ("cm1", "", True),
        ("", "cm1", True),
        ("cycle-3", "college", True),  # both have 6e
        ("cm1 cm2", "college", False),
        ("cm1 ulis", "6e segpa ulis", False),  # the first ULIS is in an école
        ("cm1 ulis", "cm2 ulis", True),
        ("cm1 ulis", "ulis", True),
        ("cm1", "ulis", False),
        ("ulis", "6e segpa ulis", True),
        ("ulis", "upe2a", False),
        ("ulis", "second-degre", True),
        ("premier-degre", "second-degre", False),
        ("premier-degre", "ulis", True),
        ("college", "lycee", False),
        ("college", "second-degre", True),
        ("5e ulis", "cycle-3 ulis", True),  # cycle 3 has 6e, which is in a collège
        ("2de ulis", "cycle-3 ulis", False),
        ("segpa", "cycle-4", False),
        ("segpa ulis", "6e ulis", True),
        ("cm2 3e ulis", "4e ulis", True),
        ("terminale upe2a", "3e upe2a", False),
    ],
)
def test_the_table_of_what_fits_by_hand(mine, theirs, fit):
    mine, theirs = expand(mine.split()), expand(theirs.split())
    assert fits(mine, theirs) is fit
    assert fits(theirs, mine) is fit


def test_every_pair_of_small_sets_fits_as_the_model_says():
    small = subsets("cm1 cm2 6e segpa 2de ulis upe2a")
    wrong = [pair for pair in product(small, small) if fits(*pair) is not model(*pair)]
    assert wrong == []


def some_classes(chance: random.Random) -> frozenset[str]:
    """Return random classes as people tick them: single classes, cycles and degrés."""
    slugs = chance.sample(
        [*CLASSES, *GROUPS, "ulis", "upe2a", "segpa"], chance.choice((1, 1, 2, 3))
    )
    return expand(slugs)


@pytest.mark.long
def test_the_five_ways_agree_on_what_fits_a_class(make_app, engine):
    chance = random.Random(f"fits {engine}")
    small = subsets("cm1 6e 2de segpa ulis")
    for_ = [*small, *(some_classes(chance) for _ in range(scaled(150, 20)))]
    drawn = sorted({*small, *(some_classes(chance) for _ in range(150))}, key=sorted)
    asked = [*ALWAYS, *chance.sample(drawn, scaled(len(drawn), 20))]
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    deadline = {"milestones": [{"kind": "deadline", "day": "2021-02-11"}]}
    publish(
        app,
        *(another(f"e{n}", classes=sorted(theirs), **deadline) for n, theirs in enumerate(for_)),
        now=SIGNED_UP - timedelta(days=1),
    )
    ids = sign_up(
        app,
        *(
            subscriber(
                f"p{n}",
                classes=mine,
                follows_all=True,
                weekly=True,
                leads=frozenset(("class_weeks:1",)),
            )
            for n, mine in enumerate(asked)
        ),
    )
    client = app.test_client()
    # The weekly mail is sent on Monday; the lead of one class week is on Thursday of this week.
    plan(app, MONDAY)
    with mail_server() as server:
        run(app, server.url, Clock(MONDAY))
        mails = [message_from_bytes(mail.data, policy=default) for mail in server.mails]
    weekly = {
        str(mail["To"]).partition("@")[0]: _events(mail.get_body(("plain",)).get_content())
        for mail in mails
    }
    plan(app, MONDAY + timedelta(days=3))
    reminded = defaultdict(set)
    with app.app_context():
        for reminder in db.session.scalars(select(Reminder)):
            reminded[reminder.subscriber_id].add(reminder.milestone.event.series_id)
    wrong = []
    with time_machine.travel(MONDAY, tick=False):
        for n, (mine, id_) in enumerate(zip(asked, ids, strict=True)):
            right = {f"e{m}" for m, theirs in enumerate(for_) if fits(mine, theirs)}
            assert right == {f"e{m}" for m, theirs in enumerate(for_) if model(mine, theirs)}
            words = "&".join(f"niveau={slug}" for slug in sorted(mine))
            groups = "&".join(f"niveau={slug}" for slug in collapse(mine))
            feed = vevents(client.get(f"/flux/academie-de-lille.ics?{groups}").data)
            with app.app_context():
                person = db.session.get(Subscriber, id_)
                ahead = follows.due_soon(db.session, person, MONDAY.date(), len(for_))
                follower = {card.event.series_id for card in ahead.followed}
            ways = {
                "page": _events(client.get(f"/agenda/?academie=lille&{words}").text),
                "feed": {_series(str(event["URL"])) for event in feed},
                "weekly": weekly.get(f"p{n}", set()),
                "reminders": reminded[id_],
                "follower": follower,
            }
            wrong += [
                (way, sorted(mine), sorted(for_[int(series[1:])]))
                for way, shown in ways.items()
                for series in shown ^ right
            ]
    assert wrong == []


def _series(address: str) -> str:
    found = re.search(r"/evenements/(e\d+)-2020-2021/", address)
    assert found
    return found[1]


def _events(page: str) -> set[str]:
    return set(re.findall(r"/evenements/(e\d+)-2020-2021/", page))
