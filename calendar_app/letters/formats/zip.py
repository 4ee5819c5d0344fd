"""Which document a zip holds, and its text."""

from __future__ import annotations

import io
import zipfile

from calendar_app.letters.formats.docx import docx_part, docx_text
from calendar_app.letters.formats.odt import odt_text
from calendar_app.letters.formats.xml import DAMAGED, LOCKED
from calendar_app.words.errors import UnreadableLetterError

_AS_PDF = "Enregistrez-le au format PDF, puis redonnez-le."
#: The mimetype that an OpenDocument's first part gives, of a text or of a model for texts.
_ODT = b"application/vnd.oasis.opendocument.text"


def zip_text(data: bytes) -> tuple[str, str]:
    """Return the text of a zipped document and its form (« docx », « odt »).

    :raises UnreadableLetterError: when it is another kind of zip, damaged or hostile.
    """
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
    """Return the first bytes of a part, none where it is missing."""
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
