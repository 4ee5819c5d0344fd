"""The text of a letter that came as a mail (.eml, or one message of an mbox).

These parts of the mail are read:

1. the subject, as the heading;
2. the plain text of the body; or the HTML text, where there is no plain text, where the plain text
   is much shorter, or where only the HTML text shows that words are struck out;
3. the forwarded mails, each with its subject;
4. where the mails hold nearly no text and exactly one attached letter (PDF, Word, OpenDocument):
   that letter instead of the text.

``email`` is used with its old policy. The new policy parses each header with a recursive grammar,
and a malformed header may keep that parser busy for minutes or make it fail.
"""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from calendar_app.letters.formats.charsets import decoded
from calendar_app.letters.formats.detection import (
    is_agenda,
    is_document,
    is_envelope,
    is_mail,
)
from calendar_app.letters.formats.html import html_text
from calendar_app.letters.formats.letter_text import LetterForm, LetterText
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.text import clean, clean_line

_MAX_DEPTH = 20
_MAX_HEADER = 2000
#: Mails with fewer letters and digits than this only announce the attached letter.
_NEARLY_NOTHING = 600
#: A plain text shorter than this share of the HTML text is a stub (« voir en ligne »).
_STUB = 0.5

_PREFIX = re.compile(r"(?:\s*(?:re|ré|tr|fw|fwd)\s*:)+\s*", re.IGNORECASE)
_QUOTE = re.compile(r"^(?:> ?)+", re.MULTILINE)
_SOFT_BREAK = re.compile(r"(?<!^--) \r?\n(?:>+ ?)?", re.MULTILINE)
_NEXT_OF_MBOX = re.compile(rb"\n\r?\nFrom [^\n]{1,200}\d{4}\r?\n[A-Za-z-]+:")
_ADDRESSES = re.compile(r"\]\([^()\s]*\)|https?://\S+")


def mail_letter(data: bytes, read: Callable[[bytes], LetterText]) -> LetterText:
    """Return the letter in a mail, with the day of its Date header in the zone of that header.

    Where the mail forwards a longer mail, the day is that of the forwarded mail.

    :param data: the bytes of the mail.
    :param read: the function that reads an attached letter of any format.
    :raises UnreadableLetterError: when the file holds several mails or no text. Any other exception
        comes from ``email`` and means that the file is damaged.
    """
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if data.startswith(b"From ") and _NEXT_OF_MBOX.search(data):
        raise UnreadableLetterError(
            "Ce fichier contient plusieurs courriels. Enregistrez celui de la lettre seul (.eml)."
        )
    mails = list(_mails(email.message_from_bytes(data), _MAX_DEPTH))
    fullest = max(mails, key=lambda mail: _weight(mail.body))
    text, form = "\n\n".join(filter(None, (mail.text for mail in mails))), LetterForm.EML
    said = sum(_weight(mail.body) for mail in mails)
    carried = [(m, attached) for m in mails for attached in m.letters if is_document(attached)]
    if said < _NEARLY_NOTHING and len(carried) == 1:
        [(carrier, attached)] = carried
        try:
            letter = read(attached)
        except UnreadableLetterError:
            if not said:
                raise
        else:
            if _weight(letter.text) > said:
                fullest, form = carrier, letter.form
                text = f"{carrier.heading}{letter.text}"
    if not _weight(text):
        raise UnreadableLetterError(
            "Ce courriel ne contient aucun texte, peut-être seulement des images. "
            "Donnez la lettre dans un autre format."
        )
    return LetterText(text, form, fullest.issued or mails[0].issued)


@dataclass(frozen=True, slots=True)
class MailParts:
    """The letters that a mail brings, each to be read as a letter of its own.

    :param subject: the subject of the mail itself, decoded, on one line.
    :param text: the text of the mail and of the mails that it forwards, without what is attached;
        without text, ``text.text`` is empty.
    :param attached: (file name, bytes) of each attached letter (PDF, Word, OpenDocument, agenda),
        and of « winmail.dat », whose reading says what to do; a file without a name has an empty
        one.
    :param others: the file names of what else is attached (a table, an image), which no letter is
        made of; empty for a file without a name.
    """

    subject: str
    text: LetterText
    attached: tuple[tuple[str, bytes], ...]
    others: tuple[str, ...]


def mail_parts(data: bytes) -> MailParts:
    """Return the letters in a mail. Their day is that of :func:`mail_letter`.

    Any exception comes from ``email`` and means that the mail is damaged.

    :param data: the bytes of one mail.
    """
    message = email.message_from_bytes(data)
    mails = list(_mails(message, _MAX_DEPTH))
    fullest = max(mails, key=lambda mail: _weight(mail.body))
    text = "\n\n".join(mail.text for mail in mails if mail.text)
    said = any(_weight(mail.body) for mail in mails)
    return MailParts(
        subject_of(message),
        LetterText(text if said else "", LetterForm.EML, fullest.issued or mails[0].issued),
        tuple(pair for mail in mails for pair in zip(mail.file_names, mail.letters, strict=True)),
        tuple(name for mail in mails for name in mail.others),
    )


class _Mail:
    """One mail, given or forwarded: its text, its attached letters and the mails that it forwards.

    :param message: the mail as ``email`` parsed it.
    :param depth: how many levels of nested parts may still be read.
    """

    def __init__(self, message: Message, depth: int) -> None:
        subject = subject_of(message)
        self.heading = f"# {subject}\n\n" if subject else ""
        self.issued = _issued(message)
        self.letters: list[bytes] = []
        self.file_names: list[str] = []
        self.others: list[str] = []
        self.forwarded: list[Message] = []
        self.body = self._text_of(message, depth).strip("\n")

    @property
    def text(self) -> str:
        return f"{self.heading}{self.body}".strip("\n")

    def _text_of(self, part: Message, depth: int) -> str:
        """Return the text of *part*; collect its attached letters and forwarded mails."""
        kind = part.get_content_type()
        inside = part.get_payload()
        if isinstance(inside, list):
            if depth == 0:
                raise UnreadableLetterError(
                    "Les parties de ce courriel sont emboîtées trop profondément. "
                    "Copiez le texte de la lettre."
                )
            parts = [inner for inner in inside if isinstance(inner, Message)]
            if kind.startswith("message/"):
                self.forwarded += [_without_coding(inner, part) for inner in parts]
                return ""
            texts = [self._text_of(inner, depth - 1) for inner in parts]
            if kind == "multipart/alternative":
                return _best(texts, [inner.get_content_type() for inner in parts])
            return "\n\n".join(filter(None, texts))
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            return ""
        if part.get_content_disposition() == "attachment" and is_mail(content):
            # Many programs attach a mail (.eml) as a file of no kind.
            self.forwarded.append(email.message_from_bytes(content))
            return ""
        if is_document(content) or is_agenda(content) or is_envelope(content):
            self.letters.append(content)
            self.file_names.append(_file_name(part))
            return ""
        if part.get_content_disposition() == "attachment":
            self.others.append(_file_name(part))
            return ""
        if kind == "text/html":
            return html_text(decoded(content, part.get_content_charset()))
        # A multipart whose parts are missing is read as plain text.
        if kind == "text/plain" or kind.startswith("multipart/"):
            text = clean(_unfolded(decoded(content, part.get_content_charset()), part))
            return _QUOTE.sub("", text).strip("\n").rstrip()
        return ""


def _without_coding(inner: Message, part: Message) -> Message:
    """Return a forwarded mail that was coded as base64 or quoted-printable, which RFC 2046 forbids
    and Outlook does: ``email`` took its code for its text."""
    coding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if inner.keys() or coding not in ("base64", "quoted-printable"):
        return inner
    inner["Content-Transfer-Encoding"] = coding
    content = inner.get_payload(decode=True)
    return email.message_from_bytes(content) if isinstance(content, bytes) else inner


def _unfolded(text: str, part: Message) -> str:
    """Return a text without the line breaks that its program made within words (RFC 3676, DelSp):
    the reader of letters puts lines together, but not the halves of a word."""
    if str(part.get_param("delsp", "")).lower() != "yes":
        return text
    return _SOFT_BREAK.sub("", text)


def _mails(message: Message, depth: int) -> Iterator[_Mail]:
    """Yield the mail, then the mails that it forwards."""
    mail = _Mail(message, depth)
    yield mail
    for inner in mail.forwarded:
        if depth > 0:
            yield from _mails(inner, depth - 1)


def _best(texts: list[str], kinds: list[str]) -> str:
    """Return the version to read among the alternative versions of one body.

    :param kinds: the content type of each text.
    """
    plain = next((t for t, kind in zip(texts, kinds, strict=True) if kind == "text/plain"), "")
    rich = max((t for t in texts if t is not plain), key=_weight, default="")
    if _weight(plain) < _STUB * _weight(rich) or ("~~" in rich and "~~" not in plain):
        return rich
    return plain


def _weight(text: str) -> int:
    """Return the number of letters and digits in *text*, without those in web addresses."""
    return sum(map(str.isalnum, _ADDRESSES.sub(" ", text)))


def _header(message: Message, name: str) -> str:
    """Return the value of a header on one line, or nothing; encoded words stay encoded.

    Raw bytes that are not ASCII are decoded like the bytes of a text.
    """
    for field, value in message.raw_items():
        if field.lower() == name:
            raw = str(value)[:_MAX_HEADER].encode("utf-8", "surrogateescape")
            return clean_line(decoded(raw))
    return ""


def subject_of(message: Message) -> str:
    """Return the decoded subject, without « Fwd: » or « TR : » at its start."""
    value = _header(message, "subject")
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):  # a damaged base64 word stays as it is
        pieces = [(value, None)]
    text = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in pieces
    )
    return _PREFIX.sub("", clean_line(text), count=1) if _PREFIX.match(text) else clean_line(text)


def _file_name(part: Message) -> str:
    """Return the name of an attached file on one line; empty without a name that can be read."""
    try:
        return clean_line(part.get_filename() or "")
    except (HeaderParseError, LookupError, ValueError, TypeError):
        return ""


def _issued(message: Message) -> date | None:
    try:
        day = parsedate_to_datetime(_header(message, "date")).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return day if 1990 <= day.year <= 2100 else None
