"""Benchmark of the first paint of a month in Chromium: our page, and FullCalendar with its dates.

Both pages are served from this machine, gzipped, and opened in turn, each time by a new visitor.
The figures are the medians of the first contentful paint and of the transferred bytes. The ratio is
computed for each pair, so that a slow moment of the machine affects both pages.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from calendar_app.app import create_app
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.import_export import import_events
from calendar_app.config.settings import Settings
from calendar_app.store.base import db

sys.path.insert(0, str(Path(__file__).parents[1]))  # to import the helpers of the tests

from tests.browser.conftest import chromium, serving
from tests.conftest import IMPORTED_AT, close
from tests.tools import need

TIMES, DATES = 20, 60
FIRST = date(2021, 1, 1)
NODE = Path(__file__).parent / "node"
PAINT = """new Promise(resolve => new PerformanceObserver(list => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) resolve(found.startTime);
}).observe({ type: "paint", buffered: true }))"""
BYTES = """["resource", "navigation"].flatMap(type => performance.getEntriesByType(type))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def entries() -> list[dict[str, object]]:
    """Return events with sixty deadlines in one month."""
    return [
        {
            "id": f"essai-{n}-2020-2021",
            "series": f"essai-{n}",
            "title": f"Concours numéro {n} des écoles",
            "school_year": "2020-2021",
            "type": "concours",
            "audience": ["eleves"],
            "scope": "national",
            "organiser": "Une association",
            "summary": "Un concours.",
            "source": {"name": "Lettre d'essai"},
            "milestones": [{"kind": "deadline", "day": (FIRST + timedelta(n // 2)).isoformat()}],
        }
        for n in range(DATES)
    ]


@contextmanager
def ours() -> Iterator[str]:
    """Serve the month of our site; yield its address."""
    found = entries()
    file = EventsFile.model_validate(
        {"series": {str(e["series"]): e["title"] for e in found}, "events": found}
    )
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as site:
        app = create_app(Settings.from_environment({"CALENDAR_PUBLIC_URL": site}, Path(folder)))
        with app.app_context():
            import_events(db.session, file, IMPORTED_AT)
        close(app)
        yield f"{site}/calendrier/2021/01/?le=2021-01-04"


@contextmanager
def theirs() -> Iterator[str]:
    """Serve the same dates in FullCalendar; yield the address of its page."""
    if not (NODE / "node_modules").exists():
        npm = need("npm", "the comparison with FullCalendar")
        subprocess.run([npm, "install", "--no-audit", "--no-fund"], cwd=NODE, check=True)
    dates = [
        {"title": e["title"], "start": e["milestones"][0]["day"], "url": f"/evenements/{e['id']}/"}  # type: ignore[index]
        for e in entries()
    ]
    options = {
        "initialView": "dayGridMonth",
        "initialDate": "2021-01-04",
        "dayMaxEvents": 5,
        "weekNumbers": True,
        "firstDay": 1,
        "events": dates,
    }
    page = f"""<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Mois</title>
<script src="/fullcalendar.js"></script></head><body><div id="calendar"></div>
<script>
new FullCalendar.Calendar(document.getElementById("calendar"), {json.dumps(options)}).render()
</script>
</body></html>"""
    script = (NODE / "node_modules/fullcalendar/index.global.min.js").read_bytes()
    bodies = {
        "/": ("text/html", gzip.compress(page.encode())),
        "/fullcalendar.js": ("text/javascript", gzip.compress(script)),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = bodies.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if body:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the benchmark shows its own progress."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def visit(browser: Browser, address: str) -> tuple[float, int]:
    """Open a page as a new visitor; return the first paint (ms) and the transferred bytes."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR")
    page = context.new_page()
    page.goto(address, wait_until="load")
    found = float(page.evaluate(PAINT)), int(page.evaluate(BYTES))
    context.close()
    return found


def main() -> None:
    """Visit both pages in turn, and print the table."""
    with chromium() as browser, ours() as our_page, theirs() as their_page:
        visit(browser, our_page), visit(browser, their_page)
        pairs = []
        for n in range(TIMES):
            pairs.append((visit(browser, our_page), visit(browser, their_page)))
            sys.stderr.write(f"\rPages {n + 1}/{TIMES}")
        sys.stderr.write("\n")
    ratios = sorted(a[0] / b[0] for a, b in pairs)
    sys.stdout.write(f"A month of {DATES} dates, {TIMES} visits of each\n")
    for name, index in (("ours", 0), ("FullCalendar", 1)):
        paint = statistics.median(pair[index][0] for pair in pairs)
        travelled = statistics.median(pair[index][1] for pair in pairs)
        sys.stdout.write(f"  {name:<14} first paint {paint:6.0f} ms   {travelled:9,.0f} bytes\n")
    low, high = ratios[TIMES // 10], ratios[-1 - TIMES // 10]
    sys.stdout.write(
        f"  first paint, ours / FullCalendar: x {statistics.median(ratios):.2f} "
        f"(nine pairs in ten from {low:.2f} to {high:.2f})\n"
    )


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as missing:
        sys.stdout.write(f"Pages: {missing}\n")
