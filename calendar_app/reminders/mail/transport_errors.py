"""How the handing over of a mail fails, told apart by what it means for the mail."""

from __future__ import annotations

from calendar_app.reminders.rules.server_replies import (
    is_policy,
    refuses_address,
    without_addresses,
)


class TransportError(Exception):
    """Nothing was accepted: the mail may be offered again, unless it is :attr:`permanent`.

    :param stage: how far it went: ``connect``, ``greeting``, ``ehlo``, ``starttls`` (the handshake
        of smtps:// too), ``auth``, ``mail``, ``rcpt``, ``data`` or ``body``.
    :param reply: what the server said, or what went wrong, on a line of 200 characters at most and
        without addresses: it goes to the store and to logs.
    :param code: the server's, if it answered.
    :param status: its enhanced status code (RFC 3463), if it gave one.
    :param permanent: the server refused this mail for good.
    :param server: there is no server to talk to, which no other mail will change.
    :param authentication: it takes no mail from us as we are set up.
    """

    def __init__(
        self,
        stage: str,
        reply: str,
        *,
        code: int | None = None,
        status: str | None = None,
        permanent: bool = False,
        server: bool = False,
        authentication: bool = False,
    ) -> None:
        self.stage = stage
        self.reply = without_addresses(reply)
        self.code = code
        self.status = status
        self.permanent = permanent
        self.server = server
        self.authentication = authentication
        super().__init__(f"{stage}: {self.reply}")

    @property
    def refuses_address(self) -> bool:
        """Whether the recipient's address takes no mail, now or later: see
        :func:`~calendar_app.reminders.rules.server_replies.refuses_address`."""
        if not self.permanent or self.stage == "mail":
            return False
        if self.status is None:
            return self.stage == "rcpt" and self.code in (550, 551, 553)
        return refuses_address(self.status)

    @property
    def policy(self) -> bool:
        """Whether the server's rules refuse this mail for good; a relay that is set wrongly says
        so of every mail."""
        return self.permanent and is_policy(self.status or "")


class NoAnswerError(TransportError):
    """The final dot went out, or may have, and no answer came: the mail is in doubt."""
