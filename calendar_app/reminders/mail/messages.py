"""The mails to subscribers, one function for each.

To add a mail: a member of ``DeliveryKind``, three files in ``templates/mail/<kind>/`` (copy those
of ``link``, the shortest), a function here, and its whole text in ``tests/reminders/test_mails.py``
(the other steps are in ``docs/architecture.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calendar_app.feeds import wording
from calendar_app.feeds.cards import Card
from calendar_app.reminders.mail import headlines
from calendar_app.reminders.mail.headlines import title
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.school import levels
from calendar_app.school.academies import Academy
from calendar_app.school.leads import Lead
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import day_words, list_words, span_words
from calendar_app.words.text import capital_initial, clean_line, small_initial
from calendar_app.words.vocabulary import MilestoneKind


@dataclass(frozen=True)
class ReminderLine:
    """One date that a mail tells.

    :param card: the date as it is told to this person's académie.
    :param lead: why the date is told today; None if there is no lead.
    :param answers: the answer links to offer.
    :param restored: whether the date was cancelled, and takes place after all.
    :param was: for news, the previous day of the date; None if it is the present day.
    """

    card: Card
    lead: Lead | None = None
    answers: tuple[ClassAnswer, ...] = ()
    restored: bool = False
    was: date | None = None


@dataclass(frozen=True, slots=True)
class WishedEvent:
    """An event of which, or of whose next edition, somebody asks for reminders.

    :param title: for the next edition, the title of its series: that of the event may number it.
    """

    id: str
    title: str
    next_edition: bool = True


@dataclass(frozen=True)
class _Date:
    """The sentences of a mail about one date.

    ``card`` is the date itself, of which the HTML part draws the leaf and the countdown.
    ``elsewhere`` says first for whom the date is, if not for the reader; ``news`` what has changed;
    ``in_holidays``, whether the class-day sentence is a warning.
    """

    card: Card
    main: str
    class_day: str | None = None
    news: tuple[str, ...] = ()
    countdown: str | None = None
    local: str | None = None
    why: str | None = None
    in_holidays: bool = False
    elsewhere: str | None = None

    @property
    def details(self) -> list[str]:
        """The sentences between the main one and the class days."""
        return [*self.news, *(words for words in (self.countdown, self.local) if words)]


@dataclass(frozen=True)
class _Contest:
    """One event of a mail: its dates, and the answers to offer.

    ``reason`` is the public reason of a change, in news. ``is_ahead`` tells whether at least one of
    the dates takes place and can be put in an agenda.
    """

    event_id: str
    title: str
    dates: tuple[_Date, ...]
    answers: tuple[ClassAnswer, ...]
    reason: str | None
    is_ahead: bool

    @property
    def question(self) -> str:
        """The question to which the answers reply."""
        next_year_only = self.answers == (ClassAnswer.NEXT_YEAR,)
        return "Et l'an prochain ?" if next_year_only else "Où en est la classe ?"


# -- mails that somebody asked for ---------------------------------------------------------------


def confirmation(head: Letterhead, wished: Sequence[WishedEvent] = ()) -> Message:
    """« Confirmez votre adresse »: the link and the code. The mail contains nothing that a visitor
    typed.

    :param wished: the events whose next edition was asked for.
    """
    return Message.build(head, DeliveryKind.CONFIRMATION, _asked_for(wished))


def link(head: Letterhead, wished: Sequence[WishedEvent] = ()) -> Message:
    """« Retrouver mon lien »: the link and the code.

    :param wished: the events that were asked for with the address of this subscriber.
    """
    return Message.build(head, DeliveryKind.LINK, _asked_for(wished))


def _asked_for(wished: Sequence[WishedEvent]) -> dict[str, object]:
    coming = [f"« {event.title} »" for event in wished if not event.next_edition]
    series = [event.title for event in wished if event.next_edition]
    each = [*coming, wording.next_edition_words(series)] if series else coming
    words = list_words(each) if wished else None
    return {"wished": wished, "wished_words": words, "next_year": ClassAnswer.NEXT_YEAR}


def new_address(head: Letterhead) -> Message:
    """The confirmation of a new address, sent to that address. Its ``token`` is one of
    ``PersonalLinks.new_address_token``, and its reader may not be a subscriber."""
    return Message.build(head, DeliveryKind.NEW_ADDRESS, {}, unsubscribe=False)


def goodbye(head: Letterhead, *, silent: bool = False) -> Message:
    """« C'est fait »: the reminders have ended, and how to come back.

    :param silent: whether they ended because the subscriber did nothing for years, and did not ask.
    """
    return Message.build(head, DeliveryKind.GOODBYE, {"silent": silent})


# -- mails about dates ---------------------------------------------------------------------------


def reminder(head: Letterhead, lines: Sequence[ReminderLine], academy: Academy | None) -> Message:
    """The reminders of a morning, the most urgent one first; at least one line.

    :param academy: the académie whose class days are counted, for the foot of the mail.
    """
    lines = _by_urgency(lines)
    context = {
        "heading": headlines.approaching(_cards(lines)),
        "contests": _contests(lines, _reminded),
        "academy": academy,
    }
    return Message.build(
        head, DeliveryKind.REMINDER, context | {"headline": headlines.reminder(_cards(lines))}
    )


def moved(head: Letterhead, lines: Sequence[ReminderLine]) -> Message:
    """« Date prolongée », « avancée », « reportée », « rétablie »: the new dates, and the previous
    ones; at least one line."""
    lines = _by_urgency(lines)
    headline = headlines.moved(_cards(lines), restored=all(line.restored for line in lines))
    context = {
        "headline": headline,
        "contests": _contests(lines, _moved, news=True),
        "count": len(lines),
        "restored": all(line.restored for line in lines),
    }
    return Message.build(head, DeliveryKind.MOVED, context)


def cancelled(head: Letterhead, lines: Sequence[ReminderLine]) -> Message:
    """« Événement annulé » or « Date limite annulée »: the dates that will not take place; at least
    one line."""
    lines = _by_urgency(lines)
    headline = headlines.cancelled(_cards(lines))
    contests = _contests(lines, _cancelled, news=True)
    of_dates = any(wording.only_date_cancelled(line.card.milestone) for line in lines)
    count = len(lines if of_dates else contests)
    context = {"headline": headline, "contests": contests, "count": count, "of_dates": of_dates}
    return Message.build(head, DeliveryKind.CANCELLED, context)


def weekly(head: Letterhead, cards: Sequence[Card], academy: Academy | None) -> Message:
    """« Le point de la semaine »: the dates of the coming days, by kind, soonest first.

    :param academy: the reader's académie, for the heading.
    """
    groups = []
    for heading, counted, kinds in _WEEKLY:
        found = sorted((c for c in cards if c.milestone.kind in kinds), key=lambda c: c.shown_day)
        if found:
            plural = "s" if len(found) > 1 else ""
            groups.append((heading, counted.format(n=len(found), s=plural), found))
    context = {
        "counts": list_words(counted for _, counted, _ in groups),
        "groups": [(heading, [_weekly_item(c) for c in found]) for heading, _, found in groups],
        "academy": academy,
    }
    return Message.build(head, DeliveryKind.WEEKLY, context)


def rentree(
    head: Letterhead,
    classes: Iterable[str],
    academy: Academy | None,
    school_year: SchoolYear,
    ends: date,
) -> Message:
    """« Vos rappels 2021-2022 : toujours en CM1 et CM2 ? »: the settings of the reminders, on the
    first class days.

    :param classes: slugs of ``school.levels.CLASSES``; at least one.
    :param ends: the day on which the reminders end if the subscriber does nothing until then.
    """
    groups = levels.collapse(classes)
    context = {
        "where": _where(groups),
        "classes": list_words(levels.name(slug) for slug in groups),
        "academy": academy,
        "school_year": school_year,
        "ends": ends,
    }
    return Message.build(head, DeliveryKind.RENTREE, context)


# -- words ---------------------------------------------------------------------------------------

#: The groups in reading order: the dates that are lost if they are missed come first.
_WEEKLY: tuple[tuple[str, str, frozenset[MilestoneKind]], ...] = (
    (
        "Dates limites",
        "{n} date{s} limite{s}",
        frozenset(kind for kind in MilestoneKind if kind.is_deadline),
    ),
    ("Ce qui a lieu", "{n} événement{s}", frozenset({MilestoneKind.SESSION})),
    ("Ouvertures", "{n} ouverture{s}", frozenset({MilestoneKind.OPENING})),
    ("Résultats", "des résultats", frozenset({MilestoneKind.RESULTS})),
)

#: The kinds whose sentence tells what to do (« Inscrivez la classe… »), so that the name of the
#: date may stand before it.
_TOLD_TO_DO = (
    MilestoneKind.REGISTRATION_DEADLINE,
    MilestoneKind.SUBMISSION_DEADLINE,
    MilestoneKind.SESSION,
)


def _by_urgency(lines: Sequence[ReminderLine]) -> list[ReminderLine]:
    return sorted(lines, key=lambda line: line.card.shown_day)


def _cards(lines: Iterable[ReminderLine]) -> list[Card]:
    return [line.card for line in lines]


def _where(groups: Iterable[str]) -> str:
    """Return « en CM1 et CM2 », « dans le premier degré et en 6e »."""
    degres = [f"le {levels.name(slug)}" for slug in groups if slug.endswith("-degre")]
    others = [levels.name(slug) for slug in groups if not slug.endswith("-degre")]
    words = [f"dans {list_words(degres)}"] if degres else []
    return list_words([*words, f"en {list_words(others)}"] if others else words)


def _contests(
    lines: Sequence[ReminderLine], told: Callable[[ReminderLine], _Date], *, news: bool = False
) -> list[_Contest]:
    """Return the lines by event, in the order of each event's first line.

    :param news: whether the mail tells a change: then it gives the public reason.
    """
    found: dict[str, list[ReminderLine]] = {}
    for line in lines:
        found.setdefault(line.card.event.id, []).append(line)
    return [
        _Contest(
            event_id=event_id,
            title=title(of_event[0].card),
            dates=tuple(told(line) for line in of_event),
            answers=tuple(dict.fromkeys(answer for line in of_event for answer in line.answers)),
            reason=(clean_line(of_event[0].card.event.reason or "") or None) if news else None,
            is_ahead=not all(line.card.milestone.is_cancelled for line in of_event),
        )
        for event_id, of_event in found.items()
    ]


def _reminded(line: ReminderLine) -> _Date:
    return _Date(
        line.card,
        main=_todo(line.card),
        class_day=line.card.class_day_sentence,
        countdown=_countdown(line.card),
        local=line.card.local,
        in_holidays=line.card.holiday_badge is not None,
        elsewhere=line.card.elsewhere,
        why=_why(line),
    )


def _why(line: ReminderLine) -> str | None:
    """Return why a reminder is sent; a reminder that was moved or is late only says which lead was
    chosen."""
    if line.lead is None:
        return None
    if line.card.falls_today(line.lead):
        return f"Ce rappel part {line.lead.words}, comme vous l'avez choisi."
    return f"Vous avez choisi un rappel {line.lead.words}."


def _moved(line: ReminderLine) -> _Date:
    card, milestone = line.card, line.card.milestone
    restored = ("Cette date avait été annulée : elle est rétablie.",) if line.restored else ()
    was: tuple[str, ...] = ()
    if milestone.moved_from_first_day and milestone.moved_from_last_day:
        before = span_words(milestone.moved_from_first_day, milestone.moved_from_last_day)
        article = "" if before.startswith("du ") else "le "
        how = (card.moved or "déplacé").capitalize()
        was = (f"{how} : c'était {article}{before}.",)
    elif line.was:
        was = (f"Auparavant : le {day_words(line.was)}.",)
    return _Date(
        card,
        main=clean_line(f"{card.lead_in} {card.when}."),
        class_day=card.class_day_sentence,
        news=(*was, *restored),
        countdown=_countdown(card),
        local=card.local,
        in_holidays=card.holiday_badge is not None,
        elsewhere=card.elsewhere,
    )


def _cancelled(line: ReminderLine) -> _Date:
    return _Date(line.card, main=_todo(line.card), elsewhere=line.card.elsewhere)


def _todo(card: Card) -> str:
    """Return what to do, with the name of the date if it has one: an event may have several."""
    milestone = card.milestone
    concerned = card.elsewhere is None
    todo = clean_line(wording.todo_words(milestone, concerned=concerned))
    if wording.only_date_cancelled(milestone):
        return todo
    if (
        milestone.label
        and not milestone.is_cancelled
        and not (concerned and milestone.kind in _TOLD_TO_DO)
    ):
        return clean_line(f"{card.lead_in} {card.when}.")
    if milestone.label:
        return f"{card.name} : {small_initial(todo)}"
    return todo


def _countdown(card: Card) -> str | None:
    """Return « C'est dans 21 jours : il reste 3 semaines de classe (zone B). »."""
    if card.countdown is None:
        return None
    weeks = f" : {card.class_weeks}" if card.class_weeks else ""
    return f"C'est {card.countdown}{weeks}."


def _weekly_item(card: Card) -> dict[str, object]:
    """Return one date under the heading of its kind: its day, then its warnings. ``day`` is for the
    HTML part, which draws the countdown; ``when`` for the text."""
    milestone = card.milestone
    status = card.cancelled or card.moved
    # The heading already says « Dates limites »: only other words come before the day.
    says_more = milestone.label or (milestone.kind.until and not milestone.is_approximate)
    said = clean_line(f"{card.lead_in} {card.when}" if says_more else card.when)
    said = capital_initial(said)
    countdown = f", {card.countdown}" if card.countdown else ""
    return {
        "card": card,
        "event_id": card.event.id,
        "title": title(card),
        "day": said,
        "when": said + countdown + (f" ({status})" if status else ""),
        "status": status,
        "badges": [words for words in (card.holiday_badge, card.last_class_day) if words],
    }
