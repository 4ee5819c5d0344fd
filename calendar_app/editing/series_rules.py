"""The rules by which series return, for editors: read, ended and taken up again. A rule itself is
written in a file."""

from __future__ import annotations

from datetime import datetime

from calendar_app.catalogue import queries, renewal
from calendar_app.catalogue.file_entries import RuleEntry
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.editing import journal
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.rights import NotYourActionError, is_allowed
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.roles import EditorAction
from calendar_app.store.base import AnySession, writing
from calendar_app.words.errors import NotFoundError


def may_end(session: AnySession, editor: Editor, rule: RuleEntry) -> bool:
    """Return whether an editor may end a rule: whoever may publish for all whom it concerns. That
    of a national series is an administrator's."""
    return is_allowed(session, editor, EditorAction.PUBLISH_EVENT, rule.scope_codes())


def end(session: AnySession, editor: Editor, series_id: str, ended: bool, now: datetime) -> None:
    """End the rule of a series, or take it up again. The editions ahead that nobody changed leave
    the calendar, or come back. Nothing changes when it is already so.

    :raises NotFoundError: when the series has no rule, or it concerns nobody within the scope.
    :raises NotYourActionError: when the editor may not end it.
    """
    with writing(session, now):
        queries.catalogue(session, for_update=True)
        write_end(session, editor, series_id, ended, now)
    renewal.renew(session, now)


def write_end(
    session: AnySession,
    editor: Editor,
    series_id: str,
    ended: bool,
    now: datetime,
    *,
    why: str | None = None,
    undoes: Change | None = None,
) -> None:
    """Do what :func:`end` does, inside the caller's transaction, but for the editions.

    :param undoes: the change that this one undoes.
    """
    rule = session.get(SeriesRule, series_id, with_for_update={"of": SeriesRule})
    scope = renewal.rule_entry(rule).scope_codes() if rule else ()
    if rule is None or not is_allowed(session, editor, EditorAction.READ_EVENT, scope):
        raise NotFoundError("Cette série n'a pas de règle, ou n'est pas de votre périmètre.")
    if not is_allowed(session, editor, EditorAction.PUBLISH_EVENT, scope):
        raise NotYourActionError
    before = _facts(rule)
    if bool(rule.ended_at) == ended:
        return
    rule.ended_at = now if ended else None
    journal.note(
        session,
        editor,
        ChangeSubject.SERIES,
        series_id,
        rule.series.title,
        ChangeAction.UNDONE if undoes else ChangeAction.ENDED if ended else ChangeAction.RESTORED,
        before,
        _facts(rule),
        frozenset(scope),
        now,
        why=why,
        undoes=undoes,
    )


def _facts(rule: SeriesRule) -> dict[str, object]:
    return {"ended": "true"} if rule.ended_at else {}
