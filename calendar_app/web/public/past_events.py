"""What the page of an event that has passed says first: when it was, whether it comes back, and
where to be told of the next edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.returning import Return
from calendar_app.feeds import wording
from calendar_app.feeds.cards import Card
from calendar_app.school.school_year import SchoolYear
from calendar_app.web.page import Page
from calendar_app.words.french import day_words, list_words


@dataclass(frozen=True, slots=True)
class PastEvent:
    """The state of a past event. Texts are French sentences.

    :param was: when it was; None when it was cancelled.
    :param again: what is known of its return by the editions and the rule of its series; None where
        the next edition says it.
    :param next_cards: the dates ahead of the next edition.
    :param asked_of: the event that « Me prévenir de la prochaine édition » names; None where the
        next edition is in the calendar and no reminder of it can go out.
    """

    was: str | None
    again: str | None
    next_cards: tuple[Card, ...]
    asked_of: Event | None


def past_event(here: Page, event: Event, returns: Return, mine: Sequence[Milestone]) -> PastEvent:
    """Return the state of an event that has passed.

    :param mine: the dates that concern the reader.
    """
    coming = returns.next_edition
    ahead = [m for m in coming.milestones if m.last_day >= here.today] if coming else []
    concerned = [m for m in ahead if not m.is_cancelled and queries.concerns(m, here.filter)]
    return PastEvent(
        was=None if event.cancelled_at else wording.was_words(mine, event.year),
        again=None if coming else again_words(returns, here.today),
        next_cards=tuple(map(here.card, concerned)),
        asked_of=coming if coming and coming.may_remind(here.today) else None if coming else event,
    )


def again_words(returns: Return, today: date) -> str:
    """Return what is known of the return of an event whose next edition is not in the calendar.

    « Est revenu chaque année » is said of every school year between the first and the last edition
    only, and « depuis » only while none was left out since.
    """
    if returns.rule:
        if returns.next_day is None:
            return "Son prochain jour n'est pas encore connu."
        return f"La prochaine fois : le {day_words(returns.next_day)}."
    unknown = "Nous ne savons pas encore s'il reviendra."
    years = returns.took_place
    if len(years) < 2:
        return unknown
    first, last = years[0], years[-1]
    if len(years) <= last.start - first.start:
        return f"A eu lieu en {list_words(year.label for year in years)}. {unknown}"
    if last < SchoolYear.of(today).previous:
        return f"Est revenu chaque année de {first.label} à {last.label}. {unknown}"
    soon = "La prochaine édition n'est pas encore annoncée."
    return f"Est revenu chaque année depuis {first.label}. {soon}"
