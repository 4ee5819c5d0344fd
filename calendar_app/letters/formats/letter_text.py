"""The text of a letter as a value, and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

#: Bytes of a file.
MAX_BYTES: Final = 20 * 2**20


TOO_LARGE: Final = (
    "Ce fichier dépasse 20 Mio. Enregistrez la lettre sans ses images, ou en PDF réduit."
)


#: Characters of the text: a long letter has 50,000.
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

    :param text: light Markdown (see ``letter_markdown``) with LF line ends, whatever the format
        was; plain text and Markdown as they were, but for what nobody sees (``words.text``). The
        text of a PDF keeps the line breaks of its pages, with a blank line and the addresses of the
        links after each page.
    :param form: of the file, or of the attachment when a mail only carries a letter.
    :param issued: the day on which a mail was sent, in the zone that its Date header gives; None
        where the file does not say it.
    """

    text: str
    form: LetterForm
    issued: date | None
