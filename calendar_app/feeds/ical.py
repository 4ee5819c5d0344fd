"""Write feeds as iCalendar (RFC 5545, RFC 7986).

The bytes depend only on the feed and on the arguments of the writer. Days are inclusive everywhere
in this project; the exclusive DTEND exists only here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import icalendar
from icalendar import vDatetime, vText

from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.deadline_days import TellDays, days_told_in_feed
from calendar_app.feeds.feed import Feed, windows
from calendar_app.feeds.holidays import FeedHoliday
from calendar_app.feeds.links import derived_uid
from calendar_app.feeds.personal import VisibleReminder
from calendar_app.feeds.time_zones import time_zone
from calendar_app.feeds.wording import (
    categories,
    description,
    hour_in_summary,
    session_hours,
    summary,
)
from calendar_app.feeds.written_dates import WrittenDate
from calendar_app.school.academies import Academies
from calendar_app.school.leads import Lead
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import in_class_weeks_words, span_words
from calendar_app.words.links import uri
from calendar_app.words.text import clean, clean_line
from calendar_app.words.vocabulary import MilestoneKind

CONTENT_TYPE = "text/calendar; charset=utf-8"
PRODID = "-//calendar-app//Dates des classes//FR"
#: How often a calendar program should fetch the feed. Without it, Nextcloud waits a week.
REFRESH = timedelta(hours=6)
COLOR = "teal"
APPLE_COLOR = "#008080"
#: The last line of a calendar.
_END = b"END:VCALENDAR\r\n"


class CalendarWriter:
    """Renders feeds for one installation.

    :param uid_domain: the domain of every UID; it must never change.
    :param event_page: event id → the address of its page.
    :param themes: the closed list, slug → name.
    :param tell: returns the class days by which a milestone is told (see ``days_told_in_feed``): of
        a deadline in the feed of one académie, where a change of its holidays moves the DTSTAMP.
    """

    def __init__(
        self,
        uid_domain: str,
        event_page: Callable[[str], str],
        academies: Academies,
        themes: dict[str, str],
        tell: TellDays,
    ) -> None:
        self._uid_domain = uid_domain
        self._event_page = event_page
        self._academies = academies
        self._themes = themes
        self._tell = tell

    def render(self, feed: Feed) -> bytes:
        """Return the feed as UTF-8 bytes, with CRLF line ends and lines folded at 75 octets."""
        return b"".join(self.frame(feed, set()))

    def frame(self, feed: Feed, zones: set[str]) -> tuple[bytes, bytes]:
        """Return what stands before and after the dates of a feed of marks, which name *zones*."""
        events = [event.to_ical(sorted=False) for event in self._events(feed, zones)]
        dates = feed.marks or feed.milestones
        years = {day.year for d in dates for day in (d.first_day, d.last_day)} or {2020}
        if not (events or feed.marks):
            zones.add("Europe/Paris")  # RFC 5545, section 3.6, requires a component
        head = self._calendar(feed).to_ical(sorted=False).removesuffix(_END)
        told = (time_zone(zone, min(years), max(years)) for zone in sorted(zones))
        before = b"".join((head, *(zone.to_ical(sorted=False) for zone in told)))
        return before, b"".join((*events, _END))

    def write(self, milestone: Milestone, feed: Feed) -> WrittenDate:
        """Return one date of a feed for everybody, whose options give each date one VEVENT."""
        zones: set[str] = set()
        data = self._milestone(milestone, feed, zones).to_ical(sorted=False)
        return WrittenDate(data, frozenset(zones))

    def _calendar(self, feed: Feed) -> icalendar.Calendar:
        name, text = clean_line(feed.name), clean(feed.description)
        calendar = icalendar.Calendar()
        calendar.add("prodid", vText(PRODID))
        calendar.add("version", vText("2.0"))
        calendar.add("calscale", vText("GREGORIAN"))
        calendar.add("name", vText(name))
        calendar.add("x-wr-calname", vText(name))
        calendar.add("x-wr-caldesc", vText(text))
        calendar.add("x-wr-timezone", vText(feed.time_zone))
        calendar.add("color", vText(COLOR))
        calendar.add("x-apple-calendar-color", vText(APPLE_COLOR))
        # The property ``refresh_interval`` of icalendar would omit VALUE=DURATION.
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vText("PT6H"))
        if feed.personal.changed_at is None:
            # A personal address is a secret; here it would travel with every copy of the file.
            calendar.add("source", feed.address, parameters={"VALUE": "URI"})
        # No METHOD: with PUBLISH, libical requires an ORGANIZER.
        return calendar

    def _events(self, feed: Feed, zones: set[str]) -> Iterator[icalendar.Event]:
        bars = windows(feed.milestones, feed.filter) if feed.options.bars else {}
        in_bars = {m.uid: event_id for event_id, ends in bars.items() for m in ends}
        drawn: set[str] = set()
        for milestone in feed.milestones:
            event_id = in_bars.get(milestone.uid)
            if event_id is None:
                yield self._milestone(milestone, feed, zones)
            elif event_id not in drawn:
                drawn.add(event_id)
                yield self._bar(*bars[event_id], feed)
            if feed.options.reminder_weeks:
                yield from self._reminder(milestone, feed, feed.options.reminder_weeks)
            for reminder in feed.personal.note(milestone).reminders:
                yield self._visible(milestone, feed, reminder)
        for holiday in feed.holidays:
            yield self._holiday(holiday)

    def _begun(
        self, uid: uuid.UUID, changed_at: datetime, sequence: int, line: str, text: str
    ) -> icalendar.Event:
        """Return a VEVENT with what every one begins with.

        :param changed_at: its DTSTAMP and LAST-MODIFIED, an aware instant.
        :param line: its SUMMARY.
        :param text: its DESCRIPTION.
        """
        found = icalendar.Event()
        found.add("uid", vText(f"{uid}@{self._uid_domain}"))
        # DTSTAMP is the last visible change, never the present time: some programs accept an update
        # only when DTSTAMP has changed, and if it always changed, every fetch would be an update.
        found.add("dtstamp", vDatetime(changed_at.replace(microsecond=0)))
        found.add("last-modified", vDatetime(changed_at.replace(microsecond=0)))
        found.add("sequence", sequence)
        found.add("summary", vText(clean_line(line)))
        found.add("description", vText(clean(text)))
        return found

    def _base(self, milestone: Milestone, feed: Feed, uid: uuid.UUID, line: str) -> icalendar.Event:
        event = milestone.event
        days = days_told_in_feed(feed, milestone, self._tell)
        note, of_person = feed.personal.note(milestone), feed.personal.changed_at
        changed = [event.changed_at, days.changed_at if days else None, of_person]
        sequence = event.revision - 1 + feed.personal.revision
        page = self._event_page(event.id)
        text = description(
            milestone,
            feed.viewer,
            page,
            self._academies,
            class_days=days.absolute_lines() if days else (),
            concerned=feed.filter.sees(milestone.scope),
            said=note.sentence,
            done=note.is_done,
        )
        found = self._begun(uid, max(filter(None, changed)), sequence, line, text)
        place = milestone.place or event.place
        if place:
            found.add("location", vText(clean_line(place)))
        found.add("url", uri(event.link or page))
        found.add("categories", categories(milestone, self._academies, self._themes))
        if milestone.is_cancelled:
            found.add("status", vText("CANCELLED"))
        elif milestone.is_approximate:
            found.add("status", vText("TENTATIVE"))
        else:
            found.add("status", vText("CONFIRMED"))
        return found

    def _milestone(self, milestone: Milestone, feed: Feed, zones: set[str]) -> icalendar.Event:
        found = self._base(milestone, feed, milestone.uid, _title(milestone, feed))
        if hours := session_hours(milestone):
            zones.add(milestone.time_zone)
            found.add("dtstart", hours[0])
            found.add("dtend", hours[1])
            if milestone.is_cancelled:
                _make_nobody_busy(found)
            return _with_alarm(found, milestone, feed, timedelta(days=-7))
        # A deadline with an hour is still an all-day event: programs hide a VEVENT without a
        # duration or show it as one hour.
        _all_day(found, milestone.first_day, milestone.last_day)
        return _with_alarm(found, milestone, feed, _WEEK_BEFORE_AT_NINE)

    def _holiday(self, told: FeedHoliday) -> icalendar.Event:
        found = self._begun(
            told.uid, told.changed_at, told.sequence, told.summary, told.description
        )
        found.add("categories", ["Vacances scolaires"])
        found.add("status", vText("CONFIRMED" if told.is_sure else "TENTATIVE"))
        _all_day(found, told.first_day, told.last_day)
        return found

    def _bar(self, opening: Milestone, deadline: Milestone, feed: Feed) -> icalendar.Event:
        days = span_words(opening.first_day, deadline.last_day)
        hour = hour_in_summary(deadline, feed.viewer)
        line = f"{clean_line(opening.event.title)} : {days}{hour}"
        found = self._base(deadline, feed, derived_uid(opening.uid, "fenetre"), line)
        _all_day(found, opening.first_day, deadline.last_day)
        # The trigger counts from the end of the bar, the midnight after the deadline.
        trigger = _WEEK_BEFORE_AT_NINE - timedelta(days=1)
        return _with_alarm(found, deadline, feed, trigger, related="END")

    def _reminder(self, milestone: Milestone, feed: Feed, weeks: int) -> Iterator[icalendar.Event]:
        days = days_told_in_feed(feed, milestone, self._tell)
        if days is None:
            return
        try:
            day = days.class_days.lead_day(milestone.last_day, Lead.class_weeks(weeks))
            left = days.class_days.weeks_left(day, milestone.last_day) if day else 0
        except CalendarUnknownError:
            return
        if day is None:
            return
        words = in_class_weeks_words(left)
        yield self._visible(milestone, feed, VisibleReminder(day, f"rappel-{weeks}", words))

    def _visible(
        self, milestone: Milestone, feed: Feed, reminder: VisibleReminder
    ) -> icalendar.Event:
        line = f"{reminder.words} : {_title(milestone, feed)}"
        found = self._base(milestone, feed, derived_uid(milestone.uid, reminder.what), line)
        _all_day(found, reminder.day, reminder.day)
        return found


def _title(milestone: Milestone, feed: Feed) -> str:
    """Return the title of a date, with what the class did in the feed of one person."""
    answer = feed.personal.note(milestone).answer
    title = summary(milestone, feed.viewer)
    return f"{title} – {answer}" if answer else title


_ALARMED = frozenset(kind for kind in MilestoneKind if kind.is_deadline) | {MilestoneKind.SESSION}

# Counted from the midnight at which an all-day event starts.
_WEEK_BEFORE_AT_NINE = timedelta(days=-7, hours=9)


def _with_alarm(
    found: icalendar.Event,
    milestone: Milestone,
    feed: Feed,
    trigger: timedelta,
    related: str = "START",
) -> icalendar.Event:
    if feed.options.alarms and not milestone.is_cancelled and milestone.kind in _ALARMED:
        alarm = icalendar.Alarm()
        alarm.add("action", vText("DISPLAY"))
        alarm.add("description", vText(_title(milestone, feed)))
        alarm.add("trigger", trigger, parameters={"RELATED": related})
        found.add_component(alarm)
    return found


def _all_day(found: icalendar.Event, first: date, last: date) -> None:
    """Set an all-day event of inclusive days. It is shown as free time, because a date to know
    about does not make the reader busy."""
    found.add("dtstart", first)
    found.add("dtend", last + timedelta(days=1))
    _make_nobody_busy(found)


def _make_nobody_busy(found: icalendar.Event) -> None:
    found.add("transp", vText("TRANSPARENT"))
    found.add("x-microsoft-cdo-busystatus", vText("FREE"))
