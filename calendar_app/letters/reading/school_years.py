"""The school year that a letter prints for its dates: « Calendrier 2025-2026 »."""

from __future__ import annotations

import re
from functools import lru_cache

from calendar_app.letters.grammar.years import SchoolYear
from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import folded
from calendar_app.letters.reading.surroundings import Surroundings

_YEARS = r"(?P<first>20\d\d) ?(?:[-–—/]|et|a) ?(?P<second>(?:20)?\d\d)(?![\d/-])"
_IN_HEADING = re.compile(rf"(?<![\d/-]){_YEARS}")
#: In a sentence, the years must be those of the dates, and not of what it tells.
#: A line that starts with them: « Calendrier 2025-2026 ».
_AT_START = re.compile(
    r"\W*(?:(?:l'|le |la |les )?(?:annee(?: scolaire)?|edition|saison|session|calendrier|agenda"
    r"|dates"
    rf"|programme|campagne)\b[^.!?\d]{{0,25}} ?)?{_YEARS}"
)
_IN_SENTENCE = re.compile(
    r"\b(?:annee(?: scolaire)?|edition|saison|session|calendrier|agenda|dates|programme|campagne)"
    rf"\b[^.!?\d]{{0,25}} ?{_YEARS}"
)


def school_year(outline: Outline, place: Surroundings, title: str) -> SchoolYear | None:
    """Return the school year that a date is said to be in, or None.

    It stands in the sentence before the date, in the first lines of its section, in a heading above
    or in the title of the letter; the nearest one counts.

    :param title: the title of the letter.
    """
    found = _read(_IN_SENTENCE, folded(place.before)[-200:])
    if found is not None:
        return found
    section = place.section
    lead = [b for b in section.blocks[:2] if b.end <= place.block.start]
    for block in (b for b in lead if b.kind is BlockKind.PARAGRAPH):
        said = folded(outline.text[block.start : min(block.end, block.start + 150)])
        if (found := _read(_AT_START, said, 0)) is not None:
            return found
    over = [*([section.heading] if section.heading else []), *reversed(section.above)]
    for said in (*map(outline.words_of, over), folded(title)):
        found = _read(_IN_SENTENCE, said) or _read(_IN_HEADING, said)
        if found is not None:
            return found
    return None


@lru_cache(256)
def _read(pattern: re.Pattern[str], said: str, at: int | None = None) -> SchoolYear | None:
    """Return the first of two years in a row, as a school year.

    :param at: where they must stand; None for anywhere.
    """
    found = pattern.finditer(said) if at is None else filter(None, [pattern.match(said, at)])
    for match in found:
        first, second = int(match["first"]), int(match["second"])
        if (first + 1) % 100 == second % 100:
            return SchoolYear(first, pattern is not _IN_HEADING)
    return None
