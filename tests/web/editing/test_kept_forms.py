"""A form is given back after the log-in only if this site kept it for this browser, and only where
an editor writes a text. The page says in words what was kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import time_machine

from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.store.base import db
from calendar_app.web import bodies
from calendar_app.web.editing import kept_forms
from calendar_app.web.policies import Policy, policy_of
from calendar_app.words.vocabulary import MilestoneKind
from tests.factories import entry, publish
from tests.web.editing.test_editor_pages import LOG_IN, PASSWORD, ROOM, enter, hidden, make_editor
from tests.web.subscription.test_subscription_pages import dump, jeton, words
from tests.web.test_policies import own_objects

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
OURS = {"Sec-Fetch-Site": "same-origin"}
REFUSE = "/redaction/propositions/1/refuser/"
TYPED = {"reponse": "Ce n'est <b>pas</b> un concours.", "revision": "1"}


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        publish(empty_app, entry(scope={"academies": ["lille"]}), now=NOW)
        own_objects(empty_app)
        yield empty_app


@pytest.fixture
def client(site):
    return site.test_client()


def state(site) -> DraftState:
    with site.app_context():
        return db.session.get(Draft, 1).state


def logged_in(client, address: str, kept):
    """Log in on the page that carries a kept form."""
    return client.post(LOG_IN, data=hidden(kept) | {"adresse": address, "mot_de_passe": PASSWORD})


def test_what_was_kept_is_said_in_words_and_sent_with_one_button(site, client):
    kept = client.post(REFUSE, data=TYPED, headers=OURS)
    assert kept.status_code == 403
    page = logged_in(client, make_editor(site), kept)
    assert "Vous envoyiez le refus d'une proposition." in words(page)
    assert "Réponse Ce n'est <b>pas</b> un concours." in words(page)
    assert state(site) is DraftState.PENDING
    assert client.post(REFUSE, data=hidden(page)).status_code == 303
    assert state(site) is DraftState.REFUSED


def test_the_words_of_an_event_are_those_of_its_form(site, client):
    typed = {
        "titre": "Un titre",
        "type": "concours",
        "date-1-nature": "registration_deadline",
        "date-1-premier": "2021-02-11",
        "public": ["eleves", "enseignants"],
        "action": "proposer",
        "vu": '{"title": "Titre"}',
        "revision": "3",
        "lieu": "",
    }
    kept = client.post("/redaction/evenements/nouveau/", data=typed, headers=OURS)
    text = words(logged_in(client, make_editor(site), kept))
    for said in (
        "Ce que vous demandiez proposer à la publication",
        f"Date 2 – Ce qui se passe {MilestoneKind.REGISTRATION_DEADLINE.words}",
        "Date 2 – Jour, ou premier jour 2021-02-11",
        "Qui participe élèves",
    ):
        assert said in text
    for unsaid in ("registration_deadline", "title", "Lieu"):
        assert unsaid not in text


def forged(place: str = REFUSE) -> dict[str, str]:
    """Return the fields by which another site would forge a kept form, as pages once wrote them."""
    return {"suite": place, "suite_champs": json.dumps(list(TYPED.items()))}


def test_what_this_site_did_not_keep_is_not_given_back(site, client):
    address = make_editor(site)
    data = {"adresse": address, "mot_de_passe": PASSWORD, "jeton": jeton(client, LOG_IN)}
    answer = client.post(LOG_IN, data=data | forged())
    assert (answer.status_code, answer.headers["Location"]) == (303, ROOM)


def test_what_was_kept_for_one_browser_is_not_given_back_to_another(site, client):
    """Otherwise an attacker could have their own form signed, and bring it to an editor."""
    of_thief = hidden(site.test_client().post(REFUSE, data=TYPED, headers=OURS))
    data = {"adresse": make_editor(site), "mot_de_passe": PASSWORD}
    data |= {"suite": of_thief["suite"], "suite_champs": of_thief["suite_champs"]}
    answer = client.post(LOG_IN, data=data | {"jeton": jeton(client, LOG_IN)})
    assert (answer.status_code, answer.headers["Location"]) == (303, ROOM)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://autre.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("place", [LOG_IN, "/redaction/mot-de-passe/", REFUSE])
def test_another_site_neither_fills_a_form_nor_ends_a_session(site, client, place, headers):
    """The other site's POST has no cookie (SameSite); an answer with one would end the session."""
    answer = client.post(place, data=TYPED | forged(), headers=headers)
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, LOG_IN)
    assert "Set-Cookie" not in answer.headers
    assert "suite_champs" not in client.get(answer.headers["Location"]).text


def test_a_page_of_ours_that_gives_no_referrer_is_no_other_site(site, client):
    """Without a referrer, browsers send « Origin: null » even from our own pages."""
    address = make_editor(site)
    data = {"adresse": address, "mot_de_passe": PASSWORD, "jeton": jeton(client, LOG_IN)}
    answer = client.post(LOG_IN, data=data, headers={"Origin": "null"})
    assert (answer.status_code, answer.headers["Location"]) == (303, ROOM)


@pytest.mark.parametrize("origin", ["http://[", "https://[::1", "://", "", "\xff", "null"])
def test_an_origin_that_is_no_address_is_not_ours(site, client, origin):
    for place in (REFUSE, LOG_IN):
        answer = client.post(place, data=TYPED, headers={"Origin": origin})
        assert answer.status_code in (303, 400)


@pytest.mark.parametrize(
    "place",
    [
        "/redaction/\r\nSet-Cookie: x=y",
        "/redaction/journal/\n",
        "/redaction/journal/\x00",
        "/redaction/deconnexion/",
        "/redaction/propositions/1/accepter/",
        "/redaction/inconnu/",
        "//autre.example/redaction/",
        "https://autre.example/redaction/",
    ],
)
def test_a_log_in_leads_to_pages_of_the_room_only(site, client, place):
    data = {"adresse": make_editor(site), "mot_de_passe": PASSWORD, "suite": place}
    answer = client.post(LOG_IN, data=data | {"jeton": jeton(client, LOG_IN)})
    assert (answer.status_code, answer.headers["Location"]) == (303, ROOM)


def test_a_letter_as_long_as_may_be_pasted_is_kept(site, client):
    data = {"texte": "é" * bodies.PASTED_LETTER}
    answer = client.post("/redaction/lettres/", data=data, headers=OURS)
    assert answer.status_code == 413
    data = {"texte": "Concours à rendre avant le 5 mars. " * (bodies.PASTED_LETTER // 40)}
    kept = client.post(
        "/redaction/lettres/", data=data, headers=OURS, content_type="multipart/form-data"
    )
    page = logged_in(client, make_editor(site), kept)
    assert hidden(page)["texte"] == data["texte"]


def test_only_forms_in_which_one_writes_are_given_back(site):
    """Every other POST of the room is a button, which one can press again after the log-in."""
    client, before = site.test_client(), dump(site)
    room = [r for r in site.url_map.iter_rules() if r.rule.startswith(ROOM) and "POST" in r.methods]
    assert kept_forms.GIVEN_BACK.keys() <= {r.endpoint for r in room}
    for rule in room:
        if policy_of(site, rule.endpoint) in (Policy.PUBLIC_UNCACHED, Policy.LINK_HOLDER):
            assert rule.endpoint not in kept_forms.GIVEN_BACK
            continue
        with site.test_request_context():
            values = dict.fromkeys(rule.arguments, "1")
            place = site.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        answer = client.post(place, data=TYPED, headers=OURS)
        is_kept = rule.endpoint in kept_forms.GIVEN_BACK
        assert answer.status_code == (403 if is_kept else 303), rule
        assert ("suite_champs" in answer.text) == is_kept
    assert dump(site) == before


def test_a_form_given_back_takes_the_rights_of_who_logged_in(site, client):
    """The person who is logged in now does the act, whoever sent the form before."""
    for who in (make_editor(site, slug="lyon"), make_editor(site, "redacteur")):
        browser, before = site.test_client(), state(site)
        kept = browser.post(REFUSE, data=TYPED, headers=OURS)
        page = logged_in(browser, who, kept)
        assert browser.post(REFUSE, data=hidden(page)).status_code in (404, 409)
        assert state(site) is before
    enter(client, make_editor(site))
