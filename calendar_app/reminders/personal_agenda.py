"""« Mon agenda personnel »: the feed of what one subscriber follows, at an address of its own.

It holds the dates of the events of which the subscriber is reminded by mail, and those in which the
class takes part; what the class did; a visible reminder on each morning on which a mail goes out;
and the school holidays, if wished. The rules are those of ``reminders.audience`` and
``reminders.send_days``: ``tests/reminders/test_personal_agenda.py`` holds the feed to what is
planned.

``now`` is an aware UTC instant.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_person
from calendar_app.catalogue.models.events import Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.feed import (
    Feed,
    cancelled_since,
    month_edge,
    past_edge,
)
from calendar_app.feeds.holidays import feed_holidays, holidays_words
from calendar_app.feeds.personal import Personal, PersonalNote, VisibleReminder
from calendar_app.reminders.follows import followed_events
from calendar_app.reminders.models.subscriptions import PersonalAgenda, Subscriber, Subscription
from calendar_app.reminders.send_days import (
    Mornings,
    ReminderPlace,
    ends_at,
    lead_instants,
    mornings,
)
from calendar_app.reminders.subscribers import SUBSCRIBED, changing
from calendar_app.school.class_days import ClassDays
from calendar_app.school.leads import Lead
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession
from calendar_app.words.errors import CalendarUnknownError, GoneError
from calendar_app.words.french import day_words, days_left_words, in_class_weeks_words
from calendar_app.words.vocabulary import MilestoneKind

_2020 = datetime(2020, 1, 1, tzinfo=UTC)

# -- its address -----------------------------------------------------------------------------------


class AgendaOverError(GoneError):
    """The address of a personal agenda that was stopped or changed, or whose subscription ended."""

    def __init__(self) -> None:
        super().__init__(
            "Cet agenda personnel est arrêté, ou son adresse a changé. Enlevez-le de votre agenda. "
            "Si vous recevez encore nos rappels, votre page personnelle en donne un autre."
        )


def start(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Make the personal agenda of a subscriber; nothing changes if there is one.

    :param uid: the ``Subscriber.uid``.
    :raises BadLinkError: when no subscriber has this *uid*.
    :raises NotSubscribedError: when the subscription is not confirmed, or has ended.
    """
    with changing(session, uid, now, *SUBSCRIBED) as found:
        if session.get(PersonalAgenda, found.id) is None:
            session.add(_new(found, now))


def renew(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """Give a personal agenda another address; the earlier address is over. The parameters and
    errors are those of :func:`start`."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        known = session.get(PersonalAgenda, found.id)
        if known is None:
            session.add(_new(found, now))
        else:
            known.uid, known.created_at, known.changed_at = uuid.uuid4(), now, now
            known.revision += 1


def show_holidays(session: AnySession, uid: uuid.UUID, now: datetime, *, wanted: bool) -> None:
    """Show the school holidays in a personal agenda, or show them no longer. The other parameters
    and the errors are those of :func:`start`."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        known = session.get(PersonalAgenda, found.id)
        if known and known.holidays != wanted:
            known.holidays, known.changed_at = wanted, now
            known.revision += 1


def stop(session: AnySession, uid: uuid.UUID, now: datetime) -> None:
    """End a personal agenda. The parameters and errors are those of :func:`start`."""
    with changing(session, uid, now, *SUBSCRIBED) as found:
        session.execute(delete(PersonalAgenda).where(PersonalAgenda.subscriber_id == found.id))


def _new(subscriber: Subscriber, now: datetime) -> PersonalAgenda:
    return PersonalAgenda(
        subscriber_id=subscriber.id,
        uid=uuid.uuid4(),
        created_at=now,
        changed_at=now,
        revision=0,
    )


def of_subscriber(session: AnySession, subscriber: Subscriber) -> PersonalAgenda | None:
    """Return the personal agenda of a subscriber; None without one."""
    return session.get(PersonalAgenda, subscriber.id)


def of_address(session: AnySession, uid: uuid.UUID) -> tuple[PersonalAgenda, Subscriber]:
    """Return the personal agenda that an address carries, with its subscriber.

    :param uid: the value of an address that we signed (``PersonalLinks.read_agenda``).
    :raises AgendaOverError: when the address is over. Nothing needs to be kept to know it.
    """
    found = session.execute(
        select(PersonalAgenda, Subscriber)
        .join(Subscriber, Subscriber.id == PersonalAgenda.subscriber_id)
        .where(PersonalAgenda.uid == uid, Subscriber.state.in_(SUBSCRIBED))
    ).one_or_none()
    if found is None:
        raise AgendaOverError
    return found[0], found[1]


# -- what it holds ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """The dates of an agenda.

    :param milestones: in the order of their days.
    :param reminded: the UIDs of the dates of which the subscriber is reminded.
    :param said: event id → the subscriber's answers.
    """

    milestones: tuple[Milestone, ...]
    reminded: frozenset[uuid.UUID]
    said: Mapping[str, Subscription]


def personal_feed(
    session: AnySession,
    reference: Reference,
    agenda: PersonalAgenda,
    subscriber: Subscriber,
    now: datetime,
    *,
    site_name: str,
    address: str,
) -> Feed:
    """Return the feed of a personal agenda, as of the month of *now*.

    :param address: its own address.
    """
    slug = subscriber.academy_slug
    place = ReminderPlace(
        reference.academies.get(slug) if slug else None, subscriber.school.wednesdays
    )
    chosen = for_person(reference.academies, slug, subscriber.classes, subscriber.themes)
    edge = month_edge(now)
    held = _held(session, subscriber, chosen, edge)
    text = (
        "Les dates des concours que vous suivez, avec vos réponses et vos rappels. L'adresse "
        "de cet agenda est personnelle : ne la partagez pas."
    )
    if agenda.holidays:
        text += f" {holidays_words(reference, place.academy, edge)}"
    found = mornings(place, reference)
    class_days = reference.class_days(place.academy, wednesdays=place.wednesdays)
    notes = {m.uid: _note(m, held, subscriber.leads, found, class_days) for m in held.milestones}
    class_days_changed_at = reference.holidays_changed_at((place.academy,) if place.academy else ())
    return Feed(
        name=f"{site_name} – mon agenda",
        description=text,
        address=address,
        milestones=held.milestones,
        filter=chosen,
        viewer=place.academy,
        holidays=(
            feed_holidays(reference, place.academy, past_edge(edge)) if agenda.holidays else ()
        ),
        personal=Personal(
            notes, _revision(agenda), max(filter(None, (agenda.changed_at, class_days_changed_at)))
        ),
    )


def _revision(agenda: PersonalAgenda) -> int:
    """Return a number that grows with each change, and when an agenda is stopped and made again:
    SEQUENCE must never shrink."""
    return (agenda.created_at - _2020) // timedelta(minutes=1) + agenda.revision


def _held(
    session: AnySession, subscriber: Subscriber, chosen: CatalogueFilter, edge: date
) -> _Held:
    """Return the dates of an agenda: of the events that were picked or that the class takes part
    in, and all contests that fit if the subscriber follows all; nothing that the class declined."""
    said = {s.event_id: s for s in followed_events(session, subscriber)}
    declined = {event_id for event_id, s in said.items() if s.declined_at}
    picked = {event_id for event_id, s in said.items() if s.picked} - declined
    own = {i for i, s in said.items() if s.picked or s.registered_at or s.submitted_at} - declined

    def dates(asked: CatalogueFilter) -> list[Milestone]:
        first, since = past_edge(edge), cancelled_since(edge)
        return queries.milestones(session, asked, first, cancelled_since=since)

    fitting = dates(replace(chosen, without_days=True)) if subscriber.follows_all else []
    fitting = [m for m in fitting if m.event_id not in declined]
    mine = dates(CatalogueFilter(event_ids=tuple(sorted(own)))) if own else []
    mine = [m for m in mine if _is_for(chosen, m)]
    reminded = {m.uid for m in fitting} | {m.uid for m in mine if m.event_id in picked}
    every = {m.uid: m for m in (*fitting, *mine)}.values()
    return _Held(tuple(queries.in_order(every)), frozenset(reminded), said)


def _is_for(chosen: CatalogueFilter, milestone: Milestone) -> bool:
    """Whether a date of an event that was picked is for the place of a subscriber. When no date of
    the event is, all of them are told, as by mail (``send_days.due_send_days``)."""
    others = milestone.event.milestones
    return chosen.sees(milestone.scope) or not any(chosen.sees(m.scope) for m in others)


def _note(
    milestone: Milestone,
    held: _Held,
    leads: Collection[str],
    found: Mornings,
    class_days: ClassDays,
) -> PersonalNote:
    said = held.said.get(milestone.event_id)
    is_done = said is not None and said.settles(milestone.kind)
    of_use = not is_done
    if milestone.kind is MilestoneKind.SESSION and not milestone.by_rule:
        of_use = said is not None and said.registered_at is not None
    may_remind = milestone.uid in held.reminded and of_use
    return PersonalNote(
        answer=_answer(said),
        sentence=_sentence(said),
        is_done=is_done,
        reminders=_reminders(milestone, leads, found, class_days) if may_remind else (),
    )


def _answer(said: Subscription | None) -> str:
    if said is None or not (said.submitted_at or said.registered_at):
        return ""
    return "productions envoyées" if said.submitted_at else "classe inscrite"


def _sentence(said: Subscription | None) -> str:
    """Return « Votre réponse : inscrits, le lundi 4 janvier 2021. »"""
    at = said and (said.submitted_at or said.registered_at)
    return f"Votre réponse : {_answer(said)}, le {day_words(paris_day(at))}." if at else ""


def _reminders(
    milestone: Milestone, leads: Collection[str], found: Mornings, class_days: ClassDays
) -> tuple[VisibleReminder, ...]:
    """Return the visible reminders of a date, earliest first: one a day, that of the nearest
    lead."""
    if not milestone.has_leads or milestone.is_cancelled:
        return ()
    counted, end = milestone.counted_day, ends_at(milestone)
    wanted = [p for p in found.planned(counted) if p.lead.code in leads]
    published_at = milestone.dated_at or milestone.event.created_at
    days: dict[date, Lead] = {}
    for code, send_at in lead_instants(wanted, published_at, found):
        day = send_at.astimezone(ZoneInfo(found.place.time_zone)).date()
        if send_at < end and day <= counted:
            days[day] = Lead.parse(code)
    return tuple(
        VisibleReminder(day, _what(lead), reminder_words(class_days, day, counted, lead))
        for day, lead in sorted(days.items())
    )


def _what(lead: Lead) -> str:
    """Return what a reminder's UID is derived with: for class weeks, as in ``?rappels=3``."""
    return f"rappel-{lead.weeks or lead.kind}"


def reminder_words(class_days: ClassDays, day: date, counted: date, lead: Lead) -> str:
    """Return the words before a reminder's title: « Dans 3 semaines de classe », « Dans un mois »,
    « Dernier jour de classe avant »; or « Dans 12 jours » where class days are not known, or
    differ from zone to zone.

    :param day: the day of the reminder.
    :param counted: the day of which it reminds.
    """
    try:
        if lead.kind == "month" and class_days.falls_on(day, counted, lead):
            return "Dans un mois"
        if not class_days.is_national:
            if lead.kind == "last_class_day" and class_days.falls_on(day, counted, lead):
                return "Dernier jour de classe avant"
            return in_class_weeks_words(class_days.weeks_left(day, counted))
    except CalendarUnknownError:
        pass
    return days_left_words((counted - day).days).capitalize()
