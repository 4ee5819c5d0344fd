"""Parser for the entries of an Atom (RFC 4287) or RSS 2.0 feed; it refuses a DOCTYPE."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.parsers import expat

from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean_line

#: Most characters of one entry, and most entries of a feed, that are read.
_LONGEST = 200_000
_MOST = 5_000

_DAMAGED = "Ce fil d'actualités est endommagé."
#: Local names of elements, without their namespaces. ``_TEXTS``: local name → part of an entry.
_ENTRY = frozenset(("entry", "item"))
_TEXTS = {
    "id": "id",
    "guid": "id",
    "title": "title",
    "link": "link",
    "summary": "body",
    "description": "body",
    "content": "body",
    "encoded": "body",
    "published": "day",
    "updated": "day",
    "pubDate": "day",
    "date": "day",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed.

    :param id: the entry's own id, or its link or title where it has none.
    :param title: plain text; may be empty.
    :param link: a URL as the feed gives it; may be empty.
    :param body: HTML; may be empty.
    :param published: when the entry was published or last changed (aware); None if not given.
    """

    id: str
    title: str
    link: str
    body: str
    published: datetime | None


@dataclass
class _Open:
    texts: dict[str, list[str]] = field(default_factory=dict)
    link: str = ""
    size: int = 0


def read_entries(data: bytes) -> tuple[Entry, ...]:
    """Return the entries of a feed, in its order, without those that have neither title nor body.

    :raises UnreadableLetterError: when the feed is damaged or has a DOCTYPE, or *data* is no feed.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableLetterError(_DAMAGED) from error
    if not reader.is_feed:
        raise UnreadableLetterError("Ce n'est pas un fil d'actualités : vérifiez l'adresse.")
    return tuple(reader.entries)


class _Reader:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.is_feed = False
        self._entry: _Open | None = None
        self._name: str | None = None
        self._depth = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if self._name is not None:
            # Mark-up within a text (XHTML in Atom): only its text is kept.
            self._depth += 1
            self.text(" ")
        elif local in ("feed", "rss", "RDF"):
            self.is_feed = True
        elif local in _ENTRY:
            self._entry = _Open()
        elif self._entry is not None and local in _TEXTS:
            self._name, self._depth = _TEXTS[local], 0
            if local == "link" and values.get("rel", "alternate") == "alternate":
                self._entry.link = self._entry.link or clean_line(values.get("href", ""))

    def end(self, name: str) -> None:
        if self._name is not None:
            if self._depth:
                self._depth -= 1
                self.text("\n")
            else:
                self._name = None
        elif self._entry is not None and name.rpartition(" ")[2] in _ENTRY:
            self._close(self._entry)
            self._entry = None

    def text(self, text: str) -> None:
        entry = self._entry
        if entry is not None and self._name is not None and entry.size < _LONGEST:
            entry.texts.setdefault(self._name, []).append(text)
            entry.size += len(text)

    def _close(self, entry: _Open) -> None:
        def of(name: str) -> str:
            return "".join(entry.texts.get(name, ()))

        title = clean_line(of("title"))[:300]
        link = entry.link or clean_line(of("link"))
        if len(self.entries) < _MOST and (title or of("body")):
            own = clean_line(of("id")) or link or title
            day = next(iter(entry.texts.get("day", ())), "")
            self.entries.append(Entry(own, title, link, of("body"), _instant(day.strip())))


def _instant(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _refuse(*_: object) -> None:
    raise UnreadableLetterError(
        "Ce fil contient des définitions (DOCTYPE) qu'aucun fil n'a : il n'est pas lu."
    )
