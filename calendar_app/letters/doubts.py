"""What a reader of letters is not sure of: the parts of an item, and the dates without an item.

The names of the fields are those of ``calendar-app letters read --format json``.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def doubts_from(parts: Mapping[str, tuple[float, str]]) -> tuple[Doubts, tuple[str, ...]]:
    """Return how sure the four parts of an item are, and the reasons of those in doubt.

    :param parts: name of a part in :class:`Doubts` → how sure it is, and why it may be wrong.
    """
    sure = {part: round(sure, 2) for part, (sure, _) in parts.items()}
    return Doubts(**sure), reasons_from(parts)


def reasons_from(parts: Mapping[str, tuple[float, str]]) -> tuple[str, ...]:
    """Return French sentences for those of these parts that are in doubt (:func:`doubts_from`)."""
    known = ((word, *parts[part]) for word, part in PARTS.items() if part in parts)
    return tuple(f"{word} : {why}." for word, sure, why in known if sure < DOUBT)


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
