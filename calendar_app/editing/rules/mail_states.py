"""The states of a mail that may bring letters."""

from __future__ import annotations

from enum import StrEnum


class MailState(StrEnum):
    """What became of a mail."""

    #: Its letters are in the room.
    READ = "read"
    #: Nobody declared its sender: an administrateur decides.
    WAITING = "waiting"
    #: It brings no letter, or an administrateur refused it; ``reason`` says why.
    REFUSED = "refused"
