"""The mailbox on a real IMAP server: each letter once, whatever breaks, and nothing is deleted."""

from __future__ import annotations

import logging
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from calendar_app import worker
from calendar_app.editing.mailbox import deciding, imap, receiving, waiting_room
from calendar_app.editing.models.letters import Draft, Letter
from calendar_app.editing.models.mailbox import MailboxState, ReceivedMail
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.store.base import db
from tests.editing.test_events import editor
from tests.editing.test_mailbox import NOW, STRANGER, mail
from tests.editing.test_moderation import KNOWLEDGE, LETTER
from tests.imap_server import ImapServer, imap_server
from tests.signed_in import cookie
from tests.smtp_server import HOST, mail_server
from tests.tools import scaled
from tests.web.editing.test_editor_pages import make_editor
from tests.web.editing.test_queue_pages import act


@pytest.fixture
def server(monkeypatch) -> Iterator[ImapServer]:
    with imap_server() as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.certificate.certificate))
        yield found


def letter(number: int, **headers: str) -> bytes:
    """Return a mail to Lille with a contest of its own."""
    text = f"Concours numéro {number} : s'inscrire avant le 5 mars 2021."
    return mail(text, Message_ID=f"<{number}@x.example>", **headers)


def read(url: str, owner: str = "un", now: datetime = NOW) -> imap.MailboxReading | None:
    return imap.read_mailbox(db.session, url, owner, KNOWLEDGE, clock=lambda: now)


def stored() -> tuple[int, int, int]:
    """Return the numbers of letters, drafts and mails in the store."""
    db.session.rollback()
    counts = [select(func.count()).select_from(noun) for noun in (Letter, Draft, ReceivedMail)]
    letters, drafts, mails = (db.session.scalar(query) or 0 for query in counts)
    return letters, drafts, mails


def test_mails_are_read_and_moved(empty_app, server):
    for number in range(3):
        server.deliver(letter(number))
    server.deliver(mail(Auto_Submitted="auto-replied", Message_ID="<auto@x.example>"))
    server.deliver(mail(to="letters@x.example", Message_ID="<inconnu@x.example>"))
    with empty_app.app_context():
        assert read(server.url) == imap.MailboxReading(5, 0)
        assert stored() == (3, 3, 5)
        assert [server.count(name) for name in ("INBOX", "Lues", "Refus&AOk-es")] == [0, 4, 1]
        assert read(server.plain_url) == imap.MailboxReading(0, 0)
        state = deciding.facts(db.session).state
        assert state
        assert (state.read_at, state.problem, state.owner) == (NOW, None, None)


def test_a_mail_that_is_put_back_is_moved_again_and_read_once(empty_app, server):
    with empty_app.app_context():
        for _ in range(3):
            server.deliver(letter(1))
            server.deliver(mail(Auto_Submitted="auto-replied", Message_ID="<auto@x.example>"))
            read(server.url)
        assert stored() == (1, 1, 2)
        assert [server.count(name) for name in ("INBOX", "Lues", "Refus&AOk-es")] == [0, 3, 3]


def test_a_server_without_move_keeps_every_mail(empty_app, monkeypatch):
    with imap_server(capability="IMAP4rev1 LITERAL+ UIDPLUS") as server, empty_app.app_context():
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.certificate))
        server.deliver(letter(1))
        assert read(server.url) == imap.MailboxReading(1, 0)
        assert read(server.url) == imap.MailboxReading(0, 0)
        # The first copy stands where it stood, marked; nothing was expunged.
        assert [server.count(name) for name in ("INBOX", "Lues")] == [0, 1]
        assert len(list((server.folder / "cur").iterdir())) == 1


def test_a_connection_lost_at_any_point_loses_nothing_and_repeats_nothing(
    empty_app, server, monkeypatch
):
    """The connection breaks before and after each command of the first readings."""
    numbers = range(4)
    for number in numbers:
        server.deliver(letter(number))
    for after in (False, True):
        for name in ("_fetched", "_move"):
            broken = _breaks_once(getattr(imap, name), at=1 + after, after=after)
            monkeypatch.setattr(imap, name, broken)
            with empty_app.app_context():
                with pytest.raises(imap.MailboxError, match="a coupé la connexion"):
                    read(server.url)
                assert deciding.facts(db.session).state.problem
            monkeypatch.undo()
            monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.certificate))
            server.deliver(letter(len(numbers) + 2 * after + (name == "_move")))
            server.deliver(letter(len(numbers) + 2 * after + (name == "_move")))
    with empty_app.app_context():
        read(server.url)
        assert stored() == (8, 8, 8)
        assert server.count() == 0
        assert server.count("Lues") == 12
        assert deciding.facts(db.session).state.problem is None


def _breaks_once(function, at: int, after: bool):
    """Return *function*, whose connection is cut in the call with this number."""
    calls = []

    def broken(mailbox, *arguments):
        calls.append(arguments)
        if len(calls) == at and not after:
            mailbox.client.sock.shutdown(socket.SHUT_RDWR)
        found = function(mailbox, *arguments)
        if len(calls) == at and after:
            mailbox.client.sock.shutdown(socket.SHUT_RDWR)
            function(mailbox, *arguments)
        return found

    return broken


def test_what_keeps_the_mailbox_from_being_read_is_said_without_its_name(empty_app, server, caplog):
    wrong = {
        server.url.replace("/INBOX", "/Absent"): "Ce dossier n'existe pas",
        server.url.replace("un%25mot", "autre"): "refuse ce nom ou ce mot de passe",
        server.url.replace(f":{server.port}/", f":{server.plain}/"): "ne répond pas",
        server.url.replace(f":{server.port}/", ":9/"): "a coupé la connexion",
    }
    with empty_app.app_context(), caplog.at_level(logging.DEBUG):
        for url, sentence in wrong.items():
            with pytest.raises(imap.MailboxError, match=sentence):
                read(url)
            state = deciding.facts(db.session).state
            assert sentence in state.problem
            assert (state.owner, state.read_at) == (None, None)
        assert "letters" not in caplog.text
        assert "passe?" not in caplog.text


def test_a_certificate_that_nobody_vouches_for_is_refused(empty_app, server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    server.deliver(letter(1))
    with empty_app.app_context(), pytest.raises(imap.MailboxError, match="SSL_CERT_FILE"):
        read(server.url)
    assert server.count() == 1


def test_a_lease_is_for_one_worker_and_ends(empty_app, server):
    server.deliver(letter(1))
    with empty_app.app_context():
        assert imap._take_lease(db.session, "deux", NOW)
        assert read(server.url) is None
        assert read(server.url, now=NOW + imap.LEASE) == imap.MailboxReading(1, 0)


def test_a_worker_that_slept_too_long_leaves_the_mailbox_to_the_other(
    empty_app, server, monkeypatch
):
    """A lease is renewed each minute; who finds that another one has it stops."""
    for number in range(3):
        server.deliver(letter(number))
    receive, times = receiving.receive, []

    def sleeps(session, data, now, knowledge):
        times.append(now)
        found = receive(session, data, now, knowledge)
        assert imap._take_lease(session, "deux", now + imap.LEASE)
        return found

    monkeypatch.setattr(receiving, "receive", sleeps)
    clock = iter([NOW, NOW, NOW] + 9 * [NOW + imap.LEASE])
    with empty_app.app_context():
        done = imap.read_mailbox(db.session, server.url, "un", KNOWLEDGE, clock=lambda: next(clock))
        assert (done, times) == (imap.MailboxReading(1, 0), [NOW])
        assert db.session.get_one(MailboxState, 1).owner == "deux"


def test_two_workers_at_once_read_each_letter_once(empty_app, server, monkeypatch):
    """Without the lease, too: the store itself holds each mail once."""
    total = scaled(200, 20)
    for number in range(total):
        server.deliver(letter(number))
    monkeypatch.setattr(imap, "_take_lease", lambda *_: True)
    gate, failures = threading.Barrier(2), []

    def work(owner: str) -> None:
        with empty_app.app_context():
            gate.wait()
            try:
                done = read(server.url, owner)
                assert done == imap.MailboxReading(done.read, 0)
            except Exception as error:
                failures.append(error)

    workers = [threading.Thread(target=work, args=(name,)) for name in ("un", "deux")]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert not failures
    with empty_app.app_context():
        assert stored() == (total, total, total)
    assert server.count() == 0
    # Two MOVEs of one mail at the same moment may leave two copies; the lease keeps them apart.
    assert server.count("Lues") >= total


def test_one_mail_that_we_fail_to_read_holds_up_no_other(empty_app, server, monkeypatch, caplog):
    receive = receiving.receive

    def fails(session, data, now, knowledge):
        if b"<1@x" in data:
            raise RuntimeError("qui@x.example")
        return receive(session, data, now, knowledge)

    for number in range(3):
        server.deliver(letter(number))
    monkeypatch.setattr(receiving, "receive", fails)
    with empty_app.app_context():
        assert read(server.url) == imap.MailboxReading(2, 1)
        assert deciding.facts(db.session).state.problem == imap._FAILED
    assert server.count() == 1
    assert "qui@x.example" not in caplog.text


def test_a_mail_that_is_too_large_is_refused_and_kept(empty_app, server, monkeypatch):
    monkeypatch.setattr(imap, "MAX_BYTES", 20_000)
    monkeypatch.setattr(receiving, "MAX_BYTES", 20_000)
    server.deliver(mail("a" * 30_000))
    with empty_app.app_context():
        read(server.url)
        [row] = db.session.scalars(select(ReceivedMail))
        assert row.reason == receiving.TOO_LARGE
    assert server.count("Refus&AOk-es") == 1


def test_what_a_full_room_does_not_take_stays_in_the_mailbox(empty_app, server, monkeypatch):
    """Strangers' mails wait on the server, and only their headers are read again; letters of those
    who are known come through; nothing is lost, and all are taken once there is room."""
    strange = [
        mail(f"Bonjour {n}", to="letters@x.example", Message_ID=f"<{n}@s.example>")
        for n in range(4)
    ]
    monkeypatch.setattr(waiting_room, "MOST_WAITING", len(strange[0]) + len(strange[1]) + 100)
    for data in (
        *strange,
        letter(1),
        mail(Auto_Submitted="auto-replied", Message_ID="<a@x.example>"),
    ):
        server.deliver(data)
    fetched = imap._fetched
    bodies = []
    monkeypatch.setattr(imap, "_fetched", lambda *at: bodies.append(at) or fetched(*at))
    with empty_app.app_context():
        assert read(server.url) == imap.MailboxReading(4, 0, 2)
        assert (stored(), len(bodies)) == ((1, 1, 4), 4)
        facts = deciding.facts(db.session)
        assert "la boîte garde pour le moment 2 courriels" in facts.state.problem
        assert "Mio sur 0 : décidez-en" in facts.room.warning
        assert read(server.url) == imap.MailboxReading(0, 0, 2)
        assert len(bodies) == 4
        server.deliver(letter(2))
        assert read(server.url) == imap.MailboxReading(1, 0, 2)
        chief = editor("administrateur")
        for waiting in deciding.of_state(db.session, chief, MailState.WAITING):
            deciding.refuse(db.session, chief, waiting.id, NOW)
        assert read(server.url) == imap.MailboxReading(2, 0, 0)
        assert deciding.facts(db.session).state.problem is None
        assert stored() == (2, 2, 7)
    assert [server.count(name) for name in ("INBOX", "Lues", "Refus&AOk-es")] == [0, 6, 1]


@pytest.mark.long
def test_a_mailbox_of_five_thousand(empty_app, server, capsys):
    """Most mails of such a mailbox are no letters, or come twice."""
    total = scaled(5_000, 100)
    for number in range(total):
        if number % 20 == 0:
            server.deliver(letter(number))
        elif number % 2:
            server.deliver(letter(number // 20 * 20, Received=str(number)))
        else:
            headers = {"Auto_Submitted": "auto-replied", "Message_ID": f"<{number}@x.example>"}
            server.deliver(mail(f"absence {number}", **headers))
    started = datetime.now(UTC)
    with empty_app.app_context():
        assert read(server.url) == imap.MailboxReading(total, 0)
        letters, drafts, _ = stored()
        assert letters == drafts == -(-total // 20)
        state = db.session.get_one(MailboxState, 1)
        assert (state.owner, state.problem) == (None, None)
    assert server.count() == 0
    with capsys.disabled():
        print(f"\n{total} mails in {(datetime.now(UTC) - started) / timedelta(seconds=1):.0f} s")  # noqa: T201


def test_the_worker_reads_the_mailbox_of_the_settings(make_app, server):
    app = make_app("empty", CALENDAR_LETTERS_MAILBOX=server.url)
    server.deliver(letter(1))
    with app.app_context():
        worker.read_letters(app, "un", lambda: False)
        assert stored() == (1, 1, 1)
        worker.read_letters(app, "un", lambda: True)


def test_from_a_mail_to_a_phone(make_app, server, capsys):
    """A letter is sent by SMTP, lies in the mailbox, is read by the worker's job, accepted in the
    room by its form, and stands in the feed of the académie."""
    app = make_app("empty", CALENDAR_LETTERS_MAILBOX=server.url)
    with time_machine.travel(NOW, tick=False):
        address = make_editor(app)
    started = time.monotonic()
    with mail_server() as delivers, smtplib.SMTP(HOST, delivers.port) as connection:
        sent = mail(LETTER, to="letters+lille@calendrier.example")
        connection.sendmail(STRANGER, ["letters+lille@calendrier.example"], sent)
        [taken] = delivers.mails
        server.deliver(b"Delivered-To: " + taken.recipient.encode() + b"\r\n" + taken.data)
    with time_machine.travel(NOW, tick=False):
        with app.app_context():
            worker.read_letters(app, "un", lambda: False)
        client = app.test_client()
        client.set_cookie("redaction", cookie(app, address).partition("=")[2])
        assert "par courriel" in client.get("/redaction/lettres/").text
        act(client, "/redaction/lettres/1/", "/redaction/propositions/1/accepter/")
        feed = client.get("/flux/academie-de-lille.ics").text.replace("\r\n ", "")
    seconds = time.monotonic() - started
    assert "DTSTART;VALUE=DATE:20210205" in feed
    assert server.count("Lues") == 1
    with capsys.disabled():
        print(f"\nfrom a mail to a phone: {seconds:.1f} s")  # noqa: T201
