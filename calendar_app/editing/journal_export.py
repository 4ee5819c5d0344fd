"""Exports the journal as CSV for spreadsheets or JSON for programs. Both are generated in batches,
so that a long journal is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from calendar_app.editing.change_words import ChangedPart, changed_parts
from calendar_app.editing.models.journal import Change
from calendar_app.store.base import AnySession
from calendar_app.words.spreadsheets import START, table

_COLUMNS = (
    "numero instant qui quoi identifiant titre action partie avant apres pourquoi defait".split()
)

_NOTHING = ChangedPart("", "", "")


def as_csv(session: AnySession, pages: Iterable[Sequence[Change]]) -> Iterator[str]:
    """Yield changes as CSV text (RFC 4180) with a byte order mark for spreadsheets: one row for
    each part that differs, in French words. A change without differences has one row. Instants are
    ISO 8601 in UTC."""
    yield START + table([_COLUMNS])
    for changes in pages:
        for change, parts in zip(changes, changed_parts(session, changes), strict=True):
            head = [
                change.id,
                change.at.astimezone(UTC).isoformat(),
                change.editor.name if change.editor else "",
                change.subject.words,
                change.subject_id,
                change.title,
                change.action.words,
            ]
            tail = [change.why or "", change.undoes_id or ""]
            yield table(
                [*head, part.what, part.before, part.after, *tail] for part in parts or (_NOTHING,)
            )


def as_json(pages: Iterable[Sequence[Change]]) -> Iterator[str]:
    """Yield the text of a JSON array of changes, each with all facts before and after. Instants are
    ISO 8601 in UTC."""
    lead = "[\n"
    for changes in pages:
        for change in changes:
            yield lead + json.dumps(_plain(change), ensure_ascii=False)
            lead = ",\n"
    yield "[]\n" if lead == "[\n" else "\n]\n"


def _plain(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "at": change.at.astimezone(UTC).isoformat(),
        "editor": change.editor.name if change.editor else None,
        "subject": change.subject.value,
        "subject_id": change.subject_id,
        "title": change.title,
        "action": change.action.value,
        "before": change.before,
        "after": change.after,
        "why": change.why,
        "draft_id": change.draft_id,
        "undoes_id": change.undoes_id,
    }
