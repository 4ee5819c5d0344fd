"""Detecting the format of a letter from its bytes, never from a file name."""

from __future__ import annotations

import codecs
import re
from typing import Final

from calendar_app.letters.formats.charsets import decoded
from calendar_app.words.errors import UnreadableLetterError


def is_document(data: bytes) -> bool:
    """Whether *data* is a PDF or a zip (.docx, .odt), which need a parser of their own."""
    # Some mail servers and scanners write a line before the header of a PDF. Acrobat searches the
    # first 1,024 bytes.
    return data.startswith(b"PK\x03\x04") or b"%PDF-" in data[:1024]


def is_envelope(data: bytes) -> bool:
    """Whether *data* is TNEF (« winmail.dat »), in which Outlook hides what is attached."""
    return data.startswith(_TNEF)


def is_agenda(data: bytes) -> bool:
    """Whether *data* begins as an agenda (iCalendar, RFC 5545) does; a byte order mark and blank
    lines may come first."""
    return decoded(data[:200]).lstrip()[:15].upper() == "BEGIN:VCALENDAR"


def holds_agenda(data: bytes) -> bool:
    """Whether an agenda begins on one of the first lines of *data*: a program may have written a
    warning before it. Not for letters, which may quote such a line."""
    return is_agenda(data) or bool(_AGENDA_BEGINS.search(decoded(data[:4_000])[:1_000]))


_AGENDA_BEGINS = re.compile(r"[\r\n]\ufeff?BEGIN:VCALENDAR[ \t]*[\r\n]", re.IGNORECASE)


SAVE_AS = "Enregistrez la lettre au format PDF ou .docx, puis redonnez-la."


_IMAGE = "Ce fichier est une image : son texte ne peut pas être lu. Donnez la lettre au format PDF."


_TNEF: Final = b"\x78\x9f\x3e\x22"

#: First bytes of formats that are not read → what the refusal says.
_OTHERS: Final = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": (
        "Ce fichier est d'un ancien format de Word (.doc) ou d'Outlook (.msg), ou protégé par un "
        f"mot de passe. {SAVE_AS}"
    ),
    b"{\\rtf": f"Ce fichier est au format RTF. {SAVE_AS}",
    b"\x89PNG": _IMAGE,
    b"\xff\xd8\xff": _IMAGE,
    b"GIF8": _IMAGE,
    b"II*\x00": _IMAGE,
    b"MM\x00*": _IMAGE,
    b"PK\x05\x06": "Cette archive zip est vide.",
    b"PK\x07\x08": f"Cette archive zip est en plusieurs morceaux. {SAVE_AS}",
    b"\x1f\x8b": f"Ce fichier est une archive. {SAVE_AS}",
    b"7z\xbc\xaf\x27\x1c": f"Ce fichier est une archive. {SAVE_AS}",
    b"Rar!": f"Ce fichier est une archive. {SAVE_AS}",
    _TNEF: (
        "Ce fichier (winmail.dat) est une enveloppe d'Outlook, qui n'est pas lue. Demandez à qui "
        "l'a envoyé d'écrire au format HTML, ou enregistrez à part ce qui y est joint."
    ),
    b"%!PS": f"Ce fichier est au format PostScript. {SAVE_AS}",
}


_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:")


_OF_A_MAIL = frozenset(
    b"received return-path delivered-to from to cc reply-to sender subject date message-id"
    b" mime-version content-type content-transfer-encoding dkim-signature list-unsubscribe"
    b" list-id thread-topic authentication-results arc-seal".split()
)


#: A mail has one of these fields. A text that somebody typed may begin with « Subject: » alone.
_OF_A_MAIL_ONLY = frozenset(
    b"received return-path delivered-to from message-id mime-version".split()
)


_HTML_START = re.compile(
    # Atomic groups do not backtrack: each comment is scanned once, even without its end.
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


def refuse_known_others(data: bytes) -> None:
    """Refuse the known formats that are not read: images, archives, .doc, RTF and others.

    :raises UnreadableLetterError: with a sentence that says what to do.
    """
    for start, sentence in _OTHERS.items():
        if data.startswith(start):
            raise UnreadableLetterError(sentence)
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise UnreadableLetterError(_IMAGE)


def is_mail(data: bytes) -> bool:
    """Whether *data* starts with the header of a mail (RFC 5322).

    A « From » line of an mbox may stand before the header. The header needs two of the known
    fields, and one of :data:`_OF_A_MAIL_ONLY`.
    """
    found = set()
    for line in data[:65536].removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n").splitlines():
        field = _FIELD.match(line)
        if field:
            found.add(field[1].lower())
        elif not line.startswith((b" ", b"\t", b"From ", b">From ")):
            break
    return len(found & _OF_A_MAIL) > 1 and bool(found & _OF_A_MAIL_ONLY)


def is_html(text: str) -> bool:
    """Whether *text* is a page of HTML, or a fragment of HTML without Markdown."""
    start = text[:8192]
    if _HTML_START.match(start):
        return True
    # A fragment may come from a mail by copy and paste. Markdown may also contain some HTML.
    tags = len(_HTML_TAG.findall(start))
    fragment = tags > 1 and (start.lstrip().startswith("<") or 8 * tags > start.count("\n") + 8)
    return fragment and not _MARKDOWN.search(text[:65536])


def is_markdown(text: str) -> bool:
    """Whether *text* has front matter, a heading or a link in Markdown."""
    return _MARKDOWN.search(text) is not None


def charset_of_page(data: bytes) -> str | None:
    """Return the charset that a ``<meta>`` tag of an HTML page declares, or None."""
    found = _CHARSET.search(data[:8192])
    return found[1].decode("ascii") if found else None
