"""What search engines are told of an event: what the source says, in the words of schema.org."""

from __future__ import annotations

import pytest

from calendar_app.feeds import json_ld
from calendar_app.models import db, queries
from tests.factories import ID, MID_JUNE, another, entry, publish

SESSION = {"kind": "session", "first_day": "2021-05-17", "last_day": "2021-05-19"}
PAGE = f"https://calendrier.example/evenements/{ID}/"


@pytest.fixture
def engine():
    """What is told is the same from either engine."""
    return "sqlite"


@pytest.fixture
def told(empty_app):
    """Return what is told of an event with these changes."""

    def tell(*others, **changes):
        publish(empty_app, entry(**changes), *others)
        with empty_app.app_context():
            event = queries.event(db.session, ID)
            return json_ld.describe(event, "https://calendrier.example/evenements/{}/".format)

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
        "location": {"@type": "Place", "name": "Brassac-les-Mines"},
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
    ],
)
def test_how_people_meet_is_told_where_it_is_known(told, place, mode):
    [found] = told(milestones=[SESSION], place=place, link="https://officiel.example/")
    wanted = f"https://schema.org/{mode}EventAttendanceMode" if mode else None
    assert found.get("eventAttendanceMode") == wanted
    if mode == "Online":
        assert found["location"] == {"@type": "VirtualLocation", "url": "https://officiel.example/"}
    else:
        assert found.get("location") == ({"@type": "Place", "name": place} if place else None)


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
