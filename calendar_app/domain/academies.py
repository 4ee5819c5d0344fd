"""Académies, their départements, and whom a date is for (its scope).

A scope is a set of codes: ``national``, ``region/<slug>``, ``academie/<slug>`` and
``departement/<code>``. A teacher sees a date when one of its codes is among those of the
teacher's académie or département.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from calendar_app.domain.errors import UnknownValueError
from calendar_app.domain.text import fold, nearest, slugify

NATIONAL = "national"

_UAI = re.compile(r"(\d{3})\d{4}[a-z]", re.IGNORECASE)
# The first three digits of a school code (UAI) are the département's number, but for Corse.
_UAI_CORSE = {"620": "2A", "720": "2B"}


@dataclass(frozen=True, slots=True)
class Department:
    """A département, or a collectivity that has its number (« 975 »)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Academy:
    """One of the 30 académies, or an overseas collectivity.

    :param slug: its frozen name in addresses (``lille``, ``la-reunion``).
    :param of_name: how French says it (« de Lille », « d'Amiens », « de La Réunion »).
    :param collectivity: whether it is an overseas collectivity rather than an académie.
    :param region: the name of its région académique; None for a collectivity without one.
    :param holiday_calendar: slug of its school calendar (``zone-a``, ``corse``, …).
    :param time_zone: IANA name.
    :param former_names: names still met in letters (« Caen » for Normandie).
    :param attached_to: slug of the académie that covers this collectivity, if one does.
    """

    slug: str
    name: str
    of_name: str
    departments: tuple[Department, ...]
    holiday_calendar: str
    time_zone: str
    region: str | None = None
    collectivity: bool = False
    former_names: tuple[str, ...] = ()
    attached_to: str | None = None

    @property
    def label(self) -> str:
        """« académie de Lille », or the bare name of a collectivity."""
        return self.name if self.collectivity else f"académie {self.of_name}"

    @property
    def feed_name(self) -> str:
        """The last segment of its feed's address, without the extension."""
        return self.slug if self.collectivity else f"academie-de-{self.slug}"


class Academies:
    """All académies and collectivities, in the order of their names, with their look-ups."""

    def __init__(self, items: Iterable[Academy]) -> None:
        self._by_slug = {a.slug: a for a in sorted(items, key=lambda a: fold(a.name))}
        self._by_department = {d.code: a for a in self for d in a.departments}
        self._departments = {d.code: d for a in self for d in a.departments}
        self.regions = {slugify(a.region): a.region for a in self if a.region}
        self._former = {slugify(name): a for a in self for name in a.former_names}

    def __iter__(self) -> Iterator[Academy]:
        return iter(self._by_slug.values())

    def __len__(self) -> int:
        return len(self._by_slug)

    def get(self, slug: str) -> Academy:
        """Return the académie of this slug, or of this former slug (``caen`` is Normandie).

        :raises UnknownValueError: with the nearest slug.
        """
        found = self._by_slug.get(slug) or self._former.get(slug)
        if found is None:
            raise UnknownValueError("l'académie", slug, nearest(slug, self._by_slug))
        return found

    def department(self, code: str) -> Department:
        """Return the département of this code (« 01 », « 2A », « 974 »).

        :raises UnknownValueError: with the nearest code.
        """
        found = self._departments.get(code.upper())
        if found is None:
            raise UnknownValueError("le département", code, nearest(code, self._departments))
        return found

    def of_department(self, code: str) -> Academy:
        """Return the académie of a département.

        :raises UnknownValueError: for an unknown code.
        """
        return self._by_department[self.department(code).code]

    @property
    def departments(self) -> tuple[Department, ...]:
        """All départements, by code."""
        return tuple(self._departments[code] for code in sorted(self._departments))

    def find(self, text: str) -> tuple[Academy, Department | None]:
        """Find what a person typed: an académie, a département (name or code) or a school code.

        A school code is read for its département and forgotten.

        :returns: the académie, and the département when the text named one.
        :raises UnknownValueError: with the nearest name.
        """
        typed = text.strip()
        code = typed
        if uai := _UAI.fullmatch(typed):
            # 063 is Puy-de-Dôme (63); 974 is La Réunion (974).
            code = _UAI_CORSE.get(uai[1]) or (uai[1][1:] if uai[1][0] == "0" else uai[1])
        elif re.fullmatch(r"\d", typed):
            code = f"0{typed}"
        if code.upper() in self._departments:
            return self.of_department(code), self.department(code)
        wanted = re.sub(r"^(l-)?academie-(de-la-|de-l-|de-|d-)?", "", slugify(typed))
        names = {slugify(a.name): a for a in self} | self._former
        if wanted in names or wanted in self._by_slug:
            return names.get(wanted) or self._by_slug[wanted], None
        for department in self._departments.values():
            if wanted == slugify(department.name):
                return self.of_department(department.code), department
        known = [a.name for a in self] + [d.name for d in self._departments.values()]
        raise UnknownValueError("l'académie ou le département", typed, nearest(wanted, known))

    def scope_of_academy(self, slug: str) -> frozenset[str]:
        """Return the codes a teacher of this académie sees: the nation's, its région's, its own
        and its départements'.

        :raises UnknownValueError: for an unknown slug.
        """
        academy = self.get(slug)
        return self.covered_by(f"academie/{academy.slug}") | self._above(academy)

    def covered_by(self, code: str) -> frozenset[str]:
        """Return the codes that lie within one: itself; of an académie also its départements, and
        the collectivities attached to it.

        :param code: ``academie/<slug>`` or ``departement/<code>``.
        :raises UnknownValueError: for an unknown académie or département.
        """
        kind, _, name = code.partition("/")
        if kind == "departement":
            return frozenset((f"departement/{self.department(name).code}",))
        academy = self.get(name)
        family = [academy, *(a for a in self if a.attached_to == academy.slug)]
        codes = {f"academie/{a.slug}" for a in family}
        return frozenset(codes | {f"departement/{d.code}" for a in family for d in a.departments})

    def scope_of_department(self, code: str) -> frozenset[str]:
        """Return the codes a teacher of this département sees: the nation's, its région's, its
        académie's and its own.

        :raises UnknownValueError: for an unknown code.
        """
        department = self.department(code)
        academy = self.of_department(code)
        own = {f"departement/{department.code}", f"academie/{academy.slug}"}
        return frozenset(own | self._above(academy))

    def _above(self, academy: Academy) -> set[str]:
        codes = {NATIONAL}
        if academy.region:
            codes.add(f"region/{slugify(academy.region)}")
        if academy.attached_to:
            codes.add(f"academie/{academy.attached_to}")
            codes |= self._above(self.get(academy.attached_to))
        return codes

    def time_zone_of(self, scope: Iterable[str]) -> str:
        """Return the time zone of a scope: its académie's when there is only one zone, else
        Europe/Paris."""
        zones = {self._zone(code) for code in scope}
        return zones.pop() if len(zones) == 1 else "Europe/Paris"

    def _zone(self, code: str) -> str:
        kind, _, name = code.partition("/")
        if kind == "academie":
            return self.get(name).time_zone
        if kind == "departement":
            return self.of_department(name).time_zone
        if kind == "region":
            zones = {a.time_zone for a in self if a.region and slugify(a.region) == name}
            return zones.pop() if len(zones) == 1 else "Europe/Paris"
        return "Europe/Paris"

    def of_scope(self, scope: Iterable[str]) -> Academy | None:
        """Return the one académie that a scope stays within, or None when there is none."""
        found: set[str] = set()
        for code in scope:
            kind, _, name = code.partition("/")
            if kind == "academie":
                found.add(name)
            elif kind == "departement":
                found.add(self.of_department(name).slug)
            else:
                return None
        return self.get(found.pop()) if len(found) == 1 else None
