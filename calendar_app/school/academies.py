"""Académies, their départements, and scopes: the audience of a date.

A scope is a set of codes: ``national``, ``region/<slug>``, ``academie/<slug>`` and
``departement/<code>``. A teacher sees a date when one code of the date's scope is among the codes
of the teacher's académie or département.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from calendar_app.words.errors import UnclearPlaceError, UnknownValueError, as_repeated
from calendar_app.words.french import list_words
from calendar_app.words.text import fold, nearest, slugify

NATIONAL = "national"

#: Names of régions before 2016, and one short name, with the slugs of the académies of each.
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

# The first three digits of a school code (UAI) are the number of the département, except in Corse,
# Nouvelle-Calédonie and Polynésie française.
_UAI = re.compile(r"(\d{3})\d{4}[a-z]", re.IGNORECASE)
_UAI_ELSEWHERE = {"620": "2A", "720": "2B", "983": "988", "984": "987"}
_UAI_WORDS = "Un code d'établissement a 7 chiffres et une lettre, par exemple 0590001X."
#: Names that towns of several académies share, with the slugs of these académies.
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

#: Postcodes of two collectivities: they still have the number of their former département.
_POSTCODES = {"97133": "977", "97150": "978"}
_POSTCODE = re.compile(r"(?:.*\D)?(\d{2})(\d)\d{2}(?:\s\D*)?")
_WRITE = (
    "Écrivez une académie, un département ou son numéro, ou une ville plus grande des environs."
)
# A département as pages show it: « Nord (59) », « 59 – Nord ».
_SHOWN_CODE = re.compile(r"(?:.+\s\(?)?(2[AB]|\d{1,3})\)?(?:\s*[-–:]\s.+)?", re.IGNORECASE)
# Words before a name: « académie de », « région académique », « dans le », « la ».
_BEFORE = re.compile(
    r"(?:(?:l-)?(?:academie|acad|rectorat|departement|region(?:-academique)?|dsden|ville)"
    r"(?:-(?:de-la|de-l|du|des|de|d))?-)|(?:(?:dans|en|a|au|aux|du|des|d|le|la|les|l)-)"
)


@dataclass(frozen=True, slots=True)
class Department:
    """A département, or a collectivity with the number of one (« 975 »).

    :param towns: names of its towns that no other place has.
    """

    code: str
    name: str
    towns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Academy:
    """One of the 30 académies, or an overseas collectivity.

    :param slug: its frozen name in URLs (``lille``, ``la-reunion``).
    :param of_name: the name after « académie » (« de Lille », « d'Amiens », « de La Réunion »).
    :param holiday_calendar: slug of its school calendar (``zone-a``, ``corse``, …).
    :param time_zone: IANA name.
    :param region: the name of its région académique; None for a collectivity without one.
    :param collectivity: whether it is an overseas collectivity rather than an académie.
    :param former_names: names that letters still use (« Caen » for Normandie).
    :param attached_to: slug of the académie that covers this collectivity, or None.
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
        """The name on screen: « académie de Lille », or the bare name of a collectivity."""
        return self.name if self.collectivity else f"académie {self.of_name}"

    @property
    def feed_name(self) -> str:
        """The last segment of the feed's URL, without the extension."""
        return self.slug if self.collectivity else f"academie-de-{self.slug}"


def _own_part(slug: str) -> tuple[bool, str]:
    """Return whether a slug is the name of a saint, and the slug without « saint- »."""
    own = re.sub(r"^sainte?-", "", slug)
    return own != slug, own


class Academies:
    """All académies and collectivities, in the order of their names, with look-ups."""

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
        """Return the académie of a slug, or of a former slug (``caen`` is Normandie).

        :raises UnknownValueError: for an unknown slug; the error carries the nearest slug.
        """
        found = self._by_slug.get(slug) or self._former.get(slug)
        if found is None:
            near = self._near_academy(slug)
            raise UnknownValueError("l'académie", slug, near, near and self._by_slug[near].name)
        return found

    def _near_academy(self, typed: str) -> str | None:
        """Return the slug of the académie that was probably meant, or None."""
        try:
            return self.find(typed)[0].slug
        except UnknownValueError:
            return nearest(typed, self._by_slug)

    def department(self, code: str) -> Department:
        """Return the département of a code (« 01 », « 2A », « 974 »).

        :raises UnknownValueError: for an unknown code; the error carries the code that was meant,
            if any.
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
            return None  # a similar code means another département
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
        """Find the place that a person typed.

        The text may be an académie, a région that is one académie, a département (name, code or
        both), a town, a postcode or a school code. A school code is only read for its département,
        and not kept.

        :returns: the académie; and the département when the text named one, or a town, else None.
        :raises UnclearPlaceError: for a name that several académies share, a malformed number, and
            an unknown place without a near name.
        :raises UnknownValueError: for an unknown place; the error carries the nearest name.
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
        """Return the error for an unknown place; *wanted* is its slug without leading words."""
        if code:
            return UnknownValueError("le département", code)
        if re.match(r"\d{4}", typed):
            return UnclearPlaceError(_UAI_WORDS, typed)
        # Saints are compared with saints only, without « saint- »: else they would all be near each
        # other, and Saint-Paul near Pau.
        of_saint, own = _own_part(wanted)
        parts = {slug: _own_part(slug) for slug in self._by_typed_name}
        own_parts = {part: slug for slug, (saint, part) in parts.items() if saint == of_saint}
        near = own_parts.get(nearest(own, own_parts) or "")
        longer = [slug for slug in self._by_typed_name if slug.startswith(f"{wanted}-")]
        if near or (wanted and len(longer) == 1):
            return UnknownValueError("le lieu", typed, self._by_typed_name[near or longer[0]][0])
        shown = as_repeated(typed)
        return UnclearPlaceError(f"Nous ne connaissons pas le lieu « {shown} ». {_WRITE}", typed)

    def is_academy_or_department(self, name: str) -> bool:
        """Whether an académie or a département has this name."""
        slug = slugify(name)
        names = (n for a in self for n in (a.name, *(d.name for d in a.departments)))
        return slug in map(slugify, names)

    def _code_in(self, typed: str) -> str:
        """Return the département code that a typed number stands for, known or not; else empty."""
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
        """The meaning of each name, by its slug: the name, the académies, the département."""
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
            # Names without their article, for « du Havre » and « Réunion ».
            found.setdefault(re.sub(r"^(?:le|la|les)-", "", slug), place)
            found.setdefault(re.sub(r"\bsaint(e?)-", r"st\1-", slug), place)
        return found

    @cached_property
    def region_members(self) -> dict[str, tuple[Academy, ...]]:
        """The académies of each région of today and of before 2016, by the name of the région."""
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
        """Return these académies, with the towns of their départements.

        :param towns: name → code of the département.
        :raises UnknownValueError: for an unknown code.
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
        """Return the codes that a teacher of this académie sees.

        These are the national code, and the codes of its région, itself and its départements; also
        those of the collectivities attached to it, or of the académie to which it is attached.

        :raises UnknownValueError: for an unknown slug.
        """
        academy = self.get(slug)
        return self.covered_by(f"academie/{academy.slug}") | self._above(academy)

    def covered_by(self, code: str) -> frozenset[str]:
        """Return *code* and the codes that lie within it.

        Within an académie lie its départements, and the collectivities attached to it.

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
        """Return the codes that a teacher of this département sees.

        These are the national code, and the codes of its région, its académie and itself.

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
        """Return the time zone of a scope (IANA name).

        This is the zone that all its académies share, else Europe/Paris.
        """
        zones = {academy.time_zone for academy in self.of_scope(scope)}
        return zones.pop() if len(zones) == 1 else "Europe/Paris"

    def of_scope(self, scope: Iterable[str]) -> tuple[Academy, ...]:
        """Return the académies of a scope, by name; empty for a national scope."""
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
