"""Writes the table of all settings into docs/operations.md, from the docstring of the settings:

python -m tests.settings_page
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from calendar_app.config.settings import Settings, Variable
from tests.tools import ROOT

PAGE = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"


def meanings() -> dict[str, str]:
    """Return what the docstring says of each field, in one line each."""
    parts = re.split(r":param (\w+):", Settings.__doc__ or "")[1:]
    # The last column says what there is without a value.
    without = r"\s*\(None: [^)]*\)|(?<=\.)\s*None: [^.]*\.|(?<=;)\s*None: [^.]*\."
    texts = (re.sub(without, "", text) for text in parts[1::2])
    texts = (re.sub(r"\s+", " ", text).strip().rstrip(";") for text in texts)
    return dict(zip(parts[::2], texts, strict=True))


def table() -> str:
    """Return the table, one line for each variable."""
    lines = ["| variable | what it is | without it |", "|---|---|---|"]
    said = meanings()
    assert said.keys() == Settings.model_fields.keys()
    for name, field in Settings.model_fields.items():
        about = next(m for m in field.metadata if isinstance(m, Variable))
        text = re.sub(r":\w+:`(\w+)`", r"`\1`", said[name]).replace("``", "`").replace("|", "\\|")
        without = _default(name, field)
        if about.required:
            without += "; production does not start"
        if about.secret:
            text += f" May stand in a file: `{field.validation_alias}_FILE`."
        lines.append(f"| `{field.validation_alias}` | {text} | {without} |")
    return "\n".join(lines) + "\n"


#: What the code finds out by itself.
_FOUND = {
    "database_url": "`calendar.sqlite3` in the instance folder",
    "public_url": "`http://127.0.0.1:8000`",
    "secret_key": "`secret_key` in the instance folder, made at the first start",
    "mail_from": "`ne-pas-repondre` at the host of the site",
    "holidays_url": "the ministry's open data",
}


def _default(name: str, field: Any) -> str:
    if name in _FOUND:
        return _FOUND[name]
    value = field.default
    assert value is not PydanticUndefined, name
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return "nothing" if value is None else f"`{value}`"


def written(page: str) -> str:
    """Return the page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def main(path: Path = PAGE) -> None:
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
