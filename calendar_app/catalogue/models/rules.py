"""The table of the rules by which series return."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.catalogue.models.events import Series
from calendar_app.store.base import Base, Instant, Visible


class SeriesRule(Visible, Base):
    """The rule by which a series returns every year (``catalogue.renewal``)."""

    __tablename__ = "series_rule"

    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"), primary_key=True)
    #: A ``catalogue.file_entries.RuleEntry`` as texts, without ``series`` and ``ended``.
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Since when the rule makes no editions any more; None while it does.
    ended_at: Mapped[Instant | None]

    series: Mapped[Series] = relationship(lazy="joined", innerjoin=True)
