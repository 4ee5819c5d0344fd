"""Letters: :func:`read` turns a newsletter of any format into its dated items.

Read first: ``dated_items`` (what a reading returns) and ``reading.letter`` (the steps from bytes to
items). README.md says what each folder does and how to use the room alone, without a store.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from calendar_app.letters.as_json import from_json, to_json
from calendar_app.letters.dated_items import LetterReading
from calendar_app.letters.formats.letter_text import MAX_BYTES, TOO_LARGE
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.limited_process import run_limited
from calendar_app.school.local_time import paris_day
from calendar_app.words.errors import UnreadableLetterError


@cache
def knowledge_of_files(data_folder: Path) -> LetterKnowledge:
    """Return the knowledge of the reference files in *data_folder*; each process reads them once.

    :raises OSError: when a file cannot be read.
    :raises ValueError: when a file breaks a rule that the code relies on.
    """
    # Only who reads the files needs their parser.
    from calendar_app.school.reference_files import read_academies, read_themes, read_towns

    def text(name: str) -> str:
        return (data_folder / name).read_text(encoding="utf-8")

    return LetterKnowledge(
        academies=read_academies(text("academies.yaml")),
        towns=read_towns(text("towns.yaml")),
        themes=read_themes(text("themes.yaml")),
    )


def read(
    data: bytes, issued: date | None, now: datetime, knowledge: LetterKnowledge
) -> LetterReading:
    """Return the dated items of a letter, read in a child process (10 s of CPU, 256 MiB at most).

    :param data: the bytes of its file, 20 MiB at most.
    :param issued: the day on which the letter was sent; with None, the day is looked for in the
        letter.
    :param now: an aware instant. Its day in Europe/Paris stands for a day of issue that the letter
        does not say; the years of its dates are derived from that day.
    :raises UnreadableLetterError: when the file is too large, holds no text, is damaged or exceeds
        a limit.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    today = paris_day(now)
    return from_json(run_limited(reading_values, (data, issued, today, knowledge)))


def reading_values(
    arguments: tuple[bytes, date | None, date, LetterKnowledge],
) -> dict[str, Any]:
    """Return what :func:`read` returns as JSON values, and raise the same errors."""
    # Only the child process needs the reader, which takes a tenth of a second to load.
    from calendar_app.letters.reading.letter import read_letter

    data, issued, today, knowledge = arguments
    return to_json(read_letter(data, issued, today, knowledge))
