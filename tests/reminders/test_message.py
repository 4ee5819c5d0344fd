"""The bytes of a mail: a form filled with values equals a mail that is built with them."""

from __future__ import annotations

import email
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, select_autoescape

from calendar_app.reminders.mail.form import Form
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.words import french
from calendar_app.words.text import clean, clean_line, shortened
from tests.tools import scaled

PUBLIC_URL = "https://concours.ac-exemple.fr"
LINKS = PersonalLinks("une clé d'essai assez longue pour signer", PUBLIC_URL)
SENDER = Address("Concours – académie d'Exemple", "rappels", "ac-exemple.fr")
NOON = datetime(2021, 1, 4, 12, 0, tzinfo=timezone(timedelta(hours=1)))
TOKENS = ("aB3._-" * 9)[:50], ("Zz0-_." * 30)[:160]
KIND = DeliveryKind.LINK
TEMPLATES = {
    "mail/link/subject.txt": "{{ title }}\n",
    "mail/link/body.txt": (
        "{{ title }}\n{{ content }}{{ links.manage(token) }}{{ content }}\n{{ code }}\n{{ token }}"
    ),
    "mail/link/body.html": (
        "<h1>{{ title }}</h1>{{ content }}<a href='{{ links.manage(token) }}'>{{ code }}</a>\n"
        "{{ token }}{{ code }}{{ content }}"
    ),
}
ENVIRONMENT = Environment(loader=DictLoader(TEMPLATES), autoescape=select_autoescape(["html"]))
HEAD = Letterhead(ENVIRONMENT, LINKS, "Concours « scolaires »", SENDER)
FILLED = {
    "token": TOKENS[0],
    "recipient": "camille@ecole.example",
    "message_id": "17.reminder@ac-exemple.fr",
    "date": NOON,
    "code": "048213",
}

HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=80),
        st.sampled_from(
            [
                "\n",
                "=\n",
                "=\r\n",
                "\r\nBcc: a@b.example\r\n",
                "\n.\n",
                "..",
                " \n",
                "\t\n",
                "--=_rappels",
                "\n--=_rappels--\n",
                "=?utf-8?q?Bonjour?=",
                "<script>",
                "🎓👩🏽‍🏫",
                "é" * 80,
                "a" * 200,
                "x0123456789abcdef01234567x",
                "{{ token }}",
                "\nFrom moi\n",
                "\x00\x0b\x85\u2028",
            ]
        ),
    ),
    max_size=6,
).map("".join)


def build(title: str = "Votre lien", content: str = "", head: Letterhead = HEAD) -> Message:
    return Message.build(head, KIND, {"title": title, "content": content})


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    assert not [part.defects for part in found.walk() if part.defects]
    return found


def rendered(name: str, title: str, content: str, token: str, code: str) -> str:
    template = ENVIRONMENT.get_template(f"mail/link/{name}")
    text = template.render(title=title, content=content, links=LINKS, token=token, code=code)
    return clean(text).strip("\n") + "\n"


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


@settings(max_examples=scaled(500))
@given(title=HOSTILE, content=HOSTILE, token=st.sampled_from(TOKENS))
@example("Essai\r\nBcc: eve@example.org", "=\n.\n", TOKENS[1])
@example("=?utf-8?q?Bcc?=", "", TOKENS[0])
def test_a_filled_mail_is_the_mail_built_with_the_values(title, content, token):
    raw = build(title, content).fill(**FILLED | {"token": token}).data
    mail = parsed(raw)
    fresh = EmailMessage()
    fresh["To"] = FILLED["recipient"]
    fresh["Message-ID"] = f"<{FILLED['message_id']}>"
    fresh["Date"] = NOON.astimezone(UTC)
    fresh["List-Unsubscribe"] = f"<{PUBLIC_URL}/abonnement/lien/{token}/desabonnement/>"
    fresh["From"] = SENDER
    fresh["Subject"] = shortened(clean_line(title), 89)
    fresh["Auto-Submitted"] = "auto-generated"
    fresh["List-Id"] = "Concours « scolaires » <rappels.concours.ac-exemple.fr>"
    fresh["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (
        rendered(name, title, content, token, FILLED["code"]) for name in ("body.txt", "body.html")
    )
    fresh.set_content(text)
    fresh.add_alternative(html, subtype="html")
    for name in fresh:
        if name not in ("Content-Type", "Subject"):
            assert mail[name] == fresh[name], name
    assert mail["Subject"] == shortened(clean_line(title), 89)
    assert sorted(mail.keys()) == sorted(fresh.keys())
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (body(mail, "plain"), body(mail, "html")) == (text, html)


@settings(max_examples=scaled(500))
@given(title=HOSTILE, content=HOSTILE, token=st.sampled_from(TOKENS))
def test_the_bytes_are_what_any_server_takes(title, content, token):
    raw = build(title, content).fill(**FILLED | {"token": token}).data
    assert raw.isascii()
    assert b"\x00" not in raw
    lines = raw.split(b"\r\n")
    assert lines[-1] == b""
    assert not [line for line in lines if b"\r" in line or b"\n" in line]
    assert max(map(len, lines)) <= 998
    start = lines.index(b"")
    assert max(map(len, lines[start:])) <= 76
    # Quoted-printable, strictly: « = » opens an octet or ends a line, no line ends in a blank.
    for line in lines[start:]:
        if not line.startswith((b"--=_rappels", b"Content-Type:")):
            assert re.fullmatch(rb"(?:[\t !-<>-~]|=[0-9A-F]{2})*(?:=|(?<![\t ]))", line), line


@given(st.integers(0, 90))
@settings(max_examples=scaled(500))
def test_a_placeholder_is_found_wherever_a_soft_break_falls(width):
    mail = parsed(build(content="a" * width).fill(**FILLED).data)
    assert body(mail, "plain").splitlines()[1] == (
        f"{'a' * width}{PUBLIC_URL}/abonnement/lien/{TOKENS[0]}/{'a' * width}"
    )


def test_the_same_values_give_the_same_bytes():
    """A mail in doubt is sent again, perhaps by another process, and must be identical."""
    assert (
        build("Essai", "é" * 500).fill(**FILLED).data
        == build("Essai", "é" * 500).fill(**FILLED).data
    )


def test_each_person_gets_the_own_links_only():
    message = build()
    alice, bob = (message.fill(**FILLED | {"token": name}).data for name in ("alice", "bob"))
    assert (b"alice" in alice, b"bob" in alice) == (True, False)
    assert (b"alice" in bob, b"bob" in bob) == (False, True)
    assert message.token_word.encode() not in alice


def test_a_form_that_was_kept_gives_the_same_bytes():
    filled = build("Essai", "é" * 500 + " " + "a" * 300).fill(**FILLED)
    kept = Form.read(filled.form.stored)
    assert kept == filled.form
    assert kept.key == filled.form.key != build("Autre").form.key
    assert kept.fill(json.loads(json.dumps(filled.values))) == filled.data


def test_headers():
    raw = build("Rentrée : c'est le 1er").fill(**FILLED).data
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert head == (
        "To: camille@ecole.example\r\n"
        "Message-ID: <17.reminder@ac-exemple.fr>\r\n"
        "Date: Mon, 04 Jan 2021 11:00:00 +0000\r\n"
        f"List-Unsubscribe: <{PUBLIC_URL}/abonnement/lien/{TOKENS[0]}/desabonnement/>\r\n"
        "From: =?utf-8?b?Q29uY291cnMg4oCTIGFjYWTDqW1pZSBkJ0V4ZW1wbGU=?= <rappels@ac-exemple.fr>\r\n"
        "Subject: =?utf-8?b?UmVudHLDqWUgOiBjJ2VzdCBsZSAxZXI=?=\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "List-Id: =?utf-8?b?Q29uY291cnMgwqsgc2NvbGFpcmVzIMK7?= <rappels.concours.ac-exemple.fr>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="=_rappels"'
    )


def test_a_mailbox_to_unsubscribe_at_is_named_where_there_is_one():
    head = Letterhead(ENVIRONMENT, LINKS, "Concours", SENDER, "stop+a%b@ac-exemple.fr")
    mail = parsed(build(head=head).fill(**FILLED).data)
    assert mail["List-Unsubscribe"].split(", ") == [
        f"<{PUBLIC_URL}/abonnement/lien/{TOKENS[0]}/desabonnement/>",
        f"<mailto:stop+a%25b@ac-exemple.fr?subject=Desabonnement%20{TOKENS[0]}>",
    ]
    assert "mailto" not in parsed(build().fill(**FILLED).data)["List-Unsubscribe"]


@pytest.mark.parametrize(
    ("contact", "reply_to"),
    [
        ("contact@ac-exemple.fr", "contact@ac-exemple.fr"),
        ("https://ac-exemple.fr/contact@nous", None),
        (None, None),
    ],
)
def test_answers_go_to_the_contact_where_it_is_an_address(contact, reply_to):
    head = Letterhead(ENVIRONMENT, LINKS, "Concours", SENDER, contact=contact)
    assert parsed(build(head=head).fill(**FILLED).data)["Reply-To"] == reply_to


def test_who_is_no_subscriber_gets_no_list_headers():
    message = Message.build(HEAD, KIND, {"title": "a", "content": ""}, unsubscribe=False)
    mail = parsed(message.fill(**FILLED).data)
    assert not [name for name in mail if name.startswith("List-")]


@pytest.mark.parametrize(
    ("url", "list_id"),
    [
        ("http://localhost:5000", "<rappels.localhost>"),
        ("http://127.0.0.1", "<rappels.127.0.0.1>"),
        ("http://[::1]:5000", "<rappels.--1>"),
    ],
)
def test_a_list_has_a_name_on_any_host(url, list_id):
    head = Letterhead(ENVIRONMENT, PersonalLinks("k" * 40, url), 'Le "coin" \\', SENDER)
    assert parsed(build(head=head).fill(**FILLED).data)["List-Id"] == rf'"Le \"coin\" \\" {list_id}'


def test_a_sender_may_have_no_name():
    head = Letterhead(ENVIRONMENT, LINKS, "Concours", Address("", "rappels", "ac-exemple.fr"))
    assert parsed(build(head=head).fill(**FILLED).data)["From"] == "rappels@ac-exemple.fr"


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": "a b"},
        {"token": "a\n"},
        {"token": "é"},
        {"token": "a" * 513},
        {"code": ""},
        {"code": "12 34"},
        {"recipient": "camille"},
        {"recipient": "a@b.example, c@d.example"},
        {"recipient": "a,c@b.example"},
        {"recipient": "<a@b.example>"},
        {"recipient": "a@b.example\r\nBcc: c@d.example"},
        {"recipient": "a@b.example\n"},
        {"recipient": "élise@b.example"},
        {"message_id": "<1@b.example>"},
        {"message_id": "1@b.example\n"},
        {"message_id": ""},
        {"date": NOON.replace(tzinfo=None)},
    ],
)
def test_what_could_break_a_line_or_a_link_is_refused(changes):
    message = build()
    with pytest.raises(ValueError):
        message.fill(**FILLED | changes)


@pytest.mark.parametrize("word", ["token", "code"])
def test_a_subject_holds_nothing_personal(word):
    templates = TEMPLATES | {"mail/link/subject.txt": f"Votre {{{{ {word} }}}}"}
    head = Letterhead(Environment(loader=DictLoader(templates), autoescape=True), LINKS, "", SENDER)
    with pytest.raises(ValueError, match="no token and no code"):
        build(head=head)


@pytest.mark.long
def test_to_fill_costs_a_small_part_of_building():
    content = french.typography("Un texte de mail : long ! " * 200)
    message = build(content=content)
    assert message.fill(**FILLED).data
    # In fact it costs about a hundredth.
    assert cost(lambda: message.fill(**FILLED)) < cost(lambda: build(content=content)) / 20


def cost(work: Callable[[], object], times: int = 50) -> float:
    """Return the least processor time, in seconds, that *work* takes in *times* runs."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
