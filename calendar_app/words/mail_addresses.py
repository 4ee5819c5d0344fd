"""The one rule of what a mail address is: forms read it, the store and the mails hold to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from calendar_app.words.errors import CalendarError

# A dot-atom of RFC 5322 in ASCII: no comma or quote makes two recipients of one, and few servers
# take other letters before the @ (RFC 6531). The lengths are those that every server takes
# (RFC 5321, section 4.5.3.1).
_SHAPE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")

#: Where dots in the local part mean nothing; both names are one service.
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")


class AddressError(CalendarError):
    """What was typed is no address that mail can be sent to."""

    def __init__(self) -> None:
        super().__init__("Écrivez une adresse complète, par exemple prenom.nom@ac-exemple.fr.")


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address as mails are sent to it, and the key by which one person signs up once."""

    address: str
    key: str

    @classmethod
    def read(cls, text: str) -> MailAddress:
        """Read what a person typed; no server is asked whether it exists.

        :raises AddressError: when it is no address.
        """
        try:
            read = validate_email(
                text.strip(), check_deliverability=False, allow_smtputf8=False, strict=True
            )
        except EmailNotValidError:
            raise AddressError from None
        address = read.ascii_email or read.normalized
        if not is_mail_address(address):
            raise AddressError
        return cls(address, address.casefold())

    @property
    def mailbox(self) -> str:
        """The mailbox that limits count for, whatever is written before it: `cible+1@` and
        `cible+2@` arrive in one. It is nobody's key: elsewhere, « + » may be a letter of a name."""
        local, _, domain = self.key.rpartition("@")
        local = local.partition("+")[0] or local
        if domain in _WITHOUT_DOTS:
            local, domain = local.replace(".", ""), "gmail.com"
        return f"{local}@{domain}"


def stored(text: str | None) -> str | None:
    """Return an address as the store takes it, unchanged: whoever asks read it before.

    :raises ValueError: when it is none, so that no mail can go to it.
    """
    if text is not None and not is_mail_address(text):
        raise ValueError("not a mail address")  # without it: it may stand in a log
    return text


def is_mail_address(text: str) -> bool:
    """Return whether a text may stand in the store and in the header of a mail as an address: all
    that :meth:`MailAddress.read` returns may."""
    return _SHAPE.fullmatch(text) is not None
