"""What a reader of letters is not sure of: the parts of an item, and the dates without an item.

The names of the fields are those of ``calendar-app letters read --format json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Below this, a part of an item is in doubt.
DOUBT: Final = 0.8
#: The French word of each part of an item that may be in doubt → its name in :class:`Doubts`.
PARTS: Final = {"Jour": "day", "Titre": "title", "Nature": "kind", "Pour qui": "place"}


@dataclass(frozen=True, slots=True)
class Doubts:
    """How sure the reader is of each part of an item, from 0 to 1, from how it was found.

    :param day: of the days, their year and their hours.
    :param title: that an editor would keep the title as it is.
    :param kind: of the kind and the step.
    :param place: of the académies and départements: for whom it is.
    """

    day: float
    title: float
    kind: float
    place: float

    @property
    def least(self) -> float:
        """Return the least of the four: how sure the item is."""
        return min(self.day, self.title, self.kind, self.place)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A date of a letter that gave no item.

    :param phrase: the exact text of the date, line breaks included.
    :param offset: where *phrase* starts in the letter's text, in characters.
    :param reason: why it gave none, in French words.
    """

    phrase: str
    offset: int
    reason: str
