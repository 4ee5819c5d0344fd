"""The options that an address asks of a feed, and the answer: its bytes, or 304."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from flask import Response, request
from werkzeug.http import http_date

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Milestone
from calendar_app.feeds.deadline_days import DeadlineDays, deadline_days
from calendar_app.feeds.feed import Feed, month_edge
from calendar_app.feeds.ical import CalendarWriter
from calendar_app.feeds.options import FeedOptions, read_options
from calendar_app.feeds.written_dates import WrittenDate, WrittenDates
from calendar_app.feeds.zipped import Part, joined
from calendar_app.school.academies import Academy
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import db
from calendar_app.web import caching
from calendar_app.web.compression import GZIPPED
from calendar_app.web.page import page, settings


def asked_options() -> FeedOptions:
    """Return the options of the feed that the address of this request asks for.

    :raises ParameterError: for a value that is not allowed.
    """
    names = ("depuis", "fenetres", "rappels", "alarmes", "vacances")
    return read_options(*(request.args.get(name, "").strip() for name in names))


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of one feed, gzipped: nearly all programs want them so."""

    zipped: bytes
    etag: str

    @classmethod
    def of(cls, data: bytes) -> Rendered:
        return cls.joined([Part.of(data)])

    @classmethod
    def joined(cls, parts: Sequence[Part]) -> Rendered:
        """Return the feed of these parts, in their order."""
        return cls(joined(parts), caching.etag_of(b"".join(part.digest for part in parts)))

    @property
    def plain(self) -> bytes:
        return gzip.decompress(self.zipped)

    @property
    def size(self) -> int:
        return len(self.zipped)


def event_page(event_id: str) -> str:
    """Return the address of an event's page."""
    return f"{settings().public_url}/evenements/{event_id}/"


def tell(
    milestone: Milestone,
    viewer: Academy | None,
    concerned: bool,
    *,
    wednesdays: bool | None = None,
) -> DeadlineDays:
    """Return the class days by which a feed tells a date (:func:`deadline_days`)."""
    reference = page().reference
    return deadline_days(milestone, viewer, reference, wednesdays=wednesdays, concerned=concerned)


def write_ics(feed: Feed, *, wednesdays: bool | None = None) -> bytes:
    """Return a feed as iCalendar.

    :param wednesdays: whether the reader has class on Wednesdays; None when it is not known.
    """
    return _writer(wednesdays).render(feed)


class Written:
    """What this process wrote of dates, and all that they depend on beside the dates."""

    #: About 30,000 dates.
    budget = 32 * 1024 * 1024
    last: tuple[object, WrittenDates] = (None, WrittenDates(0))

    @classmethod
    def with_what(cls, known: object) -> WrittenDates:
        """Return the memory of what was written with *known*, a new one if the last was with
        something else. (Whoever still writes with that writes to its own memory.)"""
        was, kept = cls.last  # at once, since another thread may put another pair there
        if was != known:
            kept = WrittenDates(cls.budget)
            cls.last = known, kept
        return kept


def render_marks(feed: Feed) -> Rendered:
    """Return a feed of marks as iCalendar: the bytes of :func:`write_ics`, at the cost of the dates
    that were not written before."""
    told, site = page().reference, settings()
    known = (db.engine, site.public_url, site.uid_domain, told.values)
    kept, writer = Written.with_what(known), _writer(None)
    variant = feed.viewer and feed.viewer.slug, feed.options.alarms, feed.filter.scopes

    def write(ids: list[int]) -> Iterator[tuple[int, WrittenDate]]:
        for milestone in queries.milestones_of_ids(db.session, ids):
            yield milestone.id, writer.write(milestone, feed)

    runs = kept.runs(variant, feed.marks, write)
    before, after = writer.frame(feed, {zone for run in runs for zone in run.zones})
    return Rendered.joined([Part.of(before), *(run.part for run in runs), Part.of(after)])


def _writer(wednesdays: bool | None) -> CalendarWriter:
    reference, told = page().reference, partial(tell, wednesdays=wednesdays)
    return CalendarWriter(
        settings().uid_domain, event_page, reference.academies, reference.themes, told
    )


def answer_feed(rendered: Rendered, changed_at: datetime, content_type: str) -> Response:
    """Answer with the bytes of a feed, or 304 when the client has the same version.

    :param changed_at: the last change of what the feed says (aware).
    """
    zipped = request.accept_encodings["gzip"] > 0
    moved_at = _moved_at(changed_at)
    answer = Response(content_type=content_type)
    answer.set_etag(f"{rendered.etag}{GZIPPED}" if zipped else rendered.etag)
    answer.headers["Last-Modified"] = http_date(moved_at)
    answer.headers["Vary"] = "Accept-Encoding"
    if is_known(rendered.etag, changed_at):
        answer.status_code = 304
        del answer.headers["Content-Type"]
        return answer
    answer.set_data(rendered.zipped if zipped else rendered.plain)
    name = request.path.rpartition("/")[2]
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def is_known(etag: str, changed_at: datetime) -> bool:
    """Return whether the client has this version of a feed (:func:`caching.is_known`).

    :param changed_at: as in :func:`answer_feed`.
    """
    return caching.is_known(request.environ, etag, _moved_at(changed_at))


def _moved_at(changed_at: datetime) -> datetime:
    """Return the Last-Modified of a feed: it also changes at the edge of a month."""
    edge = datetime.combine(month_edge(page().now), time.min, PARIS)
    return max(changed_at, edge).replace(microsecond=0)
