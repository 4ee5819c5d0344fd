"""The letters of a mail, each read in a child process of its own. Pure.

Apart from ``envelope``, so that a process that reads an envelope does not load the reader.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from calendar_app.letters.as_json import to_json
from calendar_app.letters.formats.mail import mail_parts
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.words.errors import UnreadableLetterError


def part_values(
    arguments: tuple[bytes, int | None, date | None, date, LetterKnowledge],
) -> dict[str, Any]:
    """Return one letter of a mail as JSON values: its checksum, its file name, its reading.

    :param arguments: the bytes of the mail; the number of the attached letter from 0, or None for
        the text of the mail; the day of the letter, None for that of the mail; today in Paris; what
        a reader of letters knows.
    :raises UnreadableLetterError: when the letter cannot be read.
    """
    # Only the process that reads a mail needs the reader of letters, which loads for a tenth of a
    # second.
    from calendar_app.letters.reading.letter import read_letter, read_letter_text

    data, number, issued, today, knowledge = arguments
    parts = mail_parts(data)
    if number is None:
        if not parts.text.text:
            raise UnreadableLetterError("Ce courriel ne contient aucun texte.")
        found = read_letter_text(parts.text, issued, today, knowledge)
        content, name = parts.text.text.encode("utf-8", "replace"), "courriel.eml"
    else:
        name, content = parts.attached[number]
        found = read_letter(content, issued or parts.text.issued, today, knowledge)
    checksum = hashlib.sha256(content).hexdigest()
    return {"checksum": checksum, "name": name or "piece-jointe", "reading": to_json(found)}
