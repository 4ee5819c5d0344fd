"""Web processes and workers that are killed and started again under reads and writes: nobody sees
an error, what was acknowledged is there, and a process that dies is replaced. A server that is told
to start anew (HUP) drops no request."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app.app import answer_requests
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber
from calendar_app.reminders.rules.deliveries import DOUBT
from calendar_app.store.base import db, reading
from tests import commands, mail_workers
from tests.factories import entry, publish
from tests.reminders.test_crashes import check
from tests.reminders.test_outbox import Clock, run
from tests.servers import Answer, Served, exchange, request
from tests.signed_in import FORM, sign_up_form, token
from tests.smtp_server import mail_server
from tests.tools import CAMPAIGN, PATIENCE, free_port, wait_for

pytestmark = pytest.mark.long

log = logging.getLogger(__name__)

#: Servers, and the web processes of each. Three servers take ten seconds of processor to start.
SERVERS, EACH = (3, 1) if CAMPAIGN else (1, 3)
WORKERS = 3
KILLED: tuple[str, ...] = ("web process", "worker")
if CAMPAIGN:  # ten minutes on a quiet machine
    KILLED = ("worker", "web process", "worker", "server") * 150
#: Between two of them, so many answers are given: a machine that starts a server in half a minute
#: would otherwise be without one most of the time, and nothing would be tried.
ANSWERS = 5
#: Some of them wait for a server that was killed.
PEOPLE = 9 if CAMPAIGN else 3
#: Mails a second of each worker.
RATE = 25
READS = ("/", "/flux/toutes.ics?depuis=2020-09", "/calendrier/2021/02/", "/abonnement/")
FORM_PATH = "/abonnement/"


class House:
    """The processes of an installation. Whoever kills one starts it again, as systemd does.

    :ivar said: what the processes that have ended wrote to their standard error.
    """

    def __init__(self, url: str, instance: Path, smtp: str) -> None:
        self._work = url, instance, smtp, RATE
        kept = {"PATH": os.environ["PATH"], "CALENDAR_INSTANCE": str(instance)}
        of_store = {"CALENDAR_DATABASE_URL": url, "CALENDAR_TRUSTED_PROXIES": "1"}
        mails = {"CALENDAR_SMTP_URL": smtp, "CALENDAR_SMTP_RATE": str(RATE)}
        self._environ = kept | of_store | mails
        self.said: list[str] = []
        self._over: list[commands.Command] = []
        self.ports = [free_port() for _ in range(SERVERS)]
        self.servers = [self._server(port) for port in self.ports]
        self.workers = [self._worker() for _ in range(WORKERS)]

    def _server(self, port: int) -> commands.Command:
        environ = self._environ | {"PORT": str(port)}
        return commands.start("serve", "--no-worker", "--workers", str(EACH), environ=environ)

    def _worker(self) -> commands.Command | BaseProcess:
        if CAMPAIGN:
            return commands.start("worker", environ=self._environ)
        light = commands.processes().Process(
            target=mail_workers.answer_and_send, args=self._work, daemon=True
        )
        light.start()
        return light

    def web_processes(self, which: int) -> list[int]:
        """Return the ids of the processes of a server that answer requests."""
        return Served(self.ports[which], [self.servers[which]], Path()).pids()[1:]

    def kill_one(self, what: str, draw: random.Random) -> None:
        """Kill a worker, a web process or a whole server."""
        which = draw.randrange(SERVERS)
        if what == "worker":
            which = draw.randrange(WORKERS)
            self.workers[which].kill()
            self.workers[which] = self._worker()
            return
        pids = self.web_processes(which)
        for pid in pids if what == "server" else draw.sample(pids, min(1, len(pids))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if what == "server":
            self._ended(self.servers[which])

    def keep(self) -> None:
        """Start the servers that have ended: one that loses a process twice within some seconds
        ends by itself, and one that was killed does."""
        for which, server in enumerate(self.servers):
            if server.poll() is not None:
                self._ended(server)
                self.servers[which] = self._server(self.ports[which])

    def _ended(self, process: commands.Command) -> None:
        if process not in self._over:
            process.kill()
            self.said.append(process.communicate()[1])
            self._over.append(process)

    def end(self) -> None:
        """Stop everything; the mails in hand of the workers stay as they are."""
        for worker in self.workers:
            worker.kill()
        for server in self.servers:
            server.send_signal(signal.SIGTERM)
        for server in self.servers:
            self.said.append(server.communicate()[1])

    def is_whole(self) -> bool:
        """Whether each server has its processes; those that ended are started again."""
        self.keep()
        return all(len(self.web_processes(n)) == EACH for n in range(SERVERS))


class People:
    """Readers, and one person after the other who asks for reminders, until they are told to end.

    :ivar answers: how often each status was answered; 0 is no answer, by a process that was killed.
    :ivar wrong: answers that nobody should get.
    :ivar promised: the addresses to which a mail was promised.
    """

    def __init__(self, app: Flask, ports: list[int]) -> None:
        self._app, self._ports = app, ports
        self._ending, self._lock = threading.Event(), threading.Lock()
        self.answers: Counter[int] = Counter()
        self.wrong: list[tuple[str, Answer]] = []
        self.promised: list[str] = []
        self.last: list[int] = []

    @contextmanager
    def coming(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._go, args=(n,)) for n in range(PEOPLE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def _go(self, number: int) -> None:
        draw = random.Random(number)
        while not self._ending.wait(0.05):
            if number:
                if not self._ask("GET", draw.choice(READS), draw):
                    self._ending.wait(0.2)
                continue
            address = f"n{draw.randrange(10**12)}@ecole.example"
            answer = self._ask("POST", FORM_PATH, draw, self._form(address))
            if answer and answer.status < 400:
                self.promised.append(address)

    def are_served(self, times: int) -> bool:
        """Whether the last answers, so many, were all given."""
        return len(self.last) >= times and 0 not in self.last[-times:]

    def _form(self, address: str) -> bytes:
        return urlencode(sign_up_form(token(self._app, FORM_PATH), address)).encode()

    def _ask(
        self, method: str, path: str, draw: random.Random, body: bytes | None = None
    ) -> Answer | None:
        """Ask one of the servers, each time from another network; return the answer, if any."""
        port = draw.choice(self._ports)
        headers = {"X-Forwarded-For": f"10.{draw.randrange(256)}.{draw.randrange(256)}.1"}
        headers |= {"Content-Type": FORM} if body else {}
        try:
            answer = exchange(port, request(method, path, port, headers, body), PATIENCE)
        except ConnectionError:
            answer = None
        with self._lock:
            status = answer.status if answer else 0
            self.answers[status] += 1
            self.last.append(status)
            is_announced = answer and answer.status == 503 and "retry-after" in answer.headers
            if answer and answer.status >= 400 and not is_announced:
                self.wrong.append((path, answer))
        return answer


@pytest.mark.parametrize("engine", ["postgresql"])
def test_what_is_killed_under_load_loses_nothing(empty_app, tmp_path):
    publish(empty_app, entry())
    url, draw = empty_app.config["SQLALCHEMY_DATABASE_URI"], random.Random(1)
    with mail_server() as server:
        house = House(url, tmp_path, server.url)
        people = People(empty_app, house.ports)
        with people.coming():
            wait_for(lambda: len(people.promised) > 3 and server.mails)
            for what in KILLED:
                people.last.clear()
                wait_for(lambda: house.keep() or people.are_served(ANSWERS))
                house.kill_one(what, draw)
            wait_for(lambda: house.is_whole() and people.are_served(5))
            if CAMPAIGN:  # tests/test_stopping.py does so with one process
                start_anew(house, people)
        house.end()
        settle(empty_app, server.url)
        found = check(empty_app, server)
        received = {mail.recipient for mail in server.mails}
    log.warning("killed: %s; answers: %s; %s", Counter(KILLED), people.answers, found)
    assert people.wrong == []
    assert not [said for said in house.said if "Traceback" in said]
    assert set(people.promised) <= known_addresses(empty_app)
    # Who waits for a mail that is in doubt asks again; a person is told of it.
    assert len(set(people.promised) - received) <= found["parked"]


def start_anew(house: House, people: People) -> None:
    """Tell the servers to start their processes anew; whoever asks meanwhile is answered."""
    dropped, before = people.answers[0], [set(house.web_processes(n)) for n in range(SERVERS)]
    for server in house.servers:
        server.send_signal(signal.SIGHUP)
    wait_for(lambda: all(not pids & set(house.web_processes(n)) for n, pids in enumerate(before)))
    wait_for(lambda: people.are_served(5))
    assert people.answers[0] == dropped


def settle(app: Flask, url: str) -> None:
    """Do what a worker does, until no claim and no doubt of those that were killed is open."""
    clock = Clock(datetime.now(UTC))
    for _ in range(4):
        clock.now += DOUBT + timedelta(minutes=1)
        with app.app_context():
            answer_requests(app, clock.now)
        run(app, url, clock)


def known_addresses(app: Flask) -> set[str]:
    with app.app_context(), reading(db.session):
        assert db.session.scalars(select(AddressRequest)).all() == []
        return set(db.session.scalars(select(Subscriber.address_key)))
