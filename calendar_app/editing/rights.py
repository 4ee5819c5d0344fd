"""The rights of an editor's account as it is now; every service that acts for an editor asks here.

The table of rights is ``editing.rules.roles.RIGHTS``.
"""

from __future__ import annotations

from collections.abc import Iterable

from calendar_app.catalogue import queries
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rules.roles import (
    EditorAction,
    EditorRights,
    EditorRole,
    covered_codes,
    may,
)
from calendar_app.school.academies import Academies
from calendar_app.store.base import AnySession
from calendar_app.words.errors import NotFoundError


class NotYourActionError(NotFoundError):
    """The account may not do this action, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            "Votre compte ne permet pas, ou ne permet plus, de faire cela : reconnectez-vous, ou "
            "demandez à l'administration du site."
        )


def rights(editor: Editor, academies: Academies) -> EditorRights:
    """Return the role and the covered codes of an editor; a disabled editor has neither.

    :raises UnknownValueError: when the editor's scope names an unknown académie or département.
    """
    if editor.disabled_at:
        return EditorRights(None, frozenset())
    if editor.role is EditorRole.ADMINISTRATOR:
        return EditorRights(editor.role, None)
    return EditorRights(editor.role, covered_codes(set(editor.scope), academies))


def is_allowed(
    session: AnySession,
    editor: Editor,
    action: EditorAction,
    scope: Iterable[str] = (),
    *,
    maker_id: int | None = None,
) -> bool:
    """Return whether an editor may do an action on an object. Inside ``writing()`` the answer rests
    on the account as read in that transaction, not as it was when the request began.

    :param scope: the codes of the object; empty for an action on no particular object.
    :param maker_id: the id of the editor who made the object, if an editor made it.
    """
    academies = queries.reference(session).academies
    is_maker = maker_id is not None and maker_id == editor.id
    own = rights(editor, academies)
    return may(own, action, frozenset(scope), academies, is_maker=is_maker)
