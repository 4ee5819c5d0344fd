"""A mail as bytes: built once for many people, filled in for each of them.

A morning's reminder is the same for all people of an académie, except for the personal links.
Building a MIME tree takes milliseconds, joining a few pieces of bytes takes microseconds.
Therefore:

1. the templates are rendered with a random word in place of the person's token (and of the code);
2. the mail is encoded, text first, then HTML;
3. the bytes are cut wherever that word stands: the pieces are a :class:`Form`;
4. ``Message.fill`` adds the values of a person.

Equal input gives equal bytes: a mail in doubt may be sent again, and both copies must be alike. A
line may begin with a dot, which the transport doubles (RFC 5321, section 4.5.2).
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment

from calendar_app.reminders.mail.form import SOFT_BREAK, FilledForm, Form
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.words.mail_addresses import is_mail_address
from calendar_app.words.text import clean, clean_line, shortened

_EOL = b"\r\n"

#: The largest number of characters of a subject: mailboxes show no more, and some programs fold
#: longer subjects badly.
SUBJECT_LENGTH = 89

#: The largest number of characters of the name of the site in a subject, which leaves room to say
#: what the mail is about.
SITE_LENGTH = 36

#: Quoted-printable lines end at 76 characters; the policy's own 78 would break that rule.
_POLICY = SMTP.clone(max_line_length=76)
#: ``=_`` cannot occur in quoted-printable, so the boundary never ends a part early. It is a
#: constant, so the bytes are the same each time.
_BOUNDARY = "=_rappels"

# The values that may be filled in. They cannot end a line, a link or a header.
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,512}")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}")


def _word() -> str:
    """Return a word that no text contains by chance and that no encoding changes."""
    return f"x{secrets.token_hex(12)}x"


def _breakable(word: str) -> str:
    """Return a pattern of a word that a soft break may cut anywhere."""
    return "(?:=\r\n)?".join(word)


#: The words in place of the token and of the code while a mail is built.
_TOKEN_WORD, _CODE_WORD = _word(), _word()
_WORDS = re.compile(f"({_breakable(_TOKEN_WORD)}|{_breakable(_CODE_WORD)})".encode())

# ``=?`` would be read as the start of an encoded word.
_PLAIN_HEADER = re.compile(r"(?!.*=\?)[ -~]{0,60}")


@dataclass(frozen=True)
class Letterhead:
    """What all mails of an installation have in common.

    :param environment: the application's templates, with the filters ``fr``, ``day`` and ``span``.
    :param sender: the address in From; its name may have accents.
    :param unsubscribe_mailbox: an address to which people write to unsubscribe, if somebody reads
        it.
    :param contact: the e-mail or web address of the operator, if there is one; answers to a mail go
        to an e-mail address.
    """

    environment: Environment
    links: PersonalLinks
    site_name: str
    sender: Address
    unsubscribe_mailbox: str | None = None
    contact: str | None = None


@dataclass(frozen=True)
class Message:
    """A built mail without the values of a person. Make it with :meth:`build`.

    ``subject``, ``text`` and ``html`` are the rendered texts, with ``token_word`` and ``code_word``
    in place of the token and the code.
    """

    kind: DeliveryKind
    subject: str
    text: str
    html: str
    token_word: str
    code_word: str
    form: Form
    _has_token: bool
    _has_code: bool

    @classmethod
    def build(
        cls,
        letterhead: Letterhead,
        kind: DeliveryKind,
        context: Mapping[str, Any],
        *,
        unsubscribe: bool = True,
    ) -> Message:
        """Render ``templates/mail/<kind>/`` and cut the mail at the values of a person.

        The templates get *context* and ``head``, ``links``, ``token`` and ``code``; a subject gets
        ``site``, the bodies ``subject``.

        :param unsubscribe: whether the mail has the headers of a mailing list; False where the
            recipient is no subscriber.
        :raises ValueError: when a subject contains the token or the code, which would then stand in
            logs.
        """
        token, code = _TOKEN_WORD, _CODE_WORD
        site = shortened(letterhead.site_name, SITE_LENGTH)
        names = {"head": letterhead, "links": letterhead.links, "token": token, "code": code}

        def rendered(name: str, **more: str) -> str:
            template = letterhead.environment.get_template(f"mail/{kind.value}/{name}")
            return clean(template.render({**context, **names, **more}))

        subject = shortened(clean_line(rendered("subject.txt", site=site)), SUBJECT_LENGTH)
        if token in subject or code in subject:
            raise ValueError(f"mail/{kind.value}/subject.txt: no token and no code in a subject")
        text = rendered("body.txt", subject=subject).strip("\n") + "\n"
        html = rendered("body.html", subject=subject).strip("\n") + "\n"
        mime_head, body = _mime(text, html)
        return cls(
            kind=kind,
            subject=subject,
            text=text,
            html=html,
            token_word=token,
            code_word=code,
            form=_form(
                _unsubscribe_header(letterhead, token) if unsubscribe else [b""],
                _fixed_headers(letterhead, subject, unsubscribe=unsubscribe) + mime_head,
                list(_cut(body)),
            ),
            _has_token=unsubscribe or token in text or token in html,
            _has_code=code in text or code in html,
        )

    def fill(
        self, *, recipient: str, message_id: str, date: datetime, token: str = "", code: str = ""
    ) -> FilledForm:
        """Return the whole mail to one person.

        :param token: the token for the person's links; required if the mail has such links.
        :param recipient: a bare address, ``name@host`` in ASCII.
        :param message_id: without its angle brackets.
        :param date: an aware instant; it is written in UTC.
        :param code: the six digits; required if the mail shows them.
        :raises ValueError: when a value has characters that are not allowed, or is missing.
        """
        if not _TOKEN.fullmatch(token) and (token or self._has_token):
            raise ValueError("token: 1 to 512 characters of A-Z a-z 0-9 . _ -")
        if not _TOKEN.fullmatch(code) and (code or self._has_code):
            raise ValueError("code: 1 to 512 characters of A-Z a-z 0-9 . _ -")
        if not is_mail_address(recipient):
            raise ValueError("recipient: a bare ASCII address")
        if not _MESSAGE_ID.fullmatch(message_id):
            raise ValueError("message_id: 1 to 250 printable ASCII characters, without < or >")
        if date.tzinfo is None:
            raise ValueError("date: without a time zone")
        values = {"token": token, "recipient": recipient, "message_id": message_id}
        values |= {"date": _date(date), "code": code}
        return FilledForm(self.form, values)


@lru_cache(maxsize=64)
def _date(date: datetime) -> str:
    return format_datetime(date.astimezone(UTC))


def _mime(text: str, html: str) -> tuple[bytes, bytes]:
    """Return the MIME headers of the whole mail, with the blank line after them, and its two
    encoded parts."""
    mail = EmailMessage(policy=_POLICY)
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    mail.make_alternative(boundary=_BOUNDARY)
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    head, _, body = mail.as_bytes().partition(_EOL * 2)
    return head + _EOL * 2, body


def _cut(body: bytes) -> Iterator[bytes]:
    """Yield the pieces of a body around the words, alternating with ``=token`` or ``=code``.

    A value stands on lines of its own between soft breaks, so that no line becomes too long.
    """
    found = _WORDS.split(body)
    for number, piece in enumerate(found):
        if number % 2:
            word = piece.replace(SOFT_BREAK, b"").decode()
            yield b"=token" if word == _TOKEN_WORD else b"=code"
            continue
        before = number > 0 and not piece.startswith((SOFT_BREAK, _EOL))
        piece = SOFT_BREAK + piece if before else piece
        after = number < len(found) - 1 and not piece.endswith(_EOL)
        yield piece + SOFT_BREAK if after else piece


def _form(unsubscribe: list[bytes], fixed: bytes, body: list[bytes]) -> Form:
    """Return the form of a whole mail.

    :param unsubscribe: the pieces of a header around the token.
    :param fixed: the headers that are the same for everybody.
    :param body: the pieces that :func:`_cut` yields.
    """
    pieces = [b"To: ", b"recipient", b"\r\nMessage-ID: <", b"message_id", b">\r\nDate: ", b"date"]
    first, *others = unsubscribe
    pieces.append(_EOL + first)
    for other in others:
        pieces += [b"token", other]
    pieces[-1] += fixed + body[0]
    return Form((*pieces, *body[1:]))


# -- headers ----------------------------------------------------------------------------------

# Headers are written here and not by the policies of ``email``, which may fold the long address of
# a page into encoded words and lose the spaces between these words.


def _fixed_headers(letterhead: Letterhead, subject: str, *, unsubscribe: bool) -> bytes:
    sender, site = letterhead.sender, clean_line(letterhead.site_name)
    host = urlsplit(letterhead.links.page()).hostname or "localhost"
    name = clean_line(sender.display_name)
    lines = [
        f"From: {_phrase(name)} <{sender.addr_spec}>" if name else f"From: {sender.addr_spec}",
        f"Subject: {subject if _PLAIN_HEADER.fullmatch(subject) else _encoded_words(subject)}",
        "Auto-Submitted: auto-generated",
    ]
    if letterhead.contact and "://" not in letterhead.contact:
        lines.append(f"Reply-To: {letterhead.contact}")
    if unsubscribe:
        # Without unsubscription, there is no list. An IPv6 address has colons, which the name of a
        # list must not have (RFC 2919).
        lines += [
            f"List-Id: {_phrase(site)} <rappels.{re.sub('[^A-Za-z0-9.-]', '-', host)}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _unsubscribe_header(letterhead: Letterhead, token: str) -> list[bytes]:
    """Return the List-Unsubscribe header as pieces around the token (RFC 8058)."""
    header = f"List-Unsubscribe: <{letterhead.links.unsubscribe(token)}>"
    if mailbox := letterhead.unsubscribe_mailbox:
        # The token in the subject identifies the subscriber: people have several addresses, and
        # write from any of them.
        header += f",\r\n <mailto:{quote(mailbox, safe='@+')}?subject=Desabonnement%20{token}>"
    return f"{header}\r\n".encode("ascii").split(token.encode())


def _phrase(text: str) -> str:
    """Return a name as a mail header has it before an address."""
    if not _PLAIN_HEADER.fullmatch(text):
        return _encoded_words(text)
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def _encoded_words(text: str) -> str:
    """Return *text* as encoded words, one on each line, each of whole characters (RFC 2047)."""
    chunks = [b""]
    for letter in text:
        encoded = letter.encode()
        if len(chunks[-1]) + len(encoded) > 42:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk).decode()}?=" for chunk in chunks)
