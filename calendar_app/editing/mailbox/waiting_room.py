"""The room of the mails that wait for an administrateur: strangers must not fill the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from calendar_app.editing.models.mailbox import ReceivedMail
from calendar_app.editing.rules.mail_states import MailState
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.store.base import AnySession

#: Most bytes of mails that wait. Further ones are not stored.
MOST_WAITING: Final = 200 * 2**20

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """How full the room is.

    :param taken: bytes of the mails that wait.
    """

    taken: int

    @property
    def free(self) -> int:
        """Bytes that are free."""
        return max(0, MOST_WAITING - self.taken)

    @property
    def share(self) -> float:
        """How full it is, from 0 to 1."""
        return min(1.0, self.taken / MOST_WAITING)

    @property
    def is_tight(self) -> bool:
        """Whether the largest mail that may come would not be taken."""
        return self.free < MAX_BYTES

    @property
    def words(self) -> str:
        """How full it is, in French."""
        return f"{-(-self.taken // _MIB)} Mio sur {MOST_WAITING // _MIB}"

    @property
    def warning(self) -> str | None:
        """A French sentence for who can make room; None while any mail is taken."""
        if not self.is_tight:
            return None
        return (
            f"Les courriels d'expéditeurs inconnus occupent {self.words} : décidez-en dans "
            "« Lettres », « Par courriel ». Les suivants attendent hors du site, et leur serveur "
            "peut les rendre à qui les a envoyés."
        )


def room_of(session: AnySession) -> WaitingRoom:
    """Return how full the room is."""
    waiting = ReceivedMail.state == MailState.WAITING
    return WaitingRoom(session.scalar(select(func.sum(ReceivedMail.size)).where(waiting)) or 0)
