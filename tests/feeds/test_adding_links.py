"""The links that add one date to a web calendar."""

from __future__ import annotations

import re
from datetime import date, time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.links import add_links
from calendar_app.words.vocabulary import Certainty, MilestoneKind
from tests.factories import ID, entry, publish

PAGE = "https://calendrier.example/evenements/essai-2020-2021/"


def told(**changes):
    """Return the parameters of each link: host → name → value."""
    milestone = Milestone(
        event=Event(title="Essai", place="Lille"),
        kind=MilestoneKind.SESSION,
        first_day=date(2021, 5, 18),
        last_day=date(2021, 5, 18),
        time_zone="Europe/Paris",
        certainty=Certainty.DAY,
    )
    for name, value in changes.items():
        setattr(milestone, name, value)
    links = map(urlsplit, add_links(milestone, "Essai & co", PAGE).values())
    return {
        link.netloc: {name: value for name, (value,) in parse_qs(link.query).items()}
        for link in links
    }


def test_hours_are_told_as_instants():
    found = told(start_time=time(9), end_time=time(16, 30))
    google, yahoo = found["calendar.google.com"], found["calendar.yahoo.com"]
    assert (google["dates"], google["ctz"]) == ("20210518T090000/20210518T163000", "Europe/Paris")
    assert (yahoo["st"], yahoo["et"]) == ("20210518T070000Z", "20210518T143000Z")
    assert "dur" not in yahoo
    for host in ("outlook.office.com", "outlook.live.com"):
        outlook = found[host]
        assert (outlook["startdt"], outlook["enddt"], outlook["allday"]) == (
            "2021-05-18T07:00:00Z",
            "2021-05-18T14:30:00Z",
            "false",
        )
        assert (outlook["subject"], outlook["body"]) == ("Essai & co", PAGE)
    for parameters in found.values():
        assert "Lille" in parameters.values()


@pytest.mark.parametrize(
    "changes",
    [
        {"first_day": date(2021, 5, 16)},
        {"first_day": date(2021, 5, 16), "start_time": time(9)},
        {"first_day": date(2021, 5, 16), "end_time": time(9)},
    ],
)
def test_days_are_told_as_days_each_in_its_own_way(changes):
    found = told(**changes)
    assert found["calendar.google.com"]["dates"] == "20210516/20210519"
    yahoo = found["calendar.yahoo.com"]
    assert (yahoo["st"], yahoo["et"], yahoo["dur"]) == ("20210516", "20210518", "allday")
    for host in ("outlook.office.com", "outlook.live.com"):
        outlook = found[host]
        assert (outlook["startdt"], outlook["enddt"]) == ("2021-05-16", "2021-05-19")
        assert outlook["allday"] == "true"


def test_hours_that_are_equal_are_no_length_of_time():
    found = told(start_time=time(9), end_time=time(9))
    assert found["calendar.google.com"]["dates"] == "20210518/20210519"


def test_the_page_of_an_event_offers_them_all(empty_app):
    publish(empty_app, entry())
    client = empty_app.test_client()
    page = client.get(f"/evenements/{ID}/?le=2021-01-04").text
    adds = page[page.index("Ajouter à mon agenda") :].partition("</details>")[0]
    found = re.findall(r'href="(https://[^"]+)" rel="noopener">([^<]+)<', adds)
    assert f"/evenements/{ID}.ics?date=" in adds
    assert [(urlsplit(unescape(address)).netloc, whose) for address, whose in found] == [
        ("calendar.google.com", "Google"),
        ("outlook.office.com", "Outlook (compte professionnel)"),
        ("outlook.live.com", "Outlook.com"),
        ("calendar.yahoo.com", "Yahoo"),
    ]
    # What is over goes in nobody's agenda.
    assert "Ajouter à mon agenda" not in client.get(f"/evenements/{ID}/?le=2021-02-12").text
