"""Three-way merge of versions of one object: the base, the wanted version and the present one.

An undo, a proposal that was prepared on an older version, and two editors on one event raise one
question: which of the wanted differences can still be applied? Objects are given as facts: the name
of each part → its value (JSON). A part that is missing has no name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Name of a part → its value, as « participation.cost » → « gratuit ».
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that differs between two versions; None stands for a version without this part."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """A part that one person wants to change and another person changed differently."""

    name: str
    was: Any
    wanted: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge: the present version with the wanted differences that could be applied.

    :param conflicts: the differences that could not be applied; *facts* keeps the present values of
        these parts.
    """

    facts: dict[str, Any]
    conflicts: tuple[Conflict, ...]


def differences(before: Facts, after: Facts) -> tuple[Difference, ...]:
    """Return the parts that differ between two versions, in the order of their names."""
    names = sorted({*before, *after})
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def merge(was: Facts, wanted: Facts, now: Facts) -> Merged:
    """Return *now* with the differences between *was* and *wanted* applied.

    A part that already has the wanted value is not a conflict.

    :param was: the base: the version on which *wanted* was prepared.
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
