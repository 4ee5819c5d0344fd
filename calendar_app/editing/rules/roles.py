"""The roles and rights of editors: who may prepare, who may publish, and for which scope.

A scope is a set of codes (``school.academies``). An editor's own scope holds ``academie/…`` and
``departement/…`` codes only; an administrateur has no scope and may act everywhere.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import groupby

from calendar_app.editing.rules.known_events import compatible
from calendar_app.school.academies import Academies, Academy
from calendar_app.words.text import slugify


class EditorRole(StrEnum):
    """The role of an editor within their scope."""

    PREPARER = "redacteur"
    PUBLISHER = "responsable"
    ADMINISTRATOR = "administrateur"

    @property
    def words(self) -> str:
        return {
            EditorRole.PREPARER: "rédaction",
            EditorRole.PUBLISHER: "responsable de publication",
            EditorRole.ADMINISTRATOR: "administration",
        }[self]


class EditorAction(StrEnum):
    """An action of an editor; :data:`RIGHTS` gives its conditions."""

    DROP_LETTER = "drop_letter"
    READ_EVENT = "read_event"
    #: Prepare a new event, or a change to one, for another editor to publish.
    PROPOSE_EVENT = "propose_event"
    #: Make an event visible, or change a visible event.
    PUBLISH_EVENT = "publish_event"
    READ_DRAFT = "read_draft"
    #: Correct what was read, or attach the draft to an event.
    CORRECT_DRAFT = "correct_draft"
    #: Refuse a draft, or reopen a refused draft.
    REFUSE_DRAFT = "refuse_draft"
    #: Accept a draft, or reopen an accepted draft.
    ACCEPT_DRAFT = "accept_draft"
    READ_SOURCE = "read_source"
    #: Follow an agenda, pause it, or read it at once.
    FOLLOW_SOURCE = "follow_source"
    READ_CHANGE = "read_change"
    #: Read the name of a mailing list or sender whose mails are letters.
    READ_SENDER = "read_sender"
    #: Declare such a sender, or take it back.
    DECLARE_SENDER = "declare_sender"
    #: Decide about a mail of an unknown sender.
    DECIDE_MAIL = "decide_mail"
    #: Read a letter that came by mail.
    READ_MAILED_LETTER = "read_mailed_letter"


class Extent(Enum):
    """How much of an object's scope must lie within the editor's scope."""

    #: Nothing: the object belongs to no scope.
    NOTHING = "nothing"
    #: Some of it: the object must concern some class within the editor's scope.
    SOMETHING = "something"
    #: All of it: a published object reaches all places that its scope names.
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Right:
    """The conditions of one action.

    :param roles: the roles that may do the action.
    :param extent: how much of the object's scope must lie within the editor's scope.
    :param or_maker: whether the editor who made the object may do the action as well, with any role
        and whatever scope the object has now.
    """

    roles: frozenset[EditorRole]
    extent: Extent
    or_maker: bool = False


_ALL = frozenset(EditorRole)
_ADMINISTRATORS = frozenset((EditorRole.ADMINISTRATOR,))
_PUBLISHERS = frozenset((EditorRole.PUBLISHER, EditorRole.ADMINISTRATOR))

#: The whole table of rights. Every service that acts for an editor checks it inside the transaction
#: in which it acts (``editing.rights.is_allowed``).
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
    EditorAction.READ_SENDER: Right(_ALL, Extent.EVERYTHING),
    EditorAction.DECLARE_SENDER: Right(_PUBLISHERS, Extent.EVERYTHING),
    EditorAction.DECIDE_MAIL: Right(_ADMINISTRATORS, Extent.NOTHING),
    EditorAction.READ_MAILED_LETTER: Right(_ALL, Extent.EVERYTHING),
}


@dataclass(frozen=True, slots=True)
class EditorRights:
    """The role and the scope of an editor, for :func:`may`.

    :param role: None for a disabled account, which may do nothing.
    :param covers: all codes within the editor's scope (:func:`covered_codes`); None, for an
        administrateur only, means all codes.
    :raises ValueError: when *covers* is None for another role, or given for an administrateur.
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
    """Return whether :data:`RIGHTS` allows an editor an action on an object.

    :param scope: the codes of the object. An empty scope does not say where the object belongs, so
        only an administrateur may act on it (or its maker, or any editor where the extent is
        ``NOTHING``).
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
    """Return whether an object of this scope concerns some class within an editor's scope. The
    editor may then read the object, and add dates for their own scope to it."""
    return editor.covers is None or compatible(scope, editor.covers, academies)


def covered_codes(scope: Set[str], academies: Academies) -> frozenset[str]:
    """Return all codes that lie within an editor's scope.

    An académie covers its départements and its attached collectivities. A région académique is
    covered when all its académies are. The code ``national`` is never covered.

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


def academies_of(editor: EditorRights, academies: Academies) -> tuple[Academy, ...]:
    """Return the académies and collectivities of an editor's scope, by name; all for an
    administrateur, and for a département its académie."""
    return tuple(academies) if editor.covers is None else academies.of_scope(editor.covers)
