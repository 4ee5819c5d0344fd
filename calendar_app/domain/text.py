"""Cleaning, folding and comparing text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

# RFC 5545 section 3.3.11 allows no control character in TEXT but the tab; a line feed is written
# as an escape. U+0085, U+2028 and U+2029 end a line in some readers, so they count as controls;
# so does U+FEFF, which readers take for a byte order mark and drop.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
# Every block that holds another combining character, and much beside.
_OTHER_MARKS = re.compile("[\u0483-\u1dff\u20d0-\u20ff\u2cef-\ufe2f\U000101fd-\U0010ffff]")


def clean(text: str) -> str:
    """Return *text* with LF line ends and without control characters (tab and LF stay)."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """Return *text* cleaned, on one line, with single spaces (a no-break space is kept)."""
    return re.sub(r"[ \t\n]+", " ", clean(text)).strip(" ")


def fold(text: str) -> str:
    """Return *text* without accents, ligatures or case, for searching and matching."""
    text = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    if text.isascii():
        return text
    # Latin letters have these marks only; other scripts cost a look at each character.
    decomposed = _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", text))
    if not _OTHER_MARKS.search(decomposed):
        return decomposed
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def slugify(text: str) -> str:
    """Return *text* as lower-case ASCII words joined by hyphens (« La Réunion » → la-reunion)."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def words(text: str) -> list[str]:
    """Return the folded words of *text* in their order; punctuation is no part of one."""
    return re.findall(r"[^\W_]+", fold(text))


#: From this share of common letters on (``difflib``), two words look alike.
_ALIKE = 0.75


def nearest(value: str, choices: Iterable[str]) -> str | None:
    """Return the choice closest to *value* (accents and case do not count), or None.

    It is near indeed: most letters are those of *value*, or one letter of it is another.
    """
    return next(iter(nearest_ones(value, choices, 1)), None)


def nearest_ones(value: str, choices: Iterable[str], most: int) -> list[str]:
    """Return up to *most* choices that are near *value*, the closest first."""
    asked, folded = fold(value), {fold(choice): choice for choice in choices}
    found = difflib.get_close_matches(asked, folded, n=most, cutoff=0.6)
    return [folded[one] for one in found if is_near(asked, one)]


def is_near(one: str, other: str) -> bool:
    """Whether two folded words are so close that one may be the other, misspelt."""
    if min(len(one), len(other)) < 3:
        return False
    matcher = difflib.SequenceMatcher(None, other, one)
    edits = sum(max(b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    return edits <= 1 or matcher.ratio() >= _ALIKE
