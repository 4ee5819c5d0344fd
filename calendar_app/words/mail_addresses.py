"""The one rule for mail addresses. The forms, the store and the mails all follow it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from calendar_app.words.errors import CalendarError

# A dot-atom of RFC 5322 in ASCII. Without commas and quotes, one address cannot become two
# recipients. Few servers accept other letters before the @ (RFC 6531). The lengths are those that
# every server accepts (RFC 5321, section 4.5.3.1).
_SHAPE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")

#: Domains that ignore dots in the local part. Both are names of one service.
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")


class AddressError(CalendarError):
    """The typed text is not an address that mail can be sent to."""

    def __init__(self) -> None:
        super().__init__("Écrivez une adresse complète, par exemple prenom.nom@ac-exemple.fr.")


@dataclass(frozen=True, slots=True)
class MailAddress:
    """A mail address.

    :param address: the address as mails are sent to it.
    :param key: the case-folded address: one person signs up only once with one key.
    """

    address: str
    key: str

    @classmethod
    def read(cls, text: str) -> MailAddress:
        """Read a typed address. No server is asked whether the address exists.

        :raises AddressError: when the text is not a mail address.
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
        """The mailbox for which request limits count: `cible+1@` and `cible+2@` share one.

        The mailbox is no key of a person: on some servers, « + » is part of the name.
        """
        local, _, domain = self.key.rpartition("@")
        local = local.partition("+")[0] or local
        if domain in _WITHOUT_DOTS:
            local, domain = local.replace(".", ""), "gmail.com"
        return f"{local}@{domain}"


def stored(text: str | None) -> str | None:
    """Return an address unchanged if the store may hold it. The caller has read the address before.

    :raises ValueError: when the text is not a mail address, so that no mail can be sent to it.
    """
    if text is not None and not is_mail_address(text):
        raise ValueError("not a mail address")  # the text may end up in a log
    return text


def is_mail_address(text: str) -> bool:
    """Whether a text may stand as an address in the store and in the header of a mail.

    True for every address that :meth:`MailAddress.read` returns.
    """
    return _SHAPE.fullmatch(text) is not None
