"""An editor's forgotten password: the page, the mail, the link, and that no secret leaks."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from calendar_app.app import answer_requests, letterhead
from calendar_app.editing import accounts, other_mails
from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.editing.password_links import (
    PASSWORD_LINK_LIFE,
    SELF_SERVICE_LIFE,
    PasswordLinkError,
)
from calendar_app.reminders import asked, attempts, outbox, outbox_status
from calendar_app.reminders.composing import Composer
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt
from calendar_app.reminders.rules.deliveries import DOUBT, DeliveryKind, DeliveryState
from calendar_app.store import limits
from calendar_app.store.base import db, writing
from calendar_app.words.mail_addresses import MailAddress
from tests.editing.test_editors import LINKS
from tests.mail_factories import deliveries
from tests.reminders.test_outbox import Clock, claimed, run
from tests.smtp_server import mail_server, scripted_server
from tests.web.editing.test_editor_pages import LOG_IN, NOW, PASSWORD, enter, make_editor
from tests.web.subscription.test_subscription_pages import dump, jeton, words, worker_answers

FORGOTTEN = "/redaction/mot-de-passe/"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZOE, ALI = "responsable-lille@x.example", "responsable-lyon@x.example"


@pytest.fixture
def site(make_app):
    with time_machine.travel(NOW, tick=False):
        app = make_app("empty", CALENDAR_SMTP_RATE="1000")
        make_editor(app)
        yield app


@pytest.fixture
def client(site):
    return site.test_client()


def forget(site, address: str = ZOE, now: datetime = NOW) -> None:
    """Ask for a link as the page does, and queue the mail as the worker does."""
    with site.app_context():
        asked.password(db.session, MailAddress.read(address), now)
        answer_requests(site, now)


def ask(client, address: str):
    token = jeton(client, FORGOTTEN)
    answer = client.post(FORGOTTEN, data={"adresse": address, "jeton": token})
    worker_answers(client.application)
    return answer


def link_in(mail: bytes) -> str:
    """Return the path of the link in a mail."""
    text = mail.replace(b"=\r\n", b"").decode()
    [token] = {*re.findall("/redaction/mot-de-passe/([A-Za-z0-9_-]+)/", text)}
    return f"{FORGOTTEN}{token}/"


@pytest.mark.long
def test_from_the_page_to_the_mail_to_the_room(site, client):
    assert f'href="{FORGOTTEN}"' in client.get(LOG_IN).text
    answer = ask(client, ZOE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LOG_IN}?fait=lien")
    with mail_server() as server:
        assert run(site, server.url, Clock(NOW)).sent == 1
        assert run(site, server.url, Clock(NOW)).sent == 0
        [mail] = server.mails
    assert mail.recipient == ZOE
    path, wanted = link_in(mail.data), "une autre phrase, tout aussi longue"
    # The old password works until the link is used; a GET does not use the link.
    assert client.get(path).status_code == client.get(path).status_code == 200
    assert enter(client, ZOE, PASSWORD).status_code == 303
    both = {"mot_de_passe": wanted, "encore": wanted, "jeton": jeton(client, path)}
    assert client.post(path, data=both).status_code == 303
    assert client.get("/redaction/").status_code == 303  # the session died with the password
    assert client.get(path).status_code == 404
    assert enter(client, ZOE, PASSWORD).status_code == 400
    assert enter(client, ZOE, wanted).status_code == 303
    assert deliveries(site) == {("password", "sent"): 1}


def test_the_answer_is_the_same_for_known_unknown_and_disabled(site, client):
    make_editor(site, slug="lyon")
    with site.app_context():
        accounts.disable(db.session, ALI, NOW)
    seen = set()
    for address in (ZOE, ALI, "personne@x.example"):
        answer = ask(client, address)
        shown = client.get(answer.headers["Location"])
        text = re.sub(r'name="jeton" value="[^"]+"', "", shown.text)
        seen.add((answer.status_code, answer.headers["Location"], text))
    assert len(seen) == 1
    assert "Si un compte de la rédaction existe à cette adresse" in words(shown)
    assert deliveries(site) == {("password", "pending"): 1}


def test_neither_the_token_nor_the_address_is_anywhere_it_should_not_be(site, caplog):
    caplog.set_level(logging.DEBUG)
    forget(site)
    with site.app_context():
        link, delivery = (
            db.session.scalar(select(PasswordLink)),
            db.session.scalar(select(Delivery)),
        )
        token = letterhead(site).links.password_token(delivery.id, delivery.created_at)
        assert link.token_hash == letterhead(site).links.digest(token)
    # The same is true in doubt, when other mails keep their bytes in the store.
    with scripted_server("accepts then closes") as server:
        run(site, server.url, Clock(NOW))
        assert link_in(server.accepted[0]) == f"{FORGOTTEN}{token}/"
    assert deliveries(site) == {("password", "in_doubt"): 1}
    held = dump(site)
    assert token not in str(held)
    assert ZOE not in str({name: rows for name, rows in held.items() if name != "editor"})
    assert token not in caplog.text
    assert ZOE not in caplog.text


def test_a_link_in_doubt_is_not_sent_again_but_for_a_person_and_then_alike(site):
    forget(site)
    clock = Clock(NOW)
    with scripted_server("accepts then closes") as server:
        run(site, server.url, clock)
        clock.now += DOUBT + MINUTE
        run(site, server.url, clock)
        assert deliveries(site) == {("password", "parked"): 1}
        with site.app_context():
            assert outbox_status.retry(db.session, None, clock.now) == 1
        run(site, server.url, clock)
        first, second = server.accepted
        assert first == second


def test_a_link_ends_after_a_day(site, client):
    forget(site)
    with mail_server() as server:
        run(site, server.url, Clock(NOW))
        path = link_in(server.mails[0].data)
    with time_machine.travel(NOW + SELF_SERVICE_LIFE - MINUTE, tick=False):
        assert client.get(path).status_code == 200
    with time_machine.travel(NOW + SELF_SERVICE_LIFE, tick=False):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "n'est plus valable" in words(answer)


def test_nothing_goes_out_when_the_link_has_ended(site):
    forget(site)
    with mail_server() as server:
        run(site, server.url, Clock(NOW + DAY))
        assert server.mails == []
    assert deliveries(site) == {("password", "expired"): 1}


def disable() -> None:
    accounts.disable(db.session, ZOE, NOW)


def use() -> None:
    accounts.set_password(db.session, accounts.reset(db.session, ZOE, NOW), PASSWORD, NOW)


def another() -> None:
    accounts.reset(db.session, ZOE, NOW)


@pytest.mark.parametrize("end", [disable, use, another])
def test_a_link_that_died_is_stopped_at_the_gate_and_then_given_up(site, end):
    forget(site)
    [mail] = claimed(site, "one", NOW)
    with site.app_context():
        [ready] = Composer(letterhead(site), other_mails).prepare(db.session, [mail], NOW)
        assert ready.recipient == ZOE
        end()
        assert attempts.gate(db.session, [ready], NOW, other_mails) == set()
    with mail_server() as server:
        run(site, server.url, Clock(NOW))
        assert server.mails == []
    assert deliveries(site) == {("password", "cancelled"): 1}


def test_a_link_that_another_key_made_is_not_sent(site):
    forget(site)
    with site.app_context(), writing(db.session, NOW):
        db.session.execute(update(PasswordLink).values(token_hash="0" * 64))
    with mail_server() as server:
        run(site, server.url, Clock(NOW))
        assert server.mails == []


def test_a_stranger_who_asks_changes_nothing_of_what_the_editor_has(site):
    with site.app_context():
        handed = accounts.reset(db.session, ZOE, NOW)
    forget(site)
    with site.app_context():
        assert accounts.of_link(db.session, handed, NOW)
        assert db.session.scalar(select(Editor.session_epoch)) == 1
        accounts.set_password(db.session, handed, PASSWORD, NOW)
        # The link that was not used is deleted.
        assert db.session.scalar(select(func.count()).select_from(PasswordLink)) == 1


def test_an_address_that_a_server_refuses_stops_no_account(site):
    forget(site)
    with scripted_server("5xx at RCPT") as server:
        run(site, server.url, Clock(NOW))
    assert deliveries(site) == {("password", "failed"): 1}
    with site.app_context():
        assert "@" not in (db.session.scalar(select(DeliveryAttempt.reply)) or "")
        assert db.session.scalar(select(Editor.disabled_at)) is None


def test_an_operator_may_mail_the_link_instead(site):
    with site.app_context():
        first = accounts.reset(db.session, ZOE, NOW)
        accounts.mail_link(db.session, ZOE, letterhead(site).links, NOW)
        with pytest.raises(PasswordLinkError):
            accounts.of_link(db.session, first, NOW)
        with pytest.raises(accounts.EditorError, match="Personne"):
            accounts.mail_link(db.session, "personne@x.example", LINKS, NOW)
    with mail_server() as server:
        run(site, server.url, Clock(NOW))
        path = link_in(server.mails[0].data)
    with time_machine.travel(NOW + PASSWORD_LINK_LIFE - MINUTE, tick=False):
        assert site.test_client().get(path).status_code == 200


# -- the page --------------------------------------------------------------------------------------


def test_limits_hold_for_an_address_and_for_a_network_and_nobody_is_told_of_the_first(
    site, client, monkeypatch
):
    for _ in range(limits.PASSWORD_MAILS_AN_ADDRESS.most + 1):
        assert ask(client, ZOE).status_code == 303
    assert deliveries(site) == {("password", "pending"): limits.PASSWORD_MAILS_AN_ADDRESS.most}
    limit = replace(limits.PASSWORD_MAILS_A_SOURCE, most=1, name="other")
    monkeypatch.setattr(limits, "PASSWORD_MAILS_A_SOURCE", limit)
    assert ask(client, "un@x.example").status_code == 303
    answer = ask(client, "deux@x.example")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert 'value="deux@x.example"' in answer.text


def test_the_form_is_good_in_its_browser_only_and_keeps_what_was_typed(site, client):
    token, before = jeton(client, FORGOTTEN), dump(site)
    stranger = site.test_client()
    for browser, given in ((stranger, token), (client, "x")):
        answer = browser.post(FORGOTTEN, data={"adresse": ZOE, "jeton": given})
        assert answer.status_code == 400
        assert f'value="{ZOE}"' in answer.text
        assert dump(site) == before
    answer = client.post(FORGOTTEN, data={"adresse": "zoé", "jeton": token})
    assert answer.status_code == 400
    assert 'href="#f-adresse"' in answer.text
    assert dump(site) == before


def test_a_password_mail_is_claimed_before_the_reminders(site):
    """A person waits for the password mail."""
    assert DeliveryKind.PASSWORD.is_answer
    with site.app_context(), writing(db.session, NOW):
        delivery = outbox.queue_other(db.session, DeliveryKind.SUGGESTION, NOW)
        assert delivery.state is DeliveryState.PENDING
    forget(site)
    assert [m.kind.value for m in claimed(site, "one", NOW)] == ["password", "suggestion"]
