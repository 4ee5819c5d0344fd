"""The schema.org description of an event for search engines: it says only what the source says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds import json_ld
from calendar_app.store.base import db
from calendar_app.words.vocabulary import Certainty, MilestoneKind
from tests.factories import ID, MID_JUNE, another, entry, publish
from tests.tools import scaled

SESSION = {"kind": "session", "first_day": "2021-05-17", "last_day": "2021-05-19"}
IMAGE = "https://calendrier.example/static/og.png"
PAGE = f"https://calendrier.example/evenements/{ID}/"


@pytest.fixture
def engine():
    """One engine is enough: the description does not depend on the engine."""
    return "sqlite"


@pytest.fixture
def told(empty_app):
    """Return a function that publishes an event with changes and returns its description."""

    def tell(*others, **changes):
        publish(empty_app, entry(**changes), *others)
        with empty_app.app_context():
            event = queries.event(db.session, ID)
            page = "https://calendrier.example/evenements/{}/".format
            return json_ld.describe(event, page, IMAGE)

    return tell


def test_a_session_is_an_event(told):
    whole = another("tout", title="La semaine entière")
    [found] = told(
        whole,
        milestones=[SESSION],
        place="Brassac-les-Mines",
        link="https://officiel.example/",
        part_of="tout-2020-2021",
    )
    assert found == {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": "Concours d'essai",
        "description": "Un concours pour les essais.",
        "url": PAGE,
        "startDate": "2021-05-17",
        "endDate": "2021-05-19",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "image": IMAGE,
        "location": {
            "@type": "Place",
            "name": "Brassac-les-Mines",
            "address": "Brassac-les-Mines",
        },
        "organizer": {"@type": "Organization", "name": "Une association"},
        "sameAs": "https://officiel.example/",
        "superEvent": {
            "@type": "Event",
            "name": "La semaine entière",
            "url": "https://calendrier.example/evenements/tout-2020-2021/",
        },
    }


def test_hours_are_told_with_their_offset(told):
    hours = {"start_time": "09:00", "end_time": "16:30"}
    session = {"kind": "session", "day": "2021-05-17"} | hours
    [found] = told(milestones=[session])
    assert (found["startDate"], found["endDate"]) == (
        "2021-05-17T09:00:00+02:00",
        "2021-05-17T16:30:00+02:00",
    )
    reunion = {"academies": ["la-reunion"]}
    [found] = told(milestones=[session], scope=reunion)
    assert found["startDate"] == "2021-05-17T09:00:00+04:00"


def test_each_session_is_an_event_of_its_own(told):
    morning = {"kind": "session", "key": "a", "day": "2021-03-01", "label": "Jury"}
    deadline = {"kind": "deadline", "day": "2021-02-11"}
    found = told(milestones=[morning, SESSION, deadline])
    assert [(one["name"], one["startDate"]) for one in found] == [
        ("Concours d'essai – Jury", "2021-03-01"),
        ("Concours d'essai", "2021-05-17"),
    ]


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        (None, None),
        ("En ligne", "Online"),
        ("Classe virtuelle", "Online"),
        ("À distance", "Online"),
        ("Lille, et en ligne", None),
        ("Nantes ou à distance", None),
        ("Pas-de-Calais", "Offline"),
        ("En ligne (lien envoyé la veille)", "Online"),
        ("En ligne ou à Lille", None),
        ("Notre-Dame", "Offline"),
    ],
)
def test_how_people_meet_is_told_where_it_is_known(told, place, mode):
    [found] = told(milestones=[SESSION], place=place, link="https://officiel.example/")
    wanted = f"https://schema.org/{mode}EventAttendanceMode" if mode else None
    assert found.get("eventAttendanceMode") == wanted
    if mode == "Online":
        assert found["location"] == {"@type": "VirtualLocation", "url": "https://officiel.example/"}
    else:
        assert found.get("location") == (
            {"@type": "Place", "name": place, "address": place} if place else None
        )


@pytest.mark.parametrize(
    "place",
    [
        "à définir",
        "Lieu à préciser",
        "Non précisé",
        "lieu non communiqué",
        "À venir",
        "?",
        "Inconnu",
    ],
)
def test_a_place_that_is_not_known_is_not_told(told, place):
    [found] = told(milestones=[SESSION], place=place)
    assert {"location", "eventAttendanceMode"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({"day": "2021-05-17", "start_time": "14:00"}, ("2021-05-17T14:00:00+02:00", None)),
        ({"day": "2021-05-17", "end_time": "16:00"}, ("2021-05-17", "2021-05-17T16:00:00+02:00")),
        (
            {"day": "2021-05-17", "start_time": "14:00", "end_time": "14:00"},
            ("2021-05-17T14:00:00+02:00", None),
        ),
        # The clocks go from 2 h to 3 h, so an end at 3 h would come before a start at 2 h 30.
        (
            {"day": "2021-03-28", "start_time": "02:30", "end_time": "03:00"},
            ("2021-03-28T02:30:00+01:00", None),
        ),
        (
            {"first_day": "2021-05-17", "last_day": "2021-05-19", "start_time": "14:00"},
            ("2021-05-17T14:00:00+02:00", "2021-05-19"),
        ),
    ],
)
def test_no_end_comes_before_its_start(told, changes, days):
    [found] = told(milestones=[{"kind": "session"} | changes])
    assert (found["startDate"], found.get("endDate")) == days


@settings(max_examples=scaled(1_000), deadline=None)
@given(
    day=st.dates(date(2021, 1, 1), date(2022, 12, 31)) | st.just(date(2021, 3, 28)),
    days=st.integers(0, 2),
    hours=st.tuples(*[st.none() | st.times().map(lambda at: at.replace(second=0))] * 2),
    zone=st.sampled_from(["Europe/Paris", "Pacific/Tahiti", "Pacific/Noumea", "America/Miquelon"]),
)
def test_no_machine_reads_an_end_before_its_start(day, days, hours, zone):
    start, end = hours
    if days == 0 and start and end and end < start:
        start, end = end, start
    session = Milestone(
        kind=MilestoneKind.SESSION,
        first_day=day,
        last_day=day + timedelta(days=days),
        start_time=start,
        end_time=end,
        time_zone=zone,
        certainty=Certainty.DAY,
    )
    event = Event(title="Essai", summary="", milestones=[session])
    [found] = json_ld.describe(event, PAGE.format, IMAGE)
    assert found["startDate"].startswith(day.isoformat())
    if "endDate" not in found:
        return
    # Programs read a day without an hour as midnight in UTC, or in the zone of the place.
    for read_in in (UTC, ZoneInfo(zone)):
        first, last = (datetime.fromisoformat(found[name]) for name in ("startDate", "endDate"))
        first, last = (m if m.tzinfo else m.replace(tzinfo=read_in) for m in (first, last))
        assert first.astimezone(UTC) <= last.astimezone(UTC)


def test_a_cancelled_or_moved_session_says_so(told):
    told(milestones=[SESSION])
    moved = SESSION | {"first_day": "2021-06-14", "last_day": "2021-06-16"}
    [found] = told(milestones=[moved])
    assert found["eventStatus"] == "https://schema.org/EventRescheduled"
    assert (found["previousStartDate"], found["startDate"]) == ("2021-05-17", "2021-06-14")
    [found] = told(milestones=[moved], cancelled=True)
    assert found["eventStatus"] == "https://schema.org/EventCancelled"
    assert "previousStartDate" not in found


def test_a_contest_that_only_has_deadlines_is_no_event_but_something_to_do_in_time(told):
    [found] = told(
        milestones=[
            {"kind": "opening", "day": "2020-11-02"},
            {"kind": "registration_deadline", "day": "2021-01-15"},
            {"kind": "submission_deadline", "day": "2021-02-11", "end_time": "18:00"},
        ],
        link="https://officiel.example/",
        participation={"where_link": "https://officiel.example/inscription"},
    )
    changed_at = found.pop("dateModified")
    assert changed_at == "2020-12-15T08:30:00+00:00"
    assert found == {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": "Concours d'essai",
        "url": PAGE,
        "inLanguage": "fr",
        "image": IMAGE,
        "about": {
            "@type": "Thing",
            "name": "Concours d'essai",
            "description": "Un concours pour les essais.",
            "sameAs": "https://officiel.example/",
            "potentialAction": [
                {
                    "@type": "Action",
                    "name": "Inscrire la classe",
                    "endTime": "2021-01-15",
                    "target": "https://officiel.example/inscription",
                },
                {
                    "@type": "Action",
                    "name": "Envoyer la production",
                    "endTime": "2021-02-11T18:00:00+01:00",
                },
            ],
        },
    }


def test_what_has_no_sure_day_is_told_without_one(told):
    about = MID_JUNE | {"kind": "session"}
    later = MID_JUNE | {"kind": "deadline", "key": "b"}
    [found] = told(milestones=[about, later])
    assert found["@type"] == "WebPage"
    assert "potentialAction" not in found["about"]
    assert "2021-06" not in str(found)


def test_nothing_cancelled_is_to_be_done(told):
    [found] = told(cancelled=True)
    assert "potentialAction" not in found["about"]
