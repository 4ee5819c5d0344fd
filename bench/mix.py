"""Benchmark of the mix that a site of 1,000 events meets: 300 feeds and 20 pages a second.

Feeds are asked for as calendar programs do, nine times in ten with the ETag of the last answer;
pages as browsers do. The load keeps its pace whatever the server does, and a time counts from the
instant at which the request was due. Twice: the calendar rests; then an editor publishes every two
seconds, and drops a letter every ten. The processor time is that of all of the server's processes;
that of the processes in which letters are read is told apart. Needs Linux and ``taskset``; on a
busy machine the times are worth little.

    python bench/mix.py [SECONDS]      # of each part; 30 by default
"""

from __future__ import annotations

import http.client
import os
import queue
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

from flask import Flask

from calendar_app.app import create_app
from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.import_export import import_events
from calendar_app.config.settings import Settings, data_folder
from calendar_app.store.base import db, writing

sys.path.insert(0, str(Path(__file__).parents[1]))  # to import the helpers of the tests

from bench.answers import LOAD_CORE, on_core, processor_parts, wait_for
from bench.feeds import NOW, content
from tests.servers import exchange
from tests.signed_in import Site
from tests.tools import free_port

FEEDS_A_SECOND, PAGES_A_SECOND, CLIENTS = 300, 20, 32
PUBLISH_EVERY, LETTER_EVERY = 2.0, 10.0

FEEDS = tuple(
    f"/flux/{name}.ics{more}"
    for name in (
        "toutes", "national", "academie-de-lille", "academie-de-lyon", "academie-de-paris",
        "departement-59", "academie-de-la-reunion",
    )
    for more in ("", "?niveau=cm2")
)  # fmt: skip
PAGES = (
    "/", "/agenda/", "/agenda/?academie=lille", "/agenda/?q=concours", "/calendrier/",
    "/annee-scolaire/", "/flux/", "/mon-academie/", "/ma-selection/", "/plan-du-site/",
    *(f"/evenements/{event.id}/" for event in content(10).events),
)  # fmt: skip


class Load:
    """The requests of one part, at their pace.

    :ivar times: « feeds » or « pages » → milliseconds from when each request was due.
    :ivar statuses: the statuses that were answered.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._due: queue.SimpleQueue[tuple[float, str, str] | None] = queue.SimpleQueue()
        self._etags: dict[str, str] = {}
        self.times: dict[str, list[float]] = {"feeds": [], "pages": []}
        self.statuses: set[int] = set()

    def run(self, seconds: float) -> None:
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        draw, begun = random.Random(1), time.monotonic()
        rates = (("feeds", FEEDS, FEEDS_A_SECOND), ("pages", PAGES, PAGES_A_SECOND))
        due = sorted(
            (number / rate, what, draw.choice(paths))
            for what, paths, rate in rates
            for number in range(int(seconds * rate))
        )
        for at, what, path in due:
            time.sleep(max(0, begun + at - time.monotonic()))
            self._due.put((begun + at, what, path))
        for _ in threads:
            self._due.put(None)
        for thread in threads:
            thread.join()

    def _ask(self, seed: int) -> None:
        draw = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while task := self._due.get():
            at, what, path = task
            headers, etag = {"Accept-Encoding": "gzip"}, self._etags.get(path)
            if what == "feeds" and etag and draw.random() < 0.9:
                headers["If-None-Match"] = etag
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            self.times[what].append((time.monotonic() - at) * 1000)
            self.statuses.add(answer.status)
            self._etags[path] = answer.headers.get("ETag", "")
        connection.close()


def repeatedly(do: Callable[[], object], seconds: float) -> Callable[[], None]:
    """Start a thread that does something again and again; return what ends it."""
    ending = threading.Event()

    def go() -> None:
        while not ending.wait(seconds):
            do()

    thread = threading.Thread(target=go)
    thread.start()
    return lambda: (ending.set(), thread.join())[1]


def publish(app: Flask, ids: Sequence[str]) -> None:
    """Change one event, as an editor does."""
    now = datetime.now(UTC)
    with app.app_context(), writing(db.session, now):
        event = queries.event(db.session, random.choice(ids), for_update=True)
        event.title, event.revision = f"Concours du {now:%H:%M:%S}", event.revision + 1
        event.changed_at = now


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)]


def show(words: str, load: Load, spent: Sequence[float], seconds: float) -> None:
    print(
        f"{words}: {spent[0]:.1f} s of processor in {seconds:.0f} s, and {spent[1]:.1f} in readers"
        f" of letters; answers {load.statuses}"
    )
    for what, times in load.times.items():
        print(
            f"  {what:<8}{len(times):>7}  median {statistics.median(times):7.2f} ms"
            f"  p99 {percentile(times, 0.99):8.2f} ms  longest {max(times):8.2f} ms"
        )


def letter(number: int) -> bytes:
    """Return a letter of forty paragraphs that was not read before."""
    lines = (
        f"<p>Le concours {number}-{n} : inscription avant le {n % 27 + 1} mars 2027, pour des"
        f" classes de CM{n % 2 + 1}, finale à Lille le {n % 27 + 2} mai 2027.</p>"
        for n in range(40)
    )
    head = "From: a@exemple.fr\r\nSubject: Lettre\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return (head + "".join(lines)).encode()


def drop_letter(port: int, site: Site, number: int) -> None:
    exchange(port, site.dropped(letter(number)), 60)


def main(seconds: float) -> None:
    if not shutil.which("taskset") or (os.cpu_count() or 1) < 2:
        print("The mix is not measured: no taskset, or no second processor")
        return
    events = content()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = create_app(Settings.from_environment({}, folder / "instance"))
        with app.app_context():
            setup.upgrade_schema()
            setup.load_reference_files(db.session, data_folder(), NOW)
            import_events(db.session, events, NOW)
            db.session.remove()
        port = free_port()
        serve = [sys.executable, "-m", "calendar_app", "serve", "--no-worker", "--port", str(port)]
        with on_core(serve, folder, CALENDAR_INSTANCE=str(folder / "instance")) as pid:
            wait_for(port, FEEDS[0])
            os.sched_setaffinity(0, {int(LOAD_CORE)})
            site = Site(SimpleNamespace(port=port), app, "")
            numbers, ids = count(), [event.id for event in events.events]
            print(f"{len(ids):,} events; load average at the start {os.getloadavg()[0]:.1f}")
            part(port, pid, 5)  # each address once, and what the first requests load
            show("The calendar rests", *part(port, pid, seconds), seconds)
            ends = (
                repeatedly(lambda: publish(app, ids), PUBLISH_EVERY),
                repeatedly(lambda: drop_letter(port, site, next(numbers)), LETTER_EVERY),
            )
            show("An editor publishes and drops letters", *part(port, pid, seconds), seconds)
            for end in ends:
                end()
            print(f"  letters read: {next(numbers)}")
        with app.app_context():
            db.engine.dispose()


def part(port: int, pid: int, seconds: float) -> tuple[Load, tuple[float, float]]:
    """Put the load on the server; return it with the processor time that the server and its readers
    of letters spent."""
    load, before = Load(port), processor_parts(pid)
    load.run(seconds)
    server, readers = processor_parts(pid)
    return load, (server - before[0], readers - before[1])


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 30)
