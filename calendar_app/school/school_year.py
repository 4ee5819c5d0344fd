"""The school year: from 1 August to 31 July, both included.

Classes begin in mid-August in La Réunion and Mayotte: a year from 1 September would cut off their
first weeks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from calendar_app.words.errors import ParameterError, as_repeated

_LABEL = re.compile(r"([0-9]{4})-([0-9]{4})")


@dataclass(frozen=True, slots=True, order=True)
class SchoolYear:
    """A school year, named by the calendar year in which it starts (2020 is « 2020-2021 »)."""

    start: int

    @classmethod
    def of(cls, day: date) -> SchoolYear:
        """Return the school year that contains *day*."""
        return cls(day.year if day.month >= 8 else day.year - 1)

    @classmethod
    def parse(cls, label: str) -> SchoolYear:
        """Read a label such as « 2020-2021 ».

        :raises ParameterError: when *label* is not two consecutive years from 1900 to 2199.
        """
        match = _LABEL.fullmatch(label)
        if not match or int(match[2]) != int(match[1]) + 1 or not 1900 <= int(match[1]) < 2199:
            meant = re.match(r"(?:19|20|21)[0-8]\d", label, re.ASCII)
            shown = f"« {as_repeated(label)} » n'est pas une année scolaire"
            sentence = f"{shown} : écrivez par exemple 2020-2021."
            raise ParameterError(sentence, label, cls(int(meant[0])).label if meant else None)
        return cls(int(match[1]))

    @property
    def label(self) -> str:
        return f"{self.start}-{self.start + 1}"

    @property
    def first_day(self) -> date:
        return date(self.start, 8, 1)

    @property
    def last_day(self) -> date:
        return date(self.start + 1, 7, 31)

    def may_hold(self, day: date) -> bool:
        """Whether an event of this school year may have a date on *day*: what opens early or is
        told late may be a few months away, another edition is not."""
        return date(self.start, 1, 1) <= day <= date(self.start + 1, 12, 31)

    @property
    def previous(self) -> SchoolYear:
        return SchoolYear(self.start - 1)

    @property
    def next(self) -> SchoolYear:
        return SchoolYear(self.start + 1)
