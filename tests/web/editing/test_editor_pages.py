"""The pages of ``/redaction/``: logging in, setting a password, and what each editor sees."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from flask import request
from sqlalchemy import delete, select
from werkzeug.datastructures import MultiDict

from calendar_app.editing import accounts
from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.editing.models.letters import Draft, Letter
from calendar_app.editing.rules.draft_states import Proposal
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.letters.as_json import contract
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.store import limits
from calendar_app.store.base import db, writing
from calendar_app.web import editor_session
from calendar_app.web.editing import kept_forms
from calendar_app.web.policies import Policy, policy
from calendar_app.words.vocabulary import Certainty
from tests.editing.test_editors import HASHED, PASSWORD
from tests.web.subscription.test_subscription_pages import dump, jeton, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LOG_IN, ROOM, LOG_OUT = "/redaction/connexion/", "/redaction/", "/redaction/deconnexion/"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def site(empty_app, clock):
    return empty_app


@pytest.fixture
def client(site):
    return site.test_client()


def make_editor(site, role: str = "responsable", slug: str | None = "lille") -> str:
    """Add an editor with a password; return the address."""
    address = f"{role}-{slug}@x.example"
    scope = frozenset({f"academie/{slug}"} if slug else ())
    with site.app_context():
        accounts.add(db.session, address, f"Zoé {slug}", EditorRole(role), scope, NOW)
        with writing(db.session, NOW):
            editor = db.session.scalar(select(Editor).where(Editor.address == address))
            editor.password_hash = HASHED
            db.session.execute(delete(PasswordLink))
    return address


def enter(client, address: str, password: str = PASSWORD):
    """Log in as a browser does."""
    data = {"adresse": address, "mot_de_passe": password, "jeton": jeton(client, LOG_IN)}
    return client.post(LOG_IN, data=data)


def link_for(site, address: str = "neuf@x.example") -> str:
    with site.app_context():
        lille = frozenset({"academie/lille"})
        token = accounts.add(db.session, address, "Zoé", EditorRole.PREPARER, lille, NOW)
    return f"/redaction/mot-de-passe/{token}/"


class Hidden(HTMLParser):
    """The hidden fields and the texts of a page's main form, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields, self._name = MultiDict(), None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields.add(given["name"], given["value"])
        elif tag == "textarea":
            self._name, self._text = given["name"], ""

    def handle_data(self, data):
        if self._name:
            self._text += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            # A browser leaves out the first line break.
            self.fields.add(self._name, self._text.removeprefix("\n"))
            self._name = None


def hidden(answer) -> MultiDict:
    reader = Hidden()
    reader.feed(answer.text[answer.text.index("<main") :])
    return reader.fields


def read_item(given: dict, sentence: str, *scope: str) -> DatedItem:
    """Return the item that the letter reader would have made for these columns of a draft."""
    own = ("title", "kind", "step", "last_day", "certainty", "status", "confidence")
    return DatedItem(
        **{name: given[name] for name in own},
        first_day=given.get("first_day"),
        start_time=None,
        end_time=None,
        time_zone=None,
        academies=tuple(c.partition("/")[2] for c in scope if c.startswith("academie/")),
        departments=tuple(c.partition("/")[2] for c in scope if c.startswith("departement/")),
        place=None,
        classes=(),
        themes=(),
        event_type=None,
        organiser=None,
        url=None,
        phrase="avant le 11 février",
        sentence=sentence,
        offset=sentence.index("avant"),
        rule="essai",
        warnings=(),
    )


def propose(site, title: str, *scope: str, **given) -> None:
    """Put a draft into the store."""
    with site.app_context(), writing(db.session, NOW):
        found = db.session.scalar(select(Letter))
        letter = found or Letter(
            checksum="0" * 64,
            title="Lettre d'essai",
            file_name="lettre.txt",
            issued=date(2020, 12, 15),
            issued_from="écrite",
            text="",
            imported_at=NOW,
        )
        values = {
            "letter": letter,
            "position": len(letter.drafts),
            "proposal": Proposal.NEW_EVENT,
            "title": title,
            "kind": ItemKind.DEADLINE,
            "step": Step.REGISTRATION,
            "last_day": date(2021, 2, 11),
            "certainty": Certainty.DAY,
            "status": ItemStatus.PLANNED,
            "confidence": 0.9,
            "created_at": NOW,
        }
        given = values | given
        sentence = f"Inscrivez-vous à {title} avant le 11 février."
        draft = Draft(**given, item=contract(read_item(given, sentence, *scope)))
        draft.scope = set(scope)
        db.session.add(draft)


# -- from the link to the room ---------------------------------------------------------------------


def test_from_the_link_to_the_room_and_out(site, client):
    link = link_for(site)
    page = client.get(link)
    assert "Pour le compte de Zoé ." in words(page)
    assert 'value="neuf@x.example"' in page.text
    assert "Set-Cookie" not in page.headers
    both = {"mot_de_passe": PASSWORD, "encore": PASSWORD}
    answer = client.post(link, data=both | {"jeton": jeton(client, link)})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LOG_IN}?fait=mot-de-passe")
    assert "Votre mot de passe est enregistré" in words(client.get(answer.headers["Location"]))
    assert client.get(link).status_code == 404
    answer = enter(client, "neuf@x.example")
    assert (answer.status_code, answer.headers["Location"]) == (303, ROOM)
    room = client.get(ROOM)
    assert "Vous êtes Zoé , rédaction, académie de Lille." in words(room)
    assert "Rien n'attend d'être vérifié" in words(room)
    answer = client.post(LOG_OUT, data={"jeton": jeton(client, ROOM, LOG_OUT)})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LOG_IN}?fait=deconnexion")
    assert client.get(ROOM).headers["Location"] == LOG_IN


@pytest.mark.parametrize(
    ("typed", "encore", "said", "field"),
    [
        ("court", "court", "au moins 12 signes", "f-mot_de_passe"),
        (PASSWORD, f"{PASSWORD}s", "ne sont pas les mêmes", "f-encore"),
    ],
)
def test_a_password_that_is_not_accepted_is_explained(site, client, typed, encore, said, field):
    link = link_for(site)
    data = {"mot_de_passe": typed, "encore": encore, "jeton": jeton(client, link)}
    before = dump(site)
    answer = client.post(link, data=data)
    assert answer.status_code == 400
    assert said in words(answer)
    assert f'href="#{field}"' in answer.text
    assert typed not in answer.text
    assert dump(site) == before


@pytest.mark.parametrize("token", ["x", "%FF", "%00", "a" * 5000])
def test_a_link_that_is_none_is_a_404(client, token):
    assert client.get(f"/redaction/mot-de-passe/{token}/").status_code == 404


# -- the session -----------------------------------------------------------------------------------


def cookie(answer) -> set[str]:
    """The attributes of the one cookie of an answer."""
    [text] = answer.headers.getlist("Set-Cookie")
    name, *attributes = text.split("; ")
    assert name.startswith("redaction=")
    return set(attributes)


def test_the_cookie_is_for_the_room_only_and_for_eight_hours(site, client):
    wanted = {"Expires=Mon, 04 Jan 2021 17:00:00 GMT", "HttpOnly", "Path=/redaction/"}
    answer = enter(client, make_editor(site))
    assert cookie(answer) == wanted | {"SameSite=Lax"}
    assert "Set-Cookie" not in client.get(ROOM).headers
    for address in ("/", "/abonnement/", "/flux/national.ics"):
        public = client.get(address)
        assert "Set-Cookie" not in public.headers
        assert "Cookie" not in public.headers.get("Vary", "")


def test_the_cookie_wants_https_where_the_site_has_it(make_app, clock):
    site = make_app("empty", CALENDAR_PUBLIC_URL="https://calendrier.example")
    answer = site.test_client().get(LOG_IN, base_url="https://calendrier.example")
    assert "Secure" in cookie(answer)


def test_a_session_ends_after_eight_hours_of_work(site, client, clock):
    enter(client, make_editor(site))
    for _ in range(7):
        clock.shift(HOUR)
        assert client.get(ROOM).status_code == 200
    clock.shift(HOUR + MINUTE)
    assert client.get(ROOM).headers["Location"] == LOG_IN


def test_a_stolen_cookie_is_dead_after_a_new_password(site, client):
    address = make_editor(site)
    enter(client, address)
    assert client.get(ROOM).status_code == 200
    with site.app_context():
        token = accounts.reset(db.session, address, NOW)
        accounts.set_password(db.session, token, "un nouveau mot de passe", NOW)
    assert client.get(ROOM).headers["Location"] == LOG_IN


def test_nobody_keeps_or_lists_a_page_of_the_room(site, client):
    enter(client, make_editor(site))
    for address in (LOG_IN, ROOM, link_for(site)):
        headers = client.get(address).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["Referrer-Policy"] == "no-referrer"


# -- logging in ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_refusal_is_the_same_for_all_and_keeps_the_address(site, client):
    known = make_editor(site)
    pages = []
    for address in (known, "inconnu@x.example"):
        answer = enter(client, address, "un mot de passe faux")
        assert answer.status_code == 400
        assert f'value="{address}"' in answer.text
        assert "un mot de passe faux" not in answer.text
        pages.append(re.sub(r'name="jeton" value="[^"]+"', "", answer.text.replace(address, "…")))
    assert pages[0] == pages[1]
    assert "L'adresse ou le mot de passe ne convient pas." in words(answer)
    assert 'href="#f-adresse"' in answer.text
    assert client.get(ROOM).status_code == 303


@pytest.mark.parametrize(
    ("data", "field"),
    [({"adresse": "", "mot_de_passe": "x"}, "adresse"), ({"adresse": "x"}, "mot_de_passe")],
)
def test_what_is_missing_is_said_and_not_counted(site, client, data, field):
    before = dump(site)
    answer = client.post(LOG_IN, data=data | {"jeton": jeton(client, LOG_IN)})
    assert answer.status_code == 400
    assert f'href="#f-{field}"' in answer.text
    assert dump(site) == before


def test_too_many_tries_are_told_to_wait(site, client, monkeypatch):
    address = make_editor(site)
    limit = replace(limits.LOGINS_AN_ADDRESS, most=1)
    monkeypatch.setattr(limits, "LOGINS_AN_ADDRESS", limit)
    enter(client, address, "un mot de passe faux")
    answer = enter(client, address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "Réessayez dans 60 minutes." in words(answer)
    assert client.get(ROOM).status_code == 303


@pytest.mark.long
def test_a_form_is_only_good_in_the_browser_that_it_was_shown_to(site, client):
    """Otherwise another site could log somebody in as another person, or log them out."""
    address, thief = make_editor(site), site.test_client()
    data = {"adresse": address, "mot_de_passe": PASSWORD, "jeton": jeton(client, LOG_IN)}
    for browser in (thief, site.test_client(use_cookies=False)):
        answer = browser.post(LOG_IN, data=data)
        assert answer.status_code == 400
        assert "refuse les cookies" in words(answer)
    enter(client, address)
    enter(thief, make_editor(site, slug="lyon"))
    for wrong in ("", jeton(thief, ROOM, LOG_OUT), jeton(client, LOG_IN)):
        assert client.post(LOG_OUT, data={"jeton": wrong}).status_code == 400
        assert client.get(ROOM).status_code == 200


def test_a_form_is_good_for_an_hour(site, client, clock):
    data = {"adresse": make_editor(site), "mot_de_passe": PASSWORD, "jeton": jeton(client, LOG_IN)}
    clock.shift(HOUR + MINUTE)
    assert client.post(LOG_IN, data=data).status_code == 400


# -- a session that ended --------------------------------------------------------------------------


def test_whoever_comes_from_a_link_goes_there_after_the_log_in(site, client):
    address = make_editor(site)
    site.add_url_rule("/redaction/essai/", "essai", policy(Policy.EDITOR)(lambda: "ici"))
    answer = client.get("/redaction/essai/?q=1")
    assert answer.headers["Location"] == f"{LOG_IN}?suite=/redaction/essai/?q%3D1"
    page = client.get(answer.headers["Location"])
    assert 'name="suite" value="/redaction/essai/?q=1"' in page.text
    data = {"adresse": address, "mot_de_passe": PASSWORD, "suite": "/redaction/essai/?q=1"}
    answer = client.post(LOG_IN, data=data | {"jeton": jeton(client, LOG_IN)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/redaction/essai/?q=1")


@pytest.mark.parametrize("place", ["https://autre.example/", "//autre.example/", "/", "x"])
def test_a_log_in_leads_nowhere_else(site, client, place):
    data = {"adresse": make_editor(site), "mot_de_passe": PASSWORD, "suite": place}
    answer = client.post(LOG_IN, data=data | {"jeton": jeton(client, LOG_IN)})
    assert answer.headers["Location"] == ROOM


def test_what_was_typed_while_the_session_ended_is_given_back(site, client, clock, monkeypatch):
    monkeypatch.setitem(kept_forms.GIVEN_BACK, "essai", "un essai")
    address, seen = make_editor(site), []

    @policy(Policy.EDITOR)
    def essai():
        seen.append((editor_session.is_fresh(), request.form.to_dict(flat=False)))
        return "reçu"

    site.add_url_rule("/redaction/essai/", "essai", essai, methods=["POST"])
    enter(client, address)
    clock.shift(9 * HOUR)
    typed = {"titre": "L'été <b>", "texte": "\nun\r\ndeux\n", "classe": ["cp", "ce1"]}
    sent = typed | {"jeton": "trop vieux"}
    for headers in ({}, {"Origin": "https://autre.example"}, {"Sec-Fetch-Site": "cross-site"}):
        # A form from another site is given back to nobody, and ends no session.
        answer = client.post("/redaction/essai/", data=sent, headers=headers)
        assert answer.status_code == 303
        assert "Set-Cookie" not in answer.headers
    ours = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post("/redaction/essai/", data=sent, headers=ours)
    assert answer.status_code == 403
    assert "ce que vous avez écrit est gardé" in words(answer)
    assert seen == []
    wrong = hidden(answer) | {"adresse": address, "mot_de_passe": "autre chose encore"}
    answer = client.post(LOG_IN, data=wrong)
    assert answer.status_code == 400
    answer = client.post(
        LOG_IN, data=hidden(answer) | {"adresse": address, "mot_de_passe": PASSWORD}
    )
    assert "rien n'est encore enregistré" in words(answer)
    form = client.post("/redaction/essai/", data=hidden(answer))
    assert form.text == "reçu"
    [(fresh, given)] = seen
    jeton_ = given.pop("jeton")
    assert (fresh, len(jeton_)) == (True, 1)
    expected = {"titre": ["L'été <b>"], "texte": ["\nun\r\ndeux\n"], "classe": ["cp", "ce1"]}
    assert {name: [t.replace("\r\n", "\n") for t in texts] for name, texts in given.items()} == {
        name: [t.replace("\r\n", "\n") for t in texts] for name, texts in expected.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("kept", ["[" * 3000, '[["a", "\\ud800"]]', '{"a": 1}', "[[1]]", "x"])
def test_a_crafted_log_in_breaks_nothing(site, client, kept):
    data = {"adresse": "x@x.example", "mot_de_passe": "x", "jeton": jeton(client, LOG_IN)}
    answer = client.post(LOG_IN, data=data | {"suite": "/redaction/x/", "suite_champs": kept})
    assert answer.status_code == 400
