"""Reading letters: from a file to what is dated in it. Nothing is stored here (see ``drafts``).

It loads neither the store nor the application: a command that only reads starts at once.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

from calendar_app.letters.as_json import contract
from calendar_app.letters.dated_items import LetterReading
from calendar_app.letters.formats.text import MAX_BYTES, TOO_LARGE
from calendar_app.letters.limited import read_letter_limited
from calendar_app.letters.reading.letter import LetterKnowledge
from calendar_app.school.local_time import PARIS
from calendar_app.school.reference_files import read_academies, read_themes, read_towns
from calendar_app.words.errors import UnreadableLetterError

__all__ = [
    "MAX_BYTES",
    "LetterKnowledge",
    "LetterReading",
    "contract",
    "knowledge_of_files",
    "letter_bytes",
    "read",
]


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
    """Read a letter, in a process of its own with limits.

    :param issued: the day it was sent, when somebody knows; else it is looked for in the letter.
    :param now: where nothing says when the letter was sent, the years are those around it.
    :raises UnreadableLetterError: when there is nothing to read in it, or when a limit stopped it.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    return read_letter_limited(data, issued, now.astimezone(PARIS).date(), knowledge)
