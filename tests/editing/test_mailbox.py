"""Letters that come by mail: known again, from whom, for whom, who reads them, who is answered."""

from __future__ import annotations

import base64
import email
import email.policy
import quopri
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from calendar_app.catalogue.models.events import Event
from calendar_app.config.retention import STRANGE_MAIL
from calendar_app.editing import accounts, letter_room, moderation, other_mails
from calendar_app.editing.letter_room import Dropped
from calendar_app.editing.mailbox import deciding, receiving, senders, waiting_room
from calendar_app.editing.mailbox.envelope import envelope_of, envelope_values
from calendar_app.editing.mailbox.parts import part_values
from calendar_app.editing.mailbox.receiving import BEYOND, NO_LETTER, UNNAMED, Outcome
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft, Letter
from calendar_app.editing.models.mailbox import DeclaredSender, ReceivedMail
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.store.base import db
from calendar_app.words.errors import NotFoundError, UnreadableLetterError
from tests.editing.test_events import editor
from tests.editing.test_moderation import KNOWLEDGE, LETTER, LILLE, LYON
from tests.editing.test_outside_feed import agenda

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
STRANGER = "lettre@inconnu.example"
CONTEST = "Concours d'essai : s'inscrire avant le 5 mars 2021."


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


def mail(text: str = LETTER, to: str = "letters+lille@calendrier.example", **headers: str) -> bytes:
    """Return a mail; a header of the name « From » and the like takes the place of its own."""
    message = EmailMessage()
    given = {
        "From": STRANGER,
        "To": to,
        "Subject": "Infolettre de janvier",
        "Date": "Mon, 4 Jan 2021 09:00:00 +0100",
        "Message-ID": f"<{abs(hash((text, to, tuple(headers.items()))))}@inconnu.example>",
    }
    for name, value in (given | {k.replace("_", "-"): v for k, v in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


def with_document(text: str, *documents: bytes, **headers: str) -> bytes:
    message = email.message_from_bytes(mail(text, **headers), policy=email.policy.default)
    for number, content in enumerate(documents):
        name = f"lettre-{number}.docx"
        kind = "vnd.openxmlformats-officedocument.wordprocessingml.document"
        message.add_attachment(content, "application", kind, filename=name)
    return message.as_bytes()


def receive(data: bytes, now: datetime = NOW) -> Outcome:
    return receiving.receive(db.session, data, now, KNOWLEDGE)[0]


def count(noun: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(noun)) or 0


def reads(who: Editor) -> int:
    """Return how many letters an editor may read, by the list and one by one alike."""
    db.session.rollback()
    lines = letter_room.letters_of(db.session, who)
    for letter_id in db.session.scalars(select(Letter.id)).all():
        if letter_id in {line.letter.id for line in lines}:
            letter_room.open_letter(db.session, who, letter_id)
        else:
            with pytest.raises(NotFoundError):
                letter_room.open_letter(db.session, who, letter_id)
    return len(lines)


def test_a_letter_is_for_whom_its_address_names(store):
    lille, lyon, chief = (
        editor("redacteur", LILLE),
        editor("redacteur", LYON),
        editor("administrateur"),
    )
    text = "Lettre nationale, 4 janvier 2021\n\nConcours d'essai : s'inscrire avant le 5 mars 2021."
    assert receive(mail(text)) is Outcome.READ
    # Its only date is national: nobody but an administrateur may publish it, Lille may read it.
    assert [reads(who) for who in (lille, lyon, chief)] == [1, 0, 1]
    assert count(Draft) == 1
    [letter] = db.session.scalars(select(Letter))
    assert (letter.title, letter.issued.isoformat()) == ("Infolettre de janvier", "2021-01-04")


def test_a_mail_is_known_again_by_message_id_and_by_content(store):
    first = mail(Message_ID="<un@x.example>")
    assert receive(first) is Outcome.READ
    drafts = count(Draft)
    assert receive(first) is Outcome.KNOWN
    again = mail(Message_ID="<deux@x.example>", Subject="TR : Infolettre de janvier")
    assert receive(again) is Outcome.READ  # another mail, and the same letter
    assert (count(Letter), count(Draft), count(ReceivedMail)) == (1, drafts, 2)


def test_a_stranger_cannot_hide_a_letter_behind_its_message_id(store):
    chief = editor("administrateur")
    senders.declare(db.session, chief, "lettre@ac-lille.example", frozenset({LILLE}), NOW)
    known = {"Message_ID": "<un@x.example>", "to": "letters@calendrier.example"}
    assert receive(mail("rien", **known)) is Outcome.WAITING
    assert receive(mail(From="lettre@ac-lille.example", **known)) is Outcome.READ


def test_the_same_mail_by_two_addresses_is_for_both(store):
    lille, lyon = editor("redacteur", LILLE), editor("redacteur", LYON)
    text = "Lettre nationale, 4 janvier 2021\n\nConcours d'essai : s'inscrire avant le 5 mars 2021."
    same = {"Message_ID": "<un@x.example>"}
    assert receive(mail(text, Delivered_To="letters+lille@x.example", **same)) is Outcome.READ
    second = mail(text, to="letters+lyon@x.example", **same)
    assert receive(second) is Outcome.READ
    assert receive(second) is Outcome.KNOWN
    assert (reads(lille), reads(lyon), count(Letter), count(ReceivedMail)) == (1, 1, 1, 1)


def test_an_unknown_sender_waits_and_nothing_of_it_is_shown(store):
    lille, chief = editor("responsable", LILLE), editor("administrateur")
    assert receive(mail(to="letters@calendrier.example")) is Outcome.WAITING
    assert (count(Letter), count(Draft)) == (0, 0)
    assert deciding.of_state(db.session, lille, MailState.WAITING) == []
    [waiting] = deciding.of_state(db.session, chief, MailState.WAITING)
    assert (waiting.sender, waiting.subject) == (STRANGER, "Infolettre de janvier")
    for act in (deciding.refuse, lambda s, who, id_, now: deciding.visible(s, who, id_)):
        with pytest.raises(NotFoundError):
            act(db.session, lille, waiting.id, NOW)
    read = deciding.read_as(db.session, chief, waiting.id, frozenset({LILLE}), NOW, KNOWLEDGE)
    assert read[0] is Outcome.READ
    assert reads(lille) == 1
    row = db.session.get(ReceivedMail, waiting.id)
    assert (row.sender, row.data) == (None, None)  # nothing is kept of who sent it


def test_a_refused_mail_leaves_no_sender_and_stays_refused(store):
    chief = editor("administrateur")
    data = mail(to="letters@calendrier.example")
    receive(data)
    [waiting] = deciding.of_state(db.session, chief, MailState.WAITING)
    deciding.refuse(db.session, chief, waiting.id, NOW)
    assert receive(data) is Outcome.KNOWN
    row = db.session.get(ReceivedMail, waiting.id)
    assert (row.state, row.sender, row.data) == (MailState.REFUSED, None, None)


@pytest.mark.parametrize(
    ("declared", "header"),
    [
        (STRANGER.upper(), {}),
        ("lettre.listes.ac-lille.fr", {"List_Id": "La lettre <Lettre.listes.ac-lille.fr>"}),
    ],
)
def test_a_declared_sender_or_list_is_for_its_places(store, declared, header):
    lille, lyon = editor("responsable", LILLE), editor("responsable", LYON)
    waits = mail("Concours : s'inscrire avant le 5 mars 2021.", to="x@y.example", **header)
    assert receive(waits) is Outcome.WAITING
    senders.declare(db.session, lille, declared, frozenset({LILLE}), NOW)
    assert receiving.release(db.session, NOW, KNOWLEDGE) == 1  # what waited is read now
    assert receive(mail(to="x@y.example", **header)) is Outcome.READ
    assert (reads(lille), reads(lyon)) == (2, 0)
    with pytest.raises(senders.SenderError):
        senders.declare(db.session, lyon, declared, frozenset({LILLE}), NOW)
    [sender] = senders.senders_of(db.session, lille)
    assert senders.senders_of(db.session, lyon) == []
    senders.withdraw(db.session, lille, sender.id, NOW)
    assert receive(mail("Autre lettre", to="x@y.example", **header)) is Outcome.WAITING


def test_what_is_no_sender_is_refused_with_a_sentence(store):
    chief = editor("administrateur")
    for typed in ("", "lettre", "deux@x.example, trois@x.example", "<>"):
        with pytest.raises(senders.SenderError, match="Écrivez l'adresse"):
            senders.declare(db.session, chief, typed, frozenset({LILLE}), NOW)
    assert count(DeclaredSender) == 0


# -- answers ---------------------------------------------------------------------------------------


@contextmanager
def forwarding(store: Flask, **headers: str) -> Iterator[tuple[Editor, bytes]]:
    who = editor("responsable", LILLE)
    yield who, mail(From=who.address, to="letters@calendrier.example", **headers)


def test_an_editor_who_forwards_a_letter_gets_an_answer(store):
    lille, lyon = editor("responsable", LILLE), editor("redacteur", LYON)
    other = editor("redacteur", "departement/59")
    data = mail("Concours : s'inscrire avant le 5 mars 2021.", to="x@y.example", From=lille.address)
    assert receive(data) is Outcome.READ
    assert (count(Delivery), reads(lille), reads(lyon), reads(other)) == (1, 1, 0, 0)
    assert receive(data) is Outcome.KNOWN
    assert count(Delivery) == 1


TNEF = b"\x78\x9f\x3e\x22\x01\x00"


@pytest.mark.parametrize(
    ("content", "why"), [(b"%PDF-1.7\n", "PDF"), (TNEF, "une enveloppe d'Outlook")]
)
@pytest.mark.parametrize("text", ["Voici la lettre.", CONTEST], ids=["cover", "dated"])
def test_what_was_not_read_of_a_mail_is_told_to_who_sent_it(store, text, content, why):
    """A text that only brings a letter which cannot be read is no letter without dates."""
    who = editor("responsable", LILLE)
    sent = mail(text, to="x@y.example", From=who.address)
    message = email.message_from_bytes(sent, policy=email.policy.default)
    message.add_attachment(content, "application", "octet-stream", filename="lettre-de-Zoé.dat")
    is_read = receive(message.as_bytes()) is Outcome.READ
    [row] = db.session.scalars(select(ReceivedMail))
    assert (is_read, count(Letter), count(Delivery)) == (text == CONTEST, int(text == CONTEST), 1)
    assert why in ((row.problems if is_read else row.reason) or "")
    answer = next(iter(other_mails._forwarders(db.session, [row.answer_delivery_id]).values()))
    assert (why in (answer.problems or ""), why in (answer.reason or "")) == (is_read, not is_read)
    assert "Zoé" not in f"{row.problems}{row.reason}"


@pytest.mark.long
def test_no_more_than_five_answers_a_day(store):
    who = editor("responsable", LILLE)

    def send(number: int, now: datetime) -> None:
        text = f"Concours {number} : s'inscrire avant le 5 mars 2021."
        receive(mail(text, to="x@y.example", From=who.address), now)

    for number in range(7):
        send(number, NOW + timedelta(minutes=number))
    assert count(Delivery) == receiving.MOST_ANSWERS == 5
    send(8, NOW + timedelta(days=1, minutes=1))
    assert count(Delivery) == 6


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated (périodique)"},
        {"Precedence": "bulk"},
        {"Precedence": "LIST"},
        {"List_Id": "<a.b.example>"},
        {"List_Unsubscribe": "<https://x.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Loop": "x"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
        {"List_Id": "lettre.listes.example"},
        {"Subject": "Réponse automatique : Infolettre"},
        {"Subject": "Out of office: Infolettre"},
    ],
)
def test_a_machine_is_never_answered(store, header):
    who = editor("responsable", LILLE)
    receive(mail(From=who.address, **header))
    assert count(Delivery) == 0


def test_our_own_mails_and_delivery_reports_come_to_nothing(store):
    editor("responsable", LILLE)
    for headers in (
        {"Return_Path": "<>"},
        {"From": "MAILER-DAEMON@x.example", "Subject": "Undelivered Mail Returned to Sender"},
        {"Subject": "Réponse automatique : absence"},
    ):
        report = mail(**headers)
        assert receive(report) is Outcome.REPORT
        assert receive(report) is Outcome.KNOWN
    assert (count(Letter), count(Delivery)) == (0, 0)


def test_a_disabled_account_is_a_stranger(store):
    who = editor("responsable", LILLE)
    accounts.disable(db.session, who.address, NOW)
    assert receive(mail(From=who.address, to="x@y.example")) is Outcome.WAITING


# -- what programs make of mails -------------------------------------------------------------------

HEAD = "From: a@b.example\nTo: x@y.example\nSubject: {}\nMIME-Version: 1.0\n"


def days(data: str) -> list[str]:
    """Return the days of the text of a mail, as its reader finds them."""
    values = (data.encode(), None, date(2021, 1, 4), date(2021, 1, 4), KNOWLEDGE)
    return [item["last_day"] for item in part_values(values)["reading"]["items"]]


@pytest.mark.parametrize("coding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["message/rfc822", "application/octet-stream"])
def test_a_mail_that_is_attached_is_a_forwarded_mail(kind, coding):
    """However its program attached it: RFC 2046 forbids to code a message, and Outlook does."""
    inner = HEAD.format("Infolettre") + f"Content-Type: text/plain\n\n{CONTEST}\n"
    coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    content = coded.get(coding, bytes)(inner.encode()).decode()
    data = (
        f"{HEAD.format('TR')}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nVoici.\n--b\n"
        f"Content-Type: {kind}\nContent-Transfer-Encoding: {coding}\n"
        f"Content-Disposition: attachment; filename=lettre.eml\n\n{content}\n--b--\n"
    )
    assert days(data) == ["2021-03-05"]


@given(st.integers(1, len(CONTEST) - 1))
def test_a_line_that_was_broken_within_a_word_is_whole_again(at):
    """RFC 3676: with DelSp=yes, the last space of a line is no part of the text."""
    head = HEAD.format("x") + "Content-Type: text/plain; format=flowed; delsp=yes\n\n"
    assert days(f"{head}{CONTEST[:at]} \n{CONTEST[at:]}\n") == ["2021-03-05"]


# -- limits ----------------------------------------------------------------------------------------


def test_strangers_do_not_fill_the_store(store, monkeypatch):
    data = mail(to="x@y.example")
    monkeypatch.setattr(waiting_room, "MOST_WAITING", len(data) + 1)
    assert receive(data) is Outcome.WAITING
    assert receiving.receive(db.session, mail("b", to="x@y.example"), NOW, KNOWLEDGE) == (
        Outcome.FULL,
        receiving.TOO_MANY,
    )
    newsletter = mail("c", to="x@y.example", List_Id="<infolettre.y.example>")
    assert receive(newsletter) is Outcome.FULL  # no letter of a list is lost unseen either
    assert count(ReceivedMail) == 1
    monkeypatch.setattr(waiting_room, "MOST_WAITING", 10 * len(data))
    assert receive(newsletter) is Outcome.WAITING  # it was not stored as refused


@pytest.mark.parametrize("fault", ["too large", "unreadable"])
@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        ({}, Outcome.REFUSED),
        ({"List_Id": "<infolettre.y.example>"}, Outcome.REPORT),
        ({"Auto_Submitted": "auto-replied"}, Outcome.REPORT),
        ({"From": "no-reply@y.example"}, Outcome.REPORT),
        ({"Subject": "Réponse automatique : absente"}, Outcome.REPORT),
    ],
    ids="person list machine address subject".split(),
)
def test_no_machine_is_told_of_a_mail_that_is_not_read(store, monkeypatch, fault, header, outcome):
    data = mail(**header)
    if fault == "too large":
        monkeypatch.setattr(receiving, "MAX_BYTES", len(data) - 1)
    else:  # parts within parts, deeper than are read
        parts = "".join(
            f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n"
            for number in range(30)
        )
        head = data.partition(b"\n\n")[0].replace(b"\nContent-Type", b"\nX-Type")
        data = head + b"\n" + parts.encode() + b"\nVoici.\n"
    assert receive(data) is outcome
    [row] = db.session.scalars(select(ReceivedMail))
    assert row.state is MailState.REFUSED
    assert receive(data) is Outcome.KNOWN


def test_what_nobody_decides_is_erased_in_time(store):
    receive(mail(to="x@y.example"))
    receive(mail())
    assert receiving.clean(db.session, NOW + STRANGE_MAIL - timedelta(seconds=1)) == 0
    assert receiving.clean(db.session, NOW + STRANGE_MAIL) == 2
    db.session.rollback()
    for row in db.session.scalars(select(ReceivedMail)):
        assert (row.subject, row.sender, row.data) == (None, None, None)
        assert row.state is not MailState.WAITING


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"From: \xff\xfe <a@b>\n\n\xff" * 50])
def test_a_damaged_mail_is_refused_or_waits_and_never_fails(store, data):
    assert receive(data) in (Outcome.REFUSED, Outcome.WAITING)
    assert receive(data) is Outcome.KNOWN


@given(st.lists(st.sampled_from(["lille", "LYON", "inconnue", "", "+"]), max_size=4), st.binary())
def test_tags_are_what_stands_after_the_first_plus(tags, noise):
    to = ", ".join(f"letters+{tag}@x.example" for tag in tags)
    data = f"To: {to}\nX-Noise: a\n\n".encode() + noise
    found = envelope_of(envelope_values(data))
    assert found.tags == tuple(dict.fromkeys(tag.lower() for tag in tags))


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("zoe@x.fr", "zoe@x.fr"),
        ("Zoé <zoe@x.fr>", "zoe@x.fr"),
        ("=?utf-8?q?Zo=C3=A9?= <zoe@x.fr>", "zoe@x.fr"),
        ("ami@y.fr <zoe@x.fr>", "zoe@x.fr"),
        ('"<ami@y.fr>" <zoe@x.fr>', "zoe@x.fr"),
        ("zoe@x.fr (ami@y.fr)", "zoe@x.fr"),
        ("Zoé <zoe@x.fr>, ami@y.fr", "zoe@x.fr"),
        ("Groupe : zoe@x.fr;", "zoe@x.fr"),
        ("Zoé", ""),
        ("<>", ""),
    ],
)
def test_the_sender_is_the_address_and_no_name(written, sender):
    data = f"From: {written}\nTo: x@y.example\n\nBonjour".encode()
    assert envelope_of(envelope_values(data)).sender == sender


def test_pending_drafts_of_a_mail_wait_like_those_of_a_dropped_letter(store):
    receive(mail())
    assert {d.state for d in db.session.scalars(select(Draft))} == {DraftState.PENDING}


def dropped(who: Editor, data: bytes, name: str = "courriel.eml") -> Dropped:
    return letter_room.drop(db.session, who, data, name, None, NOW, KNOWLEDGE)


@pytest.mark.long
def test_it_is_said_which_attachments_of_a_dropped_mail_were_not_read_and_why(store):
    zoe = editor("responsable", LILLE)
    text = "Concours d'essai : s'inscrire avant le 5 mars 2021."
    message = email.message_from_bytes(mail(text), policy=email.policy.default)
    day = "UID:a\nDTSTART;VALUE=DATE:20210315\nSUMMARY:Rallye des balises\nLOCATION:Lille"
    message.add_attachment(agenda(day), "text", "calendar", filename="agenda.ics")
    message.add_attachment(b"%PDF-1.7\n", "application", "pdf", filename="lettre.pdf")
    message.add_attachment(b"%PDF-1.7\n2", "application", "pdf", filename="annexe.pdf")
    message.add_attachment(b"\x89PNG\r\n", "image", "png", filename="affiche.png")
    message.add_attachment(b"a;b\n", "text", "csv")
    found = dropped(zoe, message.as_bytes())
    # Two attachments are read, and the text; nobody asks for more than that while a page waits.
    assert count(Letter) == 2
    names = [name for name, _ in found.unread]
    assert names == ["lettre.pdf", "annexe.pdf", "affiche.png", UNNAMED]
    broken, beyond, image, table = (why for _, why in found.unread)
    assert "PDF" in broken
    assert (beyond, image, table) == (BEYOND, NO_LETTER, NO_LETTER)


def test_an_agenda_that_is_dropped_or_attached_is_read_like_an_agenda(store):
    zoe = editor("responsable", LILLE)
    day = "UID:a\nDTSTART;VALUE=DATE:20210315\nSUMMARY:Rallye des balises\nLOCATION:Lille"
    data = agenda(day, day.replace("0315", "0415").replace("UID:a", "UID:b"))
    letter_id = dropped(zoe, data, "agenda.ics").letter_id
    found = letter_room.open_letter(db.session, zoe, letter_id)
    assert [d.last_day.isoformat() for d in found.drafts] == ["2021-03-15", "2021-04-15"]
    marked = [segment.text for segment in found.segments if segment.draft_ids]
    assert len(marked) == 2
    for draft in found.drafts:
        moderation.accept(db.session, zoe, draft.id, draft.revision, NOW)
    [event] = db.session.scalars(select(Event)).unique()
    assert [m.first_day.isoformat() for m in event.milestones] == ["2021-03-15", "2021-04-15"]

    message = email.message_from_bytes(mail("Voici."), policy=email.policy.default)
    moved = data.replace(b"20210315", b"20210316")
    message.add_attachment(moved, "text", "calendar", filename="agenda.ics")
    assert receive(message.as_bytes()) is Outcome.READ
    [change] = moderation.queue(db.session, zoe)
    assert (change.proposal, change.last_day.isoformat()) == (Proposal.CHANGE, "2021-03-16")


@pytest.mark.long
def test_a_mail_that_is_dropped_is_read_like_one_that_comes(store):
    """What is attached is a letter of its own; without that, the mail is the letter."""
    zoe = editor("responsable", LILLE)
    day = "UID:a\nDTSTART;VALUE=DATE:20210315\nSUMMARY:Rallye des balises\nLOCATION:Lille"
    message = email.message_from_bytes(mail("Voici notre agenda."), policy=email.policy.default)
    message.add_attachment(agenda(day), "text", "calendar", filename="agenda.ics")
    data = message.as_bytes()
    letter_id = dropped(zoe, data).letter_id
    [draft] = letter_room.open_letter(db.session, zoe, letter_id).drafts
    assert (draft.title, draft.last_day.isoformat()) == ("Rallye des balises", "2021-03-15")
    assert [letter.file_name for letter in db.session.scalars(select(Letter))] == ["agenda.ics"]
    assert dropped(zoe, data) == Dropped(letter_id)
    # What came by hand comes by mail: nothing new.
    assert receive(data) is Outcome.READ
    assert (count(Letter), count(Draft)) == (1, 1)

    with_text = mail("Concours d'essai : s'inscrire avant le 5 mars 2021.")
    message = email.message_from_bytes(with_text, policy=email.policy.default)
    message.add_attachment(agenda(day), "text", "calendar", filename="agenda.ics")
    dropped(zoe, message.as_bytes())
    assert reads(zoe) == count(Letter) == 2

    broken = email.message_from_bytes(mail("Voici."), policy=email.policy.default)
    broken.add_attachment(b"BEGIN:VCALENDAR\r\n", "text", "calendar", filename="agenda.ics")
    broken.set_payload(broken.get_payload()[1:])
    with pytest.raises(UnreadableLetterError, match="endommagé"):
        dropped(zoe, broken.as_bytes())
