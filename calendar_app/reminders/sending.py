"""Sending: mails that are due are sent, at the pace that was promised to the server.

Mails are sent in windows: a window passes the gate in one transaction, its mails are sent one after
the other, and their results are noted in another transaction. A window is so short that a worker
that is killed leaves few mails in doubt. The order (gate, then server, then result) is the promise
of ``reminders.models.outbox``; nothing here may change it.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calendar_app.reminders import attempts, outbox
from calendar_app.reminders.attempts import Result
from calendar_app.reminders.composing import Composer, Prepared
from calendar_app.reminders.mail.message import Letterhead
from calendar_app.reminders.mail.smtp_session import NoAnswerError, TransportError
from calendar_app.reminders.mail.transport import Transport
from calendar_app.reminders.outbox import Claimed, OtherMails
from calendar_app.reminders.rules.deliveries import LEASE, AttemptOutcome, next_try
from calendar_app.store.base import AnySession

#: The largest number of mails in a window, and the seconds that sending a window should take.
_MOST_IN_WINDOW, _WINDOW_SECONDS = 100, 0.2

#: A window that takes longer than this is stopped: the mails that were not begun pass the gate
#: again.
_LONGEST_WINDOW = timedelta(seconds=1)

#: The factor by which a window grows after one that went well: the speed of a server is not known
#: beforehand.
_GROWTH = 4

#: The number of windows that a worker claims at once, and the largest number of their mails.
_WINDOWS_CLAIMED, _MOST_CLAIMED = 10, 500

#: A worker starts no window in the last minute of its lease.
_MARGIN = timedelta(minutes=1)

#: The number of failures of the server in a row after which a worker rests; its first and its
#: longest rest.
_BREAKER = 5
_FIRST_REST, _LONGEST_REST = timedelta(minutes=5), timedelta(hours=1)

#: The number of refusals by policy in a row after which they say more about the server than about
#: the mails.
_POLICY_BREAKER = 20


@dataclass
class SendReport:
    """What a run did, in numbers of mails."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    stopped: int = 0
    dropped: int = 0


@dataclass
class Sender:
    """One worker's way to the server. It may run many times; it rests while the server is down.

    :param others: the mails to people who are not subscribers.
    :param owner: the name of the worker; no other worker has it.
    :param rate: the largest number of mails a second.
    :param clock: returns the instant (UTC); a rehearsal passes another clock.
    :param pause: waits for a number of seconds, or less when the worker has to stop.
    :param resting_until: the instant (UTC) until which nothing is sent, because of *note*.
    """

    session: AnySession
    head: Letterhead
    transport: Transport
    others: OtherMails
    owner: str
    rate: float
    clock: Callable[[], datetime]
    pause: Callable[[float], object] = time.sleep
    resting_until: datetime | None = None
    note: str | None = None
    _failures: int = 0
    _refused_by_policy: int = 0
    _rest: timedelta = _FIRST_REST
    _next_slot: float = 0.0
    _window: int = 1
    _results: list[Result] = field(default_factory=list)
    _untried: list[Claimed] = field(default_factory=list)
    _composer: Composer = field(init=False)

    def __post_init__(self) -> None:
        self._composer = Composer(self.head, self.others)

    def run(self, stopping: Callable[[], bool] = lambda: False) -> SendReport:
        """Send the mails that are due until none is left, the server is down, or *stopping* returns
        True: then the mail in hand is finished, and the other mails are released."""
        report = SendReport()
        self._note()  # results that the last run could not store
        outbox.sweep(self.session, self.clock())
        while not stopping() and not self._is_resting():
            now = self.clock()
            many = min(_MOST_CLAIMED, _WINDOWS_CLAIMED * self._size())
            mails = outbox.claim(self.session, self.owner, now, many)
            if not mails:
                break
            until = now + LEASE - _MARGIN
            waiting = self._prepared(mails, report)
            while waiting and self.clock() < until and not stopping() and not self._is_resting():
                self._keep_pace(min(self._size(), len(waiting)))
                if not stopping():
                    self._send_window(waiting, stopping, report)
            outbox.release(self.session, [p.mail for p in waiting], self.clock())
        self.transport.close()
        return report

    def _prepared(self, mails: list[Claimed], report: SendReport) -> deque[Prepared]:
        """Compose the mails, and end the mails that have nothing to say."""
        prepared = self._composer.prepare(self.session, mails, self.clock())
        verdicts = [(p.mail, *p.verdict) for p in prepared if p.verdict]
        outbox.finish_unsent(self.session, verdicts, self.clock())
        report.dropped += len(verdicts)
        return deque(p for p in prepared if not p.verdict)

    def _is_resting(self) -> bool:
        return self.resting_until is not None and self.clock() < self.resting_until

    # -- one window -------------------------------------------------------------------------------

    def _size(self) -> int:
        """Return the number of mails of a window: few where the rate is low, or the server slow."""
        return max(1, min(self._window, int(self.rate * _WINDOW_SECONDS)))

    def _send_window(
        self, waiting: deque[Prepared], stopping: Callable[[], bool], report: SendReport
    ) -> None:
        """Send the first of the mails that wait; the mails that were not begun wait again."""
        start, now = time.monotonic(), self.clock()
        window = [waiting.popleft() for _ in range(min(self._size(), len(waiting)))]
        gated = attempts.gate(self.session, window, now, self.others)
        report.stopped += len(window) - len(gated)
        untried = deque(p for p in window if p.mail.id in gated)
        try:
            while untried and not (stopping() or self._is_resting()):
                if self.clock() > now + _LONGEST_WINDOW and len(untried) < len(gated):
                    break
                prepared = untried.popleft()
                if not self._send(prepared, now, report):
                    untried.appendleft(prepared)
                    break
        finally:
            self._untried += [p.mail for p in untried]
            self._note()
        went_well = not untried and time.monotonic() - start <= _WINDOW_SECONDS
        grown = self._window * _GROWTH if went_well else self._window // 2
        self._window = max(1, min(_MOST_IN_WINDOW, grown))
        waiting.extendleft(reversed(untried))

    def _note(self) -> None:
        """Store the results. Results that cannot be stored now are stored in the next run."""
        if self._results or self._untried:
            attempts.note(self.session, self._results, self._untried, self.clock())
            self._results, self._untried = [], []

    def _send(self, prepared: Prepared, gated_at: datetime, report: SendReport) -> bool:
        """Send one mail. Return False when it was not begun because it is too late."""
        try:
            self.transport.offer(self.head.sender.addr_spec, prepared.recipient)
            # The server may have been slow, or this process may have been paused.
            now = self.clock()
            if now >= min(prepared.not_after, gated_at + LEASE):
                self.transport.drop()
                return False
            reply = self.transport.deliver(prepared.filled.data)
        except NoAnswerError as error:
            self._results.append(
                Result(prepared.mail, AttemptOutcome.IN_DOUBT, error.stage, error.code, error.reply)
            )
            report.in_doubt += 1
            self._server_failed(error)
        except TransportError as error:
            self._refused(prepared.mail, error, report)
        else:
            self._results.append(Result(prepared.mail, AttemptOutcome.SENT, "body", 250, reply))
            report.sent += 1
            self._failures, self._refused_by_policy, self._rest = 0, 0, _FIRST_REST
            self.resting_until = self.note = None
        return True

    def _refused(self, mail: Claimed, error: TransportError, report: SendReport) -> None:
        now = self.clock()
        self._refused_by_policy = self._refused_by_policy + 1 if error.policy else 0
        by_all = self._refused_by_policy >= _POLICY_BREAKER
        again = None
        if not error.permanent or by_all:
            chance = random.random()  # noqa: S311 (it spreads retries, it is no secret)
            again = next_try(now, mail.tries + 1, chance)
        self._results.append(
            Result(
                mail,
                AttemptOutcome.DEFERRED if again else AttemptOutcome.REFUSED,
                error.stage,
                error.code,
                error.reply,
                again,
                error.refuses_address,
            )
        )
        if again:
            report.deferred += 1
        else:
            report.failed += 1
        if error.server:
            self._server_failed(error)
        else:
            self._failures = 0
        if by_all:
            self._leave_alone(error)

    # -- the breaker ------------------------------------------------------------------------------

    def _server_failed(self, error: TransportError) -> None:
        """Count a failure. Leave the server alone if it is down, or does not know us."""
        self._window = 1
        self._failures += 1
        if self._failures >= _BREAKER or error.authentication:
            self._leave_alone(error)

    def _leave_alone(self, error: TransportError) -> None:
        self.resting_until = self.clock() + self._rest
        self.note = f"{error.stage} : {error.reply}"
        self._rest = min(self._rest * 2, _LONGEST_REST)
        self._failures = 0

    def _keep_pace(self, mails: int) -> None:
        """Wait until this number of mails may be sent. The wait comes before their gate, so that
        nothing is in doubt meanwhile."""
        wait = self._next_slot - time.monotonic()
        if wait > 0:
            self.pause(wait)
        self._next_slot = max(time.monotonic(), self._next_slot) + mails / self.rate
