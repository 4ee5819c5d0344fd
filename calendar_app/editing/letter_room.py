"""Letters as editors use them: drop a letter, read it with its drafts, list the letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import defer

from calendar_app.catalogue import queries
from calendar_app.editing import drafts
from calendar_app.editing.mailbox.envelope import envelope_of, envelope_values
from calendar_app.editing.mailbox.receiving import NO_LETTER, UNNAMED, import_parts
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft, Letter, LetterDrop
from calendar_app.editing.models.mailbox import ReceivedLetter, ReceivedScope
from calendar_app.editing.rights import NotYourActionError, is_allowed, rights
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.formats.detection import is_mail
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.limited_process import run_limited
from calendar_app.store.base import AnySession, insert_new, reading, writing
from calendar_app.words.errors import NotFoundError, UnreadableLetterError

#: How many attached letters of a dropped mail are read: somebody waits for the page, and each may
#: take half a minute.
MOST_DROPPED = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a letter's text, with the ids of the drafts whose date it is (usually none)."""

    text: str
    draft_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """A letter as one editor reads it.

    :param segments: the whole text of the letter, in order.
    :param drafts: the drafts within the editor's scope, in the order of the letter.
    :param elsewhere: how many pending drafts of the letter are outside the editor's scope.
    """

    letter: Letter
    segments: tuple[Segment, ...]
    drafts: tuple[Draft, ...]
    elsewhere: int


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in a list, with how many of its drafts are pending, and how many there are in all;
    only drafts within the editor's scope count.

    :param by_mail: whether a mail brought it.
    """

    letter: Letter
    pending: int
    drafts: int
    by_mail: bool

    @property
    def settled(self) -> int:
        """How many of the drafts need no decision any more."""
        return self.drafts - self.pending


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of a file that an editor dropped.

    :param letter_id: the letter, or the first letter of a mail.
    :param unread: (file name, French sentence: why) of each attachment of a mail that was not read.
    """

    letter_id: int
    unread: tuple[tuple[str, str], ...] = ()


def drop(
    session: AnySession,
    editor: Editor,
    data: bytes,
    file_name: str,
    issued: date | None,
    now: datetime,
    knowledge: LetterKnowledge,
) -> Dropped:
    """Read a letter that an editor dropped. A file that was imported before adds no drafts; the
    editor may then read that letter.

    A mail with attachments is read as one that comes to the mailbox: each of its letters is a
    letter.

    :param issued: the day on which the letter was sent; None if unknown.
    :raises UnreadableLetterError: when the file cannot be read; nothing is stored.
    :raises NotYourActionError: when the account is disabled.
    """
    with reading(session):  # checked first, because parsing a letter may take seconds
        _check_drop(session, editor)
    ids, unread = _mailed(session, data, issued, now, knowledge)
    if not ids:
        ids = [drafts.import_letter(session, data, file_name, issued, now, knowledge).letter_id]
    with writing(session, now):
        _check_drop(session, editor)
        for letter_id in ids:
            values = {"letter_id": letter_id, "editor_id": editor.id, "at": now}
            session.execute(insert_new(session, LetterDrop).values(values))
    return Dropped(ids[0], unread)


def _mailed(
    session: AnySession,
    data: bytes,
    issued: date | None,
    now: datetime,
    knowledge: LetterKnowledge,
) -> tuple[Sequence[int], tuple[tuple[str, str], ...]]:
    """Return the letters of a mail with attachments, and what of these was not read; nothing for
    any other file."""
    if len(data) > MAX_BYTES or not is_mail(data):
        return (), ()
    mail = envelope_of(run_limited(envelope_values, data))
    others = tuple((name or UNNAMED, NO_LETTER) for name in mail.others)
    if not mail.attached:
        return (), others
    found = import_parts(session, mail, data, now, knowledge, issued, most=MOST_DROPPED)
    if not found.ids:
        raise UnreadableLetterError(" ".join(found.problems))
    return found.ids, tuple(part for part in found.unread if part[0]) + others


def open_letter(session: AnySession, editor: Editor, letter_id: int) -> OpenLetter:
    """Return a letter for an editor who dropped it, who has a draft of it within their scope, or
    within whose scope are those whom it came for by mail; an administrateur may read all letters.

    :raises NotFoundError: when there is no such letter for this editor.
    """
    letter = session.get(Letter, letter_id)
    may_read = letter is not None and _reads_by_mail(session, editor, letter_id)
    dropped = session.get(LetterDrop, (letter_id, editor.id))
    mine = _mine(session, editor, letter) if letter else ()
    covers = rights(editor, queries.reference(session).academies).covers
    if letter is None or not (dropped or mine or may_read or covers is None):
        raise NotFoundError("Cette lettre n'existe pas, ou rien n'y est de votre périmètre.")
    pending = [draft for draft in letter.drafts if draft.state is DraftState.PENDING]
    elsewhere = sum(draft not in mine for draft in pending)
    return OpenLetter(letter, tuple(_segments(letter.text, mine)), mine, elsewhere)


def letters_of(session: AnySession, editor: Editor, limit: int = 100) -> tuple[LetterLine, ...]:
    """Return the letters that an editor may read, the last imported first.

    :param limit: the most letters to return.
    """
    covers = rights(editor, queries.reference(session).academies).covers
    query = select(Letter).order_by(Letter.imported_at.desc(), Letter.id.desc())
    # A list shows no text, and a hundred texts are megabytes.
    query = query.options(defer(Letter.text))
    if covers is not None:
        dropped = select(LetterDrop.letter_id).where(LetterDrop.editor_id == editor.id)
        mine = drafts.drafts_within(covers).with_only_columns(Draft.letter_id)
        mailed = select(ReceivedLetter.letter_id).where(_is_for(covers))
        query = query.where(or_(Letter.id.in_(dropped), Letter.id.in_(mine), Letter.id.in_(mailed)))
    return lines_of(session, editor, list(session.scalars(query.limit(limit))))


def lines_of(
    session: AnySession, editor: Editor, letters: Sequence[Letter]
) -> tuple[LetterLine, ...]:
    """Return the lines of these letters, in their order."""
    covers = rights(editor, queries.reference(session).academies).covers
    counts = (
        drafts.drafts_within(covers)
        .where(Draft.letter_id.in_([letter.id for letter in letters]))
        .with_only_columns(Draft.letter_id, Draft.state, func.count())
        .group_by(Draft.letter_id, Draft.state)
    )
    brought = select(ReceivedLetter.letter_id)
    mailed_ids = set(
        session.scalars(brought.where(ReceivedLetter.letter_id.in_([x.id for x in letters])))
    )
    of_letter: dict[int, dict[DraftState, int]] = {}
    for letter_id, state, count in session.execute(counts):
        of_letter.setdefault(letter_id, {})[state] = count
    return tuple(
        LetterLine(letter, of.get(DraftState.PENDING, 0), sum(of.values()), letter.id in mailed_ids)
        for letter in letters
        for of in (of_letter.get(letter.id, {}),)
    )


def _reads_by_mail(session: AnySession, editor: Editor, letter_id: int) -> bool:
    """Return whether an editor may read a letter because of whom a mail brought it for."""
    brought = select(ReceivedScope.code).join(
        ReceivedLetter, ReceivedLetter.mail_id == ReceivedScope.mail_id
    )
    codes = session.scalars(brought.where(ReceivedLetter.letter_id == letter_id))
    read = EditorAction.READ_MAILED_LETTER
    return any(is_allowed(session, editor, read, {code}) for code in codes)


def _is_for(covers: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a mail is for one of these codes."""
    is_for = select(ReceivedScope.mail_id).where(ReceivedScope.code.in_(covers))
    return ReceivedLetter.mail_id.in_(is_for)


def _check_drop(session: AnySession, editor: Editor) -> None:
    if not is_allowed(session, editor, EditorAction.DROP_LETTER):
        raise NotYourActionError


def _mine(session: AnySession, editor: Editor, letter: Letter) -> tuple[Draft, ...]:
    read = EditorAction.READ_DRAFT
    return tuple(d for d in letter.drafts if is_allowed(session, editor, read, d.scope))


def _segments(text: str, found: Sequence[Draft]) -> Iterator[Segment]:
    """Yield the pieces of a text, cut at the dates of drafts. Drafts of one date share a piece."""
    spans: dict[tuple[int, int], list[int]] = {}
    for draft in found:
        offset, phrase = draft.item["offset"], draft.item["phrase"]
        spans.setdefault((offset, offset + len(phrase)), []).append(draft.id)
    at = 0
    for (start, end), ids in sorted(spans.items()):
        if start < at:
            continue  # this date overlaps the one before it
        if start > at:
            yield Segment(text[at:start])
        yield Segment(text[start:end], tuple(ids))
        at = end
    if at < len(text):
        yield Segment(text[at:])
