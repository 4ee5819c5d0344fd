"""Parser for outside feeds: iCalendar, Atom or RSS bytes become dated items.

Each date of an agenda is one dated item (``letters.agendas``). An entry of a news feed has no event
date of its own: the dated items in its text are found as in a letter. The bytes are not trusted, so
both are read in a process with limits (:func:`read_outside_limited`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from calendar_app.editing.rules.source_changes import OF_NEWS, Identity
from calendar_app.letters.agendas.calendar_file import read_agenda
from calendar_app.letters.agendas.entries import link
from calendar_app.letters.agendas.left_out import DOUBLE, LeftOut
from calendar_app.letters.as_json import contract, item_from_json
from calendar_app.letters.dated_items import DatedItem
from calendar_app.letters.formats.detection import holds_agenda
from calendar_app.letters.formats.html import html_text
from calendar_app.letters.formats.letter_text import LetterForm, LetterText
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.limited_process import run_limited
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean, fold

#: The most entries of a news feed that are read.
MAX_ENTRIES = 200
#: An entry without a date of its own announces no day without a year so many days ahead.
_FAR = 183
#: An entry that says a later instant than this was not published then.
_SOON = timedelta(days=1)

#: Within so many bytes an XML file begins, also where a program wrote a warning before it.
_PREAMBLE = 1_000

TOO_MANY_NEWS = f"au-delà des {MAX_ENTRIES} premières actualités"
NO_YEAR = "jour sans année, dans une actualité sans date"

UNREADABLE = (
    "Ce n'est ni un agenda (iCalendar) ni un fil d'actualités (Atom, RSS) : vérifiez l'adresse."
)


@dataclass(frozen=True, slots=True)
class OutsideReading:
    """The dates of a feed.

    :param items: of an agenda, also dates that ended within the last month.
    :param left_out: what was not taken: reason (French), count and titles of each.
    :param first_seen: entries of news without a date of their own → the day when they were first
        seen.
    :param is_agenda: whether a date that is missing may mean that it was dropped.
    """

    items: dict[Identity, DatedItem]
    left_out: list[dict[str, Any]] = field(default_factory=list)
    first_seen: dict[str, str] = field(default_factory=dict)
    is_agenda: bool = True


def read_outside_limited(
    data: bytes,
    today: date,
    knowledge: LetterKnowledge,
    zone: str = PARIS.key,
    first_seen: Mapping[str, str] | None = None,
) -> OutsideReading:
    """Read a feed in a process that is limited to 10 s of CPU and 256 MiB.

    :param today: the day in Europe/Paris.
    :param zone: IANA name: the clock of those whom the feed is followed for.
    :param first_seen: what the reading before this one returned.
    :raises UnreadableLetterError: when *data* is no feed, is damaged, or exceeds a limit.
    """
    found = run_limited(outside_values, (data, today, knowledge, zone, dict(first_seen or {})))
    items = {
        Identity(value["uid"], value["recurrence"]): item_from_json(value["item"])
        for value in found["items"]
    }
    return OutsideReading(items, found["left_out"], found["first_seen"], found["is_agenda"])


def outside_values(
    arguments: tuple[bytes, date, LetterKnowledge, str, dict[str, str]],
) -> dict[str, Any]:
    """Return the dates of a feed as JSON values, which a child process can return.

    :raises UnreadableLetterError: when the bytes are no feed, or are damaged.
    """
    data, today, knowledge, zone, first_seen = arguments
    left_out, seen = LeftOut(), dict[str, str]()
    agenda = holds_agenda(data)
    found: list[tuple[str, str | None, DatedItem]] = []
    if agenda:
        entries = read_agenda(data, today, zone, left_out)
        found = [(entry.uid, entry.recurrence, entry.item) for entry in entries]
    elif b"<" in data[:_PREAMBLE]:
        found, seen = _of_news(data, today, knowledge, first_seen, left_out)
    else:
        raise UnreadableLetterError(UNREADABLE)
    items = [
        {"uid": uid, "recurrence": recurrence, "item": contract(item)}
        for uid, recurrence, item in found
    ]
    return {
        "items": items,
        "left_out": left_out.values(),
        "first_seen": seen,
        "is_agenda": agenda,
    }


def _of_news(
    data: bytes,
    today: date,
    knowledge: LetterKnowledge,
    first_seen: Mapping[str, str],
    left_out: LeftOut,
) -> tuple[list[tuple[str, str | None, DatedItem]], dict[str, str]]:
    # Only the process that reads news needs feedparser and the reader of letters, which load for a
    # tenth of a second each.
    from calendar_app.editing.followed.news_feed import read_entries
    from calendar_app.letters.reading.letter import read_letter_text

    found: list[tuple[str, str | None, DatedItem]] = []
    seen: dict[str, str] = {}
    done: set[str] = set()
    entries = read_entries(data)
    titles: dict[str, list[str]] = {}
    for entry in entries:
        titles.setdefault(entry.id[:200], []).append(fold(entry.title)[:100])
    for number, entry in enumerate(entries):
        if number >= MAX_ENTRIES:
            left_out.add(TOO_MANY_NEWS)
            continue
        own, title = entry.id[:200], fold(entry.title)[:100]
        named = f"{own}:{title}"
        if named in done:
            left_out.add(DOUBLE, entry.title)
            continue
        done.add(named)
        first = first_seen.get(named)
        if title == titles[own][-1]:  # a new entry comes before those that were seen
            first = first or first_seen.get(own)
        # Where several entries have one id, none has it alone: it would pass to the next new one.
        own = named if len(set(titles[own])) > 1 else own
        published = entry.published
        if published is None or paris_day(published) > today + _SOON:
            seen[own] = first or today.isoformat()
            published = datetime.combine(date.fromisoformat(seen[own]), time(12), UTC)
        text = clean(f"{entry.title}\n\n{html_text(entry.body)}")
        letter = LetterText(text, LetterForm.TEXT, paris_day(published))
        for position, item in enumerate(read_letter_text(letter, None, today, knowledge).items):
            day = item.last_day or item.first_day
            if day is None or day < today:
                continue
            if own in seen and _lacks_year(item, paris_day(published)):
                left_out.add(NO_YEAR, item.title)
                continue
            values = contract(item) | {"url": item.url or link(entry.link)}
            found.append((own, f"{OF_NEWS}{position}", item_from_json(values)))
    return found, seen


def _lacks_year(item: DatedItem, seen: date) -> bool:
    """Whether the year of an item is only a guess, and a bad one."""
    day = item.last_day or item.first_day
    assert day is not None  # noqa: S101 - the caller checked it
    return str(day.year) not in item.phrase and (day - seen).days > _FAR
