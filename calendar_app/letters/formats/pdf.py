"""The text of a PDF letter, and the addresses of its links."""

from __future__ import annotations

import io
import logging
import re

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, LimitReachedError, PyPdfError

from calendar_app.letters.formats.markdown import web_address
from calendar_app.letters.formats.pdf_layout import (
    body_size,
    marked_text,
    page_pieces,
    with_tables,
)
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean

#: A file with more pages is refused: it is a book, and not a letter.
MAX_PAGES = 300

_MAX_LINKS = 2000
# Only ligatures such as « ﬁ » are replaced: « ² » or « ½ » must stay as they are.
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_SOFT_HYPHEN_AT_LINE_END = re.compile("\u00ad[ \t]*\r?\n")

# The warnings of pypdf quote the file, and an editor can do nothing about them.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def pdf_text(data: bytes) -> str:
    """Return the text of a PDF in the order of the file, which follows the columns of a page.

    Line breaks are those of the pages; headings and tables are marked as in Markdown
    (``pdf_layout``). After the text of each page stand the addresses of its
    links, each once and on a line of its own. Blank lines separate pages.

    :raises UnreadableLetterError: when the file needs a password, has more than :data:`MAX_PAGES`
        pages or contains no text. Any other exception comes from pypdf and means that the file is
        damaged.
    """
    try:
        return _text(PdfReader(io.BytesIO(data), strict=False))
    except LimitReachedError as error:
        raise UnreadableLetterError(
            "Ce PDF est trop compliqué pour une lettre. Enregistrez-le de nouveau en PDF, ou "
            "donnez la lettre dans un autre format."
        ) from error


def _text(reader: PdfReader) -> str:
    if reader.is_encrypted:
        _open(reader)
    if len(reader.pages) > MAX_PAGES:
        raise UnreadableLetterError(
            f"Ce PDF a plus de {MAX_PAGES} pages. Donnez-en seulement les pages de la lettre."
        )
    drawn = [page_pieces(page) for page in reader.pages]
    body = body_size(drawn)
    pages, has_words = [], False
    for page, pieces in zip(reader.pages, drawn, strict=True):
        words = _tidy(marked_text(with_tables(pieces), body))
        has_words = has_words or any(map(str.isalnum, words))
        pages.append("\n\n".join(filter(None, (words, "\n".join(_addresses(page))))))
    if not has_words:
        raise UnreadableLetterError(
            "Ce PDF ne contient que des images (un document numérisé, par exemple) : son texte ne "
            "peut pas être lu. Donnez le fichier d'origine, ou copiez le texte de la lettre."
        )
    return "\n\n".join(filter(None, pages))


def _open(reader: PdfReader) -> None:
    """Open an encrypted file with the empty password, as for a file that only forbids printing.

    :raises UnreadableLetterError: when the file needs another password or an unknown cipher.
    """
    try:
        opened = reader.decrypt("")
    except (PyPdfError, DependencyError, NotImplementedError) as error:
        raise UnreadableLetterError(
            "Ce PDF est chiffré d'une façon que nous ne savons pas lire. Enregistrez-en une copie "
            "sans protection, puis redonnez-la."
        ) from error
    if not opened:
        raise UnreadableLetterError(
            "Ce PDF est protégé par un mot de passe. Enregistrez-en une copie sans mot de passe, "
            "puis redonnez-la."
        )


def _tidy(text: str) -> str:
    text = _SOFT_HYPHEN_AT_LINE_END.sub("", text)
    return clean(text).translate(_LIGATURES).strip("\n")


def _addresses(page: PageObject) -> list[str]:
    """Return the addresses of the page's links in the order of the file, each once."""
    found: dict[str, None] = {}
    annotations = page.get("/Annots")
    annotations = annotations.get_object() if annotations is not None else None
    for entry in annotations[:_MAX_LINKS] if isinstance(annotations, list) else ():
        annotation = entry.get_object()
        if not isinstance(annotation, dict) or annotation.get("/Subtype") != "/Link":
            continue
        action = annotation.get("/A")
        action = action.get_object() if action is not None else None
        address = action.get("/URI") if isinstance(action, dict) else None
        address = address.get_object() if address is not None else None
        if isinstance(address, bytes):
            address = address.decode("utf-8", "replace")
        if isinstance(address, str) and (web := web_address(address)):
            found[web] = None
    return list(found)
