"""The text of a letter as people read it: on one line, without marks and invisible parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from calendar_app.words.text import fold


def blanked(text: str) -> str:
    """Return *text* with spaces in place of front matter, comments and code.

    All other characters keep their places.
    """
    out = list(text)
    for start, end in _unread(text):
        out[start:end] = ["\n" if c == "\n" else " " for c in text[start:end]]
    return "".join(out)


def front_matter(text: str) -> str:
    """Return the front matter of a Markdown text without its marks « --- », or nothing."""
    end = text.find("\n---", 3, 10_000) if text.startswith("---\n") else -1
    return text[4:end] if end > 0 else ""


def _unread(text: str) -> Iterator[tuple[int, int]]:
    if matter := front_matter(text):
        yield 0, len(matter) + 8
    at = 0
    while (at := text.find("<!--", at)) >= 0:
        end = text.find("-->", at)
        if end < 0:
            break
        yield at, end + 3
        at = end + 3
    fences = [m.start() for m in re.finditer(r"(?m)^[ \t]{0,3}```", text)]
    yield from ((a, b + 3) for a, b in zip(fences[::2], fences[1::2], strict=False))


@lru_cache(1_000)
def flat(text: str) -> str:
    """Return *text* on one line as a person reads it.

    Marks of emphasis and tags are left out, a link is replaced by its words, and words that a line
    end hyphenated are joined.
    """
    # Most texts have none of these marks: asking first makes the whole reading a third faster.
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text or "{" in text:
        text = _TAG.sub("", text)
    if not _MARKS.isdisjoint(text):
        text = _EMPHASIS.sub("", text)
    if "\n" in text:
        # A hyphen at the end of a line hyphenates a word; before a capital it belongs to the word.
        text = _HYPHEN.sub("", text)
        text = _KEPT_HYPHEN.sub("", text)
    text = text.replace("ﬁ", "fi").replace("ﬂ", "fl").replace("\u00ad", "")
    return " ".join(text.split())


_LINK = re.compile(
    r"!?\[([^\]\n]{0,500})\]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?\)"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|\{[^{}\n]{0,300}\}")
_MARKS = frozenset("*_~`")
_EMPHASIS = re.compile(r"\*\*|__|~~|`|(?<![^\W_])[*_](?=[^\W_])|(?<=[^\W_])[*_](?![^\W_])")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-\s*\n\s*(?=[a-zà-öø-ÿ])")
_KEPT_HYPHEN = re.compile(r"(?<=[-@])\s*\n\s*(?=[A-ZÀ-ÖØ-Þ])")


@lru_cache(1_000)
def folded(text: str) -> str:
    """Return *text* flat and folded: on one line, in small letters and without accents."""
    return fold(flat(text))
