"""Followed sources: who follows what, and how the worker reads each outside feed on its own
schedule.

What a reading changes is in ``following``. A source that fails changes nothing but its warning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.editing import journal
from calendar_app.editing.followed.fetcher import Fetched
from calendar_app.editing.followed.following import take_reading
from calendar_app.editing.followed.outside_feed import read_outside_limited
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rights import is_allowed
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.reminders import outbox
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession, reading, writing
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.links import is_link
from calendar_app.words.text import clean_line

#: The time between two reads of a source. It doubles with each failure in a row after the first,
#: up to :data:`SELDOM`.
EVERY = timedelta(hours=6)
SELDOM = timedelta(days=3)

#: An agenda that cannot be read so many times in a row (a day) is a fault that an editor is told
#: of: sites rest at night.
LASTING = 3

OUR_FAULT = "Nous n'avons pas su lire cet agenda : l'erreur est notée de notre côté."

_ERROR = "Le site répond par une erreur ({})."
_CLOSED = "Le site demande de s'identifier ({}) : il faut l'adresse publique de cet agenda."
_GONE = "Rien n'est plus à cette adresse ({}) : demandez la nouvelle à qui tient cet agenda."
#: HTTP status → what it says to an editor; :data:`_ERROR` for others.
_ANSWERS = {401: _CLOSED, 403: _CLOSED, 404: _GONE, 410: _GONE}

_NAME_LENGTH = 200
_OK = 200
_SAME = 304


class SourceError(CalendarError):
    """A request about a source cannot be met: the sentence says why.

    :param field: the name of the form field with the problem.
    """

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class SourceNotYoursError(CalendarError):
    """The editor may read a source, but may not decide whether it is followed."""

    def __init__(self) -> None:
        super().__init__(
            "Suivre un agenda, l'arrêter ou le relire revient aux responsables de publication de "
            "tous ceux qu'il concerne."
        )


class Fetches(Protocol):
    """An object that fetches a URL, such as ``followed.fetcher.Fetcher``."""

    def get(
        self, address: str, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched: ...


def add(
    session: AnySession,
    editor: Editor,
    name: str,
    address: str,
    scope: frozenset[str],
    now: datetime,
) -> Source:
    """Follow a feed; the worker reads it at its next tick.

    :param scope: the codes for which the feed is followed.
    :raises SourceError: when the name or a valid address is missing, when the feed is already
        followed within the editor's scope, or when the editor may not publish for all of *scope*.
    """
    name, address = clean_line(name)[:_NAME_LENGTH], clean_line(address)
    if not name:
        raise SourceError("nom", "Indiquez le nom de cet agenda.")
    scheme, _, rest = address.partition("://")
    if scheme.lower() in ("webcal", "webcals"):  # how « s'abonner » links of agendas are written
        address = f"https://{rest}"
    if not is_link(address) or len(address) > 2000:
        raise SourceError("adresse", "Indiquez une adresse qui commence par https://.")
    with writing(session, now):
        if not is_allowed(session, editor, EditorAction.FOLLOW_SOURCE, scope):
            raise SourceError(
                "pour",
                "Choisissez des académies ou départements qui sont à vous ; suivre un agenda "
                "revient aux responsables de publication.",
            )
        # The lock makes two editors who add the same feed wait for each other.
        queries.catalogue(session, for_update=True)
        # Another académie may follow the same feed: this editor must not learn that.
        if any(s.address == address for s in sources_of(session, editor)):
            raise SourceError("adresse", "Cette adresse est déjà suivie.")
        source = Source(
            name=name,
            address=address,
            created_at=now,
            created_by_id=editor.id,
            next_fetch_at=now,
            failures=0,
            copy=[],
            left_out=[],
            first_seen={},
        )
        source.scope = set(scope)
        session.add(source)
        session.flush()
        _note(session, editor, source, ChangeAction.CREATED, None, now)
        return source


def sources_of(session: AnySession, editor: Editor) -> list[Source]:
    """Return the sources whose scope lies within an editor's scope, by name."""
    found = session.scalars(select(Source).order_by(Source.name, Source.id))
    return [s for s in found if is_allowed(session, editor, EditorAction.READ_SOURCE, s.scope)]


def visible(session: AnySession, editor: Editor, source_id: int) -> Source:
    """Return a source whose scope lies within an editor's scope.

    :raises NotFoundError: when there is no such source for this editor.
    """
    source = session.get(Source, source_id)
    read = EditorAction.READ_SOURCE
    if source is None or not is_allowed(session, editor, read, source.scope):
        raise NotFoundError("Cet agenda n'existe pas, ou n'est pas de votre périmètre.")
    return source


def pause(
    session: AnySession, editor: Editor, source_id: int, paused: bool, now: datetime
) -> Source:
    """Pause a source, or follow it again. Nothing changes when the source is already so.

    :raises NotFoundError: as :func:`visible`.
    :raises SourceNotYoursError: when the editor may not decide whether the source is followed.
    """
    with writing(session, now):
        source = _to_decide(session, editor, source_id)
        if (source.paused_at is not None) != paused:
            follow(session, editor, source, not paused, now)
        return source


def follow(
    session: AnySession,
    editor: Editor,
    source: Source,
    follows: bool,
    now: datetime,
    *,
    why: str | None = None,
    undoes: Change | None = None,
) -> None:
    """Follow a source from now on, or pause it, inside the caller's transaction.

    :param undoes: the change that this one undoes.
    :raises SourceNotYoursError: when the editor may not decide whether the source is followed.
    """
    _ask(session, editor, source)
    before = _facts(source)
    source.paused_at = None if follows else now
    source.next_fetch_at = now
    # A mail about a fault may have been left out meanwhile: the next reading tells of it anew.
    source.told_at = source.told_delivery_id = None
    action = ChangeAction.RESTORED if follows else ChangeAction.ARCHIVED
    if undoes:
        action = ChangeAction.UNDONE
    _note(session, editor, source, action, before, now, why=why, undoes=undoes)


def due(session: AnySession, now: datetime) -> list[int]:
    """Return the ids of the sources that are due, the longest overdue first; paused sources are
    never due."""
    query = select(Source.id).where(Source.paused_at.is_(None), Source.next_fetch_at <= now)
    with reading(session):
        return list(session.scalars(query.order_by(Source.next_fetch_at, Source.id)))


def refresh(
    session: AnySession,
    source_id: int,
    fetches: Fetches,
    knowledge: LetterKnowledge,
    now: datetime,
    *,
    editor: Editor | None = None,
) -> None:
    """Read a source. What is new, changed or gone becomes drafts (``following``). A failure is
    noted as the source's warning, and changes nothing else.

    :param editor: the editor who asked for the read after looking at the source: it is then
        believed even if the feed is empty or lost half of its dates. None for the worker.
    :raises NotFoundError: as :func:`visible`; for the worker a missing source is skipped.
    :raises SourceNotYoursError: when the editor may not decide whether the source is followed.
    """
    with reading(session):
        source = _of(session, editor, source_id)
        if source is None:
            return
        tags: tuple[str | None, str | None] = (None, None)
        if editor is None and _may_be_the_same(source, now):
            tags = source.etag, source.last_modified
        address, first_seen = source.address, dict(source.first_seen)
        zone = queries.reference(session).academies.time_zone_of(source.scope)
    found = None
    try:
        fetched = fetches.get(address, *tags)
        if fetched.status == _OK:
            found = read_outside_limited(fetched.body, paris_day(now), knowledge, zone, first_seen)
        elif fetched.status != _SAME:
            raise CalendarError(_ANSWERS.get(fetched.status, _ERROR).format(fetched.status))
    except CalendarError as error:
        note_failure(session, source_id, str(error), now)
        return
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        session.get(Source, source_id, with_for_update={"of": Source})
        source = _of(session, editor, source_id)
        if source is None:
            return
        source.tried_at = source.succeeded_at = now
        source.failures, source.next_fetch_at = 0, now + EVERY
        if found is None:
            return
        source.etag, source.last_modified = fetched.etag, fetched.last_modified
        take_reading(session, source, found, now, believe=editor is not None)
        _tell(session, source, now)


def _may_be_the_same(source: Source, now: datetime) -> bool:
    """Whether the answer « nothing new » may spare a reading. What has a warning is read again, and
    so is each feed every month: what returns for ever then shows another month."""
    if source.warning is not None or source.succeeded_at is None:
        return False
    last, today = paris_day(source.succeeded_at), paris_day(now)
    return (last.year, last.month) == (today.year, today.month)


def _ask(session: AnySession, editor: Editor, source: Source) -> None:
    if not is_allowed(session, editor, EditorAction.FOLLOW_SOURCE, source.scope):
        raise SourceNotYoursError


def _to_decide(session: AnySession, editor: Editor, source_id: int) -> Source:
    source = visible(session, editor, source_id)
    _ask(session, editor, source)
    return source


def _of(session: AnySession, editor: Editor | None, source_id: int) -> Source | None:
    """Return the source to read; None when there is no editor and the source is gone."""
    return _to_decide(session, editor, source_id) if editor else session.get(Source, source_id)


def note_failure(session: AnySession, source_id: int, why: str, now: datetime) -> None:
    """Note that a source could not be read, and postpone its next read (exponential back-off).

    :param why: a French sentence, shown to editors as the source's warning.
    """
    with writing(session, now):
        source = session.get(Source, source_id, with_for_update={"of": Source})
        if source is None:
            return
        source.tried_at, source.warning = now, why
        source.failures += 1
        source.next_fetch_at = now + min(EVERY * 2 ** min(source.failures - 1, 8), SELDOM)
        _tell(session, source, now)


def _tell(session: AnySession, source: Source, now: datetime) -> None:
    """Queue one mail about a fault, to the editor who follows the agenda, inside the caller's
    transaction; the next fault, after the agenda healed, is told anew."""
    if source.warning is None:
        source.told_at = source.told_delivery_id = None
    elif _is_untold(session, source) and (not source.failures or source.failures >= LASTING):
        source.told_at = now
        source.told_delivery_id = outbox.queue_other(session, DeliveryKind.AGENDA, now).id


def _is_untold(session: AnySession, source: Source) -> bool:
    """Whether no mail tells of the fault: none was queued yet, or the last one expired, because
    nothing was sent for two days."""
    if source.told_at is None:
        return True
    told = session.get(Delivery, source.told_delivery_id) if source.told_delivery_id else None
    return told is not None and told.state is DeliveryState.EXPIRED


def _facts(source: Source) -> dict[str, object]:
    facts: dict[str, object] = {"name": source.name, "address": source.address}
    return facts | ({"paused": "true"} if source.paused_at else {})


def _note(
    session: AnySession,
    editor: Editor,
    source: Source,
    action: ChangeAction,
    before: dict[str, object] | None,
    now: datetime,
    *,
    why: str | None = None,
    undoes: Change | None = None,
) -> None:
    journal.note(
        session,
        editor,
        ChangeSubject.SOURCE,
        str(source.id),
        source.name,
        action,
        before,
        _facts(source),
        frozenset(source.scope),
        now,
        why=why,
        undoes=undoes,
    )
