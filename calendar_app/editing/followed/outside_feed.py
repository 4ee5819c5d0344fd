"""Parser for outside feeds: iCalendar, Atom or RSS bytes become dated items.

Each occurrence in an agenda is one dated item. An entry of a news feed has no event date of its
own: the dated items in its text are found as in a letter. The bytes are not trusted, so both are
read in a process with limits (:func:`read_outside_limited`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.relativedelta import relativedelta

from calendar_app.editing.followed.news_feed import Entry, read_entries
from calendar_app.letters.as_json import contract, item_from_json
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.formats.html import html_text
from calendar_app.letters.formats.letter_text import LetterForm, LetterText
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.limited_process import run_limited
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean, clean_line, fold
from calendar_app.words.vocabulary import Certainty

#: How many months ahead recurrences are expanded; then the most occurrences of an agenda, and the
#: most entries of a news feed, that are read.
MONTHS = 24
MAX_OCCURRENCES = 1_000
MAX_ENTRIES = 200

_FREQUENCIES = frozenset(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
_DEADLINE = re.compile(r"\b(?:date limite|cloture|dernier jour|jusqu'au|fin des inscriptions)\b")
_REGISTRATION = re.compile(r"\binscri")
_SUBMISSION = re.compile(r"\b(?:envoi|depot|production)")
_SENTENCE = 400

UNREADABLE = (
    "Ce n'est ni un agenda (iCalendar) ni un fil d'actualités (Atom, RSS) : vérifiez l'adresse."
)


@dataclass(frozen=True, slots=True)
class OutsideItem:
    """One dated item of a feed.

    :param id: the item's id in the feed; the same at each read.
    :param fingerprint: hash of the item's whole content; it differs when the item changed.
    """

    id: str
    fingerprint: str
    item: DatedItem


@dataclass(frozen=True, slots=True)
class OutsideReading:
    """The items of a feed from today on.

    :param warnings: French sentences about what was left out.
    """

    items: tuple[OutsideItem, ...]
    warnings: tuple[str, ...]


def read_outside_limited(data: bytes, today: date, knowledge: LetterKnowledge) -> OutsideReading:
    """Read a feed in a process that is limited to 10 s of CPU and 256 MiB.

    :param today: the day in Europe/Paris; items that are over are left out.
    :raises UnreadableLetterError: when *data* is no feed, is damaged, or exceeds a limit.
    """
    found = run_limited(outside_values, (data, today, knowledge))
    items = (
        OutsideItem(value["id"], value["fingerprint"], item_from_json(value["item"]))
        for value in found["items"]
    )
    return OutsideReading(tuple(items), tuple(found["warnings"]))


def outside_values(arguments: tuple[bytes, date, LetterKnowledge]) -> dict[str, Any]:
    """Return the items and warnings of a feed as JSON values, which a child process can return.

    :raises UnreadableLetterError: when the bytes are no feed, or are damaged.
    """
    data, today, knowledge = arguments
    warnings: list[str] = []
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
    if start.upper().startswith(b"BEGIN:VCALENDAR"):
        items = list(_of_agenda(data, today, warnings))
    elif start.startswith(b"<"):
        items = list(_of_news(data, today, knowledge, warnings))
    else:
        raise UnreadableLetterError(UNREADABLE)
    found: dict[str, dict[str, Any]] = {}
    for outside_id, item in items:
        value = contract(item)
        told = json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
        print_ = hashlib.sha256(told).hexdigest()
        found[outside_id] = {"id": outside_id, "fingerprint": print_, "item": value}
    return {"items": list(found.values()), "warnings": warnings}


# -- agendas ---------------------------------------------------------------------------------------


def _of_agenda(data: bytes, today: date, warnings: list[str]) -> Iterator[tuple[str, DatedItem]]:
    try:
        agenda = icalendar.Calendar.from_ical(data.decode("utf-8-sig", "replace"))
    except ValueError as error:
        raise UnreadableLetterError("Cet agenda est endommagé.") from error
    kept = icalendar.Calendar()
    for part in agenda.subcomponents:
        if part.name != "VEVENT":
            kept.add_component(part)
        elif reason := _refused(part):
            warnings.append(f"« {_line(part, 'SUMMARY')[:80]} » est laissé de côté : {reason}.")
        else:
            kept.add_component(part)
    count, month = 0, today.replace(day=1)
    for number in range(MONTHS + 1):
        first = max(today, month + relativedelta(months=number))
        after = month + relativedelta(months=number + 1)
        for part in _between(kept, first, after):
            item = _occurrence(part)
            if item is None or (item.last_day or item.first_day or today) < today:
                continue
            count += 1
            if count > MAX_OCCURRENCES:
                warnings.append(f"Seules les {MAX_OCCURRENCES} premières dates sont lues.")
                return
            yield _id(part), item


def _between(agenda: icalendar.Calendar, first: date, after: date) -> list[Any]:
    try:
        query = recurring_ical_events.of(agenda, skip_bad_series=True)
        return list(query.between(first, after))
    except (ValueError, TypeError, OverflowError, AttributeError, KeyError) as error:
        raise UnreadableLetterError("Cet agenda est endommagé.") from error


def _refused(part: Any) -> str | None:
    """Return in French why a VEVENT is left out, or None."""
    rules = part.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        if frequency not in _FREQUENCIES:
            return "il revient plusieurs fois par jour"
        if any(rule.get(name) for name in ("BYSECOND", "BYMINUTE", "BYHOUR")):
            return "il revient plusieurs fois par jour"
    days = part.get("RDATE", [])
    listed = [day for group in (days if isinstance(days, list) else [days]) for day in group.dts]
    if len(listed) > MAX_OCCURRENCES:
        return "il a trop de dates"
    return None if part.get("DTSTART") else "il n'a pas de date"


def _id(part: Any) -> str:
    own = part.get("RECURRENCE-ID") or part.get("DTSTART")
    return f"{_line(part, 'UID')[:200]}/{_day_of(own.dt).isoformat()}"


def _occurrence(part: Any) -> DatedItem | None:
    title = _line(part, "SUMMARY")[:160]
    begins = part["DTSTART"].dt
    ends = part["DTEND"].dt if part.get("DTEND") else begins
    if not title:
        return None
    zone = None
    start = end = None
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        begins, ends, zone = _local(begins, ends)
        start, end = begins.time().replace(second=0), ends.time().replace(second=0)
        first, last = begins.date(), ends.date()
        if last > first and end == time():
            last, end = last - timedelta(days=1), None
        elif last == first and end <= start:
            end = None
    else:
        first, last = _day_of(begins), _day_of(ends)
        last = max(first, last - timedelta(days=1))  # DTEND is exclusive
    text = clean(str(part.get("DESCRIPTION", ""))).strip()
    folded = fold(title)
    deadline = bool(_DEADLINE.search(folded)) and first == last
    step = None
    if deadline:
        step = Step.REGISTRATION if _REGISTRATION.search(folded) else Step.UNKNOWN
        step = Step.SUBMISSION if _SUBMISSION.search(folded) else step
        start, end = None, end or start
    cancelled = str(part.get("STATUS", "")).upper() == "CANCELLED"
    return DatedItem(
        title=title,
        kind=ItemKind.DEADLINE if deadline else ItemKind.EVENT,
        step=step,
        first_day=None if deadline else first,
        last_day=last,
        start_time=start,
        end_time=end,
        time_zone=zone,
        certainty=Certainty.DAY,
        status=ItemStatus.CANCELLED if cancelled else ItemStatus.PLANNED,
        academies=(),
        departments=(),
        place=_line(part, "LOCATION")[:300] or None,
        classes=(),
        themes=(),
        event_type=None,
        organiser=None,
        url=_link(_line(part, "URL")),
        phrase="",
        sentence=clean_line(text)[:_SENTENCE] or title,
        offset=0,
        confidence=0.9,
        rule="agenda",
        warnings=(),
    )


def _local(begins: datetime, ends: datetime) -> tuple[datetime, datetime, str | None]:
    """Return two instants in one time zone, and its IANA name (None for Europe/Paris): the feed's
    own zone, or Europe/Paris for UTC and for times without a zone."""
    key = getattr(begins.tzinfo, "key", None) if begins.tzinfo else None
    zone = ZoneInfo(key) if key and key not in ("UTC", "Etc/UTC") else PARIS
    if begins.tzinfo is None:
        begins, ends = begins.replace(tzinfo=zone), ends.replace(tzinfo=zone)
    if ends.tzinfo is None:
        ends = ends.replace(tzinfo=begins.tzinfo)
    named = None if zone == PARIS else key
    return begins.astimezone(zone), ends.astimezone(zone), named


def _day_of(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _line(part: Any, name: str) -> str:
    value = part.get(name, "")
    value = value[0] if isinstance(value, list) and value else value
    return clean_line(str(value).encode("utf-8", "replace").decode())


def _link(text: str) -> str | None:
    return text if re.fullmatch(r"https?://[^\s<>\"\\]{1,1900}", text) else None


# -- news ------------------------------------------------------------------------------------------


def _of_news(
    data: bytes, today: date, knowledge: LetterKnowledge, warnings: list[str]
) -> Iterator[tuple[str, DatedItem]]:
    entries = read_entries(data)
    if len(entries) > MAX_ENTRIES:
        warnings.append(f"Seules les {MAX_ENTRIES} premières actualités sont lues.")
    for entry in entries[:MAX_ENTRIES]:
        yield from _of_entry(entry, today, knowledge)


def _of_entry(
    entry: Entry, today: date, knowledge: LetterKnowledge
) -> Iterator[tuple[str, DatedItem]]:
    # Only the process that reads news needs the reader of letters, and it loads for a tenth of a
    # second.
    from calendar_app.letters.reading.letter import read_letter_text

    text = clean(f"{entry.title}\n\n{html_text(entry.body)}")
    published = entry.published or datetime.combine(today, time(), UTC)
    letter = LetterText(text, LetterForm.TEXT, paris_day(published))
    for number, item in enumerate(read_letter_text(letter, None, today, knowledge).items):
        day = item.last_day or item.first_day
        if day is None or day < today:
            continue
        values = contract(item) | {"url": item.url or _link(entry.link)}
        yield f"{entry.id[:200]}#{number}", item_from_json(values)
