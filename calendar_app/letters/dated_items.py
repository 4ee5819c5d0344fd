"""What is dated in a letter: plain values between the reader and whoever shows or keeps them.

The names of the fields are those of ``calendar-app letters read --format json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from calendar_app.words.vocabulary import Certainty, EventType


class ItemKind(StrEnum):
    """What a dated item is: a last day, a time to take part in, or something that takes place."""

    DEADLINE = "deadline"
    WINDOW = "window"
    EVENT = "event"

    @property
    def words(self) -> str:
        return {
            ItemKind.DEADLINE: "date limite",
            ItemKind.WINDOW: "ouvert du… au…",
            ItemKind.EVENT: "rendez-vous",
        }[self]


class Step(StrEnum):
    """What must be done by a deadline; unknown means that an editor must choose."""

    REGISTRATION = "registration"
    SUBMISSION = "submission"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return {
            Step.REGISTRATION: "inscription",
            Step.SUBMISSION: "envoi des productions",
            Step.UNKNOWN: "étape à préciser",
        }[self]


class ItemStatus(StrEnum):
    """What the letter says became of the date."""

    PLANNED = "planned"
    MOVED = "moved"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        return {
            ItemStatus.PLANNED: "prévu",
            ItemStatus.MOVED: "nouvelle date",
            ItemStatus.POSTPONED: "reporté, sans nouvelle date",
            ItemStatus.CANCELLED: "annulé",
        }[self]


@dataclass(frozen=True, slots=True)
class DatedItem:
    """One dated item of a letter.

    :param step: of a deadline, and of a window whose last day is one; None for an event.
    :param first_day: None for a deadline; of an approximate date, the first that may be meant.
    :param last_day: inclusive; None for a window whose end is not printed. Of an approximate
        date, both are the bounds of what was meant (« mi-juin »: 11 to 20 June).
    :param start_time: local to the place of the item; None when no hour is printed.
    :param end_time: of a deadline, the hour by which it must be done.
    :param time_zone: IANA name when the letter prints one (« heure de Paris »), else None.
    :param academies: slugs, without repetition; empty when the letter names none (the nation).
    :param departments: codes, where the letter names départements only.
    :param phrase: the exact text of the date, line breaks included.
    :param sentence: the sentence around it, on one line.
    :param offset: where *phrase* starts in the letter's text, in characters.
    :param confidence: from 0 to 1; from 0.8 on the reader has no doubt that an editor must solve.
    :param rule: the name of the rule that fired, with how the year was found.
    :param warnings: French sentences: what an editor must look at.
    """

    title: str
    kind: ItemKind
    step: Step | None
    first_day: date | None
    last_day: date | None
    start_time: time | None
    end_time: time | None
    time_zone: str | None
    certainty: Certainty
    status: ItemStatus
    academies: tuple[str, ...]
    departments: tuple[str, ...]
    place: str | None
    classes: tuple[str, ...]
    themes: tuple[str, ...]
    event_type: EventType | None
    organiser: str | None
    url: str | None
    phrase: str
    sentence: str
    offset: int
    confidence: float
    rule: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LetterReading:
    """All that was read in one letter.

    :param title: its first heading or line, shortened; what people call it.
    :param issued: the day it was sent, as said, printed or found; the years hang on it.
    :param issued_from: French words: where *issued* was found.
    :param text: the whole text that offsets count in.
    """

    title: str
    issued: date
    issued_from: str
    text: str
    items: tuple[DatedItem, ...]
