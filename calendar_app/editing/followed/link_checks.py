"""Checks each official link of events once a week; editors see the dead links.

A link is dead when two checks in a row, at least a day apart, found it dead: a site may be under
repair for a while. The checks never change an event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, delete, or_, select

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.editing.followed.fetcher import Fetcher, LinkState
from calendar_app.editing.models.sources import LinkCheck
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, insert_new, reading, writing

#: The time between two checks of a link, and the time until the second check of a link that was
#: found dead once.
WEEKLY, AGAIN = timedelta(days=7), timedelta(days=1)

#: The most links that one run checks, one after the other, and the most of them on one host.
A_RUN, A_HOST = 20, 4

#: The links of an event are checked until so long after its last date.
PAST = timedelta(days=60)

#: A result is deleted when the link was not checked again for so long.
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Look:
    """A claimed link, with the result of earlier checks.

    :param dead_from: when the link was first found dead, if the last check found it dead; else
        None.
    """

    link: str
    dead_from: datetime | None


def check_due(
    session: AnySession,
    now: datetime,
    is_stopping: Callable[[], bool] = lambda: False,
    fetcher: Fetcher | None = None,
) -> int:
    """Check the links that are due, at most :data:`A_RUN`, and store each result in its own
    transaction. Return the number of checked links.

    Several workers may run at once: each link is claimed before it is checked.

    :param is_stopping: asked before each link; the run ends when it returns True.
    :param fetcher: None for a ``Fetcher`` with its defaults.
    """
    with reading(session):
        links = _in_turn(_due(session, now))
    fetcher, done = fetcher or Fetcher(), 0
    for link in links:
        if is_stopping():
            break
        look = _claim(session, link, now)
        if look:
            _note(session, look, fetcher.check_link(link), now)
            done += 1
    return done


def clean(session: AnySession, now: datetime) -> None:
    """Delete the results that are older than :data:`FORGOTTEN`."""
    with writing(session, now):
        old = LinkCheck.checked_at < now - FORGOTTEN
        session.execute(delete(LinkCheck).where(old), execution_options=_AS_THEY_ARE)


#: The session holds none of the deleted rows.
_AS_THEY_ARE = {"synchronize_session": False}


def _due(session: AnySession, now: datetime) -> list[str]:
    """Return the links that are due: links without a check first, then the longest unchecked."""
    since = paris_day(now) - PAST
    lasts = or_(
        Event.milestones.any(Milestone.last_day >= since),
        and_(~Event.milestones.any(), Event.school_year >= SchoolYear.of(since).start),
    )
    links = (
        select(column.label("link")).where(column.is_not(None), Event.archived_at.is_(None), lasts)
        for column in (Event.link, Event.register_link)
    )
    first, second = links
    wanted = first.union(second).subquery()
    query = (
        select(wanted.c.link)
        .outerjoin(LinkCheck, LinkCheck.link == wanted.c.link)
        .where(or_(LinkCheck.link.is_(None), _is_due(now)))
        .order_by(LinkCheck.checked_at.nulls_first(), wanted.c.link)
    )
    return list(session.scalars(query))


def _is_due(now: datetime) -> ColumnElement[bool]:
    suspected = and_(LinkCheck.dead_since.is_(None), LinkCheck.reason.is_not(None))
    return or_(
        LinkCheck.checked_at <= now - WEEKLY,
        and_(suspected, LinkCheck.checked_at <= now - AGAIN),
    )


def _in_turn(links: Iterable[str]) -> list[str]:
    """Return the links of one run, at most :data:`A_HOST` of each host, alternating the hosts."""
    asked: Counter[str] = Counter()
    rounds = []
    for link in links:
        host = urlsplit(link).netloc.lower()
        if asked[host] < A_HOST:
            asked[host] += 1
            rounds.append((asked[host], link))
    rounds = sorted(rounds[:A_RUN], key=lambda pair: pair[0])
    return [link for _, link in rounds]


def _claim(session: AnySession, link: str, now: datetime) -> _Look | None:
    """Claim a link for a check; return None when another worker claimed it."""
    with writing(session, now):
        due = select(LinkCheck).where(LinkCheck.link == link, _is_due(now)).with_for_update()
        known = session.scalar(due)
        if known:
            dead_from = (known.dead_since or known.checked_at) if known.reason else None
            known.checked_at = now
            return _Look(link, dead_from)
        row = insert_new(session, LinkCheck).values(link=link, checked_at=now)
        new = session.scalar(row.returning(LinkCheck.link))
        return _Look(link, None) if new else None


def _note(session: AnySession, look: _Look, state: LinkState, now: datetime) -> None:
    with writing(session, now):
        found = session.scalar(
            select(LinkCheck).where(LinkCheck.link == look.link).with_for_update()
        )
        if found is None:  # deleted meanwhile
            return
        is_dead = state.alive is False
        found.reason = state.reason if is_dead else None
        found.dead_since = look.dead_from if is_dead else None
