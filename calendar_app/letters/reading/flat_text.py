"""The text of a letter as people read it: on one line, without marks and invisible parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


def flat(text: str) -> str:
    """Return *text* on one line as a person reads it.

    Marks of emphasis and tags are left out, a link is replaced by its words, and words that a line
    end hyphenated are joined.
    """
    text = re.sub(
        r"!?\[([^\]\n]{0,500})\]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?\)",
        r"\1",
        text,
    )
    text = re.sub(r"</?[a-zA-Z][^<>]{0,300}>|\{[^{}\n]{0,300}\}", "", text)
    text = re.sub(r"\*\*|__|~~|`|(?<![^\W_])[*_](?=[^\W_])|(?<=[^\W_])[*_](?![^\W_])", "", text)
    # A hyphen at the end of a line hyphenates a word, but before a capital it belongs to the word.
    text = re.sub(r"(?<=[^\W\d_])-\s*\n\s*(?=[a-zà-öø-ÿ])", "", text)
    text = re.sub(r"(?<=[-@])\s*\n\s*(?=[A-ZÀ-ÖØ-Þ])", "", text)
    text = text.replace("ﬁ", "fi").replace("ﬂ", "fl").replace("\u00ad", "")
    return re.sub(r"\s+", " ", text).strip()


def folded(text: str) -> str:
    """Return *text* flat and folded: on one line, in small letters and without accents."""
    return fold(flat(text))
