"""Draw the images of the site again, into ``calendar_app/static/``: the OpenGraph images, which
programs show beside a link to the site or to an event, and the icons. All have the leaf of
``favicon.svg``.

Usage, after a change of ``favicon.svg`` (it needs Chromium)::

    .venv/bin/python -m tests.browser.site_images

Look at each image before you commit it.
"""

from __future__ import annotations

import io
import sys

import pytest
from PIL import Image
from playwright.sync_api import Browser

from calendar_app.web.head import EVENT_IMAGES, SITE_IMAGE, LinkImage
from calendar_app.web.icons import icon
from calendar_app.web.public.system_views import BACKGROUND_COLOUR, ICON_SIZES, THEME_COLOUR
from calendar_app.words.french import typography
from calendar_app.words.vocabulary import EventType
from tests.browser.conftest import ROOT, chromium
from tests.browser.screenshots import say

FOLDER = ROOT / "calendar_app" / "static"
#: The largest size of an image, in bytes: a program that shows a link must download it first.
LIMIT = 60_000

ICON = """
  body {{ margin: 0; background: {paper}; }}
  svg {{ display: block; width: 100vw; height: 100vh; }}
"""

# The image has no site name: each installation may have its own, which programs show beside it.
# The letters are those of the pages (Debian: fonts-inter).
LINK = """
  body {{ margin: 0; height: 100vh; display: grid; grid-template-columns: 400px 1fr; gap: 64px;
    align-items: center; padding: 0 80px; box-sizing: border-box; background: {paper};
    border-bottom: 24px solid {theme}; font: 40px/1.35 Inter, sans-serif; color: #54615d; }}
  svg {{ display: block; width: 400px; }}
  h1 {{ margin: 0 0 28px; font-size: 80px; line-height: 1.1; letter-spacing: -0.03em;
    color: #1d2b28; }}
  p {{ margin: 0; }}
  h1, p {{ text-wrap: balance; }}
"""
#: The small words of each image: of the site, and of an event.
SITE_WORDS = "Concours, rencontres et projets pour les classes"
EVENT_WORDS = "Ses dates dans votre agenda, ou un courriel à temps"
#: What stands on the leaf of each type: the name of an icon.
ON_LEAF = {
    EventType.CONTEST: "trophy",
    EventType.YEAR_PROJECT: "sprout",
    EventType.WEEK_OR_DAY: "sun",
    EventType.MEETING: "messages-square",
    EventType.TRAINING: "graduation-cap",
}
#: The end of the leaf and its rings in ``favicon.svg``; its lines and its mark follow.
LEAF_END = 'stroke="#e2a22c" stroke-width="3" stroke-linecap="round"/>'


def main() -> None:
    """Draw each image and print its size."""
    drawing = (FOLDER / "favicon.svg").read_text(encoding="utf-8")
    leaf, end, _ = drawing.partition(LEAF_END)
    with chromium() as browser:
        for size in ICON_SIZES:
            draw(browser, f"icon-{size}.png", (size, size), ICON, drawing)
        draw_link(browser, SITE_IMAGE, SITE_WORDS, drawing)
        for type_, image in EVENT_IMAGES.items():
            on_leaf = (
                f'<svg x="8.5" y="11" width="15" height="15" color="#fdf8ea">'
                f"{icon(ON_LEAF[type_], 15)}</svg>"
            )
            draw_link(browser, image, EVENT_WORDS, f"{leaf}{end}{on_leaf}</svg>")


def draw_link(browser: Browser, image: LinkImage, words: str, drawing: str) -> None:
    """Draw the image of a link: a drawing, its title and smaller words."""
    body = f"{drawing}<div><h1>{typography(image.title)}</h1><p>{words}</p></div>"
    draw(browser, image.name, (1200, 630), LINK, body, colours=48)


def draw(
    browser: Browser, name: str, size: tuple[int, int], style: str, body: str, colours: int = 256
) -> None:
    """Draw one image.

    :param name: the name of its file.
    :param size: its width and its height, in pixels.
    :param style: CSS, with ``{paper}`` and ``{theme}`` for the colours of the site.
    :param colours: the number of its colours at most: fewer make a smaller file.
    """
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    css = style.format(paper=BACKGROUND_COLOUR, theme=THEME_COLOUR)
    page.set_content(f"<!doctype html><style>{css}</style>{body}")
    path = FOLDER / name
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    page.close()
    size = path.stat().st_size
    say(f"{path.relative_to(ROOT)}: {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"{name} is over {LIMIT:,} bytes")


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
