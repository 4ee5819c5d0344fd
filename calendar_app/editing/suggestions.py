"""Suggestions of the public: new dates, or a mistake in an event. They become drafts.

A proposer who leaves an address gets an answer by mail; then the address is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update

from calendar_app.catalogue import queries
from calendar_app.config.retention import PROPOSER
from calendar_app.editing.draft_entries import publishing_scope
from calendar_app.editing.drafts import held_against_calendar
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.letters.as_json import contract
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.reminders import outbox
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import NotFoundError
from calendar_app.words.mail_addresses import MailAddress
from calendar_app.words.vocabulary import Certainty

#: The ``rule`` of an item that a person typed; no item of a letter has it.
RULE = "suggestion"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedDay:
    """One date of a suggestion, as in :class:`DatedItem`.

    :param step: for a deadline or a window; None for an event.
    """

    kind: ItemKind
    step: Step | None
    first_day: date | None
    last_day: date | None
    start_time: time | None = None
    end_time: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The suggestion of new dates, with checked values and cleaned texts.

    :param dates: at least one; each becomes a separate draft with its own decision.
    :param academies: slugs; with *departments* (codes), the scope; both empty for the nation.
    :param classes: slugs of ``school.levels``.
    :param words: the proposer's comment, on one line.
    :param address: the address for the answer; None if the proposer wants none.
    """

    title: str
    dates: tuple[SuggestedDay, ...]
    academies: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    link: str | None = None
    words: str = ""
    address: MailAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """The report of a mistake in an event.

    :param key: the key of the wrong date; None when the report is about the whole event.
    :param words: the proposer's comment, on one line.
    :param address: the address for the answer; None if the proposer wants none.
    """

    event_id: str
    key: str | None
    words: str
    link: str | None = None
    address: MailAddress | None = None


def suggest(session: AnySession, suggestion: Suggestion, now: datetime) -> str | None:
    """Store a suggestion as one draft for each date, without the dates that the calendar already
    has.

    :returns: None; or, when the calendar has all dates and nothing is stored, the id of the event
        that has the first one.
    """
    academies = queries.reference(session).academies
    items = [
        _item(
            title=suggestion.title,
            kind=day.kind,
            step=day.step,
            first_day=day.first_day,
            last_day=day.last_day,
            start_time=day.start_time,
            end_time=day.end_time,
            academies=suggestion.academies,
            departments=suggestion.departments,
            classes=suggestion.classes,
            url=suggestion.link,
            sentence=suggestion.words or suggestion.title,
        )
        for day in suggestion.dates
    ]
    with writing(session, now):
        # The lock keeps two concurrent suggestions from both proposing the same date.
        queries.catalogue(session, for_update=True)
        drafts = held_against_calendar(session, items, paris_day(now), now, academies)
        new = [draft for draft in drafts if draft.state is not DraftState.KNOWN]
        for draft in new:
            draft.suggested_by = suggestion.address.address if suggestion.address else None
            session.add(draft)
            session.flush()
            draft.scope = set(publishing_scope(session, draft))
        return None if new else drafts[0].event_id


def report(session: AnySession, mistake: Mistake, now: datetime) -> None:
    """Store the report of a mistake as a draft that changes the event, without any day.

    :raises NotFoundError: when the event, or its date of this key, does not exist.
    """
    with writing(session, now):
        event = queries.event(session, mistake.event_id)
        dates = event.milestones if event else ()
        date_ = next((m for m in dates if m.key == mistake.key), None)
        if event is None or (mistake.key is not None and date_ is None):
            raise NotFoundError("Cet événement n'existe pas, ou n'existe plus.")
        scope = date_.scope if date_ else frozenset(event.scope)
        item = _item(title=event.title, url=mistake.link, sentence=mistake.words)
        draft = Draft(
            proposal=Proposal.CHANGE,
            event_id=event.id,
            milestone_id=date_.id if date_ else None,
            title=item.title,
            kind=item.kind,
            certainty=item.certainty,
            status=item.status,
            confidence=item.confidence,
            item=contract(item),
            scope=set(scope),
            suggested_by=mistake.address.address if mistake.address else None,
            created_at=now,
        )
        session.add(draft)


def answer(session: AnySession, draft: Draft, now: datetime) -> None:
    """Queue the answers to the proposers of a draft and of the drafts that repeat it.

    Runs inside the transaction that decides the draft or makes it known, while the repeated drafts
    still point at it. A draft without an address, or with an unfinished answer, is skipped. The
    worker writes the mail when it sends it, with the state, event and answer that the draft then
    has.
    """
    session.flush()
    waiting = select(Draft).where(
        or_(Draft.id == draft.id, Draft.same_as_id == draft.id), Draft.suggested_by.is_not(None)
    )
    for suggested in session.scalars(waiting.order_by(Draft.id)).all():
        queued = suggested.answer_delivery_id
        mail = session.get(Delivery, queued) if queued is not None else None
        if mail is None or mail.finished_at is not None:
            delivery = outbox.queue_other(session, DeliveryKind.SUGGESTION, now)
            suggested.answer_delivery_id = delivery.id


def clean(session: AnySession, now: datetime) -> int:
    """Erase the addresses of proposers whose answer was sent, failed or expired, and all addresses
    older than ``config.retention.PROPOSER``. Return the number of erased addresses.

    A queued answer to an old address is cancelled. An old address whose answer a worker holds, or
    whose answer is in doubt, is left for a later call.
    """
    answered = exists().where(Delivery.id == Draft.answer_delivery_id, Delivery.state.in_(_DONE))
    old = and_(Draft.created_at <= now - PROPOSER, ~_in_hand())
    with writing(session, now):
        query = select(Draft.id, Draft.answer_delivery_id).where(
            Draft.suggested_by.is_not(None), or_(answered, old)
        )
        return _erase_addresses(session, query, now)


def kept_of(session: AnySession, key: str) -> list[dict[str, str]]:
    """Return the suggestions that still carry an address, for the copy of a person's data: title,
    instant (ISO 8601, UTC) and state of each.

    :param key: ``MailAddress.key`` of the address.
    """
    drafts = select(Draft).where(func.lower(Draft.suggested_by) == key).order_by(Draft.id)
    return [
        {"titre": draft.title, "le": draft.created_at.isoformat(), "etat": draft.state.value}
        for draft in session.scalars(drafts)
    ]


def forget(session: AnySession, key: str, now: datetime) -> None:
    """Erase an address from all suggestions, inside the caller's transaction, and cancel its
    unfinished answers.

    :param key: ``MailAddress.key`` of the address.
    """
    query = select(Draft.id, Draft.answer_delivery_id).where(func.lower(Draft.suggested_by) == key)
    _erase_addresses(session, query, now)


def _erase_addresses(
    session: AnySession, query: Select[tuple[int, int | None]], now: datetime
) -> int:
    found = session.execute(query.with_for_update(of=Draft)).tuples().all()
    mails = {mail for _, mail in found if mail is not None}
    late = select(Delivery.id).where(Delivery.id.in_(mails), Delivery.finished_at.is_(None))
    # Cancelling also erases the stored form of a mail in doubt, which holds the address.
    waiting = list(session.scalars(late))
    outbox.finish(session, waiting, DeliveryState.CANCELLED, "adresse effacée", now)
    ids = [id_ for id_, _ in found]
    # A Core statement keeps the revision of the draft, so that an editor who has the draft open may
    # still decide it.
    erased = update(_DRAFTS).where(_DRAFTS.c.id.in_(ids)).values(suggested_by=None)
    session.connection().execute(erased)
    return len(ids)


_DRAFTS: Any = Draft.__table__
_DONE = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXPIRED)


def _in_hand() -> ColumnElement[bool]:
    """Return the condition that a worker holds the answer, or that it is in doubt: it ends within
    minutes."""
    states = (DeliveryState.CLAIMED, DeliveryState.IN_DOUBT)
    return exists().where(Delivery.id == Draft.answer_delivery_id, Delivery.state.in_(states))


def _item(
    *,
    title: str,
    sentence: str,
    url: str | None,
    kind: ItemKind = ItemKind.EVENT,
    step: Step | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    start_time: time | None = None,
    end_time: time | None = None,
    academies: tuple[str, ...] = (),
    departments: tuple[str, ...] = (),
    classes: tuple[str, ...] = (),
) -> DatedItem:
    """Return typed values as a dated item, with confidence 0: only the proposer vouches for it."""
    return DatedItem(
        title=title,
        kind=kind,
        step=step,
        first_day=first_day,
        last_day=last_day,
        start_time=start_time,
        end_time=end_time,
        time_zone=None,
        certainty=Certainty.DAY,
        status=ItemStatus.PLANNED,
        academies=academies,
        departments=departments,
        place=None,
        classes=classes,
        themes=(),
        event_type=None,
        organiser=None,
        url=url,
        phrase="",
        sentence=sentence,
        offset=0,
        confidence=0.0,
        rule=RULE,
        warnings=(),
    )
