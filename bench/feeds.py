"""Benchmark of a feed: rendered, from the cache, and answered 304, as ratios to bare icalendar.

The store holds 2,000 milestones of one school year, more than are announced in the whole country;
with another number of events as argument, twice as many.
The yardstick, in the same run: the icalendar library writes as many all-day events with one line of
text. Each figure is the best of several runs.
"""

from __future__ import annotations

import gc
import gzip
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import icalendar

from calendar_app.app import create_app
from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.import_export import import_events
from calendar_app.catalogue.kept_marks import KeptMarks
from calendar_app.config.settings import Settings, data_folder
from calendar_app.feeds import select
from calendar_app.feeds.options import FeedOptions
from calendar_app.feeds.select import catalogue_feed, read_name
from calendar_app.feeds.written_dates import WrittenDates
from calendar_app.store.base import db, writing
from calendar_app.web import feed_answers
from calendar_app.web.page import page
from calendar_app.web.public import feed_views

EVENTS, DATES_EACH = 1_000, 2
GZIP = {"Accept-Encoding": "gzip"}
NOW = datetime.now(UTC)
FIRST_DAY = NOW.date()


def best(run: Callable[[], object], times: int) -> float:
    """Return the time of the shortest run, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def bare_icalendar(dates: int) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//bench//FR")
    calendar.add("version", "2.0")
    for number in range(dates):
        event = icalendar.Event()
        day = FIRST_DAY + timedelta(days=number % 200)
        event.add("uid", f"{number}@bench.example")
        event.add("dtstamp", NOW)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", f"Concours {number}")
        calendar.add_component(event)
    data: bytes = calendar.to_ical()
    return data


def content(events: int = EVENTS) -> EventsFile:
    start = FIRST_DAY.year if FIRST_DAY.month >= 8 else FIRST_DAY.year - 1
    label = f"{start}-{start + 1}"

    def day(number: int) -> date:
        return min(FIRST_DAY + timedelta(days=number % 200), date(start + 1, 12, 31))

    entries = [
        {
            "id": f"concours-{n}-{label}",
            "series": f"concours-{n}",
            "title": f"Concours {n}",
            "school_year": label,
            "type": "concours",
            "audience": ["eleves"],
            "classes": ["cycle-3"],
            "themes": ["robotique"],
            "scope": "national",
            "organiser": "Une association",
            "link": f"https://concours.example/{n}",
            "summary": "Un concours qui fait travailler toute la classe. " * 4,
            "source": {"name": "Lettre"},
            "milestones": [
                {"kind": "opening", "day": day(n)},
                {"kind": "deadline", "day": day(n) + timedelta(days=1)},
            ],
        }
        for n in range(events)
    ]
    series = {f"concours-{n}": f"Concours {n}" for n in range(events)}
    return EventsFile.model_validate({"series": series, "events": entries})


def main(events: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.from_environment({}, Path(folder)))
        with app.app_context():
            setup.upgrade_schema()
            setup.load_reference_files(db.session, data_folder(), NOW)
            import_events(db.session, content(events), NOW)
            db.session.remove()
        client, first_id = app.test_client(), content(1).events[0].id
        first = client.get("/flux/toutes.ics")
        assert first.data.count(b"BEGIN:VEVENT") == events * DATES_EACH

        def rendered() -> None:
            feed_views.rendered_feeds.clear()
            feed_answers.Written.last = (None, WrittenDates(0))
            select.kept_marks = KeptMarks(16 * 1024 * 1024)
            assert client.get("/flux/toutes.ics", headers=GZIP).status_code == 200

        def whole() -> None:
            """The same feed as icalendar writes it in one piece, from the same store."""
            with app.test_request_context("/flux/toutes.ics"):
                here, options = page(), FeedOptions()
                feed = catalogue_feed(
                    db.session, here.reference, read_name("toutes", here.reference.academies),
                    here.filter, options, here.now, site_name="Banc", public_url="http://banc",
                )  # fmt: skip
                gzip.compress(feed_answers.write_ics(feed), 6)

        def change_one() -> None:
            now = datetime.now(UTC)
            with app.app_context(), writing(db.session, now):
                event = queries.event(db.session, first_id, for_update=True)
                event.title, event.revision = f"Concours {now}", event.revision + 1
                event.changed_at = now

        def changed() -> float:
            change_one()
            return best(lambda: client.get("/flux/toutes.ics", headers=GZIP), 1)

        def kept() -> None:
            assert client.get("/flux/toutes.ics").status_code == 200

        def unchanged() -> None:
            known = {"If-None-Match": client.get("/flux/toutes.ics").headers["ETag"]}
            assert client.get("/flux/toutes.ics", headers=known).status_code == 304

        gc.collect()
        gc.freeze()  # as a server does
        yardstick = best(lambda: bare_icalendar(events * DATES_EACH), 3)
        rows = [
            ("bare icalendar, as many events", yardstick),
            ("a feed read and rendered", built := best(rendered, 3)),
            ("the same in one piece", whole_seconds := best(whole, 3)),
            ("the same after one event changed", min(changed() for _ in range(3))),
            ("the same from memory", best(kept, 50)),
            ("answered 304", best(unchanged, 50)),
        ]
        tracemalloc.start()
        rendered()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        with app.app_context():
            db.engine.dispose()
    print(f"A feed of {events * DATES_EACH:,} dates, {len(first.data) / 1024:,.0f} KiB")
    for name, seconds in rows:
        print(f"  {name:<32} {seconds * 1000:9.2f} ms   × {seconds / yardstick:7.4f}")
    print(f"  first build ÷ in one piece       {built / whole_seconds:9.2f}")
    print(
        f"  memory while it is rendered      {peak / 1024 / len(first.data) * 1024:9.1f} × its size"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else EVENTS)
