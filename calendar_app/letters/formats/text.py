"""The text of a letter, whatever file it came in: PDF, Word, OpenDocument, mail, HTML or text.

The format is told by the content, never by a name. Everything here treats the bytes as hostile, but
a parser may still loop or eat memory on them: :func:`read_text_limited` is the way in for a process
that must live on.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from calendar_app.letters.limited_process import run_limited
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean

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


def read_text(data: bytes) -> LetterText:
    """Return the text of a letter.

    :param data: the file, 20 MiB at most.
    :raises UnreadableLetterError: when it cannot be read; the sentence says what to do.
    """
    if not data:
        raise UnreadableLetterError("Ce fichier est vide.")
    if len(data) > MAX_BYTES:
        raise UnreadableLetterError(TOO_LARGE)
    _refuse_known_others(data)
    try:
        letter = _read_document(data) if is_document(data) else _read_textual(data)
    except (UnreadableLetterError, MemoryError):
        raise
    # A parser given hostile bytes raises whatever its authors did not think of (KeyError,
    # RecursionError, AssertionError…): for the editor, all of it means one thing.
    except Exception as error:
        raise UnreadableLetterError(
            "Ce fichier est endommagé ou incomplet. Ouvrez-le, enregistrez-le de nouveau "
            "(au format PDF par exemple), puis redonnez-le."
        ) from error
    # Two halves of a surrogate pair are one character; a half alone is none.
    text = clean(letter.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if len(text) > MAX_CHARACTERS:
        raise UnreadableLetterError(
            "Ce fichier contient plus de deux millions de caractères, beaucoup trop pour une "
            "lettre. Donnez-en seulement les pages utiles."
        )
    if not text.strip():  # nothing but characters that nobody sees
        raise UnreadableLetterError("Ce fichier est vide.")
    return LetterText(text, letter.form, letter.issued)


def read_text_limited(data: bytes) -> LetterText:
    """Return the text of a letter, read in a child process: 10 s of CPU and 256 MiB at most.

    :raises UnreadableLetterError: as :func:`read_text`, or when a limit stopped it.
    """
    values = run_limited(text_values, data)
    issued = values["issued"]
    return LetterText(
        values["text"], LetterForm(values["form"]), date.fromisoformat(issued) if issued else None
    )


def text_values(data: bytes) -> dict[str, Any]:
    """Return the text of a letter as values of JSON: what a child process can answer."""
    letter = read_text(data)
    issued = letter.issued.isoformat() if letter.issued else None
    return {"text": letter.text, "form": letter.form.value, "issued": issued}


def is_document(data: bytes) -> bool:
    """Whether *data* is a PDF or a zip: a format that some parser has to open."""
    # Some mail servers and scanners write a line before the header; Acrobat searches 1,024 bytes.
    return data.startswith(b"PK\x03\x04") or b"%PDF-" in data[:1024]


# Each letter is read by a new process: it loads the one parser that it needs. (pypdf takes 80 ms.)


def _read_document(data: bytes) -> LetterText:
    if data.startswith(b"PK\x03\x04"):
        from calendar_app.letters.formats.zip import zip_text

        text, form = zip_text(data)
        return LetterText(text, LetterForm(form), None)
    from calendar_app.letters.formats.pdf import pdf_text

    return LetterText(pdf_text(data), LetterForm.PDF, None)


def _read_textual(data: bytes) -> LetterText:
    if _is_mail(data):
        from calendar_app.letters.formats.mail import mail_letter

        return mail_letter(data)
    text = decoded(data)
    if _is_html(text):
        from calendar_app.letters.formats.html import html_text

        # The page may say its own charset; bytes that are UTF-8 have already been read as such.
        text = html_text(decoded(data, _charset_of_page(data)))
        if not text:
            raise UnreadableLetterError(
                "Cette page ne contient aucun texte, peut-être seulement des images. "
                "Donnez la lettre dans un autre format."
            )
        return LetterText(text, LetterForm.HTML, None)
    _refuse_no_text(text)
    return LetterText(text, LetterForm.MARKDOWN if _is_markdown(text) else LetterForm.TEXT, None)


# Detection.

_SAVE_AS = "Enregistrez la lettre au format PDF ou .docx, puis redonnez-la."
_IMAGE = "Ce fichier est une image : son texte ne peut pas être lu. Donnez la lettre au format PDF."
#: First bytes → what to say.
_OTHERS: Final = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": (
        "Ce fichier est d'un ancien format de Word (.doc) ou d'Outlook (.msg), ou protégé par un "
        f"mot de passe. {_SAVE_AS}"
    ),
    b"{\\rtf": f"Ce fichier est au format RTF. {_SAVE_AS}",
    b"\x89PNG": _IMAGE,
    b"\xff\xd8\xff": _IMAGE,
    b"GIF8": _IMAGE,
    b"II*\x00": _IMAGE,
    b"MM\x00*": _IMAGE,
    b"PK\x05\x06": "Cette archive zip est vide.",
    b"PK\x07\x08": f"Cette archive zip est en plusieurs morceaux. {_SAVE_AS}",
    b"\x1f\x8b": f"Ce fichier est une archive. {_SAVE_AS}",
    b"7z\xbc\xaf\x27\x1c": f"Ce fichier est une archive. {_SAVE_AS}",
    b"Rar!": f"Ce fichier est une archive. {_SAVE_AS}",
    b"%!PS": f"Ce fichier est au format PostScript. {_SAVE_AS}",
}
_NOT_TEXT = f"Ce fichier n'est pas une lettre que nous sachions lire. {_SAVE_AS}"

_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:")
_OF_A_MAIL = frozenset(
    b"received return-path delivered-to from to cc reply-to sender subject date message-id"
    b" mime-version content-type content-transfer-encoding dkim-signature list-unsubscribe"
    b" list-id thread-topic authentication-results arc-seal".split()
)
#: Somebody may type « Subject: » at the head of a text; these are of a mail, if it has two.
_OF_A_MAIL_ONLY = frozenset(
    b"received return-path delivered-to from message-id mime-version".split()
)
_HTML_START = re.compile(
    # Atomic: a comment is read once, wherever it ends.
    r"\s*(?>(?:<\?xml[^>]*>|(?><!--(?s:.*?)-->))\s*)*+<(?:!doctype html|html\b)",
    re.IGNORECASE,
)
_HTML_TAG = re.compile(
    r"</?(?:html|head|body|meta|style|title|table|tbody|tr|td|div|p|span|h[1-6]|ul|ol|li|center"
    r"|a|b|strong|font|img|br)\b[^<>]*>",
    re.IGNORECASE,
)
_CHARSET = re.compile(
    rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)
_MARKDOWN = re.compile(
    r"\A---\n(?:.*\n){0,40}?(?:---|\.\.\.)\n|^#{1,6} \S|\[[^\[\]\n]{1,300}\]\([^()\s]{1,2000}\)",
    re.M,
)


def _refuse_known_others(data: bytes) -> None:
    for start, sentence in _OTHERS.items():
        if data.startswith(start):
            raise UnreadableLetterError(sentence)
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise UnreadableLetterError(_IMAGE)


def _is_mail(data: bytes) -> bool:
    """Whether *data* starts with header fields of a mail (RFC 5322), after an mbox line or not."""
    found = set()
    for line in data[:65536].removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n").splitlines():
        field = _FIELD.match(line)
        if field:
            found.add(field[1].lower())
        elif not line.startswith((b" ", b"\t", b"From ", b">From ")):
            break
    return len(found & _OF_A_MAIL) > 1 and bool(found & _OF_A_MAIL_ONLY)


def _is_html(text: str) -> bool:
    start = text[:8192]
    if _HTML_START.match(start):
        return True
    # A fragment, pasted from a mail. Markdown may hold some HTML too.
    tags = len(_HTML_TAG.findall(start))
    fragment = tags > 1 and (start.lstrip().startswith("<") or 8 * tags > start.count("\n") + 8)
    return fragment and not _MARKDOWN.search(text[:65536])


def _is_markdown(text: str) -> bool:
    return _MARKDOWN.search(text) is not None


def _charset_of_page(data: bytes) -> str | None:
    found = _CHARSET.search(data[:8192])
    return found[1].decode("ascii") if found else None


# Characters.

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Those of letters in French. Python knows others that are none (« zip ») or slow (« punycode »).
_CHARSETS = re.compile(
    r"utf-(?:7|8|16|32)(?:-[bl]e)?|iso8859-\d+|cp125\d|cp(?:437|850|858)|mac-roman"
)
_CONTROLS = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f]")


def decoded(data: bytes, charset: str | None = None) -> str:
    """Return the characters of *data*, without a byte order mark. It always gives a text.

    Bytes that are UTF-8 are read so whatever is declared: another charset would not happen to be.
    Else the declared one, else Windows-1252, which also stands for Latin-1, as browsers do.

    :param charset: the declared name, of any spelling; one that is unknown counts as none.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    name = _charset_name(charset)
    if not name.startswith(("utf-16", "utf-32", "utf-7")):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return data.decode(name, "replace")


def _charset_name(charset: str | None) -> str:
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        return "cp1252"
    if name in ("iso8859-1", "utf-8") or not _CHARSETS.fullmatch(name):
        return "cp1252"
    return name


def _refuse_no_text(text: str) -> None:
    """Refuse bytes that are no text: a NUL, or many control characters."""
    if "\0" in text or 50 * len(_CONTROLS.findall(text)) > len(text) or text.startswith("<?xml"):
        raise UnreadableLetterError(_NOT_TEXT)
    if not text.strip():
        raise UnreadableLetterError("Ce fichier est vide.")
