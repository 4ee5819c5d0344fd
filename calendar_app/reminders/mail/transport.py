"""Handing a mail to a server, in two steps with a look at the clock between them.

``smtplib``'s ``sendmail`` cannot tell "not accepted" from "accepted, and the answer was lost". So
each command is sent on its own here:

1. :meth:`Transport.offer` goes as far as the 354 of DATA. If a step fails, nothing was accepted.
2. The caller looks at its clock, and may call :meth:`Transport.drop`.
3. :meth:`Transport.deliver` sends the body, checks that the server has not refused it already, and
   only then sends the final dot. From the dot to the answer, nobody can know whether the mail was
   accepted (RFC 1047), and :class:`NoAnswerError` says so.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import smtplib
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import unquote, urlsplit

from calendar_app.reminders.mail.smtp_session import (
    NoAnswerError,
    Session,
    TransportError,
    reason,
    reply_line,
    status_of,
    stuffed,
)
from calendar_app.reminders.rules.server_replies import without_addresses
from calendar_app.words.text import clean, clean_line

#: An address between « < » and « > »; a blank or a bracket could add parameters to the command.
_MAILBOX = re.compile(r"[!-;=?-~]+")
_BEFORE_MAIL = ("connect", "greeting", "ehlo", "starttls", "auth")
#: "Authenticate first", "use TLS first", "wrong password" (RFC 4954, section 6; RFC 3207).
_WANTS_AUTHENTICATION = (530, 534, 535, 538)
_QUIT_SECONDS = 5.0


class Transport(Protocol):
    """A way to send mails, one after the other. Only one thread may use it at a time."""

    def offer(self, sender: str, recipient: str) -> None:
        """Go as far as possible without sending the mail: connect, MAIL, RCPT, DATA, 354.

        :param sender: a bare address, as is *recipient*.
        :raises TransportError: nothing was accepted.
        """

    def deliver(self, data: bytes) -> str:
        """Send the mail that was offered; return the server's words when it accepted the mail.

        :raises NoAnswerError: nobody knows whether the mail was accepted.
        :raises TransportError: the mail was not accepted.
        """

    def drop(self) -> None:
        """Close the connection instead of delivering: the server forgets the offer."""

    def close(self) -> None:
        """End the session. Nothing is lost if this fails."""


def open_transport(smtp_url: str | None, outbox: Path, helo: str | None = None) -> Transport:
    """Return the transport of ``CALENDAR_SMTP_URL``; no connection is opened before the first
    offer.

    :param smtp_url: ``smtp://…``, ``smtps://…``, ``console:``, or ``file:`` or None for files.
    :param outbox: the folder of the mail files.
    :param helo: our name for EHLO, usually the site's host.
    """
    if smtp_url is None or smtp_url == "file:":
        return FileTransport(outbox)
    if smtp_url == "console:":
        return ConsoleTransport(sys.stdout)
    return SmtpTransport(smtp_url, helo)


class SmtpTransport:
    """A mail server, over one connection that many mails share.

    TLS is used where the server offers it, and its certificate is verified (``SSL_CERT_FILE`` adds
    private authorities). A password is never sent in clear, except to this machine.

    :param url: ``smtp://[user:password@]host[:port]`` (port 25), or ``smtps://`` (465); user and
        password are percent-encoded.
    :param helo: our name for EHLO; by default our address on this connection, in brackets (RFC
        5321, section 4.1.4), because a look-up of our name may take many seconds with a slow DNS.
    :param connect_timeout: seconds for TCP.
    :param command_timeout: seconds for the answer to a command, and for the body.
    :param answer_timeout: seconds for the answer to the final dot (RFC 5321, section 4.5.3.2.6: 10
        minutes; a client that gives up sooner makes copies).
    :param mails_per_connection: the largest number of mails before a new connection: servers close
        a connection that they find too busy.
    """

    def __init__(
        self,
        url: str,
        helo: str | None = None,
        *,
        connect_timeout: float = 30,
        command_timeout: float = 60,
        answer_timeout: float = 600,
        mails_per_connection: int = 100,
    ) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._helo = helo
        self._connect_timeout = connect_timeout
        self._command_timeout = command_timeout
        self._answer_timeout = answer_timeout
        self._mails_per_connection = mails_per_connection
        self._session: Session | None = None
        self._mails = 0
        self._offered = False
        self._needs_reset = False

    def log_in(self) -> None:
        """Open a connection, with TLS and the password, and close it again.

        :raises TransportError: when the server does not take us.
        """
        self._connect()
        self.close()

    def offer(self, sender: str, recipient: str) -> None:
        if self._offered:
            self.drop()
        if self._mails >= self._mails_per_connection:
            self.close()
        reused = self._session is not None
        try:
            self._offer(sender, recipient)
        except TransportError as error:
            # A server may close a connection that was idle for long: that is no failure.
            if not (reused and error.server and error.stage == "mail"):
                raise
            self.drop()
            self._offer(sender, recipient)

    def _offer(self, sender: str, recipient: str) -> None:
        session = self._session or self._connect()
        session.wait(self._command_timeout)
        if not _MAILBOX.fullmatch(sender):
            raise TransportError("mail", "l'adresse d'expédition est mal écrite", server=True)
        if not _MAILBOX.fullmatch(recipient):
            raise TransportError("rcpt", "l'adresse est mal écrite", permanent=True)
        commands = [
            ("mail", 250, f"MAIL FROM:<{sender}>"),
            ("rcpt", 250, f"RCPT TO:<{recipient}>"),
            ("data", 354, "DATA"),
        ]
        if self._needs_reset:
            commands.insert(0, ("mail", 250, "RSET"))
        self._needs_reset = True
        if session.has_extn("pipelining"):
            self._say(session, *commands)
        else:
            for command in commands:
                self._say(session, command)
        self._offered = True

    def _say(self, session: Session, *commands: tuple[str, int, str]) -> None:
        """Send commands (stage, expected code, line) at once, then read the answer to each. A mail
        then takes two round trips to the server instead of four (RFC 2920).

        :raises TransportError: the first thing that went wrong.
        """
        with self._at(commands[0][0]):
            session.send("".join(f"{line}\r\n" for _, _, line in commands))
        refusal: TransportError | None = None
        for stage, expected, _ in commands:
            try:
                with self._at(stage):
                    answer = session.getreply()
                self._expect(stage, expected, answer)
            except TransportError as error:
                refusal = refusal or error
                if self._session is None:  # the connection was dropped
                    break
            else:
                if refusal and stage == "data":
                    self.drop()  # the server waits for a body, though it refused the mail
        if refusal:
            raise refusal

    def deliver(self, data: bytes) -> str:
        session = self._session
        if session is None or not self._offered:
            raise RuntimeError("a mail is offered before it is delivered")
        self._offered = False
        self._mails += 1
        with self._at("body"):
            session.send(stuffed(data))
            if session.has_spoken():
                self._abandon(session)
        # From here on, the server may have accepted the mail, whatever we see.
        try:
            session.wait(self._answer_timeout)
            session.send(b".\r\n")
            code, text = session.getreply()
            if not (200 <= code < 300 or 400 <= code < 600):
                raise smtplib.SMTPServerDisconnected("réponse inattendue")
        except (OSError, ValueError) as error:
            self.drop()
            raise NoAnswerError("body", reason(error), server=True) from None
        self._expect("body", 250, (code, text))
        self._needs_reset = False
        return without_addresses(reply_line(code, text))

    def drop(self) -> None:
        session, self._session = self._session, None
        self._mails, self._offered, self._needs_reset = 0, False, False
        if session is not None:
            session.close()

    def close(self) -> None:
        if self._session is not None and not self._offered:
            try:
                self._session.wait(_QUIT_SECONDS)
                self._session.docmd("QUIT")
            except (OSError, ValueError):
                pass
        self.drop()

    def _connect(self) -> Session:
        with self._at("connect"):
            session = Session(
                socket.create_connection((self._host, self._port), self._connect_timeout),
                self._helo,
            )
            self._session = session
            session.wait(self._command_timeout)
        if self._tls:
            with self._at("starttls"):
                session.start_tls(self._host)
        with self._at("greeting"):
            self._expect("greeting", 220, session.getreply())
        with self._at("ehlo"):
            self._expect("ehlo", 250, session.ehlo())
        if not self._tls and session.has_extn("starttls"):
            with self._at("starttls"):
                self._expect("starttls", 220, session.docmd("STARTTLS"))
                session.start_tls(self._host)
            with self._at("ehlo"):  # answers in clear count for nothing (RFC 3207, 4.2)
                self._expect("ehlo", 250, session.ehlo())
        if self._user:
            with self._at("auth"):
                self._authenticate(session)
        return session

    def _authenticate(self, session: Session) -> None:
        obstacle = "le serveur n'offre pas TLS : le mot de passe ne part pas en clair"
        if session.is_private:
            answer = session.authenticate(self._user, self._password)
            if answer is not None:
                self._expect("auth", 235, answer)
                return
            obstacle = "le serveur n'offre pas d'authentification (AUTH PLAIN ou LOGIN)"
        self.drop()
        raise TransportError("auth", obstacle, server=True, authentication=True)

    @contextmanager
    def _at(self, stage: str) -> Iterator[None]:
        """Turn a failure without an answer of the server into a :class:`TransportError`."""
        try:
            yield
        except (OSError, ValueError) as error:  # smtplib's and ssl's errors are OSError
            self.drop()
            # ``from None``: the errors of these modules quote what was sent.
            raise TransportError(stage, reason(error), server=True) from None

    def _expect(self, stage: str, expected: int, answer: tuple[int, bytes]) -> None:
        """Check the server's answer; any other 2xx is as good as the 250 that was expected.

        :raises TransportError: when the server refused. The connection stays open if it is still of
            use.
        """
        code, text = answer
        if code == expected or (expected == 250 and 200 <= code < 300):
            return
        reply = reply_line(code, text)
        refused = code >= 500
        authentication = refused and (stage == "auth" or code in _WANTS_AUTHENTICATION)
        server = authentication or stage in _BEFORE_MAIL or code == 421 or code < 400
        if server:
            self.drop()
        raise TransportError(
            stage,
            reply,
            code=code,
            status=status_of(reply),
            permanent=refused and not server,
            server=server,
            authentication=authentication,
        )

    def _abandon(self, session: Session) -> None:
        """Raise what the server said before the final dot. Whatever it said, it has not accepted
        the mail."""
        with self._at("body"):
            code, text = session.getreply()
            self.drop()
            reply = reply_line(code, text)
            raise TransportError("body", reply, code=code, status=status_of(reply), server=True)


class _NoServer:
    """A transport that takes a mail at once: it has nothing to offer or to close."""

    def offer(self, sender: str, recipient: str) -> None:
        pass

    def drop(self) -> None:
        pass

    def close(self) -> None:
        pass


class FileTransport(_NoServer):
    """Writes mails as ``.eml`` files into a folder, for a developer's machine.

    A file is named after the Message-ID, so a mail that is sent again replaces its file.

    :param folder: created if it is missing; only its owner may read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, data: bytes) -> str:
        headers = BytesHeaderParser().parsebytes(data)
        local_part = str(headers["Message-ID"] or "").strip().lstrip("<").partition("@")[0]
        name = re.sub(r"[^A-Za-z0-9._-]", "_", local_part).strip("._")[:100]
        path = self._folder / f"{name or hashlib.sha256(data).hexdigest()[:32]}.eml"
        # Written to another file first, so that nobody who looks into the folder finds half a mail.
        draft = self._folder / f".{secrets.token_hex(8)}.draft"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as f:
                    f.write(data)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise TransportError("body", reason(error), server=True) from None
        return f"250 {path.name}"


def old_mails(folder: Path, before: datetime) -> Iterator[Path]:
    """Yield the files of :class:`FileTransport` that were written before an instant (aware), also
    the unfinished files of a process that was killed."""
    for pattern in ("*.eml", ".*.draft"):
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):  # another process deleted it
                if path.stat().st_mtime <= before.timestamp():
                    yield path


class ConsoleTransport(_NoServer):
    """Writes mails to a stream as a person reads them: headers and text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def deliver(self, data: bytes) -> str:
        message = message_from_bytes(data, _class=EmailMessage, policy=default)
        lines = [f"{name}: {clean_line(str(value))}" for name, value in message.items()]
        body = message.get_body(("plain", "html"))
        text = clean(body.get_content()) if body is not None else ""
        whole = "\n".join((*lines, "", text.rstrip("\n"), "-" * 72, ""))
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(whole.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except OSError as error:
            raise TransportError("body", reason(error), server=True) from None
        return "250 console"
