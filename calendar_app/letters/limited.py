"""Reading a letter in a process that has limits: the way in for whoever must live on."""

from __future__ import annotations

from datetime import date
from typing import Any

from calendar_app.letters.as_json import from_json, to_json
from calendar_app.letters.dated_items import LetterReading
from calendar_app.letters.limited_process import run_limited
from calendar_app.letters.reading.letter import LetterKnowledge, read_letter


def read_letter_limited(
    data: bytes, issued: date | None, today: date, knowledge: LetterKnowledge
) -> LetterReading:
    """Read a letter as ``letter.read_letter`` does, text and dates, within 10 s of CPU and 256 MiB.

    :raises UnreadableLetterError: as ``read_letter``, or when a limit stopped it.
    """
    return from_json(run_limited(reading_values, (data, issued, today, knowledge)))


def reading_values(
    arguments: tuple[bytes, date | None, date, LetterKnowledge],
) -> dict[str, Any]:
    """Return what was read as values of JSON: what a child process can answer."""
    data, issued, today, knowledge = arguments
    return to_json(read_letter(data, issued, today, knowledge))
