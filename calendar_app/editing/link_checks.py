"""The official links of events, each looked at once a week; editors are shown those that are dead.

A link is dead when it was found so twice in a row, a day apart at least: a site that is being
repaired is none. Nothing here changes an event.
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
from calendar_app.school.local_time import PARIS
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, insert_new, reading, writing

#: Each link is looked at so often; one that was found dead once, after a day.
WEEKLY, AGAIN = timedelta(days=7), timedelta(days=1)

#: Links that one run looks at, one after the other, and how many of them on one host.
A_RUN, A_HOST = 20, 4

#: So long after its last date, nobody looks at an event's links any more.
PAST = timedelta(days=60)

#: What was found out about a link that nobody has looked at since is forgotten.
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was known of a link before it is looked at again.

    :param dead_from: when it was first found dead, if it was so the last time.
    """

    link: str
    dead_from: datetime | None


def check_due(
    session: AnySession,
    now: datetime,
    is_stopping: Callable[[], bool] = lambda: False,
    fetcher: Fetcher | None = None,
) -> int:
    """Look at the links whose turn it is, at most :data:`A_RUN`, and note what became of each, in a
    transaction of its own. Return how many were looked at.

    Two workers at once share them: a link is claimed before it is looked at.

    :param is_stopping: asked before each link.
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
    """Forget the links that nobody looks at any more."""
    with writing(session, now):
        old = LinkCheck.checked_at < now - FORGOTTEN
        session.execute(delete(LinkCheck).where(old), execution_options=_AS_THEY_ARE)


#: Nothing of what is deleted is in the session.
_AS_THEY_ARE = {"synchronize_session": False}


def _due(session: AnySession, now: datetime) -> list[str]:
    """Return the links whose turn it is: those that nobody looked at yet, then the longest ago."""
    since = now.astimezone(PARIS).date() - PAST
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
    """Return the links of one run, few of each host, and each host in its turn."""
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
    """Take a link's turn; None when somebody else took it."""
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
        if found is None:  # forgotten meanwhile
            return
        is_dead = state.alive is False
        found.reason = state.reason if is_dead else None
        found.dead_since = look.dead_from if is_dead else None
