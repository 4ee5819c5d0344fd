"""The text of a letter of any format: PDF, Word, OpenDocument, mail, HTML, Markdown or plain text.

The format is detected from the content, never from a file name. All code here treats the bytes as
hostile, but a parser may still loop or use too much memory. A process that must survive calls
:func:`read_text_limited`, or :func:`calendar_app.letters.read` for the dated items.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from typing import Any

from calendar_app.letters.formats.charsets import decoded
from calendar_app.letters.formats.detection import (
    SAVE_AS,
    charset_of_page,
    is_document,
    is_html,
    is_mail,
    is_markdown,
    refuse_known_others,
)
from calendar_app.letters.formats.letter_text import (
    MAX_BYTES,
    MAX_CHARACTERS,
    TOO_LARGE,
    LetterForm,
    LetterText,
)
from calendar_app.letters.formats.zip import DAMAGED, LOCKED
from calendar_app.letters.limited_process import run_limited
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean


def read_text(data: bytes) -> LetterText:
    """Return the text of a letter, read in this process, without limits of time and memory.

    :param data: the bytes of the file, 20 MiB at most.
    :raises UnreadableLetterError: when the file cannot be read, is too large or holds no text; the
        sentence says what to do.
    """
    if not data:
        raise UnreadableLetterError("Ce fichier est vide.")
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    refuse_known_others(data)
    try:
        letter = _read_document(data) if is_document(data) else _read_textual(data)
    except (UnreadableLetterError, MemoryError):
        raise
    # On hostile bytes, a parser raises exceptions that its authors did not expect (KeyError,
    # RecursionError, AssertionError…). For the editor, all of them mean the same.
    except Exception as error:
        raise UnreadableLetterError(
            "Ce fichier est endommagé ou incomplet. Ouvrez-le, enregistrez-le de nouveau "
            "(au format PDF par exemple), puis redonnez-le."
        ) from error
    # Join the two halves of each surrogate pair; replace a half that stands alone.
    text = clean(letter.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if len(text) > MAX_CHARACTERS:
        raise UnreadableLetterError(
            "Ce fichier contient plus de deux millions de caractères, beaucoup trop pour une "
            "lettre. Donnez-en seulement les pages utiles."
        )
    if not text.strip():  # only invisible characters
        raise UnreadableLetterError("Ce fichier est vide.")
    return LetterText(text, letter.form, letter.issued)


def read_text_limited(data: bytes) -> LetterText:
    """Return the text of a letter, read in a child process (10 s of CPU, 256 MiB at most).

    :raises UnreadableLetterError: as :func:`read_text` does, or when the file exceeds a limit.
    """
    values = run_limited(text_values, data)
    issued = values["issued"]
    return LetterText(
        values["text"], LetterForm(values["form"]), date.fromisoformat(issued) if issued else None
    )


def text_values(data: bytes) -> dict[str, Any]:
    """Return the text of a letter as JSON values, which a child process can return.

    :raises UnreadableLetterError: as :func:`read_text` does.
    """
    letter = read_text(data)
    issued = letter.issued.isoformat() if letter.issued else None
    return {"text": letter.text, "form": letter.form.value, "issued": issued}


# A new process reads each letter, and loads only the parser that it needs. (pypdf takes 80 ms.)


def _read_document(data: bytes) -> LetterText:
    if data.startswith(b"PK\x03\x04"):
        text, form = _zip_text(data)
        return LetterText(text, LetterForm(form), None)
    from calendar_app.letters.formats.pdf import pdf_text

    return LetterText(pdf_text(data), LetterForm.PDF, None)


def _read_textual(data: bytes) -> LetterText:
    if is_mail(data):
        from calendar_app.letters.formats.mail import mail_letter

        return mail_letter(data, read_text)
    text = decoded(data)
    if is_html(text):
        from calendar_app.letters.formats.html import html_text

        # The page may declare its charset. Bytes that are valid UTF-8 are decoded as UTF-8 anyway.
        text = html_text(decoded(data, charset_of_page(data)))
        if not text:
            raise UnreadableLetterError(
                "Cette page ne contient aucun texte, peut-être seulement des images. "
                "Donnez la lettre dans un autre format."
            )
        return LetterText(text, LetterForm.HTML, None)
    _refuse_no_text(text)
    return LetterText(text, LetterForm.MARKDOWN if is_markdown(text) else LetterForm.TEXT, None)


_NOT_TEXT = f"Ce fichier n'est pas une lettre que nous sachions lire. {SAVE_AS}"

_CONTROLS = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]")


def _refuse_no_text(text: str) -> None:
    """Refuse a text that is empty, or whose bytes were not text: a NUL, XML, or more than one
    control character in fifty.

    :raises UnreadableLetterError: in these cases.
    """
    if "\0" in text or 50 * len(_CONTROLS.findall(text)) > len(text) or text.startswith("<?xml"):
        raise UnreadableLetterError(_NOT_TEXT)
    if not text.strip():
        raise UnreadableLetterError("Ce fichier est vide.")


_AS_PDF = "Enregistrez-le au format PDF, puis redonnez-le."


#: How the part « mimetype » of an OpenDocument text, or of a template for texts, begins.
_ODT = b"application/vnd.oasis.opendocument.text"


def _zip_text(data: bytes) -> tuple[str, str]:
    """Return the text of a zipped document and its form (« docx », « odt »).

    :raises UnreadableLetterError: when the zip is of another kind, damaged, locked or without text.
    """
    from calendar_app.letters.formats.docx import docx_part, docx_text
    from calendar_app.letters.formats.odt import odt_text

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableLetterError(DAMAGED) from error
    with archive:
        names = archive.namelist()
        if docx_part(names):
            text, form = docx_text(archive), "docx"
        elif "content.xml" in names and _start(archive, "mimetype").startswith(_ODT):
            if b"encryption-data" in _start(archive, "META-INF/manifest.xml"):
                raise UnreadableLetterError(LOCKED)
            text, form = odt_text(archive), "odt"
        else:
            raise UnreadableLetterError(_other(names))
    if not any(map(str.isalnum, text)):
        raise UnreadableLetterError(
            "Ce document ne contient aucun texte, peut-être seulement des images. "
            "Donnez la lettre dans un autre format."
        )
    return text, form


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first 64 KiB of a part, or no bytes when the part is missing."""
    if name not in archive.namelist():
        return b""
    with archive.open(name) as part:
        return part.read(2**16)


def _other(names: list[str]) -> str:
    if any(name.startswith(("xl/", "ppt/")) for name in names) or "content.xml" in names:
        return f"Ce fichier est un tableur ou un diaporama, pas un texte. {_AS_PDF}"
    if any(name.endswith((".iwa", "Index.zip")) for name in names):
        return "Ce fichier est au format Pages. Exportez-le au format PDF, puis redonnez-le."
    return "Ce fichier est une archive zip. Sortez-en la lettre, puis donnez-la seule."
