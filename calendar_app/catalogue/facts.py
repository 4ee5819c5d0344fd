"""An event as facts: the content of its entry in ``events.yaml`` as texts, each part under a name.

The journal stores facts, and ``catalogue.versions`` compares and merges them. The values that only
the store sets (revisions, instants) are not facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from calendar_app.catalogue.entries import EventEntry, ScopeEntry, Written
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_checks import check_events, without
from calendar_app.catalogue.files.events_french import note_errors
from calendar_app.catalogue.files.events_writer import written_fields
from calendar_app.catalogue.files.problems import Path, Problems
from calendar_app.catalogue.files.yaml_tree import Node, Tree
from calendar_app.catalogue.versions import Difference, Facts, differences
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.words.errors import CalendarError

#: Fields that the store sets and an export notes. Nobody edits them, so they are never a change.
OF_THE_STORE = ("record", "cancelled_at", "announced_at", "changed_at")
_PARTS = ("participation", "source")
#: The prefix of the facts of milestones. Each milestone is one fact, so that two editors can change
#: two dates without a conflict.
_DATE = "milestones."


class EntryError(CalendarError):
    """An entry was refused.

    :param problems: path in the entry (« milestones.0.day »; empty for the whole entry) → a French
        sentence without its capital and full stop.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(self.problems.values()))


def written(entry: BaseModel) -> Written:
    """Return an entry as texts, without fields at their default and without ``OF_THE_STORE``."""
    return {name: _text(value) for name, value in written_fields(entry) if name not in OF_THE_STORE}


def facts_of(entry: EventEntry) -> dict[str, Any]:
    """Return the facts of an event: name → texts (JSON).

    A part of ``participation`` or ``source`` is one fact (« participation.cost » → « gratuit »),
    and so is a milestone under its key (« milestones.deadline »).
    """
    facts: dict[str, Any] = {}
    for name, value in written(entry).items():
        if name in _PARTS:
            facts |= {f"{name}.{part}": inner for part, inner in value.items()}
        elif name != "milestones":
            facts[name] = value
    for milestone in entry.milestones:
        facts[f"{_DATE}{milestone.key}"] = written(milestone)
    return facts


@dataclass(frozen=True)
class EntryChange:
    """The entries of one event before and after a change. Their facts are computed once.

    :param before: None for a new event.
    """

    before: EventEntry | None
    after: EventEntry

    @cached_property
    def old(self) -> Facts | None:
        """The facts before the change; None for a new event."""
        return facts_of(self.before) if self.before else None

    @cached_property
    def new(self) -> Facts:
        """The facts after the change."""
        return facts_of(self.after)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The facts that the change touches; for a new event, all of its facts."""
        return differences(self.old or {}, self.new)

    @cached_property
    def scopes(self) -> frozenset[frozenset[str]]:
        """The scopes, before and after, of all facts that differ. A milestone with a scope of its
        own counts with that scope, every other fact with the scope of the event. For a new event,
        only the scope of the event."""
        if self.before is None:
            return frozenset((frozenset(self.after.scope_codes()),))
        return frozenset(scope for d in self.differences for scope in self.scopes_of(d.name))

    @property
    def scope(self) -> frozenset[str]:
        """The codes of all these scopes together."""
        return frozenset[str]().union(*self.scopes)

    def scopes_of(self, name: str) -> Iterator[frozenset[str]]:
        """Yield the scope of the fact *name* before and after the change, where it exists."""
        part, _, key = name.partition(".")
        for entry in filter(None, (self.before, self.after)):
            if part == "milestones":
                yield from (
                    frozenset(m.scope_codes() or entry.scope_codes())
                    for m in entry.milestones
                    if m.key == key
                )
            else:
                yield frozenset(entry.scope_codes())


def written_from(facts: Facts) -> Written:
    """Return the entry with these facts, as texts; its milestones in the order of their days."""
    entry: Written = {}
    milestones: list[Written] = []
    for name, value in facts.items():
        part, _, inner = name.partition(".")
        if name.startswith(_DATE):
            milestones.append({**value, "key": name.removeprefix(_DATE)})
        elif inner:
            entry.setdefault(part, {})[inner] = value
        else:
            entry[name] = value
    if milestones:
        entry["milestones"] = sorted(milestones, key=_order)
    return entry


def with_fresh_keys(base: Facts, wanted: Facts, now: Facts) -> dict[str, Any]:
    """Return *wanted*, with a new key for each added date whose key another person took meanwhile
    for another date. Thus both dates stay.

    :param base: the facts of the event when the person began.
    :param wanted: the facts that the person wants.
    :param now: the present facts of the event.
    """
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        is_added = name.startswith(_DATE) and name not in base
        if is_added and name in now and now[name] != value:
            first, number = name, 1
            while name in now or name in wanted or name in found:
                number += 1
                name = f"{first}-{number}"
            value = {**value, "key": name.removeprefix(_DATE)}
        found[name] = value
    return found


def read_entry(
    entry: Written,
    academies: Academies,
    themes: Mapping[str, str],
    known_ids: Collection[str] = (),
) -> EventEntry:
    """Return the checked entry of one event, by the same rules as a file of events.

    :param themes: the closed list, slug → name.
    :param known_ids: the ids of events of the store, which ``part_of`` may name.
    :raises EntryError: with every problem of the entry.
    """
    series = {entry["series"]: "…"} if entry.get("series") else {}
    value = {"series": series, "events": [entry]}
    tree = Tree(value, dict.fromkeys(_paths(value), 1))
    problems, file, wrong_paths = Problems(""), None, []
    try:
        file = EventsFile.model_validate(value)
    except ValidationError as error:
        wrong_paths = note_errors(error, tree, problems)
    left = Tree(without(value, wrong_paths), tree.lines) if wrong_paths else tree
    check_events(left, problems, academies, themes, known_ids)
    if problems or file is None:
        # Each path begins with « events.0 », since the entry is read as a file of one event.
        found = ((p.key.removeprefix("events.0").lstrip("."), p.message) for p in problems.sorted())
        raise EntryError(dict(found))
    return file.events[0]


def _order(milestone: Written) -> tuple[str, str, str]:
    last = milestone.get("day") or milestone.get("last_day") or ""
    return last, milestone.get("day") or milestone.get("first_day") or "", milestone["key"]


def _text(value: Any) -> Any:
    if isinstance(value, ScopeEntry) and value.national:
        return NATIONAL
    if isinstance(value, BaseModel):
        return written(value)
    if isinstance(value, tuple):
        return [_text(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)


def _paths(value: Node, path: Path = ()) -> list[Path]:
    steps: list[tuple[str | int, Node]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    return [path, *(found for step, inner in steps for found in _paths(inner, (*path, step)))]
