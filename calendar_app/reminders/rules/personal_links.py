"""The links and codes in mails: a person who holds one acts for the person to whom it was sent.

A link carries the signed ``uid`` of a subscriber. It does not expire; it becomes void when the
subscriber gets another ``uid`` or is erased. A code of six digits does the same for the hours after
a mail, for people whose school mail rewrites links. It is computed from a keyed hash (as in RFC
4226) and never stored.
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

from calendar_app.words.errors import DeadLinkError, NotFoundError

#: How long the link of a confirmation is valid, and the code of a mail.
CONFIRMATION_LIFE = timedelta(days=3)
CODE_LIFE = timedelta(hours=24)


class ClassAnswer(StrEnum):
    """What a class did, or wants: the buttons behind the links of a mail."""

    REGISTERED = "inscrits"
    SUBMITTED = "envoyee"
    DECLINED = "pas-cette-annee"
    NEXT_YEAR = "l-an-prochain"

    @property
    def words(self) -> str:
        return {
            ClassAnswer.REGISTERED: "La classe est inscrite",
            ClassAnswer.SUBMITTED: "Les productions sont envoyées",
            ClassAnswer.DECLINED: "Pas cette année",
            ClassAnswer.NEXT_YEAR: "Prévenez-moi de la prochaine édition",
        }[self]


class BadLinkError(DeadLinkError):
    """A link that we did not make, that was cut on its way, or that is no longer valid."""

    def __init__(self) -> None:
        super().__init__(
            "Ce lien n'est pas complet, ou n'est plus valable. Recopiez-le en entier depuis le "
            "courriel, ou demandez-en un autre sur la page « Retrouver mon lien »."
        )


class UnknownAgendaError(NotFoundError):
    """The address of a personal agenda that we did not make, or that was cut on its way."""

    def __init__(self) -> None:
        super().__init__(
            "Cette adresse d'agenda n'est pas complète. Recopiez-la en entier depuis votre page "
            "personnelle, dont le lien est dans chaque courriel."
        )


class PersonalLinks:
    """Makes and reads signed links and codes.

    :param secret_key: the key of the installation; another key makes all links void.
    :param public_url: ``scheme://host[:port]``: links are never built from a Host header.
    """

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._key = secret_key.encode()
        self._public_url = public_url
        self._person = Signer(secret_key, salt="personal-link")
        self._agenda = Signer(secret_key, salt="personal-agenda")
        self._address = URLSafeSerializer(secret_key, salt="new-address")

    def token(self, uid: uuid.UUID) -> str:
        """Return the token that stands for a person in URLs: 50 characters of [A-Za-z0-9._-]."""
        return _signed(self._person, uid)

    def read(self, token: str) -> uuid.UUID:
        """Return the ``uid`` of the person for whom a token stands.

        :raises BadLinkError: when the token was not made by :meth:`token`.
        """
        try:
            return _unsigned(self._person, token)
        except (BadData, ValueError):
            raise BadLinkError from None

    def agenda_token(self, uid: uuid.UUID) -> str:
        """Return the token in the address of a personal agenda, for its ``uid``: of the form of
        :meth:`token`, and never equal to one."""
        return _signed(self._agenda, uid)

    def read_agenda(self, token: str) -> uuid.UUID:
        """Return the ``uid`` that a token of :meth:`agenda_token` stands for. The signature alone
        tells an address of ours, so an address that is over is known as such when nothing is kept
        of it.

        :raises UnknownAgendaError: when the token was not made by :meth:`agenda_token`.
        """
        try:
            return _unsigned(self._agenda, token)
        except (BadData, ValueError):
            raise UnknownAgendaError from None

    def new_address_token(self, uid: uuid.UUID, address: str) -> str:
        """Return the token for "this person moves to this address", for a mail to that address."""
        return str(self._address.dumps([uid.hex, self.fingerprint(address)]))

    def read_new_address(self, token: str) -> tuple[uuid.UUID, str]:
        """Return the ``uid`` of the person and the fingerprint of the address that a token of
        :meth:`new_address_token` stands for.

        :raises BadLinkError: when the token is no such token.
        """
        try:
            uid, fingerprint = self._address.loads(token)
            return uuid.UUID(uid), str(fingerprint)
        except (BadData, ValueError, TypeError, AttributeError):
            raise BadLinkError from None

    def fingerprint(self, text: str) -> str:
        """Return a keyed hash of a text: the same text has the same hash, from which nobody can
        read the text."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def code(self, uid: uuid.UUID, at: datetime) -> str:
        """Return the six digits that were sent to a person at this instant (aware)."""
        digest = hmac.new(self._key, f"{uid.hex}/{at.timestamp()}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest.digest()[:8]) % 1_000_000:06}"

    def password_token(self, delivery_id: int, at: datetime) -> str:
        """Return the token of the link with which an editor sets a password. The worker computes it
        when it composes the mail; the store only has its :meth:`digest`.

        :param at: when the mail was put in the outbox: the id of a deleted delivery may be used
            again.
        """
        about = f"password/{delivery_id}/{at.timestamp()}"
        token = hmac.new(self._key, about.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(token).rstrip(b"=").decode()

    @staticmethod
    def digest(token: str) -> str:
        """Return the hash by which a token of 256 bits is found again (SHA-256, hexadecimal). Such
        a token needs no slow hash."""
        return hashlib.sha256(token.encode()).hexdigest()

    # -- addresses ----------------------------------------------------------------------------

    def page(self, path: str = "/") -> str:
        """Return the URL of a page of the site."""
        return self._public_url + path

    def event(self, event_id: str) -> str:
        """Return the URL of the page of an event."""
        return self.page(f"/evenements/{quote(event_id)}/")

    def event_dates(self, event_id: str) -> str:
        """Return the URL of the file of an event's dates (iCalendar)."""
        return self.page(f"/evenements/{quote(event_id)}.ics")

    def confirm(self, token: str) -> str:
        """Return the URL of the page on which a sign-up is confirmed."""
        return self.page(f"/abonnement/lien/{token}/confirmer/")

    def confirm_address(self, token: str) -> str:
        """Return the URL of the page on which a new address is confirmed (a token of
        :meth:`new_address_token`)."""
        return self.page(f"/abonnement/adresse/{token}/")

    def manage(self, token: str) -> str:
        """Return the URL of the page on which a person changes or ends their reminders."""
        return self.page(f"/abonnement/lien/{token}/")

    def agenda(self, uid: uuid.UUID) -> str:
        """Return the URL of a personal agenda, by its ``uid``. Thunderbird names a calendar by the
        last segment."""
        return self.page(f"/flux/perso/{self.agenda_token(uid)}/mon-agenda.ics")

    def password(self, token: str) -> str:
        """Return the URL of the page on which an editor sets a password (a single-use token)."""
        return self.page(f"/redaction/mot-de-passe/{token}/")

    def unsubscribe(self, token: str) -> str:
        """Return the URL for the one-click unsubscription (RFC 8058)."""
        return self.page(f"/abonnement/lien/{token}/desabonnement/")

    def answer(self, token: str, event_id: str, answer: ClassAnswer | None) -> str:
        """Return the URL of the page on which a person says what the class did about an event, or
        asks for its reminders.

        :param answer: the button that the page shows first; None for none.
        """
        path = f"/abonnement/lien/{token}/evenements/{quote(event_id)}/"
        return self.page(f"{path}?reponse={answer.value}" if answer else path)


def _signed(signer: Signer, uid: uuid.UUID) -> str:
    return signer.sign(urlsafe_b64encode(uid.bytes).rstrip(b"=")).decode()


def _unsigned(signer: Signer, token: str) -> uuid.UUID:
    """Return the signed value; raise ``BadData`` or ``ValueError`` for any other text."""
    return uuid.UUID(bytes=urlsafe_b64decode(signer.unsign(token.encode()) + b"=="))
