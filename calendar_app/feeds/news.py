"""Write feeds as news, in Atom and in JSON Feed.

A news reader shows what is new, not a calendar. Therefore the date that changed last comes first,
and of the feed's options only ``depuis`` counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from xml.etree import ElementTree as ET

from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.deadline_days import TellDays, days_told_in_feed
from calendar_app.feeds.feed import Feed
from calendar_app.feeds.wording import categories, description, summary
from calendar_app.school.academies import Academies
from calendar_app.words.links import uri
from calendar_app.words.text import clean, clean_line


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A feed as news. The bytes of both formats depend on this value alone.

    :param title: the name of the feed: plain text, in NFC.
    :param subtitle: the description of the feed: plain text, in NFC.
    :param changed_at: the last visible change of the store (aware).
    :param items: newest first; items of one instant in the order of their days.
    """

    feed: Feed
    title: str
    subtitle: str
    changed_at: datetime
    items: tuple[NewsItem, ...]


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One date of a feed.

    :param id: the URN of the milestone's UID, equal in all feeds.
    :param text: the task, the day and the audience; lines of plain text.
    :param page: the address of the event's page.
    :param link: the official address, in the syntax of RFC 3986; None when the letter gives none.
    :param changed_at: the last visible change of the date or of its school holidays (aware).
    """

    id: str
    title: str
    text: str
    page: str
    link: str | None
    tags: tuple[str, ...]
    milestone: Milestone
    changed_at: datetime

    @property
    def published_at(self) -> datetime:
        """The instant (aware, UTC) at which the date was announced in this calendar."""
        return self.milestone.announced_at


def bulletin(
    feed: Feed,
    changed_at: datetime,
    event_page: Callable[[str], str],
    academies: Academies,
    themes: Mapping[str, str],
    tell: TellDays,
) -> Bulletin:
    """Return a feed as news.

    :param changed_at: the last visible change of the store (aware).
    :param event_page: event id → the address of its page.
    :param themes: the closed list, slug → name.
    :param tell: returns the class days by which a milestone is told (see ``days_told_in_feed``): of
        a deadline in the feed of one académie, where a change of its holidays moves the DTSTAMP.
    """
    items = []
    for milestone in feed.milestones:
        page, link = event_page(milestone.event_id), milestone.event.link
        days = days_told_in_feed(feed, milestone, tell)
        text = description(
            milestone,
            feed.viewer,
            page,
            academies,
            class_days=days.absolute_lines() if days else (),
            concerned=feed.filter.sees(milestone.scope),
        )
        changed = (milestone.changed_at, days.changed_at if days else None)
        items.append(
            NewsItem(
                id=f"urn:uuid:{milestone.uid}",
                title=clean_line(summary(milestone, feed.viewer)),
                text=clean(text),
                page=page,
                link=uri(link) if link else None,
                tags=tuple(categories(milestone, academies, themes)),
                milestone=milestone,
                changed_at=max(at for at in changed if at),
            )
        )
    items.sort(key=lambda item: item.changed_at, reverse=True)
    title, subtitle = clean_line(feed.name), clean_line(feed.description)
    return Bulletin(feed, title, subtitle, changed_at, tuple(items))


ATOM_TYPE = "application/atom+xml; charset=utf-8"


_NAMESPACE = "http://www.w3.org/2005/Atom"


#: Characters that XML 1.0 (section 2.2) does not allow, escaped or not.
_OUTSIDE_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_atom(news: Bulletin) -> bytes:
    """Return the feed in Atom (RFC 4287), as UTF-8 bytes."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "fr"})
    _text(root, "id", news.feed.address)
    _text(root, "title", news.title)
    _text(root, "subtitle", news.subtitle)
    _text(root, "updated", _instant(news.changed_at))
    author = ET.SubElement(root, "author")
    _text(author, "name", news.title.partition(" – ")[0])
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=news.feed.address)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=news.feed.home)
    for item in news.items:
        entry = ET.SubElement(root, "entry")
        _text(entry, "id", item.id)
        _text(entry, "title", item.title)
        _text(entry, "published", _instant(item.published_at))
        _text(entry, "updated", _instant(item.changed_at))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=item.page)
        if item.link:
            ET.SubElement(entry, "link", rel="related", href=item.link)
        for tag in item.tags:
            ET.SubElement(entry, "category", term=_OUTSIDE_XML.sub("", tag))
        _text(entry, "content", item.text).set("type", "text")
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = _OUTSIDE_XML.sub("", text)
    return child


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


JSON_TYPE = "application/feed+json; charset=utf-8"


_VERSION = "https://jsonfeed.org/version/1.1"


def render_json(news: Bulletin) -> bytes:
    """Return the feed in JSON Feed 1.1, as UTF-8 bytes."""
    found = {
        "version": _VERSION,
        "title": news.title,
        "description": news.subtitle,
        "home_page_url": news.feed.home,
        "feed_url": news.feed.address,
        "language": "fr",
        "items": [_item(item) for item in news.items],
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(item: NewsItem) -> dict[str, Any]:
    milestone = item.milestone
    found: dict[str, Any] = {
        "id": item.id,
        "url": item.page,
        "title": item.title,
        "content_text": item.text,
        "date_published": item.published_at.isoformat(timespec="seconds"),
        "date_modified": item.changed_at.isoformat(timespec="seconds"),
        "tags": item.tags,
        "_date": {
            "event": milestone.event_id,
            "kind": milestone.kind.value,
            "first_day": milestone.first_day.isoformat(),
            "last_day": milestone.last_day.isoformat(),
            "start_time": _hour(milestone.start_time),
            "end_time": _hour(milestone.end_time),
            "time_zone": milestone.time_zone,
            "certainty": milestone.certainty.value,
            "cancelled": milestone.is_cancelled,
        },
    }
    if item.link:
        found["external_url"] = item.link
    return found


def _hour(at: time | None) -> str | None:
    return at.isoformat(timespec="minutes") if at else None
