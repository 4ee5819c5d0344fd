"""The states of reminders and mails, and when a refused mail is tried again.

A *reminder* is an intent: a person should hear of one date, at one time before it. A *delivery* is
one mail to one person; it gathers the reminders of a morning. SMTP has a gap between the final dot
and the 250 that no sender can close (RFC 1047): a delivery in this gap is ``in_doubt``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

#: How long a worker may keep a mail that it claimed.
LEASE = timedelta(minutes=5)

#: A mail in doubt is sent once more after this time without an answer. (The answer to the final dot
#: may take 10 minutes: RFC 5321, section 4.5.3.2.6.)
DOUBT = timedelta(minutes=15)

#: A mail that no server takes is given up after this time, or when its deadline has passed.
PATIENCE = timedelta(hours=48)

#: The back-off: the pause after each temporary refusal (4xx). The last pause repeats.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))

#: The pauses vary by this share; otherwise a server that was down would get all of its mail at
#: once.
SPREAD = 0.2


class SubscriberState(StrEnum):
    """The state of a subscriber, which decides which mails they may get."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    #: A server said that the address will never take mail.
    REFUSED = "refused"


class AskedFor(StrEnum):
    """The requests that anybody may make by typing an address."""

    SIGN_UP = "sign_up"
    #: « Retrouver mon lien ».
    LINK = "link"
    #: An editor's link to set a password.
    PASSWORD = "password"  # noqa: S105 (a name)


class ReminderState(StrEnum):
    """The state of a reminder; all but the first are final."""

    PLANNED = "planned"
    SENT = "sent"
    #: A more urgent reminder of the same date was sent instead.
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class DeliveryState(StrEnum):
    """The state of a mail."""

    PENDING = "pending"
    CLAIMED = "claimed"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    FAILED = "failed"
    #: A person has to decide, for example after a second doubt.
    PARKED = "parked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class DeliveryKind(StrEnum):
    """The kinds of mails: each has a function in ``reminders/mail/messages.py`` (or
    ``other_messages.py``) and a folder of templates."""

    CONFIRMATION = "confirmation"
    #: « Retrouver mon lien ».
    LINK = "link"
    #: The confirmation of a new address, sent to that address.
    NEW_ADDRESS = "new_address"
    REMINDER = "reminder"
    WEEKLY = "weekly"
    MOVED = "moved"
    CANCELLED = "cancelled"
    RENTREE = "rentree"
    GOODBYE = "goodbye"
    #: To an editor: the link that sets a password.
    PASSWORD = "password"  # noqa: S105 (it is the name of a mail)
    #: To a person who suggested something: what became of it.
    SUGGESTION = "suggestion"
    #: To an editor who sent a letter to the mailbox: what was found in it.
    LETTER = "letter"
    #: To an editor who follows an agenda: it has a fault.
    AGENDA = "agenda"

    @property
    def to_subscriber(self) -> bool:
        """Whether the mail goes to a subscriber. The recipient of another mail is named by the row
        that points at it."""
        return self not in TO_OTHERS

    @property
    def states(self) -> tuple[SubscriberState, ...]:
        """The states in which a subscriber may get the mail; empty for mails to non-subscribers."""
        return _STATES.get(self, (SubscriberState.ACTIVE,)) if self.to_subscriber else ()

    @property
    def is_answer(self) -> bool:
        """Whether a person has just asked for the mail and waits for it: such a mail is not sent
        again when in doubt."""
        return self in _ANSWERS


#: The mails to non-subscribers.
TO_OTHERS = (
    DeliveryKind.PASSWORD,
    DeliveryKind.SUGGESTION,
    DeliveryKind.LETTER,
    DeliveryKind.AGENDA,
)

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

    #: The body was sent and no answer came, or the worker died before it noted the answer.
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    #: "Not now": 4xx, or no server to talk to. Nothing was accepted.
    DEFERRED = "deferred"
    #: "Never": 5xx. Nothing was accepted.
    REFUSED = "refused"
    #: The claim no longer held at the gate: the body was not sent.
    STOPPED = "stopped"


class News(StrEnum):
    """A change of a date, told to people who counted on what the date was. It stands in the
    ``lead`` of their reminder."""

    #: The date stands on another day.
    MOVED = "moved"
    CANCELLED = "cancelled"
    #: The date takes place after all.
    RESTORED = "restored"

    def lead(self, number: int) -> str:
        """Return the ``lead`` of a reminder of this news. It holds the number of the change, so
        that each move of a date that moves back and forth is told.

        :param number: the number of the change of its date, from 1.
        """
        return self.value if number == 1 else f"{self.value}:{number}"

    @classmethod
    def of(cls, lead: str) -> News | None:
        """Return the news that a reminder's ``lead`` stands for; None for a time before a date."""
        name = lead.partition(":")[0]
        return cls(name) if name in set(cls) else None


def next_try(now: datetime, tries: int, chance: float) -> datetime:
    """Return when a mail with a temporary refusal is tried again.

    :param tries: the number of tries so far, at least 1.
    :param chance: a random number from 0 to 1, by which the pause varies.
    """
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    return now + pause * (1 + SPREAD * (2 * chance - 1))
