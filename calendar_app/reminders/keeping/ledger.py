"""The ledger: whose mails ended and who was erased, as hashes in a file outside the store.

A backup still knows the people who left after it was made. A restore asks the ledger, which stands
on another disk or machine (``CALENDAR_LEDGER``), and lets them stay away. A line is an instant
(UTC), a word and a hash that only the key of the installation makes: nobody reads an address in it.
The line of a backup (its id in place of a hash) proves that the ledger was in use at that time.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select

from calendar_app.config.retention import LEDGER
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.reminders.subscribers import set_state
from calendar_app.store.base import AnySession, writing

log = logging.getLogger(__name__)

_LEFT, _ERASED, _BACKUP = "left", "erased", "backup"
#: A departure that was noted so long before a backup may have been committed after its snapshot.
_SLACK = timedelta(minutes=10)

#: A line: when (UTC), the word, and the hash or the id.
_Line = tuple[datetime, str, str]


@dataclass(frozen=True, slots=True)
class Departures:
    """The hashes of the addresses that left, and of those that were erased, since a backup."""

    left: frozenset[str]
    erased: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of an installation.

    :param path: its file; None: there is none, and nothing is noted.
    """

    path: Path | None
    links: PersonalLinks

    def left(self, address_key: str, now: datetime) -> None:
        """Note that all mails to an address (``MailAddress.key``) ended: its person left or was
        silent for years, or it is reported that it takes no mail. Call it before the commit: a line
        too many only keeps a mail back."""
        self._note(now, _LEFT, self.hash_of(address_key))

    def erased(self, address_key: str, now: datetime) -> None:
        """Note that all data of an address was erased; call it before the commit."""
        self._note(now, _ERASED, self.hash_of(address_key))

    def backed_up(self, backup_id: str, now: datetime) -> None:
        """Note that a backup was made."""
        self._note(now, _BACKUP, backup_id)

    def hash_of(self, address_key: str) -> str:
        return self.links.fingerprint(f"ledger/{address_key}")

    def since(self, backup_id: str, backed_up_at: datetime) -> Departures | None:
        """Return who left since a backup; None when the ledger does not know the backup.

        :raises OSError: when the file cannot be read.
        """
        lines = self._lines()
        if (_BACKUP, backup_id) not in {(word, value) for _, word, value in lines}:
            return None
        later = [(word, value) for at, word, value in lines if at >= backed_up_at - _SLACK]
        return Departures(
            frozenset(value for word, value in later if word == _LEFT),
            frozenset(value for word, value in later if word == _ERASED),
        )

    def last_backup(self) -> datetime | None:
        """Return when the last backup was made (UTC); None when none is known.

        :raises OSError: when the file cannot be read.
        """
        return max((at for at, word, _ in self._lines() if word == _BACKUP), default=None)

    def forget_old(self, now: datetime) -> None:
        """Delete the lines that no backup needs any more (``config.retention.LEDGER``).

        :raises OSError: when the file cannot be written.
        """
        if self.path is None or all(at >= now - LEDGER for at, _, _ in self._lines()):
            return
        with _locked(self.path):
            kept = [line for line in self._lines() if line[0] >= now - LEDGER]
            draft = self.path.with_name(f"{self.path.name}.new")
            draft.touch(0o600)
            draft.write_text("".join(map(_line, kept)), encoding="ascii")
            draft.replace(self.path)

    def _lines(self) -> list[_Line]:
        """Return the lines, in the order of the file; none when there is no ledger or no file yet.
        A line that was cut short says nothing."""
        if self.path is None or not self.path.is_file():
            return []
        texts = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        return [line for text in texts if (line := _line_of(text))]

    def _note(self, now: datetime, word: str, value: str) -> None:
        """Append a line. Somebody must be able to leave whatever becomes of the ledger's disk, so a
        failure is logged and not raised."""
        if self.path is None:
            return
        try:
            with _locked(self.path) as opened:
                os.write(opened, _line((now, word, value)).encode("ascii"))
                os.fsync(opened)
        except OSError as error:
            log.error("the ledger of departures could not be written: %s", error.strerror)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open a ledger to append to it, and keep other processes away during the block."""
    while True:
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            # It may have been replaced by one without old lines while this process waited.
            if _is_at(opened, path):
                yield opened
                return
        finally:
            os.close(opened)


def _is_at(opened: int, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(opened), path.stat())


def _line(line: _Line) -> str:
    at, word, value = line
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')} {word} {value}\n"


def _line_of(text: str) -> _Line | None:
    match text.split():
        case [at, word, value]:
            with suppress(ValueError):
                return datetime.fromisoformat(at), word, value
    return None


def keep_away(
    session: AnySession,
    ledger: Ledger,
    departures: Departures,
    others: Iterable[str],
    forget_elsewhere: Callable[[AnySession, str, datetime], None],
    now: datetime,
) -> tuple[int, int]:
    """End the mails of the people of a restored store who have left since its backup, and erase
    those who were erased; return how many of each. No mail says goodbye a second time.

    :param others: the addresses (``MailAddress.key``) that later rooms keep.
    :param forget_elsewhere: erases an address from what later rooms keep (as in
        ``subscriptions.erase``).
    """
    ended = 0
    with writing(session, now):
        people = dict(session.execute(select(Subscriber.address_key, Subscriber.id)).tuples().all())
        erased = {key for key in {*people, *others} if ledger.hash_of(key) in departures.erased}
        for key in sorted(erased):
            forget_elsewhere(session, key, now)
            session.execute(delete(Subscriber).where(Subscriber.address_key == key))
        for key, id_ in people.items():
            if key not in erased and ledger.hash_of(key) in departures.left:
                person = session.get(Subscriber, id_, with_for_update=True)
                if person and person.state is not SubscriberState.UNSUBSCRIBED:
                    set_state(person, SubscriberState.UNSUBSCRIBED, now)
                    person.new_address = person.code_at = None
                    ended += 1
        # What was asked with an address before the backup was answered long ago.
        session.execute(delete(AddressRequest))
    return ended, len(erased)
