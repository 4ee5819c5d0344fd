"""The subjects and the first line of mails about dates: the most urgent thing, exactly.

Cards come the most urgent one first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from calendar_app.domain.french import day_words, list_words
from calendar_app.domain.text import clean_line
from calendar_app.domain.vocabulary import MilestoneKind
from calendar_app.feeds import wording
from calendar_app.feeds.cards import Card


def day(card: Card) -> date:
    """Return the day that counts: the last one of a deadline, else the first one."""
    milestone = card.milestone
    return milestone.last_day if milestone.kind.is_deadline else milestone.first_day


def title(card: Card) -> str:
    return clean_line(card.event.title)


def reminder(cards: Sequence[Card]) -> str:
    """Return the subject of a morning's reminders. A mail may be read a day late, so never
    « demain »; but the last class day says that it is."""
    if any(card.is_last_class_day for card in cards):
        return _last_class_day(cards)
    if len(cards) == 1:
        return f"{_until(cards[0])} : {title(cards[0])}"
    first, last = _short_day(cards[0]), _short_day(cards[-1])
    if first == last:
        return f"{len(cards)} {_noun(cards)} le {first} : {_titles(cards)}"
    return f"{approaching(cards)}, dès le {first} : {_titles(cards)}"


def _last_class_day(cards: Sequence[Card]) -> str:
    """Return « C'est aujourd'hui le dernier jour de classe avant le 11 février : … »: of the dates
    of which it is so, and how many others there are."""
    last = [card for card in cards if card.is_last_class_day]
    days = {_short_day(card) for card in last}
    what = f"le {days.pop()}" if len(days) == 1 else f"{len(last)} dates limites"
    others = len(cards) - len(last)
    more = f" (et {others} autre{'s' if others > 1 else ''})" if others else ""
    return f"C'est aujourd'hui le dernier jour de classe avant {what} : {_titles(last)}{more}"


def moved(cards: Sequence[Card]) -> str:
    """Return « Prolongé jusqu'au 18 février : … » or « 2 dates ont changé : … »."""
    if len(cards) > 1:
        return f"{len(cards)} dates ont changé : {_titles(cards)}"
    return f"{_moved(cards[0])} : {title(cards[0])}"


def _moved(card: Card) -> str:
    """Return « Prolongé jusqu'au 18 février », « Avancé au 5 février », « Reporté au 20 mai »."""
    if card.moved is None or card.milestone.is_approximate:
        return "Nouvelle date"
    to = "jusqu'au" if card.moved == "prolongé" else "au"
    return f"{card.moved.capitalize()} {to} {_short_day(card)}"


def cancelled(cards: Sequence[Card]) -> str:
    """Return « Annulé : … » where the events themselves are cancelled, else « Date limite annulée :
    … » or « 2 dates annulées : … »."""
    if not any(wording.only_date_cancelled(card.milestone) for card in cards):
        several = len({card.event.id for card in cards}) > 1
        return f"Annulé{'s' if several else ''} : {_titles(cards)}"
    if len(cards) > 1:
        return f"{len(cards)} dates annulées : {_titles(cards)}"
    return f"{wording.cancelled_date_words(cards[0].milestone)} : {title(cards[0])}"


def approaching(cards: Sequence[Card]) -> str:
    """Return « Une date limite approche » or « 3 dates limites approchent »."""
    if len(cards) > 1:
        return f"{len(cards)} {_noun(cards)} approchent"
    kind = cards[0].milestone.kind
    if kind.is_deadline:
        return "Une date limite approche"
    return "Un rendez-vous approche" if kind is MilestoneKind.SESSION else "Une date approche"


def _noun(cards: Iterable[Card]) -> str:
    all_deadlines = all(card.milestone.kind.is_deadline for card in cards)
    return "dates limites" if all_deadlines else "dates"


def _until(card: Card) -> str:
    """Return « Date limite le 11 février » or « Inscriptions jusqu'au 11 février »."""
    milestone = card.milestone
    if milestone.is_approximate:
        return f"{card.name}, {clean_line(milestone.phrase or '')}"
    if milestone.kind.until and not milestone.label:
        return f"{milestone.kind.until} {_short_day(card)}"
    return f"{card.name} le {_short_day(card)}"


def _short_day(card: Card) -> str:
    return day_words(day(card), weekday=False, year=False)


def _titles(cards: Iterable[Card]) -> str:
    """Return the title of each event once, as « A », « A et B » or « A et 3 autres »: a subject is
    read on a telephone."""
    first, *others = {card.event.id: title(card) for card in cards}.values()
    return list_words([first, *others]) if len(others) < 2 else f"{first} et {len(others)} autres"
