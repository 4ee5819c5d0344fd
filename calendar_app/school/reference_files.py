"""Parsers of the closed lists that ship with the code: académies, themes and towns.

The files are ours, so a mistake in them is a programming error, and its message is in English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from ruamel.yaml import YAML

from calendar_app.school.academies import Academies, Academy, Department
from calendar_app.words.text import clean, slugify

#: The slugs of the school calendars (Code de l'éducation, articles D. 521-1 to D. 521-7): three
#: zones, and separate calendars for Corse and overseas.
HOLIDAY_CALENDARS = frozenset(
    "zone-a zone-b zone-c corse guadeloupe martinique guyane la-reunion mayotte "
    "saint-pierre-et-miquelon saint-barthelemy saint-martin polynesie-francaise "
    "nouvelle-caledonie wallis-et-futuna".split()
)
ACADEMIES = 30

_REQUIRED = {"slug", "name", "of_name", "departments", "calendar", "time_zone"}
_OPTIONAL = {"region", "collectivity", "former_names", "attached_to"}


def read_academies(text: str) -> Academies:
    """Read the text of ``data/academies.yaml``.

    :raises ValueError: when the file breaks a rule that the code relies on.
    """
    academies = [_academy(entry) for entry in YAML(typ="safe", pure=True).load(clean(text))]
    _unique("slug", (a.slug for a in academies))
    _unique("département", (d.code for a in academies for d in a.departments))
    # A former name that equals a name in use would hide that name.
    _unique("name", (slugify(name) for a in academies for name in (a.name, *a.former_names)))
    count = sum(not a.collectivity for a in academies)
    if count != ACADEMIES:
        raise ValueError(f"expected {ACADEMIES} académies, found {count}")
    slugs = {a.slug for a in academies if not a.collectivity}
    for academy in academies:
        if academy.attached_to and academy.attached_to not in slugs:
            raise ValueError(f"{academy.slug}: attached to {academy.attached_to}, unknown")
    return Academies(academies)


def read_themes(text: str) -> dict[str, str]:
    """Read the text of ``data/themes.yaml``: slug → French name, in the order of the file.

    :raises ValueError: when a slug or a name breaks a rule that the code relies on.
    """
    themes = YAML(typ="safe", pure=True).load(clean(text))
    if not isinstance(themes, dict) or not themes:
        raise ValueError("expected slugs and their names")
    for slug, name in themes.items():
        if not isinstance(slug, str) or slug != slugify(slug):
            raise ValueError(f"{slug!r} is not a slug")
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{slug}: a theme needs a name")
    _unique("theme", themes.values())
    return dict(themes)


def read_towns(text: str) -> dict[str, str]:
    """Read the text of ``data/towns.yaml``: name of the town → code of its département.

    :raises ValueError: when the file breaks a rule that the code relies on.
    """
    departments = YAML(typ="safe", pure=True).load(clean(text))
    if not isinstance(departments, dict):
        raise ValueError("expected the towns of each département")
    for code, names in departments.items():
        if not isinstance(code, str):
            raise ValueError(f"{code}: codes are quoted texts")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{code}: expected a list of names")
    _unique("town", (slugify(name) for names in departments.values() for name in names))
    return {name: code for code, names in departments.items() for name in names}


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the IANA names of all time zones. The disk is searched only once."""
    return frozenset(available_timezones())


def _academy(entry: dict[str, Any]) -> Academy:
    missing, unknown = _REQUIRED - entry.keys(), entry.keys() - _REQUIRED - _OPTIONAL
    if missing or unknown:
        raise ValueError(f"{entry}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    slug = entry["slug"]
    if slug != slugify(entry["name"]):
        raise ValueError(f"{slug}: its name gives {slugify(entry['name'])}")
    if entry["calendar"] not in HOLIDAY_CALENDARS:
        raise ValueError(f"{slug}: unknown calendar {entry['calendar']}")
    if entry["time_zone"] not in time_zones():
        raise ValueError(f"{slug}: unknown time zone {entry['time_zone']}")
    collectivity = entry.get("collectivity", False)
    if not collectivity and not entry.get("region"):
        raise ValueError(f"{slug}: an académie has a region")
    departments = tuple(Department(code, name) for code, name in entry["departments"].items())
    if not departments or not all(isinstance(d.code, str) for d in departments):
        raise ValueError(f"{slug}: département codes are quoted texts")
    return Academy(
        slug=slug,
        name=entry["name"],
        of_name=entry["of_name"],
        departments=departments,
        holiday_calendar=entry["calendar"],
        time_zone=entry["time_zone"],
        region=entry.get("region"),
        collectivity=collectivity,
        former_names=tuple(entry.get("former_names", ())),
        attached_to=entry.get("attached_to"),
    )


def _unique(what: str, values: Iterable[str]) -> None:
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise ValueError(f"{what} written twice: {', '.join(twice)}")
