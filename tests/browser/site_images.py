"""Draw the images of the site again, into ``calendar_app/static/``: the OpenGraph image, which
programs show beside a link to the site, and the icons. Both are made from ``favicon.svg``.

Usage, after a change of ``favicon.svg`` (it needs Chromium)::

    .venv/bin/python -m tests.browser.site_images

Look at each image before you commit it.
"""

from __future__ import annotations

import sys

import pytest
from playwright.sync_api import Browser

from calendar_app.web.public.system_views import BACKGROUND_COLOUR, ICON_SIZES, THEME_COLOUR
from tests.browser.conftest import ROOT, chromium
from tests.browser.screenshots import say, with_few_colours

FOLDER = ROOT / "calendar_app" / "static"
#: The largest size of an image, in bytes: a program that shows a link must download it first.
LIMIT = 60_000

ICON = """
  body {{ margin: 0; background: {paper}; }}
  svg {{ display: block; width: 100vw; height: 100vh; }}
"""

# The image has no site name: each installation may have its own, which programs show beside it.
LINK = """
  body {{ margin: 0; height: 100vh; display: grid; grid-template-columns: 400px 1fr; gap: 60px;
    align-items: center; padding: 0 80px; box-sizing: border-box; background: {paper};
    border-bottom: 24px solid {theme}; font: 44px/1.3 "DejaVu Sans", sans-serif; color: #55605d; }}
  svg {{ display: block; width: 400px; }}
  h1 {{ margin: 0 0 32px; font-size: 72px; line-height: 1.15; color: #24312f; }}
  p {{ margin: 0; }}
"""
WORDS = """
  <div>
    <h1>Ne manquez plus une date limite</h1>
    <p>Concours, rencontres et projets pour les classes</p>
  </div>
"""


def main() -> None:
    """Draw each image and print its size."""
    drawing = (FOLDER / "favicon.svg").read_text(encoding="utf-8")
    with chromium() as browser:
        for size in ICON_SIZES:
            draw(browser, f"icon-{size}.png", (size, size), ICON, drawing)
        draw(browser, "og.png", (1200, 630), LINK, drawing + WORDS)


def draw(browser: Browser, name: str, size: tuple[int, int], style: str, body: str) -> None:
    """Draw one image.

    :param name: the name of its file.
    :param size: its width and its height, in pixels.
    :param style: CSS, with ``{paper}`` and ``{theme}`` for the colours of the site.
    """
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    css = style.format(paper=BACKGROUND_COLOUR, theme=THEME_COLOUR)
    page.set_content(f"<!doctype html><style>{css}</style>{body}")
    picture = with_few_colours(page.screenshot())
    page.close()
    path = FOLDER / name
    path.write_bytes(picture)
    say(f"{path.relative_to(ROOT)}: {len(picture):,} bytes")
    if len(picture) > LIMIT:
        sys.exit(f"{name} is over {LIMIT:,} bytes")


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
