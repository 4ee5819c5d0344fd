"""Cleaning, folding and comparing text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

#: Everything that ends a line in some format, among them Word's soft break and the form feed.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# Characters that nobody sees but programs obey. RFC 5545 (section 3.3.11) allows no control
# character in TEXT except the tab; U+009B starts a terminal command. Direction marks show
# « exe.png » for « gnp.exe ». Zero-width characters hide words from a search and from a reader. XML
# 1.0 allows neither surrogate halves nor U+FFFE and U+FFFF.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    # A zero-width joiner holds emoji together; elsewhere it does nothing.
    + "]|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)

_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
# Every block with another combining character; many other characters are in these ranges.
_OTHER_MARKS = re.compile("[\u0483-\u1dff\u20d0-\u20ff\u2cef-\ufe2f\U000101fd-\U0010ffff]")


def clean(text: str) -> str:
    """Return *text* in NFC with LF line ends and without invisible characters (tab and LF stay).

    Every text from outside is cleaned before it is stored, and again before it goes out.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))


def clean_line(text: str) -> str:
    """Return *text* cleaned, on one line, with single spaces (no-break spaces are kept)."""
    return re.sub(r"[ \t\n]+", " ", clean(text)).strip(" ")


def capital_initial(text: str) -> str:
    """Return *text* with a capital first letter; the others stay as they are."""
    return text[:1].upper() + text[1:]


def small_initial(text: str) -> str:
    """Return *text* with a small first letter; the others stay as they are."""
    return text[:1].lower() + text[1:]


def shortened(text: str, length: int) -> str:
    """Return *text* with at most *length* characters.

    A longer text is cut after a whole word and ends with « … »; a first word that is too long is
    cut inside.
    """
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
    # Latin letters carry only these marks; for other scripts, each character must be examined.
    decomposed = _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", text))
    if not _OTHER_MARKS.search(decomposed):
        return decomposed
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def slugify(text: str) -> str:
    """Return *text* as lower-case ASCII words joined by hyphens (« La Réunion » → la-reunion)."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def words(text: str) -> list[str]:
    """Return the folded words of *text* in their order, without punctuation."""
    return re.findall(r"[^\W_]+", fold(text))


def nearest(value: str, choices: Iterable[str]) -> str | None:
    """Return the choice closest to *value*, or None when no choice is near (see :func:`is_near`).

    Accents and case do not count.
    """
    return next(iter(nearest_ones(value, choices, 1)), None)


def nearest_ones(value: str, choices: Iterable[str], most: int) -> list[str]:
    """Return up to *most* choices near *value* (see :func:`is_near`), the closest first."""
    asked, folded = fold(value), {fold(choice): choice for choice in choices}
    found = difflib.get_close_matches(asked, folded, n=most, cutoff=0.6)
    return [folded[one] for one in found if is_near(asked, one)]


def is_near(one: str, other: str) -> bool:
    """Whether two folded words are so close that one may be the other, misspelt.

    An edit replaces, removes or adds one letter. One edit is always allowed; two are allowed from
    eight letters on; three from sixteen letters on, or when the first three quarters of the words
    are equal. Words with different first letters may differ by one edit only, and words of fewer
    than three letters are never near. (« victoire » is not near « histoire ».)
    """
    if min(len(one), len(other)) < 3:
        return False
    matcher = difflib.SequenceMatcher(None, other, one)
    edits = sum(max(b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    if one[0] != other[0]:
        return edits <= 1
    shorter = min(len(one), len(other))
    alike = one[: (3 * shorter + 3) // 4] == other[: (3 * shorter + 3) // 4]
    return edits <= (3 if alike else min(1 + shorter // 8, 3))


def _letter(character: str) -> str:
    folded = fold(character)
    return folded if len(folded) == 1 else character.lower()


_TABLE = {code: _letter(chr(code)) for code in range(0x41, 0x250)} | {
    ord("’"): "'",
    ord("ᵉ"): "e",
    ord("ʳ"): "r",
    **dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011"), "-"),
}


def fold_in_place(text: str) -> str:
    """Return *text* without accents or case, of the same length (« œ » stays one character)."""
    return text.translate(_TABLE)
