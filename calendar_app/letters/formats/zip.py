"""The XML parts of a zipped document (.docx, .odt), read as a stream within limits.

Expat calls our handlers and builds no tree, so that neither depth nor size costs memory. A DOCTYPE
is refused: entities need it, and no word processor writes it.
"""

from __future__ import annotations

import zipfile
import zlib
from xml.parsers import expat

from calendar_app.words.errors import UnreadableLetterError

#: The limit of one unzipped part, in bytes; a part of a letter has some hundred kB.
MAX_PART = 40 * 2**20


_CHUNK = 2**16


DAMAGED = (
    "Ce fichier est endommagé ou incomplet. Ouvrez-le dans votre traitement de texte, "
    "enregistrez-le de nouveau, puis redonnez-le."
)


LOCKED = (
    "Ce document est protégé par un mot de passe. Enregistrez-en une copie sans mot de passe, puis "
    "redonnez-la."
)


#: The exceptions that ``zipfile`` raises on a damaged part.
_OF_A_ZIP = (KeyError, EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error)


class XmlHandler:
    """The callbacks of a reader of one part.

    Names of elements and attributes are « namespace local »: namespace, space, local name.
    """

    def start(self, name: str, values: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


def read_part(archive: zipfile.ZipFile, name: str, handler: XmlHandler) -> None:
    """Parse one part of *archive* as XML and call *handler*.

    :param name: the path of the part in the archive.
    :raises UnreadableLetterError: when the part is missing, damaged, encrypted or too large, or
        contains a DOCTYPE.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    size = 0
    try:
        with archive.open(name) as part:
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                if size > MAX_PART:
                    raise UnreadableLetterError(
                        "Ce document est beaucoup trop volumineux une fois décompressé. "
                        "Enregistrez-le au format PDF, puis redonnez-le."
                    )
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, NotImplementedError, *_OF_A_ZIP) as error:
        raise UnreadableLetterError(DAMAGED) from error
    except RuntimeError as error:  # zipfile raises this when a password is missing
        raise UnreadableLetterError(LOCKED) from error


def _refuse_doctype(*_: object) -> None:
    raise UnreadableLetterError(
        "Ce document contient des définitions qu'aucun traitement de texte n'écrit : il n'est pas "
        "lu. Enregistrez-le au format PDF, puis redonnez-le."
    )
