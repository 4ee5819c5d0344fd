"""What an outside agenda says now, compared with what it said and with what stands here. Pure.

Each date of a source has an identity: its UID and, for what returns, its RECURRENCE-ID. So a second
session is another date and not the first one moved, and a date that moves stays the same date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import NamedTuple

from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.words.text import fold

#: Agendas with fewer dates ahead may lose half of them without a warning.
FEW = 4

#: An occurrence is not taken for another one of its UID that is further away.
_NEAR = timedelta(days=31)
ENDED = (ItemStatus.CANCELLED, ItemStatus.POSTPONED)

#: How the recurrence of a date of an entry of news begins.
OF_NEWS = "#"

#: The parts of a date beside « days », « hours », « place » and « ended » (:func:`_parts`): the
#: title of its event, and the label of the date alone.
TITLE, LABEL = "title", "label"

#: What an editor should check when a date is no longer shown.
NOT_SHOWN = "L'agenda ne montre plus cette date : vérifiez auprès de lui si elle est annulée."


class Identity(NamedTuple):
    """What makes a date of a source the same date at each reading.

    :param uid: the UID, or the id of an entry of news.
    :param recurrence: the RECURRENCE-ID (ISO 8601, without a zone); of an entry of news, which of
        its dates; None for what does not return.
    """

    uid: str
    recurrence: str | None = None

    @property
    def is_of_news(self) -> bool:
        """Whether this is a date of an entry of news."""
        return (self.recurrence or "").startswith(OF_NEWS)


@dataclass(frozen=True, slots=True)
class Standing:
    """A date as it stands in the calendar, in the form of an item (of a deadline the last day and
    the end count).

    :param title: the title of its event.
    :param label: its own words, where it has some beside that title.
    :param zone: IANA name; None on the clock of its place.
    """

    title: str
    label: str | None
    kind: ItemKind
    first_day: date | None
    last_day: date
    start_time: time | None
    end_time: time | None
    zone: str | None
    place: str | None
    ended: bool


class ProposedChange(NamedTuple):
    """A change to a date that stands here.

    :param item: the date as it would be.
    :param parts: what changes: names of :func:`_parts`, :data:`TITLE`, :data:`LABEL`.
    """

    item: DatedItem
    parts: tuple[str, ...]


def renamed(
    before: Mapping[Identity, DatedItem], now: Mapping[Identity, DatedItem]
) -> dict[Identity, Identity]:
    """Return the identities that changed though the date is the same: earlier → present.

    A rule of repetition that changes gives all RECURRENCE-IDs anew: within a UID, the nearest days
    belong together. Some programs give new UIDs at each export: there, the same content does.
    """
    gone = {i: item for i, item in before.items() if i not in now}
    new = {i: item for i, item in now.items() if i not in before}
    of_uid: dict[str, list[Identity]] = {}
    for present in new:
        of_uid.setdefault(present.uid, []).append(present)
    pairs = [
        (abs(_day(old) - _day(new[present])), earlier, present)
        for earlier, old in gone.items()
        for present in of_uid.get(earlier.uid, ())
    ]
    found: dict[Identity, Identity] = {}
    taken: set[Identity] = set()
    for distance, earlier, present in sorted(pairs, key=lambda pair: pair[0]):
        alone = earlier.recurrence is None or present.recurrence is None
        if earlier not in found and present not in taken and (alone or distance <= _NEAR):
            found[earlier] = present
            taken.add(present)
    content = {_content(item): i for i, item in new.items() if i not in taken}
    for earlier, old in gone.items():
        if earlier not in found and _content(old) in content:
            found[earlier] = content.pop(_content(old))
    return found


def is_broken(ahead: int, lost: int) -> bool:
    """Whether an agenda lost so many of its dates that it is rather broken.

    :param ahead: how many dates ahead it should show.
    :param lost: how many of these it does not show.
    """
    return ahead >= FEW and 2 * lost > ahead


def should_show(day: date, shown: Iterable[date], before: int) -> bool:
    """Whether an agenda that no longer shows a date covers its day.

    It does when it shows a later date; and when it shows fewer dates ahead than before: an agenda
    of the « next twenty dates » that is pushed on by a new one does not.

    :param shown: the last days of the dates ahead that it shows now.
    :param before: how many dates that are still ahead it showed before.
    """
    days = list(shown)
    return len(days) < before or day <= max(days, default=day)


def changed(
    now: DatedItem, said: DatedItem, here: Standing, *, alone: bool = False
) -> ProposedChange | None:
    """Return the change to propose to a date that stands here; None when there is nothing to
    propose.

    Only what the source says otherwise than before, and otherwise than what stands here, changes:
    what an editor wrote stays.

    :param now: what the source says.
    :param said: what it said when an editor last decided.
    :param alone: whether other dates of the event keep their title: a new one is then the label of
        this date.
    """
    news, old, own = _parts(now), _parts(said), _parts_here(here)
    parts = {name for name in news if news[name] not in (old[name], own[name])}
    parts |= _named_otherwise(now, said, here, alone=alone)
    if not parts:
        return None
    return ProposedChange(only(now, here, parts), tuple(sorted(parts)))


def _named_otherwise(
    now: DatedItem, said: DatedItem, here: Standing, *, alone: bool
) -> frozenset[str]:
    """Return what a new title changes: the title of the event, the label of the date, nothing."""
    if now.status in ENDED:  # « Annulation du festival » says a state, and is no other title
        return frozenset()
    title, before, label = fold(now.title), fold(said.title), fold(here.label or "")
    if label and label == before != title:
        return frozenset((LABEL,))
    if alone and title not in (before, label or fold(here.title)):
        return frozenset((LABEL,))
    return frozenset((TITLE,) if not alone and before == fold(here.title) != title else ())


def put_off(now: DatedItem, said: DatedItem) -> DatedItem:
    """Return what a source says now; « reporté », with another day than before, takes place on that
    day, also at the readings that follow.

    :param said: what it said at the last reading.
    """
    is_moved = said.status is ItemStatus.MOVED or _parts(now)["days"] != _parts(said)["days"]
    if now.status is ItemStatus.POSTPONED and is_moved:
        return replace(now, status=ItemStatus.MOVED)
    return now


def only(item: DatedItem, here: Standing, parts: Set[str]) -> DatedItem:
    """Return an item of which only these parts are its own: the others are those of the date that
    stands here."""
    if not parts & {TITLE, LABEL}:
        item = replace(item, title=here.title)
    if "days" not in parts:
        step = (item.step or Step.UNKNOWN) if here.kind is ItemKind.DEADLINE else None
        item = replace(
            item, kind=here.kind, step=step, first_day=here.first_day, last_day=here.last_day
        )
    if "hours" not in parts:
        start, end, zone = here.start_time, here.end_time, here.zone
        item = replace(item, start_time=start, end_time=end, time_zone=zone)
    if "place" not in parts:
        item = replace(item, place=here.place)
    if "ended" not in parts:
        status = ItemStatus.CANCELLED if here.ended else ItemStatus.PLANNED
        item = replace(item, status=status)
    return item


def different_parts(one: DatedItem, other: DatedItem) -> frozenset[str]:
    """Return the names of the parts in which two items differ."""
    mine, theirs = _parts(one), _parts(other)
    found = {name for name in mine if mine[name] != theirs[name]}
    return frozenset(found | ({TITLE} if fold(one.title) != fold(other.title) else set()))


def same_announcement(one: DatedItem, other: DatedItem) -> bool:
    """Whether two items have the same days, hours, place and state: what was refused once stays
    refused, whatever its text says."""
    return _parts(one) == _parts(other)


def dropped(said: DatedItem) -> DatedItem:
    """Return the item that proposes to cancel a date which the source no longer shows."""
    return replace(said, status=ItemStatus.CANCELLED, warnings=(NOT_SHOWN,))


def followed(corrected: DatedItem, was: DatedItem, now: DatedItem) -> DatedItem:
    """Return an item as an editor corrected it, with what its source says otherwise since.

    :param was: the item before, as the source said it.
    """
    changed_ = {
        name: getattr(now, name)
        for name in DatedItem.__dataclass_fields__
        if getattr(now, name) != getattr(was, name)
    }
    return replace(corrected, **changed_)


def _day(item: DatedItem) -> date:
    return item.first_day or item.last_day or date.max


def _parts(item: DatedItem) -> dict[str, object]:
    return {
        "days": (item.kind, item.first_day, item.last_day),
        "hours": (item.start_time, item.end_time, item.time_zone),
        "place": item.place,
        "ended": item.status in ENDED,
    }


def _parts_here(here: Standing) -> dict[str, object]:
    return {
        "days": (here.kind, here.first_day, here.last_day),
        "hours": (here.start_time, here.end_time, here.zone),
        "place": here.place,
        "ended": here.ended,
    }


def _content(item: DatedItem) -> tuple[object, ...]:
    return fold(item.title), item.kind, item.first_day, item.last_day, item.start_time
