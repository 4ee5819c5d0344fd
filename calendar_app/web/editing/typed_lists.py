"""Lists that editors type with commas: scopes and classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from calendar_app.catalogue.search.spellings import LEVELS
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.errors import UnclearPlaceError, UnknownValueError
from calendar_app.words.text import fold, nearest, slugify, words

_EVERYBODY = frozenset(("national", "nationale", "france", "toutes"))


def scope_text(codes: Iterable[str], academies: Academies) -> str:
    """Return scope codes as an editor types them: « Lille, Puy-de-Dôme ». A département with the
    name of an académie gets its code, too: « Guadeloupe (971) »."""
    names = []
    for code in sorted(codes):
        kind, _, name = code.partition("/")
        if kind == "academie":
            names.append(academies.get(name).name)
        elif kind == "departement":
            department = academies.department(name)
            is_clear = academies.find(department.name)[1] == department
            names.append(department.name if is_clear else f"{department.name} ({name})")
        elif kind == "region":
            names.append(f"région {academies.regions[name]}")
        else:
            names.append("national")
    return ", ".join(names)


def read_scope(text: str, academies: Academies) -> frozenset[str]:
    """Return the scope codes of a typed list; empty for an empty text.

    A name that both an académie and a département have (« Paris ») means the académie.

    :raises UnknownValueError: for an unknown name, with the nearest one; and for « national »
        beside other places, since it would hide them.
    """
    codes = set()
    for name in _items(text):
        slug = slugify(name)
        region = slug.removeprefix("region-academique-").removeprefix("region-")
        # « Hauts-de-France » and « Bretagne » are names of régions only.
        is_region = slug.startswith("region") or not academies.is_academy_or_department(name)
        if fold(name) in _EVERYBODY:
            codes.add(NATIONAL)
        elif is_region and region in academies.regions:
            codes.add(f"region/{region}")
        else:
            coded = re.search(r"\((\w{2,3})\)$", name, re.ASCII)
            academy, department = academies.find(coded[1] if coded else name)
            codes.add(
                f"departement/{department.code}" if department else f"academie/{academy.slug}"
            )
    if NATIONAL in codes and len(codes) > 1:
        raise UnclearPlaceError(
            "« National » ne va avec aucun autre lieu : écrivez « national » seul, ou seulement "
            "les autres lieux.",
            text,
        )
    return frozenset(codes)


def class_text(classes: Iterable[str]) -> str:
    """Return classes as an editor types them: « cycle 2, CM1 »."""
    return ", ".join(levels.name(slug) for slug in levels.collapse(levels.expand(classes)))


def read_classes(text: str) -> tuple[str, ...]:
    """Return the classes of a typed list, in school order.

    :raises UnknownValueError: for an unknown name, with the nearest one.
    """
    known = {levels.name(slug) for slug in (*levels.GROUPS, *levels.CLASSES)}
    found: list[str] = []
    for name in _items(text):
        slugs = LEVELS.get(tuple(words(name)))
        if slugs is None:
            raise UnknownValueError("la classe", name, nearest(name[:60], known))
        found.extend(slugs)
    whole = levels.expand(found)
    return tuple(slug for slug in levels.CLASSES if slug in whole)


def _items(text: str) -> Iterator[str]:
    return filter(None, (item.strip() for item in text.split(",")))


def years_around(year: SchoolYear) -> tuple[str, ...]:
    """Return the labels of the school years that a form offers: one before, two after *year*."""
    return tuple(SchoolYear(year.start + n).label for n in (-1, 0, 1, 2))
