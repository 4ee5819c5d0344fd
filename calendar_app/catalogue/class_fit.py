"""The rule ``school.levels.fits`` as SQL, for many events or many subscribers at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    exists,
    false,
    literal,
    or_,
    true,
    type_coerce,
)

from calendar_app.catalogue.filters import CatalogueFilter
from calendar_app.catalogue.models.events import Event, EventClass
from calendar_app.school import levels

Column = SQLColumnExpression[Any]


class Classes(Protocol):
    """The classes of a filter or a subscriber, as SQL conditions."""

    def none(self) -> ColumnElement[bool]:
        """Whether no class is given."""

    def includes(self, slug: Column) -> ColumnElement[bool]:
        """Whether the class in a column is one of these classes."""

    def in_school(self, own: Iterable[str]) -> ColumnElement[bool]:
        """Whether one of these classes certainly belongs to a kind of school.

        :param own: the classes that exist only in that kind of school.
        """


@dataclass(frozen=True)
class KnownClasses:
    """Classes that are known when the statement is built: the classes of a filter."""

    slugs: frozenset[str] = field(default_factory=frozenset)

    def none(self) -> ColumnElement[bool]:
        return false() if self.slugs else true()

    def includes(self, slug: Column) -> ColumnElement[bool]:
        return slug.in_(self.slugs)

    def in_school(self, own: Iterable[str]) -> ColumnElement[bool]:
        return false() if self.slugs.isdisjoint(own) else true()


@dataclass(frozen=True)
class StoredClasses:
    """Classes in a column of the type ``Slugs``: the classes of each subscriber."""

    column: Column

    def none(self) -> ColumnElement[bool]:
        return type_coerce(self.column, Text) == ""

    def includes(self, slug: Column) -> ColumnElement[bool]:
        return holds(self.column, slug)

    def in_school(self, own: Iterable[str]) -> ColumnElement[bool]:
        return or_(*(holds(self.column, literal(slug)) for slug in sorted(own)))


def holds(slugs: Column, slug: Column) -> ColumnElement[bool]:
    """Whether a column of the type ``Slugs`` holds a slug."""
    return type_coerce(slugs, Text).like(literal("%,") + slug + literal(",%"))


def fits(event_id: Column, mine: Classes) -> ColumnElement[bool]:
    """Whether an event is for the classes *mine*, by the table of ``school.levels.fits``."""
    anywhere = EventClass.slug.in_(levels.EVERYWHERE)
    mine_too = mine.includes(EventClass.slug)

    def for_some(*which: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether the event has a class that meets these conditions."""
        of_event = exists().where(EventClass.event_id == event_id, *which)
        return of_event.correlate_except(EventClass)

    # The condition on the event comes first, because it is cheaper: for a subscriber, a kind of
    # school takes one comparison for each of its classes.
    one_school = or_(
        ~for_some(~anywhere),
        *(
            and_(for_some(EventClass.slug.in_(own)), mine.in_school(own))
            for own in levels.SCHOOLS.values()
        ),
        and_(*(~mine.in_school(own) for own in levels.SCHOOLS.values())),
    )
    return or_(
        mine.none(),
        ~for_some(),
        for_some(~anywhere, mine_too),
        and_(for_some(anywhere, mine_too), one_school),
    )


def fits_filter(chosen: CatalogueFilter) -> ColumnElement[bool]:
    """Whether an event is for the classes of a filter."""
    return fits(Event.id, KnownClasses(chosen.classes))
