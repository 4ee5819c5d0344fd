"""The links and codes that stand in mails: who holds one acts for the person it was sent to.

A link carries the ``uid`` of a subscriber, signed; it has no end of its own, and dies when the
subscriber gets another ``uid`` or is erased. A code of six digits says the same for the few hours
after a mail, for those whose school mail rewrites links; it is worked out, never stored (as in
RFC 4226, from a keyed hash).
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from itsdangerous import BadData, Signer, URLSafeSerializer

from calendar_app.words.errors import DeadLinkError

#: How long the link and the code of a confirmation work.
CONFIRMATION_LIFE = timedelta(days=3)
CODE_LIFE = timedelta(hours=24)


class ClassAnswer(StrEnum):
    """What a class did, or wants: the buttons behind a mail's links."""

    REGISTERED = "inscrits"
    SUBMITTED = "envoyee"
    DECLINED = "pas-cette-annee"
    NEXT_YEAR = "l-an-prochain"

    @property
    def words(self) -> str:
        return {
            ClassAnswer.REGISTERED: "Nous sommes inscrits",
            ClassAnswer.SUBMITTED: "Production envoyée",
            ClassAnswer.DECLINED: "Pas cette année",
            ClassAnswer.NEXT_YEAR: "Prévenez-moi l'an prochain",
        }[self]


class BadLinkError(DeadLinkError):
    """A link that we did not make, or that was cut on its way."""

    def __init__(self) -> None:
        super().__init__(
            "Ce lien n'est pas complet, ou n'est plus valable. Recopiez-le en entier depuis le "
            "courriel, ou demandez-en un autre sur la page « Retrouver mon lien »."
        )


class PersonalLinks:
    """Makes and reads signed links.

    :param secret_key: of the installation; another key makes all links void.
    :param public_url: ``scheme://host[:port]``: links are never built from a Host header.
    """

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._key = secret_key.encode()
        self._public_url = public_url
        self._person = Signer(secret_key, salt="personal-link")
        self._address = URLSafeSerializer(secret_key, salt="new-address")

    def token(self, uid: uuid.UUID) -> str:
        """Return what stands for a person in addresses: 50 characters of [A-Za-z0-9._-]."""
        short = urlsafe_b64encode(uid.bytes).rstrip(b"=")
        return self._person.sign(short).decode()

    def read(self, token: str) -> uuid.UUID:
        """Return whom a token stands for.

        :raises BadLinkError: when it was not made by :meth:`token`.
        """
        try:
            return uuid.UUID(bytes=urlsafe_b64decode(self._person.unsign(token.encode()) + b"=="))
        except (BadData, ValueError):
            raise BadLinkError from None

    def new_address_token(self, uid: uuid.UUID, address: str) -> str:
        """Return what stands for « this person moves to this address », for a mail to it."""
        return str(self._address.dumps([uid.hex, self.fingerprint(address)]))

    def read_new_address(self, token: str) -> tuple[uuid.UUID, str]:
        """Return whom a token of :meth:`new_address_token` stands for, and the fingerprint of the
        address.

        :raises BadLinkError: when it is none.
        """
        try:
            uid, fingerprint = self._address.loads(token)
            return uuid.UUID(uid), str(fingerprint)
        except (BadData, ValueError, TypeError, AttributeError):
            raise BadLinkError from None

    def fingerprint(self, text: str) -> str:
        """Return a keyed hash: the same for the same text, and nobody reads the text back."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def code(self, uid: uuid.UUID, at: datetime) -> str:
        """Return the six digits that were sent to a person at this instant."""
        digest = hmac.new(self._key, f"{uid.hex}/{at.timestamp()}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest.digest()[:8]) % 1_000_000:06}"

    def password_token(self, delivery_id: int, at: datetime) -> str:
        """Return what stands for an editor in the link that a mail brings: whoever writes the mail
        works it out, and the store has its :meth:`digest` only.

        :param at: when the mail was put in the outbox: an id may be used again.
        """
        about = f"password/{delivery_id}/{at.timestamp()}"
        token = hmac.new(self._key, about.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(token).rstrip(b"=").decode()

    @staticmethod
    def digest(token: str) -> str:
        """Return the hash by which a token of 256 bits is found again (SHA-256, hexadecimal): it
        needs no slow one."""
        return hashlib.sha256(token.encode()).hexdigest()

    # -- addresses ----------------------------------------------------------------------------

    def page(self, path: str = "/") -> str:
        """Return the address of a page of the site."""
        return self._public_url + path

    def event(self, event_id: str) -> str:
        """Return the page of an event."""
        return self.page(f"/evenements/{quote(event_id)}/")

    def event_dates(self, event_id: str) -> str:
        """Return the file of an event's dates (iCalendar)."""
        return self.page(f"/evenements/{quote(event_id)}.ics")

    def confirm(self, token: str) -> str:
        """Return where a sign-up is confirmed."""
        return self.page(f"/abonnement/lien/{token}/confirmer/")

    def confirm_address(self, token: str) -> str:
        """Return where another address is confirmed (a token of :meth:`new_address_token`)."""
        return self.page(f"/abonnement/adresse/{token}/")

    def manage(self, token: str) -> str:
        """Return where one changes or ends one's reminders."""
        return self.page(f"/abonnement/lien/{token}/")

    def password(self, token: str) -> str:
        """Return where an editor sets a password (a single-use token)."""
        return self.page(f"/redaction/mot-de-passe/{token}/")

    def unsubscribe(self, token: str) -> str:
        """Return where one click unsubscribes (RFC 8058)."""
        return self.page(f"/abonnement/lien/{token}/desabonnement/")

    def answer(self, token: str, event_id: str, answer: ClassAnswer) -> str:
        """Return where one says what the class did about an event."""
        path = f"/abonnement/lien/{token}/evenements/{quote(event_id)}/"
        return self.page(f"{path}?reponse={answer.value}")
