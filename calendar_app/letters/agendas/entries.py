"""One occurrence of an agenda (VEVENT, VTODO) as a dated item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.doubts import Doubts, doubts_from
from calendar_app.letters.formats.html import html_text
from calendar_app.words.text import clean, clean_line, fold
from calendar_app.words.vocabulary import Certainty

_DEADLINE = re.compile(r"\b(?:date limite|cloture|dernier jour|jusqu'au|fin des inscriptions)\b")
_REGISTRATION = re.compile(r"\binscri")
_SUBMISSION = re.compile(r"\b(?:envoi|depot|production)")
#: « ANNULÉ – Festival », « [Reporté] Festival », « Festival (annulé) », « Festival annulé cause
#: grève », « Festival - séance annulée ».
_STATE = r"(?:annul[ée]e?s?|supprim[ée]e?s?|cancell?ed|report[ée]e?s?|postponed)"
_MARK = (
    r"(?:(?:[ée]v[éè]nement|s[ée]ance|session|date|rencontre)s? )?"
    rf"(?P<state>{_STATE}(?:(?: et |, | ?/ ?){_STATE})?)"
)
_BEFORE = re.compile(rf"^\W{{0,3}}{_MARK}\b(?! et remplace)[^\w«\"]{{0,6}}", re.IGNORECASE)
_AFTER = re.compile(
    r"(?<!\bpas)(?<!\bnon)(?<!\bjamais)"
    r"(?: ?[^\w\s»\"'’]{1,4} ?| (?:(?:est|sont|a été|ont été) )?)"
    rf"{_MARK}"
    r"(?:\W{0,5}| ?\([^()]*\)\W{0,5}"
    r"|,? (?:(?:pour )?cause|à cause|en raison|suite|au|à) .*)$",
    re.IGNORECASE,
)
_PUT_OFF_MARK = re.compile(r"report|postpon", re.IGNORECASE)
_OFF = re.compile(r"\b(?:annulation|suppression (?:du|de)|(?:est|sont) annule(?:e|s|es)?)\b")
_PUT_OFF = re.compile(r"^\W{0,3}report (?:du|de|des|d')\b")
_HTML = re.compile(
    r"</?(?:a|b|blockquote|body|br|center|div|em|font|h[1-6]|hr|html|i|iframe|img|li|ol|p|pre|s"
    r"|script|small|span|strong|style|su[bp]|t(?:able|body|d|h|r)|u|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_CALLED_OFF = ("CANCELLED", "CANCELED")
#: From here on an end is the end of its day.
_LATE = time(23, 59)
_TITLE = 160
_SENTENCE = 400


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of an agenda.

    :param home: of those whom the agenda is for; hours on it need no zone.
    :param own: of hours without a zone, and of hours in UTC.
    """

    home: ZoneInfo
    own: ZoneInfo

    @classmethod
    def of(cls, named: str, zone: str) -> Clock:
        """Return the clocks of an agenda that names this zone (X-WR-TIMEZONE), or none."""
        home = ZoneInfo(zone)
        try:
            return cls(home, ZoneInfo(named) if named else home)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return cls(home, home)

    def local(self, at: datetime) -> datetime:
        """Return an instant on the clock of its place."""
        if at.tzinfo is None:
            return at.replace(tzinfo=self.own)
        key = getattr(at.tzinfo, "key", None)
        return at.astimezone(self.own if key in (None, "UTC", "Etc/UTC") else at.tzinfo)

    def zone_of(self, at: datetime) -> str | None:
        """Return the IANA name of the zone of a local time; None on the clock of home."""
        key: str | None = getattr(at.tzinfo, "key", None)
        return None if key == self.home.key else key


def start_of(part: Any) -> date | datetime | None:
    """Return the day or the time at which a component starts; of a VTODO, when it is due."""
    if part.name != "VTODO":
        return _day_in(part.get("DTSTART"))
    due, begins = _day_in(part.get("DUE")), _day_in(part.get("DTSTART"))
    return _after(begins, part) if due is None and begins and part.get("DURATION") else due


def _after(begins: date | datetime, part: Any) -> date | datetime:
    """Return the end that the DURATION of a component gives; the start without one."""
    length = part.get("DURATION")
    if length is None or "DURATION" in {name for name, _ in part.errors}:
        return begins
    end: date | datetime = begins + length.dt
    return end


def _day_in(value: Any) -> date | datetime | None:
    """Return the day or the time of a property; of several, the first; None if it has none."""
    value = value[0] if isinstance(value, list) else value
    try:
        found = value.dt
    except (AttributeError, ValueError):  # there is none, or it is broken
        return None
    return found if isinstance(found, date) else None


def day_of(at: date | datetime | None) -> date:
    """Return the day of a start; the last day that there is for None."""
    if at is None:
        return date.max
    return at.date() if isinstance(at, datetime) else at


def told_at(at: date | datetime | None) -> str | None:
    """Return a day or a time as an identity holds it: ISO 8601, without a zone."""
    if isinstance(at, datetime):
        return at.replace(tzinfo=None, microsecond=0).isoformat(timespec="minutes")
    return at.isoformat() if at else None


def is_private(part: Any) -> bool:
    """Whether a component is not meant for others; a CLASS that we do not know counts as private
    (RFC 5545, 3.8.1.3)."""
    return line(part, "CLASS").upper() not in ("", "PUBLIC")


def item_of(part: Any, clock: Clock) -> DatedItem:
    """Return an occurrence as a dated item; its title may be empty.

    :raises ValueError: as the other errors of arithmetic, when its days are not days.
    """
    title, status = _title(part)
    folded = fold(title)
    first, last, start, end, zone = _times(part, clock)
    is_due = part.name == "VTODO" or (bool(_DEADLINE.search(folded)) and first == last)
    step = None
    if is_due:
        step = Step.REGISTRATION if _REGISTRATION.search(folded) else Step.UNKNOWN
        step = Step.SUBMISSION if _SUBMISSION.search(folded) else step
        start, end = None, end or start
    text = clean_line(_plain(_text(part, "DESCRIPTION") or _text(part, "X-ALT-DESC")))
    doubts, reasons = _doubts(title, status, step, (last - first).days, is_due=is_due)
    return DatedItem(
        title=title,
        kind=ItemKind.DEADLINE if is_due else ItemKind.EVENT,
        step=step,
        first_day=None if is_due else first,
        last_day=last,
        start_time=start,
        end_time=end,
        time_zone=zone,
        certainty=Certainty.DAY,
        status=status,
        academies=(),
        departments=(),
        place=clean_line(_plain(line(part, "LOCATION")))[:300] or None,
        classes=(),
        themes=(),
        event_type=None,
        organiser=None,
        url=link(line(part, "URL")),
        phrase="",
        sentence=text[:_SENTENCE] or title,
        offset=0,
        confidence=doubts.least,
        rule="agenda",
        warnings=(),
        doubts=doubts,
        reasons=reasons,
    )


def _doubts(
    title: str, status: ItemStatus, step: Step | None, length: int, *, is_due: bool
) -> tuple[Doubts, tuple[str, ...]]:
    """Return how sure each part of an entry is, and French sentences for the parts in doubt. An
    agenda has fields for the day and the title; its kind is told by words alone.

    :param length: how many days lie between the first and the last one.
    """
    parts = {"day": (0.97, ""), "title": (0.93, ""), "kind": (0.93, ""), "place": (0.9, "")}
    if status is not ItemStatus.PLANNED:
        parts["day"] = 0.7, "la date a changé"
    if len(title) == _TITLE:
        parts["title"] = 0.7, "il est coupé"
    if step is Step.UNKNOWN:
        parts["kind"] = 0.75, "inscription ou envoi, l'agenda ne le dit pas"
    elif not is_due and length and _REGISTRATION.search(fold(title)):
        parts["kind"] = 0.6, "un temps pour s'inscrire, peut-être"
    return doubts_from(parts)


def _times(part: Any, clock: Clock) -> tuple[date, date, time | None, time | None, str | None]:
    """Return the first and the last day (inclusive), the hours and their zone."""
    begins = start_of(part)
    if begins is None:
        raise ValueError("no start")
    ends = _end(part, begins)
    if not isinstance(begins, datetime):
        if isinstance(ends, datetime):
            return begins, max(begins, ends.date()), None, None, None
        return begins, max(begins, ends - timedelta(days=1)), None, None, None  # DTEND is exclusive
    if _is_midnight_utc(begins) and _is_midnight_utc(ends) and ends > begins:
        # Programs that know no days write them so; nobody meets at 1 h for 24 hours.
        return begins.date(), day_of(ends) - timedelta(days=1), None, None, None
    local = clock.local(begins)
    zone = clock.zone_of(local)
    start = local.time().replace(second=0, microsecond=0)
    if not isinstance(ends, datetime):
        return local.date(), max(local.date(), ends - timedelta(days=1)), start, None, zone
    if ends.tzinfo is None:
        ends = ends.replace(tzinfo=local.tzinfo)
    ends = ends.astimezone(local.tzinfo)
    last, end = ends.date(), ends.time().replace(second=0, microsecond=0)
    if start == time() and (ends == local or (end >= _LATE and last >= local.date())):
        return local.date(), last, None, None, None
    if last > local.date() and end == time():
        if start == time():  # from midnight to midnight: whole days
            return local.date(), last - timedelta(days=1), None, None, None
        return local.date(), last - timedelta(days=1), start, None, zone
    if last < local.date() or (last == local.date() and end <= start):
        return local.date(), local.date(), start, None, zone
    return local.date(), last, start, end, zone


def _end(part: Any, begins: date | datetime) -> date | datetime:
    ends = part.get("DTEND") if part.name == "VEVENT" else None
    if (found := _day_in(ends)) is not None:
        return found
    return _after(begins, part) if part.name == "VEVENT" else begins


def _is_midnight_utc(at: date | datetime) -> bool:
    return (
        isinstance(at, datetime) and at.time() == time() and getattr(at.tzinfo, "key", "") == "UTC"
    )


def _title(part: Any) -> tuple[str, ItemStatus]:
    """Return the title without the words of its state, and the state."""
    title = clean_line(_plain(line(part, "SUMMARY")))
    marked = _BEFORE.search(title) or _AFTER.search(title)
    status = ItemStatus.PLANNED
    if line(part, "STATUS").upper() in _CALLED_OFF or _OFF.search(fold(title)):
        status = ItemStatus.CANCELLED
    elif _PUT_OFF.search(fold(title)):
        status = ItemStatus.POSTPONED
    if marked:
        if status is ItemStatus.PLANNED:
            # « annulé et reporté » is put off.
            put_off = _PUT_OFF_MARK.search(marked["state"])
            status = ItemStatus.POSTPONED if put_off else ItemStatus.CANCELLED
        rest = f"{title[: marked.start()]}{title[marked.end() :]}".strip()
        title = rest or title
    return title[:_TITLE].strip(), status


def _plain(text: str) -> str:
    """Return a text that may be HTML, or have entities of it, as plain text."""
    if _HTML.search(text):
        return clean(html_text(text).replace("**", "")).strip()
    return clean(unescape(text)).strip()


def _text(part: Any, name: str) -> str:
    """Return the first of the properties of this name, and at most 20,000 characters of it."""
    value = part.get(name, "")
    value = value[0] if isinstance(value, list) and value else value
    return str(value).encode("utf-8", "replace").decode()[:20_000]


def line(part: Any, name: str) -> str:
    """Return a property as clean text on one line; of several, the first."""
    return clean_line(_text(part, name))


def link(text: str) -> str | None:
    """Return a web address, or None if the text is none."""
    return text if re.fullmatch(r"https?://[^\s<>\"\\]{1,1900}", text) else None
