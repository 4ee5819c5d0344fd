"""Who may open which page: every route × every role × every method, without a form token."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask, url_for
from flask.testing import FlaskClient

from calendar_app.app import create_app
from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of
from calendar_app.editing import accounts, journal
from calendar_app.editing.models.mailbox import DeclaredSender, ReceivedMail
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.reminders import personal_agenda, subscriptions
from calendar_app.store.base import db, writing
from calendar_app.web.editing.room import ask_to_log_in
from calendar_app.web.policies import Policy, hold_to_policies, policy, policy_of
from calendar_app.web.public import legal_views
from calendar_app.web.visitors import links
from calendar_app.words.mail_addresses import MailAddress
from tests.conftest import settings_for
from tests.factories import ID, entry, publish
from tests.web.editing.test_editor_pages import PASSWORD, enter, make_editor, propose
from tests.web.subscription.test_subscription_pages import ALICE, BOB, dump, person, personal_token

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
SAFE = {"GET", "HEAD", "OPTIONS"}
ANYBODY = {Policy.PUBLIC, Policy.PUBLIC_UNCACHED}
#: The one-click request of RFC 8058, sent by a mail program: the only POST without a token.
ONE_CLICK = "personal.unsubscribe"

#: Query parameters that a view requires.
QUERIES = {"embed.oembed": {"url": "http://127.0.0.1:8000/agenda/"}}

#: Parameters in the address of an editors' page about one object.
OBJECTS = {
    *("event_id", "draft_id", "letter_id", "change_id", "source_id"),
    *("sender_id", "mail_id"),
}

#: role → (the editor's role and scope, or None; the policies that let them in beside PUBLIC)
ROLES = {
    "anonymous": (None, set()),
    "link holder": (None, {Policy.LINK_HOLDER}),
    "rédacteur A": (("redacteur", "lille"), {Policy.EDITOR}),
    "responsable A": (("responsable", "lille"), {Policy.EDITOR, Policy.PUBLISHER}),
    "responsable B": (("responsable", "lyon"), {Policy.EDITOR, Policy.PUBLISHER}),
    "administrateur": (
        ("administrateur", None),
        {Policy.EDITOR, Policy.PUBLISHER, Policy.ADMINISTRATOR},
    ),
    "disabled": (("administrateur", None), set()),
}


@pytest.fixture
def engine():
    """Policies are the same on either store."""
    return "sqlite"


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        publish(empty_app, entry(scope={"academies": ["lille"]}), now=NOW)
        own_objects(empty_app)
        # No page of the site is for administrators yet; a page of each policy is added.
        for name, declared in (("p", Policy.PUBLISHER), ("a", Policy.ADMINISTRATOR)):
            view = policy(declared)(lambda: "ok")
            empty_app.add_url_rule(f"/redaction/essai-{name}/", f"essai-{name}", view)
        yield empty_app


def own_objects(site: Flask) -> None:
    """Make one object of each kind that an editor of Lille has, each with the id 1."""
    propose(site, "Concours de Lille", "academie/lille")
    with site.app_context(), writing(db.session, NOW):
        source = Source(name="Agenda", address="https://agenda.example/", created_at=NOW)
        source.next_fetch_at, source.scope = NOW, {"academie/lille"}
        db.session.add(source)
        sender = DeclaredSender(address="a@b.example", created_at=NOW)
        sender.scope = {"academie/lille"}
        mail = ReceivedMail(identity="0" * 64, state=MailState.WAITING, received_at=NOW)
        mail.size, mail.data, mail.sender = 1, b"a", "a@b.example"
        db.session.add_all((sender, mail))
        event = queries.event(db.session, ID)
        kind, action = ChangeSubject.EVENT, ChangeAction.EDITED
        facts = facts_of(event_entry(event, queries.reference(db.session).academies))
        old = facts | {"title": "Ancien titre"}
        journal.note(
            db.session, None, kind, ID, "Titre", action, old, facts, {"academie/lille"}, NOW
        )


def routes(site: Flask, tokens: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return address → method → the endpoint that answers it.

    :param tokens: endpoint → the token in its address; the key "" is for all other endpoints.
    """
    values = {
        "event_id": ID,
        "name": "national",
        "filename": "app.css",
        "label": "2020-2021",
        "form": "ics",
    }
    values |= {"year": 2021, "month": 1, "number": 1} | dict.fromkeys(OBJECTS - {"event_id"}, 1)
    found: dict[str, dict[str, str]] = {}
    with site.test_request_context():
        for rule in site.url_map.iter_rules():
            given = values | {"token": tokens.get(rule.endpoint, tokens[""])}
            asked = {name: given[name] for name in rule.arguments}
            address = url_for(rule.endpoint, **asked, **QUERIES.get(rule.endpoint, {}))
            for method in rule.methods:
                found.setdefault(address, {})[method] = rule.endpoint
    return found


def room_of_objects(site: Flask) -> set[str]:
    """Return the views of the room that are about one object."""
    rules = site.url_map.iter_rules()
    return {r.endpoint for r in rules if r.arguments & OBJECTS and r.rule.startswith("/redaction/")}


def tokens_of_holder(site: Flask) -> dict[str, str]:
    """Return endpoint → token, for a person who holds a link of every kind."""
    personal = personal_token(site)
    with site.test_request_context():
        uid = person(site, ALICE).uid
        personal_agenda.start(db.session, uid, NOW)
        agenda = personal_agenda.of_subscriber(db.session, person(site, ALICE))
        subscriptions.ask_new_address(db.session, uid, MailAddress.read(BOB), NOW)
        role, lille = EditorRole.PREPARER, frozenset({"academie/lille"})
        return {
            "": personal,
            "agenda.feed": links().agenda_token(agenda.uid),
            "subscription.new_address": links().new_address_token(uid, BOB),
            "editor.password": accounts.add(db.session, "new@x.example", "Neuf", role, lille, NOW),
        }


def enter_as(site: Flask, role: str) -> FlaskClient:
    """Return the client of somebody of this role."""
    client, (editor, _) = site.test_client(), ROLES[role]
    if editor:
        address = make_editor(site, *editor)
        assert enter(client, address, PASSWORD).status_code == 303
        if role == "disabled":
            with site.app_context():
                accounts.disable(db.session, address, NOW)
    return client


def expected(declared: Policy, role: str, method: str, endpoint: str, of_lille: bool) -> str:
    """Return what a request without a form token must be answered.

    :param of_lille: whether the address names an object of Lille. For an editor of another
        académie that object does not exist, whatever they send.
    """
    editor, lets_in = ROLES[role]
    if declared not in ANYBODY | lets_in:
        if declared is Policy.LINK_HOLDER:
            return "404"
        return "403" if editor and role != "disabled" else "to log in"
    if of_lille and role == "responsable B":
        return "404"
    if method in SAFE:
        return "shown"
    return "done" if endpoint == ONE_CLICK else "400"


def is_kept_rightly(answer, declared: Policy | None) -> bool:
    """Return whether the headers for caches are those of the policy.

    :param declared: None for a method that the address does not have.
    """
    headers, method = answer.headers, answer.request.method
    is_shown = answer.status_code == 200 or 300 < answer.status_code < 400
    if declared is not Policy.PUBLIC or method not in ("GET", "HEAD") or not is_shown:
        return headers["Cache-Control"] == "private, no-store"
    cached = headers["Cache-Control"].startswith("public, max-age=")
    is_whole = answer.status_code == 200
    has_etag = headers.get("ETag", "").startswith('"') and "Accept-Encoding" in headers["Vary"]
    return cached and "Set-Cookie" not in headers and (has_etag or not is_whole)


def answered(answer) -> str:
    status = answer.status_code
    if status == 303 and answer.headers["Location"].partition("?")[0] == "/redaction/connexion/":
        return "to log in"
    if answer.request.method in SAFE and (status == 200 or 300 < status < 400):
        return "shown"
    return "done" if status == 200 else str(status)


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_every_route_and_method_is_answered_as_its_policy_says(site, role):
    tokens = tokens_of_holder(site)
    client = enter_as(site, role)
    shown = tokens if role == "link holder" else {"": "x.y"}
    wrong, unrefused, policies, before = [], set(), set(), dump(site)
    for address, endpoints in routes(site, shown).items():
        for method in METHODS:
            endpoint = endpoints.get(method)
            if endpoint == ONE_CLICK and method == "POST" and role == "link holder":
                continue  # it changes the store, so it comes last
            answer = client.open(address, method=method)
            answer.close()  # otherwise a static file stays open
            if endpoint is None:
                wanted, declared = "405", None
            else:
                declared = policy_of(site, endpoint)
                policies.add(declared)
                of_lille = endpoint in room_of_objects(site)
                wanted = expected(declared, role, method, endpoint, of_lille)
            if answered(answer) != wanted:
                wrong.append((method, address, answer.status_code, wanted))
            if not is_kept_rightly(answer, declared):
                wrong.append((method, address, str(answer.headers)))
            if method not in SAFE and answer.status_code < 300:
                unrefused.add(endpoint)
    assert wrong == []
    assert policies == set(Policy)
    assert unrefused == set()
    assert dump(site) == before, "somebody changed something without a token"
    if role == "link holder":
        [address] = [a for a, e in routes(site, shown).items() if e.get("POST") == ONE_CLICK]
        assert client.post(address).status_code == 200
        assert dump(site) != before


def test_the_link_of_one_is_no_link_of_another_kind(site):
    tokens = tokens_of_holder(site)
    client = site.test_client()
    for place in ("agenda.feed", "subscription.new_address", "editor.password"):
        for other in ({*tokens} | {""}) - {place}:
            for address, endpoints in routes(site, {"": "x", place: tokens[other]}).items():
                if place in endpoints.values():
                    assert client.get(address).status_code == 404


def test_the_application_does_not_start_with_a_view_without_a_policy(tmp_path, monkeypatch):
    monkeypatch.delattr(legal_views.notice, "policy")
    with pytest.raises(RuntimeError, match=r"the view 'legal.notice' declares no policy: write"):
        create_app(settings_for(f"sqlite:///{tmp_path}/store.sqlite3", tmp_path))


def test_a_view_that_is_added_later_without_a_policy_never_answers(site):
    site.add_url_rule("/tard/", "late", lambda: "secret")
    answer = site.test_client().get("/tard/")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    with pytest.raises(RuntimeError, match="'late'"):
        hold_to_policies(site, ask_to_log_in)
