"""Leads and countdown count the same class weeks: leads count back from the origin R, the countdown
counts up to R. R is the deadline where that is a class day, else the last class day before it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from calendar_app.catalogue import queries
from calendar_app.feeds.cards import card
from calendar_app.reminders.mail import messages
from calendar_app.reminders.mail.messages import ReminderLine
from calendar_app.school.academies import Academy
from calendar_app.school.class_days import ClassDays
from calendar_app.school.leads import Lead
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    each_day,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarUnknownError
from tests.factories import another, entry, publish
from tests.ical_reading import vevents
from tests.reminders.test_mails import Desk, read
from tests.shipped import ACADEMIES, CALENDARS
from tests.tools import scaled
from tests.web.public.test_pages import text_of

FIRST, LAST = date(2017, 9, 4), date(2028, 8, 31)


KNOWN = [academy for academy in ACADEMIES if academy.holiday_calendar in CALENDARS]


def class_days(academy: Academy, *, wednesdays: bool) -> ClassDays:
    calendar = CALENDARS[academy.holiday_calendar]
    return ClassDays.of_academy(academy, calendar, wednesdays=wednesdays)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class ByHand:
    """An independent count from plain lists of class days, as a teacher counts in a diary."""

    def __init__(self, days: ClassDays) -> None:
        self.class_days = [
            d for d in each_day(FIRST, LAST) if days.knows(d, d) and days.is_class_day(d)
        ]
        self.weeks = sorted({monday(day) for day in self.class_days})

    def origin(self, deadline: date) -> date:
        return self.class_days[bisect_right(self.class_days, deadline) - 1]

    def lead(self, deadline: date, weeks: int) -> date | None:
        """Return R's weekday in the n-th class week before R's; that day may be without class."""
        origin = self.origin(deadline)
        earlier = bisect_left(self.weeks, monday(origin)) - weeks
        if earlier < 0:
            return None
        return self.weeks[earlier] + timedelta(days=origin.weekday())


@pytest.mark.long
@pytest.mark.parametrize("wednesdays", [False, True], ids=["école", "collège"])
@pytest.mark.parametrize("academy", KNOWN, ids=lambda academy: academy.slug)
def test_on_an_unmoved_lead_day_of_n_class_weeks_the_count_is_n(academy, wednesdays):
    days = class_days(academy, wednesdays=wednesdays)
    by_hand, unmoved = ByHand(days), 0
    every = 10 // scaled(10)
    for number, deadline in enumerate(each_day(FIRST + timedelta(days=1), LAST)):
        if number % every:
            continue
        for weeks in (1, 2, 3, 6, 10):
            try:
                day = days.lead_day(deadline, Lead.class_weeks(weeks))
            except CalendarUnknownError:
                continue
            # In the lists, days that are not known look like holidays.
            if day is None or not days.knows(day - timedelta(days=7), deadline):
                continue
            if day != by_hand.lead(deadline, weeks):
                continue
            unmoved += 1
            assert days.weeks_left(day, deadline) == weeks, (deadline, day)
            assert days.falls_on(day, deadline, Lead.class_weeks(weeks))
    assert unmoved > 50 * scaled(10)


@pytest.mark.parametrize("academy", KNOWN, ids=lambda academy: academy.slug)
def test_a_lead_is_moved_only_for_a_day_without_class_or_the_summer(academy):
    days = class_days(academy, wednesdays=True)
    by_hand = ByHand(days)
    for deadline in list(each_day(date(2020, 9, 1), date(2021, 7, 31)))[:: 10 // scaled(10)]:
        try:
            day = days.lead_day(deadline, Lead.class_weeks(3))
        except CalendarUnknownError:
            continue
        if day is None or not days.knows(day - timedelta(days=7), deadline):
            continue
        wanted = by_hand.lead(deadline, 3)
        in_year = wanted is not None and wanted > days.summer_end_before(deadline)
        assert day == wanted or not in_year or not days.is_class_day(wanted), deadline


@pytest.mark.parametrize("academy", KNOWN, ids=lambda academy: academy.slug)
def test_after_the_last_class_day_nothing_is_left_to_count(academy):
    days = class_days(academy, wednesdays=False)
    for deadline in list(each_day(date(2020, 9, 7), date(2021, 7, 31)))[:: 10 // scaled(10)]:
        try:
            origin = days.origin(deadline)
        except CalendarUnknownError:
            continue
        for today in each_day(origin, deadline):
            assert days.weeks_left(today, deadline) == 0


def test_a_holiday_of_exactly_seven_days_is_a_week_without_class():
    """The holiday is Monday 15 to Sunday 21 February 2021; all other weeks have class."""
    week = SchoolHoliday("Vacances d'hiver", date(2021, 2, 15), date(2021, 2, 21))
    known = ((date(2020, 9, 1), date(2021, 7, 31)),)
    calendar = SchoolCalendar("zone-x", "zone X", (week,), known)
    days = ClassDays.national([calendar], wednesdays=True)
    inside, after = date(2021, 2, 17), date(2021, 2, 24)
    # Leads before Wednesday 17 count from Friday 12; those before Wednesday 24 from that day.
    assert days.lead_day(inside, Lead.class_weeks(1)) == date(2021, 2, 5)
    assert days.lead_day(after, Lead.class_weeks(1)) == date(2021, 2, 10)
    assert days.lead_day(after, Lead.class_weeks(2)) == date(2021, 2, 3)
    assert days.weeks_left(date(2021, 2, 10), after) == 1
    assert days.weeks_left(date(2021, 2, 15), inside) == 0
    # A week or more is called holidays, its Sunday included, and separates two périodes.
    sunday = date(2021, 2, 21)
    assert days.why_without_class(sunday) == "les vacances d'hiver (zone X)"
    whole = replace(calendar, known=((date(2020, 8, 1), date(2021, 7, 31)),))
    of_academy = ClassDays.of_academy(ACADEMIES.get("lille"), whole, wednesdays=True)
    assert [period.ends_before for period in of_academy.periods(SchoolYear(2020))] == [
        "hiver",
        "fin juillet",
    ]
    shorter = replace(whole, holidays=(replace(week, last_day=date(2021, 2, 20)),))
    of_academy = ClassDays.of_academy(ACADEMIES.get("lille"), shorter, wednesdays=True)
    assert len(of_academy.periods(SchoolYear(2020))) == 1


# -- page, mail and feed -------------------------------------------------------------------------

ECOLE, COLLEGE = ["cm2"], ["4e"]


def drawn(count: int) -> Iterator[tuple[Academy, list[str], date, int]]:
    """Yield (académie, classes, deadline, number of weeks) for which all days are known."""
    random = Random(14)
    while count:
        academy = random.choice(KNOWN)
        classes = random.choice([ECOLE, COLLEGE])
        deadline = FIRST + timedelta(days=random.randrange((LAST - FIRST).days))
        weeks = random.randint(1, 10)
        days = class_days(academy, wednesdays=classes is COLLEGE)
        try:
            day = days.lead_day(deadline, Lead.class_weeks(weeks))
            if day is None or days.weeks_left(day, deadline) < 0:
                continue
        except CalendarUnknownError:
            continue
        count -= 1
        yield academy, classes, deadline, weeks


def counted(words: str) -> int:
    """Return the number of weeks that a text says."""
    if "plus aucune semaine de classe après celle-ci" in words or "Dernière semaine" in words:
        return 0
    (found,) = re.findall(r"(?:il reste|Dans) (\d+) semaines? de classe", words)
    return int(found)


@pytest.fixture
def engine() -> str:
    """A count is the same on both engines."""
    return "sqlite"


@pytest.mark.long
def test_page_mail_and_feed_count_alike(empty_app):
    cases = list(drawn(scaled(300)))
    publish(
        empty_app,
        *(
            entry(
                series=f"essai-{number}",
                id=f"essai-{number}-{SchoolYear.of(deadline).label}",
                school_year=SchoolYear.of(deadline).label,
                classes=classes,
                milestones=[{"kind": "deadline", "day": deadline.isoformat()}],
            )
            for number, (_, classes, deadline, _) in enumerate(cases)
        ),
    )
    client, unmoved = empty_app.test_client(), 0
    for number, (academy, classes, deadline, weeks) in enumerate(cases):
        event_id = f"essai-{number}-{SchoolYear.of(deadline).label}"
        asked = {
            "evenements": event_id,
            "rappels": str(weeks),
            "depuis": f"{deadline:%Y-%m}",
        }
        feed = client.get(f"/flux/{academy.feed_name}.ics", query_string=asked).data
        (reminder,) = (e for e in vevents(feed) if e["DTSTART"].dt != deadline)
        day = reminder["DTSTART"].dt
        page = text_of(client, f"/evenements/{event_id}/?academie={academy.slug}&le={day}")
        mail = mailed(empty_app, event_id, academy, classes, day, Lead.class_weeks(weeks))
        said = [counted(str(reminder["SUMMARY"]).replace("\u00a0", " ")), counted(page)]
        said.append(counted(mail))
        days = class_days(academy, wednesdays=classes is COLLEGE)
        assert len(set(said)) == 1, (academy.slug, deadline, weeks, said)
        assert ("Ce rappel part" in mail) == (said[0] == weeks)
        if day == ByHand(days).lead(deadline, weeks):
            unmoved += 1
            assert said[0] == weeks, (academy.slug, deadline, weeks, said)
    assert unmoved > len(cases) // 2


def mailed(app, event_id, academy, classes, day, lead) -> str:
    with app.app_context():
        desk = Desk(app)
        (milestone,) = queries.event(db.session, event_id).milestones
        line = ReminderLine(
            card(milestone, day, academy, desk.reference, wednesdays=classes is COLLEGE), lead
        )
        return read(messages.reminder(desk.head, [line], academy)).text


def test_the_deadline_of_clermont_ferrand_is_counted_once(empty_app):
    """The deadline is 11 February 2021, in the holidays that began on Saturday 6. On Thursday
    21 January the mail once said 2 and 3, the feed 3, and the page 2."""
    publish(empty_app, entry())
    client = empty_app.test_client()
    feed = client.get("/flux/academie-de-clermont-ferrand.ics?rappels=3&depuis=2021-01").data
    reminders = {str(e["SUMMARY"]): e["DTSTART"].dt for e in vevents(feed)}
    assert reminders["Dans 3 semaines de classe : Date limite : Concours d'essai"] == (
        date(2021, 1, 15)
    )
    academy = ACADEMIES.get("clermont-ferrand")
    for day, weeks in ((date(2021, 1, 15), 3), (date(2021, 1, 21), 2), (date(2021, 1, 29), 1)):
        page = text_of(client, f"/evenements/essai-2020-2021/?academie=clermont-ferrand&le={day}")
        mail = mailed(empty_app, "essai-2020-2021", academy, ECOLE, day, Lead.class_weeks(3))
        assert counted(page) == counted(mail) == weeks
        assert ("Ce rappel part 3 semaines de classe avant la date" in mail) == (weeks == 3)
    for day in (date(2021, 2, 6), date(2021, 2, 8), date(2021, 2, 10)):
        page = text_of(client, f"/evenements/essai-2020-2021/?academie=clermont-ferrand&le={day}")
        assert "plus de classe avant cette date (zone A)" in page
        assert (
            "Le dernier jour de classe avant cette date était le vendredi 5 février 2021 (zone A)."
            in page
        )
        assert "il reste" not in page


def test_a_visible_reminder_that_was_moved_says_what_is_left_on_its_day(empty_app):
    """Class begins on Tuesday 1 September 2020: three weeks before the 8th is in the summer."""
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2020-09-08"}]),
        another("autre", milestones=[{"kind": "deadline", "day": "2020-09-04"}]),
    )
    feed = empty_app.test_client().get("/flux/academie-de-lille.ics?rappels=3&depuis=2020-08").data
    reminders = {str(e["SUMMARY"]): e["DTSTART"].dt for e in vevents(feed)}
    for words in ("Dans 1 semaine de classe", "Dernière semaine de classe"):
        assert reminders[f"{words} : Date limite : Concours d'essai"] == date(2020, 9, 1)
