"""A conversation with an SMTP server: smtplib's verbs, replies that are read strictly, and words.

It knows nothing of mails that may go out again: ``reminders.mail.transport`` does.
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
    """smtplib's verbs over a socket of ours, with replies that are read strictly and end."""

    sock: socket.socket
    file: BufferedReader

    def __init__(self, sock: socket.socket, helo: str | None) -> None:
        address = sock.getsockname()[0]
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        super().__init__(local_hostname=helo or literal)
        # The final dot goes out by itself, after the body: TCP would hold it back for the 40 ms by
        # which the other side delays its acknowledgement, and a mail would take ten times as long.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.file = sock.makefile("rb")

    def wait(self, seconds: float) -> None:
        """Give what is sent and read from now on so many seconds."""
        self.sock.settimeout(seconds)

    def send(self, s: ReadableBuffer | str) -> None:
        """Send bytes, or a text in ASCII; an OSError stays the one that it is, unlike smtplib's."""
        self.sock.sendall(s.encode("ascii") if isinstance(s, str) else s)

    @property
    def is_private(self) -> bool:
        """Whether a password may be said: nobody on the way can read it."""
        if isinstance(self.sock, ssl.SSLSocket):
            return True
        return ipaddress.ip_address(self.sock.getpeername()[0]).is_loopback

    def start_tls(self, host: str) -> None:
        """Make it a TLS connection; say EHLO again after it.

        :raises OSError: among others, the certificate is not *host*'s or not by a known authority.
        """
        context = ssl.create_default_context()
        plain = self.file
        self.sock = context.wrap_socket(self.sock, server_hostname=host)
        # Whatever came in clear after the answer to STARTTLS is thrown away (RFC 3207, section 6).
        plain.close()
        self.file = self.sock.makefile("rb")
        self.esmtp_features = {}

    def authenticate(self, user: str, password: str) -> tuple[int, bytes] | None:
        """Return the last answer (235 is yes), or None where neither way of ours is offered.

        smtplib's ``login`` takes ASCII only, where RFC 4616 says UTF-8, and goes on to try other
        ways after a wrong password, by which some servers lock the account.
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

        :raises OSError: it ended, took too long, or is no reply. (smtplib's own makes a 500 of a
            line that is too long, and reads continuation lines for ever.)
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
        """Whether the server has said anything, or closed, that was not read; does not wait."""
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            # A peek that is empty is the end of a TLS connection; of a plain one, nothing yet or
            # its end, which only the socket tells apart.
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
    """Return *data* as DATA wants it, without the final dot (RFC 5321, section 4.5.2).

    Each line ends in CRLF: a lone CR or LF is an end of line for some servers only, and a dot
    after it would be the end of the mail for them.
    """
    data = b"\r\n".join(data.splitlines()) + b"\r\n"
    if data.startswith(b".") or b"\n." in data:  # mails of ours rarely have one
        data = re.sub(rb"(?m)^\.", b"..", data)
    return data


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def reply_line(code: int, text: bytes) -> str:
    """Return a reply of the server on one line."""
    return f"{code} {clean_line(text.decode('utf-8', 'replace'))}".strip()


def status_of(reply: str) -> str | None:
    """Return the enhanced status code (RFC 2034) of a :func:`reply_line`, « 5.1.1 », if any."""
    found = re.match(r"\d{3} ([245]\.\d{1,3}\.\d{1,3})\b", reply)
    return found and found[1]


def reason(error: Exception) -> str:
    """Say in a few words why there is no reply. Never what was sent: it may hold addresses."""
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
    """Nothing was accepted: the mail may be offered again, unless it is :attr:`permanent`.

    :param stage: how far it went: ``connect``, ``greeting``, ``ehlo``, ``starttls`` (the handshake
        of smtps:// too), ``auth``, ``mail``, ``rcpt``, ``data`` or ``body``.
    :param reply: what the server said, or what went wrong, on a line of 200 characters at most and
        without addresses: it goes to the store and to logs.
    :param code: the server's, if it answered.
    :param status: its enhanced status code (RFC 3463), if it gave one.
    :param permanent: the server refused this mail for good.
    :param server: there is no server to talk to, which no other mail will change.
    :param authentication: it takes no mail from us as we are set up.
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
        """Whether the server's rules refuse this mail for good; a relay that is set wrongly says
        so of every mail."""
        return self.permanent and is_policy(self.status or "")


class NoAnswerError(TransportError):
    """The final dot went out, or may have, and no answer came: the mail is in doubt."""
