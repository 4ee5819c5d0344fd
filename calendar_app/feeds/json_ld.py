"""Describe an event for search engines: JSON-LD with the vocabulary of schema.org.

Only facts of the source are written, and only where a term of schema.org means them. A schema.org
``Event`` takes place on given days, as our sessions do. A deadline is not such an event: a contest
that only has deadlines is described as the subject of its page, with an action for each deadline.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.wording import name_words, session_hours
from calendar_app.words.links import uri
from calendar_app.words.text import clean_line, fold
from calendar_app.words.vocabulary import MilestoneKind

CONTEXT = "https://schema.org"

#: What a letter writes instead of a place that is not known yet (folded).
_UNKNOWN = re.compile(
    r"((le )?(lieu|adresse|salle)s?\b ?:? ?)?((reste|est|sera) )?"
    r"(a (definir|preciser|confirmer|determiner|venir|fixer|annoncer|communiquer)"
    r"|(non|pas)( encore)? (connu|precise|defini|communique|fixe)e?s?"
    r"|communiquee?( ulterieurement| plus tard)|inconnue?s?)?\W*"
)
#: The beginning of a place that means: online (folded).
_ONLINE = re.compile(
    r"(tout )?(en ligne|a distance|(en )?visio(-?conference)?|webinaire|classe virtuelle)\b"
)
_AND_A_PLACE = re.compile(r"\b(et|ou|puis)\b")

_ACTIONS = {
    MilestoneKind.REGISTRATION_DEADLINE: "Inscrire la classe",
    MilestoneKind.SUBMISSION_DEADLINE: "Envoyer la production",
    MilestoneKind.DEADLINE: "Participer",
}


def describe(event: Event, event_page: Callable[[str], str], image: str) -> list[dict[str, Any]]:
    """Return the JSON-LD objects of an event: one for each session with a certain day; without such
    a session, one for the page.

    :param event_page: event id → the address of its page.
    :param image: the address of the image of its type, since letters give no image of the event.
    """
    sessions = [
        _session(milestone, event_page)
        for milestone in event.milestones
        if milestone.kind is MilestoneKind.SESSION and not milestone.is_approximate
    ]
    return [told | {"image": image} for told in sessions or [_page(event, event_page)]]


def _session(milestone: Milestone, event_page: Callable[[str], str]) -> dict[str, Any]:
    event = milestone.event
    title = clean_line(event.title)
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Event",
        "name": f"{title} – {name_words(milestone)}" if milestone.label else title,
        "description": clean_line(event.summary),
        "url": event_page(event.id),
        **_days(milestone),
        "eventStatus": f"{CONTEXT}/{_status(milestone)}",
        **_where(milestone),
    }
    if milestone.moved_from_first_day and not milestone.is_cancelled:
        found["previousStartDate"] = milestone.moved_from_first_day.isoformat()
    if event.organiser:
        found["organizer"] = {"@type": "Organization", "name": clean_line(event.organiser)}
    if event.link:
        found["sameAs"] = uri(event.link)
    if event.part_of:
        whole = event.part_of
        name, url = clean_line(whole.title), event_page(whole.id)
        found["superEvent"] = {"@type": "Event", "name": name, "url": url}
    return found


def _page(event: Event, event_page: Callable[[str], str]) -> dict[str, Any]:
    title, summary = clean_line(event.title), clean_line(event.summary)
    about: dict[str, Any] = {"@type": "Thing", "name": title, "description": summary}
    if event.link:
        about["sameAs"] = uri(event.link)
    actions = [_action(m) for m in event.milestones if _is_to_be_done(m)]
    if actions:
        about["potentialAction"] = actions
    return {
        "@context": CONTEXT,
        "@type": "WebPage",
        "name": title,
        "url": event_page(event.id),
        "inLanguage": "fr",
        "dateModified": event.changed_at.isoformat(timespec="seconds"),
        "about": about,
    }


def _is_to_be_done(milestone: Milestone) -> bool:
    certain = not milestone.is_approximate and not milestone.is_cancelled
    return milestone.kind.is_deadline and certain


def _action(milestone: Milestone) -> dict[str, Any]:
    """Return the action that is possible until a deadline; its end has an hour only if printed."""
    found: dict[str, Any] = {
        "@type": "Action",
        "name": clean_line(milestone.label) if milestone.label else _ACTIONS[milestone.kind],
        "endTime": _moment(milestone.last_day, milestone.end_time, ZoneInfo(milestone.time_zone)),
    }
    if milestone.event.register_link and milestone.kind is not MilestoneKind.SUBMISSION_DEADLINE:
        found["target"] = uri(milestone.event.register_link)
    return found


def _days(milestone: Milestone) -> dict[str, str]:
    """Return the start of a session, and its end when that is certainly later.

    Programs read a day without an hour as midnight, in UTC or in the local zone. An end that could
    then come before the start is left out.
    """
    zone = ZoneInfo(milestone.time_zone)
    if hours := session_hours(milestone):
        return {"startDate": hours[0].isoformat(), "endDate": hours[1].isoformat()}
    start = _moment(milestone.first_day, milestone.start_time, zone)
    end = _moment(milestone.last_day, milestone.end_time, zone)
    if milestone.start_time is None and milestone.end_time is None:
        return {"startDate": start, "endDate": end}
    latest_start, earliest_end = max(_readings(start, zone)), min(_readings(end, zone))
    return {"startDate": start} | ({"endDate": end} if latest_start < earliest_end else {})


def _readings(moment: str, zone: ZoneInfo) -> list[datetime]:
    """Return the instants that a program may read in the result of :func:`_moment`."""
    at = datetime.fromisoformat(moment)
    return [at] if at.tzinfo else [at.replace(tzinfo=UTC), at.replace(tzinfo=zone)]


def _moment(day: date, at: time | None, zone: ZoneInfo) -> str:
    """Return the day in ISO 8601, with the hour and the offset when the hour is known."""
    return datetime.combine(day, at, zone).isoformat() if at is not None else day.isoformat()


def _status(milestone: Milestone) -> str:
    if milestone.is_cancelled:
        return "EventCancelled"
    return "EventRescheduled" if milestone.moved_from_first_day else "EventScheduled"


def _where(milestone: Milestone) -> dict[str, Any]:
    """Return the place and the attendance mode (on site, online), as far as they are known."""
    place = clean_line(milestone.place or milestone.event.place or "")
    folded = fold(place)
    if _UNKNOWN.fullmatch(folded):
        return {}
    if _ONLINE.match(folded) and not _AND_A_PLACE.search(folded):
        mode = {"eventAttendanceMode": f"{CONTEXT}/OnlineEventAttendanceMode"}
        link = milestone.event.link
        location = {"@type": "VirtualLocation", "url": uri(link)} if link else None
        return mode | ({"location": location} if location else {})
    # Search engines require an address. The letter's words are all that we have: we do not guess
    # which of them are the street and which are the town.
    found: dict[str, Any] = {"location": {"@type": "Place", "name": place, "address": place}}
    # For « à Lille et en ligne » or « à Lille ou à distance », we do not guess the mode.
    if not re.search(r"\b(ligne|distance|visio|webinaire|virtuel)", folded):
        found["eventAttendanceMode"] = f"{CONTEXT}/OfflineEventAttendanceMode"
    return found
