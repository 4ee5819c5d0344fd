"""What the public suggests: a date, or a mistake in one. It becomes a draft; whoever left an
address hears what became of it, and the address is erased.
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
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import NotFoundError
from calendar_app.words.mail_addresses import MailAddress
from calendar_app.words.vocabulary import Certainty

#: What says that a draft is nobody's reading: no letter has this rule.
RULE = "suggestion"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedDay:
    """One date of a suggestion, as in :class:`DatedItem`.

    :param step: of a deadline or a window; None of an event.
    """

    kind: ItemKind
    step: Step | None
    first_day: date | None
    last_day: date | None
    start_time: time | None = None
    end_time: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What somebody suggests: typed values, already checked, texts already cleaned.

    :param dates: at least one; each becomes a draft of its own, which is decided by itself.
    :param academies: slugs; with *departments* (codes), whom it is for; both empty for the nation.
    :param classes: slugs of ``school.levels``.
    :param words: what the proposer says of it, on one line.
    :param address: where they want to hear what became of it.
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
    """Something that somebody finds wrong.

    :param key: of the date; None of the event as a whole.
    """

    event_id: str
    key: str | None
    words: str
    link: str | None = None
    address: MailAddress | None = None


def suggest(session: AnySession, suggestion: Suggestion, now: datetime) -> str | None:
    """Keep what somebody suggests as drafts, one a date; what the calendar says already is not
    kept.

    :returns: None, or the id of the event that says all of it already: then nothing is kept.
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
        # Two who suggest the same must not both propose it.
        queries.catalogue(session, for_update=True)
        drafts = held_against_calendar(session, items, _today(now), now, academies)
        new = [draft for draft in drafts if draft.state is not DraftState.KNOWN]
        for draft in new:
            draft.suggested_by = suggestion.address.address if suggestion.address else None
            session.add(draft)
            session.flush()
            draft.scope = set(publishing_scope(session, draft))
        return None if new else drafts[0].event_id


def report(session: AnySession, mistake: Mistake, now: datetime) -> None:
    """Keep a mistake that somebody found, as a change to the event without any day.

    :raises NotFoundError: when the event, or that date of it, is none.
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
    """Queue the mails to whoever suggested a draft that is being decided, or that the calendar says
    by now, and to those who suggested the same since; inside the transaction in which that
    happens, while these still point at the draft. Without an address, or where
    the mail waits already, nothing is done. The worker writes the mail when it sends it, from the
    draft as it is then: its state, its event and its answer."""
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
    """Erase the addresses of proposers who have their answer, or whom no server takes one for; and
    all that are too old (``config.retention``): an answer that still waits is given up. Return
    how many."""
    answered = exists().where(Delivery.id == Draft.answer_delivery_id, Delivery.state.in_(_DONE))
    old = and_(Draft.created_at <= now - PROPOSER, ~_in_hand())
    with writing(session, now):
        query = select(Draft.id, Draft.answer_delivery_id).where(
            Draft.suggested_by.is_not(None), or_(answered, old)
        )
        return _erase_addresses(session, query, now)


def kept_of(session: AnySession, key: str) -> list[dict[str, str]]:
    """Return what was suggested with an address, as long as that is kept, for the copy that
    somebody asks for of their data.

    :param key: see ``MailAddress.key``.
    """
    drafts = select(Draft).where(func.lower(Draft.suggested_by) == key).order_by(Draft.id)
    return [
        {"titre": draft.title, "le": draft.created_at.isoformat(), "etat": draft.state.value}
        for draft in session.scalars(drafts)
    ]


def forget(session: AnySession, key: str, now: datetime) -> None:
    """Erase an address (see ``MailAddress.key``) from what was suggested with it, inside the
    caller's transaction; answers that still wait are given up."""
    query = select(Draft.id, Draft.answer_delivery_id).where(func.lower(Draft.suggested_by) == key)
    _erase_addresses(session, query, now)


def _erase_addresses(
    session: AnySession, query: Select[tuple[int, int | None]], now: datetime
) -> int:
    found = session.execute(query.with_for_update(of=Draft)).tuples().all()
    mails = {mail for _, mail in found if mail is not None}
    late = select(Delivery.id).where(Delivery.id.in_(mails), Delivery.finished_at.is_(None))
    # What a mail in doubt keeps to be sent again holds the address, too.
    waiting = list(session.scalars(late))
    outbox.finish(session, waiting, DeliveryState.CANCELLED, "adresse effacée", now)
    ids = [id_ for id_, _ in found]
    # A Core statement: an editor who has the draft open does not see another revision.
    erased = update(_DRAFTS).where(_DRAFTS.c.id.in_(ids)).values(suggested_by=None)
    session.connection().execute(erased)
    return len(ids)


_DRAFTS: Any = Draft.__table__
_DONE = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXPIRED)


def _in_hand() -> ColumnElement[bool]:
    """A worker is about to send it, or waits for the server's word: its end is minutes away."""
    states = (DeliveryState.CLAIMED, DeliveryState.IN_DOUBT)
    return exists().where(Delivery.id == Draft.answer_delivery_id, Delivery.state.in_(states))


def _today(now: datetime) -> date:
    return now.astimezone(PARIS).date()


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
    """Return what was typed as an item: nothing in it is certain but that somebody said so."""
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
