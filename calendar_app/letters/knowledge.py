"""What a reader of letters must know beforehand. The value stands apart from the reader, so that a
program that only starts the process of the reader does not load it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calendar_app.school.academies import Academies


@dataclass(frozen=True, slots=True)
class LetterKnowledge:
    """What a reader of letters must know beforehand.

    :param academies: all académies.
    :param towns: name of a town → code of its département.
    :param themes: slug of a theme → its name on screen.
    """

    academies: Academies
    towns: Mapping[str, str]
    themes: Mapping[str, str]
