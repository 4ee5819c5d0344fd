"""Whatever somebody types into a text field, pages, mails and feeds keep the structure that they
have with a harmless text."""

from __future__ import annotations

import csv
import email
import io
import itertools
import json
from datetime import UTC, date, datetime
from email.policy import default
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import icalendar
import pytest
import time_machine
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.editing import events
from calendar_app.editing.journal_export import as_csv
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.feeds.cards import card
from calendar_app.reminders.mail import messages
from calendar_app.store.base import db, writing
from tests.editing.test_events import editor, facts, wanted
from tests.factories import ID, entry, publish
from tests.html_reading import elements
from tests.reminders.test_mails import Desk, read_message
from tests.tools import scaled
from tests.web.editing.test_editor_pages import propose
from tests.web.editing.test_queue_pages import logged_in

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HARMLESS = "Abc"

CORES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</textarea><iframe src=//x.example>",
    "</title></head><body onload=alert(1)>",
    # It contains a word, as the others do: a title without a word resembles no other title, and
    # then the page differs.
    "<!-- abc",
    "]]><!DOCTYPE x>",
    "{{ 7 * 7 }}{% raw %}",
    "{# abc #}${7*7}#{7*7}",
    "&lt;b&gt;&#60;b&#62;&",
    "a\r\nBEGIN:VEVENT\r\nUID:x",
    "a\nEND:VCALENDAR\nBEGIN:VCALENDAR",
    "\\nATTENDEE:mailto:x@x.example",
    ";VALUE=URI:data:text/html,x",
    "a\r\nBcc: x@x.example\r\n.\r\ncorps",
    "a\n.\nQUIT",
    "=HYPERLINK(1)",
    "javascript:alert(1)",
    "[a](javascript:alert(1)) **gras** `x`",
    "\u202e\u2066gnp.exe\u2028x\ufeff\x00\x1b[31m",
)
WRAPS = (
    "{}",
    "x{}",
    "{}x",
    '"{}"',
    "'{}'",
    "<{}>",
    "« {} »",
    "{0} {0}",
    "\t{}\t",
    "é{}",
)
PAYLOADS = [
    wrap.replace("{}", core).replace("{0}", core) for wrap, core in itertools.product(WRAPS, CORES)
]

#: Every text of an event and of its date that a person types.
TEXTS = (
    "title summary organiser place source.name participation.where participation.cost"
    " participation.places"
).split()


class Shape(HTMLParser):
    """The elements of a page, each with the names of its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))

    def handle_comment(self, data):
        self.found.append(("comment", ()))

    def handle_decl(self, decl):
        self.found.append((decl, ()))


def feed_shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    found = icalendar.Calendar.from_ical(text)
    return [(part.name, tuple(sorted(part.keys()))) for part in found.walk()]


def json_shape(value: object) -> object:
    """Return the structure of a JSON value: its names and types."""
    if isinstance(value, dict):
        return {name: json_shape(part) for name, part in value.items()}
    return [json_shape(part) for part in value] if isinstance(value, list) else type(value)


@pytest.fixture
def engine():
    """What is shown is the same from either engine."""
    return "sqlite"


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        date_ = {"kind": "deadline", "day": "2021-02-11", "label": "Abc", "place": "Abc"}
        publish(empty_app, entry(place="Abc", milestones=[date_]), now=NOW)
        propose(empty_app, HARMLESS, "national")
        yield empty_app


def fill(site, text: str) -> None:
    """Put a text into every field that an editor types for an event, and into a draft."""
    with site.app_context():
        who, seen = editor("administrateur"), facts()
        old = seen["milestones.deadline"]
        changes = {name.replace(".", "__"): text for name in TEXTS}
        changes["milestones__deadline"] = old | {"label": text, "place": text}
        changes["participation__cost"] = text
        events.save(db.session, who, wanted(seen, **changes), seen, NOW, why=text)
        with writing(db.session, NOW):
            draft = db.session.scalar(select(Draft))
            cleaned = events.visible_event(db.session, who, ID).title
            draft.title = cleaned
            item = draft.item | {"title": cleaned, "sentence": text, "phrase": text, "place": text}
            draft.item = item


def shapes(site, editor_client) -> dict[str, object]:
    """Return the structure of every page, feed and mail that shows the event or the draft."""
    public, found = site.test_client(), {}
    for address in (
        "/?le=2021-01-04",
        "/agenda/?le=2021-01-04",
        "/calendrier/2021/02/?le=2021-01-04",
        "/annee-scolaire/2020-2021/",
        f"/evenements/{ID}/?le=2021-01-04",
        f"/proposer/?evenement={ID}",
        f"/abonnement/?evenement={ID}",
    ):
        found[address] = Shape(public.get(address).text).found
    found["json-ld"] = [json_shape(told) for told in json_ld_of(public, f"/evenements/{ID}/")]
    for address in (
        f"/embed/agenda/?le=2021-01-04&evenements={ID}",
        f"/integrer/?evenements={ID}",
    ):
        found[address] = Shape(public.get(address).text).found
    for address in (
        "/redaction/",
        "/redaction/lettres/1/",
        "/redaction/propositions/1/",
        f"/redaction/evenements/{ID}/edition-suivante/",
        "/redaction/evenements/nouveau/?proposition=1",
        "/redaction/evenements/",
    ):
        found[address] = Shape(editor_client.get(address).text).found
    for name in ("national", "academie-de-lille"):
        found[name] = feed_shape(public.get(f"/flux/{name}.ics?depuis=2020-09").text)
        atom = ET.fromstring(public.get(f"/flux/{name}.atom?depuis=2020-09").data)  # noqa: S314
        found[f"{name}.atom"] = [(part.tag, tuple(sorted(part.keys()))) for part in atom.iter()]
        found[f"{name}.json"] = json_shape(public.get(f"/flux/{name}.json?depuis=2020-09").json)
    with site.app_context():
        change = db.session.scalar(select(Change).order_by(Change.id.desc()))
        rows = csv.reader(io.StringIO("".join(as_csv(db.session, [[change]]))))
        found["journal"] = [len(row) for row in rows]
        found["mail"] = mail_shape(site)
    return found


def json_ld_of(client, address: str) -> list[object]:
    """Return what the page says in JSON-LD."""
    scripts = elements(client.get(address).text, "script", type="application/ld+json")
    return [json.loads(script.text) for script in scripts]


def mail_shape(site) -> object:
    reference = queries.reference(db.session)
    [milestone] = queries.event(db.session, ID).milestones
    lille = reference.academies.get("lille")
    desk = Desk(site)
    line = messages.ReminderLine(card(milestone, date(2021, 1, 18), lille, reference), None, ())
    raw = read_message(messages.reminder(desk.head, [line], lille))
    mail = email.message_from_bytes(raw, policy=default)
    html = mail.get_body(("html",)).get_content()
    parts = [part.get_content_type() for part in mail.walk()]
    return sorted(mail.keys()), parts, Shape(html).found, mail["To"]


@pytest.mark.long
def test_every_payload_keeps_the_structure_of_a_harmless_text(site):
    assert len(PAYLOADS) >= 200
    client = logged_in(site, "administrateur", None)
    fill(site, "Abcd")
    fill(site, HARMLESS)
    harmless = shapes(site, client)
    step = len(PAYLOADS) // scaled(len(PAYLOADS), 20)
    for payload in PAYLOADS[::step]:
        fill(site, payload)
        found = shapes(site, client)
        for place, shape in harmless.items():
            assert found[place] == shape, (place, payload)


def test_the_shape_of_a_page_shows_what_is_injected():
    """This shows that the test above can fail."""
    assert Shape("<p>a</p>").found != Shape("<p><b>a</b></p>").found
    assert Shape("<p>a</p>").found != Shape('<p onclick="x">a</p>').found
