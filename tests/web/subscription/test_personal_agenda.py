"""« Mon agenda personnel » from the outside: what the address answers, to whom and for how long."""

from __future__ import annotations

import gzip
import json
import logging
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import icalendar
import pytest
import time_machine
import vobject
from sqlalchemy import select

from calendar_app.editing import suggestions
from calendar_app.reminders import follows, personal_agenda, subscriptions
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.store.base import db, writing
from calendar_app.web.forms import form_token
from calendar_app.web.visitors import links
from tests.factories import ID, another, entry, publish
from tests.ical_reading import by_summary, facts, facts_of_ical_js, vevents
from tests.web.subscription.test_subscription_pages import (
    ALICE,
    jeton,
    person,
    personal,
    personal_token,
    post,
    words,
)

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REGISTER = {"kind": "registration_deadline", "day": "2021-01-28"}
SUBMIT = {"kind": "submission_deadline", "day": "2021-03-11"}
SESSION = {"kind": "session", "day": "2021-05-18", "start_time": "09:00", "end_time": "16:30"}
DATES = [REGISTER, SUBMIT, SESSION]
OVER = "Cet agenda personnel est arrêté"

REGISTERING = "Dernier jour d'inscription : Concours d'essai"
SENDING = "Dernier jour d'envoi des productions : Concours d'essai"
MEETING = "Concours d'essai"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def site(empty_app, clock):
    publish(empty_app, entry(milestones=DATES), another("autre", title="Autre concours"), now=NOW)
    return empty_app


@pytest.fixture
def client(site):
    return site.test_client()


@pytest.fixture
def token(site) -> str:
    """The token of the personal link of Alice, who follows the contest."""
    token = personal_token(site)
    act(site, follows.pick, ID)
    return token


@pytest.fixture
def agenda(client, token) -> str:
    """The path of the personal agenda of Alice, which she made on her page."""
    return make(client, token)


def act(site, verb, *more, now: datetime | None = None) -> None:
    with site.app_context():
        who = db.session.scalar(select(Subscriber).where(Subscriber.address_key == ALICE))
        verb(db.session, who.uid, *more, now or datetime.now(UTC))


def press(client, token: str, what: str):
    return post(client, personal(token), {"faire": what}, personal(token, "agenda/"))


def shown(client, token: str) -> str | None:
    """Return the path of the agenda that the personal page shows; None without one."""
    text = client.get(personal(token)).text
    found = re.search(r'readonly value="http://127.0.0.1:8000(/flux/perso/[^"]+)"', text)
    if found:
        assert f'href="webcal://127.0.0.1:8000{found[1]}"' in text
    return found and found[1]


def make(client, token: str) -> str:
    assert press(client, token, "creer").status_code == 303
    path = shown(client, token)
    assert path
    return path


def read(client, path: str) -> bytes:
    """Return the feed, after two libraries read the same facts in it."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    # vobject keeps the first VTIMEZONE of each name that it met in this process.
    vars(vobject.icalendar)["__tzidMap"].clear()
    told = vobject.readOne(answer.text)
    assert [event.uid.value for event in told.vevent_list] == [str(e["UID"]) for e in both(answer)]
    for theirs, ours in zip(told.vevent_list, both(answer), strict=True):
        assert theirs.summary.value == str(ours["SUMMARY"])
        assert theirs.dtstart.value == ours["DTSTART"].dt
        assert theirs.dtend.value == ours["DTEND"].dt
        assert theirs.description.value == str(ours["DESCRIPTION"])
    return answer.data


def both(answer) -> list[icalendar.Event]:
    return vevents(answer.data)


def lines(event: icalendar.Event) -> list[str]:
    return str(event["DESCRIPTION"]).replace("\u00a0", " ").splitlines()


# -- what it holds ---------------------------------------------------------------------------------


def test_it_holds_the_followed_dates_and_a_visible_reminder_at_each_lead(client, agenda):
    told = {str(e["SUMMARY"]): e["DTSTART"].dt for e in vevents(read(client, agenda))}
    assert told == {
        REGISTERING: date(2021, 1, 28),
        # Three class weeks before, on the same weekday: no class on a Thursday of the holidays.
        f"Dans 3 semaines de classe : {REGISTERING}": date(2021, 1, 7),
        # An école has no class on Wednesday.
        f"Dernier jour de classe avant : {REGISTERING}": date(2021, 1, 26),
        SENDING: date(2021, 3, 11),
        f"Dans 3 semaines de classe : {SENDING}": date(2021, 2, 4),
        f"Dernier jour de classe avant : {SENDING}": date(2021, 3, 9),
        # Nobody is reminded of a session before the class is registered.
        MEETING: told[MEETING],
    }
    assert told[MEETING].isoformat() == "2021-05-18T09:00:00+02:00"


def test_both_libraries_agree_with_ical_js(client, site, agenda):
    act(site, follows.answer, ID, ClassAnswer.REGISTERED)
    data = read(client, agenda)
    assert facts_of_ical_js(data) == facts(data) != []


@pytest.mark.long
def test_an_answer_is_said_and_ends_the_reminders_that_it_settles(client, site, agenda, clock):
    before = {str(e["UID"]): e for e in vevents(read(client, agenda))}
    clock.shift(HOUR)
    act(site, follows.answer, ID, ClassAnswer.REGISTERED)
    after = by_summary(read(client, agenda))
    assert f"{REGISTERING} – classe inscrite" in after
    assert not [s for s in after if s.endswith(f"avant : {REGISTERING} – classe inscrite")]
    assert f"Dernier jour de classe avant : {SENDING} – classe inscrite" in after
    assert f"Dernier jour de classe avant : {MEETING} – classe inscrite" in after
    said = after[f"{REGISTERING} – classe inscrite"]
    assert lines(said)[:2] == [
        "Votre réponse : classe inscrite, le lundi 4 janvier 2021.",
        # It is not asked for again.
        "Dernier jour d'inscription : jeudi 28 janvier 2021.",
    ]
    asked = lines(after[f"{SENDING} – classe inscrite"])[1]
    assert asked == "Envoyez la production au plus tard le jeudi 11 mars 2021."
    for event in after.values():
        if earlier := before.get(str(event["UID"])):
            assert event["SEQUENCE"] > earlier["SEQUENCE"]
            assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == NOW + HOUR
    clock.shift(HOUR)
    act(site, follows.answer, ID, ClassAnswer.SUBMITTED)
    sent = by_summary(read(client, agenda))
    assert f"{SENDING} – productions envoyées" in sent
    assert not [s for s in sent if ": " + SENDING in s]
    clock.shift(HOUR)
    act(site, follows.take_back, ID)
    again = {str(e["UID"]): e for e in vevents(read(client, agenda))}
    assert again.keys() == before.keys()
    for uid, event in again.items():
        # Nothing is said any more, and programs still see that this is newer.
        assert event["SUMMARY"] == before[uid]["SUMMARY"]
        assert event["SEQUENCE"] == before[uid]["SEQUENCE"] + 3
        assert event["LAST-MODIFIED"].dt == NOW + 3 * HOUR


def test_what_the_class_declined_is_left_out(client, site, agenda):
    act(site, follows.answer, ID, ClassAnswer.DECLINED)
    data = read_empty(client, agenda)
    assert b"VTIMEZONE" in data
    act(site, follows.answer, ID, ClassAnswer.REGISTERED)
    assert len(vevents(read(client, agenda))) > 3


def read_empty(client, path: str) -> bytes:
    answer = client.get(path)
    assert (answer.status_code, vevents(answer.data)) == (200, [])
    return answer.data


@pytest.mark.long
def test_a_moved_and_a_cancelled_date_say_so_under_the_same_uid(client, site, agenda, clock):
    before = by_summary(read(client, agenda))
    clock.shift(HOUR)
    moved = [{**REGISTER, "day": "2021-02-04"}, SUBMIT, SESSION]
    publish(site, entry(milestones=moved), now=datetime.now(UTC))
    after = by_summary(read(client, agenda))
    said = after[f"{REGISTERING} (prolongé)"]
    assert said["UID"] == before[REGISTERING]["UID"]
    assert said["SEQUENCE"] == before[REGISTERING]["SEQUENCE"] + 1
    assert said["DTSTART"].dt == date(2021, 2, 4)
    lead = f"Dernier jour de classe avant : {REGISTERING}"
    assert after[f"{lead} (prolongé)"]["UID"] == before[lead]["UID"]
    assert after[f"{lead} (prolongé)"]["DTSTART"].dt == date(2021, 2, 2)
    clock.shift(HOUR)
    publish(site, entry(milestones=moved, cancelled=True), now=datetime.now(UTC))
    gone = vevents(read(client, agenda))
    assert len(gone) == 3  # no reminders of what is cancelled
    for event in gone:
        assert event["STATUS"] == "CANCELLED"
        assert str(event["SUMMARY"]).startswith("ANNULÉ – ")
    assert said["UID"] in {event["UID"] for event in gone}


def test_it_follows_the_wishes_of_the_person(client, site, agenda, token):
    form = {
        "lieu": "Rennes",
        "etablissement": "college",
        "suivre": "tout",
        "delai": ["month"],
        "classe": ["6e"],
    }
    post(client, personal(token), form)
    told = {str(e["SUMMARY"]): e["DTSTART"].dt for e in vevents(read(client, agenda))}
    # All that fits comes, with the leads that were chosen, counted in the holidays of Rennes.
    assert "Date limite : Autre concours" in told
    assert told[f"Dans un mois : {SENDING}"] == date(2021, 2, 11)
    # A month before 28 January came before the date was published: the next class morning.
    assert told[f"Dans 3 semaines de classe : {REGISTERING}"] == date(2021, 1, 5)
    assert not [s for s in told if s.startswith("Dernier jour de classe avant")]


def holidays_of_winter(data: bytes) -> list[icalendar.Event]:
    """Return the winter holidays of 2021."""
    found = [e for e in vevents(data) if e["SUMMARY"] == "Vacances d'hiver"]
    return [e for e in found if e["DTSTART"].dt.year == 2021]


@pytest.mark.long
def test_school_holidays_come_if_wished_and_go(client, site, agenda, token, clock):
    before = read(client, agenda)
    first = client.get(agenda).headers["ETag"]
    clock.shift(HOUR)
    answer = press(client, token, "avec-vacances")
    assert "montre aussi les vacances" in words(client.get(answer.headers["Location"]))
    [winter] = holidays_of_winter(read(client, agenda))
    # Lille is in zone B: from Saturday 20 February to Sunday 7 March 2021.
    assert (winter["DTSTART"].dt, winter["DTEND"].dt) == (date(2021, 2, 20), date(2021, 3, 8))
    [public] = holidays_of_winter(client.get("/flux/academie-de-lille.ics?vacances=1").data)
    assert public == winter
    assert client.get(agenda, headers={"If-None-Match": first}).status_code == 200
    press(client, token, "renouveler")
    again = shown(client, token)
    assert holidays_of_winter(read(client, again)) == [winter]
    press(client, token, "sans-vacances")
    assert by_summary(read(client, again)).keys() == by_summary(before).keys()


def test_no_address_and_no_link_stands_in_it(client, site, agenda, token):
    act(site, follows.answer, ID, ClassAnswer.REGISTERED)
    text = read(client, agenda).decode().replace("\r\n ", "")
    for secret in (ALICE, "alice", token, agenda.split("/")[3], "/abonnement/", "SOURCE", "VALARM"):
        assert secret not in text
    assert not re.search(r"[\w.]+@(?!calendrier\.example\r\n)[\w.]+", text)
    calendar = icalendar.Calendar.from_ical(text)
    assert calendar["X-WR-CALNAME"].endswith("mon agenda")
    assert calendar.get("METHOD") is None


# -- how it is answered ----------------------------------------------------------------------------


def test_the_bytes_are_stable_and_a_program_that_has_them_gets_a_304(client, agenda, clock):
    first = client.get(agenda)
    clock.shift(timedelta(days=3))
    second = client.get(agenda)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        answer = client.get(agenda, headers=headers)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["Cache-Control"] == "private, no-store"
    zipped = client.get(agenda, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.data) == first.data
    assert zipped.headers["ETag"] != first.headers["ETag"]
    assert zipped.headers["Vary"] == "Accept-Encoding"


def test_an_answer_of_the_class_ends_the_304(client, site, agenda, clock):
    first = client.get(agenda)
    clock.shift(HOUR)
    act(site, follows.answer, ID, ClassAnswer.REGISTERED)
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        assert client.get(agenda, headers=headers).status_code == 200


def test_it_is_for_one_person_and_head_answers_as_get(client, agenda):
    got, head = client.get(agenda), client.head(agenda)
    assert head.data == b""
    for answer in (got, head):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'inline; filename="mon-agenda.ics"'
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
    assert dict(got.headers) == dict(head.headers)
    for query in ("?le=hier", "?academie=lyon", "?rappels=3&alarmes=1"):
        assert client.get(agenda + query).data == got.data


def test_robots_are_kept_out_but_google_s_calendar_may_read_it(client):
    groups = client.get("/robots.txt").text.split("\n\n")
    assert groups[0].splitlines() == [
        "User-agent: *",
        "Allow: /flux/",
        "Disallow: /flux/perso/",
        "Allow: /",
    ]
    assert groups[1].splitlines() == ["User-agent: Google-Calendar-Importer", "Allow: /"]


@pytest.mark.parametrize("wrong", ["x", "é", "a.b.c", "%00", "A" * 5000, "x.y"])
def test_what_never_was_ours_is_a_french_404(client, wrong):
    answer = client.get(f"/flux/perso/{wrong}/mon-agenda.ics")
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert "n'est pas complète" in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_neither_a_link_nor_a_cut_address_is_an_agenda(client, token, agenda):
    secret = agenda.split("/")[3]
    for other in (token, secret[:-1], secret + "A", secret.lower(), secret.swapcase()):
        assert client.get(f"/flux/perso/{other}/mon-agenda.ics").status_code == 404
    assert secret != token
    assert client.get(personal(secret)).status_code == 404


def is_over(client, path: str) -> bool:
    answer, head = client.get(path), client.head(path)
    assert answer.status_code == head.status_code
    if answer.status_code == 410:
        assert OVER in answer.text
        assert answer.mimetype == "text/plain"
        assert answer.headers["Cache-Control"] == "private, no-store"
    return answer.status_code == 410


@pytest.mark.long
def test_another_address_ends_the_first_and_holds_the_same_dates(client, agenda, token, clock):
    before = {str(e["UID"]) for e in vevents(read(client, agenda))}
    clock.shift(HOUR)
    answer = press(client, token, "renouveler")
    assert answer.headers["Location"].endswith("?fait=agenda-renouvele#mon-agenda")
    assert "L'ancienne ne fonctionne plus" in words(client.get(answer.headers["Location"]))
    after = shown(client, token)
    assert after != agenda
    assert is_over(client, agenda)
    assert {str(e["UID"]) for e in vevents(read(client, after))} == before


@pytest.mark.long
def test_it_is_stopped_and_made_again_elsewhere(client, agenda, token):
    press(client, token, "arreter")
    assert is_over(client, agenda)
    assert shown(client, token) is None
    assert "Créer mon agenda personnel" in words(client.get(personal(token)))
    again = make(client, token)
    assert again != agenda
    assert not is_over(client, again)
    assert make(client, token) == again  # a second click changes nothing
    assert is_over(client, agenda)


@pytest.mark.long
def test_it_goes_on_in_a_pause_and_ends_with_the_reminders(client, site, agenda, token):
    act(site, subscriptions.pause)
    assert not is_over(client, agenda)
    client.post(personal(token, "desabonnement/"))
    assert is_over(client, agenda)
    # Who comes back finds everything again, this address too.
    act(site, subscriptions.come_back)
    assert not is_over(client, agenda)
    client.post(personal(token, "desabonnement/"))
    post(client, "/abonnement/", NEW_SIGN_UP)
    assert is_over(client, agenda)
    uid = person(site).uid
    with site.app_context():
        subscriptions.confirm(db.session, uid, "lien", datetime.now(UTC))
    assert is_over(client, agenda)


NEW_SIGN_UP = {"adresse": ALICE, "lieu": "Lille", "etablissement": "ecole", "suivre": "choix"} | {
    "delai": ["last_class_day"]
}


def test_after_an_erasure_it_is_over_and_nothing_is_kept_of_it(client, site, agenda, token):
    press(client, token, "renouveler")
    last = shown(client, token)
    with site.app_context():
        uid = person(site).uid
        subscriptions.erase(db.session, uid, datetime.now(UTC), suggestions.forget)
        assert db.session.scalars(select(PersonalAgenda)).all() == []
    assert is_over(client, agenda)
    assert is_over(client, last)
    publish(site, entry(title="Un autre titre", milestones=DATES), now=NOW + HOUR)
    assert is_over(client, last)


def test_the_cleaning_of_ended_subscriptions_deletes_it(client, site, agenda, token, clock):
    client.post(personal(token, "desabonnement/"))
    clock.shift(timedelta(days=31))
    with site.app_context():
        subscriptions.clean(db.session, datetime.now(UTC))
        assert db.session.scalars(select(PersonalAgenda)).all() == []
    assert is_over(client, agenda)


def test_another_mailbox_keeps_the_calendar_going(client, site, agenda):
    with site.app_context(), writing(db.session, NOW):
        who = db.session.scalar(select(Subscriber))
        who.new_address = "bob@ecole.example"
        uid = who.uid
    with site.test_request_context():
        fingerprint = links().fingerprint("bob@ecole.example")
        subscriptions.confirm_new_address(db.session, uid, fingerprint, links(), NOW)
    assert not is_over(client, agenda)


# -- the personal page, one's data and the log -----------------------------------------------------


def test_only_who_confirmed_can_make_one(site, client):
    for state, name in (
        (SubscriberState.UNCONFIRMED, "a"),
        (SubscriberState.UNSUBSCRIBED, "b"),
        (SubscriberState.REFUSED, "c"),
    ):
        token = personal_token(site, state, f"{name}@ecole.example")
        with site.test_request_context():
            signed = form_token("personal.agenda", token=token)
        data = {"faire": "creer", "jeton": signed}
        assert client.post(personal(token, "agenda/"), data=data).status_code == 303
    with site.app_context():
        assert db.session.scalars(select(PersonalAgenda)).all() == []


def test_a_button_that_is_none_is_refused(client, token):
    assert press(client, token, "rien").status_code == 400
    assert shown(client, token) is None


def test_the_page_after_the_confirmation_offers_it(site, client):
    token = personal_token(site, SubscriberState.UNCONFIRMED)
    answer = post(client, personal(token, "confirmer/"))
    assert f'href="{personal(token)}#mon-agenda"' in answer.text


def test_one_s_data_tell_that_it_exists_and_not_where(client, token, agenda):
    text = client.get(personal(token, "donnees.json")).text
    assert json.loads(text)["agenda_personnel"] == {
        "adresse_donnee_le": NOW.isoformat(),
        "change_le": NOW.isoformat(),
        "nombre_de_changements": 0,
        "vacances_scolaires": False,
    }
    page = unescape(client.get(personal(token, "donnees/")).text)
    assert "Mon agenda personnel" in page
    assert agenda.split("/")[3] not in text + page
    press(client, token, "arreter")
    assert json.loads(client.get(personal(token, "donnees.json")).text)["agenda_personnel"] is None


@pytest.mark.long
def test_its_token_is_in_no_log(site, client, token, agenda, caplog, monkeypatch):
    """Not either when the store fails, or when we make a mistake."""
    secret = agenda.split("/")[3]
    with caplog.at_level(logging.DEBUG):
        client.get(agenda)
        client.get(agenda[:-4])
        press(client, token, "renouveler")
        client.get(agenda)
        jeton(client, personal(token), personal(token, "agenda/"))
        last = shown(client, token)

        def fails(*_: object, **__: object) -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(personal_agenda, "personal_feed", fails)
        assert client.get(last).status_code == 500
        monkeypatch.undo()
        with site.app_context(), writing(db.session, NOW):
            PersonalAgenda.__table__.drop(db.session.connection())
        assert client.get(last).status_code == 503
    assert "unexpected error on agenda.feed" in caplog.text
    for uncovered in (secret, last.split("/")[3], ALICE):
        assert uncovered not in caplog.text
