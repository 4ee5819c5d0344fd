"""A session with an SMTP server: the commands of smtplib, replies that are read strictly, and
errors.

This module does not decide whether a mail may be sent again: ``reminders.mail.transport`` does.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import smtplib
import socket
import ssl
from io import BufferedReader
from typing import TYPE_CHECKING

from calendar_app.reminders.rules.server_replies import (
    is_policy,
    refuses_address,
    without_addresses,
)
from calendar_app.words.text import clean_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_REPLY = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\s*", re.DOTALL)
_MAX_LINE = 8192
_MAX_LINES = 128


class Session(smtplib.SMTP):
    """The commands of smtplib over our own socket, with replies that are read strictly and have
    limits."""

    sock: socket.socket
    file: BufferedReader

    def __init__(self, sock: socket.socket, helo: str | None) -> None:
        address = sock.getsockname()[0]
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        super().__init__(local_hostname=helo or literal)
        # The final dot is sent by itself, after the body. Without this option, TCP would hold it
        # back for the 40 ms by which the other side delays its acknowledgement, and a mail would
        # take ten times as long.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.file = sock.makefile("rb")

    def wait(self, seconds: float) -> None:
        """Set the time-out of the sends and reads from now on, in seconds."""
        self.sock.settimeout(seconds)

    def send(self, s: ReadableBuffer | str) -> None:
        """Send bytes or an ASCII text. Unlike smtplib's ``send``, do not change an OSError."""
        self.sock.sendall(s.encode("ascii") if isinstance(s, str) else s)

    @property
    def is_private(self) -> bool:
        """Whether a password may be sent, because nobody on the way can read it."""
        if isinstance(self.sock, ssl.SSLSocket):
            return True
        return ipaddress.ip_address(self.sock.getpeername()[0]).is_loopback

    def start_tls(self, host: str) -> None:
        """Turn the connection into a TLS connection; the caller must send EHLO again after it.

        :raises OSError: among others, when the certificate is not *host*'s, or not by a known
            authority.
        """
        context = ssl.create_default_context()
        plain = self.file
        self.sock = context.wrap_socket(self.sock, server_hostname=host)
        # Anything that came in clear after the answer to STARTTLS is thrown away (RFC 3207, section
        # 6).
        plain.close()
        self.file = self.sock.makefile("rb")
        self.esmtp_features = {}

    def authenticate(self, user: str, password: str) -> tuple[int, bytes] | None:
        """Return the last answer (235 is yes), or None when the server offers neither PLAIN nor
        LOGIN.

        smtplib's ``login`` takes only ASCII, where RFC 4616 says UTF-8. It also tries other
        mechanisms after a wrong password, and then some servers lock the account.
        """
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            return self.docmd("AUTH", "PLAIN " + _encoded(f"\0{user}\0{password}"))
        if "LOGIN" not in offered:
            return None
        answer = self.docmd("AUTH", "LOGIN")
        for text in (user, password):
            if answer[0] == 334:
                answer = self.docmd(_encoded(text))
        return answer

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of a reply (RFC 5321, section 4.2.1).

        :raises OSError: when the connection ended, took too long, or gave no valid reply.
            (smtplib's own method makes a 500 of a line that is too long, and reads continuation
            lines for ever.)
        """
        texts: list[bytes] = []
        code = b""
        for _ in range(_MAX_LINES):
            line = self.file.readline(_MAX_LINE + 1)
            if not line:
                raise smtplib.SMTPServerDisconnected("connexion fermée par le serveur")
            parts = _REPLY.fullmatch(line)
            if not parts or len(line) > _MAX_LINE or (code and parts[1] != code):
                break
            code = parts[1]
            texts.append((parts[3] or b"").strip())
            if parts[2] != b"-":
                return int(code), b"\n".join(texts)
        raise smtplib.SMTPServerDisconnected("réponse illisible")

    def has_spoken(self) -> bool:
        """Whether the server has sent something that was not read, or has closed the connection.
        This does not wait."""
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            # On a TLS connection, an empty peek is the end. On a plain connection, it is nothing
            # yet or the end; only the socket tells these apart.
            return (
                bool(self.file.peek(1))
                or isinstance(self.sock, ssl.SSLSocket)
                or self.sock.recv(1, socket.MSG_PEEK) is not None
            )
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(timeout)


def stuffed(data: bytes) -> bytes:
    """Return *data* as the DATA command needs it, without the final dot (RFC 5321, section 4.5.2).

    Each line ends in CRLF: a lone CR or LF is an end of line for some servers only, and a dot after
    it would be the end of the mail for these servers.
    """
    data = b"\r\n".join(data.splitlines()) + b"\r\n"
    if data.startswith(b".") or b"\n." in data:  # our mails rarely have such a line
        data = re.sub(rb"(?m)^\.", b"..", data)
    return data


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def reply_line(code: int, text: bytes) -> str:
    """Return a reply of the server on one line."""
    return f"{code} {clean_line(text.decode('utf-8', 'replace'))}".strip()


def status_of(reply: str) -> str | None:
    """Return the enhanced status code (RFC 2034) of a :func:`reply_line`, such as ``5.1.1``, if
    any."""
    found = re.match(r"\d{3} ([245]\.\d{1,3}\.\d{1,3})\b", reply)
    return found and found[1]


def reason(error: Exception) -> str:
    """Return a few words on why there is no reply. They never quote what was sent, which may hold
    addresses."""
    if isinstance(error, TimeoutError):
        return "pas de réponse à temps"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"le certificat du serveur n'est pas reconnu ({error.verify_message}) ;"
            " SSL_CERT_FILE peut nommer le fichier de son autorité"
        )
    if isinstance(error, smtplib.SMTPException):
        return str(error)
    return str(getattr(error, "strerror", None) or type(error).__name__)


class TransportError(Exception):
    """Nothing was accepted: the mail may be offered again, unless the error is :attr:`permanent`.

    :param stage: the stage that was reached: ``connect``, ``greeting``, ``ehlo``, ``starttls``
        (also the handshake of smtps://), ``auth``, ``mail``, ``rcpt``, ``data`` or ``body``.
    :param reply: the server's words, or what went wrong, on one line of at most 200 characters and
        without addresses: it is written to the store and to logs.
    :param code: the server's code; None if it did not answer.
    :param status: the server's enhanced status code (RFC 3463); None if it gave none.
    :param permanent: whether the server refused this mail for good.
    :param server: whether the failure is the server's, so that any other mail would fail, too.
    :param authentication: whether the server takes no mail from us with our settings.
    """

    def __init__(
        self,
        stage: str,
        reply: str,
        *,
        code: int | None = None,
        status: str | None = None,
        permanent: bool = False,
        server: bool = False,
        authentication: bool = False,
    ) -> None:
        self.stage = stage
        self.reply = without_addresses(reply)
        self.code = code
        self.status = status
        self.permanent = permanent
        self.server = server
        self.authentication = authentication
        super().__init__(f"{stage}: {self.reply}")

    @property
    def refuses_address(self) -> bool:
        """Whether the recipient's address takes no mail, now or later: see
        :func:`~calendar_app.reminders.rules.server_replies.refuses_address`."""
        if not self.permanent or self.stage == "mail":
            return False
        if self.status is None:
            return self.stage == "rcpt" and self.code in (550, 551, 553)
        return refuses_address(self.status)

    @property
    def policy(self) -> bool:
        """Whether the server's rules refuse this mail for good; a relay with wrong settings says so
        of every mail."""
        return self.permanent and is_policy(self.status or "")


class NoAnswerError(TransportError):
    """The final dot was sent, or may have been, and no answer came: the mail is in doubt."""
