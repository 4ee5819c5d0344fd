"""Take the screenshots of the documentation again, into ``docs/images/``.

Usage, after a visible change (it needs Chromium, and the fonts of Debian's ``fonts-inter``)::

    .venv/bin/python -m tests.browser.screenshots

Look at each screenshot before you commit it.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from calendar_app.app import create_app
from tests.browser.conftest import DESK, PLACES, ROOT, chromium, serving
from tests.browser.writing.test_editors import _settings, invite, set_password_and_log_in
from tests.conftest import close

FOLDER = ROOT / "docs" / "images"
#: The first screens of a desktop and of a phone, in CSS pixels.
SCREENS = ((DESK, 800), (390, 844))
#: Name of the picture → one state of each page. The month is the national page, as visitors see it
#: who have not chosen an académie.
PAGES = {
    "home": "/?le=2021-01-04&academie=lille",
    "list": "/agenda/?le=2021-01-04&academie=lille",
    "month": "/calendrier/2021/01/?le=2021-01-04",
    "school-year": PLACES["year-academie"].address,
    "event": PLACES["contest"].address,
    "choice": PLACES["choice"].address,
    "selection": PLACES["selection"].address,
    "composer": "/flux/?le=2021-01-04&academie=lille",
    "sign-up": PLACES["sign-up"].address,
    "not-found": PLACES["not-found"].address,
}
#: What is taken whole, and as wide as a desktop alone.
WHOLE = {"poster": PLACES["poster"].address}
LETTER = ROOT / "tests" / "letters" / "examples" / "dane-lille.txt"
#: The largest size of all pictures together, in bytes: everybody who clones the project downloads
#: the pictures.
LIMIT = 3_000_000


def main() -> None:
    """Take each picture and print its size.

    :raises SystemExit: when the pictures of the folder are larger than :data:`LIMIT` together.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as instance,
        serving(Path(instance)) as site,
        chromium() as browser,
    ):
        for width, height in SCREENS:
            screen = {"width": width, "height": height}
            page = browser.new_page(base_url=site, locale="fr-FR", viewport=screen)
            for name, address in PAGES.items():
                page.goto(address)
                take(page, f"{name}-{width}")
        page.set_viewport_size({"width": DESK, "height": 800})
        for name, address in WHOLE.items():
            page.goto(address)
            take(page, name, whole=True)
        with editor(
            site,
            Path(instance),
            browser.new_page(
                base_url=site, locale="fr-FR", viewport={"width": DESK, "height": 900}
            ),
        ) as page:
            take_the_room(page)
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    if total > LIMIT:
        sys.exit(f"{FOLDER.relative_to(ROOT)} has {total:,} bytes, {LIMIT:,} at most")


def take(page: Page, name: str, *, whole: bool = False) -> None:
    """Write one picture, as WebP, and print its size."""
    path = FOLDER / f"{name}.webp"
    with Image.open(io.BytesIO(page.screenshot(full_page=whole, animations="disabled"))) as picture:
        picture.convert("RGB").save(path, lossless=True, method=6)
    say(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


@contextmanager
def editor(site: str, instance: Path, page: Page) -> Iterator[Page]:
    """Yield the page with an editor of Lille logged in."""
    app = create_app(_settings(site, instance))
    set_password_and_log_in(page, invite(app))
    yield page
    close(app)


def take_the_room(page: Page) -> None:
    """Take what editors see: a letter, the form of an event and the queue."""
    page.goto("/redaction/lettres/")
    page.get_by_label("… ou le texte, collé ici").fill(LETTER.read_text(encoding="utf-8"))
    page.get_by_role("button", name="Lire cette lettre").click()
    take(page, "redaction-letter")
    page.goto("/redaction/")
    take(page, "redaction-room")
    page.goto("/redaction/evenements/fete-de-l-apprendre-2020-2021/")
    take(page, "redaction-event")


def say(line: str) -> None:
    """Write a line to the standard output."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
