"""A web server that stops, starts anew or loses a process: what it has accepted is answered whole,
and nobody is refused as long as the command runs."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests import commands
from tests.factories import another, publish
from tests.servers import Served, fetch
from tests.signed_in import FORM, sign_up_form, token
from tests.tools import PATIENCE, free_port, wait_for

pytestmark = [pytest.mark.long, pytest.mark.parametrize("engine", ["sqlite"])]

#: Forms that arrive slowly, connections that wait for a next request, and feeds that are read
#: slowly. (More than 8 slow forms get a 503: web/bodies.py.)
SLOW, IDLE, READERS = 4, 50, 3
FORM_PATH, FEED = "/abonnement/", "/flux/toutes.ics?depuis=2020-09"


class Client:
    """A connection on which one request is sent in pieces, or several one after the other."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        # So small that a feed is not wholly on its way before the client reads.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def head(self) -> tuple[int, int]:
        """Return the status of the next answer, and the bytes that its body has."""
        first, length = self._answers.readline(), 0
        while line := self._answers.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return int(first.split()[1]), length

    def body(self, length: int) -> bytes:
        return self._answers.read(length)

    def is_ended(self) -> bool:
        """Wait for the end of the connection; return whether nothing came before it."""
        return self._answers.read() == b""


@pytest.fixture
def connect() -> Iterator[Callable[[int], Client]]:
    """Return a function that connects to a port of this machine."""
    with ExitStack() as open_ones:
        yield lambda port: open_ones.enter_context(closing(Client(port)))


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def begin_form(client: Client, app: Flask, number: int) -> bytes:
    """Let a client send half a form, which the server is reading; return the other half."""
    fields = sign_up_form(token(app, FORM_PATH), f"n{number}@ecole.example")
    form = urlencode(fields).encode()
    head = f"POST {FORM_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\n"
    # The server says 100 when the application begins to read.
    head += f"Content-Length: {len(form)}\r\nExpect: 100-continue\r\n\r\n"
    client.send(head.encode())
    assert client.head() == (100, 0)
    client.send(form[:40])
    return form[40:]


def is_refused(port: int) -> bool:
    """Whether nothing listens. (Who connects while it stops may be let in and sent away.)"""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def serving(app: Flask, folder: Path, workers: int) -> Iterator[tuple[int, commands.Command]]:
    """Run the server; yield its port and its process."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "CALENDAR_INSTANCE": str(folder),
        "CALENDAR_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "PORT": str(port),
    }
    server = commands.start("serve", "--no-worker", "--workers", str(workers), environ=environ)
    try:
        wait_for(lambda: not is_refused(port), lambda: server.poll() is None)
        assert fetch(port, "/readyz", PATIENCE).status == 200
        yield port, server
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()


def web_process(port: int, server: commands.Command) -> int:
    """Wait until the server has one web process; return its id."""
    (pid,) = wait_for(lambda: found if len(found := _children(port, server)) == 1 else None)
    return pid


def _children(port: int, server: commands.Command) -> list[int]:
    return Served(port, [server], Path()).pids()[1:]


def test_whoever_was_accepted_before_the_stop_is_answered_whole(empty_app, tmp_path, connect):
    publish(empty_app, *(another(f"e{n}", title=f"Concours {n}") for n in range(100)))
    with serving(empty_app, tmp_path, 2) as (port, server):
        slow, idle, readers = ([connect(port) for _ in range(n)] for n in (SLOW, IDLE, READERS))
        rests = [begin_form(client, empty_app, n) for n, client in enumerate(slow)]
        for client in idle:
            client.send(get("/livez"))
            status, length = client.head()
            assert (status, len(client.body(length))) == (200, length)
        for client in readers:
            client.send(get(FEED))
        feeds = [(client, *client.head()) for client in readers]
        server.send_signal(signal.SIGTERM)
        # Whoever waits for a next request may be sent away; whoever asked may not.
        assert all(client.is_ended() for client in idle)
        wait_for(lambda: is_refused(port))
        for client, rest in zip(slow, rests, strict=True):
            client.send(rest)
        for client, status, length in feeds:
            assert (status, client.body(length)[-15:]) == (200, b"END:VCALENDAR\r\n")
        for client in slow:
            status, length = client.head()
            assert (status, len(client.body(length))) in {(200, length), (302, length)}
        _, err = server.communicate()
        assert (server.returncode, err) == (0, "")


def test_while_no_process_lives_whoever_asks_waits(empty_app, tmp_path):
    with serving(empty_app, tmp_path, 1) as (port, server):
        lost = web_process(port, server)
        os.kill(lost, signal.SIGKILL)
        wait_for(lambda: lost not in _children(port, server))
        assert fetch(port, "/livez", PATIENCE).status == 200
        assert web_process(port, server) != lost


def test_a_process_is_replaced_when_its_requests_are_answered(empty_app, tmp_path, connect):
    with serving(empty_app, tmp_path, 1) as (port, server):
        client = connect(port)
        rest = begin_form(client, empty_app, 1)
        old = web_process(port, server)
        server.send_signal(signal.SIGHUP)

        def is_renewed() -> bool:
            assert fetch(port, "/livez", PATIENCE).status == 200
            return len(_children(port, server)) == 2

        wait_for(is_renewed)
        client.send(rest)
        assert client.head()[0] in {200, 302}
        wait_for(lambda: old not in _children(port, server))
        assert fetch(port, "/livez", PATIENCE).status == 200
