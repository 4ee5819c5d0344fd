"""Delivery reports (RFC 3464), as mail servers send them back to the sender.

Anybody can write to the mailbox that they are read from: a report proves nothing by itself. Whoever
acts on one checks that the Message-ID is of a mail that we sent, and to that recipient.

No parser of the standard library is used. A report has three parts at one level, and ``email``
builds a tree from whatever it is given: thousands of nested parts, or a header of a megabyte with
nothing but semicolons, keep it busy for minutes or end it. Here depth and lengths have limits.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from calendar_app.domain.errors import CalendarError
from calendar_app.domain.server_replies import refuses_address, without_addresses
from calendar_app.domain.text import clean_line

#: A larger message is skipped: a report is some kB, with what it returns of the mail.
MAX_BYTES = 1 << 20

_MAX_DEPTH = 3
_MAX_PARTS = 20
_MAX_HEADERS = 65536
_MAX_VALUE = 2000
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*)[ \t]*:")
#: What tells a message from any other text with a colon in its first line.
_OF_A_MESSAGE = {"received", "return-path", "from", "date", "message-id", "content-type"}
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)
# Not the first three numbers of an IPv4 address.
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")


@dataclass(frozen=True)
class Bounce:
    """What a server reports about one recipient of one mail.

    :param message_id: of the mail that was reported, in its « < > »; None if it was not returned.
    :param recipient: lower case; as we wrote it, where the report says so (Original-Recipient),
        or else as the last server knew it (Final-Recipient).
    :param action: ``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded``, or whatever
        else the report says, lower case.
    :param status: enhanced status code (RFC 3463), empty if there is none. Where it says nothing
        (« 5.0.0 », as Exim always writes) it is the one that the diagnostic quotes.
    :param diagnostic: what the server said, on a line of 200 characters at most, without addresses.
    """

    message_id: str | None
    recipient: str
    action: str
    status: str
    diagnostic: str

    @property
    def is_permanent(self) -> bool:
        """Whether the address takes no mail, now or later, so that writing to it has to stop: see
        :func:`~calendar_app.domain.server_replies.refuses_address`."""
        return self.action == "failed" and refuses_address(self.status)


def read_bounces(path: Path) -> Iterator[Bounce]:
    """Yield what the reports of a mailbox say, in its order; other messages are skipped.

    :param path: a message (``.eml``), an mbox file, or a Maildir folder.
    :raises CalendarError: at the first value, if *path* is none of these.
    :raises OSError: at the first value, if it cannot be read.
    """
    for message in _messages(path):
        yield from bounces_of(message)


def _messages(path: Path) -> Iterator[bytes]:
    """Yield the messages that are not too large."""
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
            elif start:  # a mailbox that was emptied is an empty file
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
        pass  # a mail reader moved it meanwhile


def _mbox_messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Cut an mbox file at each line « From  » that follows a blank one (RFC 4155)."""
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
    """Yield what a message reports, one value for each recipient; nothing if it is no report."""
    parts = list(_report_parts(message.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), _MAX_DEPTH))
    message_id = None
    for kind, body in parts:
        if kind in _RETURNED and message_id is None:
            found = re.search(r"<[^<>\s]+>", _fields(body).get("message-id", ""))
            message_id = found[0] if found else None
    for kind, body in parts:
        if kind in _REPORTS:
            # The first group is about the mail; each that follows, about one recipient. (RFC 3464,
            # section 2.1. A blank line may hold blanks, in some reports.)
            for group in re.split(rb"\n[ \t]*\n", body):
                bounce = _bounce(message_id, _fields(group.lstrip(b"\n")))
                if bounce is not None:
                    yield bounce


def _bounce(message_id: str | None, fields: dict[str, str]) -> Bounce | None:
    recipient = _typed(fields.get("original-recipient", "")).lower()
    if not _is_address(recipient):
        recipient = _typed(fields.get("final-recipient", "")).lower()
        if not _is_address(recipient):
            return None
    diagnostic = _typed(fields.get("diagnostic-code", ""))
    status = _status(fields.get("status", ""))
    quoted = _status(diagnostic)
    if not status or (status.endswith(".0.0") and quoted[:1] == status[:1]):
        status = quoted
    return Bounce(
        message_id,
        recipient,
        fields.get("action", "").lower().partition(" ")[0],
        status,
        without_addresses(diagnostic),
    )


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return found[0] if found else ""


def _typed(value: str) -> str:
    """Return what follows the type (« rfc822; … », « smtp; … »), without « < > » around it."""
    text = re.sub(r"^[A-Za-z0-9-]+\s*;", "", value).strip()
    return text[1:-1].strip() if text.startswith("<") and text.endswith(">") else text


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text) is not None and len(text) <= 320


def _report_parts(entity: bytes, depth: int, inside: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield the type and the decoded content of the parts of each multipart/report.

    A report may stand inside another multipart (a footer added on the way), not in a mail that is
    forwarded or returned, whose own reports are about something else.
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
            # The delimiter's line end belongs to it, not to the part (RFC 2046, section 5.1.1).
            pattern = rb"(?:\A|\n)--" + delimiter + rb"(--)?[ \t]*(?=\n|\Z)"
            pieces = re.split(pattern, body, maxsplit=_MAX_PARTS)
            for closing, piece in zip(pieces[1::2], pieces[2::2], strict=True):
                if closing:
                    break
                yield from _report_parts(piece[1:], depth - 1, kind == "multipart/report")
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
    """Return the first value of each field of a header, by lower-case name, unfolded and cut.

    The header ends at a blank line, at what is no field, or after 64 KiB.
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
        elif value is not None or not line.startswith(b"From "):  # an envelope before the header
            break
    return {
        name: clean_line(b"".join(lines)[:_MAX_VALUE].decode("utf-8", "replace"))
        for name, lines in fields.items()
    }
