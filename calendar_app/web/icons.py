"""Icons of the pages: drawings of the « lucide » set, written into the page, beside their words."""

from __future__ import annotations

from functools import cache

from lucide.jinja import lucide
from markupsafe import Markup


@cache
def icon(name: str, size: int = 20) -> Markup:
    """Return an icon as SVG. Screen readers pass over it: words always stand beside it.

    :param name: its name in the set (« calendar-days »).
    :param size: its width and height in CSS pixels.
    :raises lucide.IconDoesNotExist: for an unknown name.
    """
    own = {"class": "icon", "aria_hidden": "true", "stroke_width": "1.75"}
    drawn = lucide(name, size=size, **own)
    lines = (line.strip() for line in drawn.splitlines())
    return Markup("".join(lines))  # noqa: S704 - the drawing of a library
