"""All failures of a server are told apart; above all, whether the server may have the mail."""

from __future__ import annotations

import hashlib
import io
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from calendar_app.reminders.mail import smtp_session
from calendar_app.reminders.mail.smtp_session import NoAnswerError, TransportError
from calendar_app.reminders.mail.transport import (
    ConsoleTransport,
    FileTransport,
    SmtpTransport,
    open_transport,
)
from tests.smtp_server import (
    BEHAVIOURS,
    HOST,
    HURRIED,
    PATIENT,
    Mail,
    mail_server,
    make_certificate,
    scripted_server,
)
from tests.tools import PATIENCE

SENDER, ELEVE = "ne-pas-repondre@calendrier.example", "eleve@ac-exemple.fr"


def mail(number: int = 1, text: str = "Bonjour à tous.\n") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = f"Calendrier <{SENDER}>", ELEVE
    message["Subject"] = "Rappel : la date limite approche"
    message["Message-ID"] = f"<mail-{number}@calendrier.example>"
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()


@pytest.fixture
def transport_to():
    """Return a function that makes transports; close them at the end."""
    made = []

    def transport_to(url: str, **options) -> SmtpTransport:
        made.append(SmtpTransport(url, **(PATIENT | options)))
        return made[-1]

    yield transport_to
    for transport in made:
        transport.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def send(transport, data: bytes | None = None, recipient: str = ELEVE, gate=bool) -> str:
    transport.offer(SENDER, recipient)
    gate()
    return transport.deliver(mail() if data is None else data)


def told(error: TransportError) -> tuple:
    """Return all of an error but its words: kind, stage, code, status and the flags set."""
    kind = "in doubt" if isinstance(error, NoAnswerError) else "not accepted"
    flags = ("permanent", "server", "authentication", "refuses_address")
    true = " ".join(flag for flag in flags if getattr(error, flag))
    return (kind, error.stage, error.code, error.status, true)


NO = "not accepted"
BAD = "server authentication"
OUTCOMES = {
    "refuses the connection": (NO, "connect", None, None, "server"),
    "closes at once": (NO, "greeting", None, None, "server"),
    "silent greeting": (NO, "greeting", None, None, "server"),
    "greets with 554": (NO, "greeting", 554, "5.7.1", "server"),
    "greets with 421": (NO, "greeting", 421, "4.3.2", "server"),
    "speaks nonsense": (NO, "greeting", None, None, "server"),
    "4xx at EHLO": (NO, "ehlo", 451, "4.3.0", "server"),
    "AUTH refused": (NO, "auth", 535, "5.7.8", BAD),
    "AUTH refused for now": (NO, "auth", 454, "4.7.0", "server"),
    "4xx at MAIL": (NO, "mail", 451, "4.3.0", ""),
    "5xx at MAIL": (NO, "mail", 550, "5.1.0", "permanent"),
    "421 at MAIL": (NO, "mail", 421, "4.3.2", "server"),
    "530 at MAIL": (NO, "mail", 530, "5.7.0", BAD),
    "4xx at RCPT": (NO, "rcpt", 450, "4.2.1", ""),
    "5xx at RCPT": (NO, "rcpt", 550, "5.1.1", "permanent refuses_address"),
    "5xx at RCPT without a status": (NO, "rcpt", 550, None, "permanent refuses_address"),
    "policy at RCPT": (NO, "rcpt", 550, "5.7.1", "permanent"),
    "full mailbox at RCPT": (NO, "rcpt", 552, "5.2.2", "permanent"),
    "silent at RCPT": (NO, "rcpt", None, None, "server"),
    "4xx at DATA": (NO, "data", 451, "4.3.1", ""),
    "5xx at DATA": (NO, "data", 554, "5.7.1", "permanent"),
    "250 at DATA": (NO, "data", 250, "2.0.0", "server"),
    "4xx after the body": (NO, "body", 451, "4.7.1", ""),
    "5xx after the body": (NO, "body", 554, "5.7.1", "permanent"),
    "421 after the body": (NO, "body", 421, "4.3.2", "server"),
    "closes in the body": (NO, "body", None, None, "server"),
    "says no in the body": (NO, "body", 552, "5.3.4", "server"),
    "accepts then closes": ("in doubt", "body", None, None, "server"),
    "answers too late": ("in doubt", "body", None, None, "server"),
    "answers nonsense": ("in doubt", "body", None, None, "server"),
    "354 after the body": ("in doubt", "body", None, None, "server"),
}


def test_every_behaviour_is_tried():
    successes = {"accepts", "closes before QUIT", "421 at the second MAIL"}
    assert BEHAVIOURS.keys() - OUTCOMES.keys() == successes
    assert OUTCOMES.keys() <= BEHAVIOURS.keys()


@pytest.mark.long
@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize("behaviour", OUTCOMES)
def test_a_failure_is_told_as_what_it_is(behaviour, pipelining, transport_to):
    with scripted_server(behaviour, pipelining=pipelining) as server:
        url = server.url.replace("://", "://moi:secret@") if "AUTH" in behaviour else server.url
        transport = transport_to(url, **HURRIED.get(behaviour, {}))
        # The server has closed, or answered out of turn, before we send the body.
        gate = (lambda: server.done.wait(PATIENCE)) if "in the body" in behaviour else bool
        with pytest.raises(TransportError) as caught:
            send(transport, gate=gate)
        assert told(caught.value) == OUTCOMES[behaviour]
        # The server has the mail only where we say « in doubt ».
        in_doubt = OUTCOMES[behaviour][0] == "in doubt"
        assert not in_doubt or server.done.wait(PATIENCE)
        assert server.accepted == ([mail()] if in_doubt else [])
        # Neither the words nor a traceback show an address or a password.
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert not {"@", "secret"} & {*str(caught.value), *str(caught.value).split()}
        assert str(caught.value) == f"{caught.value.stage}: {caught.value.reply}"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("5xx at RCPT", "550 5.1.1 <…>: user unknown"),
        ("closes at once", "connexion fermée par le serveur"),
        ("silent greeting", "pas de réponse à temps"),
        ("speaks nonsense", "réponse illisible"),
        ("refuses the connection", "Connection refused"),
    ],
)
def test_the_words_of_a_failure(behaviour, words, transport_to):
    with scripted_server(behaviour) as server:
        with pytest.raises(TransportError) as caught:
            send(transport_to(server.url, **HURRIED.get(behaviour, {})))
        assert caught.value.reply == words


@pytest.mark.long
def test_a_server_that_leaves_in_the_middle_of_a_long_body_has_nothing(transport_to):
    """The server may leave before it read anything of the body, while we are still sending."""
    with scripted_server("closes in the body") as server:
        transport = transport_to(server.url)
        transport.offer(SENDER, ELEVE)
        with pytest.raises(TransportError) as caught:
            transport.deliver(mail() + b"x" * 70 * 1000 + b"\r\n" * 10_000_000)
        assert told(caught.value) == OUTCOMES["closes in the body"]


def test_an_error_after_success_is_a_success(transport_to):
    with scripted_server("closes before QUIT") as server:
        transport = transport_to(server.url)
        assert send(transport) == "250 2.0.0 OK"
        transport.close()
        assert server.accepted == [mail()]


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize("behaviour", ["closes before QUIT", "421 at the second MAIL"])
def test_a_connection_that_the_server_closed_is_opened_again(behaviour, pipelining, transport_to):
    with scripted_server(behaviour, pipelining=pipelining) as server:
        transport = transport_to(server.url)
        for number in (1, 2, 3):
            send(transport, mail(number))
        assert server.accepted == [mail(1), mail(2), mail(3)]
        assert server.connections == 3


def test_it_is_opened_again_once_only(transport_to):
    with mail_server() as server:
        transport = transport_to(server.url)
        send(transport)
        server.stop()
        with pytest.raises(TransportError) as caught:
            transport.offer(SENDER, ELEVE)
        assert told(caught.value) == OUTCOMES["refuses the connection"]
        server.start()
        send(transport, mail(2))
        assert [m.message_id for m in server.mails] == [
            f"<mail-{n}@calendrier.example>" for n in (1, 2)
        ]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_refused_mail_leaves_the_connection_to_the_next(stage, transport_to):
    with scripted_server(f"5xx at {stage}") as server:
        transport = transport_to(server.url)
        for _ in range(2):
            with pytest.raises(TransportError):
                transport.offer(SENDER, ELEVE)
        once = ["MAIL", "RCPT", "DATA"][: ["MAIL", "RCPT", "DATA"].index(stage) + 1]
        assert server.commands == ["EHLO", *once, "RSET", *once]
        assert server.connections == 1


def test_commands_go_together_where_the_server_takes_them_so(transport_to):
    with scripted_server("accepts", pipelining=True) as server:
        transport = transport_to(server.url)
        for number in (1, 2):
            send(transport, mail(number))
        assert server.accepted == [mail(1), mail(2)]
        assert server.commands == ["EHLO", *["MAIL", "RCPT", "DATA"] * 2]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_body_is_not_sent_to_a_server_that_refused_the_mail_and_waits_for_it(stage, transport_to):
    """With pipelining, DATA was already sent with the command that the server refused."""
    with scripted_server(f"5xx at {stage}", pipelining=True) as server:
        transport = transport_to(server.url)
        for _ in range(2):
            with pytest.raises(TransportError) as caught:
                transport.offer(SENDER, ELEVE)
            assert caught.value.stage == stage.lower()
            with pytest.raises(RuntimeError):
                transport.deliver(mail())
        assert server.connections == 2
        assert server.accepted == []


def test_what_is_dropped_at_the_gate_is_not_sent(transport_to):
    with mail_server() as server:
        transport = transport_to(server.url)
        transport.offer(SENDER, ELEVE)
        transport.drop()
        transport.drop()
        with pytest.raises(RuntimeError):
            transport.deliver(mail())
        # An offer that was not delivered is dropped by the next offer, and by closing.
        transport.offer(SENDER, ELEVE)
        transport.offer(SENDER, "deux@ac-exemple.fr")
        transport.deliver(mail(2))
        transport.offer(SENDER, ELEVE)
        transport.close()
        assert server.mails == [Mail("<mail-2@calendrier.example>", "deux@ac-exemple.fr", mail(2))]


@pytest.mark.long
def test_a_hundred_mails_share_a_connection(transport_to):
    with mail_server() as server:
        transport = transport_to(server.url)
        for number in range(101):
            send(transport, mail(number), f"eleve-{number}@ac-exemple.fr")
        assert server.mails == [
            Mail(
                f"<mail-{number}@calendrier.example>",
                f"eleve-{number}@ac-exemple.fr",
                mail(number),
            )
            for number in range(101)
        ]
        assert server.connections == 2


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b".\r\n", b".\r\n"),
        (b"..\r\n.a\r\n...\r\n", b"..\r\n.a\r\n...\r\n"),
        (b"\r\n.\r\n\r\nQUIT\r\n", b"\r\n.\r\n\r\nQUIT\r\n"),
        (b"without an end", b"without an end\r\n"),
        # Some servers take these lines for the end of the mail (« SMTP smuggling »).
        (b"a\n.\nMAIL\n", b"a\r\n.\r\nMAIL\r\n"),
        (b"a\r.\rMAIL\r", b"a\r\n.\r\nMAIL\r\n"),
        (b"a\n.\r\nMAIL\r\n", b"a\r\n.\r\nMAIL\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_at_line_starts_arrive(sent, received, transport_to):
    head = b"Message-ID: <a@b>\r\n\r\n"
    with mail_server() as server:
        transport = transport_to(server.url)
        send(transport, head + sent if sent else b"")
        send(transport, mail(2))
        assert [m.data for m in server.mails] == [
            head + received if sent else b"\r\n",
            mail(2),
        ]


@pytest.mark.parametrize("helo", [None, "calendrier.ac-exemple.fr"])
def test_our_name_is_the_sites_or_our_address(helo, transport_to):
    with mail_server() as server:
        send(transport_to(server.url, helo=helo))
        assert server.greetings == [helo or f"[{HOST}]"]


@pytest.mark.parametrize(
    ("sender", "recipient", "expected"),
    [
        (SENDER, "élève@ac-exemple.fr", (NO, "rcpt", None, None, "permanent")),
        (SENDER, "a@b> SIZE=1", (NO, "rcpt", None, None, "permanent")),
        (SENDER, "a@b\r\nRSET", (NO, "rcpt", None, None, "permanent")),
        (SENDER, "", (NO, "rcpt", None, None, "permanent")),
        ("école@ac-exemple.fr", ELEVE, (NO, "mail", None, None, "server")),
    ],
)
def test_an_address_that_cannot_be_said_is_not_said(sender, recipient, expected, transport_to):
    with mail_server() as server:
        transport = transport_to(server.url)
        with pytest.raises(TransportError) as caught:
            transport.offer(sender, recipient)
        assert told(caught.value) == expected
        send(transport)
        assert [m.recipient for m in server.mails] == [ELEVE]


@pytest.mark.parametrize("status", ["5.1.5", "5.1.7", "5.1.8", "5.1.9", "5.2.2", "5.2.3", "5.7.1"])
def test_not_every_refusal_is_about_the_address(status):
    error = TransportError("rcpt", "", code=550, status=status, permanent=True)
    assert not error.refuses_address


@pytest.mark.parametrize("status", ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_these_are_about_the_address(status):
    assert TransportError("body", "", code=550, status=status, permanent=True).refuses_address
    assert not TransportError("mail", "", code=550, status=status, permanent=True).refuses_address
    assert not TransportError("rcpt", "", code=450, status=status).refuses_address


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 <Eleve.X+a@ac-exemple.fr>: no", "550 <…>: no"),
        ("no mailto:a@b.fr, c@d or a=b%40c.fr\r\nhere", "no mailto:…, … or … here"),
        ("a" * 195 + " eleve@ac-exemple.fr", "a" * 195 + " …"),
        ("é" * 300, "é" * 200),
        ("a\x00b\x1b[31m\tc", "ab[31m c"),
    ],
)
def test_no_address_is_kept(said, kept):
    assert TransportError("rcpt", said).reply == kept


def test_a_long_reply_is_scrubbed_quickly():
    started = time.process_time()
    TransportError("rcpt", "a" * 1_000_000 + "@")
    assert time.process_time() - started < 1


# TLS and passwords


def test_the_password_goes_out_over_verified_tls(transport_to, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    # The password must be private because of TLS, not because the server is on loopback.
    monkeypatch.setattr(
        smtp_session.ipaddress, "ip_address", lambda text: pytest.fail("not asked over TLS")
    )
    for implicit in (False, True):
        with mail_server(
            certificate=certificate, users={"élève@x": "p:@ss/é"}, implicit=implicit
        ) as server:
            transport = transport_to(server.url_of("%C3%A9l%C3%A8ve%40x", "p%3A%40ss%2F%C3%A9"))
            send(transport)
            send(transport, mail(2))
            assert [m.data for m in server.mails] == [mail(), mail(2)]
            assert (server.logins, server.connections) == (["élève@x"], 1)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("name", ["unknown authority", "another name"])
def test_an_unknown_certificate_stops_before_the_password(
    name, implicit, transport_to, tmp_path, certificate, monkeypatch
):
    served = certificate
    if name == "another name":
        served = make_certificate(tmp_path, "DNS:autre.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
    with mail_server(certificate=served, users={"moi": "secret"}, implicit=implicit) as server:
        with pytest.raises(TransportError) as caught:
            transport_to(server.url_of("moi", "secret")).offer(SENDER, ELEVE)
        assert told(caught.value) == (NO, "starttls", None, None, "server")
        assert caught.value.reply.startswith("le certificat du serveur n'est pas reconnu (")
        assert server.logins == []


@pytest.mark.parametrize("implicit", [False, True])
def test_a_server_that_leaves_before_the_dot_has_nothing_over_tls_too(
    implicit, transport_to, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with mail_server(certificate=certificate, implicit=implicit) as server:
        with pytest.raises(TransportError) as caught:
            send(transport_to(server.url), gate=server.stop)
        assert told(caught.value) == OUTCOMES["closes in the body"]
        assert server.mails == []


def test_no_password_goes_out_in_clear(transport_to, monkeypatch):
    """The connection to loopback counts as public here: a password may not be sent."""
    with mail_server(users={"moi": "secret"}, auth_without_tls=True) as server:
        url = server.url_of("moi", "secret")
        send(transport_to(url))
        assert server.logins == ["moi"]
        monkeypatch.setattr(smtp_session.Session, "is_private", False)
        with pytest.raises(TransportError) as caught:
            transport_to(url).offer(SENDER, ELEVE)
        assert told(caught.value) == (NO, "auth", None, None, BAD)
        assert caught.value.reply == (
            "le serveur n'offre pas TLS : le mot de passe ne part pas en clair"
        )
        assert server.logins == ["moi"]


def test_a_server_without_passwords_is_told(transport_to):
    with mail_server() as server:
        with pytest.raises(TransportError) as caught:
            transport_to(server.url_of("moi", "secret")).offer(SENDER, ELEVE)
        assert told(caught.value) == (NO, "auth", None, None, BAD)
        assert caught.value.reply == (
            "le serveur n'offre pas d'authentification (AUTH PLAIN ou LOGIN)"
        )


def test_a_wrong_password_is_told(transport_to):
    with mail_server(users={"moi": "secret"}, auth_without_tls=True) as server:
        with pytest.raises(TransportError) as caught:
            transport_to(server.url_of("moi", "faux")).offer(SENDER, ELEVE)
        assert told(caught.value) == (NO, "auth", 535, "5.7.8", BAD)


def test_login_is_spoken_where_plain_is_not(monkeypatch):
    said = []

    def docmd(session, command, argument=""):
        said.append(f"{command} {argument}".strip())
        return (334, b"") if len(said) < 3 else (235, b"")

    session = smtp_session.Session.__new__(smtp_session.Session)
    session.esmtp_features = {"auth": " LOGIN CRAM-MD5"}
    monkeypatch.setattr(smtp_session.Session, "docmd", docmd)
    assert session.authenticate("moi", "secret") == (235, b"")
    assert said == ["AUTH LOGIN", "bW9p", "c2VjcmV0"]


def test_a_name_that_does_not_exist_is_no_server(transport_to):
    with pytest.raises(TransportError) as caught:
        transport_to("smtp://nulle-part.invalid").offer(SENDER, ELEVE)
    assert told(caught.value) == (NO, "connect", None, None, "server")


# Without a server


def test_mails_become_files_for_their_owner_only(tmp_path):
    folder = tmp_path / "instance" / "outbox"
    transport = open_transport(None, folder)
    assert send(transport) == "250 mail-1.eml"
    send(transport, mail(1, "Le même, encore.\n"))
    send(transport, mail(2))
    transport.close()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "mail-1.eml": mail(1, "Le même, encore.\n"),
        "mail-2.eml": mail(2),
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_mail_that_is_dropped_makes_no_file(tmp_path):
    transport = FileTransport(tmp_path / "outbox")
    transport.offer(SENDER, ELEVE)
    transport.drop()
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"Message-ID: <../../etc/passwd@x>\r\n", "etc_passwd.eml"),
        (b"Message-ID:\r\n <a b\x00c@x>\r\n", "a_b_c.eml"),
        (b"", hashlib.sha256(b"Subject: x\r\n\r\n").hexdigest()[:32] + ".eml"),
    ],
)
def test_the_name_of_a_file_is_safe(header, name, tmp_path):
    FileTransport(tmp_path).deliver(header + b"Subject: x\r\n\r\n")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TransportError) as caught:
        send(FileTransport(tmp_path / "file" / "outbox"))
    assert told(caught.value) == (NO, "body", None, None, "server")


def test_mails_are_read_on_the_console():
    stream = io.StringIO()
    send(ConsoleTransport(stream))
    assert stream.getvalue() == (
        "From: Calendrier <ne-pas-repondre@calendrier.example>\n"
        "To: eleve@ac-exemple.fr\n"
        "Subject: Rappel : la date limite approche\n"
        "Message-ID: <mail-1@calendrier.example>\n"
        'Content-Type: text/plain; charset="utf-8"\n'
        "Content-Transfer-Encoding: quoted-printable\n"
        "MIME-Version: 1.0\n"
        "\n"
        "Bonjour à tous.\n" + "-" * 72 + "\n"
    )


def test_a_console_without_accents_is_no_failure():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    send(ConsoleTransport(stream))
    stream.seek(0)
    assert "Bonjour ? tous." in stream.read()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (None, FileTransport),
        ("file:", FileTransport),
        ("console:", ConsoleTransport),
        ("smtp://courriel.ac-exemple.fr", SmtpTransport),
        ("smtps://moi:secret@courriel.ac-exemple.fr", SmtpTransport),
    ],
)
def test_the_setting_chooses(url, kind, tmp_path):
    transport = open_transport(url, tmp_path, "calendrier.example")
    assert type(transport) is kind
    transport.close()
