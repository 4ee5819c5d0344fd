"""The accounts of editors: adding and disabling them, passwords, log-ins and login sessions.

A password is set only through a single-use link, and is stored as an Argon2id hash. Every failed
log-in gets the same answer after the same time, whatever its cause.
"""

from __future__ import annotations

import threading
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select, update

from calendar_app.catalogue import queries
from calendar_app.config.retention import ERASED_NAME
from calendar_app.editing import password_links
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.password_links import PASSWORD_LINK_LIFE, SELF_SERVICE_LIFE
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.feeds.wording import scope_words
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.reminders.subscribers import whether_or_not
from calendar_app.school.academies import Academies
from calendar_app.store import limits
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import CalendarError
from calendar_app.words.mail_addresses import AddressError, MailAddress
from calendar_app.words.text import clean_line, slugify

#: Least and most characters. 12 characters meet the CNIL's recommendation of 2022 for passwords
#: with limited tries, without rules on digits or capitals. Nobody types more than 200.
PASSWORD_LENGTH = (12, 200)

#: Most characters of a name; the rest is cut.
NAME_LENGTH = 200

#: The second recommended option of RFC 9106: 64 MiB, and 0.1 to 0.3 s for each hash.
_HASHER = PasswordHasher()

#: Limits concurrent hashes in one process to 2, because each holds 64 MiB; other threads wait.
_VERIFICATIONS = threading.BoundedSemaphore(2)

#: The hash of a random text that was thrown away. It is verified where an account has no hash, so
#: that the answer takes as long.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$JVxdAdIfuCtfubdVByDVfQ"
    "$SKw42kMIXlzmfCjQ8XibwY6Zse+woJexwVnIzGUbn9c"
)


class EditorError(CalendarError):
    """A request about an editor's account cannot be met: the sentence says why."""


class LoginError(CalendarError):
    """The log-in failed. The sentence never tells whether the address is unknown, the account is
    disabled or has no password, or the password is wrong."""

    def __init__(self) -> None:
        super().__init__("L'adresse ou le mot de passe ne convient pas.")


class TooManyLoginsError(CalendarError):
    """Too many log-in tries from one network or for one address, whether the address is known or
    not.

    :param wait: how long until the next try is allowed.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__("Trop d'essais de connexion en une heure.")


class PasswordError(CalendarError):
    """The password is not accepted: the sentence says why."""


@dataclass(frozen=True, slots=True)
class EditorSession:
    """The editor of a login session, and the epoch in which the session is valid."""

    uid: uuid.UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class EditorLine:
    """One line in the list of editors.

    :param where: French words for the editor's scope.
    """

    address: str
    name: str
    role: EditorRole
    where: str
    disabled: bool
    has_password: bool


def add(
    session: AnySession,
    address: str,
    name: str,
    role: EditorRole,
    scope: frozenset[str],
    now: datetime,
) -> str | None:
    """Add an editor, or give a known editor this name, role and scope. A disabled account is
    enabled again, without a password.

    :param scope: ``academie/…`` and ``departement/…`` codes that exist; see :func:`read_scope`.
    :returns: the token of a link to set a password, or None when the editor has a password.
    :raises AddressError: when *address* is not a mail address.
    :raises EditorError: when role and scope do not go together, or the name is empty.
    """
    typed, name = MailAddress.read(address), clean_line(name)[:NAME_LENGTH]
    if not name:
        raise EditorError("Indiquez le nom de la personne.")
    if role is EditorRole.ADMINISTRATOR and scope:
        raise EditorError("L'administration agit partout : n'indiquez ni académie ni département.")
    if role is not EditorRole.ADMINISTRATOR and not scope:
        raise EditorError("Indiquez au moins une académie ou un département.")
    with writing(session, now):
        editor = _of_address(session, typed.key)
        if editor is None:
            editor = Editor(address=typed.address, address_key=typed.key, created_at=now)
            session.add(editor)
        elif editor.disabled_at or (editor.role, frozenset(editor.scope)) != (role, scope):
            editor.session_epoch += 1
        if editor.disabled_at:
            editor.disabled_at = editor.password_hash = None
            editor.used_at = now
        editor.name, editor.role = name, role
        editor.scope = set(scope)
        session.flush()
        return None if editor.password_hash else password_links.new(session, editor.id, now)


def everybody(session: AnySession) -> tuple[EditorLine, ...]:
    """Return all editors by name, including disabled ones, without those whose name is erased."""
    academies = queries.reference(session).academies
    named = select(Editor).where(Editor.name != ERASED_NAME)
    return tuple(
        EditorLine(
            editor.address,
            editor.name,
            editor.role,
            where_words(editor.scope, academies),
            editor.disabled_at is not None,
            editor.password_hash is not None,
        )
        for editor in session.scalars(named.order_by(Editor.name, Editor.id))
    )


def any_enabled(session: AnySession, *, besides: Editor | None = None) -> bool:
    """Return whether there is an account that is not disabled.

    :param besides: an editor whose account does not count.
    """
    query = select(Editor.id).where(Editor.disabled_at.is_(None))
    if besides:
        query = query.where(Editor.id != besides.id)
    return session.scalar(query.limit(1)) is not None


def disable(session: AnySession, address: str, now: datetime) -> None:
    """Disable an editor's account. Their login sessions and links become void at once; their past
    changes stay. Harmless to repeat.

    :raises AddressError: when *address* is not a mail address.
    :raises EditorError: when no account has this address.
    """
    with writing(session, now):
        editor = _known(session, address)
        editor.disabled_at = editor.disabled_at or now
        editor.session_epoch += 1
        password_links.kill(session, editor.id)


def reset(session: AnySession, address: str, now: datetime) -> str:
    """Return the token of a new link to set a password. Earlier links become void; the editor's
    current password works until the link is used.

    :raises AddressError: when *address* is not a mail address.
    :raises EditorError: when no account has this address, or the account is disabled.
    """
    with writing(session, now):
        return password_links.new(session, _enabled(session, address).id, now)


def mail_link(session: AnySession, address: str, links: PersonalLinks, now: datetime) -> None:
    """Do what :func:`reset` does, with a mail to the editor instead of a returned token.

    :raises AddressError: when *address* is not a mail address.
    :raises EditorError: when no account has this address, or the account is disabled.
    """
    with writing(session, now):
        editor = _enabled(session, address)
        password_links.kill(session, editor.id)
        password_links.mail(session, editor.id, links, PASSWORD_LINK_LIFE, now)


def mail_forgotten_password(
    session: AnySession, address: MailAddress, links: PersonalLinks, now: datetime
) -> None:
    """Answer « Mot de passe oublié », inside the caller's transaction: mail a link to the editor of
    this address, if there is an enabled account. The editor's password and earlier links stay
    valid. ``reminders.asked.answer`` calls this function for each stored request."""
    editor = _of_address(session, address.key)
    if editor and not editor.disabled_at:
        password_links.mail(session, editor.id, links, SELF_SERVICE_LIFE, now)


def of_link(session: AnySession, token: str, now: datetime) -> Editor:
    """Return the editor whose password a link sets.

    :raises PasswordLinkError: when the link is used, expired or unknown, or the editor is disabled.
    """
    return password_links.open_link(session, token, now).editor


def set_password(session: AnySession, token: str, password: str, now: datetime) -> None:
    """Set the password of a link's editor. The link is used up, the editor's other links are
    deleted, and all their login sessions become void.

    :raises PasswordLinkError: as :func:`of_link`.
    :raises PasswordError: when the password is not accepted; the link stays valid.
    """
    editor = of_link(session, token, now)
    shortest, longest = PASSWORD_LENGTH
    password = _as_typed_anywhere(password)
    if len(password) < shortest:
        raise PasswordError(f"Choisissez au moins {shortest} signes.")
    if len(password) > longest:
        raise PasswordError(f"Choisissez au plus {longest} signes.")
    if password.casefold() in (editor.address_key, editor.name.casefold()):
        raise PasswordError("Choisissez autre chose que votre adresse ou votre nom.")
    session.rollback()  # hashing is slow: hold no transaction meanwhile
    with _VERIFICATIONS:
        hashed = _HASHER.hash(password)
    with writing(session, now):
        link = password_links.open_link(session, token, now, for_update=True)
        password_links.use_up(session, link, now)
        link.editor.password_hash = hashed
        link.editor.session_epoch += 1
        link.editor.used_at = now


def log_in(
    session: AnySession,
    address: str,
    password: str,
    source: str,
    links: PersonalLinks,
    now: datetime,
) -> EditorSession:
    """Return a login session for the editor with this address and password.

    Every try is counted before it is verified, so that parallel processes cannot exceed the limit.
    A successful log-in resets the count of its address.

    :param source: fingerprint of the client's network.
    :raises LoginError: when the log-in fails, for any reason.
    :raises TooManyLoginsError: when a limit is reached; nothing is verified then.
    """
    try:
        key = MailAddress.read(address).key
    except AddressError:
        key = clean_line(address).casefold()
    counts = (
        (limits.LOGINS_A_SOURCE, source),
        (limits.LOGINS_AN_ADDRESS, links.fingerprint(f"editor/{key}")),
    )
    for limit, fingerprint in counts:
        if not limits.take(session, limit, fingerprint, now):
            raise TooManyLoginsError(limits.wait(session, limit, fingerprint, now))
    session.rollback()
    columns = (Editor.uid, Editor.session_epoch, Editor.password_hash, Editor.disabled_at)
    uid, epoch, hashed, disabled_at = whether_or_not(session, Editor.address_key == key, *columns)
    # A thread that waits for its turn to hash must hold no connection to the store.
    session.rollback()
    right = _is_right(hashed or _NOBODY, _as_typed_anywhere(password))
    if hashed is None or disabled_at or not right:
        raise LoginError
    limits.forget(session, *counts[1], now)
    with writing(session, now):
        session.execute(update(Editor).where(Editor.uid == uid).values(used_at=now))
    # The epoch was read with the hash: if the password changed meanwhile, the session is void.
    return EditorSession(uid, epoch)


def of_session(session: AnySession, claimed: EditorSession) -> Editor | None:
    """Return the editor of a login session, or None when the session is void: the account is
    disabled, or its password, role or scope changed since the log-in."""
    found = session.scalar(select(Editor).where(Editor.uid == claimed.uid))
    if found is None or found.disabled_at or found.session_epoch != claimed.epoch:
        return None
    return found


def read_scope(
    session: AnySession, academies: Sequence[str], departments: Sequence[str]
) -> frozenset[str]:
    """Return the scope codes for places that an operator named. An académie of which départements
    are named is replaced by these départements.

    :param academies: names or slugs.
    :param departments: codes (« 59 », « 2A »).
    :raises UnknownValueError: for an unknown place; the sentence gives the nearest known place.
    """
    known = queries.reference(session).academies
    of = {known.department(code).code: known.of_department(code).slug for code in departments}
    whole = {known.get(slugify(name)).slug for name in academies} - set(of.values())
    return frozenset(
        {f"academie/{slug}" for slug in whole} | {f"departement/{code}" for code in of}
    )


def where_words(scope: Iterable[str], academies: Academies) -> str:
    """Return French words for an editor's scope: « académie de Lille », or « partout » if empty."""
    codes = tuple(scope)
    return scope_words(codes, academies) if codes else "partout"


def _of_address(session: AnySession, key: str) -> Editor | None:
    return session.scalar(select(Editor).where(Editor.address_key == key).with_for_update())


def _enabled(session: AnySession, address: str) -> Editor:
    editor = _known(session, address)
    if editor.disabled_at:
        raise EditorError(
            "Ce compte est désactivé. « calendar-app editors add » le rétablit, avec le rôle "
            "et l'académie que vous donnez."
        )
    return editor


def _known(session: AnySession, address: str) -> Editor:
    found = _of_address(session, MailAddress.read(address).key)
    if found is None:
        raise EditorError(
            "Personne n'a de compte à cette adresse. « calendar-app editors list » les montre."
        )
    return found


def _as_typed_anywhere(password: str) -> str:
    """Return a password in NFC: some keyboards send « é » as one character, others as two."""
    return unicodedata.normalize("NFC", password)


def _is_right(hashed: str, password: str) -> bool:
    with _VERIFICATIONS:
        try:
            return _HASHER.verify(hashed, password[: PASSWORD_LENGTH[1] + 1])
        except VerificationError:
            return False
