"""The subjects and the first lines of mails about dates: the most urgent thing, exactly.

The most urgent card comes first. A subject has at most :data:`SUBJECT_LENGTH` characters: what
happens and its day stay whole, and the titles are shortened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from calendar_app.feeds import wording
from calendar_app.feeds.cards import Card
from calendar_app.reminders.mail.message import SUBJECT_LENGTH
from calendar_app.words.french import day_words
from calendar_app.words.text import clean_line, shortened
from calendar_app.words.vocabulary import MilestoneKind

#: The least number of characters for titles: with fewer, a subject says too little of them.
_LEAST_ROOM = 18


def title(card: Card) -> str:
    return clean_line(card.event.title)


def reminder(cards: Sequence[Card]) -> str:
    """Return the subject of a morning's reminders. It never says « demain », because a mail may be
    read a day late; but on the last class day it says « aujourd'hui »."""
    if any(card.is_last_class_day for card in cards):
        return _last_class_day(cards)
    if len(cards) == 1:
        return _headline(_until(cards[0]), cards)
    first, last = _short_day(cards[0]), _short_day(cards[-1])
    if first == last:
        return _headline(f"{len(cards)} {_noun(cards)} le {first}", cards)
    return _headline(f"{approaching(cards)}, à partir du {first}", cards)


def _last_class_day(cards: Sequence[Card]) -> str:
    """Return « C'est aujourd'hui le dernier jour de classe avant le 11 février : … », with the
    dates for which this is true and the number of the other dates."""
    last = [card for card in cards if card.is_last_class_day]
    days = {_short_day(card) for card in last}
    what = f"le {days.pop()}" if len(days) == 1 else f"{len(last)} dates limites"
    others = len(cards) - len(last)
    more = f" (et {others} autre{'s' if others > 1 else ''})" if others else ""
    return _headline(f"C'est aujourd'hui le dernier jour de classe avant {what}", last, more)


def moved(cards: Sequence[Card], *, restored: bool = False) -> str:
    """Return « Date prolongée jusqu'au 18 février : … » or « 2 dates ont changé : … ».

    :param restored: whether all of the dates were cancelled, and take place after all.
    """
    if len(cards) > 1:
        what = "dates rétablies" if restored else "dates ont changé"
        return _headline(f"{len(cards)} {what}", cards)
    if restored:
        return _headline(f"Date rétablie, le {_short_day(cards[0])}", cards)
    return _headline(_moved(cards[0]), cards)


def _moved(card: Card) -> str:
    """Return « Date prolongée jusqu'au 18 février », « Date avancée au 5 février »."""
    if card.moved is None or card.milestone.is_approximate:
        return "Nouvelle date"
    to = "jusqu'au" if card.moved == "date prolongée" else "au"
    return f"{card.moved.capitalize()} {to} {_short_day(card)}"


def cancelled(cards: Sequence[Card]) -> str:
    """Return « Événement annulé : … » where the events themselves are cancelled, otherwise « Date
    limite annulée : … » or « 2 dates annulées : … »."""
    if not any(wording.only_date_cancelled(card.milestone) for card in cards):
        several = "s" if len({card.event.id for card in cards}) > 1 else ""
        return _headline(f"Événement{several} annulé{several}", cards)
    if len(cards) > 1:
        return _headline(f"{len(cards)} dates annulées", cards)
    if cards[0].milestone.label:
        return _headline(f"Date annulée ({_short(cards[0].name)})", cards)
    return _headline(wording.cancelled_date_words(cards[0].milestone), cards)


def approaching(cards: Sequence[Card]) -> str:
    """Return « Une date limite approche » or « 3 dates limites approchent »."""
    if len(cards) > 1:
        return f"{len(cards)} {_noun(cards)} approchent"
    kind = cards[0].milestone.kind
    if kind.is_deadline:
        return "Une date limite approche"
    return "Un événement approche" if kind is MilestoneKind.SESSION else "Une date approche"


def _noun(cards: Iterable[Card]) -> str:
    all_deadlines = all(card.milestone.kind.is_deadline for card in cards)
    return "dates limites" if all_deadlines else "dates"


def _until(card: Card) -> str:
    """Return « Date limite le 11 février », « Inscriptions jusqu'au 11 février » or « A lieu à
    partir du 11 février »."""
    milestone = card.milestone
    if milestone.is_approximate:
        return f"{_short(card.name)}, {_short(clean_line(milestone.phrase or ''))}"
    if milestone.kind.until and not milestone.label:
        return f"{milestone.kind.until} {_short_day(card)}"
    if milestone.kind is MilestoneKind.SESSION and not milestone.label:
        one_day = milestone.first_day == milestone.last_day
        return f"A lieu {'le' if one_day else 'à partir du'} {_short_day(card)}"
    return f"{_short(card.name)} le {_short_day(card)}"


def _short_day(card: Card) -> str:
    return day_words(card.shown_day, weekday=False, year=False)


def _short(words: str) -> str:
    """Return the name of a date, or the words for its day, shortened for a subject."""
    return shortened(words, 30)


def _headline(what: str, cards: Iterable[Card], more: str = "") -> str:
    """Return « Événements annulés : A et B » within the length of a subject: what happens stays
    whole, titles are shortened, and *more* is left out if it would leave no room for them."""
    titles = list({card.event.id: title(card) for card in cards}.values())
    room = SUBJECT_LENGTH - len(f"{what} : {more}")
    if room < _LEAST_ROOM:
        room, more = room + len(more), ""
    return f"{what} : {_first_titles(titles, room)}{more}"


def _first_titles(titles: Sequence[str], room: int) -> str:
    """Return « A », « A et B » or « A et 3 autres » in at most *room* characters."""
    first, *others = titles
    if len(others) == 1:
        room -= len(" et ")
        # Each title has half of the room, or the room that the other title leaves.
        first = shortened(first, max(room // 2, room - len(others[0])))
        return f"{first} et {shortened(others[0], room - len(first))}"
    more = f" et {len(others)} autres" if others else ""
    return shortened(first, room - len(more)) + more
