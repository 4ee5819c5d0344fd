"""The text of a letter as a value, and the limits of its size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from calendar_app.words.errors import UnreadableLetterError

#: The limit of a file, in bytes.
MAX_BYTES: Final = 20 * 2**20


TOO_LARGE: Final = (
    "Ce fichier dépasse 20 Mio. Enregistrez la lettre sans ses images, ou en PDF réduit."
)


#: The limit of a text, in characters; a long letter has 50,000.
MAX_CHARACTERS: Final = 2_000_000


class LetterForm(StrEnum):
    """The format that a letter came in."""

    PDF = "pdf"
    DOCX = "docx"
    ODT = "odt"
    EML = "eml"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class LetterText:
    """The text of a letter.

    :param text: light Markdown (see ``letters.formats.markdown``) with LF line ends. Plain text and
        Markdown stay as they were, without invisible characters (``words.text.clean``). The text of
        a PDF keeps the line breaks of its pages; after each page stand a blank line and the
        addresses of its links.
    :param form: the format of the file, or of the attachment when a mail only carries a letter.
    :param issued: the day on which a mail was sent, in the zone of its Date header; None where the
        file gives no such day.
    """

    text: str
    form: LetterForm
    issued: date | None


def letter_bytes(path: Path) -> bytes:
    """Return the bytes of a letter's file; of a pipe, at most one byte more than is allowed.

    :raises UnreadableLetterError: when the file is larger than 20 MiB; it is not read then.
    :raises OSError: when the file cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    with path.open("rb") as file:
        # A pipe has no known size. With one byte too many, the reading refuses its content.
        return file.read(MAX_BYTES + 1)
