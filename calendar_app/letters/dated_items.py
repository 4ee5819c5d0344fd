"""The dated items of a letter; their fields are named as ``letters read --format json`` does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from calendar_app.letters.doubts import Doubts, PassedOver
from calendar_app.words.vocabulary import Certainty, EventType


class ItemKind(StrEnum):
    """What a dated item is: a last day, a time in which something is open, or an event."""

    DEADLINE = "deadline"
    WINDOW = "window"
    EVENT = "event"

    @property
    def words(self) -> str:
        """Return the kind in French, for the screen."""
        return {
            ItemKind.DEADLINE: "date limite",
            ItemKind.WINDOW: "ouvert du… au…",
            ItemKind.EVENT: "événement",
        }[self]


class Step(StrEnum):
    """What must be done by a deadline; for ``UNKNOWN``, an editor must choose."""

    REGISTRATION = "registration"
    SUBMISSION = "submission"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """Return the step in French, for the screen."""
        return {
            Step.REGISTRATION: "inscription",
            Step.SUBMISSION: "envoi des productions",
            Step.UNKNOWN: "étape à préciser",
        }[self]


class ItemStatus(StrEnum):
    """The status of a date in the letter: planned, or changed in one of three ways."""

    PLANNED = "planned"
    MOVED = "moved"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        """Return the status in French, for the screen."""
        return {
            ItemStatus.PLANNED: "prévu",
            ItemStatus.MOVED: "nouvelle date",
            ItemStatus.POSTPONED: "reporté, sans nouvelle date",
            ItemStatus.CANCELLED: "annulé",
        }[self]


@dataclass(frozen=True, slots=True)
class DatedItem:
    """One dated item of a letter.

    :param step: what must be done by the last day of a deadline, or of a window that ends with a
        deadline; None for an event.
    :param first_day: None for a deadline. Of an approximate date, the first and the last day are
        the bounds of the days that may be meant (« mi-juin »: 11 to 20 June).
    :param last_day: inclusive; None for a window without an end. An impossible day has neither.
    :param start_time: local to the place of the item; None when no hour is printed.
    :param end_time: of a deadline, the hour by which the step must be done.
    :param time_zone: IANA name when the letter prints a zone (« heure de Paris »), else None.
    :param academies: slugs, without repetition; empty when the letter names none, for a national
        item.
    :param departments: codes, where the letter names départements and no académie.
    :param phrase: the exact text of the date, line breaks included.
    :param sentence: the sentence around *phrase*, on one line.
    :param offset: where *phrase* starts in the letter's text, in characters.
    :param confidence: from 0 to 1, the least of *doubts* (``editing.moderation.CERTAIN``).
    :param rule: the names of the rules that found the date, its year and its title.
    :param warnings: French sentences that tell an editor what to check.
    :param doubts, reasons: how sure each part is, and a French sentence for each part in doubt.
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
    doubts: Doubts | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.doubts is None:
            object.__setattr__(self, "doubts", Doubts(*[self.confidence] * 4))


@dataclass(frozen=True, slots=True)
class LetterReading:
    """The reading of one letter.

    :param title: the title of the letter: its first heading or line, shortened.
    :param issued: the day on which the letter was sent: given, printed, or guessed. The years of
        dates without a year are derived from it.
    :param issued_from: French words that say how *issued* was found.
    :param text: the whole text of the letter; the offsets of the items count its characters.
    :param items, passed_over: in the order of the letter; at most 200 dates that gave no item.
    """

    title: str
    issued: date
    issued_from: str
    text: str
    items: tuple[DatedItem, ...]
    passed_over: tuple[PassedOver, ...] = ()
