"""Benchmark of the pages of a calendar with 1,000 events this school year: the server's time with
99,000 more events in past years, over the time without them.

Both calendars are asked in turn, so that a slow moment of the machine affects both. The figures are
medians of the processor's time in this process.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from calendar_app.app import create_app
from calendar_app.catalogue import setup
from calendar_app.config.settings import Settings, data_folder
from calendar_app.store.base import db

sys.path.insert(0, str(Path(__file__).parents[1]))  # to import the helpers of the tests

from tests.catalogue.test_flat import PAGES
from tests.conftest import IMPORTED_AT
from tests.factories import another, publish
from tests.old_years import add_old_years

EVENTS, OLD, TIMES = 1_000, 99_000, 7


def event(number: int) -> dict[str, Any]:
    day = date(2020, 9, 1) + timedelta(number % 300)
    milestones = [{"kind": "deadline", "day": day.isoformat()}]
    return another(f"essai-{number}", title=f"La dictée numéro {number}", milestones=milestones)


def calendar(folder: str, old: int) -> Flask:
    """Return the application of a calendar with so many events of past years."""
    app = create_app(Settings.from_environment({}, Path(folder)))
    with app.app_context():
        setup.upgrade_schema()
        setup.load_reference_files(db.session, data_folder(), IMPORTED_AT)
    publish(app, *map(event, range(EVENTS)))
    add_old_years(app, old)
    return app


def seconds(app: Flask, address: str, number: int) -> float:
    # Another address each time: whole answers are kept in memory.
    client, start = app.test_client(), time.process_time()
    separator = "&" if "?" in address else "?"
    answer = client.get(f"{address}{separator}fois={number}", follow_redirects=True)
    spent = time.process_time() - start
    assert answer.status_code == 200, address
    return spent


def main() -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        few, many = calendar(one, 32), calendar(other, OLD)
        print(f"Pages of {EVENTS:,} events this year, without and with {OLD:,} of past years")
        for name, address in PAGES.items():
            pairs = [(seconds(few, address, n), seconds(many, address, n)) for n in range(TIMES)]
            before, after = (statistics.median(times) for times in zip(*pairs[1:], strict=True))
            ratio = after / before
            print(f"  {name:<26} {before * 1000:8.1f} ms {after * 1000:8.1f} ms   × {ratio:5.2f}")
        for app in (few, many):
            with app.app_context():
                db.engine.dispose()


if __name__ == "__main__":
    main()
