"""The JSON Feed writer (JSON Feed 1.1). What is said of the days stands under ``_date``, since the
format has names for the news alone."""

from __future__ import annotations

import json
from datetime import time
from typing import Any

from calendar_app.feeds.news import Bulletin, NewsItem

CONTENT_TYPE = "application/feed+json; charset=utf-8"
_VERSION = "https://jsonfeed.org/version/1.1"


def render(news: Bulletin) -> bytes:
    """Return the feed as UTF-8 bytes."""
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
