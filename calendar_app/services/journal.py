"""The journal's pen: each change is noted in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any

from calendar_app.domain.changes import ChangeAction, ChangeSubject
from calendar_app.models import Change, Draft, Editor
from calendar_app.models.base import AnySession


def note(
    session: AnySession,
    editor: Editor | None,
    subject: ChangeSubject,
    subject_id: str,
    title: str,
    action: ChangeAction,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    scope: Set[str],
    now: datetime,
    *,
    why: str | None = None,
    draft: Draft | None = None,
    undoes: Change | None = None,
) -> Change:
    """Note who changed what, from what, to what, and why, inside the caller's transaction.

    :param editor: None for what the program did by itself.
    :param before: the facts of the object (``domain.versions``); None when it did not exist.
    :param scope: whom the object was for, before and after.
    :param draft: what was accepted by it.
    :param undoes: the change that is taken back.
    """
    change = Change(
        at=now,
        editor_id=editor.id if editor else None,
        subject=subject,
        subject_id=subject_id,
        title=title,
        action=action,
        before=before,
        after=after,
        why=why or None,
        draft_id=draft.id if draft else None,
        undoes_id=undoes.id if undoes else None,
    )
    change.scope = set(scope)
    session.add(change)
    return change
