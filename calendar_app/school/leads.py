"""The lead: how long before a deadline a person wants to hear of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from calendar_app.words.errors import UnknownValueError
from calendar_app.words.french import NBSP

#: The most class weeks that a lead may have: a school year has about 36.
_MOST_WEEKS = 40


@dataclass(frozen=True, slots=True)
class Lead:
    """A time before a deadline.

    :param kind: ``month``, ``class_weeks`` or ``last_class_day``.
    :param weeks: number of class weeks, 1 to 40; 0 for the other kinds.
    :raises UnknownValueError: for another kind or another number of weeks.
    """

    kind: str
    weeks: int = 0

    def __post_init__(self) -> None:
        counted = self.kind == "class_weeks" and 1 <= self.weeks <= _MOST_WEEKS
        if not counted and (self.kind not in ("month", "last_class_day") or self.weeks):
            raise UnknownValueError("le délai", self.code)

    @classmethod
    def month(cls) -> Lead:
        return cls("month")

    @classmethod
    def class_weeks(cls, weeks: int) -> Lead:
        return cls("class_weeks", weeks)

    @classmethod
    def last_class_day(cls) -> Lead:
        return cls("last_class_day")

    @classmethod
    def parse(cls, code: str) -> Lead:
        """Read the stored form of a lead (:attr:`code`).

        :raises UnknownValueError: when *code* is not the code of a lead.
        """
        if match := re.fullmatch(r"class_weeks:([0-9]{1,2})", code):
            return cls("class_weeks", int(match[1]))
        if code == "class_weeks":
            raise UnknownValueError("le délai", code, "class_weeks:3")
        return cls(code)

    @property
    def code(self) -> str:
        """The stored form: « month », « class_weeks:3 » or « last_class_day »."""
        return f"{self.kind}:{self.weeks}" if self.kind == "class_weeks" else self.kind

    @property
    def words(self) -> str:
        """The words after « Me prévenir », such as « un mois avant la date » or
        « 3 semaines de classe avant la date »."""
        if self.kind == "class_weeks":
            return (
                f"{self.weeks}{NBSP}semaine{'s' if self.weeks > 1 else ''} de classe avant la date"
            )
        return f"{'un mois' if self.kind == 'month' else 'le dernier jour de classe'} avant la date"
