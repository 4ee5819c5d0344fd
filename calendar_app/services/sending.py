"""Sending: what is due goes out, at the pace that the server was promised.

For each mail: the server is talked to up to the moment before the body; the gate; the body; the
result. The order is the promise of ``models.outbox``; nothing here may change it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calendar_app.domain.deliveries import next_try
from calendar_app.mail.message import Letterhead
from calendar_app.mail.transport import NoAnswerError, Transport, TransportError
from calendar_app.models.base import AnySession
from calendar_app.services import outbox
from calendar_app.services.composing import Composer, Prepared

#: Mails that a worker claims at once: what it can send within a minute, well below its lease.
_MOST_CLAIMED = 50

#: Failures of the server in a row after which a worker leaves it alone, and for how long.
_BREAKER = 5
_FIRST_REST, _LONGEST_REST = timedelta(minutes=5), timedelta(hours=1)


@dataclass
class SendReport:
    """What a run did, in mails."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    stopped: int = 0
    dropped: int = 0


@dataclass
class Sender:
    """One worker's way to the server. It may run many times; it rests while the server is down.

    :param owner: the worker's name, unlike any other's.
    :param rate: mails a second, at most.
    :param clock: gives the instant (UTC); a rehearsal gives another.
    :param pause: waits so many seconds, or less when the worker is to stop.
    """

    session: AnySession
    head: Letterhead
    transport: Transport
    owner: str
    rate: float
    clock: Callable[[], datetime]
    pause: Callable[[float], object] = time.sleep
    resting_until: datetime | None = None
    note: str | None = None
    _failures: int = 0
    _rest: timedelta = _FIRST_REST
    _next_slot: float = 0.0
    _composer: Composer = field(init=False)

    def __post_init__(self) -> None:
        self._composer = Composer(self.head)

    def run(self, stopping: Callable[[], bool] = lambda: False) -> SendReport:
        """Send what is due, until nothing is, the server is down, or *stopping* says so: then the
        mail in hand is finished, and the rest is given back."""
        report = SendReport()
        outbox.sweep(self.session, self.clock())
        size = max(1, min(_MOST_CLAIMED, int(self.rate * 60)))
        while not stopping() and not self._is_resting():
            mails = outbox.claim(self.session, self.owner, self.clock(), size)
            if not mails:
                break
            prepared = self._composer.prepare(self.session, mails, self.clock())
            while prepared and not stopping() and not self._is_resting():
                self._send(prepared.pop(0), report)
            outbox.release(self.session, [p.mail for p in prepared], self.clock())
        self.transport.close()
        return report

    def _is_resting(self) -> bool:
        return self.resting_until is not None and self.clock() < self.resting_until

    def _send(self, prepared: Prepared, report: SendReport) -> None:
        mail = prepared.mail
        if prepared.verdict:
            outbox.finish_unsent(self.session, mail, *prepared.verdict, self.clock())
            report.dropped += 1
            return
        self._keep_pace()
        try:
            self.transport.offer(self.head.sender.addr_spec, prepared.recipient)
        except TransportError as error:
            self._refused(mail, None, error, report)
            return
        now = self.clock()
        late = now >= prepared.not_after
        attempt = None if late else outbox.gate(self.session, mail, prepared.data, now)
        if attempt is None:
            self.transport.drop()
            outbox.note_stopped(self.session, mail, now)
            report.stopped += 1
            return
        try:
            reply = self.transport.deliver(prepared.data)
        except NoAnswerError as error:
            outbox.note_silence(self.session, mail, attempt, error.reply, self.clock())
            report.in_doubt += 1
            self._server_failed(error)
        except TransportError as error:
            self._refused(mail, attempt, error, report)
        else:
            outbox.note_sent(self.session, mail, attempt, reply, self.clock())
            report.sent += 1
            self._failures, self._rest = 0, _FIRST_REST
            self.resting_until = self.note = None

    def _refused(
        self, mail: outbox.Claimed, attempt: int | None, error: TransportError, report: SendReport
    ) -> None:
        now = self.clock()
        chance = random.random()  # noqa: S311 (it spreads tries, it hides nothing)
        again = None if error.permanent else next_try(now, mail.tries + 1, chance)
        outbox.note_refused(
            self.session,
            mail,
            attempt,
            now,
            stage=error.stage,
            code=error.code,
            reply=error.reply,
            try_again_at=again,
            refuses_address=error.refuses_address,
        )
        if again:
            report.deferred += 1
        else:
            report.failed += 1
        if error.server:
            self._server_failed(error)
        else:
            self._failures = 0

    def _server_failed(self, error: TransportError) -> None:
        """The breaker: a server that is down, or that does not know us, is left alone."""
        self._failures += 1
        if self._failures >= _BREAKER or error.authentication:
            self.resting_until = self.clock() + self._rest
            self.note = f"{error.stage} : {error.reply}"
            self._rest = min(self._rest * 2, _LONGEST_REST)
            self._failures = 0

    def _keep_pace(self) -> None:
        wait = self._next_slot - time.monotonic()
        if wait > 0:
            self.pause(wait)
        self._next_slot = max(time.monotonic(), self._next_slot) + 1 / self.rate
