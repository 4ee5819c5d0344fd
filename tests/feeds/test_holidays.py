"""School holidays in a feed (``?vacances=1``)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid5

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue import file_exchange, queries
from calendar_app.catalogue.models.events import UID_NAMESPACE
from calendar_app.feeds.holidays import NEVER_CHANGED, feed_holidays, holidays_words
from calendar_app.school.listed_holidays import listed_holidays
from calendar_app.school.school_calendars import SchoolCalendar
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from tests.conftest import IMPORTED_AT
from tests.factories import entry, publish
from tests.ical_reading import facts, facts_of_ical_js, parse, vevents
from tests.shipped import ACADEMIES, CALENDARS

NOVEMBER = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

#: Christmas ends a week later in zone B.
LONGER_CHRISTMAS = """
calendars:
  - slug: zone-b
    label: zone B
    source: "à la main"
    known:
      - [2026-12-01, 2027-01-31]
    holidays:
      - [2026-12-19, 2027-01-10, "Vacances de Noël"]
"""


@pytest.fixture
def client(empty_app):
    """A client on 30 November 2026."""
    with time_machine.travel(NOVEMBER, tick=False):
        yield empty_app.test_client()


def feed(client, name="academie-de-lille", query="?vacances=1"):
    answer = client.get(f"/flux/{name}.ics{query}")
    assert answer.status_code == 200, answer.text
    return answer.data


def first_with(data: bytes, words: str):
    """Return the first VEVENT whose SUMMARY holds these words."""
    return next(event for event in vevents(data) if words in event["SUMMARY"])


def description_of(data: bytes) -> str:
    """Return the X-WR-CALDESC of a feed, with plain spaces."""
    told = parse(data)["X-WR-CALDESC"].to_ical().decode()
    return told.replace("\\,", ",").replace("\u00a0", " ")


def uid(name: str) -> str:
    return f"{uuid5(UID_NAMESPACE, name)}@calendrier.example"


def import_holidays(app, tmp_path, text: str, now: datetime) -> None:
    path = tmp_path / "holidays.yaml"
    path.write_text(text, encoding="utf-8")
    with app.app_context():
        file_exchange.import_holidays_file(db.session, path, now)


def test_a_feed_has_the_holidays_of_its_academie_only_when_asked(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2027-02-11"}]))
    plain = vevents(feed(client, query=""))
    told = vevents(feed(client))
    assert len(plain) == 1
    assert told[:1] == plain
    days = [(e["SUMMARY"], e["DTSTART"].dt, e["DTEND"].dt) for e in told[1:]]
    # The summer ends on 31 August 2026: three past months reach it.
    assert days[:4] == [
        ("Vacances d'été", date(2026, 7, 4), date(2026, 9, 1)),
        ("Vacances de la Toussaint", date(2026, 10, 17), date(2026, 11, 2)),
        ("Vacances de Noël", date(2026, 12, 19), date(2027, 1, 4)),
        ("Vacances d'hiver", date(2027, 2, 20), date(2027, 3, 8)),
    ]
    # Nobody has published the rentrée of 2028.
    assert days[-1] == ("Vacances d'été (fin à confirmer)", date(2028, 7, 5), date(2028, 9, 1))
    assert told[-1]["STATUS"] == "TENTATIVE"
    assert "Nous ne savons pas encore" in told[-1]["DESCRIPTION"]


def test_a_holiday_keeps_nobody_busy_and_rings_nowhere(client):
    data = feed(client, query="?vacances=1&alarmes=1&rappels=3&fenetres=barre")
    christmas = first_with(data, "Noël")
    assert christmas["TRANSP"] == "TRANSPARENT"
    assert christmas["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"
    assert christmas["STATUS"] == "CONFIRMED"
    assert christmas["CATEGORIES"].to_ical() == b"Vacances scolaires"
    assert christmas["UID"] == uid("vacances/zone-b/2026-2027/Vacances de Noël")
    assert christmas["DESCRIPTION"] == (
        "Pas de classe du samedi 19 décembre 2026 au dimanche 3 janvier 2027 inclus (zone B).\n"
        "Source : calendrier officiel du ministère chargé de l'éducation nationale."
    ).replace(" décembre", "\u00a0décembre").replace(" janvier", "\u00a0janvier")
    assert christmas["DTSTAMP"].dt == christmas["LAST-MODIFIED"].dt == NEVER_CHANGED
    assert christmas["SEQUENCE"] == 0
    assert b"VALARM" not in data
    assert {str(e["SUMMARY"])[:4] for e in vevents(data)} == {"Vaca", "Pont"}


@pytest.mark.parametrize("name", ["national", "toutes"])
def test_without_an_academie_each_zone_has_its_own_and_shared_ones_stand_once(client, name):
    christmas = first_with(feed(client, name), "Noël")
    assert christmas["SUMMARY"] == "Vacances de Noël (zones A, B et C)"
    assert christmas["UID"] == uid("vacances/zone-a/2026-2027/Vacances de Noël")
    winter = {
        str(e["UID"]): (str(e["SUMMARY"]), e["DTSTART"].dt)
        for e in vevents(feed(client, name))
        if "d'hiver" in e["SUMMARY"] and e["DTSTART"].dt.year == 2027
    }
    assert winter == {
        uid(f"vacances/zone-{letter}/2026-2027/Vacances d'hiver"): (
            f"Vacances d'hiver (zone {letter.upper()})",
            day,
        )
        for letter, day in (
            ("a", date(2027, 2, 13)),
            ("b", date(2027, 2, 20)),
            ("c", date(2027, 2, 6)),
        )
    }


@pytest.mark.parametrize(
    ("name", "words", "count"),
    [
        ("academie-de-lille", "Avec les vacances scolaires (zone B), connues jusqu'au 31 août", 13),
        (
            "polynesie-francaise",
            "Nous ne connaissons pas les vacances scolaires (calendrier de la "
            "Polynésie française).",
            0,
        ),
    ],
)
def test_the_description_says_how_far_holidays_are_known(client, name, words, count):
    data = feed(client, name)
    assert words in description_of(data)
    assert "vacances" not in description_of(feed(client, name, ""))
    assert len(vevents(data)) == count


def test_holidays_that_are_known_no_more_are_said_to_be_so():
    zone_b = replace(CALENDARS["zone-b"], known=((date(2020, 7, 5), date(2026, 4, 26)),))
    reference = queries.Reference(1, NOVEMBER, ACADEMIES, {}, {"zone-b": zone_b})
    told = holidays_words(reference, ACADEMIES.get("lille"), date(2026, 11, 1))
    assert told.replace("\u00a0", " ") == (
        "Nous ne connaissons les vacances scolaires que jusqu'au 26 avril 2026 (zone B)."
    )


def test_a_corrected_day_keeps_the_uid_and_moves_dtstamp_sequence_and_etag(
    empty_app, client, tmp_path
):
    before = {n: client.get(f"/flux/{n}.ics?vacances=1") for n in ("academie-de-lille", "national")}
    import_holidays(empty_app, tmp_path, LONGER_CHRISTMAS, NOVEMBER)
    for name, answer in before.items():
        after = client.get(f"/flux/{name}.ics?vacances=1")
        assert after.headers["ETag"] != answer.headers["ETag"]
        assert after.headers["Last-Modified"] == "Mon, 30 Nov 2026 09:00:00 GMT"
        old, new = ({str(e["UID"]): e for e in vevents(a.data)} for a in (answer, after))
        assert old.keys() <= new.keys()
        for event in new.values():
            assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == NOVEMBER
            assert event["SEQUENCE"] > 0
    lille = first_with(feed(client), "Noël")
    assert lille["UID"] == uid("vacances/zone-b/2026-2027/Vacances de Noël")
    # In the national feed, zones A and C keep the UID that was shared, and zone B gets its own.
    told = {
        str(e["UID"]): str(e["SUMMARY"])
        for e in vevents(feed(client, "national"))
        if "Noël" in e["SUMMARY"] and e["DTSTART"].dt.year == 2026
    }
    assert told == {
        uid("vacances/zone-a/2026-2027/Vacances de Noël"): "Vacances de Noël (zones A et C)",
        uid("vacances/zone-b/2026-2027/Vacances de Noël"): "Vacances de Noël (zone B)",
    }
    lyon = vevents(feed(client, "academie-de-lyon"))
    assert {e["DTSTAMP"].dt for e in lyon} == {NEVER_CHANGED}


def test_overseas_holidays_are_as_new_as_their_import_and_name_their_source(client):
    with time_machine.travel(datetime(2021, 1, 4, 9, tzinfo=UTC), tick=False):
        summer = first_with(feed(client, "academie-de-la-reunion"), "été austral")
    assert summer["DTSTAMP"].dt == IMPORTED_AT
    assert "(calendrier de La Réunion)" in summer["DESCRIPTION"]
    assert "Source : OpenHolidays, ODbL 1.0." in summer["DESCRIPTION"]


@pytest.mark.parametrize("name", ["toutes", "academie-de-guadeloupe", "academie-de-la-reunion"])
def test_icalendar_and_ical_js_agree_on_holidays(client, name):
    data = feed(client, name, "?vacances=1&depuis=2020-09")
    assert facts_of_ical_js(data) == facts(data) != []


def test_the_other_forms_and_the_file_of_one_event_have_no_holidays(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2027-02-11"}]))
    for address in (
        "/flux/academie-de-lille.atom",
        "/flux/academie-de-lille.json",
        "/evenements/essai-2020-2021.ics",
    ):
        assert client.get(f"{address}?vacances=1").data == client.get(address).data


def test_another_value_is_refused_in_french(client):
    answer = client.get("/flux/national.ics?vacances=oui")
    assert answer.status_code == 404
    assert "Les vacances scolaires se demandent par le chiffre" in answer.text


def test_the_composer_offers_holidays_and_shows_them(empty_app, client):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2027-02-11"}]))
    plain = client.get("/flux/?academie=lille").text
    assert 'name="vacances" value="1">' in plain
    assert "Les vacances scolaires</h2>" not in plain
    chosen = client.get("/flux/?academie=lille&vacances=1").text
    assert 'name="vacances" value="1" checked>' in chosen
    assert "academie-de-lille.ics?vacances=1" in chosen
    shown = chosen.partition("Les vacances scolaires</h2>")[2].partition("</section>")[0]
    shown = shown.replace("\u00a0", " ")
    assert "(zone B), connues jusqu" in shown
    assert "du 20 février au 7 mars 2027" in shown


def test_the_composer_says_that_holidays_are_unknown(client):
    shown = client.get("/flux/?academie=polynesie-francaise&vacances=1").text
    assert "Nous ne connaissons pas les vacances scolaires" in shown


# -- every académie, every school year ----------------------------------------------------------


def overlapping(calendar: SchoolCalendar, first_day: date) -> Counter:
    return Counter(
        (h.name, h.first_day, h.last_day) for h in calendar.holidays if h.last_day >= first_day
    )


@pytest.mark.long
def test_every_academie_in_every_year_gets_each_of_its_holidays_once(empty_app):
    with empty_app.app_context():
        reference = queries.reference(db.session)
    for academy in reference.academies:
        calendar = CALENDARS.get(academy.holiday_calendar)
        for start in range(2017, 2029):
            first_day = SchoolYear(start).first_day
            told = feed_holidays(reference, academy, first_day)
            expected = overlapping(calendar, first_day) if calendar else Counter()
            days = ((h.summary.partition(" (")[0], h.first_day, h.last_day) for h in told)
            assert Counter(days) == expected
            assert len({h.uid for h in told}) == len(told)
            assert list(told) == sorted(told, key=lambda h: h.first_day)


def test_the_nation_gets_each_holiday_of_each_zone_once(empty_app):
    with empty_app.app_context():
        reference = queries.reference(db.session)
    for start in range(2017, 2029):
        first_day = SchoolYear(start).first_day
        told = feed_holidays(reference, None, first_day)
        assert len({h.uid for h in told}) == len(told)
        for letter in "ABC":
            of_zone = Counter(
                (h.summary.partition(" (")[0], h.first_day, h.last_day)
                for h in told
                if letter in h.summary.partition(" (zone")[2]
            )
            zone = CALENDARS[f"zone-{letter.lower()}"]
            assert of_zone == overlapping(zone, first_day)


@given(st.data())
def test_no_correction_of_a_day_moves_a_uid(data):
    calendar = CALENDARS[data.draw(st.sampled_from(sorted(CALENDARS)))]
    index = data.draw(st.integers(0, len(calendar.holidays) - 1))
    shift = st.integers(-3, 3).map(lambda n: timedelta(days=n))
    holiday = calendar.holidays[index]
    before = calendar.holidays[index - 1].last_day if index else date.min
    after = [h.first_day for h in calendar.holidays[index + 1 : index + 2]]
    first = max(holiday.first_day + data.draw(shift), before + timedelta(days=1))
    last = max(first, holiday.last_day + data.draw(shift))
    if after:
        last = min(last, after[0] - timedelta(days=1))
    moved = replace(holiday, first_day=min(first, last), last_day=last)
    holidays = (*calendar.holidays[:index], moved, *calendar.holidays[index + 1 :])
    academy = next(a for a in ACADEMIES if a.holiday_calendar == calendar.slug)

    def uids(of: SchoolCalendar):
        reference = queries.Reference(1, NOVEMBER, ACADEMIES, {}, {of.slug: of})
        return [h.uid for h in feed_holidays(reference, academy, date.min)]

    assert uids(replace(calendar, holidays=holidays)) == uids(calendar)


def test_days_that_calendars_share_under_two_names_stay_two():
    """The name is a part of the UID: one VEVENT could not have both."""
    a, b = (CALENDARS[slug] for slug in ("zone-a", "la-reunion"))
    same = replace(b, holidays=(replace(a.holidays[0], name="Autres vacances"),))
    told = listed_holidays([a, same], a.holidays[0].first_day, a.holidays[0].last_day)
    assert [h.whose for h in told] == ["calendrier de La Réunion", "zone A"]
