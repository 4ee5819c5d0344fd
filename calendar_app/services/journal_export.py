"""The journal as a file: CSV for a table, JSON for a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from calendar_app.domain.versions import differences
from calendar_app.models import Change
from calendar_app.services.change_words import part_name, value_words

_COLUMNS = (
    "numero instant qui quoi identifiant titre action partie avant apres pourquoi defait".split()
)

# A cell that begins so is a formula for a spreadsheet (OWASP, « CSV injection »).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(changes: Iterable[Change]) -> str:
    """Return changes as CSV (RFC 4180, UTF-8 with a byte order mark for spreadsheets): one row for
    each part that changed. Instants are ISO 8601, UTC."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for change in changes:
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
        parts = differences(change.before or {}, change.after or {}) or (None,)
        for part in parts:
            told = ["", "", ""]
            if part:
                told = [part_name(part.name), value_words(part.before), value_words(part.after)]
            writer.writerow([_cell(value) for value in (*head, *told, *tail)])
    return text.getvalue()


def as_json(changes: Iterable[Change]) -> str:
    """Return changes as a JSON array, each with the whole facts before and after."""
    return json.dumps([_plain(change) for change in changes], ensure_ascii=False, indent=2) + "\n"


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
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
