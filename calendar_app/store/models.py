"""The rows that belong to no noun of the calendar: request counts, worker heartbeats, and what a
store knows of its own copies."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
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


class SendingHold(Base):
    """One row while no mail may be sent because the store was restored from a backup; no row
    otherwise. A backup never contains the row."""

    __tablename__ = "sending_hold"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    restored_at: Mapped[Instant]
    #: The instant that the restored backup shows.
    backed_up_at: Mapped[Instant]
    #: Since when it is not known who left; NULL when a ledger told it.
    unknown_since: Mapped[Instant | None]


class StoreFile(Base):
    """The file in which a SQLite store lives (``store.file_identity``); no row on PostgreSQL.

    A plain copy of the file has another identity. So a copy that lacks its journal is found out.
    """

    __tablename__ = "store_file"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    identity: Mapped[str]
