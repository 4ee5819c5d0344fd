"""Delivery reports that mail servers send back to the sender: those of RFC 3464, and the free text
of servers that do not follow it.

Anybody can write to the mailbox from which reports are read, so a report proves nothing by itself.
A caller that acts on a report must check that its Message-ID, if it has one, belongs to a mail that
we sent to that recipient.

``flufl.bounce``, which knows the free text of many servers, finds the addresses that a message
reports. It leaves out the status, the diagnostic and the Message-ID, which are read here. The parts
are read without ``email``: that package builds a tree from any input, and thousands of nested
parts, or a header of a megabyte of semicolons, keep it busy for minutes or make it fail. Here,
depth and lengths have limits, and ``flufl.bounce`` gets only the beginning of a message.
"""

from __future__ import annotations

import binascii
import email
import logging
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flufl.bounce import scan_message

from calendar_app.reminders.rules.server_replies import (
    refuses_address,
    status_in_words,
    without_addresses,
)
from calendar_app.words.errors import CalendarError
from calendar_app.words.text import clean_line

#: A larger message is skipped: a report has some kB, with the part of the mail that it returns.
MAX_BYTES = 1 << 20

_MAX_DEPTH = 3
_MAX_PARTS = 20
_MAX_HEADERS = 65536
_MAX_VALUE = 2000
#: The bytes of a message that ``flufl.bounce`` gets: the report comes first, the returned mail
#: last.
_MAX_SCANNED = 32768
#: The number of characters after an address in which a text speaks of that address.
_MAX_SAID = 500
# ``flufl.bounce`` logs the traceback of any failure. Here, a failure means that the message is no
# report, so the log is off.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*:")
#: Fields that tell a message from any other text with a colon in its first line.
_OF_A_MESSAGE = {"received", "return-path", "from", "date", "message-id", "content-type"}
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_TEXTS = ("text/plain", "")
_RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)
# This must not match the first three numbers of an IPv4 address.
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")


_ID = re.compile(r"<[^<>\s]+>")
_QUOTED_ID = re.compile(
    r"^[> \t]*(?:X-Original-)?Message-ID:(.{0,300})", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Bounce:
    """A server's report about one recipient of one mail.

    :param message_id: the Message-ID of the reported mail, in its « < > »; None if the report does
        not give it.
    :param recipient: the address in lower case: as we wrote it, if the report says so
        (Original-Recipient), otherwise as the last server knew it (Final-Recipient).
    :param action: ``failed``, ``delayed``, ``delivered``, ``relayed``, ``expanded``, or any other
        word of the report, in lower case.
    :param status: the enhanced status code (RFC 3463), empty if there is none. If it says nothing
        (``5.0.0``, which Exim always writes), it is the code that the diagnostic quotes or that the
        words of the diagnostic mean.
    :param diagnostic: the server's words, on one line of at most 200 characters, without addresses.
    """

    message_id: str | None
    recipient: str
    action: str
    status: str
    diagnostic: str

    @property
    def is_permanent(self) -> bool:
        """Whether the address takes no mail, now or later, so that mails to it have to stop: see
        :func:`~calendar_app.reminders.rules.server_replies.refuses_address`."""
        return self.action == "failed" and refuses_address(self.status)


def read_bounces(path: Path) -> Iterator[Bounce]:
    """Yield the reports of a mailbox, in its order; other messages are skipped.

    :param path: a message (``.eml``), an mbox file, or a Maildir folder.
    :raises CalendarError: at the first value, if *path* is none of these.
    :raises OSError: at the first value, if *path* cannot be read.
    """
    for message in _messages(path):
        yield from bounces_of(message)


def _messages(path: Path) -> Iterator[bytes]:
    """Yield the messages of a mailbox that are not too large."""
    if path.is_dir():
        folders = [path / "cur", path / "new"]
        if not any(folder.is_dir() for folder in folders):
            raise CalendarError(
                f"Le dossier « {path} » n'est pas une boîte Maildir : il n'a ni « cur » ni « new »."
            )
        for folder in folders:
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                yield from _maildir_message(file)
    elif path.exists() and not path.is_file():
        raise CalendarError(f"« {path} » n'est ni un fichier ni un dossier.")
    else:
        with path.open("rb") as mailbox:
            start = mailbox.read(_MAX_HEADERS)
            mailbox.seek(0)
            if start.startswith(b"From "):
                yield from _mbox_messages(iter(lambda: mailbox.readline(MAX_BYTES + 1), b""))
            elif len(_OF_A_MESSAGE & _fields(start.replace(b"\r\n", b"\n")).keys()) >= 2:
                message = mailbox.read(MAX_BYTES + 1)
                if len(message) <= MAX_BYTES:
                    yield message
            elif start:  # an empty file is an emptied mailbox
                raise CalendarError(
                    f"Le fichier « {path} » n'est ni un message (.eml) ni une boîte mbox."
                )


def _maildir_message(file: Path) -> Iterator[bytes]:
    try:
        if not file.name.startswith(".") and file.is_file():
            with file.open("rb") as opened:
                message = opened.read(MAX_BYTES + 1)
            if len(message) <= MAX_BYTES:
                yield message
    except FileNotFoundError:
        pass  # a mail reader moved the file meanwhile


def _mbox_messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages of an mbox file: each begins after a line ``From …`` that follows a blank
    line (RFC 4155)."""
    message: list[bytes] = []
    size, before = 0, b"\n"
    for line in lines:
        if line.startswith(b"From ") and before in (b"\n", b"\r\n"):
            if message and size <= MAX_BYTES:
                yield b"".join(message)
            message, size = [], 0
        else:
            size += len(line)
            if size <= MAX_BYTES:
                message.append(line)
        before = line
    if message and size <= MAX_BYTES:
        yield b"".join(message)


def bounces_of(message: bytes) -> Iterator[Bounce]:
    """Yield the reports of a message, one for each recipient; none if the message is no report."""
    message = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header = _fields(message)
    is_automatic = _is_automatic(header)
    parts = list(_parts(message, _MAX_DEPTH, is_automatic))
    text = "\n".join(body.decode("utf-8", "replace") for kind, body in parts if kind in _TEXTS)
    message_id = _message_id(header, parts, text)
    told: set[str] = set()
    for fields in _recipient_fields(parts):
        recipients = [_recipient(fields, name) for name in ("original", "final")]
        found = next(filter(None, recipients), None)
        if found is not None:
            told.update(filter(None, recipients))
            yield _bounce(message_id, found, fields, text)
    for recipient in sorted(_failed(message) - told) if is_automatic else ():
        yield _bounce(message_id, recipient, {"action": "failed"}, text)


def _is_automatic(header: dict[str, str]) -> bool:
    """Whether a mail server wrote a message. A colleague who forwards or quotes a report has not
    bounced."""
    sender = header.get("from", "").lower()
    return (
        header.get("return-path") == "<>"
        or "x-failed-recipients" in header
        or re.search(r"mailer-daemon|postmaster@|microsoftexchange", sender) is not None
    )


def _failed(message: bytes) -> set[str]:
    """Return the addresses, in lower case, that a message reports as refused for good."""
    # Runs of blank lines are shortened: the patterns of ``flufl.bounce`` search from each blank
    # line to the end of its run.
    scanned = re.sub(rb"\n(?:[ \t]*\n){2,}", b"\n\n", message[:_MAX_SCANNED])
    # A report has about four parts; ``email`` fails on hundreds of nested parts.
    if scanned.lower().count(b"multipart/") > _MAX_PARTS:
        return set()
    try:
        found = scan_message(email.message_from_bytes(scanned))
    except Exception:
        # ``email`` may raise any exception when it decodes bytes that are no mail: they are no
        # report.
        return set()
    addresses = {address.decode("ascii", "replace").strip().lower() for address in found}
    return {address for address in addresses if _is_address(address)}


def _message_id(header: dict[str, str], parts: list[tuple[str, bytes]], text: str) -> str | None:
    """Return the Message-ID of the reported mail, from any place where servers write it: the
    returned headers, the report, the header of the report (Gmail, Exchange), or free text."""
    places = [_fields(body).get("message-id", "") for kind, body in parts if kind in _RETURNED]
    for kind, body in parts:
        if kind in _REPORTS:
            places.append(_fields(body.lstrip(b"\n")).get("x-original-message-id", ""))
    places += [header.get(name, "") for name in ("x-original-message-id", "in-reply-to")]
    places += _QUOTED_ID.findall(text)
    return next((found[0] for place in places if (found := _ID.search(place))), None)


def _recipient_fields(parts: list[tuple[str, bytes]]) -> Iterator[dict[str, str]]:
    """Yield the fields of each group of a report (RFC 3464, section 2.1). The first group is about
    the mail, each following group about one recipient. (In some reports, a blank line contains
    blanks.)"""
    for kind, body in parts:
        if kind in _REPORTS:
            for group in re.split(rb"\n(?:[ \t]*\n)+", body):
                yield _fields(group.lstrip(b"\n"))


def _recipient(fields: dict[str, str], which: str) -> str | None:
    address = _typed(fields.get(f"{which}-recipient", "")).lower()
    return address if _is_address(address) else None


def _bounce(message_id: str | None, recipient: str, fields: dict[str, str], text: str) -> Bounce:
    """Return the report about a recipient.

    :param fields: the fields of the recipient's group; what they leave out is looked for in *text*.
    """
    action = fields.get("action", "").lower().partition(" ")[0]
    diagnostic = _typed(fields.get("diagnostic-code", "")) or _said_of(recipient, text)
    status = _status(fields.get("status", ""))
    if not status or status.endswith(".0.0"):
        quoted = _status(diagnostic) or status_in_words(diagnostic)
        status = quoted if quoted[:1] == (status or quoted)[:1] else status
    return Bounce(
        message_id,
        recipient,
        "failed" if action == "error" else action,  # the word of OpenSMTPD
        status,
        without_addresses(diagnostic),
    )


def _said_of(recipient: str, text: str) -> str:
    """Return the words of a text right after an address, up to the next address."""
    named = re.search(re.escape(recipient), text, re.IGNORECASE)
    if not named:
        return ""
    # Postfix names the address twice: « <a@b.fr>: host … said: 550 5.1.1 <a@b.fr>: … ».
    said = text[named.end() :][:_MAX_SAID].replace(named[0], "…")
    return re.split(r"\n\s*<?[^\s@<>]+@[^\s@<>]+>?:?\s|\n-", said, maxsplit=1)[0].lstrip("> :\n")


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return found[0] if found else ""


def _typed(value: str) -> str:
    """Return the value after its type (« rfc822; … », « smtp; … »), without « < > » around it."""
    text = re.sub(r"^[A-Za-z0-9-]+\s*;", "", value).strip()
    return text[1:-1].strip() if text.startswith("<") and text.endswith(">") else text


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text) is not None and len(text) <= 320


def _parts(entity: bytes, depth: int, inside: bool) -> Iterator[tuple[str, bytes]]:
    """Yield the type and the decoded content of each part of a report.

    A report may stand inside another multipart (a footer was added on its way). It is not looked
    for inside a forwarded or returned mail, whose own reports are about another mail.

    :param inside: whether *entity* belongs to a report: some servers send their reports as
        multipart/mixed, or as plain text.
    """
    fields = _fields(entity)
    content_type = fields.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    body = entity.partition(b"\n\n")[2] if not entity.startswith(b"\n") else entity[1:]
    if kind.startswith("multipart/"):
        boundary = re.search(
            r';\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', content_type, re.IGNORECASE
        )
        if boundary and depth:
            delimiter = re.escape((boundary[1] or boundary[2]).encode())
            # The line end before a delimiter belongs to the delimiter, not to the part (RFC 2046,
            # section 5.1.1).
            pattern = rb"(?:\A|\n)--" + delimiter + rb"(--)?[ \t]*(?=\n|\Z)"
            pieces = re.split(pattern, body, maxsplit=_MAX_PARTS)
            for closing, piece in zip(pieces[1::2], pieces[2::2], strict=True):
                if closing:
                    break
                yield from _parts(piece[1:], depth - 1, inside or kind == "multipart/report")
    elif inside:
        yield kind, _decoded(body, fields.get("content-transfer-encoding", ""))


def _decoded(body: bytes, encoding: str) -> bytes:
    try:
        if encoding.lower() == "base64":
            return binascii.a2b_base64(body).replace(b"\r\n", b"\n")
        if encoding.lower() == "quoted-printable":
            return quopri.decodestring(body).replace(b"\r\n", b"\n")
    except binascii.Error:
        return b""
    return body


def _fields(entity: bytes) -> dict[str, str]:
    """Return the first value of each field of a header, by lower-case name, unfolded and cut to
    2,000 bytes.

    The header ends at a blank line, at a line that is no field, or after 64 KiB.
    """
    fields: dict[str, list[bytes]] = {}
    value: list[bytes] | None = None
    for line in entity[:_MAX_HEADERS].split(b"\n"):
        found = _FIELD.match(line)
        if found:
            value = [line[found.end() :]]
            fields.setdefault(found[1].decode("ascii").lower(), value)
        elif value is not None and line[:1] in (b" ", b"\t") and line.strip():
            value.append(line)
        elif value is not None or not line.startswith(b"From "):  # the envelope of an mbox
            break
    return {
        name: clean_line(b"".join(lines)[:_MAX_VALUE].decode("utf-8", "replace"))
        for name, lines in fields.items()
    }
