"""Exports the journal as CSV for spreadsheets or JSON for programs. Both are generated in batches,
so that a long journal is never in memory as a whole."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from calendar_app.editing.change_words import ChangedPart, changed_parts
from calendar_app.editing.models.journal import Change
from calendar_app.store.base import AnySession
from calendar_app.words.text import clean

_COLUMNS = (
    "numero instant qui quoi identifiant titre action partie avant apres pourquoi defait".split()
)

# The places where a spreadsheet may start a cell, before a sign that makes the cell a formula
# (OWASP, "CSV injection"); blanks and quotes between them are skipped. A French spreadsheet
# separates cells by semicolons, and quotes inside its cell do not keep that cell together.
_FORMULA = re.compile(r'(^|[,;|\t\n])(?=[\s"]*[=+\-@＝＋－＠])')

_NOTHING = ChangedPart("", "", "")


def as_csv(session: AnySession, pages: Iterable[Sequence[Change]]) -> Iterator[str]:
    """Yield changes as CSV text (RFC 4180) with a byte order mark for spreadsheets: one row for
    each part that differs, in French words. A change without differences has one row. Instants are
    ISO 8601 in UTC."""
    yield "\ufeff" + table([_COLUMNS])
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


def table(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV. No cell is a formula, whatever separator a spreadsheet assumes."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


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


def _cell(value: Any) -> str:
    """Return a value as text, with an apostrophe wherever a cell would start with a formula."""
    return _FORMULA.sub(r"\1'", clean(str(value)))
