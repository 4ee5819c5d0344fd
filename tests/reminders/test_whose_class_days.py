"""Page, mail and feed use the class days of the reader's académie. They say which day is the last
class day; « vos vacances » are the reader's own; nothing is stated that the source does not say."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta

import pytest
import time_machine

from calendar_app.catalogue import file_exchange, queries
from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds import wording
from calendar_app.feeds.cards import card
from calendar_app.reminders.mail import messages
from calendar_app.reminders.mail.messages import ReminderLine
from calendar_app.school.leads import Lead
from calendar_app.store.base import db
from tests.conftest import IMPORTED_AT, JANUARY
from tests.factories import ID, another, changing, entry, publish
from tests.ical_reading import by_summary, vevents
from tests.reminders.test_mails import Desk, Read, read
from tests.web.public.test_pages import text_of

PAGE = f"/evenements/{ID}/"
LATER = IMPORTED_AT + timedelta(days=10)
CLERMONT = {"departments": ["15", "43", "63"]}
GOES_ON = {"key": "autre", "kind": "results", "day": "2021-06-11"}
INSCRIPTION = [{"kind": "registration_deadline", "day": "2021-02-11"}]


@pytest.fixture
def engine():
    """Words are the same on both engines; what they are made from is read on both elsewhere."""
    return "sqlite"


@pytest.fixture(autouse=True)
def in_january():
    """Today is 4 January 2021, before the dates of these tests."""
    with time_machine.travel(JANUARY, tick=False):
        yield


@pytest.fixture
def client(empty_app):
    return empty_app.test_client()


def reminded(app, day: date, slug: str | None, *, wednesdays: bool = False) -> Read:
    """Return the reminder of all dates of all events, as a subscriber of an académie reads it."""
    with app.app_context():
        desk = Desk(app)
        academy = desk.academy(slug) if slug else None
        found = db.session.query(Milestone).order_by(Milestone.id)
        lines = [
            ReminderLine(
                card(m, day, academy, desk.reference, wednesdays=wednesdays), Lead.last_class_day()
            )
            for m in found
        ]
        return read(messages.reminder(desk.head, lines, academy))


def description(client, address: str) -> str:
    (event,) = vevents(client.get(address).data)
    return str(event["DESCRIPTION"]).replace("\u00a0", " ")


# -- the last class day --------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("slug", "wednesdays", "day", "whose"),
    [
        ("clermont-ferrand", False, date(2021, 2, 5), "zone A"),
        ("lille", False, date(2021, 2, 9), "zone B"),
        ("lille", True, date(2021, 2, 10), "zone B"),
        ("la-reunion", False, date(2021, 2, 9), "calendrier de La Réunion"),
    ],
)
def test_the_last_class_day_says_so_on_page_and_mail_and_in_the_subject(
    empty_app, client, slug, wednesdays, day, whose
):
    publish(empty_app, entry(classes=["4e" if wednesdays else "cm2"]))
    said = f"C'est aujourd'hui le dernier jour de classe avant cette date ({whose})"
    asked = f"?academie={slug}&le={day}"
    assert f"{said}." in text_of(client, f"{PAGE}{asked}")
    for page in ("/", "/agenda/", "/calendrier/2021/02/", "/embed/agenda/"):
        assert said in text_of(client, f"{page}{asked}"), page
    mail = reminded(empty_app, day, slug, wednesdays=wednesdays)
    assert mail.subject == (
        "C'est aujourd'hui le dernier jour de classe avant le 11 février : Concours d'essai"
    )
    assert f"{said}.\n" in mail.text
    assert (
        "Ce rappel part le dernier jour de classe avant la date, comme vous l'avez choisi."
        in mail.text
    )
    for other in (day - timedelta(days=1), day + timedelta(days=1)):
        assert "aujourd'hui le dernier" not in text_of(client, f"{PAGE}?academie={slug}&le={other}")
        other_mail = reminded(empty_app, other, slug, wednesdays=wednesdays)
        assert "aujourd'hui le dernier" not in other_mail.subject + other_mail.text


def test_an_ecole_and_a_college_are_each_told_of_their_own_last_class_day(empty_app, client):
    """The event names no class, so a teacher of either school may read the page."""
    publish(empty_app, entry())
    said = {
        8: "Dernier jour de classe avant cette date : mardi 9 février 2021 (zone B ; mercredi 10 "
        "février 2021 en collège et en lycée).",
        9: "C'est aujourd'hui le dernier jour de classe avant cette date (zone B ; mercredi 10 "
        "février 2021 en collège et en lycée).",
        10: "C'est aujourd'hui le dernier jour de classe avant cette date en collège et en lycée "
        "(zone B ; en école, mardi 9 février 2021).",
    }
    for day, words in said.items():
        assert words in text_of(client, f"{PAGE}?academie=lille&le=2021-02-{day:02}")
    # On the day itself, which has class, nothing can be done before it any more.
    page = text_of(client, f"{PAGE}?academie=lille&le=2021-02-11")
    assert "aujourd'hui" in page
    assert "dernier jour de classe" not in page


def test_a_national_page_says_that_it_is_the_last_class_day_of_a_zone(empty_app, client):
    publish(empty_app, entry(classes=["4e"]))
    where = "dans au moins une des zones A, B et C"
    page = text_of(client, f"{PAGE}?le=2021-02-10")
    assert f"C'est aujourd'hui le dernier jour de classe avant cette date, {where}." in page
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2020-12-25"}]))
    page = text_of(client, f"{PAGE}?le=2020-12-21")
    assert (
        f"Le dernier jour de classe avant cette date, {where}, était le vendredi 18 décembre 2020."
        in page
    )
    assert "plus de classe avant cette date (zones A, B et C)" in page


def test_the_subject_tells_the_last_class_day_of_several_dates(empty_app):
    publish(
        empty_app,
        entry(),
        another("autre", title="Un autre", milestones=[{"kind": "deadline", "day": "2021-02-12"}]),
        another("loin", title="Au loin", milestones=[{"kind": "deadline", "day": "2021-03-12"}]),
    )
    mail = reminded(empty_app, date(2021, 2, 5), "clermont-ferrand")
    assert mail.subject == (
        "C'est aujourd'hui le dernier jour de classe avant 2 dates limites : Concours… et Un autre"
    )


def test_the_weekly_mail_says_the_last_class_day(empty_app):
    publish(empty_app, entry(milestones=[{"kind": "deadline", "day": "2021-01-12"}]))
    with empty_app.app_context():
        desk = Desk(empty_app)
        (milestone,) = queries.event(db.session, ID).milestones
        told = desk.card(milestone, "lille", date(2021, 1, 11))
        mail = read(messages.weekly(desk.head, [told], desk.academy("lille")))
    said = "C'est aujourd'hui le dernier jour de classe avant cette date (zone B)"
    assert f"\n{said}\n" in mail.text
    assert said in mail.html


# -- whose holidays, and for whom ----------------------------------------------------------------


def test_vos_vacances_are_the_readers_own(empty_app, client):
    publish(empty_app, entry(scope={"academies": ["clermont-ferrand"]}))
    own = "Date limite pendant vos vacances"
    assert own in text_of(client, f"{PAGE}?academie=clermont-ferrand")
    assert own in text_of(client, f"{PAGE}?departement=63")
    assert own in reminded(empty_app, date(2021, 1, 15), "clermont-ferrand").text
    of_zone = "Date limite pendant les vacances de la zone A"
    for whose in ("", "?academie=lille", "?academie=lille&academie=paris"):
        page = text_of(client, f"{PAGE}{whose}")
        assert of_zone in page
        assert "vos vacances" not in page
    for slug in ("lille", None):
        mail = reminded(empty_app, date(2021, 1, 15), slug)
        assert of_zone in mail.text
        assert "vos vacances" not in mail.text


@pytest.mark.parametrize(
    ("scope", "day", "words"),
    [
        ("national", "2020-12-25", "les vacances des zones A, B et C"),
        ({"academies": ["lille"]}, "2021-02-25", "les vacances de la zone B"),
        ({"academies": ["corse"]}, "2021-02-18", "les vacances de la Corse"),
        ({"academies": ["la-reunion"]}, "2021-01-14", "les vacances de La Réunion"),
        ({"regions": ["la-reunion"]}, "2021-01-14", "les vacances de La Réunion"),
        ({"regions": ["hauts-de-france"]}, "2021-02-25", "les vacances de la zone B"),
        ({"academies": ["lille", "amiens"]}, "2021-02-25", "les vacances de la zone B"),
        ({"academies": ["lille", "lyon"]}, "2020-12-25", "les vacances des zones A et B"),
        (
            {"academies": ["guadeloupe", "martinique"]},
            "2020-12-25",
            "les vacances de la Guadeloupe et de la Martinique",
        ),
    ],
)
def test_the_holidays_of_others_are_named(empty_app, client, scope, day, words):
    publish(empty_app, entry(scope=scope, milestones=[{"kind": "deadline", "day": day}]))
    assert f" Date limite pendant {words} " in text_of(client, f"{PAGE}?le=2020-12-01")


@pytest.mark.parametrize("place", ["academie=lille", "departement=03", "departement=59"])
def test_an_event_for_other_departements_says_so_first_and_asks_for_nothing(
    empty_app, client, place
):
    publish(
        empty_app,
        entry(
            scope=CLERMONT,
            milestones=[
                *INSCRIPTION,
                {"kind": "submission_deadline", "day": "2021-03-12"},
            ],
            participation={"where_link": "https://inscription.example/"},
        ),
    )
    first = "Pour d'autres que vous : départements 15, 43 et 63 (académie de Clermont-Ferrand)."
    answer = client.get(f"{PAGE}?{place}").text
    page = text_of(client, f"{PAGE}?{place}")
    assert page.index(first) < page.index("Inscriptions jusqu'au")
    for asked in ("Inscrivez la classe", "Envoyez la production", "vos vacances"):
        assert asked not in page
        assert asked not in answer
    assert "Date limite pendant les vacances de la zone A" in page
    selected = text_of(client, f"/ma-selection/?evenements={ID}&{place}")
    assert first in selected
    feed = client.get(f"/flux/toutes.ics?evenements={ID}&{place}").data
    for event in vevents(feed):
        lines = str(event["DESCRIPTION"]).replace("\u00a0", " ").split("\n")
        assert lines[0] == first
        assert lines[1].startswith("Dernier jour d")
        assert "Inscrivez" not in event["DESCRIPTION"]


def test_a_mail_about_an_event_for_others_says_so_first(empty_app):
    publish(empty_app, entry(scope=CLERMONT, milestones=INSCRIPTION))
    mail = reminded(empty_app, date(2021, 1, 15), "lille")
    told = mail.text.partition("\nConcours d'essai\n\n")[2].splitlines()
    assert told[:2] == [
        "Pour d'autres que vous : départements 15, 43 et 63 (académie de Clermont-Ferrand).",
        "Dernier jour d'inscription : jeudi 11 février 2021.",
    ]
    assert "Inscrivez la classe" not in mail.text + mail.html


def test_whom_it_concerns_is_told_what_to_do(empty_app, client):
    publish(empty_app, entry(scope=CLERMONT, milestones=INSCRIPTION))
    for place in ("", "?academie=clermont-ferrand", "?departement=63"):
        page = text_of(client, f"{PAGE}{place}")
        assert "Pour d'autres que vous" not in page
        assert "Inscrivez la classe" in page
    assert "Inscrivez la classe" in reminded(empty_app, date(2021, 1, 15), "clermont-ferrand").text


def test_the_list_of_holidays_on_a_national_page_leaves_none_out(empty_app, client):
    publish(empty_app, entry())
    told = text_of(client, "/annee-scolaire/2020-2021/").partition(
        "Périodes et vacances (zones A, B et C)"
    )[2]
    for words in (
        "Vacances de la Toussaint (zones A, B et C) : du 17 octobre au 1er novembre 2020",
        "Vacances de Noël (zones A, B et C) : du 19 décembre 2020 au 3 janvier 2021",
        "Vacances d'hiver (zone A) : du 6 au 21 février 2021",
        "Vacances d'hiver (zone C) : du 13 au 28 février 2021",
        "Vacances d'hiver (zone B) : du 20 février au 7 mars 2021",
        "Vacances de printemps (zones A, B et C) : du 10 au 25 avril 2021",
    ):
        assert words in told
    of_lille = text_of(client, "/annee-scolaire/2020-2021/?academie=lille")
    assert "Vacances d'hiver : du 20 février au 7 mars 2021" in of_lille


# -- in a feed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "lines"),
    [
        (
            "academie-de-lille",
            [
                "Dernier jour de classe avant : mardi 9 février 2021 (zone B ; mercredi 10 février "
                "2021 en collège et en lycée)."
            ],
        ),
        (
            "academie-de-clermont-ferrand",
            [
                "Date limite pendant vos vacances.",
                "Dernier jour de classe avant : vendredi 5 février 2021 (zone A).",
            ],
        ),
        (
            "polynesie-francaise",
            ["L'heure n'est pas précisée. À Tahiti, comptez jusqu'au mercredi 10 février 2021."],
        ),
    ],
)
def test_the_feed_of_an_academie_says_the_last_class_day_in_absolute_words(
    empty_app, client, slug, lines
):
    publish(empty_app, entry())
    told = description(client, f"/flux/{slug}.ics").split("\n")
    first = told.index("Date limite pour participer : jeudi 11 février 2021.")
    assert told[first + 1 : told.index("")] == lines
    for address in (f"/flux/{slug}.ics", f"{PAGE[:-1]}.ics?academie=lille", "/flux/toutes.ics"):
        words = description(client, address)
        for relative in ("il reste", "Il reste", "aujourd'hui", "dans "):
            assert relative not in words
    assert "classe avant" not in description(client, "/flux/national.ics")


def test_only_deadlines_with_a_day_have_a_last_class_day_before_them(empty_app, client):
    publish(
        empty_app,
        entry(
            milestones=[
                {"kind": "opening", "day": "2021-01-11"},
                {"kind": "session", "day": "2021-02-11"},
                {
                    "kind": "deadline",
                    "certainty": "approximate",
                    "phrase": "mi-juin",
                    "first_day": "2021-06-10",
                    "last_day": "2021-06-20",
                },
            ]
        ),
    )
    for event in vevents(client.get("/flux/academie-de-lille.ics?rappels=3").data):
        assert "classe avant" not in event["DESCRIPTION"]


WINTER_FROM_6_FEBRUARY = """\
calendars:
  - slug: zone-b
    label: zone B
    source: "à la main"
    known:
      - [2021-02-01, 2021-03-31]
    holidays:
      - [2021-02-06, 2021-02-21, "Vacances d'hiver"]
"""


def import_holidays(app, tmp_path, text: str, now: datetime) -> int:
    """Import a file of school holidays; return the catalogue's version."""
    path = tmp_path / "holidays.yaml"
    path.write_text(text, encoding="utf-8")
    with app.app_context():
        file_exchange.import_holidays_file(db.session, path, now)
        return queries.catalogue(db.session).version


def test_holidays_that_change_move_the_feeds_that_tell_them(empty_app, client, tmp_path):
    publish(empty_app, entry())
    feeds = [
        f"/flux/{name}.ics?rappels=3"
        for name in ("academie-de-lille", "academie-de-clermont-ferrand")
    ]
    feeds.append("/flux/toutes.ics")
    before = {feed: (client.get(feed), vevents(client.get(feed).data)) for feed in feeds}
    with empty_app.app_context():
        version = queries.catalogue(db.session).version
    assert import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, LATER) == version + 1
    for feed, (answer, events) in before.items():
        now = client.get(feed)
        moved = "lille" in feed
        assert (now.data != answer.data) == moved
        assert (now.headers["ETag"] != answer.headers["ETag"]) == moved
        expected = LATER if moved else IMPORTED_AT
        for old, new in zip(events, vevents(now.data), strict=True):
            assert new["DTSTAMP"].dt == new["LAST-MODIFIED"].dt == expected
            assert (new["UID"], new["SEQUENCE"]) == (old["UID"], old["SEQUENCE"])
    told = by_summary(client.get(feeds[0]).data)
    reminder = told["Dans 3 semaines de classe : Date limite : Concours d'essai"]
    assert reminder["DTSTART"].dt == date(2021, 1, 15)
    assert "avant : vendredi 5\u00a0février 2021 (zone B)." in reminder["DESCRIPTION"]


def test_news_of_an_academie_tell_the_last_class_day_and_that_it_changed(
    empty_app, client, tmp_path
):
    publish(empty_app, entry())
    feed = "/flux/academie-de-lille.json"
    (before,) = client.get(feed).json["items"]
    assert "avant : mardi 9\u00a0février 2021 (zone B" in before["content_text"]
    import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, LATER)
    (after,) = client.get(feed).json["items"]
    assert "avant : vendredi 5\u00a0février 2021 (zone B)" in after["content_text"]
    assert before["date_modified"] < after["date_modified"]
    atom = client.get("/flux/academie-de-lille.atom").text
    assert f"<updated>{after['date_modified']}</updated>" in atom
    (of_nation,) = client.get("/flux/national.json").json["items"]
    assert "classe avant" not in of_nation["content_text"]
    assert of_nation["date_modified"] == before["date_modified"]


def test_holidays_that_are_imported_again_change_nothing(empty_app, client, tmp_path):
    publish(empty_app, entry())
    feed = "/flux/academie-de-lille.ics"
    version = import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, LATER)
    before = client.get(feed).data
    again = LATER + timedelta(days=1)
    assert import_holidays(empty_app, tmp_path, WINTER_FROM_6_FEBRUARY, again) == version
    assert client.get(feed).data == before
    # Holidays that the library already knows are no change either.
    known = WINTER_FROM_6_FEBRUARY.replace("zone-b", "zone-a").replace("zone B", "zone A")
    import_holidays(empty_app, tmp_path, known, again)
    (event,) = vevents(client.get("/flux/academie-de-clermont-ferrand.ics").data)
    assert event["DTSTAMP"].dt == IMPORTED_AT


@pytest.mark.parametrize("whole", [False, True])
def test_a_cancelled_deadline_keeps_no_visible_reminder(empty_app, client, whole):
    publish(empty_app, entry())
    feed = "/flux/academie-de-lille.ics?rappels=3"
    assert len(vevents(client.get(feed).data)) == 2
    with changing(empty_app, LATER) as event:
        (event if whole else event.milestones[0]).cancelled_at = LATER
    (left,) = vevents(client.get(feed).data)
    assert left["STATUS"] == "CANCELLED"
    assert left["DTSTART"].dt == date(2021, 2, 11)
    assert "classe avant" not in left["DESCRIPTION"]


@pytest.mark.parametrize("place", ["academie=la-reunion", "departement=974"])
def test_a_feed_of_everything_with_one_academie_is_told_for_it(empty_app, client, place):
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2021-02-11", "end_time": "23:00"}]),
    )
    answer = client.get(f"/flux/toutes.ics?{place}&rappels=3")
    assert answer.status_code == 200
    events = by_summary(answer.data)
    line = "Date limite à 23\u00a0h, 2\u00a0h le lendemain à La Réunion : Concours d'essai"
    assert events[f"Dans 3 semaines de classe : {line}"]["DTSTART"].dt == date(2020, 12, 17)
    assert "(calendrier de La Réunion" in events[line]["DESCRIPTION"]
    assert b"X-WR-TIMEZONE:Indian/Reunion" in answer.data
    assert client.get("/flux/toutes.ics?rappels=3").status_code == 404


# -- no hour that the source does not give -------------------------------------------------------


def test_an_hour_that_is_not_given_is_never_shown(empty_app, client):
    publish(empty_app, entry(milestones=INSCRIPTION))
    with empty_app.app_context():
        reference = queries.reference(db.session)
        slugs = [academy.slug for academy in reference.academies]
        (milestone,) = queries.event(db.session, ID).milestones
        words = {
            slug: wording.local_words(milestone, reference.academies.get(slug)) for slug in slugs
        }
    said = {slug: text.replace("\u00a0", " ") for slug, text in words.items() if text}
    assert said == {
        "polynesie-francaise": "L'heure n'est pas précisée. À Tahiti, comptez jusqu'au mercredi "
        "10 février 2021."
    }
    for slug in ("la-reunion", "polynesie-francaise", "guadeloupe", "lille"):
        page = client.get(f"{PAGE}?academie={slug}").text
        assert not re.search(r"\b\d{1,2}[\s\u00a0]h\b", text_of(client, f"{PAGE}?academie={slug}"))
        (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
        assert "23:59" not in found
        (told,) = json.loads(found)
        (action,) = told["about"]["potentialAction"]
        assert action["endTime"] == "2021-02-11"
    feed = client.get("/flux/polynesie-francaise.ics").data.decode()
    assert "23\u00a0h" not in feed


# -- a cancelled date is not a cancelled contest -------------------------------------------------


@pytest.mark.parametrize(
    ("milestone", "said"),
    [
        ({"kind": "deadline", "day": "2021-02-11"}, "Date limite annulée"),
        ({"kind": "opening", "day": "2021-02-11"}, "Ouverture annulée"),
        (
            {"kind": "registration_deadline", "day": "2021-02-11"},
            "Date limite d'inscription annulée",
        ),
        (
            {"kind": "submission_deadline", "day": "2021-02-11"},
            "Date limite d'envoi des productions annulée",
        ),
        ({"kind": "session", "day": "2021-02-11"}, "Date annulée"),
        ({"kind": "results", "day": "2021-02-11"}, "Annonce des résultats annulée"),
        ({"kind": "session", "day": "2021-02-11", "label": "Finale"}, "Date annulée (Finale)"),
    ],
)
def test_a_cancelled_date_is_not_a_cancelled_contest(empty_app, client, milestone, said):
    publish(empty_app, entry(milestones=[milestone, GOES_ON]))
    with changing(empty_app, LATER) as event:
        event.milestones[0].cancelled_at = LATER
    with empty_app.app_context():
        desk = Desk(empty_app)
        first = queries.event(db.session, ID).milestones[0]
        mail = read(messages.cancelled(desk.head, [desk.line(first)]))
    assert mail.subject == f"{said} : Concours d'essai"
    sentence = (
        f"{said}. La date prévue était : jeudi 11 février 2021. "
        "L'événement lui-même n'est pas annulé."
    )
    assert f"\n{sentence}\n" in mail.text
    for page in (PAGE, "/agenda/", "/embed/agenda/", "/calendrier/2021/02/"):
        shown = text_of(client, page)
        assert "date annulée" in shown, page
        assert not re.search(r"(?i)\bannulé\b(?! :)", shown.replace("date annulée", "")), page
    found = vevents(client.get("/flux/toutes.ics").data)[0]
    assert sentence in str(found["DESCRIPTION"]).replace("\u00a0", " ")
    assert str(found["SUMMARY"]) != "ANNULÉ – Concours d'essai"
    assert str(found["SUMMARY"]).startswith("ANNULÉ – ")


def test_a_cancelled_contest_is_cancelled_with_all_its_dates(empty_app, client):
    publish(empty_app, entry())
    with changing(empty_app, LATER) as event:
        event.cancelled_at = LATER
    page = text_of(client, PAGE)
    assert "Annulé." in page
    assert "date annulée" not in page
    with empty_app.app_context():
        desk = Desk(empty_app)
        (milestone,) = queries.event(db.session, ID).milestones
        mail = read(messages.cancelled(desk.head, [desk.line(milestone)]))
    assert mail.subject == "Événement annulé : Concours d'essai"
    assert "n'est pas annulé" not in mail.text
