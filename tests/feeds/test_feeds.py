"""The feeds of the real letter, and feeds with any text, as two calendar libraries read them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.catalogue.models.events import Event, Milestone, Series
from calendar_app.feeds.feed import Feed
from calendar_app.feeds.ical import CalendarWriter
from calendar_app.words.text import clean, clean_line
from calendar_app.words.vocabulary import Certainty, EventType, MilestoneKind
from tests.conftest import JANUARY
from tests.factories import another, entry, publish
from tests.ical_reading import facts, facts_of_ical_js, parse, vevents
from tests.shipped import ACADEMIES
from tests.tools import scaled

ARCHIVE = "?depuis=2020-09"
TALENT = ("Date limite : Ma classe a du talent, 6e édition", "2021-02-11", "2021-02-12")
FETE = ("La Fête de l'Apprendre", "2021-01-20", "2021-01-25")
CAMP = ("Camp@Num, 2e édition", "2021-05-17", "2021-05-20")
ROBOTEAM = [
    ("Ouverture : Concours RoboTeam", "2020-10-12", "2020-10-13"),
    ("Date limite : Concours RoboTeam", "2021-04-30", "2021-05-01"),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("national", [TALENT]),
        ("academie-de-lille", [FETE, TALENT]),
        ("academie-de-clermont-ferrand", [TALENT, CAMP]),
        ("academie-de-montpellier", [ROBOTEAM[0], TALENT, ROBOTEAM[1]]),
        ("academie-de-la-reunion", [TALENT]),
        ("departement-63", [TALENT, CAMP]),
        ("departement-03", [TALENT]),
        ("departement-62", [FETE, TALENT]),
        ("saint-pierre-et-miquelon", [TALENT]),
        ("toutes", [ROBOTEAM[0], FETE, TALENT, ROBOTEAM[1], CAMP]),
    ],
)
def test_each_feed_holds_its_own_dates_and_nobody_elses(client, name, expected):
    found = facts(client.get(f"/flux/{name}.ics{ARCHIVE}").data)
    assert [(f["summary"], f["start"], f["end"]) for f in found] == expected


@pytest.mark.parametrize("query", ["", "&fenetres=barre&alarmes=1", "&rappels=3"])
@pytest.mark.parametrize("name", ["academie-de-lille", "academie-de-la-reunion"])
def test_icalendar_and_ical_js_agree_on_the_letter(client, name, query):
    data = client.get(f"/flux/{name}.ics{ARCHIVE}{query}").data
    assert facts_of_ical_js(data) == facts(data) != []


def test_icalendar_and_ical_js_agree_on_hours_zones_and_texts(empty_app):
    session = {"kind": "session", "day": "2021-03-28", "start_time": "09:00", "end_time": "16:30"}
    strange = 'Où ? « Là »; a,b\\n\\ "c" 🎉 ‏עברית‏ ' + "é" * 90
    publish(
        empty_app,
        entry(milestones=[session], title=strange, summary=f"{strange}\n\nFin"),
        another("reunion", scope={"academies": ["la-reunion"]}, milestones=[session]),
    )
    with time_machine.travel(JANUARY, tick=False):
        data = empty_app.test_client().get("/flux/toutes.ics").data
    assert facts_of_ical_js(data) == facts(data)
    assert facts(data)[0]["start"] == "2021-03-28T09:00:00"


def test_a_session_of_any_year_of_a_feed_is_at_its_hour_in_every_program(empty_app):
    """True also in the first and the third year of a feed, where 14 h on 30 September was once
    shown as 15 h."""
    zones = ("Europe/Paris", "Indian/Reunion", "America/Miquelon")
    days = [date(year, month, 30) for year in (2024, 2025, 2026) for month in (1, 6, 9, 12)]
    sessions = [
        {
            "kind": "session",
            "key": f"s{number}",
            "day": day.isoformat(),
            "start_time": "14:00",
            "end_time": "16:00",
            "time_zone": zone,
        }
        for number, (day, zone) in enumerate(product(days, zones))
    ]
    publish(empty_app, entry(milestones=sessions))
    data = empty_app.test_client().get("/flux/toutes.ics?depuis=2020-09").data
    true = sorted(
        (int(datetime(d.year, d.month, d.day, 14, tzinfo=ZoneInfo(zone)).timestamp()))
        for d, zone in product(days, zones)
    )
    assert sorted(told["instants"][0] for told in facts(data)) == true
    assert sorted(told["instants"][0] for told in facts_of_ical_js(data)) == true
    read = vobject.readOne(data.decode()).vevent_list
    assert sorted(int(event.dtstart.value.timestamp()) for event in read) == true


def test_a_year_long_project_is_in_no_feed(client):
    data = client.get(f"/flux/toutes.ics{ARCHIVE}").data.decode()
    assert "Camp@Code" not in data
    assert "EMI'Lit" not in data


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("academie=lille", {"La Fête", "Ma classe"}),
        ("academie=lille&academie=montpellier", {"La Fête", "Ma classe", "Concours RoboTeam"}),
        ("departement=43", {"Camp@Num", "Ma classe"}),
        ("academie=clermont-ferrand&departement=03", {"Ma classe"}),
        ("type=concours", {"Ma classe", "Concours RoboTeam"}),
        ("type=concours&academie=lille", {"Ma classe"}),
        ("q=fete apprendre", {"La Fête"}),
        ("q=FÊTE", {"La Fête"}),
        ("q=roboteam montpellier mars", {"Concours RoboTeam"}),
        ("q=100%25", set()),
        ("evenements=roboteam-2020-2021,camp-num-2020-2021", {"Concours RoboTeam", "Camp@Num"}),
        ("evenements=disparu-2020-2021", set()),
        ("academie=caen", {"Ma classe"}),
        ("inconnu=1&type=concours", {"Ma classe", "Concours RoboTeam"}),
        # An event without classes fits every class: a missing date is worse than one too many.
        ("niveau=terminale&type=concours", {"Ma classe", "Concours RoboTeam"}),
    ],
)
def test_repeated_parameters_mean_or_and_different_ones_and(client, query, titles):
    data = client.get(f"/flux/toutes.ics{ARCHIVE}&{query}").data
    found = {f["summary"].split(" : ")[-1] for f in facts(data)}
    assert {next(t for t in (*titles, title) if title.startswith(t)) for title in found} == titles


# -- any text at all ------------------------------------------------------------------------------

WRITER = CalendarWriter(
    "calendrier.example",
    lambda event_id: f"https://calendrier.example/evenements/{event_id}/",
    ACADEMIES,
    {},
    lambda _milestone, _viewer, _concerned: pytest.fail("no deadline is in this feed"),
)


def one_date(title: str, summary: str) -> bytes:
    """Return the feed of one session with these texts, which may hold any characters."""
    instant = datetime(2021, 1, 1, tzinfo=UTC)
    event = Event(
        id="essai-2020-2021",
        series=Series(id="essai", title="Essai"),
        school_year=2020,
        title=title,
        summary=summary,
        type=EventType.MEETING,
        audience=["eleves"],
        organiser="",
        source_name="Lettre",
        registrants=[],
        sending=[],
        pupil_data=[],
        full=False,
        revision=1,
        changed_at=instant,
        created_at=instant,
    )
    event.scope = {"national"}
    milestone = Milestone(
        event=event,
        event_id=event.id,
        key="session",
        uid=uuid.UUID(int=1),
        position=0,
        kind=MilestoneKind.SESSION,
        first_day=date(2021, 1, 20),
        last_day=date(2021, 1, 24),
        time_zone="Europe/Paris",
        certainty=Certainty.DAY,
    )
    address = "https://calendrier.example/flux/toutes.ics"
    return WRITER.render(Feed("Essai", "Essai", address, (milestone,)))


def properties(data: bytes) -> list[list[str]]:
    """Return the name of each component and the names of its properties, in order."""
    return [[component.name, *component.keys()] for component in parse(data).walk()]


HARMLESS = properties(one_date("Titre", "Texte"))

nasty = st.sampled_from(
    [
        "\x00", "\r\n", "\n", "\r", "\t", "\x85", "\u2028", "\u2029", "\x7f", "\x9b", "\ufeff",
        "\u202e", "\u200f", '"', "\\", "\\n", ";", ",", ":", "BEGIN:VEVENT", "\nEND:VCALENDAR",
        "🎉", "👩🏽‍🏫", "é", "e\u0301", "שלום", "<b>", "&amp;", "’", "\u00a0", "\nX-EVIL:1", "]]>",
    ]
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(nasty, st.text(max_size=8)), max_size=40).map("".join),
    st.builds(lambda text, n: text * n, st.one_of(nasty, st.text(min_size=1, max_size=40)),
              st.integers(1, 300)).map(lambda text: text[:10_240]),
)  # fmt: skip


@settings(max_examples=scaled(2_000))
@given(title=texts, summary=texts)
def test_any_title_and_description_come_back_equal_after_cleaning(title, summary):
    data = one_date(title, summary)
    assert properties(data) == HARMLESS
    (event,) = vevents(data)
    assert str(event["SUMMARY"]) == clean_line(title)
    description = str(event["DESCRIPTION"])
    start = "A lieu du 20 au 24\u00a0janvier 2021.\n\n"
    assert description.startswith(start + (f"{clean(summary)}\n\n" if summary else ""))
    assert description.endswith("\nSource : Lettre")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@settings(max_examples=max(3, scaled(30)))
@given(cases=st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_ical_js_reads_any_text_as_icalendar_does(cases):
    for title, summary in cases:
        data = one_date(title, summary)
        assert facts_of_ical_js(data) == facts(data)
