"""The rules of a file of events beyond one field: closed lists, ids, keys, the order of days.

These checks run on the texts of the file, without the values that are already known to be wrong, so
that all problems of a file are reported at once. Every remaining text can be parsed without error.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from calendar_app.catalogue.entries import ScopeEntry, Written
from calendar_app.catalogue.files.problems import Path, Problems, line_of, not_in_list, shown
from calendar_app.catalogue.files.yaml_tree import Node, Tree
from calendar_app.school.academies import Academies
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.vocabulary import MilestoneKind


def without(value: Node, paths: Iterable[Path]) -> Node:
    """Return a deep copy of *value* without the values at *paths*.

    For a value inside a list, the key of that list is removed. A path that does not exist (a
    missing key) removes nothing.
    """
    value = copy.deepcopy(value)
    for path in paths:
        holder, key, here = None, "", value
        for step in path:
            if isinstance(here, dict) and step in here:
                holder, key = here, str(step)
            elif not (isinstance(here, list) and isinstance(step, int) and step < len(here)):
                break
            here = here[step]
        else:
            if holder is not None:
                holder.pop(key)
    return value


def check_events(
    tree: Tree,
    problems: Problems,
    academies: Academies,
    themes: Mapping[str, str],
    known_ids: Collection[str] = (),
) -> None:
    """Add to *problems* the errors between the entries of *tree* and against the closed lists.

    :param tree: a file without its wrong values.
    :param themes: the closed list, slug → name.
    :param known_ids: the ids of events of the store, which ``part_of`` may name.
    """
    if isinstance(tree.value, dict):
        _Checks(tree, problems, academies, themes, known_ids).run()


class _Checks:
    def __init__(
        self,
        tree: Tree,
        problems: Problems,
        academies: Academies,
        themes: Mapping[str, str],
        known_ids: Collection[str],
    ) -> None:
        self.lines = tree.lines
        self.problems = problems
        self.academies = academies
        self.themes = themes
        self.known_ids = known_ids
        self.series: Collection[str] = tree.value.get("series") or {}
        self.rules: list[Written] = tree.value.get("rules") or []
        self.events: list[Written] = tree.value.get("events") or []
        self.slugs = [academy.slug for academy in academies]
        self.departments = [department.code for department in academies.departments]
        self.area = _areas(academies)

    def add(self, path: Path, message: str) -> None:
        self.problems.add(line_of(self.lines, path), path, message)

    def run(self) -> None:
        self.check_rules()
        for number, event in enumerate(self.events):
            path: Path = ("events", number)
            self.check_id(event, path)
            self.check_themes(event, path)
            self.check_scope(event.get("scope"), (*path, "scope"))
            milestones: list[Written] = event.get("milestones") or []
            for position, milestone in enumerate(milestones):
                place: Path = (*path, "milestones", position)
                self.check_scope(milestone.get("scope"), (*place, "scope"))
                self.check_narrower(event, milestone, place)
                self.check_school_year(event, milestone, place)
            self.check_keys(milestones, path)
            self.check_opening(milestones, path)
        self.check_ids_are_unique()
        self.check_parts()

    def check_rules(self) -> None:
        first: dict[str, int] = {}
        for number, rule in enumerate(self.rules):
            path: Path = ("rules", number)
            self.check_themes(rule, path)
            self.check_scope(rule.get("scope"), (*path, "scope"))
            series = rule.get("series")
            if series and series not in self.series:
                self.add((*path, "series"), not_in_list("la série", series, self.series))
            elif series and first.setdefault(series, number) != number:
                self.add((*path, "series"), f"la série {shown(series)} a déjà une règle")

    def check_id(self, event: Written, path: Path) -> None:
        found, series, school_year = (event.get(key) for key in ("id", "series", "school_year"))
        if series and series not in self.series:
            self.add((*path, "series"), not_in_list("la série", series, self.series))
        elif found and series and school_year and found != f"{series}-{school_year}":
            self.add((*path, "id"), f"l'identifiant est {shown(f'{series}-{school_year}')}")

    def check_ids_are_unique(self) -> None:
        first: dict[str, int] = {}
        for number, event in enumerate(self.events):
            found = event.get("id")
            path: Path = ("events", number, "id")
            if found and first.setdefault(found, number) != number:
                lines = (line_of(self.lines, ("events", n, "id")) for n in (first[found], number))
                both = "lignes {} et {}".format(*lines)
                self.add(path, f"l'identifiant {shown(found)} est pris deux fois, {both}")

    def check_themes(self, event: Written, path: Path) -> None:
        for position, theme in enumerate(event.get("themes") or []):
            if theme not in self.themes:
                message = not_in_list("le thème", theme, self.themes)
                self.add((*path, "themes", position), message)

    def check_scope(self, scope: Any, path: Path) -> None:
        if not isinstance(scope, dict):
            return
        for key, unknown in (
            ("regions", self.unknown_region),
            ("academies", self.unknown_academy),
            ("departments", self.unknown_department),
        ):
            for position, value in enumerate(scope.get(key) or []):
                if message := unknown(value):
                    self.add((*path, key, position), message)

    def unknown_region(self, slug: str) -> str | None:
        regions = self.academies.regions
        return None if slug in regions else not_in_list("la région académique", slug, regions)

    def unknown_academy(self, slug: str) -> str | None:
        if slug in self.slugs:
            return None
        try:  # a former name (« caen »), or a name instead of a slug (« Lille »)
            academy, department = self.academies.find(slug)
        except UnknownValueError:
            return not_in_list("l'académie", slug, self.slugs)
        if department:
            return f"{shown(slug)} n'est pas une académie : écrivez {shown(academy.slug)}"
        return f"pour l'académie {shown(slug)}, écrivez {shown(academy.slug)}"

    def unknown_department(self, code: str) -> str | None:
        if code in self.departments:
            return None
        try:  # « 1 », « 2a », « Isère »
            _, department = self.academies.find(code)
        except UnknownValueError:
            department = None
        if department:
            return f"pour le département {shown(code)}, écrivez {shown(department.code)}"
        return not_in_list("le département", code, self.departments)

    def check_narrower(self, event: Written, milestone: Written, path: Path) -> None:
        whole, part = event.get("scope"), milestone.get("scope")
        if not whole or not part:
            return
        whole_codes = ScopeEntry.model_validate(whole).codes()
        part_codes = ScopeEntry.model_validate(part).codes()
        if not {*whole_codes, *part_codes} <= self.area.keys():
            return  # a code that does not exist was reported
        if not self.seen_from(part_codes) <= self.seen_from(whole_codes):
            self.add((*path, "scope"), "plus large que l'événement, ou ailleurs que lui")

    def seen_from(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the départements whose teachers see a date with this scope."""
        return frozenset().union(*(self.area[code] for code in codes))

    def check_school_year(self, event: Written, milestone: Written, path: Path) -> None:
        if not event.get("school_year"):
            return
        year = SchoolYear.parse(event["school_year"])
        for place, day in _days_with_paths(milestone, path):
            if not year.may_hold(day):
                self.add(place, f"le {day} est trop loin de l'année scolaire {year.label}")

    def check_keys(self, milestones: list[Written], path: Path) -> None:
        first: dict[str, int] = {}
        for position, milestone in enumerate(milestones):
            key = milestone.get("key") or milestone.get("kind")
            place: Path = (*path, "milestones", position)
            line = line_of(self.lines, place)
            if key and first.setdefault(key, position) != position:
                other = line_of(self.lines, (*path, "milestones", first[key]))
                self.add(
                    place,
                    f"deux dates ont la même clé {shown(key)}, lignes {other} et {line} : "
                    "donnez à l'une une autre « key »",
                )

    def check_opening(self, milestones: list[Written], path: Path) -> None:
        """Check that no deadline comes before the first opening with the same scope; if there is
        none, before the first opening with the scope of the event."""
        openings: dict[str, date] = {}
        for milestone in milestones:
            days = _days(milestone)
            if milestone.get("kind") == MilestoneKind.OPENING and days:
                people = str(milestone.get("scope"))
                openings[people] = min(days[0], openings.get(people, days[0]))
        for position, milestone in enumerate(milestones):
            kind, days = milestone.get("kind"), _days(milestone)
            opening = openings.get(str(milestone.get("scope")), openings.get("None"))
            is_deadline = kind is not None and MilestoneKind(kind).is_deadline
            if is_deadline and days and opening and days[1] < opening:
                place: Path = (*path, "milestones", position)
                self.add(place, f"la date limite ({days[1]}) vient avant l'ouverture ({opening})")

    def check_parts(self) -> None:
        parents = {e["id"]: e["part_of"] for e in self.events if e.get("id") and e.get("part_of")}
        ids = {e["id"] for e in self.events if e.get("id")} | set(self.known_ids)
        for number, event in enumerate(self.events):
            part_of = event.get("part_of")
            path: Path = ("events", number, "part_of")
            if part_of and part_of == event.get("id"):
                self.add(path, "un événement ne fait pas partie de lui-même")
            elif part_of and part_of not in ids:
                self.add(path, not_in_list("l'événement", part_of, sorted(ids)))
            elif part_of and event.get("id") in (circle := list(_ancestors(part_of, parents))):
                self.add(path, f"ces événements tournent en rond : {' → '.join(circle)}")


def _ancestors(event_id: str, parents: Mapping[str, str]) -> Iterator[str]:
    """Yield *event_id*, then its parent, the parent's parent and so on, each id once."""
    seen: set[str] = set()
    here: str | None = event_id
    while here and here not in seen:
        seen.add(here)
        yield here
        here = parents.get(here)


def _areas(academies: Academies) -> dict[str, frozenset[str]]:
    """Return scope code → the départements whose teachers see a date with this code."""
    areas: dict[str, set[str]] = defaultdict(set)
    for department in academies.departments:
        for code in academies.scope_of_department(department.code):
            areas[code].add(department.code)
    return {code: frozenset(found) for code, found in areas.items()}


def _days(milestone: Written) -> tuple[date, date] | None:
    first = milestone.get("day") or milestone.get("first_day")
    last = milestone.get("day") or milestone.get("last_day")
    return (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


def _days_with_paths(milestone: Written, path: Path) -> Iterator[tuple[Path, date]]:
    for key in ("day", "first_day", "last_day"):
        if milestone.get(key):
            yield (*path, key), date.fromisoformat(milestone[key])
    for key, day in (milestone.get("moved_from") or {}).items():
        yield (*path, "moved_from", key), date.fromisoformat(day)
