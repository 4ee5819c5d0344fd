"""The rows that belong to no noun of the calendar: request counts and worker heartbeats."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from calendar_app.store.base import Base, Instant


class RateCount(Base):
    """The number of requests in one span of time; the key is a keyed hash, never an address."""

    __tablename__ = "rate_count"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[Instant] = mapped_column(index=True)


class WorkerHeartbeat(Base):
    """A worker that runs, and the reason why it cannot send, if there is one."""

    __tablename__ = "worker_heartbeat"

    owner: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    note: Mapped[str | None]
