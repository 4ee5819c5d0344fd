"""What the feed of one person says, beside what every feed says: see
``reminders.personal_agenda``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from calendar_app.catalogue.models.events import Milestone


@dataclass(frozen=True, slots=True)
class VisibleReminder:
    """An all-day event before a date: « Dans 3 semaines de classe : … ».

    :param what: what its UID is derived with, beside the UID of the date: « rappel-3 ».
    :param words: the words before the title of the date.
    """

    day: date
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class PersonalNote:
    """What the feed of one person says of a date, beside what every feed says.

    :param answer: what the class did, after the title: « classe inscrite »; empty without an
        answer.
    :param sentence: the same as a sentence, the first line of the text; empty without an answer.
    :param is_done: whether the class has done what the date asks for.
    """

    answer: str = ""
    sentence: str = ""
    is_done: bool = False
    reminders: tuple[VisibleReminder, ...] = ()


@dataclass(frozen=True, slots=True)
class Personal:
    """What a feed says for one person only; the default is a feed for everybody.

    :param notes: by the UID of a date; a date may have none.
    :param revision: a number that grows with each change that the person makes to what the feed
        says; it is added to SEQUENCE.
    :param changed_at: the last of these changes, or of the school holidays (aware, UTC); None in a
        feed for everybody.
    """

    notes: Mapping[uuid.UUID, PersonalNote] = field(default_factory=dict)
    revision: int = 0
    changed_at: datetime | None = None

    def note(self, milestone: Milestone) -> PersonalNote:
        """Return what is said of a date."""
        return self.notes.get(milestone.uid, PersonalNote())
