"""Who may prepare and who may publish, and where.

A scope is a set of codes (``school.academies``). An editor's own scope holds ``academie/…`` and
``departement/…`` codes only; an administrateur has none and may act everywhere.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import groupby

from calendar_app.editing.rules.known_events import compatible
from calendar_app.school.academies import Academies
from calendar_app.words.text import slugify


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
    """What an editor does; :data:`RIGHTS` says what each takes."""

    DROP_LETTER = "drop_letter"
    READ_EVENT = "read_event"
    #: Prepare a new event, or a change of one, for somebody else to publish.
    PROPOSE_EVENT = "propose_event"
    #: Make an event visible, or change one that is.
    PUBLISH_EVENT = "publish_event"
    READ_DRAFT = "read_draft"
    #: Put right what was read; say which event it is about.
    CORRECT_DRAFT = "correct_draft"
    #: Refuse a draft, or bring a refused one back.
    REFUSE_DRAFT = "refuse_draft"
    #: Accept a draft, or bring an accepted one back.
    ACCEPT_DRAFT = "accept_draft"
    READ_SOURCE = "read_source"
    #: Follow an agenda, stop following it, read it at once.
    FOLLOW_SOURCE = "follow_source"
    READ_CHANGE = "read_change"


class Extent(Enum):
    """How much of an object's scope must be an editor's own."""

    #: None: the object is nobody's in particular.
    NOTHING = "nothing"
    #: Some class of theirs must be concerned by it.
    SOMETHING = "something"
    #: All of it: what is published reaches all whom it names.
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Right:
    """What one action takes.

    :param roles: who may do it at all.
    :param extent: how much of the object's scope must be the editor's own.
    :param or_maker: whether whoever made the object may do it as well, in any role and wherever
        the object lies by now.
    """

    roles: frozenset[EditorRole]
    extent: Extent
    or_maker: bool = False


_ALL = frozenset(EditorRole)
_PUBLISHERS = frozenset((EditorRole.PUBLISHER, EditorRole.ADMINISTRATOR))

#: The whole table of rights. Every service that acts for an editor asks it, inside the transaction
#: in which it acts (``editing.accounts.may``).
RIGHTS: dict[EditorAction, Right] = {
    EditorAction.DROP_LETTER: Right(_ALL, Extent.NOTHING),
    EditorAction.READ_EVENT: Right(_ALL, Extent.SOMETHING),
    EditorAction.PROPOSE_EVENT: Right(_ALL, Extent.SOMETHING),
    EditorAction.PUBLISH_EVENT: Right(_PUBLISHERS, Extent.EVERYTHING),
    EditorAction.READ_DRAFT: Right(_ALL, Extent.EVERYTHING, or_maker=True),
    EditorAction.CORRECT_DRAFT: Right(_ALL, Extent.EVERYTHING, or_maker=True),
    EditorAction.REFUSE_DRAFT: Right(_PUBLISHERS, Extent.EVERYTHING, or_maker=True),
    EditorAction.ACCEPT_DRAFT: Right(_PUBLISHERS, Extent.EVERYTHING),
    EditorAction.READ_SOURCE: Right(_ALL, Extent.EVERYTHING),
    EditorAction.FOLLOW_SOURCE: Right(_PUBLISHERS, Extent.EVERYTHING),
    EditorAction.READ_CHANGE: Right(_ALL, Extent.EVERYTHING, or_maker=True),
}


@dataclass(frozen=True, slots=True)
class EditorRights:
    """Who an editor is for :func:`may`.

    :param role: None of a disabled account, which may do nothing.
    :param covers: all codes within the editor's scope (:func:`covered_codes`); None for all there
        are, which only an administrateur has.
    """

    role: EditorRole | None
    covers: frozenset[str] | None

    def __post_init__(self) -> None:
        if (self.covers is None) != (self.role is EditorRole.ADMINISTRATOR):
            raise ValueError("an administrateur, and nobody else, covers everything")


def may(
    editor: EditorRights,
    action: EditorAction,
    scope: Set[str],
    academies: Academies,
    *,
    is_maker: bool = False,
) -> bool:
    """Return whether an editor may do this to an object, by :data:`RIGHTS`.

    :param scope: whom the object is for. A scope without a code says nothing about whom it is for,
        so the object is an administrateur's.
    :param is_maker: whether the editor made the object.
    """
    right = RIGHTS[action]
    if editor.role is None:
        return False
    if right.or_maker and is_maker:
        return True
    if editor.role not in right.roles:
        return False
    if editor.covers is None or right.extent is Extent.NOTHING:
        return True
    if right.extent is Extent.SOMETHING:
        return reaches(editor, scope, academies)
    return bool(scope) and scope <= editor.covers


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
