"""A letter of any format, read into what is dated in it: :func:`read`. Pure: no Flask, no store.

Usable alone: see README.md beside this file. It loads neither the store nor the application, so
that a command that only reads starts at once.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from calendar_app.letters.as_json import from_json, to_json
from calendar_app.letters.dated_items import LetterReading
from calendar_app.letters.formats.letter_text import MAX_BYTES, TOO_LARGE
from calendar_app.letters.limited_process import run_limited
from calendar_app.letters.reading.letter import LetterKnowledge, read_letter
from calendar_app.school.local_time import PARIS
from calendar_app.school.reference_files import read_academies, read_themes, read_towns
from calendar_app.words.errors import UnreadableLetterError


@cache
def knowledge_of_files(data_folder: Path) -> LetterKnowledge:
    """Return what a reader must know, from the reference files of *data_folder*: no store is
    needed, and the store holds the same. They come with the program, and are read once."""

    def text(name: str) -> str:
        return (data_folder / name).read_text(encoding="utf-8")

    return LetterKnowledge(
        academies=read_academies(text("academies.yaml")),
        towns=read_towns(text("towns.yaml")),
        themes=read_themes(text("themes.yaml")),
    )


def letter_bytes(path: Path) -> bytes:
    """Return the bytes of a letter's file.

    :raises UnreadableLetterError: when it is too large; it is not read then.
    :raises OSError: when it cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    with path.open("rb") as file:
        # A pipe does not say its size: one byte too many is enough to refuse it.
        return file.read(MAX_BYTES + 1)


def read(
    data: bytes, issued: date | None, now: datetime, knowledge: LetterKnowledge
) -> LetterReading:
    """Read a letter, text and dates, in a process of its own: within 10 s of CPU and 256 MiB.

    :param issued: the day it was sent, when somebody knows; else it is looked for in the letter.
    :param now: where nothing says when the letter was sent, the years are those around it.
    :raises UnreadableLetterError: when there is nothing to read in it, or when a limit stopped it.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    today = now.astimezone(PARIS).date()
    return from_json(run_limited(reading_values, (data, issued, today, knowledge)))


def reading_values(
    arguments: tuple[bytes, date | None, date, LetterKnowledge],
) -> dict[str, Any]:
    """Return what was read as values of JSON: what a child process can answer."""
    data, issued, today, knowledge = arguments
    return to_json(read_letter(data, issued, today, knowledge))
