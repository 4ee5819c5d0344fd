"""Tables for spreadsheets, in CSV (RFC 4180), of which no cell commands anything."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from calendar_app.words.text import clean

#: The byte order mark, by which spreadsheets know UTF-8. A file begins with it.
START = "\ufeff"

# The places where a spreadsheet may start a cell, before a sign that makes the cell a formula
# (OWASP, "CSV injection"); blanks and quotes between them are skipped. A French spreadsheet
# separates cells by semicolons, and quotes inside its cell do not keep that cell together.
_FORMULA = re.compile(r'(^|[,;|\t\n])(?=[\s"]*[=+\-@＝＋－＠])')


def table(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV. No cell is a formula, whatever separator a spreadsheet assumes."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text, with an apostrophe wherever a cell would start with a formula."""
    return _FORMULA.sub(r"\1'", clean(str(value)))
