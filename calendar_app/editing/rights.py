"""What an editor may do, as their account stands now: every service that acts for one asks here.

The table itself is ``editing.rules.roles.RIGHTS``.
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
    """The account may not do this, or not any more."""

    def __init__(self) -> None:
        super().__init__(
            "Votre compte ne permet pas, ou ne permet plus, de faire cela : reconnectez-vous, ou "
            "demandez à l'administration du site."
        )


def rights(editor: Editor, academies: Academies) -> EditorRights:
    """Return what an editor may do; a disabled one may do nothing."""
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
    """Return whether an editor may do this to an object. Asked inside ``writing()``, the answer
    rests on the account as it stands in that transaction, whatever the request began with.

    :param scope: whom the object is for; empty of what is nobody's in particular.
    :param maker_id: the editor who made the object, if one did.
    """
    academies = queries.reference(session).academies
    is_maker = maker_id is not None and maker_id == editor.id
    own = rights(editor, academies)
    return may(own, action, frozenset(scope), academies, is_maker=is_maker)
