"""One mail: known again or not, from whom, for whom; and its letters, brought into the room.

The steps of :func:`receive`, each of which may be the last:

1. a child process reads the envelope;
2. a mail whose identity is in the store is known: nothing is read twice;
3. the answer of a machine is refused; a mail for nobody in particular waits for an administrateur;
4. each letter of the mail is read in a child process of its own, and stored in a transaction of its
   own (``drafts.import_reading``, where the same content adds nothing);
5. one transaction stores the mail, its letters, whom they are for, and queues the answer.

A crash before step 5 leaves letters without a mail: the next try finds them by their content, and
goes on. Two programs that receive the same mail at once store it once: its identity is unique.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

from sqlalchemy import func, select

from calendar_app.catalogue import queries
from calendar_app.config.retention import STRANGE_MAIL
from calendar_app.editing import drafts
from calendar_app.editing.mailbox import senders, waiting_room
from calendar_app.editing.mailbox.envelope import (
    MAX_HEADERS,
    Envelope,
    envelope_of,
    envelope_values,
    header_is_answerable,
)
from calendar_app.editing.mailbox.parts import part_values
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import LetterDrop
from calendar_app.editing.models.mailbox import ReceivedLetter, ReceivedMail
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.as_json import from_json
from calendar_app.letters.formats.letter_text import MAX_BYTES, TOO_LARGE
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.limited_process import run_limited
from calendar_app.letters.prepared_process import many_readings
from calendar_app.reminders import outbox
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession, insert_new, reading, writing
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.mail_addresses import AddressError, MailAddress

#: Most answers to one editor within :data:`A_DAY`: anybody can write « From ».
MOST_ANSWERS = 5
A_DAY = timedelta(hours=24)

#: Most attached letters of a mail that are read.
MOST_ATTACHED = 10

#: What an attachment without a file name is called.
UNNAMED = "pièce jointe sans nom"

REPORT = "C'est la réponse d'une machine ou un avis de non-remise, pas une lettre."
NOTHING = "Ce courriel ne contient ni texte ni lettre jointe (PDF, Word, OpenDocument, agenda)."
NO_LETTER = "Ce n'est pas un format de lettre (PDF, Word, OpenDocument, agenda)."
BEYOND = "Ce courriel a trop de pièces jointes ; déposez celle-ci à part."
TOO_MANY = "Trop de courriels d'expéditeurs inconnus attendent déjà une décision."


class Outcome(Enum):
    """What became of a mail that was received."""

    READ = "read"
    WAITING = "waiting"
    REFUSED = "refused"
    #: Refused, and nobody may hear of it: a machine or a mailing list wrote it.
    REPORT = "report"
    #: Not stored, to be given again later: too many mails wait for an administrateur.
    FULL = "full"
    #: It came before.
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a mail is for.

    :param scope: the codes of académies and départements.
    :param editor_id: the editor in whose name it was sent, who may read its letters.
    """

    scope: frozenset[str] = frozenset()
    editor_id: int | None = None

    def __bool__(self) -> bool:
        return bool(self.scope) or self.editor_id is not None


@dataclass(slots=True)
class Letters:
    """The letters of a mail, as far as they could be read.

    :param unread: (file name, French sentence: why) of each part that is no letter of the room; the
        text of the mail has no name.
    """

    ids: list[int] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Why parts could not be read, each reason once."""
        return list(dict.fromkeys(why for _, why in self.unread))


def many_mails() -> AbstractContextManager[None]:
    """Return a block in which a mail costs its own reading alone: the reader is loaded once."""
    return many_readings(_READERS)


_READERS = (
    "calendar_app.editing.mailbox.envelope",
    "calendar_app.editing.mailbox.parts",
    "calendar_app.letters.reading.letter",
)


def receive(
    session: AnySession, data: bytes, now: datetime, knowledge: LetterKnowledge
) -> tuple[Outcome, str | None]:
    """Take a mail; return what became of it, and why if it is or was not taken (French).

    Idempotent.

    :param data: the bytes of the mail; of a mail of more than 20 MiB, one byte more is enough.
    """
    try:
        mail = _read_envelope(data)
    except UnreadableLetterError as error:
        mail = _unread(data)
        outcome, reason = _refuse(session, mail, data, str(error), now)
        return _not_told_to_machines(outcome, mail), reason
    with reading(session):
        audience = audience_of(session, mail)
        known = _known(session, mail.identity)
        is_done = known is not None and not _wants_more(known, audience)
        reason = known.reason if known else None
    if is_done:
        return Outcome.KNOWN, reason
    if mail.is_report:
        _refuse(session, mail, data, REPORT, now)
        return Outcome.REPORT, REPORT
    if audience:
        found = import_parts(session, mail, data, now, knowledge)
        outcome, reason = keep_read(
            session, mail, len(data), audience, found.ids, found.problems, now
        )
    else:
        outcome, reason = _let_wait(session, mail, data, now)
    return _not_told_to_machines(outcome, mail), reason


def would_wait(session: AnySession, header: bytes) -> bool:
    """Whether a mail is a stranger's, and came never before, by its header alone: what would be
    stored for an administrateur, if there is room."""
    try:
        mail = _read_envelope(header)
    except UnreadableLetterError:
        return False
    with reading(session):
        is_strange = not mail.is_report and not audience_of(session, mail)
        return is_strange and _known(session, mail.identity) is None


def _read_envelope(data: bytes) -> Envelope:
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    return envelope_of(run_limited(envelope_values, data))


def _not_told_to_machines(outcome: Outcome, mail: Envelope) -> Outcome:
    """A server that is told of a refusal writes to the sender; a list would then drop us."""
    is_hidden = outcome is Outcome.REFUSED and not mail.answerable
    return Outcome.REPORT if is_hidden else outcome


def audience_of(session: AnySession, mail: Envelope) -> Audience:
    """Return whom a mail is for: by the address that it was sent to (``letters+lille@…``), by who
    declared its sender, and by the editor who sent it; nobody, for an unknown sender."""
    academies = queries.reference(session).academies
    tagged = {f"academie/{academy.slug}" for academy in academies if academy.slug in mail.tags}
    try:
        key = MailAddress.read(mail.sender).key if mail.sender else None
    except AddressError:
        key = None
    declared = senders.of_mail(session, key, mail.list_id or None)
    scope = frozenset(tagged).union(*(sender.scope for sender in declared))
    editor = session.scalar(select(Editor).where(Editor.address_key == key)) if key else None
    may_drop = editor is not None and is_allowed(session, editor, EditorAction.DROP_LETTER)
    return Audience(scope, editor.id if editor and may_drop else None)


def read_waiting(
    session: AnySession,
    mail_id: int,
    scope: Iterable[str],
    now: datetime,
    knowledge: LetterKnowledge,
) -> tuple[Outcome, str | None]:
    """Read a mail that waits, as one for *scope* and for those whom it is for by now. The caller
    has asked for the right. A mail that waits no longer is known."""
    with reading(session):
        waiting = session.get(ReceivedMail, mail_id)
        data = waiting.data if waiting else None
    if data is None:
        return Outcome.KNOWN, None
    mail = envelope_of(run_limited(envelope_values, data))
    with reading(session):
        audience = audience_of(session, mail)
    audience = Audience(audience.scope.union(scope), audience.editor_id)
    found = import_parts(session, mail, data, now, knowledge)
    return keep_read(session, mail, len(data), audience, found.ids, found.problems, now)


def release(session: AnySession, now: datetime, knowledge: LetterKnowledge) -> int:
    """Read the waiting mails whose sender was declared meanwhile; return how many."""
    with reading(session):
        waiting = session.scalars(
            select(ReceivedMail).where(ReceivedMail.state == MailState.WAITING)
        )
        found = [
            mail.id
            for mail in waiting
            if senders.of_mail(session, mail.sender and mail.sender.casefold(), mail.list_id)
        ]
    with many_mails():
        for mail_id in found:
            read_waiting(session, mail_id, (), now, knowledge)
    return len(found)


def keep_read(
    session: AnySession,
    mail: Envelope,
    size: int,
    audience: Audience,
    letter_ids: Sequence[int],
    problems: Sequence[str],
    now: datetime,
) -> tuple[Outcome, str | None]:
    """Store a mail that was read, with its letters, and queue the answer to the editor who sent it.

    :param problems: French sentences: why letters of it could not be read.
    """
    reason = None if letter_ids else " ".join(problems) or NOTHING
    with writing(session, now):
        # The row of the calendar is the lock of all imports.
        queries.catalogue(session, for_update=True)
        row = _known(session, mail.identity)
        if row is not None and not _wants_more(row, audience):
            return Outcome.KNOWN, None
        if row is None:
            row = _row(mail, size, now)
            session.add(row)
        row.state = MailState.READ if letter_ids else MailState.REFUSED
        row.reason, row.data, row.sender, row.list_id = reason, None, None, None
        row.problems = (" ".join(problems) or None) if letter_ids else None
        row.editor_id = row.editor_id or audience.editor_id
        row.scope = set(row.scope) | audience.scope
        session.flush()
        for letter_id in letter_ids:
            values = {"mail_id": row.id, "letter_id": letter_id}
            session.execute(insert_new(session, ReceivedLetter).values(values))
            if audience.editor_id is not None:
                dropped = {"letter_id": letter_id, "editor_id": audience.editor_id, "at": now}
                session.execute(insert_new(session, LetterDrop).values(dropped))
        if mail.answerable:
            _answer(session, row, now)
    return (Outcome.READ if letter_ids else Outcome.REFUSED), reason


def refuse_row(row: ReceivedMail, reason: str) -> None:
    """Refuse a mail inside the caller's transaction: its bytes and its sender are erased."""
    row.state, row.reason = MailState.REFUSED, reason
    row.data, row.sender, row.list_id = None, None, None


def clean(session: AnySession, now: datetime) -> int:
    """Refuse the mails that waited for ``config.retention.STRANGE_MAIL``, and erase the subjects of
    all mails that old; return how many mails."""
    with writing(session, now):
        old = session.scalars(
            select(ReceivedMail).where(
                ReceivedMail.received_at <= now - STRANGE_MAIL, ReceivedMail.subject.is_not(None)
            )
        ).all()
        for row in old:
            if row.state is MailState.WAITING:
                refuse_row(row, "Personne n'a décidé à temps de qui est cette lettre.")
            row.subject = None
        return len(old)


def import_parts(
    session: AnySession,
    mail: Envelope,
    data: bytes,
    now: datetime,
    knowledge: LetterKnowledge,
    issued: date | None = None,
    most: int = MOST_ATTACHED,
) -> Letters:
    """Bring the letters of a mail into the room: the attached ones, and its text where it holds
    dates, or where no letter is attached. The caller has asked for the right.

    The attached letters come first, so that a date that the text repeats is told from the letter.

    :param issued: the day of the letters; None for that of the mail.
    :param most: how many attached letters are read.
    """
    found = Letters()
    attached = range(len(mail.attached[:most]))
    for number in (*attached, *([None] if mail.has_text else [])):
        try:
            part = run_limited(part_values, (data, number, issued, paris_day(now), knowledge))
        except UnreadableLetterError as error:
            name = "" if number is None else mail.attached[number] or UNNAMED
            found.unread.append((name, str(error)))
            continue
        letter = from_json(part["reading"])
        if number is None and mail.attached and not letter.items:
            continue  # it only brings what is attached
        report = drafts.import_reading(
            session, part["checksum"], part["name"], letter, now, knowledge
        )
        found.ids.append(report.letter_id)
    found.unread += [(name or UNNAMED, BEYOND) for name in mail.attached[most:]]
    return found


def _answer(session: AnySession, row: ReceivedMail, now: datetime) -> None:
    """Queue the answer to the editor who sent a mail, unless they had enough of them today."""
    if row.editor_id is None or row.answer_delivery_id is not None:
        return
    answered = session.scalar(
        select(func.count()).where(
            ReceivedMail.editor_id == row.editor_id,
            ReceivedMail.answer_delivery_id.is_not(None),
            ReceivedMail.received_at > now - A_DAY,
        )
    )
    if (answered or 0) < MOST_ANSWERS:
        row.answer_delivery_id = outbox.queue_other(session, DeliveryKind.LETTER, now).id


def _let_wait(
    session: AnySession, mail: Envelope, data: bytes, now: datetime
) -> tuple[Outcome, str | None]:
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        if _known(session, mail.identity) is not None:
            return Outcome.KNOWN, None
        if len(data) > waiting_room.room_of(session).free:
            return Outcome.FULL, TOO_MANY
        row = _row(mail, len(data), now)
        row.state, row.data = MailState.WAITING, data
        row.list_id = mail.list_id or None
        try:
            row.sender = MailAddress.read(mail.sender).address
        except AddressError:
            row.sender = None
        session.add(row)
    return Outcome.WAITING, None


def _refuse(
    session: AnySession, mail: Envelope, data: bytes, reason: str, now: datetime
) -> tuple[Outcome, str | None]:
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        if _known(session, mail.identity) is not None:
            return Outcome.KNOWN, None
        row = _row(mail, len(data), now)
        row.state, row.reason = MailState.REFUSED, reason
        session.add(row)
    return Outcome.REFUSED, reason


def _known(session: AnySession, identity: str) -> ReceivedMail | None:
    return session.scalar(select(ReceivedMail).where(ReceivedMail.identity == identity))


def _wants_more(known: ReceivedMail, audience: Audience) -> bool:
    """Whether a mail that came before is for somebody to whom it was not given: the same mail may
    come by two addresses."""
    if known.state is MailState.REFUSED or not audience:
        return False
    new_editor = audience.editor_id is not None and known.editor_id != audience.editor_id
    return known.state is MailState.WAITING or new_editor or not audience.scope <= known.scope


def _row(mail: Envelope, size: int, now: datetime) -> ReceivedMail:
    return ReceivedMail(
        identity=mail.identity,
        subject=mail.subject,
        sent_day=date.fromisoformat(mail.sent_day) if mail.sent_day else None,
        received_at=now,
        size=size,
    )


def _unread(data: bytes) -> Envelope:
    """Return the envelope of a mail that could not be read: known again by its bytes."""
    try:
        answerable = run_limited(header_is_answerable, data[:MAX_HEADERS])
    except UnreadableLetterError:
        answerable = True  # a person must hear of it
    return Envelope(
        identity=hashlib.sha256(data).hexdigest(),
        sender="",
        list_id="",
        tags=(),
        subject="",
        sent_day=None,
        is_report=False,
        answerable=answerable,
        attached=(),
        others=(),
        has_text=False,
    )
