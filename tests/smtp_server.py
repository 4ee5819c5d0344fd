"""Mail servers for tests, on 127.0.0.1: a real server, and a server that misbehaves as scripted.

No server measures time: a server that « answers too late » waits until its client disconnects.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.tools import NO_SKIP, PATIENCE, free_port

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Mail:
    """A mail that a server accepted."""

    message_id: str
    recipient: str
    data: bytes


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate of 127.0.0.1; a client that trusts it trusts the server."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path, name: str = f"IP:{HOST}") -> Certificate:
    """Make a certificate for *name* (« IP:… » or « DNS:… ») in *folder*; skip the test without
    openssl."""
    openssl = shutil.which("openssl")
    if not openssl:
        reason = "TLS to a mail server skipped: needs openssl (apt-get install openssl)"
        if NO_SKIP:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"),
            *("-keyout", made.key, "-out", made.certificate),
        ],
        check=True,
        capture_output=True,
    )
    return made


class MailServer:
    """A real SMTP server (aiosmtpd). :func:`mail_server` makes and starts it.

    :param users: name → password; when given, only these users may send.
    :param certificate: the certificate for TLS: STARTTLS, or implicit TLS when *implicit*.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
        implicit: bool = False,
        auth_without_tls: bool = False,
    ) -> None:
        self._users = users
        self._certificate = certificate
        self._implicit = implicit
        self._auth_without_tls = auth_without_tls
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        self._peers: dict[Any, None] = {}
        self._greetings: list[str] = []
        self._logins: list[str] = []
        self._controller: _Controller | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'smtps' if self._implicit else 'smtp'}://{HOST}:{self.port}"

    def url_of(self, user: str, password: str) -> str:
        """Return the URL with credentials, which the caller has percent-encoded."""
        return self.url.replace("://", f"://{user}:{password}@")

    @property
    def mails(self) -> list[Mail]:
        """The accepted mails in order; :meth:`stop` and :meth:`start` keep them."""
        with self._lock:
            return list(self._mails)

    @property
    def connections(self) -> int:
        """The number of connections that sent EHLO."""
        with self._lock:
            return len(self._peers)

    @property
    def greetings(self) -> list[str]:
        """The host names that clients announced, one for each EHLO."""
        with self._lock:
            return list(self._greetings)

    @property
    def logins(self) -> list[str]:
        """The user names of all attempts to authenticate."""
        with self._lock:
            return list(self._logins)

    def start(self) -> None:
        """Start listening; after :meth:`stop`, on the same port as before."""
        for attempt in range(5):
            port = self.port or free_port()
            context = self._certificate.context() if self._certificate else None
            controller = _Controller(
                _Handler(self),
                hostname=HOST,
                port=port,
                server_hostname="test.example",
                ssl_context=context if self._implicit else None,
                tls_context=None if self._implicit else context,
                authenticator=self._authenticate if self._users is not None else None,
                # aiosmtpd does not see that a connection with implicit TLS is encrypted.
                auth_require_tls=not (self._auth_without_tls or self._implicit),
            )
            try:
                controller.start()
            except OSError:  # another program has taken the port meanwhile
                controller.loop.close()
                if self.port or attempt == 4:
                    raise
            else:
                self.port, self._controller = port, controller
                return

    def stop(self) -> None:
        """Stop listening, and abort the open connections."""
        controller, self._controller = self._controller, None
        if controller is not None:
            asyncio.run_coroutine_threadsafe(controller.hang_up(), controller.loop).result()
            controller.stop()

    def _authenticate(
        self, server: object, session: object, envelope: object, mechanism: str, credentials: Any
    ) -> AuthResult:
        user, password = credentials.login.decode(), credentials.password.decode()
        with self._lock:
            self._logins.append(user)
        known = (self._users or {}).get(user)
        return AuthResult(success=known is not None and known == password, handled=False)


class _Controller(Controller):
    """The controller of aiosmtpd, which also aborts the open connections when it stops."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._talks: list[Any] = []

    def factory(self) -> Any:
        self._talks.append(super().factory())
        return self._talks[-1]

    async def hang_up(self) -> None:
        self.server.close()
        for talk in self._talks:
            if talk.transport is not None:
                (talk._original_transport or talk.transport).abort()
        while any(talk.transport is not None for talk in self._talks):
            await asyncio.sleep(0)


class _Handler:
    """The handler of aiosmtpd, which finds these methods by their names."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        with self._server._lock:
            self._server._peers[session.peer] = None
            self._server._greetings.append(hostname)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._server._users is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        headers = BytesHeaderParser().parsebytes(envelope.content)
        [recipient] = envelope.rcpt_tos
        mail = Mail(str(headers["Message-ID"] or "").strip(), recipient, envelope.content)
        with self._server._lock:
            self._server._mails.append(mail)
        return "250 2.0.0 OK"


@contextlib.contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """Run a :class:`MailServer` with these options while the block runs."""
    server = MailServer(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


#: Instead of a reply: the server closes the connection, or is silent until the client disconnects.
CLOSE = "close"
SILENCE = "silence"

_POLITE = {
    "greeting": "220 test.example ESMTP",
    "ehlo": "250-test.example\r\n250 8BITMIME",
    "auth": "235 2.7.0 OK",
    "mail": "250 2.1.0 OK",
    "rcpt": "250 2.1.5 OK",
    "data": "354 go on",
    "body": "250 2.0.0 OK",
    "rset": "250 2.0.0 OK",
    "quit": "221 2.0.0 bye",
}

#: name → behaviour of a server. A behaviour gives stage → reply, or → replies in turn, of which the
#: last one is repeated. The stages are the keys of :data:`_POLITE`, « after_body » after the 250,
#: « in_body » between the 354 and the body, and « listen » for the connection itself.
BEHAVIOURS: dict[str, Mapping[str, str | tuple[str, ...]]] = {
    "accepts": {},
    "refuses the connection": {"listen": CLOSE},
    "closes at once": {"greeting": CLOSE},
    "silent greeting": {"greeting": SILENCE},
    "greets with 554": {"greeting": "554 5.7.1 no service for you"},
    "greets with 421": {"greeting": "421 4.3.2 come back later"},
    "speaks nonsense": {"greeting": "HTTP/1.1 400 Bad Request"},
    "4xx at EHLO": {"ehlo": "451 4.3.0 not now"},
    "AUTH refused": {
        "ehlo": "250-test.example\r\n250 AUTH PLAIN LOGIN",
        "auth": "535 5.7.8 wrong password",
    },
    "AUTH refused for now": {
        "ehlo": "250-test.example\r\n250 AUTH PLAIN LOGIN",
        "auth": "454 4.7.0 no directory",
    },
    "4xx at MAIL": {"mail": "451 4.3.0 not now"},
    "5xx at MAIL": {"mail": "550 5.1.0 sender rejected"},
    "421 at MAIL": {"mail": "421 4.3.2 shutting down"},
    "530 at MAIL": {"mail": "530 5.7.0 authenticate first"},
    "4xx at RCPT": {"rcpt": "450 4.2.1 greylisted"},
    "5xx at RCPT": {"rcpt": "550 5.1.1 <eleve@ac-exemple.fr>: user unknown"},
    "5xx at RCPT without a status": {"rcpt": "550 no such user"},
    "policy at RCPT": {"rcpt": "550 5.7.1 relaying denied"},
    "full mailbox at RCPT": {"rcpt": "552 5.2.2 mailbox full"},
    "silent at RCPT": {"rcpt": SILENCE},
    "4xx at DATA": {"data": "451 4.3.1 no space"},
    "5xx at DATA": {"data": "554 5.7.1 no mail today"},
    "250 at DATA": {"data": "250 2.0.0 OK"},
    "4xx after the body": {"body": "451 4.7.1 try again"},
    "5xx after the body": {"body": "554 5.7.1 looks like spam"},
    "421 after the body": {"body": "421 4.3.2 shutting down"},
    "closes in the body": {"in_body": CLOSE},
    "says no in the body": {"in_body": "552 5.3.4 too big"},
    "accepts then closes": {"body": CLOSE},
    "answers too late": {"body": SILENCE},
    "answers nonsense": {"body": "OK, thanks"},
    "354 after the body": {"body": "354 more"},
    "closes before QUIT": {"after_body": CLOSE},
    "421 at the second MAIL": {"mail": ("250 OK", "421 4.4.2 idle for too long")},
}


@dataclass
class ScriptedServer:
    """A server that follows a script; :func:`scripted_server` makes it."""

    url: str
    #: The bodies that were read up to the final dot and not refused, even if no reply was sent.
    accepted: list[bytes] = field(default_factory=list)
    #: The commands of all connections, in capitals and without their arguments.
    commands: list[str] = field(default_factory=list)
    #: The number of clients that connected.
    connections: int = 0
    #: Set when a connection has been closed, or when the server has replied inside a body.
    done: threading.Event = field(default_factory=threading.Event)


#: Time-outs of a client, in seconds. The time-outs of :data:`HURRIED` are short only for the stage
#: in which the server is silent, as far as possible: on a busy machine the other stages are slow.
PATIENT = dict.fromkeys(("connect_timeout", "command_timeout", "answer_timeout"), PATIENCE)
HURRIED = {
    "silent greeting": {"command_timeout": 0.3},
    "silent at RCPT": {"command_timeout": 3},
    "answers too late": {"answer_timeout": 0.3},
}


@contextlib.contextmanager
def scripted_server(behaviour: str, *, pipelining: bool = False) -> Iterator[ScriptedServer]:
    """Run a server that follows one of :data:`BEHAVIOURS`.

    :param pipelining: whether the server announces PIPELINING (RFC 2920).
    """
    script = dict(BEHAVIOURS[behaviour])
    hello = script.get("ehlo", _POLITE["ehlo"])
    if pipelining and isinstance(hello, str):
        script["ehlo"] = hello.replace("250-test.example", "250-test.example\r\n250-PIPELINING")
    listener = socket.socket()
    listener.bind((HOST, 0))
    server = ScriptedServer(f"smtp://{HOST}:{listener.getsockname()[1]}")
    if script.get("listen") == CLOSE:
        # The port is bound but not listening: it refuses, and no other program can take it.
        with listener:
            yield server
        return
    clients: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # the listener is shut down below
                return
            server.connections += 1
            clients.append(client)
            threads.append(threading.Thread(target=_Talk(server, script, client).run))
            threads[-1].start()

    listener.listen()
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # close() alone does not wake accept()
        accepting.join()
        listener.close()
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


class _GoneError(Exception):
    """The conversation is over."""


class _Talk:
    """One conversation of a scripted server, which runs in a thread."""

    def __init__(
        self,
        server: ScriptedServer,
        script: Mapping[str, str | tuple[str, ...]],
        client: socket.socket,
    ) -> None:
        self._server = server
        self._script = script
        self._client = client
        self._turns: dict[str, int] = {}

    def run(self) -> None:
        with (
            self._client,
            self._client.makefile("rb") as lines,
            contextlib.suppress(_GoneError, OSError),
        ):
            self._say("greeting", lines)
            for line in lines:
                command = line.split(maxsplit=1)[0].decode("ascii", "replace").upper()
                self._server.commands.append(command)
                if command == "DATA":
                    self._take(lines)
                elif command.lower() in _POLITE:
                    self._say(command.lower(), lines)
                else:
                    self._client.sendall(b"502 5.5.1 unknown\r\n")
                if command == "QUIT":
                    break
        # The socket is closed before the event is set, so a test that waits for the event can rely
        # on the closed connection.
        self._server.done.set()

    def _take(self, lines: Any) -> None:
        if not self._say("data", lines).startswith("354"):
            return
        if "in_body" in self._script:
            self._say("in_body", lines)
            self._server.done.set()
        body = []
        for line in lines:
            if line == b".\r\n":
                break
            body.append(line[1:] if line.startswith(b".") else line)
        else:
            raise _GoneError
        if not self._reply("body").startswith(("4", "5")):
            self._server.accepted.append(b"".join(body))
        self._say("body", lines)
        if "after_body" in self._script:
            raise _GoneError

    def _reply(self, stage: str) -> str:
        replies = self._script.get(stage) or _POLITE[stage]
        if isinstance(replies, str):
            return replies
        return replies[min(self._turns.get(stage, 0), len(replies) - 1)]

    def _say(self, stage: str, lines: Any) -> str:
        reply = self._reply(stage)
        self._turns[stage] = self._turns.get(stage, 0) + 1
        if reply == SILENCE:
            while lines.read1():  # until the client disconnects
                pass
        if reply in (CLOSE, SILENCE):
            raise _GoneError
        self._client.sendall(f"{reply}\r\n".encode())
        return reply
