"""An event as facts: what ``events.yaml`` would hold of it, in texts, each part under its name.

The journal notes them, and ``catalogue.versions`` compares and merges them. What only the store
knows (revisions, instants) is no fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from calendar_app.catalogue.entries import EventEntry, EventsFile, ScopeEntry
from calendar_app.catalogue.files.events_checks import check_events, without
from calendar_app.catalogue.files.events_french import note_errors
from calendar_app.catalogue.files.events_writer import written_fields
from calendar_app.catalogue.files.problems import Path, Problems
from calendar_app.catalogue.files.yaml_tree import Node, Tree
from calendar_app.catalogue.versions import Difference, Facts, differences
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.words.errors import CalendarError

#: Texts, lists and dicts, as ``yaml_tree`` reads them.
Written = dict[str, Any]

#: What only the store knows and an export notes: nobody writes it, and it is no change.
OF_THE_STORE = ("record", "cancelled_at", "announced_at", "changed_at")
_PARTS = ("participation", "source")
#: Milestones are facts one by one: two editors may each change another date.
_DATE = "milestones."


class EntryError(CalendarError):
    """An event that was written is not accepted.

    :param problems: where in the entry (« milestones.0.day »; empty: the whole) → a French
        sentence without capital and full stop.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(self.problems.values()))


def written(entry: BaseModel) -> Written:
    """Return an entry as texts; what stands at its default is left out."""
    return {name: _text(value) for name, value in written_fields(entry) if name not in OF_THE_STORE}


def facts_of(entry: EventEntry) -> dict[str, Any]:
    """Return the facts of an event: « participation.cost » → « gratuit »; a milestone, by its key,
    is one fact (« milestones.deadline »)."""
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
    """One event before and after a change; what both are as facts is computed once.

    :param before: None of a new event.
    """

    before: EventEntry | None
    after: EventEntry

    @cached_property
    def old(self) -> Facts | None:
        """The facts before the change; None of a new event."""
        return facts_of(self.before) if self.before else None

    @cached_property
    def new(self) -> Facts:
        """The facts after the change."""
        return facts_of(self.after)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The parts that the change touches; of a new event, all of its parts."""
        return differences(self.old or {}, self.new)

    @cached_property
    def scopes(self) -> frozenset[frozenset[str]]:
        """The scopes of all that differs, before and after: a date that has its own scope is its
        own people's, and everything else is the event's."""
        if self.before is None:
            return frozenset((frozenset(self.after.scope_codes()),))
        return frozenset(scope for d in self.differences for scope in self.scopes_of(d.name))

    @property
    def scope(self) -> frozenset[str]:
        """The codes of all that differs."""
        return frozenset[str]().union(*self.scopes)

    def scopes_of(self, name: str) -> Iterator[frozenset[str]]:
        """Yield whose part this is (the name of a fact), before and after."""
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
    """Return the entry that has these facts; its milestones stand in the order of their days."""
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


def with_fresh_keys(seen: Facts, wanted: Facts, now: Facts) -> dict[str, Any]:
    """Return what somebody wants, where a date that they add has the key of one that somebody else
    added since: it gets a key of its own, and both stay."""
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        is_added = name.startswith(_DATE) and name not in seen
        if is_added and name in now and now[name] != value:
            base, number = name, 1
            while name in now or name in wanted or name in found:
                number += 1
                name = f"{base}-{number}"
            value = {**value, "key": name.removeprefix(_DATE)}
        found[name] = value
    return found


def read_entry(
    entry: Written,
    academies: Academies,
    themes: Mapping[str, str],
    known_ids: Collection[str] = (),
) -> EventEntry:
    """Read one event as a file of events would be read.

    :param known_ids: ids of events of the store, which ``part_of`` may name.
    :raises EntryError: with everything that is wrong.
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
        # A path begins with « events.0 ».
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
