"""« Et maintenant ? »: the steps that a class still has to take for an event, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calendar_app.catalogue.models.events import Event
from calendar_app.feeds.cards import Card
from calendar_app.words.vocabulary import MilestoneKind, PupilData


@dataclass(frozen=True, slots=True)
class NextStep:
    """One step.

    :param by: the last day or the day of the step, in French; None where no day is said.
    :param link: the address where the step is taken.
    :param to_do: whether the step asks something of the class; a session only takes place.
    :param state: ``past`` for a day that is over (nobody knows what a class did by then), ``now``
        up to the next day, else ``later``.
    """

    words: str
    by: str | None = None
    link: str | None = None
    to_do: bool = True
    state: str = "now"


def next_steps(event: Event, cards: Sequence[Card]) -> list[NextStep]:
    """Return the days that are over, then the steps that are left. Empty for an event that is over,
    cancelled, archived or for other places.

    :param cards: the dates that concern the reader.
    """
    mine = [c for c in cards if not c.milestone.is_cancelled and not c.elsewhere]
    mine.sort(key=lambda c: c.milestone.last_day)
    is_over = cards and all(c.is_past for c in mine)
    if event.cancelled_at or event.archived_at or is_over:
        return []
    # An opening asks nothing of the class.
    mine = [c for c in mine if c.milestone.kind is not MilestoneKind.OPENING]
    steps = list(_steps(event, [c for c in mine if not c.is_past]))
    # Dates that ask nothing of the class are shown above already.
    if not any(step.link or step.to_do for step in steps):
        return []
    over = [NextStep(c.name, c.when, to_do=False, state="past") for c in mine if c.is_past]
    return over + steps


_DO = {
    MilestoneKind.REGISTRATION_DEADLINE: "Inscrivez la classe",
    MilestoneKind.SUBMISSION_DEADLINE: "Envoyez la production",
    # The letter does not say which of the two.
    MilestoneKind.DEADLINE: "Participez (inscription ou envoi : à vérifier sur le site officiel)",
}


def _steps(event: Event, ahead: Sequence[Card]) -> Iterator[NextStep]:
    if event.link:
        yield NextStep("Lisez le règlement ou la présentation (site officiel)", link=event.link)
    if event.ien_visa:
        yield NextStep("Demandez le visa de l'IEN")
    if PupilData.IMAGE_OR_VOICE in event.pupil_data:
        yield NextStep("Demandez aux familles les autorisations pour l'image et la voix des élèves")
    if PupilData.ACCOUNT in event.pupil_data:
        yield NextStep("Préparez les comptes des élèves")
    kinds = {card.milestone.kind for card in ahead}
    if event.register_link and MilestoneKind.REGISTRATION_DEADLINE not in kinds:
        yield NextStep("Inscrivez la classe", link=event.register_link)
    for number, card in enumerate(ahead):
        kind = card.milestone.kind
        words = f"{_DO[kind]}, au plus tard" if kind in _DO else card.name
        registers = kind is MilestoneKind.REGISTRATION_DEADLINE
        link = event.register_link if registers else None
        state = "later" if number else "now"
        yield NextStep(words, card.when, link, to_do=kind in _DO, state=state)
