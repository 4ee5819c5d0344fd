"""« Et un autre si une date change ou s'annule »: a change of a date is told once to each
subscriber who counts on it, and to nobody else."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import apply_entry
from calendar_app.reminders import follows, personal_data, planning, subscriptions
from calendar_app.reminders.models.outbox import WeeklyDate
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import db, writing
from tests.factories import ID, MID_JUNE, another, entry, publish
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server
from tests.tools import CAMPAIGN, scaled

REASON = "La salle est fermée à cause de la neige."
#: A Monday morning in Lille.
MONDAY = datetime(2021, 2, 1, 6, 31, tzinfo=UTC)


# -- what the mails say, read as people read them --------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What one mail told one person about one contest."""

    who: str
    series: str
    what: str  # reminder, weekly, moved, cancelled or restored
    text: str


def told_in(mails: list[Any]) -> list[Told]:
    """Return what real mails told."""
    found = []
    for received in mails:
        mail = message_from_bytes(received.data, policy=default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        assert body
        who, text = str(mail["To"]).partition("@")[0], body.get_content().replace("\r\n", "\n")
        # In a mail, the text about a contest ends with the address of its page.
        parts = re.split(r"/evenements/([a-z0-9-]+)-2020-2021/\n", text)
        for part, series in zip(parts[::2], parts[1::2], strict=False):
            found.append(Told(who, series, _what(text, part), part))
    return found


def _what(text: str, part: str) -> str:
    if "les dates à venir" in text:
        return "weekly"
    if "approche" in text:
        return "reminder"
    if re.search(r"(Une date|Un événement|[Dd]es (dates|événements)) (est|sont) annulée?", text):
        return "cancelled"
    return "restored" if "avait été annulée" in part else "moved"


class School:
    """An installation whose mails go to a test server."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def send(self, now: datetime) -> list[Told]:
        """Plan and send the due mails; return what they told."""
        plan(self.app, now)
        with mail_server() as server:
            run(self.app, server.url, Clock(now))
            return told_in(server.mails)

    def news(self, *instants: datetime) -> set[tuple[str, str]]:
        """Send at these instants; return (person, news) for the news of the contest."""
        told = [t for now in instants for t in self.send(now)]
        return {(t.who, t.what) for t in told if t.what in ("moved", "cancelled", "restored")}

    def act(self, verb: Any, who: str, *more: Any) -> None:
        """Call a service for a person, as their personal link does."""
        with self.app.app_context():
            key = f"{who}@ecole.example"
            uid = db.session.scalar(select(Subscriber.uid).where(Subscriber.address_key == key))
            verb(db.session, uid, *more)
            db.session.remove()


@pytest.fixture
def school(make_app) -> School:
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    return School(app)


def on(day: str, **changes: Any) -> dict[str, Any]:
    return entry(milestones=[{"kind": "deadline", "day": day}], **changes)


#: With this lead, no reminder goes out before the last class day, 9 February.
LATE = {"leads": frozenset(("last_class_day",))}


# -- who is told -----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "news"),
    [({"cancelled": True}, "cancelled"), ({"day": "2021-03-11"}, "moved")],
)
def test_a_cancelled_or_moved_date_is_told_to_whoever_counts_on_it(school, change, news):
    app = school.app
    sign_up(app, subscriber("picked", **LATE), picks=(ID,))
    three = frozenset(("class_weeks:3",))
    sign_up(app, subscriber("reminded", follows_all=True, leads=three))
    sign_up(app, subscriber("weekly", weekly=True, **LATE))
    sign_up(
        app,
        *(subscriber(name, **LATE) for name in ("registered", "submitted", "declined", "nobody")),
        subscriber("follows", follows_all=True, **LATE),
    )
    sign_up(
        app,
        *(subscriber(name, **LATE) for name in ("paused", "left", "unpicked")),
        picks=(ID,),
    )
    told = school.send(datetime(2021, 1, 21, 6, 31, tzinfo=UTC)) + school.send(MONDAY)
    assert {(t.who, t.what) for t in told} == {("reminded", "reminder"), ("weekly", "weekly")}
    noon = MONDAY + timedelta(hours=5)
    school.act(follows.answer, "registered", ID, ClassAnswer.REGISTERED, noon)
    school.act(follows.answer, "submitted", ID, ClassAnswer.SUBMITTED, noon)
    school.act(follows.answer, "declined", ID, ClassAnswer.REGISTERED, noon)
    school.act(follows.answer, "declined", ID, ClassAnswer.DECLINED, noon)
    school.act(subscriptions.pause, "paused", noon)
    school.act(subscriptions.unsubscribe, "left", noon)
    school.act(follows.unpick, "unpicked", ID, noon)
    evening = noon + timedelta(hours=7)
    day = change.get("day", "2021-02-11")
    publish(app, on(day, cancelled="cancelled" in change, reason=REASON), now=evening)
    tuesday = MONDAY + timedelta(days=1)
    assert school.news(evening + timedelta(minutes=5)) == set()
    # A person who picks the contest now sees its present state, and gets no news.
    sign_up(app, subscriber("after", **LATE), picks=(ID,), now=evening + timedelta(hours=1))
    expected = {"picked", "reminded", "weekly", "registered", "submitted"}
    told = school.send(tuesday)
    assert {(t.who, t.what) for t in told} == {(who, news) for who in expected}
    assert all(REASON in t.text for t in told)
    assert REASON in unescape(app.test_client().get(f"/evenements/{ID}/").text)
    for days in range(1, 15):
        assert school.news(tuesday + timedelta(days=days)) == set()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["opening", "results", "session"])
def test_news_of_any_kind_of_date_are_told(school, kind):
    milestone = {"kind": kind, "day": "2021-02-11"}
    publish(school.app, entry(milestones=[milestone]), now=SIGNED_UP)
    sign_up(school.app, subscriber("alice", **LATE), picks=(ID,), now=SIGNED_UP + timedelta(days=1))
    publish(school.app, entry(milestones=[milestone | {"day": "2021-02-18"}]), now=MONDAY)
    assert school.news(MONDAY + timedelta(days=1)) == {("alice", "moved")}
    publish(
        school.app,
        entry(milestones=[milestone | {"cancelled": True}]),
        now=MONDAY + timedelta(days=2),
    )
    assert school.news(MONDAY + timedelta(days=3)) == {("alice", "cancelled")}


def test_an_approximate_date_that_is_cancelled_is_told_and_one_that_becomes_known_is_not(school):
    publish(school.app, entry(milestones=[MID_JUNE]), now=SIGNED_UP)
    sign_up(school.app, subscriber("alice", **LATE), picks=(ID,), now=SIGNED_UP + timedelta(days=1))
    known = {"kind": "results", "day": "2021-06-15"}
    publish(school.app, entry(milestones=[known]), now=MONDAY)
    assert school.news(MONDAY + timedelta(days=1)) == set()
    publish(school.app, entry(milestones=[MID_JUNE]), now=MONDAY + timedelta(days=1))
    publish(
        school.app,
        entry(milestones=[MID_JUNE | {"cancelled": True}]),
        now=MONDAY + timedelta(days=2),
    )
    assert school.news(MONDAY + timedelta(days=3)) == {("alice", "cancelled")}


def test_a_cancelled_registration_of_a_full_event_is_told_to_who_is_registered(school):
    steps = [{"kind": "registration_deadline", "day": "2021-02-11"}]
    publish(school.app, entry(milestones=steps), now=SIGNED_UP)
    sign_up(school.app, subscriber("alice", **LATE))
    school.act(follows.answer, "alice", ID, ClassAnswer.REGISTERED, SIGNED_UP + timedelta(days=2))
    publish(school.app, entry(milestones=steps, full=True, cancelled=True), now=MONDAY)
    assert school.news(MONDAY + timedelta(days=1)) == {("alice", "cancelled")}


def test_news_of_another_academie_are_told_to_who_is_registered_there(school):
    lyon = {"scope": {"academies": ["lyon"]}}
    publish(school.app, entry(**lyon), now=SIGNED_UP)
    sign_up(school.app, subscriber("alice", **LATE), subscriber("bob", **LATE))
    school.act(follows.answer, "alice", ID, ClassAnswer.REGISTERED, SIGNED_UP + timedelta(days=2))
    publish(school.app, entry(cancelled=True, **lyon), now=MONDAY)
    assert school.news(MONDAY + timedelta(days=1)) == {("alice", "cancelled")}


# -- back and forth --------------------------------------------------------------------------------


@pytest.mark.long
def test_a_date_that_moves_back_and_forth_is_told_each_time_and_not_where_nothing_changed(school):
    sign_up(school.app, subscriber("alice", **LATE), picks=(ID,))
    there, back = on("2021-03-11"), on("2021-02-11")
    told = []
    for week, changed in enumerate((there, back, there, back)):
        at = MONDAY - timedelta(days=28 - 7 * week)
        publish(school.app, changed, now=at)
        told.append(school.send(at + timedelta(days=1)))
    assert [[t.what for t in each] for each in told] == [["moved"]] * 4
    assert "11\u00a0mars 2021" in told[0][0].text
    assert "Auparavant\u00a0: le jeudi 11\u00a0mars 2021." in told[1][0].text
    # The date moved there and back before any mail went out: nothing has changed for her.
    publish(school.app, there, now=MONDAY)
    publish(school.app, back, now=MONDAY + timedelta(hours=1))
    assert school.news(MONDAY + timedelta(days=1)) == set()


@pytest.mark.long
def test_a_cancelled_date_that_is_restored_is_told_as_such(school):
    sign_up(school.app, subscriber("alice", **LATE), picks=(ID,))
    for week in range(2):
        at = MONDAY - timedelta(days=14 - 7 * week)
        publish(school.app, on("2021-02-11", cancelled=True), now=at)
        assert school.news(at + timedelta(days=1)) == {("alice", "cancelled")}
        publish(
            school.app,
            on("2021-02-11", reason="Une autre salle est trouvée."),
            now=at + timedelta(days=2),
        )
        [told] = school.send(at + timedelta(days=3))
        assert (told.who, told.what) == ("alice", "restored")
        assert "Pourquoi\u00a0: Une autre salle est trouvée." in told.text
    # The date was cancelled and restored before any mail went out.
    publish(school.app, on("2021-02-11", cancelled=True), now=MONDAY)
    publish(school.app, on("2021-02-11"), now=MONDAY + timedelta(hours=1))
    assert school.news(MONDAY + timedelta(days=1)) == set()
    # The reminders of the date go on.
    assert {t.what for t in school.send(MONDAY + timedelta(days=8))} == {"reminder"}


def test_a_mistake_that_is_put_right_is_told_to_nobody(school):
    sign_up(school.app, subscriber("alice", **LATE), picks=(ID,))
    with school.app.app_context(), writing(db.session, MONDAY):
        event = queries.event(db.session, ID, for_update=True)
        assert event
        event.revision += 1
        corrected = EventEntry.model_validate(on("2021-03-11"))
        apply_entry(event, corrected, queries.reference(db.session), MONDAY, as_written=True)
    assert school.news(MONDAY + timedelta(days=1)) == set()


def test_what_the_weekly_mail_told_is_kept_until_thirty_days_after_the_date(school):
    sign_up(school.app, *(subscriber(name, weekly=True, **LATE) for name in ("alice", "bob")))
    school.send(MONDAY)

    def kept() -> int:
        with school.app.app_context():
            return db.session.scalar(select(func.count()).select_from(WeeklyDate)) or 0

    assert kept() == 1  # one issue, which two people got
    with school.app.app_context():
        key = Subscriber.address_key == "alice@ecole.example"
        alice = db.session.scalars(select(Subscriber).where(key)).one()
        [mail] = personal_data.export(db.session, alice, ())["courriels"]
        told = {"evenement": ID, "titre": "Concours d'essai", "date": "2021-02-11"}
        assert mail["dates_annoncees"] == [told]
        for day, left in ((date(2021, 3, 13), 1), (date(2021, 3, 14), 0)):
            planning.clean_send_days(db.session, datetime.combine(day, time(12), UTC))
            assert kept() == left


# -- random histories against a little model -------------------------------------------------------

#: The days and the kinds that a date may have. The days are class days of a collège in Lille,
#: before the holidays.
DAYS = ("2021-01-20", "2021-01-28", "2021-02-04", "2021-02-11", "2021-02-18")
KINDS = ("deadline", "session", "submission_deadline", "results")
NEWS = timedelta(days=14)


@dataclass
class Contest:
    """The public state of a contest."""

    series: str
    kind: str
    day: str
    cancelled: bool = False
    #: The instant of the last change, and the day before that change; None once it was told.
    changed: tuple[datetime, str] | None = None

    @property
    def state(self) -> tuple[str, bool]:
        return self.day, self.cancelled

    def due(self, now: datetime) -> bool:
        """Whether the last change is to be told now. A change within two days of the date is told
        at once, any other change on the next class morning."""
        if not self.changed:
            return False
        at, before = self.changed
        near = any(
            abs(date.fromisoformat(d) - at.date()) <= timedelta(2) for d in (self.day, before)
        )
        morning = datetime.combine(at.date() + timedelta(1), time(6, 30), UTC)
        while morning.weekday() > 4:
            morning += timedelta(1)
        return now >= (at if near else morning)

    def over(self, at: datetime) -> bool:
        return at >= datetime.combine(date.fromisoformat(self.day), time(22, 59), UTC)


@dataclass
class Person:
    name: str
    state: str = "active"
    #: series → the state in which the person knows the contest.
    known: dict[str, tuple[str, bool]] = field(default_factory=dict)
    picked: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)


def expected(people: list[Person], contests: list[Contest], now: datetime) -> Counter[Any]:
    """Return the news that must be told now."""
    news: Counter[Any] = Counter()
    for contest in contests:
        if not contest.due(now):
            continue
        at = contest.changed[0]
        contest.changed = None
        for person in people:
            knew = person.known.get(contest.series)
            if person.state != "active" or contest.series in person.declined or knew is None:
                continue
            if contest.cancelled and not knew[1]:
                what = "cancelled"
            elif not contest.cancelled and knew[1]:
                what = "restored"
            elif not contest.cancelled and knew[0] != contest.day:
                what = "moved"
            else:
                continue
            if what == "moved" or not contest.over(at):
                news[person.name, contest.series, what] += 1
    return news


@pytest.mark.long
@pytest.mark.parametrize("seed", range(scaled(10)))
def test_in_random_histories_each_is_told_what_they_count_on_once(school, engine, seed):
    chance = random.Random(f"news {engine} {seed}")
    contests = [Contest(f"h{n}", chance.choice(KINDS), chance.choice(DAYS[2:])) for n in range(8)]
    people = [Person(f"p{n}") for n in range(12)]
    _open_school(school, contests, people)
    total = 0
    whole = {contest.series: chance.random() < 0.5 for contest in contests}
    # Outside a campaign, a history is short: it begins four weeks later.
    day = date(2021, 1, 4) if CAMPAIGN else date(2021, 2, 1)
    while day < date(2021, 2, 19):
        ten = datetime.combine(day, time(10), UTC)
        for contest in contests:
            if chance.random() < 0.12:
                _change(school, chance, contest, ten, whole=whole[contest.series])
        for person in people:
            if chance.random() < 0.35:
                _live(school, chance, person, chance.choice(contests), ten + timedelta(hours=2))
        evening = ten + timedelta(hours=8)
        next_morning = datetime.combine(day + timedelta(1), time(6, 31), UTC)
        for now in (evening, next_morning):
            total += _send_and_compare(school, people, contests, now)
        day += timedelta(1)
    assert total > 20


def _open_school(school: School, contests: list[Contest], people: list[Person]) -> None:
    """Publish the contests, sign the people up, and cancel the fixture's own contest."""
    for contest in contests:
        _show(school, contest, SIGNED_UP, whole=True)
    publish(school.app, entry(milestones=[], cancelled=True), now=SIGNED_UP)
    sign_up(
        school.app,
        *(
            subscriber(
                person.name,
                school=SchoolKind.COLLEGE,
                leads=frozenset(("class_weeks:1", "last_class_day")),
                follows_all=n % 3 == 0,
                weekly=n % 3 == 1,
            )
            for n, person in enumerate(people)
        ),
    )


def _show(school: School, contest: Contest, now: datetime, *, whole: bool) -> None:
    """Publish a contest in its present state. When it is cancelled, *whole* tells whether the whole
    contest is, or only its date."""
    milestone = {"kind": contest.kind, "day": contest.day}
    cancelled = {"cancelled": contest.cancelled}
    changes = cancelled if whole else {}
    milestone |= {} if whole else cancelled
    publish(school.app, another(contest.series, milestones=[milestone], **changes), now=now)


def _change(
    school: School, chance: random.Random, contest: Contest, now: datetime, *, whole: bool
) -> None:
    """Move a contest, cancel or restore it, or do both; publish it if that changed anything."""
    was = contest.state
    act = chance.choice(("move", "move", "flip", "both"))
    if act != "flip":
        contest.day = chance.choice(DAYS)
    if act != "move":
        contest.cancelled = not contest.cancelled
    if contest.state != was:
        _show(school, contest, now, whole=whole)
        contest.changed = (now, was[0])


def _send_and_compare(
    school: School, people: list[Person], contests: list[Contest], now: datetime
) -> int:
    """Send the due mails, compare them with the model, and return the number of news. Then note in
    the model what the mails told."""
    news = expected(people, contests, now)
    told = school.send(now)
    found = Counter((t.who, t.series, t.what) for t in told if t.what not in ("reminder", "weekly"))
    assert found == news, now
    by_name = {person.name: person for person in people}
    by_series = {contest.series: contest for contest in contests}
    for t in told:
        by_name[t.who].known[t.series] = by_series[t.series].state
    return news.total()


def _live(
    school: School, chance: random.Random, person: Person, contest: Contest, now: datetime
) -> None:
    """Let a person do one random thing."""
    event_id = f"{contest.series}-2020-2021"
    if person.state == "left":
        school.act(subscriptions.come_back, person.name, now)
        person.state = "active"
        return
    match chance.choice(("pick", "pick", "register", "unpick", "decline", "pause", "leave")):
        case "pick":
            school.act(follows.pick, person.name, event_id, now)
            # To pick a contest a second time changes nothing.
            if contest.series not in person.picked - person.declined:
                person.known[contest.series] = contest.state
            person.picked.add(contest.series)
            person.declined.discard(contest.series)
        case "register":
            school.act(follows.answer, person.name, event_id, ClassAnswer.REGISTERED, now)
            if contest.series not in person.registered:
                person.known[contest.series] = contest.state
            person.registered.add(contest.series)
            person.declined.discard(contest.series)
        case "unpick":
            school.act(follows.unpick, person.name, event_id, now)
            person.known.pop(contest.series, None)
            person.picked.discard(contest.series)
            person.registered.discard(contest.series)
        case "decline":
            school.act(follows.answer, person.name, event_id, ClassAnswer.DECLINED, now)
            person.declined.add(contest.series)
        case "pause" if person.state == "paused":
            school.act(subscriptions.resume, person.name, now)
            person.state = "active"
        case "pause":
            school.act(subscriptions.pause, person.name, now)
            person.state = "paused"
        case _:
            if chance.random() < 0.3:
                school.act(subscriptions.unsubscribe, person.name, now)
                person.state = "left"
