"""A mailbox on an IMAP server: each mail is received, then moved to « Lues » or « Refusées ».

The order of things loses no mail and reads none twice:

1. one worker at a time reads the mailbox: it holds a lease, which it renews as it goes on;
2. a mail is fetched without a flag (``BODY.PEEK``), and received (``receiving.receive``), which
   commits;
3. then the server moves it. Where the connection or the worker is lost between 2 and 3, the mail
   is still there at the next reading: it is known, and only moved.

Of a stranger for whose mail there is no room (``waiting_room``), only the header is read; the mail
stays in the mailbox until there is.

Nothing is ever deleted: no EXPUNGE is sent. A server without MOVE (RFC 6851) copies the mail and
marks the first copy as deleted, and such copies are not read again.

imap-tools opens the connection and knows the names of folders. The bytes of a mail are fetched past
its ``MailMessage``, which would parse them in this process.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderCreateError,
    MailboxFolderSelectError,
    MailboxLoginError,
)
from sqlalchemy import or_, update
from sqlalchemy.exc import DBAPIError

from calendar_app.editing.mailbox import receiving
from calendar_app.editing.mailbox.envelope import MAX_HEADERS
from calendar_app.editing.mailbox.receiving import Outcome
from calendar_app.editing.mailbox.waiting_room import WaitingRoom, room_of
from calendar_app.editing.models.mailbox import MailboxState
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.store.base import AnySession, insert_new, reading, writing
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

#: The folders on the server into which mails are moved.
READ, REFUSED = "Lues", "Refusées"

#: How long a worker may take for one mail before another worker reads the mailbox.
LEASE = timedelta(minutes=10)
#: How old a lease is renewed: not at each mail, which would be one more write.
RENEWED = LEASE / 10

#: Seconds that a server may take to answer.
_TIME_OUT = 60

_log = logging.getLogger(__name__)


class MailboxError(CalendarError):
    """The mailbox cannot be read now; the sentence says why, and has no address or password."""


@dataclass(frozen=True, slots=True)
class MailboxReading:
    """One reading of the mailbox.

    :param read: how many mails were received and moved.
    :param failed: how many were left where they are, by a fault of ours.
    :param left: how many strangers' mails were left where they are, for want of room.
    """

    read: int
    failed: int
    left: int = 0


def read_mailbox(
    session: AnySession,
    url: str,
    owner: str,
    knowledge: LetterKnowledge,
    is_stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> MailboxReading | None:
    """Receive every mail of a mailbox; None when another worker does.

    :param url: ``imaps://user:password@host[:port][/folder]`` (``config.environment.mailbox_url``).
    :param owner: the name of this worker.
    :raises MailboxError: when the mailbox cannot be read; the reason is stored as well.
    """
    if not _take_lease(session, owner, clock()):
        return None
    problem = "La lecture de la boîte a été interrompue par une erreur de notre côté."
    try:
        with _connected(url) as mailbox, receiving.many_mails():
            done = _read_all(session, mailbox, owner, knowledge, is_stopping, clock)
        problem = " ".join(_problems(done))
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        problem = _words(error)
        raise MailboxError(problem) from None
    finally:
        _end(session, owner, problem or None, clock())
    return done


_FAILED = "Des courriels n'ont pas pu être lus : l'erreur est notée de notre côté."


def _problems(done: MailboxReading) -> Iterator[str]:
    if done.failed:
        yield _FAILED
    if done.left:
        many = counted(done.left, "courriel")
        yield f"Faute de place, la boîte garde pour le moment {many} d'expéditeurs inconnus."


def _read_all(
    session: AnySession,
    mailbox: BaseMailBox,
    owner: str,
    knowledge: LetterKnowledge,
    is_stopping: Callable[[], bool],
    clock: Callable[[], datetime],
) -> MailboxReading:
    folders = {name: _folder(mailbox, name) for name in (READ, REFUSED)}
    read = failed = left = 0
    renewed_at, room = clock(), _room(session)
    for uid in mailbox.uids("UNDELETED"):
        now = clock()
        if now - renewed_at >= RENEWED:
            if not _take_lease(session, owner, now):
                break
            renewed_at = now
        if is_stopping():
            break
        if room.is_tight and _must_stay(session, mailbox, uid, room):
            left += 1
            continue
        data = _fetched(mailbox, uid)
        if data is None:  # somebody moved it meanwhile
            continue
        try:
            outcome, reason = receiving.receive(session, data, now, knowledge)
        except DBAPIError:
            raise
        except Exception as error:
            # The text of the error may quote the mail. This mail must not hold up the others.
            _log.error("a mail could not be received: %s", type(error).__name__)
            session.rollback()
            failed += 1
            continue
        if outcome in (Outcome.WAITING, Outcome.FULL):
            room = _room(session)
        # Otherwise each commit would look at the rows of all mails before this one.
        session.expunge_all()
        if outcome is Outcome.FULL:
            left += 1
            continue
        _move(mailbox, uid, folders[REFUSED if reason else READ])
        read += 1
    return MailboxReading(read, failed, left)


def _room(session: AnySession) -> WaitingRoom:
    with reading(session):
        return room_of(session)


def _must_stay(session: AnySession, mailbox: BaseMailBox, uid: str, room: WaitingRoom) -> bool:
    """Whether a mail is a stranger's for which there is no room: only its header is fetched."""
    status, parts = mailbox.client.uid(
        "FETCH", uid, f"(RFC822.SIZE BODY.PEEK[HEADER]<0.{MAX_HEADERS}>)"
    )
    found = next((part for part in parts if isinstance(part, tuple)), None)
    size = found and re.search(rb"RFC822\.SIZE (\d+)", found[0])
    if status != "OK" or not found or not size or int(size[1]) <= room.free:
        return False
    return receiving.would_wait(session, bytes(found[1]))


def _fetched(mailbox: BaseMailBox, uid: str) -> bytes | None:
    """Return the bytes of a mail; one byte more than is allowed of one that is too large, and None
    when it is gone."""
    status, parts = mailbox.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES + 1}>)")
    # « NO »: another worker moved it since the server listed it (RFC 2180, section 4.1).
    if status != "OK":
        return None
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), None)


def _move(mailbox: BaseMailBox, uid: str, folder: str) -> None:
    try:
        if "MOVE" in mailbox.client.capabilities:
            mailbox.move(uid, folder)
        else:  # the library's own ways to move and to flag would expunge
            mailbox.copy(uid, folder)
            mailbox.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
    except ImapToolsError:
        if uid in mailbox.uids(f"UID {uid} UNDELETED"):
            raise
        # Another worker moved it meanwhile.


def _folder(mailbox: BaseMailBox, name: str) -> str:
    """Return the name of a folder on the server, which is made where it is missing. Some servers
    hold all folders within the inbox."""
    inbox = next(iter(mailbox.folder.list("", "INBOX")), None)
    names = (name, f"INBOX{inbox.delim if inbox else '.'}{name}")
    for known in names:
        if mailbox.folder.exists(known):
            return known
    for made in names:
        with suppress(ImapToolsError):
            mailbox.folder.create(made)
            return made
        if mailbox.folder.exists(made):  # another worker made it
            return made
    raise MailboxFolderCreateError(("NO", []), "OK")


@contextmanager
def _connected(url: str) -> Iterator[BaseMailBox]:
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    mailbox: BaseMailBox
    if parts.scheme == "imaps":
        context = ssl.create_default_context()
        mailbox = MailBox(host, parts.port or 993, timeout=_TIME_OUT, ssl_context=context)
    else:
        mailbox = MailBoxUnencrypted(host, parts.port or 143, timeout=_TIME_OUT)
    try:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        mailbox.login(user, password, initial_folder=None)
        # LOGIN may tell capabilities that the greeting did not: MOVE, mostly.
        mailbox.client.capabilities = tuple(_capabilities(mailbox))
        mailbox.folder.set(folder)
        yield mailbox
    finally:
        # The mails are moved by now, and a server that is gone needs no farewell.
        with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            mailbox.logout()
        with suppress(OSError):  # a farewell that fails leaves the connection open
            mailbox.client.shutdown()


def _capabilities(mailbox: BaseMailBox) -> list[str]:
    _, told = mailbox.client.capability()
    return told[0].decode("ascii", "replace").upper().split() if told and told[0] else []


def _words(error: Exception) -> str:
    """Return in French why a mailbox cannot be read; the server's own words may hold an address."""
    if isinstance(error, MailboxLoginError):
        return "Le serveur de la boîte refuse ce nom ou ce mot de passe."
    if isinstance(error, MailboxFolderSelectError):
        return "Ce dossier n'existe pas sur le serveur de la boîte."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "Le certificat du serveur de la boîte n'est pas reconnu : SSL_CERT_FILE peut nommer "
            "le fichier de son autorité."
        )
    if isinstance(error, imaplib.IMAP4.abort | ConnectionError):
        return "Le serveur de la boîte a coupé la connexion : la lecture reprendra."
    if isinstance(error, OSError):
        return "Le serveur de la boîte ne répond pas."
    return "Le serveur de la boîte a refusé une commande."


def _take_lease(session: AnySession, owner: str, now: datetime) -> bool:
    """Take or renew the lease; return whether this worker has it now."""
    with writing(session, now):
        session.execute(insert_new(session, MailboxState).values(id=1))
        free = or_(
            MailboxState.owner.is_(None),
            MailboxState.owner == owner,
            MailboxState.lease_until <= now,
        )
        taken = session.execute(
            update(MailboxState)
            .where(MailboxState.id == 1, free)
            .values(owner=owner, lease_until=now + LEASE)
            .returning(MailboxState.id)
        )
        return taken.first() is not None


def _end(session: AnySession, owner: str, problem: str | None, now: datetime) -> None:
    """Give the lease back, and note how the reading ended."""
    values = {"owner": None, "lease_until": None, "tried_at": now, "problem": problem}
    with writing(session, now):
        session.execute(
            update(MailboxState)
            .where(MailboxState.id == 1, MailboxState.owner == owner)
            .values(values if problem else values | {"read_at": now})
        )
