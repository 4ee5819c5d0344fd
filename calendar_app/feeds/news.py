"""A feed as news: what the readers of Atom and JSON are told of each date.

Such a reader shows what is new, not what is when: only ``depuis`` of the feed's options counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from calendar_app.domain.academies import Academies
from calendar_app.domain.text import clean
from calendar_app.feeds.feed import Feed
from calendar_app.feeds.wording import categories, description, summary
from calendar_app.models import Milestone


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A feed as news; its bytes depend on this value alone.

    :param changed_at: the last visible change of the store.
    """

    feed: Feed
    changed_at: datetime
    items: tuple[NewsItem, ...]


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One date.

    :param id: the URN of the milestone's UID, the same in every feed.
    :param page: address of the event's page.
    :param text: what to do, by when, for whom; lines of plain text.
    """

    id: str
    title: str
    text: str
    page: str
    tags: tuple[str, ...]
    milestone: Milestone

    @property
    def published_at(self) -> datetime:
        return self.milestone.event.created_at

    @property
    def changed_at(self) -> datetime:
        return self.milestone.event.changed_at


def bulletin(
    feed: Feed,
    changed_at: datetime,
    event_page: Callable[[str], str],
    academies: Academies,
    themes: Mapping[str, str],
) -> Bulletin:
    """Return a feed as news.

    :param event_page: gives the address of an event's page from its id.
    """
    items = []
    for milestone in feed.milestones:
        page = event_page(milestone.event_id)
        items.append(
            NewsItem(
                id=f"urn:uuid:{milestone.uid}",
                title=summary(milestone, feed.viewer),
                text=clean(description(milestone, feed.viewer, page, academies)),
                page=page,
                tags=tuple(categories(milestone, academies, themes)),
                milestone=milestone,
            )
        )
    return Bulletin(feed, changed_at, tuple(items))
