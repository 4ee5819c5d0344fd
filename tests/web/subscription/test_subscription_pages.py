"""The pages of the subscriptions: what they change, what they give away, what they keep."""

from __future__ import annotations

import contextlib
import html
import json
import re
import sqlite3
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import url_for
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from calendar_app.app import answer_requests
from calendar_app.reminders import asked, subscriptions
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import CODE_LIFE, ClassAnswer
from calendar_app.reminders.subscribers import SignUp
from calendar_app.store import limits
from calendar_app.store.base import Base, db, writing
from calendar_app.web import visitors
from calendar_app.web.forms import form_token
from calendar_app.web.visitors import links
from calendar_app.words.mail_addresses import MailAddress
from tests.factories import ID, another, entry, publish
from tests.reminders.test_subscriptions import CM2

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE, BOB = "alice@ecole.example", "bob@ecole.example"

#: The form as a browser sends it when only the required fields are filled in.
FORM = {
    "adresse": ALICE,
    "lieu": "Lille",
    "etablissement": "ecole",
    "delai": ["class_weeks:3", "last_class_day"],
    "suivre": "choix",
}


@pytest.fixture
def engine():
    """What pages call is tested on both engines; pages are the same from either."""
    return "sqlite"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def site(empty_app, clock):
    publish(empty_app, entry(), another("autre", title="Autre concours"), now=NOW)
    return empty_app


@pytest.fixture
def client(site):
    return site.test_client()


@pytest.fixture
def token(site) -> str:
    """The token of the personal link of Alice, who is subscribed."""
    return personal_token(site)


def personal_token(site, state: SubscriberState = SubscriberState.ACTIVE, address=ALICE) -> str:
    with site.test_request_context():
        sign_up = SignUp(MailAddress.read(address), CM2)
        asked.sign_up(db.session, sign_up, NOW)
        uid = person(site, address).uid
        if state is not SubscriberState.UNCONFIRMED:
            subscriptions.confirm(db.session, uid, "lien", NOW)
            with writing(db.session, NOW):
                found = db.session.scalar(select(Subscriber).where(Subscriber.uid == uid))
                found.state, found.state_at = state, NOW
        return links().token(uid)


def worker_answers(site) -> None:
    """Do what the worker does every two seconds."""
    with site.app_context():
        answer_requests(site, datetime.now(UTC))


def person(site, address: str = ALICE) -> Subscriber | None:
    worker_answers(site)
    with site.test_request_context():
        db.session.expire_all()
        return db.session.scalar(select(Subscriber).where(Subscriber.address_key == address))


def dump(site, *, counts: bool = True) -> dict[str, list[tuple]]:
    """All rows of the store."""
    with site.app_context(), db.engine.connect() as connection:
        tables = (t for t in Base.metadata.sorted_tables if counts or t.name != "rate_count")
        return {t.name: sorted(map(repr, connection.execute(select(t)))) for t in tables}


def queued(site, address: str = ALICE) -> list[str]:
    worker_answers(site)
    with site.app_context():
        query = select(Delivery.kind).join(Subscriber).where(Subscriber.address_key == address)
        return [kind.value for kind in db.session.scalars(query.order_by(Delivery.id))]


def jeton(client, page: str, action: str | None = None) -> str:
    """The token of a form, read from its page."""
    text = client.get(page).text
    form = re.search(rf'action="{re.escape(action or page)}".*?</form>', text, re.DOTALL)
    assert form, f"no form to {action or page} on {page}"
    return re.search(r'name="jeton" value="([^"]+)"', form[0])[1]


def post(client, page: str, data: dict | None = None, action: str | None = None):
    """Send a form as a browser does, with its token."""
    token = jeton(client, page, action)
    return client.post(action or page, data={**(data or {}), "jeton": token})


def words(answer) -> str:
    body = re.sub(r"<(script|style|title).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(body).replace("\u202f", " ").replace("\u00a0", " "))


def personal(token: str, rest: str = "") -> str:
    return f"/abonnement/lien/{token}/{rest}"


def new_address_link(site, address: str = BOB) -> str:
    with site.test_request_context():
        return f"/abonnement/adresse/{links().new_address_token(person(site).uid, address)}/"


# -- a GET never changes anything ------------------------------------------------------------------

GETS = (
    "",
    "?fait=pause",
    "confirmer/",
    "donnees.json",
    "donnees/",
    f"evenements/{ID}/",
    *(f"evenements/{ID}/?reponse={answer.value}" for answer in ClassAnswer),
    "desabonnement/",
    "pause/",
    "renvoyer/",
    "adresse/",
    "agenda/",
    "effacer/",
)


@pytest.mark.parametrize("state", SubscriberState)
def test_whoever_follows_every_link_changes_nothing(site, client, state):
    token = personal_token(site, state)
    before = dump(site)
    addresses = [personal(token, rest) for rest in GETS]
    addresses += ["/abonnement/", f"/abonnement/?evenement={ID}", "/abonnement/retrouver/"]
    addresses += ["/abonnement/code/"]
    for address in addresses:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(address, method=method)
            assert answer.status_code in (200, 303, 405), address
            assert "Set-Cookie" not in answer.headers
    assert dump(site) == before


def test_whoever_follows_the_link_to_a_new_address_changes_nothing(site, client, token):
    post(client, personal(token), {"nouvelle": BOB}, personal(token, "adresse/"))
    before = dump(site)
    for method in ("GET", "HEAD"):
        assert client.open(new_address_link(site), method=method).status_code == 200
    assert dump(site) == before


@pytest.mark.long
def test_every_post_but_the_one_click_needs_the_token_of_its_form(site, client, token):
    values = {"token": token, "event_id": ID}
    full = FORM | {"code": "000000", "etat": "pause", "oui": "oui", "reponse": "prevenir"}
    full |= {"nouvelle": BOB, "faire": "creer"}
    post(client, personal(token), {"nouvelle": BOB}, personal(token, "adresse/"))
    elsewhere = jeton(client, "/abonnement/retrouver/")
    before, seen = dump(site), set()
    with site.test_request_context():
        addresses = {
            rule.endpoint: url_for(
                rule.endpoint, **{n: v for n, v in values.items() if n in rule.arguments}
            )
            for rule in site.url_map.iter_rules()
            if "POST" in rule.methods and not rule.rule.startswith("/redaction/")
        }
    addresses["subscription.new_address"] = new_address_link(site)
    for endpoint, address in addresses.items():
        if endpoint == "personal.unsubscribe":
            continue
        for wrong in ("", "x", elsewhere if endpoint != "subscription.find_link" else "x.y.z"):
            answer = client.post(address, data=full | {"jeton": wrong})
            assert answer.status_code == 400, endpoint
            assert "ouverte depuis plus d'une heure" in words(answer), endpoint
            assert dump(site) == before, endpoint
        seen.add(endpoint)
    assert len(seen) == 13
    client.post(addresses["personal.unsubscribe"])
    assert dump(site) != before


def test_one_click_unsubscribes_and_says_so_without_a_redirect(site, client, token):
    for _ in range(2):
        answer = client.post(
            personal(token, "desabonnement/"), data={"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
        assert "Vos rappels sont arrêtés" in words(answer)
    assert person(site).state is SubscriberState.UNSUBSCRIBED
    assert queued(site)[1:] == ["goodbye"]


def test_mail_programs_may_send_the_click_as_multipart(site, client, token):
    client.post(
        personal(token, "desabonnement/"),
        data={"List-Unsubscribe": "One-Click"},
        content_type="multipart/form-data",
    )
    assert person(site).state is SubscriberState.UNSUBSCRIBED


# -- signing up ------------------------------------------------------------------------------------


def test_from_the_form_to_the_confirmed_page_by_the_link(site, client):
    answer = post(client, "/abonnement/", FORM)
    assert answer.status_code == 200
    assert f"Si l'adresse {ALICE} est la bonne" in words(answer)
    found = person(site)
    assert (found.state, found.academy_slug) == (SubscriberState.UNCONFIRMED, "lille")
    assert {"tps", "cm2", "ulis"} < found.classes
    assert "6e" not in found.classes
    with site.test_request_context():
        token = links().token(found.uid)
    page = personal(token, "confirmer/")
    assert "académie" in words(client.get(page)).lower()
    answer = post(client, page)
    assert answer.status_code == 200
    assert "C'est confirmé" in words(answer)
    # Nothing was picked, so the page offers the contests that fit, with a button.
    assert "Concours d'essai" in words(answer)
    assert "Me prévenir de Autre concours" in words(answer)
    assert "/flux/?academie=lille" in answer.text
    assert personal(token) in answer.text
    assert person(site).consent_means == "lien"


def test_a_code_confirms_and_then_leads_to_the_personal_page(site, client):
    answer = post(client, "/abonnement/", FORM)
    code_form = re.search(r'action="/abonnement/code/".*?</form>', answer.text, re.DOTALL)[0]
    token = re.search(r'name="jeton" value="([^"]+)"', code_form)[1]
    assert f'value="{ALICE}"' in code_form
    with site.test_request_context():
        found = person(site)
        code = links().code(found.uid, found.code_at)
        personal_page = personal(links().token(found.uid))
    data = {"adresse": ALICE, "jeton": token}
    answer = client.post("/abonnement/code/", data=data | {"code": "12"})
    assert answer.status_code == 400
    assert "Ce code n'est pas celui du dernier courriel" in words(answer)
    assert 'value="12"' in answer.text
    answer = client.post("/abonnement/code/", data=data | {"code": f"{code[:3]} {code[3:]}"})
    assert "C'est confirmé" in words(answer)
    assert person(site).consent_means == "code"
    answer = client.post("/abonnement/code/", data=data | {"code": code})
    assert (answer.status_code, answer.headers["Location"]) == (303, personal_page)


def test_a_code_dies_after_a_day_and_after_five_tries(site, client, clock):
    post(client, "/abonnement/", FORM)
    with site.test_request_context():
        found = person(site)
        code = links().code(found.uid, found.code_at)

    def send(code: str) -> int:
        with site.test_request_context():
            data = {"adresse": ALICE, "code": code, "jeton": form_token("subscription.code")}
        return client.post("/abonnement/code/", data=data).status_code

    clock.shift(CODE_LIFE)
    assert send(code) == 400
    clock.shift(-CODE_LIFE)
    for n in range(5):
        assert send(f"{(int(code) + 1 + n) % 1_000_000:06}") == 400
    assert send(code) == 400
    assert person(site).state is SubscriberState.UNCONFIRMED


def test_the_filters_on_screen_and_the_event_come_along(site, client):
    page = client.get(f"/evenements/{ID}/?academie=lille&niveau=cycle-3&q=essai")
    [address] = re.findall(r'href="(/abonnement/\?[^"]*evenement=[^"]*)"', page.text)
    address = html.unescape(address)
    assert "q=" not in address
    form = client.get(address).text
    assert 'value="Lille"' in form
    for slug in ("cm1", "cm2", "6e"):
        assert re.search(rf'name="classe" value="{slug}" checked', form)
    assert re.search(rf'name="evenement" value="{ID}"', form)
    answer = post(client, "/abonnement/", FORM | {"evenement": ID})
    assert answer.status_code == 200
    worker_answers(site)
    with site.app_context():
        assert db.session.scalars(select(Subscription.event_id)).all() == [ID]


def test_an_event_that_is_none_is_a_404(client):
    assert client.get("/abonnement/?evenement=rien").status_code == 404
    assert client.post("/abonnement/", data={"evenement": "rien\0"}).status_code == 404


@pytest.mark.parametrize(
    "address", [f"/evenements/{ID}/?le=2021-09-01", "/evenements/autre-2020-2021/"]
)
def test_nobody_is_offered_reminders_of_what_is_over_or_cancelled(site, client, address):
    publish(site, entry(), another("autre", title="Autre concours", cancelled=True), now=NOW)
    page = client.get(address).text
    assert "Me prévenir par courriel" not in page
    # What is asked for is the next edition.
    assert page.count("Me prévenir") == page.count("Me prévenir de la prochaine édition<") == 1


@pytest.mark.parametrize(
    ("change", "said", "field"),
    [
        ({"adresse": "alice@"}, "Écrivez une adresse complète", "f-adresse"),
        ({"adresse": ""}, "Écrivez une adresse complète", "f-adresse"),
        ({"lieu": "Lile"}, "Vouliez-vous dire « Lille » ?", "f-lieu"),
        ({"etablissement": ""}, "Choisissez où vous enseignez", "f-etablissement"),
        ({"etablissement": "prison"}, "Choisissez où vous enseignez", "f-etablissement"),
        ({"delai": []}, "Choisissez au moins un moment", "f-delais"),
    ],
)
def test_a_mistake_is_explained_beside_its_field_and_all_that_was_typed_is_kept(
    site, client, change, said, field
):
    typed = FORM | {"classe": ["cm2"], "theme": ["robotique"]} | change
    before = dump(site)
    answer = post(client, "/abonnement/", typed)
    assert answer.status_code == 400
    assert words(answer).count(said) == 2, "in the summary and beside the field"
    assert f'href="#{field}"' in answer.text
    invalid = re.search(rf'<[^>]*id="{field}"[^>]*>', answer.text)[0]
    if field != "f-delais":  # a group of boxes may not be invalid, only described
        assert 'aria-invalid="true"' in invalid
    described = re.search(r'aria-describedby="([^"]*)"', invalid)[1].split()
    assert all(f'id="{name}"' in answer.text for name in described)
    assert 'role="alert"' in answer.text
    assert "<title>À corriger" in answer.text
    assert f'name="adresse" type="email" value="{typed["adresse"]}"' in answer.text
    assert f'value="{typed["lieu"]}"' in answer.text
    assert 'name="classe" value="cm2" checked' in answer.text
    assert 'name="theme" value="robotique" checked' in answer.text
    assert dump(site) == before


def test_a_form_that_stood_open_too_long_keeps_what_was_typed(site, client, clock):
    token = jeton(client, "/abonnement/")
    clock.shift(HOUR + timedelta(seconds=2))
    answer = client.post(
        "/abonnement/", data=FORM | {"classe": ["cm2"], "jeton": token, "evenement": ID}
    )
    assert answer.status_code == 400
    assert "Cette page était ouverte depuis plus d'une heure : vérifiez" in words(answer)
    for kept in (f'value="{ALICE}"', 'value="Lille"', 'value="cm2" checked', f'value="{ID}"'):
        assert kept in answer.text
    assert person(site) is None
    again = re.search(r'name="jeton" value="([^"]+)"', answer.text)[1]
    assert client.post("/abonnement/", data=FORM | {"jeton": again}).status_code == 200
    assert person(site) is not None


def test_what_was_typed_is_never_markup(client):
    evil = '"><script>alert(1)</script>'
    answer = post(client, "/abonnement/", FORM | {"adresse": evil, "lieu": evil})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_a_huge_form_is_refused(client):
    answer = client.post("/abonnement/", data={"adresse": "a" * 70_000})
    assert (answer.status_code, "trop long" in answer.text) == (413, True)


# -- strangers and machines ------------------------------------------------------------------------


def without_token(text: str, address: str) -> str:
    return re.sub(r'name="jeton" value="[^"]+"', "", text.replace(address, "X"))


def known_and_unknown(site) -> dict[str, str]:
    found = {}
    for state in SubscriberState:
        found[state.value] = f"{state.value}@ecole.example"
        personal_token(site, state, found[state.value])
    return found | {"nobody": "nobody@ecole.example"}


@pytest.mark.parametrize("page", ["/abonnement/", "/abonnement/retrouver/"])
def test_the_answer_never_tells_whether_an_address_is_known(site, client, page):
    seen = set()
    for address in known_and_unknown(site).values():
        answer = post(client, page, FORM | {"adresse": address})
        headers = {n: v for n, v in answer.headers.items() if n not in ("Date", "Content-Length")}
        text = without_token(answer.text, address)
        seen.add((answer.status_code, text, json.dumps(headers)))
    assert len(seen) == 1


def test_a_wrong_code_never_tells_whether_an_address_is_known(site, client):
    with site.test_request_context():
        token = form_token("subscription.code")
    seen = set()
    for address in known_and_unknown(site).values():
        data = {"adresse": address, "code": "000000", "jeton": token}
        answer = client.post("/abonnement/code/", data=data)
        seen.add((answer.status_code, without_token(answer.text, address)))
    assert len(seen) == 1


@pytest.mark.parametrize("page", ["/abonnement/", "/abonnement/retrouver/"])
def test_a_machine_that_fills_the_trap_gets_the_same_answer_and_nothing_is_done(
    site, client, token, page
):
    before = dump(site)
    trapped = post(client, page, FORM | {"site_web": "http://x.example"})
    assert dump(site) == before
    honest = post(client, page, FORM)
    assert dump(site) != before
    assert without_token(trapped.text, ALICE) == without_token(honest.text, ALICE)
    assert trapped.status_code == honest.status_code == 200


def test_an_address_gets_three_mails_a_day_and_nobody_is_told(site, client, clock):
    answers = defaultdict(set)
    for page in ("/abonnement/", "/abonnement/retrouver/") * 3:
        answers[page].add(without_token(post(client, page, FORM).text, ALICE))
    assert [len(texts) for texts in answers.values()] == [1, 1]
    assert queued(site) == ["confirmation"] * 3
    post(client, "/abonnement/", FORM | {"adresse": BOB})
    assert queued(site, BOB) == ["confirmation"]
    clock.shift(timedelta(days=1))
    post(client, "/abonnement/", FORM)
    assert queued(site) == ["confirmation"] * 4


def test_a_network_that_asks_too_often_is_told_when_to_try_again(site, client, clock, monkeypatch):
    monkeypatch.setattr(limits, "MAILS_A_SOURCE", replace(limits.MAILS_A_SOURCE, most=2))
    for n in range(2):
        post(client, "/abonnement/", FORM | {"adresse": f"a{n}@ecole.example"})
    clock.shift(timedelta(minutes=18))
    for page in ("/abonnement/", "/abonnement/retrouver/"):
        answer = post(client, page, FORM)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2520")
        assert "Réessayez dans 42 minutes" in words(answer)
        assert f'value="{ALICE}"' in answer.text
    assert person(site) is None
    # Another network may still ask.
    token = jeton(client, "/abonnement/")
    environ = {"REMOTE_ADDR": "192.0.2.7"}
    client.post("/abonnement/", data=FORM | {"jeton": token}, environ_overrides=environ)
    assert person(site) is not None


def test_the_addresses_of_one_ipv6_network_count_together(site, client, monkeypatch):
    monkeypatch.setattr(limits, "MAILS_A_SOURCE", replace(limits.MAILS_A_SOURCE, most=1))
    token = jeton(client, "/abonnement/retrouver/")

    def ask(remote: str) -> int:
        return client.post(
            "/abonnement/retrouver/",
            data={"adresse": ALICE, "jeton": token},
            environ_overrides={"REMOTE_ADDR": remote},
        ).status_code

    assert [ask(f"2001:db8::{n}") for n in (1, 2)] == [200, 429]
    assert ask("2001:db8:0:1::1") == 200


def test_wrong_codes_of_one_network_are_limited_and_right_ones_are_not_counted(
    site, client, monkeypatch
):
    limit = replace(limits.WRONG_CODES_A_SOURCE, most=2)
    monkeypatch.setattr(limits, "WRONG_CODES_A_SOURCE", limit)
    post(client, "/abonnement/", FORM)
    with site.test_request_context():
        found, token = person(site), form_token("subscription.code")
        code = links().code(found.uid, found.code_at)

    def send(address: str, code: str):
        data = {"adresse": address, "code": code, "jeton": token}
        return client.post("/abonnement/code/", data=data)

    assert [send(ALICE, code).status_code for _ in range(3)] == [200, 303, 303]
    assert [send(BOB, "000000").status_code for _ in range(3)] == [400, 400, 429]
    assert "Réessayez dans" in words(send(BOB, "000000"))


def test_the_store_holds_no_ip_address(site, client):
    post(client, "/abonnement/", FORM)
    assert "127.0.0.1" not in repr(dump(site))
    assert ALICE not in repr(dump(site)["rate_count"])


# -- the personal page -----------------------------------------------------------------------------


def test_an_old_confirmation_is_sent_again_on_demand(site, client, clock):
    token = personal_token(site, SubscriberState.UNCONFIRMED)
    fresh = jeton(client, personal(token, "confirmer/"))
    assert client.get(personal(token)).headers["Location"] == personal(token, "confirmer/")
    clock.shift(timedelta(days=3))
    page = personal(token, "confirmer/")
    assert "Ce lien de confirmation a plus de 3 jours" in words(client.get(page))
    assert f'action="{page}"' not in client.get(page).text
    assert client.post(page, data={"jeton": fresh}).status_code == 400
    with site.test_request_context():
        forced = form_token("personal.confirm", token=token)
    assert client.post(page, data={"jeton": forced}).status_code == 410
    assert person(site).state is SubscriberState.UNCONFIRMED
    answer = post(client, page, action=personal(token, "renvoyer/"))
    assert "Vérifiez votre courriel" in words(answer)
    assert queued(site) == ["confirmation"] * 2
    post(client, page)
    assert person(site).state is SubscriberState.ACTIVE


def test_the_personal_page_changes_what_one_wants(site, client, token):
    page = client.get(personal(token)).text
    assert ALICE in page
    assert 'name="etablissement" value="ecole" checked' in page
    assert 'name="classe" value="cm2" checked' in page
    answer = post(
        client,
        personal(token),
        {"lieu": "974", "etablissement": "lycee", "delai": ["month"], "suivre": "tout"},
    )
    assert answer.headers["Location"] == personal(token, "?fait=choix")
    assert "Vos choix sont enregistrés." in words(client.get(answer.headers["Location"]))
    found = person(site)
    assert (found.academy_slug, found.follows_all) == ("la-reunion", True)
    assert found.leads == {"month"}
    assert "terminale" in found.classes
    # All classes of the school are chosen. None is ticked, so that another kind of school brings
    # its own classes.
    assert not re.search(r'name="classe"[^>]* checked', client.get(personal(token)).text)


def test_a_mistake_on_the_personal_page_changes_nothing(site, client, token):
    before = dump(site)
    answer = post(client, personal(token), {"lieu": "Lile", "etablissement": "lycee"})
    assert answer.status_code == 400
    assert "Vouliez-vous dire « Lille » ?" in words(answer)
    assert 'name="etablissement" value="lycee" checked' in answer.text
    assert dump(site) == before


def test_a_pause_is_told_on_top_and_ended_there(site, client, token):
    post(client, personal(token), {"etat": "pause"}, personal(token, "pause/"))
    assert person(site).state is SubscriberState.PAUSED
    page = words(client.get(personal(token)))
    assert page.index("Vos rappels sont en pause depuis le lundi 4 janvier 2021") < page.index(
        ALICE
    )
    post(client, personal(token), {"etat": "reprise"}, personal(token, "pause/"))
    assert person(site).state is SubscriberState.ACTIVE


def test_who_unsubscribed_may_come_back_or_erase_everything(site, client, token):
    client.post(personal(token, "desabonnement/"))
    assert "Vos rappels sont arrêtés" in words(client.get(personal(token)))
    for rest in ("confirmer/", f"evenements/{ID}/"):
        assert client.get(personal(token, rest)).headers["Location"] == personal(token)
    answer = post(client, personal(token), {"etat": "reprise"}, personal(token, "pause/"))
    assert "Vos rappels reprennent" in words(client.get(answer.headers["Location"]))
    assert person(site).state is SubscriberState.ACTIVE


def test_a_refused_address_is_told_so(site, client):
    token = personal_token(site, SubscriberState.REFUSED)
    assert "Votre adresse refuse nos courriels" in words(client.get(personal(token)))


def test_a_new_address_voids_the_old_links(site, client, token):
    answer = post(client, personal(token), {"nouvelle": BOB}, personal(token, "adresse/"))
    assert "Un courriel part vers votre nouvelle adresse" in words(
        client.get(answer.headers["Location"])
    )
    assert queued(site)[1:] == ["new_address"]
    link = new_address_link(site)
    answer = post(client, link)
    assert answer.status_code == 303
    assert "Votre adresse est changée" in words(client.get(answer.headers["Location"]))
    assert person(site, BOB) is not None
    for old in (personal(token), link):
        gone = client.get(old)
        assert gone.status_code == 404
        assert "Ce lien n'est pas complet, ou n'est plus valable" in words(gone)
    assert client.post(personal(token, "desabonnement/")).status_code == 404


def test_an_address_that_is_taken_is_told_to_its_owner_only(site, client, token):
    personal_token(site, address=BOB)
    answer = post(client, personal(token), {"nouvelle": BOB}, personal(token, "adresse/"))
    assert answer.headers["Location"] == personal(token, "?fait=adresse-demandee")
    answer = post(client, new_address_link(site))
    assert answer.status_code == 409
    assert "reçoit déjà des rappels" in words(answer)
    assert person(site) is not None


def test_whoever_was_refused_meanwhile_is_told_so_by_the_link_to_a_new_address(site, client, token):
    post(client, personal(token), {"nouvelle": BOB}, personal(token, "adresse/"))
    with site.app_context(), writing(db.session, NOW):
        db.session.execute(update(Subscriber).values(state=SubscriberState.REFUSED))
    answer = post(client, new_address_link(site))
    assert answer.status_code == 409
    assert "vos rappels ont changé entre-temps" in words(answer)
    assert person(site, BOB) is None


def test_whoever_is_erased_while_a_request_is_answered_is_not_found(site, client, clock):
    token = personal_token(site, SubscriberState.UNCONFIRMED)
    clock.shift(timedelta(days=4))
    page, action = personal(token, "confirmer/"), personal(token, "renvoyer/")
    sent = {"jeton": jeton(client, page, action)}

    def erase(session: Session) -> None:
        with contextlib.closing(sqlite3.connect(session.get_bind().url.database)) as other:
            other.execute("DELETE FROM subscriber")
            other.commit()

    # The erasure comes after the count of mails, which is a transaction of its own, and before
    # the mail.
    event.listen(db.session, "after_commit", erase, once=True)
    answer = client.post(action, data=sent)
    assert answer.status_code == 404
    assert "vient d'être effacé" in words(answer)


def test_a_new_address_with_a_mistake_is_kept_and_explained(client, token):
    answer = post(client, personal(token), {"nouvelle": "bob@"}, personal(token, "adresse/"))
    assert answer.status_code == 400
    assert 'value="bob@"' in answer.text
    assert 'href="#f-nouvelle"' in answer.text


def test_the_export_is_a_json_file(client, token):
    answer = client.get(personal(token, "donnees.json"))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mes-rappels.json"'
    assert answer.json["adresse"] == ALICE


@pytest.mark.parametrize("state", SubscriberState)
def test_erasing_asks_twice_and_leaves_no_row(site, client, state):
    before = dump(site, counts=False)
    token = personal_token(site, state)
    page = client.get(personal(token), follow_redirects=True).request.path
    answer = post(client, page, action=personal(token, "effacer/"))
    assert answer.status_code == 400
    assert "Cochez la case pour confirmer" in words(answer)
    assert person(site) is not None
    answer = post(client, page, {"oui": "oui"}, personal(token, "effacer/"))
    assert "Tout est effacé" in words(answer)
    assert dump(site, counts=False) == before
    assert client.get(personal(token)).status_code == 404


@pytest.mark.parametrize("answer", ClassAnswer)
def test_a_link_of_a_mail_shows_its_button_first_and_the_button_notes_it(
    site, client, token, answer
):
    page = personal(token, f"evenements/{ID}/")
    shown = client.get(f"{page}?reponse={answer.value}").text
    assert re.findall(r'name="reponse" value="([^"]+)"', shown)[0] == answer.value
    done = post(client, page, {"reponse": answer.value})
    assert done.headers["Location"] == f"{page}?fait=reponse"
    said = words(client.get(done.headers["Location"]))
    assert "C'est noté." in said
    assert "Ce que vous avez répondu" in said
    post(client, page, {"reponse": "effacer"})
    assert "Ce que vous avez répondu" not in words(client.get(page))
    with site.app_context():
        assert db.session.scalars(select(Subscription)).all() == []


def test_an_event_is_picked_and_unpicked(site, client, token):
    page = personal(token, f"evenements/{ID}/")
    assert "Vous ne suivez pas cet événement" in words(client.get(page))
    post(client, page, {"reponse": "prevenir"})
    assert "Ne plus me prévenir" in words(client.get(page))
    assert "Concours d'essai (2020-2021) : rappels actifs" in words(client.get(personal(token)))
    post(client, page, {"reponse": "ne-plus-prevenir"})
    assert "Vous ne suivez pas cet événement" in words(client.get(page))
    assert post(client, page, {"reponse": "peut-etre"}).status_code == 400
    assert client.get(personal(token, "evenements/rien/")).status_code == 404


@pytest.mark.parametrize("token", ["x", "é", "a.b.c", "%00", "A" * 5000])
def test_a_link_that_we_did_not_make_is_a_french_404(client, token):
    for rest in ("", "confirmer/", "donnees.json", "desabonnement/", f"evenements/{ID}/"):
        answer = client.get(personal(token, rest))
        assert answer.status_code == 404
        assert "Ce lien n'est pas complet" in words(answer)
    assert client.get(f"/abonnement/adresse/{token}/").status_code == 404


# -- headers and the two legal pages ---------------------------------------------------------------


def test_personal_pages_are_kept_by_nobody_and_listed_nowhere(site, client, token):
    answers = [client.get(personal(token, rest)) for rest in GETS]
    answers += [client.get(personal("x")), client.get(personal(token, "rien"))]
    answers += [post(client, "/abonnement/", FORM), post(client, "/abonnement/retrouver/", FORM)]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in answer.headers
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert '<meta name="robots" content="noindex">' in answer.text


def test_the_form_may_be_found_and_is_not_kept_longer_than_its_token(client):
    answer = client.get("/abonnement/")
    assert "X-Robots-Tag" not in answer.headers
    assert "noindex" not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_legal_pages_say_who_answers_for_the_site(make_app):
    app = make_app(
        "empty",
        CALENDAR_PUBLISHER="Ada Éditrice",
        CALENDAR_HOSTING="Hébergeur d'Exemple, 01 00 00 00 00",
        CALENDAR_CONTROLLER="Rectorat d'Exemple",
        CALENDAR_DPO="dpo@ac-exemple.fr",
        CALENDAR_CONTACT="https://ac-exemple.fr/contact",
    )
    client = app.test_client()
    data = client.get("/donnees-personnelles/")
    for said in ("Rectorat d'Exemple", "dpo@ac-exemple.fr", "7 jours", "30 jours", "CNIL"):
        assert said in words(data)
    assert "consentement" in words(data)
    notice = words(client.get("/mentions-legales/"))
    assert "Ada Éditrice" in notice
    assert "Hébergeur d'Exemple, 01 00 00 00 00" in notice
    assert 'href="https://ac-exemple.fr/contact"' in client.get("/mentions-legales/").text


def test_what_the_settings_do_not_say_is_said_to_be_so(client):
    for page in ("/donnees-personnelles/", "/mentions-legales/"):
        assert "non précisé" in words(client.get(page))


def test_every_page_leads_to_the_reminders_and_the_legal_pages(client):
    page = client.get("/?academie=lille").text
    assert 'href="/abonnement/?academie=lille"' in page
    for address in ("/donnees-personnelles/", "/mentions-legales/"):
        assert f'href="{address}?academie=lille"' in page


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_a_network_is_an_ipv4_address_or_what_one_subscriber_of_ipv6_has(site, one, other, same):
    seen = []
    for address in (one, other):
        with site.test_request_context(environ_base={"REMOTE_ADDR": address}):
            seen.append(visitors.network())
    assert (seen[0] == seen[1]) is same
