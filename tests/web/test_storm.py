"""Reads under a storm of writes, from a server of two processes: none is torn, none is older than
two seconds, none fails."""

from __future__ import annotations

import bisect
import gzip
import http.client
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask

from calendar_app.app import create_app
from calendar_app.catalogue import queries
from calendar_app.store.base import db, writing
from calendar_app.web.answer_cache import LOOK_COUNTS
from tests.conftest import close, settings_for
from tests.factories import another, publish
from tests.servers import calendar_app_serve
from tests.tools import CAMPAIGN, scaled

pytestmark = pytest.mark.long

READERS = 4
IDS = ("un-2020-2021", "deux-2020-2021")
#: Each shows both events, which every write gives one new number.
ADDRESSES = (
    *(f"/flux/toutes.{form}?depuis=2020-09" for form in ("ics", "atom", "json")),
    "/calendrier/2021/02/",
    "/flux/academie-de-lille.ics?depuis=2020-09&utm_source=x",
)


def numbers_in(body: bytes, encoding: str | None) -> set[int]:
    """Return the numbers of both events in an answer, folded lines of iCalendar joined."""
    text = (gzip.decompress(body) if encoding else body).decode().replace("\r\n ", "")
    return {int(number) for number in re.findall(r"N(\d+)N", text)}


class Storm:
    """One writer and some readers.

    :ivar committed: the numbers in the order of their commits, each with the instant after it (of
        ``time.monotonic``, which all processes share).
    :ivar wrong: what readers should not have seen.
    """

    def __init__(self, app: Flask, port: int, reads: int) -> None:
        self.app, self.port, self.left = app, port, reads
        self.committed = [(time.monotonic(), 0)]
        self.wrong: list[object] = []
        self.statuses: dict[int, int] = {}
        self.numbers: dict[tuple[str, str], set[int]] = {}

    def write(self) -> None:
        number = 0
        while self.left > 0:
            number += 1
            with self.app.app_context(), writing(db.session, datetime.now(UTC)):
                for event_id in IDS:
                    event = queries.event(db.session, event_id, for_update=True)
                    event.title, event.revision = f"Concours N{number}N", event.revision + 1
                    event.changed_at = datetime.now(UTC)
            self.committed.append((time.monotonic(), number))
            time.sleep(0.2)

    def read(self, seed: int) -> None:
        draw, held = random.Random(seed), {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while self.left > 0:
            self.left -= 1
            address, encoding = draw.choice(ADDRESSES), draw.choice(("gzip", "identity"))
            headers, etag = {"Accept-Encoding": encoding}, held.get((address, encoding))
            if etag and draw.random() < 0.5:
                headers["If-None-Match"] = etag
            asked = time.monotonic()
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            etag = held[address, encoding] = answer.headers["ETag"]
            if answer.status == 200 and (address, etag) not in self.numbers:
                self.numbers[address, etag] = numbers_in(body, answer.headers["Content-Encoding"])
            numbers = self.numbers[address, etag] if answer.status in (200, 304) else set()
            oldest = self.seen_since(asked - LOOK_COUNTS)
            if len(numbers) != 1 or min(numbers) < oldest:
                self.wrong.append((answer.status, address, numbers, oldest))
        connection.close()

    def seen_since(self, instant: float) -> int:
        """Return the number that was committed last before an instant."""
        place = bisect.bisect_right(self.committed, (instant, 10**9)) - 1
        return self.committed[max(place, 0)][1]

    def run(self) -> None:
        threads = [threading.Thread(target=self.read, args=(n,)) for n in range(READERS)]
        threads.append(threading.Thread(target=self.write))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@contextmanager
def storm_on(store: str, folder, reads: int) -> Iterator[Storm]:
    app = create_app(settings_for(store, folder / "instance"))
    publish(app, *(another(i.removesuffix("-2020-2021"), title="Concours N0N") for i in IDS))
    options = ("--workers", "2", "--no-worker")
    with calendar_app_serve(folder, *options, CALENDAR_DATABASE_URL=store) as served:
        yield Storm(app, served.port, reads)
    close(app)


# Each engine takes six seconds of processor to start its servers alone.
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if CAMPAIGN else ["sqlite"])
def test_readers_in_a_storm_of_writes(engine, make_database, template, tmp_path, drop_database):
    store = make_database(engine, template(engine, "empty"))
    with storm_on(store, tmp_path, scaled(100_000, 30)) as storm:
        storm.run()
    drop_database(store)
    assert storm.wrong == []
    assert storm.statuses.keys() == {200, 304}
    assert len(storm.committed) > 10
