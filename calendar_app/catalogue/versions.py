"""Three versions of one object: what it was, what somebody wants, and what it is by now.

An undo, a proposal that was prepared on an older version and two editors on one event are one
question: which of the wanted differences still fit? Objects come in as facts: a name for each part
of them → its value (JSON), where a missing part has no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: « participation.cost » → « gratuit ».
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not the same in two versions; None where a version has no such part."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """One part that somebody wants to change and that somebody else changed otherwise."""

    name: str
    was: Any
    wanted: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """What is now, with the wanted differences that fit.

    :param conflicts: those that do not; *facts* keeps what is now of them.
    """

    facts: dict[str, Any]
    conflicts: tuple[Conflict, ...]


def differences(before: Facts, after: Facts) -> tuple[Difference, ...]:
    """Return what is not the same in two versions, in the order of the names."""
    names = sorted({*before, *after})
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def merge(was: Facts, wanted: Facts, now: Facts) -> Merged:
    """Return *now* with what differs between *was* and *wanted*.

    A part that somebody else brought to the very value that is wanted is no conflict.
    """
    facts, conflicts = dict(now), []
    for difference in differences(was, wanted):
        name, current = difference.name, now.get(difference.name)
        if current == difference.after:
            continue
        if current != difference.before:
            conflicts.append(Conflict(name, difference.before, difference.after, current))
        elif difference.after is None:
            del facts[name]
        else:
            facts[name] = difference.after
    return Merged(facts, tuple(conflicts))
