"""The home page of each day: where the class stands, what is due, and always a date."""

from __future__ import annotations

import html
import re
import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest

from calendar_app.catalogue import file_exchange, renewal
from calendar_app.catalogue.models.events import Milestone
from calendar_app.config.settings import data_folder
from calendar_app.store.base import db
from calendar_app.web.public.today import MOST_DUE
from calendar_app.words.french import days_left_words
from calendar_app.words.vocabulary import MilestoneKind
from tests.conftest import IMPORTED_AT
from tests.factories import another, changing, entry, publish
from tests.ical_reading import vevents
from tests.tools import CAMPAIGN
from tests.web.public.test_pages import text_of

#: The national days of 2026-2027 and the first of the next year, worked out by hand from the texts
#: that data/yearly_days.yaml names. 5 November is the first Thursday after the autumn holidays,
#: which end on Sunday 1; 9 February the second Tuesday of a February that begins on a Monday.
NATION = """
2026-09-26 2026-11-05 2026-11-20 2026-11-25 2026-12-03 2026-12-09 2026-12-10 2027-01-24 2027-01-27
2027-02-09 2027-02-11 2027-03-08 2027-03-11 2027-03-14 2027-03-20 2027-03-21 2027-04-02 2027-04-22
2027-04-23 2027-05-03 2027-05-09 2027-05-10 2027-05-17 2027-05-27 2027-06-05 2027-09-26
""".split()
REUNION = ["2026-12-20"]
OVERSEAS = "2026-10-09 2026-12-20 2027-04-27 2027-05-22 2027-05-27 2027-05-28 2027-06-10".split()
PLACES = {
    "": ("/flux/toutes.ics", {*NATION, *OVERSEAS}),
    "lille": ("/flux/academie-de-lille.ics", {*NATION}),
    "la-reunion": ("/flux/academie-de-la-reunion.ics", {*NATION, *REUNION}),
}

FIRST, LAST = date(2026, 9, 1), date(2028, 7, 6)


@pytest.fixture
def fresh(empty_app):
    """A store as a first start makes it."""
    with empty_app.app_context():
        for name in file_exchange.CONTENT:
            file_exchange.import_events_file(db.session, data_folder() / name, IMPORTED_AT)
    return empty_app


def renew(app, day: date) -> renewal.RenewalReport:
    with app.app_context():
        return renewal.renew(db.session, datetime.combine(day, time(9), UTC))


def days_of(page: str) -> list[date]:
    main = page.partition("<main")[2].partition("</main")[0]
    return [date.fromisoformat(day) for day in re.findall(r'<time datetime="([\d-]+)"', main)]


def days_of_feed(client, address: str) -> list[date]:
    feed = client.get(f"{address}?depuis=2026-08")
    return sorted(event.start for event in vevents(feed.data))


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("place", PLACES)
def test_home_shows_a_date_on_every_day(fresh, place):
    """The next date and its countdown are equal on the home page, in the list, on the page of the
    event and in the feed; in 2026-2027 it is that of the table."""
    client, (address, table) = fresh.test_client(), PLACES[place]

    def read(view: str) -> str:
        return html.unescape(client.get(view, query_string=query).text)

    step, told = 1 if CAMPAIGN else 89, []
    for number in range(0, (LAST - FIRST).days + 1, step):
        day = FIRST + timedelta(days=number)
        if renew(fresh, day).created:
            told = days_of_feed(client, address)
        query = {"le": day.isoformat(), "academie": place}
        home = read("/")
        ahead = [d for d in days_of(home) if d >= day]
        assert ahead, day
        following = min(ahead)
        if day <= date(2027, 9, 1):
            assert following == date.fromisoformat(min(d for d in table if d >= f"{day}"))
        countdown = days_left_words((following - day).days)
        assert f"({countdown})" in home
        listed = read("/agenda/")
        assert min(days_of(listed)) == following
        assert f"({countdown})" in listed
        [first, *_] = re.findall(r'href="(/evenements/[^/"]+/)', home)
        assert f"{countdown}</strong>" in read(first)
        assert min(d for d in told if d >= day) == following


def sections(page: str) -> dict[str, str]:
    found = re.findall(r'<section aria-labelledby="([\w-]+)">(.*?)</section>', page, re.DOTALL)
    return dict(found)


def titles(section: str) -> list[str]:
    return [html.unescape(t) for t in re.findall(r"/evenements/([\w-]+)-2020-2021/", section)]


def deadline(day: str, **more):
    return {"kind": "deadline", "day": day} | more


def test_each_event_stands_once_where_it_belongs(empty_app):
    """On Monday 4 January 2021, four class weeks end on 7 February: zone A has holidays then, and
    the other zones have class."""
    opening = {"kind": "opening", "day": "2020-12-28"}
    publish(
        empty_app,
        another("due", milestones=[deadline("2021-02-07"), deadline("2021-06-01", key="envoi")]),
        another("sooner", milestones=[deadline("2021-01-05")]),
        another("later", milestones=[deadline("2021-02-08")]),
        another("opened", milestones=[opening, deadline("2021-05-03")]),
        another(
            "opened-long-ago", milestones=[opening | {"day": "2020-12-01"}, deadline("2021-05-04")]
        ),
        another("opened-and-due", milestones=[opening, deadline("2021-01-08")]),
        another("all-year", milestones=[]),
        another("past", milestones=[deadline("2020-12-18")]),
        another("off", milestones=[deadline("2021-01-04", cancelled=True)]),
    )
    page = empty_app.test_client().get("/?le=2021-01-04").text
    found = {name: titles(section) for name, section in sections(page).items()}
    assert found["prochaines"] == ["sooner", "opened-and-due", "due", "off"]
    assert found["plus-tard"] == ["later", "opened-long-ago"]
    assert found["vient-d-ouvrir"] == ["opened"]
    assert found["toute-l-annee"] == ["all-year"]
    assert "Date limite, mardi 1er juin 2021" in page.replace("\u00a0", " ")


def test_what_is_due_and_has_no_place_is_counted_with_a_way_to_it(empty_app):
    """Otherwise the list would seem to say that nothing is due between its last row and « Plus
    tard »."""
    publish(
        empty_app,
        *(another(f"due-{n}", milestones=[deadline("2021-01-12")]) for n in range(MOST_DUE + 3)),
        another("later", milestones=[deadline("2021-02-09")]),
    )
    page = text_of(empty_app.test_client(), "/?le=2021-01-04")
    assert f"Dans les quatre semaines de classe {MOST_DUE + 3} événements" in page
    assert "Et 3 autres événements d'ici au dimanche 7 février 2021" in page


@pytest.mark.long
def test_journees_come_after_a_contest_of_their_day_and_can_be_left_out(fresh):
    renew(fresh, date(2026, 11, 29))
    publish(
        fresh,
        entry(
            id="zele-2026-2027",
            series="zele",
            school_year="2026-2027",
            milestones=[deadline("2026-12-09")],
        ),
    )
    client = fresh.test_client()
    home = client.get("/?le=2026-11-29").text
    # Whatever comes first by its day: what a class has to do stands above the days.
    assert home.index("zele-2026-2027") < home.index("journee-des-personnes-handicapees")
    listed = client.get("/agenda/?le=2026-11-29").text
    assert listed.index("zele-2026-2027") < listed.index("journee-de-la-laicite-2026-2027")
    for address in ("/", "/agenda/", "/calendrier/2026/12/", "/annee-scolaire/2026-2027/"):
        page = client.get(f"{address}?le=2026-11-29&journees=0").text
        assert "zele-2026-2027" in page, address
        assert "laicite" not in page, address
    whole = vevents(client.get("/flux/national.ics?depuis=2026-08").data)
    less = vevents(client.get("/flux/national.ics?depuis=2026-08&journees=0").data)
    assert len(whole) > 25
    assert [str(event["SUMMARY"]) for event in less] == [
        str(event["SUMMARY"]) for event in whole if "Concours d'essai" in event["SUMMARY"]
    ]
    assert client.get("/?journees=2").status_code == 404


@pytest.mark.long
def test_a_date_that_an_editor_adds_to_a_journee_is_a_date_like_others(fresh):
    renew(fresh, date(2026, 11, 29))
    with changing(fresh, IMPORTED_AT, "journee-de-la-laicite-2026-2027") as event:
        sending = Milestone(
            key="envoi",
            uid=uuid.uuid4(),
            position=1,
            kind=MilestoneKind.SUBMISSION_DEADLINE,
            first_day=date(2027, 1, 22),
            last_day=date(2027, 1, 22),
            announced_at=IMPORTED_AT,
            changed_at=IMPORTED_AT,
        )
        event.milestones.append(sending)
    client = fresh.test_client()
    for address in ("/", "/agenda/", "/calendrier/2027/01/"):
        for more in ("", "&journees=0"):
            page = html.unescape(client.get(f"{address}?le=2027-01-12{more}").text)
            assert "Dernier jour d'envoi des productions" in page, (address, more)
    home = client.get("/?le=2026-12-01").text
    assert len(titles_of(home, "journee-de-la-laicite")) == 1


def titles_of(page: str, slug: str) -> list[str]:
    return re.findall(rf'href="/evenements/{slug}-[^"]*"', page)


@pytest.mark.long
def test_what_runs_all_year_is_no_news_of_today(empty_app):
    project = {"kind": "session", "first_day": "2020-09-15", "last_day": "2021-06-15"}
    publish(
        empty_app,
        *(another(f"projet-{n}", milestones=[project]) for n in range(70)),
        another("due", milestones=[deadline("2021-01-06")]),
        another("later", milestones=[deadline("2021-04-06")]),
    )
    page = empty_app.test_client().get("/?le=2021-01-04").text
    found = {name: titles(section) for name, section in sections(page).items()}
    assert found["prochaines"] == ["due"]
    assert found["plus-tard"] == ["later"]
    assert len(found["toute-l-annee"]) == 6


@pytest.mark.long
def test_an_embed_shows_contests_before_days(fresh):
    renew(fresh, date(2026, 11, 29))
    late = [deadline("2027-04-15")]
    publish(
        fresh, entry(id="zele-2026-2027", series="zele", school_year="2026-2027", milestones=late)
    )
    page = fresh.test_client().get("/embed/agenda/?le=2027-03-01&nombre=5").text
    assert "zele-2026-2027" in page
    assert len(titles_of(page, "journee")) == 4


def test_home_says_where_the_year_stands_or_that_it_is_not_known(fresh):
    client = fresh.test_client()
    page = client.get("/?le=2026-11-29").text.replace("\u00a0", " ")
    assert (
        '<p class="standing"><strong>Dimanche 29 novembre 2026</strong> · '
        "période 2, semaine de classe 4 · vacances de Noël le 19 décembre</p>"
    ) in page
    unknown = client.get("/?le=2029-11-29&academie=lille").text
    assert "Nous ne connaissons pas les vacances scolaires de 2029-2030" in unknown
    assert "période" not in unknown.partition('class="standing">')[2].partition("</p>")[0]


def test_home_names_the_next_deadline_unless_it_stands_first(empty_app):
    """Whoever opens the page sees openings first, which ask nothing: what follows is said."""
    dates = {"tot": ("2021-01-05", "2021-02-17"), "tard": ("2021-01-06", "2021-02-05")}
    for name, (opens, ends) in dates.items():
        days = [{"kind": "opening", "day": opens}, {"kind": "deadline", "day": ends}]
        publish(empty_app, another(name, milestones=days))
    client = empty_app.test_client()
    home = text_of(client, "/?le=2021-01-04")
    assert "prochaine date limite le 5 février" in home
    # A phone, where the other dates have no room, is told until when.
    raw = client.get("/?le=2021-01-04").text
    until = r"""class="at-phone" aria-hidden="true">jusqu'au ([^<]*)&nbsp;· <"""
    assert re.findall(until, raw) == ["17\xa0février", "5\xa0février"]
    assert home.count("Puis : Date limite") == 2
    assert "prochaine date limite" not in text_of(client, "/?le=2021-02-01")
