"""What may become of a reminder and of a mail, and when a refused mail is tried again.

A *reminder* is an intent: somebody is to hear of one date, so long before it. A *delivery* is one
mail to one person; it gathers the reminders of a morning. SMTP has a gap between the final dot and
the 250 that no sender can close (RFC 1047): a delivery that is in it is ``in_doubt``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

#: How long a worker may keep a mail that it claimed.
LEASE = timedelta(minutes=5)

#: A mail in doubt is sent once more after so long a silence. (The answer to the final dot may take
#: 10 minutes: RFC 5321, section 4.5.3.2.6.)
DOUBT = timedelta(minutes=15)

#: A mail that no server takes is given up after so long, or when its deadline has passed.
PATIENCE = timedelta(hours=48)

#: The pauses after each answer of « not now » (4xx).
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))

#: The pauses vary by this share, or a server that was down would meet all of its mail at once.
SPREAD = 0.2


class SubscriberState(StrEnum):
    """Whether somebody gets mail."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    #: A server said for good that the address takes no mail.
    REFUSED = "refused"


class AskedFor(StrEnum):
    """What anybody may ask for by typing an address."""

    SIGN_UP = "sign_up"
    #: « Retrouver mon lien ».
    LINK = "link"
    #: An editor's link to set a password.
    PASSWORD = "password"  # noqa: S105 (a name)


class ReminderState(StrEnum):
    """What became of an intent; all but the first are final."""

    PLANNED = "planned"
    SENT = "sent"
    #: A more urgent one of the same date went out instead.
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class DeliveryState(StrEnum):
    """What became of a mail."""

    PENDING = "pending"
    CLAIMED = "claimed"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    FAILED = "failed"
    #: Twice in doubt: a person decides.
    PARKED = "parked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class DeliveryKind(StrEnum):
    """Which mail it is: each has a function in ``reminders/mail/messages.py`` and a folder of
    templates."""

    CONFIRMATION = "confirmation"
    #: « Retrouver mon lien ».
    LINK = "link"
    #: The confirmation of another address, sent to that address.
    NEW_ADDRESS = "new_address"
    REMINDER = "reminder"
    WEEKLY = "weekly"
    MOVED = "moved"
    CANCELLED = "cancelled"
    RENTREE = "rentree"
    GOODBYE = "goodbye"
    #: To an editor: the link that sets a password.
    PASSWORD = "password"  # noqa: S105 (it is the name of a mail)
    #: To whoever suggested something: what became of it.
    SUGGESTION = "suggestion"

    @property
    def to_subscriber(self) -> bool:
        """Whether it goes to a subscriber; the others go to whom what points at them names."""
        return self not in TO_OTHERS

    @property
    def states(self) -> tuple[SubscriberState, ...]:
        """The states in which a subscriber may get it; none may get what is not to subscribers."""
        return _STATES.get(self, (SubscriberState.ACTIVE,)) if self.to_subscriber else ()

    @property
    def is_answer(self) -> bool:
        """Whether somebody waits for it, having just asked: it is not sent again when in doubt."""
        return self in _ANSWERS


#: The mails that do not go to subscribers.
TO_OTHERS = (DeliveryKind.PASSWORD, DeliveryKind.SUGGESTION)

_ANSWERS = (
    DeliveryKind.CONFIRMATION,
    DeliveryKind.LINK,
    DeliveryKind.NEW_ADDRESS,
    DeliveryKind.GOODBYE,
    DeliveryKind.PASSWORD,
)
_STATES = {
    DeliveryKind.CONFIRMATION: (SubscriberState.UNCONFIRMED,),
    DeliveryKind.LINK: (SubscriberState.ACTIVE, SubscriberState.PAUSED),
    DeliveryKind.NEW_ADDRESS: (SubscriberState.ACTIVE, SubscriberState.PAUSED),
    DeliveryKind.GOODBYE: (SubscriberState.UNSUBSCRIBED,),
}


class AttemptOutcome(StrEnum):
    """How one try to hand a mail to a server ended."""

    #: The body went out and no answer came, or we did not live to note it.
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    #: « Not now »: 4xx, or no server to talk to. Nothing was accepted.
    DEFERRED = "deferred"
    #: « Never »: 5xx. Nothing was accepted.
    REFUSED = "refused"
    #: The row was no longer ours at the gate: the body was not sent.
    STOPPED = "stopped"


class News(StrEnum):
    """What people hear of a date who counted on what it was: the ``lead`` of their reminder."""

    #: It stands on another day.
    MOVED = "moved"
    CANCELLED = "cancelled"
    #: It takes place after all.
    RESTORED = "restored"

    def lead(self, number: int) -> str:
        """Return how a reminder stores it; a date that moves back and forth is told each time.

        :param number: which change of its date it is, from 1.
        """
        return self.value if number == 1 else f"{self.value}:{number}"

    @classmethod
    def of(cls, lead: str) -> News | None:
        """Return the news that a reminder's ``lead`` stands for; None for a time before a date."""
        name = lead.partition(":")[0]
        return cls(name) if name in set(cls) else None


def next_try(now: datetime, tries: int, chance: float) -> datetime:
    """Return when a mail that was refused for now is tried again.

    :param tries: how many times it was tried so far, at least 1.
    :param chance: from 0 to 1, by which the pause varies.
    """
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    return now + pause * (1 + SPREAD * (2 * chance - 1))
