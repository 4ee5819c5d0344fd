"""The rules that subscribed calendars need. Each rule has a test, named after what it protects."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid5

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from calendar_app.catalogue.models.events import UID_NAMESPACE, Event, Milestone
from calendar_app.feeds import wording
from calendar_app.store.base import db
from calendar_app.web.caching import FEED_CACHE
from calendar_app.words.french import hour_words
from calendar_app.words.vocabulary import MilestoneKind
from tests.conftest import IMPORTED_AT, JANUARY
from tests.factories import ID, MID_JUNE, another, entry, publish
from tests.ical_reading import by_summary, parse, vevents
from tests.tools import scaled

SESSION = {"kind": "session", "day": "2021-05-18", "start_time": "09:00", "end_time": "16:30"}
LATER = IMPORTED_AT + timedelta(days=20)
TITLE = "Concours d'essai"


@pytest.fixture(autouse=True)
def in_january():
    """Set the clock to 4 January 2021, before the dates of these tests."""
    with time_machine.travel(JANUARY, tick=False):
        yield


@pytest.fixture
def client(empty_app):
    return empty_app.test_client()


def feed(client, name="toutes", **query):
    answer = client.get(f"/flux/{name}.ics", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.data


def test_a_uid_comes_from_the_event_and_its_key_alone_and_is_the_same_in_every_feed(
    empty_app, client
):
    publish(empty_app, entry(scope={"academies": ["lille"]}))
    uid = f"{uuid5(UID_NAMESPACE, f'{ID}/deadline')}@calendrier.example"
    for name in ("toutes", "academie-de-lille", "departement-59"):
        assert [str(e["UID"]) for e in vevents(feed(client, name))] == [uid]
    publish(empty_app, entry(title="Un autre titre", scope="national"), now=LATER)
    assert [str(e["UID"]) for e in vevents(feed(client))] == [uid]


@pytest.mark.parametrize(
    ("days", "first_onset"),
    [
        # The first onset is the one in force on 1 January of the first year: the October before.
        ({"first_day": "2020-10-01", "last_day": "2021-01-02"}, "20191027T030000"),
        ({"first_day": "2020-12-31", "last_day": "2021-04-02"}, "20191027T030000"),
        ({"first_day": "2021-01-02", "last_day": "2021-04-02"}, "20201025T030000"),
    ],
)
def test_a_zone_is_told_from_the_first_day_of_a_session_over_new_year(
    empty_app, client, days, first_onset
):
    hours = {"start_time": "09:00", "end_time": "16:30"}
    publish(empty_app, entry(milestones=[{"kind": "session"} | days | hours]))
    data = feed(client)
    [event] = vevents(data)
    for name, day, hour in (
        ("DTSTART", days["first_day"], "09:00"),
        ("DTEND", days["last_day"], "16:30"),
    ):
        assert event[name].dt.isoformat().startswith(f"{day}T{hour}")
    onsets = re.findall(r"DTSTART:(\d{8}T\d{6})\r\nRRULE", data.decode())
    assert min(onsets) == first_onset


def test_another_edition_has_another_uid(empty_app, client):
    next_year = {
        "id": "essai-2021-2022",
        "school_year": "2021-2022",
        "milestones": [{"kind": "deadline", "day": "2022-02-10"}],
    }
    publish(empty_app, entry(), entry(**next_year))
    assert len({str(e["UID"]) for e in vevents(feed(client))}) == 2


def test_dtstamp_is_the_last_visible_change_and_sequence_grows_with_it(empty_app, client):
    publish(empty_app, entry())
    (before,) = vevents(feed(client))
    publish(empty_app, entry(title="Un autre titre"), now=LATER)
    (after,) = vevents(feed(client))
    for event, instant, sequence in ((before, IMPORTED_AT, 0), (after, LATER, 1)):
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == instant
        assert event["SEQUENCE"] == sequence


def test_an_import_that_changes_nothing_leaves_every_byte_and_the_etag(empty_app, client):
    publish(empty_app, entry())
    before = client.get("/flux/toutes.ics")
    publish(empty_app, entry(), now=LATER)
    after = client.get("/flux/toutes.ics")
    assert (before.data, before.headers["ETag"]) == (after.data, after.headers["ETag"])


def test_the_bytes_do_not_depend_on_the_day(empty_app, client):
    publish(empty_app, entry())
    first = feed(client)
    with time_machine.travel(datetime(2021, 1, 31, 22, 30, tzinfo=UTC), tick=False):
        assert feed(client) == first


def test_the_past_edge_moves_on_the_first_of_the_month_in_paris(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2020-10-31"}]))
    at_edge = datetime(2021, 1, 31, 23, 0, tzinfo=UTC)  # midnight of 1 February in Paris
    with time_machine.travel(at_edge - timedelta(seconds=1), tick=False):
        assert len(vevents(feed(client))) == 1
        etag = client.get("/flux/toutes.ics").headers["ETag"]
    with time_machine.travel(at_edge, tick=False):
        assert vevents(feed(client)) == []
        answer = client.get("/flux/toutes.ics", headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert answer.headers["Last-Modified"] == "Sun, 31 Jan 2021 23:00:00 GMT"


def test_a_client_that_has_the_feed_gets_304(empty_app, client):
    publish(empty_app, entry())
    plain = client.get("/flux/toutes.ics")
    zipped = client.get("/flux/toutes.ics", headers={"Accept-Encoding": "gzip"})
    assert plain.headers["Cache-Control"] == FEED_CACHE
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(zipped.data) == plain.data
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    for etag in (plain.headers["ETag"], zipped.headers["ETag"], f"W/{plain.headers['ETag']}", "*"):
        answer = client.get("/flux/toutes.ics", headers={"If-None-Match": etag})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == plain.headers["ETag"]
    # The start of the month in Paris, which is later than the import.
    assert plain.headers["Last-Modified"] == "Thu, 31 Dec 2020 23:00:00 GMT"
    since = {"If-Modified-Since": plain.headers["Last-Modified"]}
    assert client.get("/flux/toutes.ics", headers=since).status_code == 304


@pytest.mark.long
def test_if_none_match_wins_over_if_modified_since(empty_app, client):
    publish(empty_app, entry())
    modified = client.get("/flux/toutes.ics").headers["Last-Modified"]
    both = {"If-None-Match": '"another"', "If-Modified-Since": modified}
    assert client.get("/flux/toutes.ics", headers=both).status_code == 200


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_head_answers_like_get(empty_app, client, encoding):
    publish(empty_app, entry())
    asked = {"Accept-Encoding": encoding}
    get = client.get("/flux/toutes.ics", headers=asked)
    head = client.head("/flux/toutes.ics", headers=asked)
    assert head.data == b""
    assert (head.status_code, dict(head.headers)) == (get.status_code, dict(get.headers))


def test_days_are_all_day_and_dtend_is_the_day_after(empty_app, client):
    session = {"kind": "session", "first_day": "2021-01-20", "last_day": "2021-01-24"}
    publish(empty_app, entry(milestones=[session, {"kind": "deadline", "day": "2021-02-11"}]))
    lines = feed(client).decode().split("\r\n")
    for line in (
        "DTSTART;VALUE=DATE:20210120",
        "DTEND;VALUE=DATE:20210125",
        "DTSTART;VALUE=DATE:20210211",
        "DTEND;VALUE=DATE:20210212",
    ):
        assert line in lines


def test_a_deadline_with_an_hour_stays_all_day_and_says_the_hour(empty_app, client):
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2021-02-11", "end_time": "18:00"}]),
    )
    events = by_summary(feed(client))
    event = events[f"Date limite à 18\u00a0h : {TITLE}"]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2021, 2, 11), date(2021, 2, 12))


@pytest.mark.parametrize(
    ("name", "summary", "description"),
    [
        (
            "academie-de-la-reunion",
            "Date limite à 23\u00a0h, 2\u00a0h le lendemain à La Réunion : Concours d'essai",
            "23\u00a0h à Paris, soit 2\u00a0h le lendemain à La Réunion.",
        ),
        (
            "academie-de-guadeloupe",
            "Date limite à 23\u00a0h, 18\u00a0h en Guadeloupe : Concours d'essai",
            "23\u00a0h à Paris, soit 18\u00a0h en Guadeloupe.",
        ),
        (
            "polynesie-francaise",
            "Date limite à 23\u00a0h, midi à Tahiti : Concours d'essai",
            "23\u00a0h à Paris, soit midi à Tahiti. À Tahiti, comptez jusqu'au mercredi "
            "10\u00a0février 2021.",
        ),
    ],
)
def test_an_overseas_feed_says_the_local_hour(empty_app, client, name, summary, description):
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2021-02-11", "end_time": "23:00"}]),
    )
    (event,) = vevents(feed(client, name))
    assert str(event["SUMMARY"]) == summary
    assert description in str(event["DESCRIPTION"]).split("\n")
    assert event["DTSTART"].dt == date(2021, 2, 11)


def test_a_session_with_hours_carries_its_zone_bounded_to_the_dates_used(empty_app, client):
    session = {"kind": "session", "day": "2021-05-18", "start_time": "09:00", "end_time": "16:30"}
    publish(
        empty_app,
        entry(milestones=[session]),
        another("reunion", scope={"academies": ["la-reunion"]}, milestones=[session]),
    )
    calendar = parse(feed(client))
    zones = {str(z["TZID"]): z for z in calendar.walk("VTIMEZONE")}
    assert set(zones) == {"Europe/Paris", "Indian/Reunion"}
    for zone in zones.values():
        # The rule in force on 1 January of the first year started in the year before.
        assert {sub["DTSTART"].dt.year for sub in zone.subcomponents} <= {2020, 2021}
    for event in calendar.walk("VEVENT"):
        assert event["DTSTART"].params["TZID"] in zones
        assert event["DTSTART"].dt.hour == 9
        assert "TRANSP" not in event


def test_only_iana_zone_names_are_used(empty_app, client):
    session = {"kind": "session", "day": "2021-05-18", "start_time": "09:00", "end_time": "16:30"}
    publish(empty_app, entry(milestones=[session]))
    assert set(re.findall(r"TZID[=:]([^:\r]+)", feed(client).decode())) == {"Europe/Paris"}


WINDOW = [
    {"kind": "opening", "day": "2020-10-12"},
    {"kind": "deadline", "day": "2021-04-30"},
]


def test_a_window_is_two_dates_unless_the_bar_is_asked_for(empty_app, client):
    publish(empty_app, entry(milestones=WINDOW))
    dates = {str(e["SUMMARY"]): e["DTSTART"].dt for e in vevents(feed(client))}
    assert dates == {
        f"Ouverture : {TITLE}": date(2020, 10, 12),
        f"Date limite : {TITLE}": date(2021, 4, 30),
    }
    (bar,) = vevents(feed(client, fenetres="barre"))
    assert (bar["DTSTART"].dt, bar["DTEND"].dt) == (date(2020, 10, 12), date(2021, 5, 1))
    assert str(bar["UID"]) not in {str(e["UID"]) for e in vevents(feed(client))}


def test_a_bar_says_the_hour_of_its_deadline(empty_app, client):
    publish(empty_app, entry(milestones=[WINDOW[0], WINDOW[1] | {"end_time": "18:00"}]))
    (bar,) = vevents(feed(client, fenetres="barre"))
    assert str(bar["SUMMARY"]).endswith("30\u00a0avril 2021 à 18\u00a0h")


def test_deadlines_and_windows_do_not_make_anybody_busy(empty_app, client):
    publish(empty_app, entry(milestones=WINDOW))
    for data in (feed(client), feed(client, fenetres="barre")):
        for event in vevents(data):
            assert event["TRANSP"] == "TRANSPARENT"
            assert event["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"


def test_a_cancelled_date_says_so_and_stays_until_the_month_edge_after_ninety_days(
    empty_app, client
):
    publish(empty_app, entry())
    (before,) = vevents(feed(client))
    publish(empty_app, entry(cancelled=True), now=LATER)  # 4 January; 90 days later is 4 April
    (event,) = vevents(feed(client))
    assert str(event["SUMMARY"]) == f"ANNULÉ – Date limite : {TITLE}"
    assert (event["STATUS"], event["UID"]) == ("CANCELLED", before["UID"])
    assert event["SEQUENCE"] == before["SEQUENCE"] + 1
    for day, told in (
        (datetime(2021, 4, 30, tzinfo=UTC), 1),
        (datetime(2021, 5, 1, tzinfo=UTC), 0),
    ):
        with time_machine.travel(day, tick=False):
            assert len(vevents(feed(client))) == told


@pytest.mark.parametrize(
    ("kind", "day", "word"),
    [
        ("deadline", "2021-02-18", "prolongé"),
        ("deadline", "2021-02-04", "avancé"),
        ("session", "2021-02-18", "reporté"),
        ("session", "2021-02-04", "reporté"),
    ],
)
def test_a_moved_date_keeps_its_uid_and_says_that_it_moved(empty_app, client, kind, day, word):
    publish(empty_app, entry(milestones=[{"kind": kind, "day": "2021-02-11"}]))
    (before,) = vevents(feed(client))
    publish(empty_app, entry(milestones=[{"kind": kind, "day": day}]), now=LATER)
    (after,) = vevents(feed(client))
    assert after["UID"] == before["UID"]
    assert after["DTSTART"].dt == date.fromisoformat(day)
    assert str(after["SUMMARY"]).endswith(f"({word})")
    assert "c'était le 11\u00a0février 2021" in str(after["DESCRIPTION"])


def test_a_cancelled_session_with_hours_makes_nobody_busy(empty_app, client):
    publish(empty_app, entry(milestones=[SESSION]))
    (before,) = vevents(feed(client))
    publish(empty_app, entry(milestones=[SESSION | {"cancelled": True}]), now=LATER)
    (after,) = vevents(feed(client))
    assert "TRANSP" not in before
    assert after["DTSTART"].dt == before["DTSTART"].dt
    assert (after["STATUS"], after["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert after["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"


@pytest.mark.parametrize(
    ("hours", "said", "labelled"),
    [
        ({"start_time": "14:00"}, "à partir de 14\u00a0h", "à 14\u00a0h"),
        ({"end_time": "16:30"}, "jusqu'à 16\u00a0h\u00a030", "jusqu'à 16\u00a0h\u00a030"),
        ({"start_time": "14:00", "end_time": "14:00"}, "à 14\u00a0h", "à 14\u00a0h"),
        ({"start_time": "00:00", "end_time": "00:00"}, "à minuit", "à minuit"),
    ],
)
def test_hours_that_are_equal_or_alone_are_kept_in_words(empty_app, client, hours, said, labelled):
    session = {"kind": "session", "day": "2021-05-18"} | hours
    publish(
        empty_app,
        entry(milestones=[session]),
        another("finale", milestones=[session | {"label": "Finale"}]),
    )
    found = by_summary(feed(client))
    assert set(found) == {f"{TITLE} ({said})", f"Finale {labelled} : {TITLE}"}
    for event in found.values():
        assert event["DTSTART"].dt == date(2021, 5, 18)
        assert f"mardi 18\u00a0mai 2021, {said}." in str(event["DESCRIPTION"])


@settings(max_examples=scaled(1_000), deadline=None)
@given(
    day=st.dates(date(2021, 1, 1), date(2023, 12, 31))
    | st.sampled_from([date(2021, 3, 28), date(2021, 10, 31)]),
    hours=st.tuples(*[st.none() | st.times().map(lambda at: at.replace(second=0))] * 2),
    days=st.integers(0, 2),
    zone=st.sampled_from(["Europe/Paris", "America/Miquelon", "Pacific/Tahiti"]),
)
def test_no_session_ends_before_it_begins_and_no_hour_is_lost(day, hours, days, zone):
    start, end = hours
    if days == 0 and start and end and end < start:
        start, end = end, start
    session = Milestone(
        event=Event(title=TITLE),
        kind=MilestoneKind.SESSION,
        first_day=day,
        last_day=day + timedelta(days=days),
        start_time=start,
        end_time=end,
        time_zone=zone,
    )
    told = wording.session_hours(session)
    if told:
        assert told[0].astimezone(UTC) < told[1].astimezone(UTC)
        return
    for hour in filter(None, (start, end)):
        assert hour_words(hour) in wording.summary(session)
        assert hour_words(hour) in wording.when_words(session)


def test_a_date_that_goes_back_is_not_moved_any_more(empty_app, client):
    publish(empty_app, entry())
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-02-18"}]), now=LATER)
    publish(empty_app, entry(), now=LATER)
    assert list(by_summary(feed(client))) == [f"Date limite : {TITLE}"]


def test_the_calendar_says_its_name_its_rhythm_and_its_address_and_no_method(empty_app, client):
    publish(empty_app, entry())
    data = feed(client, "academie-de-lille", niveau="cycle-3")
    calendar = parse(data)
    name = "Calendrier des classes – académie de Lille · cycle 3"
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) == name
    assert "académie de Lille" in str(calendar["X-WR-CALDESC"])
    address = "http://127.0.0.1:8000/flux/academie-de-lille.ics?niveau=cycle-3"
    unfolded = data.decode().replace("\r\n ", "").split("\r\n")
    for line in (
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "X-WR-TIMEZONE:Europe/Paris",
        "COLOR:teal",
        "X-APPLE-CALENDAR-COLOR:#008080",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
        f"SOURCE;VALUE=URI:{address}",
    ):
        assert line in unfolded
    assert not any(line.startswith("METHOD") for line in unfolded)


def test_the_official_link_stands_in_url_and_again_in_the_description(empty_app, client):
    publish(empty_app, entry(link="https://concours.example/reglement?a=1;b=2,3"))
    (event,) = vevents(feed(client))
    assert str(event["URL"]) == "https://concours.example/reglement?a=1;b=2,3"
    lines = str(event["DESCRIPTION"]).split("\n")
    assert lines[0] == "Date limite pour participer : jeudi 11\u00a0février 2021."
    assert "Site officiel : https://concours.example/reglement?a=1;b=2,3" in lines
    assert f"Fiche : http://127.0.0.1:8000/evenements/{ID}/" in lines


def test_addresses_leave_in_plain_ascii_and_accents_in_their_letters(empty_app, client):
    apart = unicodedata.normalize("NFD", "Été à l'école")
    where = {"where_link": "https://école.example/inscription/été"}
    title, place = f"{apart} 1", f"{apart} 2"
    texts = {"summary": f"{apart} 3", "organiser": f"{apart} 4", "place": place}
    session = {"kind": "session", "day": "2021-05-18", "label": f"{apart} 5"}
    publish(
        empty_app,
        entry(
            title=title,
            link="https://École.example/été|2021?q=ça",
            participation=where,
            milestones=[session],
            **texts,
        ),
    )
    written = "https://xn--cole-9oa.example/%C3%A9t%C3%A9%7C2021?q=%C3%A7a"
    sign_up = "https://xn--cole-9oa.example/inscription/%C3%A9t%C3%A9"
    page = client.get(f"/evenements/{ID}/").text
    (event,) = vevents(feed(client))
    assert str(event["URL"]) == written
    texts = [client.get(f"/flux/toutes.{form}").text for form in ("ics", "atom", "json")]
    told = [
        json.dumps(json.loads(found), ensure_ascii=False)
        for found in re.findall(r'application/ld.json">(.*)</script>', page)
    ]
    assert told
    for raw in (*texts, *told):
        whole = raw.replace("\r\n ", "")
        assert unicodedata.is_normalized("NFC", whole)
        assert whole.count("Été à l") >= 4
        assert written in whole.replace("\\u0026", "&")
        assert "cole.example" not in whole.replace("xn--cole-9oa.example", "")
    assert all(sign_up in raw.replace("\r\n ", "") for raw in texts)


def test_categories_are_plain_french(empty_app, client):
    publish(
        empty_app, entry(classes=["cycle-3"], themes=["robotique"], scope={"academies": ["lille"]})
    )
    (event,) = vevents(feed(client))
    found = [str(c) for c in event["CATEGORIES"].cats]
    assert found[:2] == ["concours", "cycle 3"]
    assert found[-1] == "académie de Lille"
    assert any("obotique" in word for word in found)


def test_no_category_has_a_comma(empty_app, client):
    publish(
        empty_app,
        entry(
            themes=["robotique"],
            classes=["cm1", "6e", "terminale"],
            scope={"departments": ["15", "43", "63"], "academies": ["lille", "versailles"]},
        ),
    )
    (event,) = vevents(feed(client))
    found = [str(c) for c in event["CATEGORIES"].cats]
    assert {"académie de Lille", "académie de Versailles"} < set(found)
    assert "département 43 (académie de Clermont-Ferrand)" in found
    assert not any("," in word for word in found)
    (told,) = json.loads(client.get("/flux/toutes.json").data)["items"]
    assert told["tags"] == found


def test_public_feeds_ring_no_bell_unless_asked(empty_app, client):
    publish(empty_app, entry())
    assert b"VALARM" not in feed(client)
    (event,) = vevents(feed(client, alarmes="1"))
    (alarm,) = event.walk("VALARM")
    start = datetime.combine(event["DTSTART"].dt, time.min)
    assert f"{start + alarm['TRIGGER'].dt}" == "2021-02-04 09:00:00"


def test_the_alarm_of_a_bar_rings_a_week_before_its_deadline(empty_app, client):
    publish(empty_app, entry(milestones=WINDOW))
    (bar,) = vevents(feed(client, fenetres="barre", alarmes="1"))
    (alarm,) = bar.walk("VALARM")
    assert alarm["TRIGGER"].params["RELATED"] == "END"
    end = datetime.combine(bar["DTEND"].dt, time.min)
    assert f"{end + alarm['TRIGGER'].dt}" == "2021-04-23 09:00:00"


def test_visible_reminders_are_dates_of_their_own_in_class_weeks(empty_app, client):
    publish(empty_app, entry())
    events = by_summary(feed(client, "academie-de-la-reunion", rappels="3"))
    # In La Réunion, three class weeks before 11 February is before the été austral.
    reminder = events[f"Dans 3 semaines de classe : Date limite : {TITLE}"]
    assert reminder["DTSTART"].dt == date(2020, 12, 17)
    assert len({str(e["UID"]) for e in events.values()}) == len(events) == 2


def test_visible_reminders_need_an_academy(client):
    answer = client.get("/flux/toutes.ics?rappels=3")
    assert answer.status_code == 404
    assert "choisissez une académie" in answer.text


def test_the_bytes_are_clean_utf8_with_crlf_and_folded_at_75_octets(empty_app, client):
    publish(
        empty_app,
        entry(title="Éléphants 🎉" * 12, summary="Où ? « Là-bas » ; ici, peut-être.\n" * 30),
    )
    answer = client.get("/flux/toutes.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="toutes.ics"'
    assert not answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.data.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    for line in lines:
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # folded on character boundaries: each line is UTF-8 by itself


@pytest.mark.parametrize("accept", [None, "*/*", "text/html", "application/json;q=1, */*;q=0"])
def test_any_accept_gets_the_feed_without_cookie_or_login(client, accept):
    answer = client.get("/flux/toutes.ics", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Allow: /flux/" in client.get("/robots.txt").text


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("/flux/academie-de-lile.ics", "« Lille »"),
        ("/flux/departement-99.ics", "département"),
        ("/flux/nationale.ics", "/flux/national.ics"),
        ("/flux/lille.ics", "Nous ne connaissons pas"),
        ("/flux/toutes.ics?niveau=cm3", "niveau=cm2"),
        ("/flux/toutes.ics?depuis=septembre", "2020-09"),
        ("/flux/toutes.ics?rappels=beaucoup", "de 1 à 12"),
        ("/evenements/inconnu-2020-2021.ics", "n'existe pas"),
    ],
)
def test_what_is_unknown_is_a_404_with_a_hint_never_an_empty_calendar(client, address, hint):
    answer = client.get(address)
    assert answer.status_code == 404
    assert hint in answer.text
    assert b"VCALENDAR" not in answer.data


def test_a_feed_that_has_moved_is_a_308_that_keeps_the_filters(client):
    answer = client.get("/flux/academie-de-caen.ics?niveau=cm2&depuis=2020-09")
    assert answer.status_code == 308
    there = "/flux/academie-de-normandie.ics?niveau=cm2&depuis=2020-09"
    assert answer.headers["Location"] == there


def test_without_its_store_a_feed_is_503_with_retry_after(empty_app, client):
    with empty_app.app_context(), db.engine.connect() as connection:
        options = {"isolation_level": "AUTOCOMMIT"} if db.engine.name == "postgresql" else {}
        connection.execution_options(**options, postgresql_readonly=False)
        connection.execute(text("ALTER TABLE catalogue RENAME TO elsewhere"))
        connection.commit()
    answer = client.get("/flux/toutes.ics")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert b"VCALENDAR" not in answer.data


def test_a_filter_that_matches_nothing_is_a_calendar_with_one_zone(empty_app, client):
    publish(empty_app, entry())
    calendar = parse(feed(client, q="introuvable"))
    assert [c.name for c in calendar.subcomponents] == ["VTIMEZONE"]
    assert str(calendar.subcomponents[0]["TZID"]) == "Europe/Paris"


def test_three_past_months_and_all_the_future_or_the_archive_asked_for(empty_app, client):
    days = ("2020-09-30", "2020-10-01", "2021-06-30")
    publish(
        empty_app,
        *(
            another(f"s{n}", milestones=[{"kind": "deadline", "day": day}])
            for n, day in enumerate(days)
        ),
    )

    def shown(**query):
        return [e["DTSTART"].dt.isoformat() for e in vevents(feed(client, **query))]

    assert shown() == list(days[1:])
    assert shown(depuis="2020-09") == list(days)


def test_a_session_that_is_not_over_at_the_edge_is_still_there(empty_app, client):
    session = {"kind": "session", "first_day": "2020-09-28", "last_day": "2020-10-02"}
    publish(empty_app, entry(milestones=[session]))
    assert len(vevents(feed(client))) == 1


def test_an_approximate_date_is_never_a_plain_day(empty_app, client):
    publish(empty_app, entry(milestones=[MID_JUNE]))
    (event,) = vevents(feed(client))
    assert str(event["SUMMARY"]) == f"Résultats : {TITLE} – mi-juin (date approximative)"
    assert event["STATUS"] == "TENTATIVE"


def test_the_subscribe_links_carry_the_address_and_the_filters_on_screen(client):
    page = client.get("/flux/?academie=lille&niveau=cycle-3").text.replace("&amp;", "&")
    address = "http://127.0.0.1:8000/flux/academie-de-lille.ics?niveau=cycle-3"
    webcal = address.replace("http", "webcal", 1)
    assert f'value="{address}"' in page
    assert f'href="{webcal}"' in page
    links = re.findall(r'href="(https://[^"]+)"', page)
    queries = {urlsplit(link).netloc: parse_qs(urlsplit(link).query) for link in links}
    assert queries["calendar.google.com"]["cid"] == [webcal]
    for host in ("outlook.office.com", "outlook.live.com"):
        assert queries[host]["url"] == [address]
        assert queries[host]["name"] == ["Calendrier des classes – académie de Lille · cycle 3"]


def test_on_the_web_the_last_day_is_the_last_day(empty_app, client):
    session = {"kind": "session", "first_day": "2021-01-20", "last_day": "2021-01-24"}
    publish(empty_app, entry(milestones=[session]))
    page = client.get(f"/evenements/{ID}/").text
    assert "du 20 au 24\u00a0janvier 2021" in page
    assert "25\u00a0janvier" not in page


def test_one_date_of_an_event_or_all_of_them_past_or_not(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "opening", "day": "2020-02-01"}, *WINDOW[1:]]))
    assert len(vevents(client.get(f"/evenements/{ID}.ics").data)) == 2
    (event,) = vevents(client.get(f"/evenements/{ID}.ics?date=opening").data)
    assert event["DTSTART"].dt == date(2020, 2, 1)
    assert client.get(f"/evenements/{ID}.ics?date=session").status_code == 404


def test_a_change_in_the_store_is_a_new_version_of_the_feed(empty_app, client):
    publish(empty_app, entry())
    before = client.get("/flux/toutes.ics").headers["ETag"]
    publish(empty_app, entry(organiser="Une autre association"), now=LATER)
    assert client.get("/flux/toutes.ics").headers["ETag"] != before
