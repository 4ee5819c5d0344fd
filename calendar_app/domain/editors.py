"""Who may prepare and who may publish, and where.

A scope is a set of codes (``domain.academies``). An editor's own scope holds ``academie/…`` and
``departement/…`` codes only; an administrateur has none and may act everywhere.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from calendar_app.domain.academies import Academies
from calendar_app.domain.known_events import compatible
from calendar_app.domain.text import slugify


class EditorRole(StrEnum):
    """What an editor may do within their scope."""

    PREPARER = "redacteur"
    PUBLISHER = "responsable"
    ADMINISTRATOR = "administrateur"

    @property
    def words(self) -> str:
        return {
            EditorRole.PREPARER: "rédacteur",
            EditorRole.PUBLISHER: "responsable de publication",
            EditorRole.ADMINISTRATOR: "administrateur",
        }[self]


class EditorAction(StrEnum):
    """What an editor does to a draft or an event."""

    #: Read it, correct it, propose it.
    PREPARE = "prepare"
    #: Make it visible, or change what is.
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class EditorRights:
    """What one editor may do.

    :param covers: all codes within the editor's scope (:func:`covered_codes`); None for all there
        are, which only an administrateur has.
    """

    role: EditorRole
    covers: frozenset[str] | None

    def __post_init__(self) -> None:
        if (self.covers is None) != (self.role is EditorRole.ADMINISTRATOR):
            raise ValueError("an administrateur, and nobody else, covers everything")


def may(editor: EditorRights, action: EditorAction, scope: Set[str]) -> bool:
    """Return whether an editor may do this to an object of this scope.

    All of the scope must be covered: what is published reaches all whom it names. A scope without
    a code says nothing about whom it is for, so it is an administrateur's.
    """
    if action is EditorAction.PUBLISH and editor.role is EditorRole.PREPARER:
        return False
    return editor.covers is None or (bool(scope) and scope <= editor.covers)


def reaches(editor: EditorRights, scope: Set[str], academies: Academies) -> bool:
    """Return whether what has this scope concerns some class within an editor's own: such a thing
    they may read, and add their own dates to."""
    return editor.covers is None or compatible(scope, editor.covers, academies)


def covered_codes(scope: Set[str], academies: Academies) -> frozenset[str]:
    """Return all codes that lie within an editor's scope.

    An académie covers its départements and its attached collectivities; a région académique is
    covered when all its académies are. Nothing here covers the nation.

    :param scope: ``academie/…`` and ``departement/…`` codes.
    :raises UnknownValueError: for an unknown académie or département.
    """
    covered = frozenset[str]().union(*(academies.covered_by(code) for code in scope))
    of_region = sorted(
        ((slugify(a.region), f"academie/{a.slug}") for a in academies if a.region),
    )
    for region, members in groupby(of_region, key=lambda pair: pair[0]):
        if all(code in covered for _, code in members):
            covered |= {f"region/{region}"}
    return covered
