"""Editors' accounts: who has one, its password and its sessions.

A password is only ever set behind a single-use link, and stored as Argon2id. Whatever is wrong
with a log-in, the answer is the same and takes as long.
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

#: Characters. At least: the CNIL's recommendation of 2022 for passwords with limited tries is met
#: without rules on digits or capitals. At most: nobody types more.
PASSWORD_LENGTH = (12, 200)

#: Longer is nobody's name.
NAME_LENGTH = 200

#: RFC 9106's second recommended option: 64 MiB and 0.1 to 0.3 s each.
_HASHER = PasswordHasher()

#: Verifications at once in one process; others wait. (They would hold 64 MiB each.)
_VERIFICATIONS = threading.BoundedSemaphore(2)

#: The hash of a random text that was thrown away: what is verified where there is no hash, so that
#: it takes as long.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$JVxdAdIfuCtfubdVByDVfQ"
    "$SKw42kMIXlzmfCjQ8XibwY6Zse+woJexwVnIzGUbn9c"
)


class EditorError(CalendarError):
    """What was asked for an editor's account cannot be: the sentence says why."""


class LoginError(CalendarError):
    """Unknown, disabled, without password or wrong: which one is never said."""

    def __init__(self) -> None:
        super().__init__("L'adresse ou le mot de passe ne convient pas.")


class TooManyLoginsError(CalendarError):
    """Too many tries from one network or for one address, known or not.

    :param wait: how long until the next one.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__("Trop d'essais de connexion en une heure.")


class PasswordError(CalendarError):
    """A password that is not accepted."""


@dataclass(frozen=True, slots=True)
class EditorSession:
    """What a session is of: who, and the epoch that it dies with."""

    uid: uuid.UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class EditorLine:
    """One editor, as a list shows them.

    :param where: French words: for whom the editor acts.
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
    """Add an editor, or give a known one this name, role and scope. A disabled one comes back, as
    a new one: without a password.

    :param scope: ``academie/…`` and ``departement/…`` codes that exist; see :func:`read_scope`.
    :returns: the token of a link to set a password, or None when the editor has one.
    :raises AddressError: when *address* is none.
    :raises EditorError: when role and scope do not go together, or the name is empty.
    """
    typed, name = MailAddress.read(address), clean_line(name)[:NAME_LENGTH]
    if not name:
        raise EditorError("Donnez le nom de la personne.")
    if role is EditorRole.ADMINISTRATOR and scope:
        raise EditorError("Un administrateur agit partout : ne donnez ni académie ni département.")
    if role is not EditorRole.ADMINISTRATOR and not scope:
        raise EditorError("Donnez au moins une académie ou un département.")
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
    """Return all editors who have a name, by it; the disabled ones too."""
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


def disable(session: AnySession, address: str, now: datetime) -> None:
    """Shut an editor out: their sessions and links die at once, what they did stays.

    :raises EditorError: when nobody has this address.
    """
    with writing(session, now):
        editor = _known(session, address)
        editor.disabled_at = editor.disabled_at or now
        editor.session_epoch += 1
        password_links.kill(session, editor.id)


def reset(session: AnySession, address: str, now: datetime) -> str:
    """Return the token of a new link to set a password. Earlier links die; the password that the
    editor has works until the link is used.

    :raises EditorError: when nobody has this address, or the editor is disabled.
    """
    with writing(session, now):
        return password_links.new(session, _enabled(session, address).id, now)


def mail_link(session: AnySession, address: str, links: PersonalLinks, now: datetime) -> None:
    """Do what :func:`reset` does, by a mail to the editor.

    :raises EditorError: when nobody has this address, or the editor is disabled.
    """
    with writing(session, now):
        editor = _enabled(session, address)
        password_links.kill(session, editor.id)
        password_links.mail(session, editor.id, links, PASSWORD_LINK_LIFE, now)


def forgotten(
    session: AnySession, address: MailAddress, links: PersonalLinks, now: datetime
) -> None:
    """« Mot de passe oublié », inside the caller's transaction: mail a link to the editor of this
    address, if there is one who is not disabled. Nothing else changes: the password and the links
    that the editor has stay good. (``reminders.asked`` says when.)"""
    editor = _of_address(session, address.key)
    if editor and not editor.disabled_at:
        password_links.mail(session, editor.id, links, SELF_SERVICE_LIFE, now)


def of_link(session: AnySession, token: str, now: datetime) -> Editor:
    """Return whose password a link sets.

    :raises PasswordLinkError: when it sets none.
    """
    return password_links.open_link(session, token, now).editor


def set_password(session: AnySession, token: str, password: str, now: datetime) -> None:
    """Set the password of the editor who holds a link; the link is used up, and all sessions die.

    :raises PasswordLinkError: when the link sets none.
    :raises PasswordError: when the password is not accepted; the link stays good.
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
    session.rollback()  # nobody waits for our hash
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
    """Return the session of the editor of this address and password.

    Every try is counted before it is looked at, so that no number of processes tries more often;
    a log-in that succeeds gives its address the tries back.

    :param source: fingerprint of the network that asks.
    :raises LoginError: whatever is wrong.
    :raises TooManyLoginsError: before anything is verified.
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
    # Whoever waits for their turn keeps no connection to the store.
    session.rollback()
    right = _is_right(hashed or _NOBODY, _as_typed_anywhere(password))
    if hashed is None or disabled_at or not right:
        raise LoginError
    limits.forget(session, *counts[1], now)
    with writing(session, now):
        session.execute(update(Editor).where(Editor.uid == uid).values(used_at=now))
    # The epoch of this password: when it changed while we verified, the session is born dead.
    return EditorSession(uid, epoch)


def of_session(session: AnySession, claimed: EditorSession) -> Editor | None:
    """Return whose session this is; None when it is dead: the editor is disabled, or their
    password, role or scope changed since it began."""
    found = session.scalar(select(Editor).where(Editor.uid == claimed.uid))
    if found is None or found.disabled_at or found.session_epoch != claimed.epoch:
        return None
    return found


def read_scope(
    session: AnySession, academies: Sequence[str], departments: Sequence[str]
) -> frozenset[str]:
    """Return the codes that an operator names: whole académies, but for those of which
    départements are named.

    :param academies: names or slugs.
    :param departments: codes (« 59 », « 2A »).
    :raises UnknownValueError: for one that is not known, with the nearest.
    """
    known = queries.reference(session).academies
    of = {known.department(code).code: known.of_department(code).slug for code in departments}
    whole = {known.get(slugify(name)).slug for name in academies} - set(of.values())
    return frozenset(
        {f"academie/{slug}" for slug in whole} | {f"departement/{code}" for code in of}
    )


def where_words(scope: Iterable[str], academies: Academies) -> str:
    """Return where an editor of this scope acts: « académie de Lille », or « partout »."""
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
    """One keyboard sends « é » as one character, another as two."""
    return unicodedata.normalize("NFC", password)


def _is_right(hashed: str, password: str) -> bool:
    with _VERIFICATIONS:
        try:
            return _HASHER.verify(hashed, password[: PASSWORD_LENGTH[1] + 1])
        except VerificationError:
            return False
