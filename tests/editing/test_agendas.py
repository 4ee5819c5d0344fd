"""Outside feeds: new items become drafts for the editors of their scope; a good copy is kept."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from calendar_app import letters
from calendar_app.config.settings import data_folder
from calendar_app.editing import accounts, moderation
from calendar_app.editing.followed import agendas
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState, Proposal
from calendar_app.store.base import db, writing
from calendar_app.store.models import SendingHold
from calendar_app.words.errors import NotFoundError
from tests.editing.test_events import editor
from tests.editing.test_fetcher import fetcher, send, server
from tests.editing.test_following import Played, told
from tests.editing.test_moderation import LILLE, LYON
from tests.editing.test_outside_feed import agenda
from tests.factories import ID, entry, publish
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server
from tests.web.editing.test_event_pages import fields
from tests.web.editing.test_queue_pages import act, logged_in
from tests.web.subscription.test_subscription_pages import dump, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
KNOWLEDGE = letters.knowledge_of_files(data_folder())
HOUR = timedelta(hours=1)


TITLES = {
    "a": "Festival des alouettes",
    "b": "Rallye des balises",
    "c": "Journée du cirque",
    "d": "Semaine de la danse",
    "e": "Rencontre des écoles",
}


def event(name: str, day: str = "20210315") -> str:
    return f"UID:{name}\nDTSTART;VALUE=DATE:{day}\nSUMMARY:{TITLES[name]}"


class Feed:
    """Somebody else's agenda, on a real server."""

    def __init__(self) -> None:
        self.body = agenda(*map(event, "abcd"))
        self.status = 200
        self.asked: list[str | None] = []

    def answer(self, handler) -> None:
        known = handler.headers.get("If-None-Match")
        self.asked.append(known)
        tag = f'"{len(self.body)}-{hash(self.body)}"'
        if self.status == 200 and known == tag:
            send(handler, status=304)
        else:
            send(handler, self.body, self.status, ETag=tag)


@pytest.fixture
def feed():
    return Feed()


@pytest.fixture
def address(feed):
    with server(feed.answer) as origin:
        yield f"{origin}/agenda.ics"


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def follow(address: str, scope: str = LILLE) -> Source:
    who = editor("administrateur")
    return agendas.add(db.session, who, "Agenda Canopé", address, frozenset({scope}), NOW)


def read(source: Source, now: datetime = NOW, **more) -> Source:
    agendas.refresh(db.session, source.id, fetcher(), KNOWLEDGE, now, **more)
    db.session.rollback()
    return db.session.get(Source, source.id, populate_existing=True)


def drafts(state: DraftState = DraftState.PENDING) -> list[Draft]:
    query = select(Draft).where(Draft.state == state).order_by(Draft.outside_id, Draft.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def test_what_is_new_waits_in_the_queue_of_those_whom_it_is_for(store, address):
    source = read(follow(address))
    assert (source.failures, source.warning, source.succeeded_at) == (0, None, NOW)
    assert source.next_fetch_at == NOW + agendas.EVERY
    found = drafts()
    assert [(d.title, d.outside_id, d.recurrence, d.origin) for d in found] == [
        (TITLES[n], n, None, DraftOrigin.SOURCE) for n in "abcd"
    ]
    lille, lyon = editor("responsable", LILLE), editor("responsable", LYON)
    assert len(moderation.queue(db.session, lille)) == 4
    assert moderation.queue(db.session, lyon) == []
    event = moderation.accept(db.session, lille, found[0].id, found[0].revision, NOW)
    assert (event.source_name, event.source_link) == ("Agenda Canopé", address)
    assert set(event.scope) == {LILLE}


def test_what_did_not_change_is_not_read_again(store, address, feed):
    source = follow(address)
    read(source)
    source = read(source, NOW + agendas.EVERY)
    assert feed.asked == [None, source.etag]
    assert source.succeeded_at == NOW + agendas.EVERY
    assert len(drafts()) == 4


def test_what_changed_takes_the_place_of_what_waited(store, address, feed):
    source = follow(address)
    read(source)
    feed.body = agenda(event("a", "20210315") + "\nLOCATION:Lens", *map(event, "bcde"))
    read(source, NOW + HOUR)
    assert [d.title for d in drafts()] == [TITLES[n] for n in "abcde"]
    assert drafts()[0].item["place"] == "Lens"
    assert drafts(DraftState.REFUSED) == []


def test_what_the_calendar_says_already_asks_for_nothing(store, address, feed):
    session = {"kind": "session", "day": "2021-03-15"}
    publish(
        store,
        entry(title=TITLES["a"], scope={"academies": ["lille"]}, milestones=[session]),
    )
    read(follow(address))
    [known] = drafts(DraftState.KNOWN)
    assert (known.event_id, known.title) == (ID, TITLES["a"])
    feed.body = agenda(event("a") + "\nSTATUS:CANCELLED", *map(event, "bcd"))
    read(db.session.scalar(select(Source)), NOW + HOUR)
    [off] = [d for d in drafts() if d.event_id == ID]
    assert off.proposal is Proposal.CHANGE


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 500, "Le site répond par une erreur (500)."),
        (b"", 404, "Rien n'est plus à cette adresse (404)"),
        (b"", 403, "Le site demande de s'identifier (403)"),
        (b"<!DOCTYPE html><html><body>Connexion</body></html>", 200, "montre une page web"),
        (b"<config/>", 200, "pas un fil d'actualités"),
    ],
    ids=["error", "gone", "closed", "page", "xml"],
)
def test_what_goes_wrong_warns_and_the_last_good_copy_stays(
    store, address, feed, body, status, said
):
    source = follow(address)
    copy = read(source).copy
    feed.body, feed.status = body, status
    source = read(source, NOW + HOUR)
    assert said in source.warning
    assert (source.copy, source.failures, source.succeeded_at) == (copy, 1, NOW)
    assert source.next_fetch_at == NOW + HOUR + agendas.EVERY
    source = read(source, NOW + 2 * HOUR)
    assert source.next_fetch_at == NOW + 2 * HOUR + 2 * agendas.EVERY
    with writing(db.session, NOW):
        source.failures = 40
    source = read(source, NOW + 13 * HOUR)
    assert source.next_fetch_at == NOW + 13 * HOUR + agendas.SELDOM
    feed.body, feed.status = agenda(*map(event, "abcd")), 200
    source = read(source, NOW + 20 * HOUR)
    assert (source.warning, source.failures) == (None, 0)
    assert len(drafts()) == 4


@pytest.mark.parametrize("left", ["", "a"])
def test_an_agenda_that_lost_half_of_its_dates_warns_and_heals(store, address, feed, left):
    source = follow(address)
    read(source)
    feed.body = agenda(*map(event, left))
    for hour in (1, 2):
        source = read(source, NOW + hour * HOUR)
        assert f"ne montre plus {4 - len(left)} de ses 4 dates à venir" in source.warning
        assert (source.failures, len(source.copy), len(drafts())) == (0, 4, 4)
    feed.body = agenda(*map(event, "abcde"))
    source = read(source, NOW + 3 * HOUR)
    assert (source.warning, len(source.copy), len(drafts())) == (None, 5, 5)


def mails_of(store: Flask, now: datetime) -> list[tuple[str, str]]:
    """Let a worker send what is due; return the recipient and the text of each mail."""
    with mail_server() as smtp:
        run(store, smtp.url, Clock(now + timedelta(minutes=1)))
        found = [(mail.recipient, mail.data) for mail in smtp.mails]
    told = []
    for to, data in found:
        message = email.message_from_bytes(data, policy=email.policy.default)
        told.append((to, message.get_body(("plain",)).get_content()))
    return told


@pytest.mark.long
def test_a_fault_is_told_once_to_the_editor_who_follows_the_agenda(store, address, feed):
    editor("responsable", LILLE)
    source = follow(address)
    read(source)
    for fault, hour in enumerate((1, 10)):
        feed.body = agenda(event("a"))
        read(source, NOW + hour * HOUR)
        [(to, text)] = mails_of(store, NOW + hour * HOUR)
        assert to == db.session.get(Source, source.id).created_by.address, fault
        assert "Agenda Canopé" in text
        assert "ne montre plus 3 de ses 4 dates" in text
        assert f"/redaction/sources/{source.id}/" in text
        read(source, NOW + (hour + 1) * HOUR)
        feed.status = 500  # another trouble before it heals is the same fault
        for more in range(agendas.LASTING + 1):
            read(source, NOW + (hour + 2 + more) * HOUR)
        assert mails_of(store, NOW + (hour + 7) * HOUR) == []
        feed.body, feed.status = agenda(*map(event, "abcd")), 200
        read(source, NOW + (hour + 8) * HOUR)
    assert mails_of(store, NOW + 30 * HOUR) == []


@pytest.mark.long
def test_a_site_that_rests_for_a_night_is_no_fault(store, address, feed):
    source = follow(address)
    read(source)
    feed.status = 500
    for hour in range(1, agendas.LASTING):
        read(source, NOW + hour * HOUR)
    assert mails_of(store, NOW + 3 * HOUR) == []
    read(source, NOW + 4 * HOUR)
    # It heals, or nobody follows it any more, before the mail leaves.
    who = db.session.get(Source, source.id).created_by
    agendas.pause(db.session, who, source.id, True, NOW + 4 * HOUR)
    assert mails_of(store, NOW + 4 * HOUR) == []
    # Followed again, it still has its fault, of which nobody heard.
    agendas.pause(db.session, who, source.id, False, NOW + 5 * HOUR)
    read(source, NOW + 5 * HOUR)
    assert len(mails_of(store, NOW + 5 * HOUR)) == 1
    feed.status = 200
    assert read(source, NOW + 6 * HOUR).told_at is None


@pytest.mark.long
def test_a_fault_whose_mail_expired_is_told_when_mails_leave_again(store, address, feed):
    source = follow(address)
    read(source)
    feed.body = agenda()
    with writing(db.session, NOW):
        db.session.add(SendingHold(restored_at=NOW, backed_up_at=NOW))
    for hour in (1, 2, 60, 61):
        read(source, NOW + hour * HOUR)
        assert mails_of(store, NOW + hour * HOUR) == []
    with writing(db.session, NOW):
        db.session.execute(delete(SendingHold))
    assert len(mails_of(store, NOW + 62 * HOUR)) == 1
    read(source, NOW + 63 * HOUR)
    assert mails_of(store, NOW + 63 * HOUR) == []


def test_a_fault_is_told_to_who_may_follow_it_when_its_editor_left(store, address, feed):
    source = follow(address)
    editor("responsable", LYON), editor("redacteur", LILLE)
    lille = editor("responsable", LILLE)
    accounts.disable(db.session, db.session.get(Source, source.id).created_by.address, NOW)
    read(source)
    feed.body = agenda()
    read(source, NOW + HOUR)
    assert [to for to, _ in mails_of(store, NOW + HOUR)] == [lille.address]


def test_an_agenda_may_shrink_as_its_dates_pass(store, address, feed):
    feed.body = agenda(*(event(n, f"202101{10 + d}") for d, n in enumerate("abcd")), event("e"))
    source = follow(address)
    read(source)
    feed.body = agenda(event("e"))
    source = read(source, NOW + 15 * 24 * HOUR)
    assert (source.warning, len(source.copy)) == (None, 1)


def test_an_editor_who_looked_takes_what_is_left(store, address, feed):
    source = follow(address)
    read(source)
    feed.body = agenda(event("a"))
    read(source, NOW + HOUR)
    source = read(source, NOW + 2 * HOUR, editor=editor("administrateur"))
    assert (len(source.copy), source.warning) == (1, None)
    assert [d.title for d in drafts()] == [TITLES["a"]]
    assert {d.answer for d in drafts(DraftState.REFUSED)} == {
        "Sans objet : l'agenda n'annonce plus cette date."
    }


def test_a_region_is_its_academies(store, address):
    source = follow(address, "region/hauts-de-france")
    read(source)
    assert {frozenset(d.scope) for d in drafts()} == {
        frozenset(("academie/amiens", "academie/lille"))
    }


def test_an_address_within_our_network_is_noted_and_never_asked(store):
    source = follow("http://127.0.0.1/agenda.ics")
    agendas.refresh(db.session, source.id, Fetcher(), KNOWLEDGE, NOW)
    found = db.session.get(Source, source.id, populate_existing=True)
    assert found.warning.startswith("Cette adresse n'est pas acceptée.")


def test_only_what_is_due_is_read(store, address):
    first, second = follow(address), follow(f"{address}?2")
    assert agendas.due(db.session, NOW) == [first.id, second.id]
    read(first)
    agendas.pause(db.session, editor("administrateur"), second.id, True, NOW)
    assert agendas.due(db.session, NOW + HOUR) == []
    assert agendas.due(db.session, NOW + agendas.EVERY) == [first.id]
    actions = [c.action.value for c in db.session.scalars(select(Change).order_by(Change.id))]
    assert actions == ["created", "created", "archived"]


@pytest.mark.parametrize(
    ("name", "address", "scope", "field"),
    [
        ("", "https://a.example/", LILLE, "nom"),
        ("Agenda", "ftp://a.example/", LILLE, "adresse"),
        ("Agenda", "https://a.example/", LYON, "pour"),
        ("Agenda", "https://a.example/", "national", "pour"),
    ],
)
def test_what_cannot_be_followed_says_why(store, name, address, scope, field):
    lille = editor("responsable", LILLE)
    with pytest.raises(agendas.SourceError) as refused:
        agendas.add(db.session, lille, name, address, frozenset({scope}), NOW)
    assert refused.value.field == field
    assert db.session.scalar(select(Source)) is None


def test_a_link_to_subscribe_is_an_address(store):
    assert follow("webcal://a.example/x.ics").address == "https://a.example/x.ics"


def test_a_source_of_lille_does_not_exist_for_lyon(store):
    source = follow("https://a.example/")
    lyon = editor("responsable", LYON)
    assert agendas.sources_of(db.session, lyon) == []
    with pytest.raises(NotFoundError):
        agendas.pause(db.session, lyon, source.id, True, NOW)
    # To Lyon, not even « déjà suivie » reveals the source; to Lille it does.
    agendas.add(db.session, lyon, "Agenda", source.address, frozenset({LYON}), NOW)
    with pytest.raises(agendas.SourceError, match="déjà suivie"):
        follow(source.address)


# -- the pages -------------------------------------------------------------------------------------

SOURCES = "/redaction/sources/"


@pytest.fixture
def site(make_app):
    with time_machine.travel(NOW, tick=False):
        yield make_app("empty")


@pytest.mark.long
def test_a_feed_is_followed_paused_and_looked_at(site):
    client = logged_in(site)
    token = fields(client.get(SOURCES).text, SOURCES)["jeton"]
    typed = {"nom": "Agenda Canopé", "adresse": "ftp://x", "pour": "Lille", "jeton": token}
    answer = client.post(SOURCES, data=typed)
    assert answer.status_code == 400
    assert 'value="Agenda Canopé"' in answer.text
    answer = client.post(SOURCES, data=typed | {"adresse": "https://a.example/x.ics"})
    assert answer.headers["Location"] == f"{SOURCES}?fait=suivi"
    with site.app_context(), writing(db.session, NOW):
        left = {"reason": "sans titre", "count": 3, "titles": []}
        bad = {"reason": "date illisible", "count": 1, "titles": ["Rallye"]}
        db.session.get(Source, 1).left_out = [left, bad]
    page = words(client.get(f"{SOURCES}1/"))
    assert "3 entrées : sans titre 1 entrée : date illisible (« Rallye »)" in page.replace(
        "\u00a0", " "
    ).replace("\u202f", " ")
    assert "Adresse https://a.example/x.ics Pour académie de Lille" in page
    answer = act(client, f"{SOURCES}1/", f"{SOURCES}1/suivre/", suivre="non")
    assert "n'est plus suivi" in words(client.get(answer.headers["Location"]))
    before = dump(site)
    lyon = logged_in(site, slug="lyon")
    assert "Agenda Canopé" not in lyon.get(SOURCES).text
    for place in ("", "suivre/", "relire/"):
        address = f"{SOURCES}1/{place}"
        answer = lyon.post(address) if place else lyon.get(address)
        assert answer.status_code == 404
    redacteur = logged_in(site, "redacteur")
    assert "Suivre un agenda" not in redacteur.get(SOURCES).text
    assert redacteur.post(f"{SOURCES}1/relire/").status_code == 403
    after = dump(site)
    assert {k: v for k, v in after.items() if k in ("source", "draft", "event")} == {
        k: v for k, v in before.items() if k in ("source", "draft", "event")
    }


@pytest.mark.long
def test_a_row_says_once_that_a_date_is_off(site):
    client = logged_in(site)
    with site.app_context():
        played = Played()
        played.says(told(title="Rallye des balises"))
        played.accept()
        played.says(told(title="ANNULÉ : Rallye des balises"))
    row = words(client.get("/redaction/")).replace("\u00a0", " ")
    assert "Changement : événement annulé" in row
