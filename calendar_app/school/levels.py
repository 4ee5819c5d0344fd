"""Classes, the shortcuts for several classes, and the one rule of what fits a class (:func:`fits`).

The shortcuts are degrés, kinds of school and cycles. Cycles: décret n° 2013-682. 6e is in cycle 3
and in the second degré, so cycle 3 is not « le premier degré ».
"""

from __future__ import annotations

from collections.abc import Iterable

from calendar_app.words.errors import UnknownValueError
from calendar_app.words.text import nearest

#: Every class: slug in the filter ``niveau`` → name on screen, in school order.
CLASSES: dict[str, str] = {
    "tps": "TPS",
    "ps": "PS",
    "ms": "MS",
    "gs": "GS",
    "cp": "CP",
    "ce1": "CE1",
    "ce2": "CE2",
    "cm1": "CM1",
    "cm2": "CM2",
    "6e": "6e",
    "5e": "5e",
    "4e": "4e",
    "3e": "3e",
    "2de": "2de",
    "1re": "1re",
    "terminale": "terminale",
    "cap": "CAP",
    "bac-pro": "bac pro",
    "segpa": "SEGPA",
    "ulis": "ULIS",
    "upe2a": "UPE2A",
}

#: Shortcuts, widest first: slug → (name on screen, classes). ULIS and UPE2A exist in écoles,
#: collèges and lycées, so the shortcuts for these schools hold both.
GROUPS: dict[str, tuple[str, frozenset[str]]] = {
    "premier-degre": (
        "premier degré",
        frozenset("tps ps ms gs cp ce1 ce2 cm1 cm2 ulis upe2a".split()),
    ),
    "second-degre": (
        "second degré",
        frozenset("6e 5e 4e 3e 2de 1re terminale cap bac-pro segpa ulis upe2a".split()),
    ),
    "college": ("collège", frozenset("6e 5e 4e 3e segpa ulis upe2a".split())),
    "lycee": ("lycée", frozenset("2de 1re terminale cap bac-pro ulis upe2a".split())),
    "cycle-1": ("cycle 1", frozenset(("tps", "ps", "ms", "gs"))),
    "cycle-2": ("cycle 2", frozenset(("cp", "ce1", "ce2"))),
    "cycle-3": ("cycle 3", frozenset(("cm1", "cm2", "6e"))),
    "cycle-4": ("cycle 4", frozenset(("5e", "4e", "3e"))),
}

#: Classes that exist in écoles, in collèges and in lycées.
EVERYWHERE = frozenset(("ulis", "upe2a"))

#: The kinds of school, each with the classes that exist in no other kind. (SEGPA exists in collèges
#: only.)
SCHOOLS: dict[str, frozenset[str]] = {
    slug: GROUPS[slug][1] - EVERYWHERE for slug in ("premier-degre", "college", "lycee")
}


def expand(slugs: Iterable[str]) -> frozenset[str]:
    """Return the classes that *slugs* (of classes and shortcuts) stand for.

    :raises UnknownValueError: for an unknown slug; the error carries the nearest slug.
    """
    classes: set[str] = set()
    for slug in slugs:
        if slug in GROUPS:
            classes |= GROUPS[slug][1]
        elif slug in CLASSES:
            classes.add(slug)
        else:
            raise UnknownValueError(
                "la classe ou le cycle", slug, nearest(slug, [*CLASSES, *GROUPS])
            )
    return frozenset(classes)


def collapse(classes: Iterable[str]) -> tuple[str, ...]:
    """Return the shortest list of slugs for *classes*: degrés, schools, cycles, then classes."""
    left = set(classes)
    whole = frozenset(left)
    found: list[str] = []
    for slug, (_, members) in GROUPS.items():
        # An earlier shortcut may have taken the ULIS and UPE2A of a later one.
        if members <= whole and members - EVERYWHERE <= left:
            found.append(slug)
            left -= members
    return (*found, *(slug for slug in CLASSES if slug in left))


def name(slug: str) -> str:
    """Return the name on screen of a class or a group."""
    return GROUPS[slug][0] if slug in GROUPS else CLASSES[slug]


def schools(classes: Iterable[str]) -> frozenset[str]:
    """Return the kinds of school (keys of ``SCHOOLS``) in which *classes* certainly are.

    The result is empty for ULIS and UPE2A alone, which may be in any kind.
    """
    given = frozenset(classes)
    return frozenset(slug for slug, own in SCHOOLS.items() if own & given)


def fits(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether an event for the classes *theirs* suits a person who has, or asks for, *mine*.

    Both are slugs of ``CLASSES``. Expand cycles and degrés into their classes first
    (:func:`expand`).

    ============================== =====================================================
    classes                        the event fits
    ============================== =====================================================
    none on one side               always: nothing is said, and missing it is worse
    a class in common, neither     always
    ULIS nor UPE2A
    only ULIS or UPE2A in common   when both sides may be in one kind of school
    no class in common             never
    ============================== =====================================================

    ULIS and UPE2A are in the schools of the classes beside them: CM1 with ULIS is an école, so
    « 6e, SEGPA, ULIS » does not fit that class, but « CM2, ULIS » does. Alone, ULIS and UPE2A may
    be in any school.

    ``catalogue.class_fit`` states this rule in SQL.
    """
    mine, theirs = frozenset(mine), frozenset(theirs)
    if not mine or not theirs:
        return True
    common = mine & theirs
    if common - EVERYWHERE:
        return True
    my_schools, their_schools = schools(mine), schools(theirs)
    one_school = not my_schools or not their_schools or bool(my_schools & their_schools)
    return bool(common) and one_school


def has_second_degre(classes: Iterable[str]) -> bool:
    """Whether a collège or a lycée may be among *classes*.

    True also when no class is given, or only ULIS and UPE2A.
    """
    found = schools(classes)
    return not found or bool(found - {"premier-degre"})


def has_ecole(classes: Iterable[str]) -> bool:
    """Whether an école may be among *classes*; an école cannot be promised class on a Wednesday.

    True also when no class is given, or only ULIS and UPE2A.
    """
    found = schools(classes)
    return not found or "premier-degre" in found
