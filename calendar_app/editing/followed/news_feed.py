"""The entries of an Atom (RFC 4287) or RSS feed. feedparser reads them, also where a feed is not
quite well-formed. A feed that defines entities is refused, and one that is cut."""

from __future__ import annotations

import calendar
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from calendar_app.letters.formats.charsets import decoded
from calendar_app.letters.formats.detection import is_html
from calendar_app.letters.formats.html import html_text
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean_line

#: Most characters of one entry, and most entries of a feed, that are read.
_LONGEST = 200_000
_MOST = 5_000

_DAMAGED = "Ce fil d'actualités est endommagé."
_NO_FEED = "Ce n'est pas un fil d'actualités : vérifiez l'adresse."
_PAGE = (
    "Cette adresse montre une page web, peut-être pour s'identifier, et non un agenda : il faut "
    "celle d'un fichier .ics, Atom ou RSS."
)
_ENTITIES = "Ce fil contient des définitions (DOCTYPE) qu'aucun fil n'a : il n'est pas lu."

#: Characters that XML forbids, and that a strict parser would stop at.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DEFINES = re.compile(rb"<!ENTITY\b", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_MEDIA = re.compile(rb"xmlns:([\w-]+)\s*=\s*[\"']http://search\.yahoo\.com/mrss")
_DECLARED = re.compile(rb"<\?xml\b[^>]*?encoding\s*=\s*[\"']([\w.:-]{1,40})[^>]*>", re.IGNORECASE)
#: What an entry says about its images, its films and where it was copied from is no text of it.
#: feedparser would take a caption (Media RSS) for the title or the summary.
_CAPTIONS = (
    rb"<((?:%s):(?:title|description|text|credit|keywords)|itunes:(?:title|summary|subtitle)"
    rb"|source)\b(?:[^>]*/>|[^>]*(?<!/)>.*?</\1\s*>)"
)
#: The captions of HTML, and those that WordPress and SPIP write.
_FIGURE = re.compile(
    r"<figcaption\b.*?</figcaption\s*>"
    r"|<(\w+)\b[^<>]*\bclass=[\"'][^\"'<>]*\b(?:wp-caption-text|spip_doc_\w+)\b.*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
#: An instant before this year is that of a clock that was never set.
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed.

    :param id: the entry's own id, or its link or title where it has none.
    :param title: plain text; may be empty.
    :param link: a URL as the feed gives it; may be empty.
    :param body: HTML; may be empty.
    :param published: when the entry was published, or else last changed (aware, UTC); None if the
        feed does not say it.
    """

    id: str
    title: str
    link: str
    body: str
    published: datetime | None


def read_entries(data: bytes) -> tuple[Entry, ...]:
    """Return the entries of a feed, in its order, without those that have neither title nor body.

    :raises UnreadableLetterError: when the feed is cut or defines entities, or *data* is no feed.
    """
    declared = _DECLARED.search(data[:1_000])
    text = decoded(data, declared[1].decode() if declared else None)
    # The text is UTF-8 now, whatever it declares. What stands around the feed is no part of it.
    data = _CONTROLS.sub(b"", _DECLARED.sub(b"", text.encode("utf-8", "replace"), count=1))
    data = data[max(0, data.find(b"<")) :]
    if _DEFINES.search(data):
        raise UnreadableLetterError(_ENTITIES)
    if not _ROOT.search(data[:5_000]):
        raise UnreadableLetterError(_PAGE if is_html(text) else _NO_FEED)
    ends = [end.end() for end in _END.finditer(data)]
    if not ends:
        raise UnreadableLetterError(_DAMAGED)
    media = b"|".join({b"media", *_MEDIA.findall(data)})
    captions = re.compile(_CAPTIONS % media, re.IGNORECASE | re.DOTALL)
    # A stream, because feedparser would take bytes for the name of a file.
    found = feedparser.parse(
        io.BytesIO(captions.sub(b"", data[: ends[-1]])),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found.version:
        raise UnreadableLetterError(_NO_FEED)
    entries = (_entry(dict(values)) for values in found.entries[:_MOST])
    return tuple(entry for entry in entries if entry.title or entry.body)


def _entry(values: dict[str, Any]) -> Entry:
    title = str(values.get("title", ""))
    if "<" in title:
        title = html_text(title[:2_000])
    title = clean_line(title)[:300]
    link = clean_line(str(values.get("link", "")))
    bodies = [str(part.get("value", "")) for part in values.get("content", ())]
    body = "\n".join(bodies) or str(values.get("summary", ""))
    return Entry(
        clean_line(str(values.get("id", ""))) or link or title,
        title,
        link,
        _FIGURE.sub(" ", body[:_LONGEST]),
        _instant(values.get("published_parsed")) or _instant(values.get("updated_parsed")),
    )


def _instant(told: Any) -> datetime | None:
    """Return the instant of a ``struct_time`` in UTC, or None."""
    if told is None:
        return None
    try:
        found = datetime.fromtimestamp(calendar.timegm(told), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return found if found.year >= _FIRST_YEAR else None
