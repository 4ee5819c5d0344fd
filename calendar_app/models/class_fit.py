"""Which events fit the classes of a filter, as SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from calendar_app.domain import levels
from calendar_app.domain.filters import CatalogueFilter
from calendar_app.models.events import Event, EventClass


def fits(chosen: CatalogueFilter) -> ColumnElement[bool]:
    """Return the condition that an event fits one of the classes that are chosen."""
    # An event that does not say its classes may be for this one: missing it is worse.
    only_either = and_(
        Event.class_rows.any(EventClass.slug.in_(chosen.of_either_degre)),
        ~Event.class_rows.any(EventClass.slug.not_in(levels.BOTH_DEGRES)),
    )
    return or_(
        ~Event.class_rows.any(),
        Event.class_rows.any(EventClass.slug.in_(chosen.classes)),
        only_either,
    )
