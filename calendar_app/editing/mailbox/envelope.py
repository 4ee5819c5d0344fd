"""What a mail says of itself: from whom, for whom, whether a machine wrote it. Pure.

Every function runs on the bytes of a stranger: the caller lets a limited child process run it
(``letters.limited_process``). ``email`` is used with its old policy, as ``letters.formats.mail``
explains.
"""

from __future__ import annotations

import email
import email.parser
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import Message
from email.utils import getaddresses
from typing import Any

from calendar_app.letters.formats.mail import mail_parts, subject_of
from calendar_app.words.text import clean_line

#: The most characters of a subject that are kept.
_SUBJECT = 200
_MAX_HEADER = 20_000
#: The header of a mail that could not be read is looked for in so many bytes.
MAX_HEADERS = 2**18
#: Headers that name the recipient: first those of the servers, which know it also when the mail
#: came by « Cci ».
_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
_LIST = re.compile(r"<([^<>\s]{1,250})>|^([\w-][\w.-]{1,250})$")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_POINTED = re.compile(r"<([^<>\s,]+@[^<>\s,]+)>")
_NO_ANSWER = ("bulk", "list", "junk", "auto_reply")
#: Bounces of servers that do not write them as reports; subjects of those who are away, whose
#: programs do not say that they are programs.
_DAEMONS = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
_AWAY = re.compile(
    r"\W{0,3}(r[ée]ponse automatique|absence du bureau|message d['’]absence|automatic reply"
    r"|auto(matic)?[- ]?re(ply|sponse)|out of (the )?office)\b",
    re.IGNORECASE,
)
_MACHINES = re.compile(r"(no-?reply|ne-?pas-?repondre|.*-bounces?|.*-request)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail without its content.

    :param identity: SHA-256 of the Message-ID (of the content, where there is none) and of who sent
        it, in hexadecimal: another sender cannot pass a mail off as one that came before.
    :param sender: the address of « From » as it stands there; empty if there is none.
    :param list_id: the name of the mailing list (RFC 2919), in lower case; empty if there is none.
    :param tags: what stands between « + » and « @ » in the addresses of the recipients, in lower
        case (« lille » of ``letters+lille@…``).
    :param subject: decoded, on one line.
    :param sent_day: ISO 8601: the day of the letter; None if unknown.
    :param is_report: whether the mail is a delivery report or the answer of a machine
        (RFC 3464, RFC 3834): it holds no letter.
    :param answerable: whether a person wrote the mail, so that an answer makes no loop (RFC 3834,
        section 2).
    :param attached: the file names of its attached letters.
    :param others: the file names of what else is attached.
    :param has_text: whether the mail itself holds text.
    """

    identity: str
    sender: str
    list_id: str
    tags: tuple[str, ...]
    subject: str
    sent_day: str | None
    is_report: bool
    answerable: bool
    attached: tuple[str, ...]
    others: tuple[str, ...]
    has_text: bool


def envelope_values(data: bytes) -> dict[str, Any]:
    """Return the envelope of a mail as JSON values (:func:`envelope_of` reads them)."""
    message = email.message_from_bytes(data)
    parts = mail_parts(data)
    address = _sender(message)
    named = _LIST.search(_header(message, "list-id"))
    list_id = (named[1] or named[2]).lower() if named else ""
    known_by = _header(message, "message-id").strip() or hashlib.sha256(data).hexdigest()
    identity = "\n".join((known_by, address.casefold(), list_id))
    return asdict(
        Envelope(
            identity=hashlib.sha256(identity.encode()).hexdigest(),
            sender=address,
            list_id=list_id,
            tags=_tags(message),
            subject=parts.subject[:_SUBJECT],
            sent_day=parts.text.issued.isoformat() if parts.text.issued else None,
            is_report=_is_report(message),
            answerable=_is_answerable(message),
            attached=tuple(name for name, _ in parts.attached),
            others=parts.others,
            has_text=bool(parts.text.text),
        )
    )


def header_is_answerable(data: bytes) -> bool:
    """Return :attr:`Envelope.answerable` of a mail that could not be read, by its header alone.

    :param data: the first :data:`MAX_HEADERS` bytes of the mail.
    """
    return _is_answerable(email.parser.BytesHeaderParser().parsebytes(data))


def envelope_of(values: Mapping[str, Any]) -> Envelope:
    """Return an envelope from its JSON values."""
    lists = {name: tuple(values[name]) for name in ("tags", "attached", "others")}
    return Envelope(**{**values, **lists})


def _header(message: Message, name: str) -> str:
    """Return the first header of this name on one line; empty if there is none."""
    for field, value in message.raw_items():
        if field.lower() == name:
            raw = str(value)[:_MAX_HEADER].encode("utf-8", "surrogateescape")
            return clean_line(raw.decode("utf-8", "replace"))
    return ""


def _addresses(message: Message, names: tuple[str, ...]) -> list[str]:
    texts = [
        clean_line(str(value)[:_MAX_HEADER].encode("utf-8", "replace").decode())
        for name in names
        for field, value in message.raw_items()
        if field.lower() == name
    ]
    return [address for _, address in getaddresses(texts) if "@" in address]


def _sender(message: Message) -> str:
    """Return the first address of « From »: one in angle brackets before any other, since programs
    write addresses as names, too (« zoe@x.fr <liste@y.fr> »)."""
    pointed = _POINTED.search(_QUOTED.sub("", _header(message, "from")))
    return pointed[1] if pointed else next(iter(_addresses(message, ("from",))), "")


def _tags(message: Message) -> tuple[str, ...]:
    before_at = (address.rpartition("@")[0] for address in _addresses(message, _TO))
    parts = (text.strip('"').partition("+") for text in before_at)
    tags = (tag.lower() for _, plus, tag in parts if plus)
    return tuple(dict.fromkeys(tags))


def _is_report(message: Message) -> bool:
    return bool(
        _DAEMONS.match(_sender(message))
        or _AWAY.match(subject_of(message))
        or message.get_content_type() in ("multipart/report", "message/delivery-status")
        or _header(message, "auto-submitted").lower().startswith("auto-replied")
        or _header(message, "return-path") == "<>"
        or _header(message, "x-autoreply")
        or _header(message, "x-autorespond")
    )


def _is_answerable(message: Message) -> bool:
    automatic = _header(message, "auto-submitted").lower()
    return not (
        _is_report(message)
        or _MACHINES.match(_sender(message))
        or (bool(automatic) and not automatic.startswith("no"))
        or _header(message, "precedence").lower() in _NO_ANSWER
        or any(
            _header(message, name)
            for name in (
                "x-auto-response-suppress",
                "list-id",
                "list-unsubscribe",
                "list-post",
                "x-loop",
            )
        )
    )
