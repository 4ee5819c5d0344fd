"""A feed as news: what the readers of Atom and JSON are told of each date.

Such a reader shows what is new, not what is when: the date that changed last comes first, and only
``depuis`` of the feed's options counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.deadline_days import TellDays, told_in
from calendar_app.feeds.feed import Feed
from calendar_app.feeds.wording import categories, description, summary
from calendar_app.school.academies import Academies
from calendar_app.words.links import uri
from calendar_app.words.text import clean, clean_line


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A feed as news; its bytes depend on this value alone.

    :param title: the feed's name, and the text under it: plain, in NFC.
    :param changed_at: the last visible change of the store.
    :param items: newest first; of one instant, by day.
    """

    feed: Feed
    title: str
    subtitle: str
    changed_at: datetime
    items: tuple[NewsItem, ...]


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One date.

    :param id: the URN of the milestone's UID, the same in every feed.
    :param page: address of the event's page.
    :param link: the official address, as RFC 3986 writes it.
    :param text: what to do, by when, for whom; lines of plain text.
    :param changed_at: when what is said of it last changed, its class days included.
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

    :param event_page: gives the address of an event's page from its id.
    :param tell: gives the class days by which a milestone is told.
    """
    items = []
    for milestone in feed.milestones:
        page, link = event_page(milestone.event_id), milestone.event.link
        days = told_in(feed, milestone, tell)
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
