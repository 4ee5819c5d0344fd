"""The state of the service, read once: the page of the editors, ``/metrics`` and ``calendar-app
doctor`` tell the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from calendar_app.catalogue import holidays_update, queries
from calendar_app.catalogue.holidays_update import UpdateState
from calendar_app.editing.mailbox import deciding
from calendar_app.editing.mailbox.deciding import MailboxFacts
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.reminders import outbox_status
from calendar_app.reminders.keeping import hold
from calendar_app.reminders.outbox_status import Status
from calendar_app.reminders.rules.deliveries import DeliveryState
from calendar_app.school.local_time import paris_day
from calendar_app.school.unknown_holidays import unknown_holidays_words
from calendar_app.store.base import AnySession, reading
from calendar_app.store.models import SendingHold


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The service at one instant; all instants are aware UTC.

    :param held: why nothing is sent since a restore; None when mails are sent.
    :param failing_sources: the names of the followed sources that could not be read the last time.
    :param unknown_holidays: a French sentence for the académies of a year that is not known.
    """

    at: datetime
    mails: Status
    held: SendingHold | None
    failing_sources: Sequence[str]
    holidays: UpdateState | None
    unknown_holidays: Sequence[str]
    mailbox: MailboxFacts
    drafts: int
    version: int
    changed_at: datetime

    @property
    def worker_seen_at(self) -> datetime | None:
        return max((seen_at for seen_at, _ in self.mails.workers.values()), default=None)

    def count(self, state: DeliveryState) -> int:
        """Return the number of mails in a state."""
        return self.mails.states.get(state.value, (0, None))[0]

    def oldest(self, state: DeliveryState) -> datetime | None:
        """Return when the oldest mail in a state was due."""
        return self.mails.states.get(state.value, (0, None))[1]


def read_state(session: AnySession, now: datetime) -> ServiceState:
    """Return the state of the service.

    :param now: aware UTC.
    """
    mails = outbox_status.status(session, now)
    held = hold.state(session)
    holidays = holidays_update.state(session)
    with reading(session):
        reference = queries.reference(session)
        failing = select(Source.name).where(Source.failures > 0, Source.paused_at.is_(None))
        pending = select(func.count()).where(Draft.state == DraftState.PENDING)
        return ServiceState(
            at=now,
            mails=mails,
            held=held,
            failing_sources=session.scalars(failing.order_by(Source.name)).all(),
            holidays=holidays,
            unknown_holidays=unknown_holidays_words(
                reference.academies, reference.calendars, paris_day(now)
            ),
            mailbox=deciding.facts(session),
            drafts=session.scalar(pending) or 0,
            version=reference.version,
            changed_at=reference.changed_at,
        )
