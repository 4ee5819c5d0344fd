"""Académies, their départements, and whom a date is for (its scope).

A scope is a set of codes: ``national``, ``region/<slug>``, ``academie/<slug>`` and
``departement/<code>``. A teacher sees a date when one of its codes is among those of the
teacher's académie or département.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from calendar_app.words.errors import UnclearPlaceError, UnknownValueError, shortened
from calendar_app.words.french import list_words
from calendar_app.words.text import fold, nearest, slugify

NATIONAL = "national"

#: Régions of before 2016, and one for short, with the slugs of the académies that each means.
OLD_REGIONS = {
    "PACA": ("aix-marseille", "nice"),
    "Nord-Pas-de-Calais": ("lille",),
    "Picardie": ("amiens",),
    "Alsace": ("strasbourg",),
    "Lorraine": ("nancy-metz",),
    "Champagne-Ardenne": ("reims",),
    "Aquitaine": ("bordeaux",),
    "Limousin": ("limoges",),
    "Poitou-Charentes": ("poitiers",),
    "Auvergne": ("clermont-ferrand",),
    "Rhône-Alpes": ("grenoble", "lyon"),
    "Midi-Pyrénées": ("toulouse",),
    "Languedoc-Roussillon": ("montpellier",),
    "Bourgogne": ("dijon",),
    "Franche-Comté": ("besancon",),
    "Haute-Normandie": ("normandie",),
    "Basse-Normandie": ("normandie",),
}

# The first three digits of a school code (UAI) are the département's number, but for Corse,
# Nouvelle-Calédonie and Polynésie française.
_UAI = re.compile(r"(\d{3})\d{4}[a-z]", re.IGNORECASE)
_UAI_ELSEWHERE = {"620": "2A", "720": "2B", "983": "988", "984": "987"}
_UAI_WORDS = "Un code d'établissement a 7 chiffres et une lettre, par exemple 0590001X."
#: Names that towns of several académies have in common.
SHARED_TOWNS = {
    "Saint-Denis": ("creteil", "la-reunion"),
    "Saint-Pierre": ("la-reunion", "martinique", "saint-pierre-et-miquelon"),
    "Sainte-Marie": ("la-reunion", "martinique"),
    "Saint-André": ("la-reunion", "lille"),
    "Saint-Benoît": ("la-reunion", "poitiers"),
    "Saint-Joseph": ("la-reunion", "martinique"),
    "Saint-Louis": ("la-reunion", "strasbourg"),
    "Saint-Paul": ("la-reunion",),
}

#: Two collectivities have postcodes of the département that they were part of.
_POSTCODES = {"97133": "977", "97150": "978"}
_POSTCODE = re.compile(r"(?:.*\D)?(\d{2})(\d)\d{2}(?:\s\D*)?")
_WRITE = (
    "Écrivez une académie, un département ou son numéro, ou une ville plus grande des environs."
)
# « Nord (59) », « 59 – Nord »: as pages show a département.
_SHOWN_CODE = re.compile(r"(?:.+\s\(?)?(2[AB]|\d{1,3})\)?(?:\s*[-–:]\s.+)?", re.IGNORECASE)
# « académie de », « région académique », « dans le », « la »: said before a name.
_BEFORE = re.compile(
    r"(?:(?:l-)?(?:academie|acad|rectorat|departement|region(?:-academique)?|dsden|ville)"
    r"(?:-(?:de-la|de-l|du|des|de|d))?-)|(?:(?:dans|en|a|au|aux|du|des|d|le|la|les|l)-)"
)


@dataclass(frozen=True, slots=True)
class Department:
    """A département, or a collectivity that has its number (« 975 »).

    :param towns: names of towns in it, which no other place has.
    """

    code: str
    name: str
    towns: tuple[str, ...] = ()


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


def _own_part(slug: str) -> tuple[bool, str]:
    """Return whether a name is a saint's, and the rest of it."""
    own = re.sub(r"^sainte?-", "", slug)
    return own != slug, own


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
            near = self._near_academy(slug)
            raise UnknownValueError("l'académie", slug, near, near and self._by_slug[near].name)
        return found

    def _near_academy(self, typed: str) -> str | None:
        """The slug of the académie that was meant, where a place was written otherwise."""
        try:
            return self.find(typed)[0].slug
        except UnknownValueError:
            return nearest(typed, self._by_slug)

    def department(self, code: str) -> Department:
        """Return the département of this code (« 01 », « 2A », « 974 »).

        :raises UnknownValueError: with the nearest code.
        """
        found = self._departments.get(code.upper())
        if found is None:
            near = self._near_department(code)
            raise UnknownValueError("le département", code, near, near and self._shown(near))
        return found

    def _near_department(self, typed: str) -> str | None:
        try:
            department = self.find(typed)[1]
        except UnknownValueError:
            return None  # a number that is near another one means something else
        return department.code if department else None

    def _shown(self, code: str) -> str:
        return f"{self._departments[code].name} ({code})"

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
        """Find what a person typed: an académie, a région that is one, a département (name, code or
        both), a town, a postal code or a school code.

        A school code is read for its département and forgotten.

        :returns: the académie, and the département when the text named one, or a town.
        :raises UnclearPlaceError: for a région of several académies, and for a number that has not
            its form.
        :raises UnknownValueError: with the nearest name.
        """
        typed = text.strip()
        code = self._code_in(typed)
        if code == "20":
            return self.get("corse"), None
        if code in self._departments:
            return self.of_department(code), self._departments[code]
        wanted = slugify(typed)
        while wanted:
            if found := self._by_typed_name.get(wanted):
                return self._the_one(typed, *found)
            shorter = _BEFORE.sub("", wanted, count=1) if _BEFORE.match(wanted) else wanted
            if shorter == wanted:
                break
            wanted = shorter
        raise self._unknown(typed, code, wanted)

    def _unknown(self, typed: str, code: str, wanted: str) -> UnknownValueError:
        """What is said of a place that is none; *wanted* is its name without what stood before."""
        if code:
            return UnknownValueError("le département", code)
        if re.match(r"\d{4}", typed):
            return UnclearPlaceError(_UAI_WORDS, typed)
        # Names of saints would all be near each other, and Saint-Paul near Pau.
        of_saint, own = _own_part(wanted)
        parts = {slug: _own_part(slug) for slug in self._by_typed_name}
        own_parts = {part: slug for slug, (saint, part) in parts.items() if saint == of_saint}
        near = own_parts.get(nearest(own, own_parts) or "")
        longer = [slug for slug in self._by_typed_name if slug.startswith(f"{wanted}-")]
        if near or (wanted and len(longer) == 1):
            return UnknownValueError("le lieu", typed, self._by_typed_name[near or longer[0]][0])
        shown = shortened(typed)
        return UnclearPlaceError(f"Nous ne connaissons pas le lieu « {shown} ». {_WRITE}", typed)

    def is_academy_or_department(self, name: str) -> bool:
        """Whether an académie or a département has this name."""
        slug = slugify(name)
        names = (n for a in self for n in (a.name, *(d.name for d in a.departments)))
        return slug in map(slugify, names)

    def _code_in(self, typed: str) -> str:
        """The code of the département that a number says, be it one or not; empty without one."""
        if uai := _UAI.fullmatch(re.sub(r"[\s.-]", "", typed)):
            # 063 is Puy-de-Dôme (63); 974 is La Réunion (974).
            return _UAI_ELSEWHERE.get(uai[1]) or (uai[1][1:] if uai[1][0] == "0" else uai[1])
        if postcode := _POSTCODE.fullmatch(typed):
            if (whole := re.sub(r"\D", "", typed)) in _POSTCODES:
                return _POSTCODES[whole]
            overseas = postcode[1] in ("97", "98")
            return postcode[1] + postcode[2] if overseas else postcode[1]
        if shown := _SHOWN_CODE.fullmatch(typed):
            return shown[1].upper().zfill(2)
        return ""

    @cached_property
    def _by_typed_name(self) -> dict[str, tuple[str, tuple[Academy, ...], Department | None]]:
        """What each name means, by its slug: the name, the académies, the département."""
        found: dict[str, tuple[str, tuple[Academy, ...], Department | None]] = {}
        for academy in self:
            for name in (academy.name, *academy.former_names):
                found[slugify(name)] = (name, (academy,), None)
            found[academy.slug] = (academy.name, (academy,), None)
        for department in self._departments.values():
            academy = self.of_department(department.code)
            for name in (department.name, *department.towns):
                found.setdefault(slugify(name), (name, (academy,), department))
        for name, members in self.region_members.items():
            found.setdefault(slugify(name), (name, members, None))
        for name, slugs in SHARED_TOWNS.items():
            members = tuple(self._by_slug[slug] for slug in slugs if slug in self._by_slug)
            found.setdefault(slugify(name), (name, members, None))
        for slug, place in list(found.items()):
            # « du Havre », « Réunion »
            found.setdefault(re.sub(r"^(?:le|la|les)-", "", slug), place)
            found.setdefault(re.sub(r"\bsaint(e?)-", r"st\1-", slug), place)
        return found

    @cached_property
    def region_members(self) -> dict[str, tuple[Academy, ...]]:
        """The académies of each région, those of today and those of before 2016, by its name."""
        today = {name: tuple(a for a in self if a.region == name) for name in self.regions.values()}
        old = {
            name: tuple(self._by_slug[slug] for slug in slugs if slug in self._by_slug)
            for name, slugs in OLD_REGIONS.items()
        }
        return {name: members for name, members in (today | old).items() if members}

    def _the_one(
        self, typed: str, name: str, members: tuple[Academy, ...], department: Department | None
    ) -> tuple[Academy, Department | None]:
        if len(members) == 1:
            return members[0], department
        choices = tuple(member.name for member in members)
        several = f"{name} réunit {list_words(choices)}"
        if name in SHARED_TOWNS:
            several = f"Il y a {name} dans plusieurs académies ({list_words(choices)})"
        raise UnclearPlaceError(f"{several} : choisissez une académie.", typed, choices)

    def with_towns(self, towns: Mapping[str, str]) -> Academies:
        """Return these académies with the towns of their départements.

        :param towns: name → code of the département.
        """
        of_code: dict[str, list[str]] = {}
        for name, code in towns.items():
            of_code.setdefault(self.department(code).code, []).append(name)
        return Academies(
            replace(
                academy,
                departments=tuple(
                    replace(d, towns=tuple(of_code.get(d.code, ()))) for d in academy.departments
                ),
            )
            for academy in self
        )

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
        zones = {academy.time_zone for academy in self.of_scope(scope)}
        return zones.pop() if len(zones) == 1 else "Europe/Paris"

    def of_scope(self, scope: Iterable[str]) -> tuple[Academy, ...]:
        """Return the académies that a scope stays within, by name; none of the nation's."""
        found: set[str] = set()
        for code in scope:
            kind, _, name = code.partition("/")
            if kind == "academie":
                found.add(self.get(name).slug)
            elif kind == "departement":
                found.add(self.of_department(name).slug)
            elif kind == "region":
                members = self.region_members.get(self.regions.get(name, ""), ())
                found.update(member.slug for member in members)
            else:
                return ()
        return tuple(academy for academy in self if academy.slug in found)
