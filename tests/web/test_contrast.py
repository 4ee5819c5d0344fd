"""The contrast of the colours of ``app.css``: WCAG 2.2, 1.4.3 and 1.4.6, for each pair that pages
use. axe-core checks 4.5:1 on each page; the text of a page has 7:1."""

from __future__ import annotations

import re

import pytest

from tests.tools import ROOT

SCHEMES = ("light", "dark")
#: What text stands on.
GROUNDS = ("paper", "panel", "pale", "band")
#: The colours of what is read from beginning to end, and the colours of smaller words and of kinds.
BODY = ("ink", "link")
REST = ("soft", "deadline", "registration", "submission", "session", "opening", "results")


def colours() -> dict[str, tuple[str, str]]:
    """Return the colours of the tokens: name → (light, dark)."""
    css = (ROOT / "calendar_app" / "static" / "app.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2, « relative luminance »)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("names", "least"), [(BODY, 7.0), (REST, 4.5)])
def test_text_stands_out_from_each_ground(names, least):
    found = colours()
    low = {
        (name, ground, scheme): round(ratio, 2)
        for at, scheme in enumerate(SCHEMES)
        for name in names
        for ground in GROUNDS
        if (ratio := contrast(found[name][at], found[ground][at])) < least
    }
    assert low == {}
