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
    """Return *text* with LF line ends, without control characters (tab and LF stay), and with each
    accent in its letter (NFC): some programs show a letter and its accent side by side."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text)


def clean_line(text: str) -> str:
    """Return *text* cleaned, on one line, with single spaces (a no-break space is kept)."""
    return re.sub(r"[ \t\n]+", " ", clean(text)).strip(" ")


def shortened(text: str, length: int) -> str:
    """Return *text*, cut after a whole word and with « … » where it has more than *length*
    characters; a first word that is too long by itself is cut where it must."""
    if len(text) <= length:
        return text
    start = text[: length - 1]
    if text[length - 1] != " ":
        start = start.rpartition(" ")[0] or start
    return start.rstrip(" ,;:–-\u00a0\u202f") + "…"


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


def nearest(value: str, choices: Iterable[str]) -> str | None:
    """Return the choice closest to *value* (accents and case do not count), or None."""
    folded = {fold(choice): choice for choice in choices}
    found = difflib.get_close_matches(fold(value), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
