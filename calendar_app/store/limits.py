"""Limits on how often somebody may ask, counted in the store: all processes count together.

The ``limits`` library does the counting, in fixed windows that open with the first request. The
keys of the counts are keyed hashes, never addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from calendar_app.store.base import AnySession, writing
from calendar_app.store.models import RateCount

#: Number of wrong codes that one mail allows.
CODE_TRIES = 5

# Limits of an address count for its mailbox (``MailAddress.mailbox``). Log-ins are the exception:
# they guard one account, which the other addresses of the mailbox do not open.

#: Mails with a link or a code to one address: nobody may fill a mailbox with our help.
MAILS_AN_ADDRESS = RateLimitItemPerDay(3, namespace="address")

#: Requests for such mails from one network; a whole académie may stand behind one proxy.
MAILS_A_SOURCE = RateLimitItemPerHour(300, namespace="source")

#: Tries of the code of one mail while the code is valid, so that nobody can guess it.
WRONG_CODES_A_MAIL = RateLimitItemPerDay(CODE_TRIES, namespace="code-mail")

#: Wrong codes from one network.
WRONG_CODES_A_SOURCE = RateLimitItemPerHour(60, namespace="code")

#: Requests for a link to choose a password: from one network, and for one address, which need not
#: be an editor's.
PASSWORD_MAILS_A_SOURCE = RateLimitItemPerHour(60, namespace="password-source")
PASSWORD_MAILS_AN_ADDRESS = RateLimitItemPerDay(3, namespace="password-address")

#: Suggestions of the public: from one network, and with one reply address.
SUGGESTIONS_A_SOURCE = RateLimitItemPerHour(60, namespace="suggestion-source")
SUGGESTIONS_AN_ADDRESS = RateLimitItemPerDay(10, namespace="suggestion-address")

#: Editors' log-ins from one network, and failed ones for one address, which need not exist.
LOGINS_A_SOURCE = RateLimitItemPerHour(120, namespace="login-source")
LOGINS_AN_ADDRESS = RateLimitItemPerHour(20, namespace="login-address")


def take(session: AnySession, limit: RateLimitItem, fingerprint: str, now: datetime) -> bool:
    """Count one request, in a transaction of its own, and return whether it stays within *limit*.

    :param fingerprint: a keyed hash of the asking network or address (see
        ``PersonalLinks.fingerprint``).
    """
    return FixedWindowRateLimiter(StoredCounts(session, now)).hit(limit, fingerprint)


def is_spent(session: AnySession, limit: RateLimitItem, fingerprint: str, now: datetime) -> bool:
    """Whether the next request would exceed *limit*; this call counts nothing."""
    return not FixedWindowRateLimiter(StoredCounts(session, now)).test(limit, fingerprint)


def wait(session: AnySession, limit: RateLimitItem, fingerprint: str, now: datetime) -> timedelta:
    """Return the time until the count starts again at zero; zero when its time is over."""
    opens_at = StoredCounts(session, now).get_expiry(limit.key_for(fingerprint))
    return max(datetime.fromtimestamp(opens_at, UTC) - now, timedelta())


def forget(session: AnySession, limit: RateLimitItem, fingerprint: str, now: datetime) -> None:
    """Set a count back to zero, in a transaction of its own."""
    StoredCounts(session, now).clear(limit.key_for(fingerprint))


_INSERTS: dict[str, Callable[[Any], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class StoredCounts(Storage):
    """The storage of the ``limits`` library in our store, as of one instant.

    One statement adds and reads a count, so two processes never read the same number.
    """

    STORAGE_SCHEME = None

    def __init__(self, session: AnySession, now: datetime) -> None:
        super().__init__()
        self._session = session
        self._now = now

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add *amount* to a count and return the sum.

        :param expiry: how long the count lasts, in seconds from its first request.
        """
        expires_at = self._now + timedelta(seconds=expiry)
        over = RateCount.expires_at <= self._now
        insert = _INSERTS[self._session.get_bind().dialect.name]
        new = insert(RateCount).values(key=key, count=amount, expires_at=expires_at)
        counted = new.on_conflict_do_update(
            index_elements=[RateCount.key],
            set_={
                "count": case((over, amount), else_=RateCount.count + amount),
                "expires_at": case((over, new.excluded.expires_at), else_=RateCount.expires_at),
            },
        ).returning(RateCount.count)
        with writing(self._session, self._now):
            return int(self._session.execute(counted).scalar_one())

    def get(self, key: str) -> int:
        """Return a count; 0 when its time is over."""
        found = self._found(key)
        return found.count if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when the time of a count ends (seconds since 1970, UTC); now, if it is over."""
        found = self._found(key)
        return (found.expires_at if found else self._now).timestamp()

    def check(self) -> bool:
        """Return True when the store answers.

        :raises SQLAlchemyError: when the store does not answer.
        """
        self.get("")
        return True

    def reset(self) -> int | None:
        """Delete all counts and return their number."""
        with writing(self._session, self._now):
            return self._forget()

    def clear(self, key: str) -> None:
        """Delete one count."""
        with writing(self._session, self._now):
            self._forget(RateCount.key == key)

    def _found(self, key: str) -> RateCount | None:
        found = self._session.get(RateCount, key, populate_existing=True)
        return found if found and found.expires_at > self._now else None

    def _forget(self, *conditions: Any) -> int:
        return int(self._session.execute(delete(RateCount).where(*conditions)).rowcount)  # type: ignore[attr-defined]
