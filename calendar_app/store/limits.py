"""Limits on how often somebody may ask, counted in the store: all processes count together.

The time of a count opens with its first request. The keys of the counts are keyed hashes, never
addresses. One statement adds to a count and reads it, so two processes never read the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete

from calendar_app.config.retention import COUNTS_OF_ADDRESS, COUNTS_OF_NETWORK
from calendar_app.store.base import AnySession, insert_into, writing
from calendar_app.store.models import RateCount


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *most* requests within *span*, counted from the first one on.

    :param name: no other limit has it.
    """

    name: str
    most: int
    span: timedelta

    def key(self, fingerprint: str) -> str:
        """Return the key of the count of one person or network."""
        return f"{self.name}/{fingerprint}"


# Counts last as long as « Données personnelles » says, or shorter.
_HOUR, _DAY = COUNTS_OF_NETWORK, COUNTS_OF_ADDRESS

#: Number of wrong codes that one mail allows.
CODE_TRIES = 5

# Limits of an address count for its mailbox (``MailAddress.mailbox``). Log-ins are the exception:
# they guard one account, which the other addresses of the mailbox do not open.

#: Mails with a link or a code to one address: nobody may fill a mailbox with our help.
MAILS_AN_ADDRESS = Limit("address", 3, _DAY)

#: Requests for such mails from one network; a whole académie may stand behind one proxy.
MAILS_A_SOURCE = Limit("source", 300, _HOUR)

#: Tries of the code of one mail while the code is valid, so that nobody can guess it.
WRONG_CODES_A_MAIL = Limit("code-mail", CODE_TRIES, _DAY)

#: Wrong codes from one network.
WRONG_CODES_A_SOURCE = Limit("code", 60, _HOUR)

#: Requests for a link to choose a password: from one network, and for one address, which need not
#: be an editor's.
PASSWORD_MAILS_A_SOURCE = Limit("password-source", 60, _HOUR)
PASSWORD_MAILS_AN_ADDRESS = Limit("password-address", 3, _DAY)

#: Suggestions of the public: from one network, and with one reply address.
SUGGESTIONS_A_SOURCE = Limit("suggestion-source", 60, _HOUR)
SUGGESTIONS_AN_ADDRESS = Limit("suggestion-address", 10, _DAY)

#: Editors' log-ins from one network, and failed ones for one address, which need not exist.
LOGINS_A_SOURCE = Limit("login-source", 120, _HOUR)
LOGINS_AN_ADDRESS = Limit("login-address", 20, _HOUR)


def take(session: AnySession, limit: Limit, fingerprint: str, now: datetime) -> bool:
    """Count one more request, in a transaction of its own. Return whether it is within *limit*.

    :param fingerprint: a keyed hash of the person or network (see ``PersonalLinks.fingerprint``).
    """
    over = RateCount.expires_at <= now
    row = {"key": limit.key(fingerprint), "count": 1, "expires_at": now + limit.span}
    new = insert_into(session, RateCount).values(row)
    counted = new.on_conflict_do_update(
        index_elements=[RateCount.key],
        set_={
            "count": case((over, 1), else_=RateCount.count + 1),
            "expires_at": case((over, new.excluded.expires_at), else_=RateCount.expires_at),
        },
    ).returning(RateCount.count)
    with writing(session, now):
        return bool(session.execute(counted).scalar_one() <= limit.most)


def is_spent(session: AnySession, limit: Limit, fingerprint: str, now: datetime) -> bool:
    """Whether the next request would exceed *limit*; this call counts nothing."""
    found = _count(session, limit, fingerprint, now)
    return found is not None and found.count >= limit.most


def wait(session: AnySession, limit: Limit, fingerprint: str, now: datetime) -> timedelta:
    """Return the time until the count starts again at zero; zero when its time is over."""
    found = _count(session, limit, fingerprint, now)
    return found.expires_at - now if found else timedelta()


def forget(session: AnySession, limit: Limit, fingerprint: str, now: datetime) -> None:
    """Set a count back to zero, in a transaction of its own."""
    with writing(session, now):
        session.execute(delete(RateCount).where(RateCount.key == limit.key(fingerprint)))


def _count(session: AnySession, limit: Limit, fingerprint: str, now: datetime) -> RateCount | None:
    """Return a count whose time is not over."""
    found = session.get(RateCount, limit.key(fingerprint), populate_existing=True)
    return found if found and found.expires_at > now else None
