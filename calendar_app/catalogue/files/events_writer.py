"""Write ``data/events.yaml``: equal values always give equal bytes.

ruamel.yaml's writer would quote the days, wrap texts differently from one version to the next and
lose the blank line between two events. Therefore this module writes the few forms that the file
needs. A property test checks that the text reads back as equal values.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from pydantic import BaseModel

from calendar_app.catalogue.entries import MilestoneEntry, ScopeEntry
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.school.academies import NATIONAL

_HEADER = """\
# yaml-language-server: $schema=events.schema.json
#
# The reviewed record of the calendar. To add an event: declare its series below if it is a new
# one, copy an event, change every line, then run `calendar-app events check`.
# Write your own sentences and only what the source says: what it leaves out stays out.
# `id` and a milestone's `key` never change once published. Days are inclusive: 2021-02-11.
# Aliases (*), anchors (&) and tags (!) are refused.
"""

# Texts that need no quotes: they mean the same in every version of YAML and in every program.
_PLAIN = re.compile(r"[«\w](?:.*[^\s:])?")
_LOOKS_TYPED = re.compile(r"[0-9][0-9a-z.,_:]*|true|false|yes|no|on|off|y|n|null", re.IGNORECASE)
_SPECIAL = re.compile(r":\s|\s#|\t")
_IN_FLOW = re.compile(r"[a-z0-9][a-zA-Z0-9-]*")
# Characters that JSON does not escape and YAML needs escaped: see _FORBIDDEN in yaml_tree.py.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_WIDTH = 96

_FLOW_KEYS = frozenset(("scope", "moved_from", "after_holidays"))


def write_events(file: EventsFile) -> str:
    """Return *file* as YAML, with the line that names its schema and a short header.

    ``events_file.read_events`` reads the text back as an equal value. Fields at their default are
    left out.
    """
    lines = ["series:" if file.series else "series: {}"]
    lines += (f"  {_text(slug)}: {_text(title)}" for slug, title in file.series.items())
    if file.rules:
        lines += ["", "rules:", *_items(file.rules)]
    lines += ["", "events:" if file.events else "events: []", *_items(file.events)]
    return _HEADER + "\n" + "\n".join(lines) + "\n"


def _items(entries: Sequence[BaseModel]) -> Iterator[str]:
    """Yield the lines of a list of entries, with an empty line between two of them."""
    for number, entry in enumerate(entries):
        if number:
            yield ""
        yield from _item(entry, indent=2)


def _item(entry: BaseModel, indent: int) -> Iterator[str]:
    """Yield the lines of *entry* as one item of a list."""
    for number, line in enumerate(_keys(entry, indent + 2)):
        yield f"{' ' * indent}- {line[indent + 2 :]}" if number == 0 else line


def _keys(entry: BaseModel, indent: int) -> Iterator[str]:
    """Yield the lines of the keys of *entry*."""
    for name, value in written_fields(entry):
        key = f"{' ' * indent}{name}:"
        if name == "summary" and _folds(value):
            yield f"{key} >-"
            yield from _folded(value, indent + 2)
        elif isinstance(value, BaseModel) and name not in _FLOW_KEYS:
            yield key
            yield from _keys(value, indent + 2)
        elif isinstance(value, tuple) and isinstance(value[0], BaseModel):
            yield key
            for inner in value:
                yield from _item(inner, indent + 2)
        else:
            yield f"{key} {_on_the_line(value)}"


def written_fields(entry: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each field of *entry* that is not at its default."""
    for name, field in type(entry).model_fields.items():
        value = getattr(entry, name)
        at_default = not field.is_required() and value == field.default
        if isinstance(entry, MilestoneEntry) and name == "key":
            at_default = value == entry.kind
        if not at_default:
            yield name, value


def _on_the_line(value: Any) -> str:
    if isinstance(value, ScopeEntry) and value.national:
        return NATIONAL
    if isinstance(value, BaseModel):
        inner = (f"{name}: {_on_the_line(content)}" for name, content in written_fields(value))
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item, in_flow=True) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value) if isinstance(value, int) else _text(value)


def _text(text: str, *, in_flow: bool = False) -> str:
    """Return *text* without quotes where that is safe, else between double quotes."""
    plain = (_IN_FLOW if in_flow else _PLAIN).fullmatch(text)
    special = _SPECIAL.search(text) or _ESCAPED.search(text) or _LOOKS_TYPED.fullmatch(text)
    if plain and not special:
        return str(text)  # for a StrEnum, its value
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _folds(text: str) -> bool:
    """Whether *text* can be wrapped without a change of its spaces."""
    lines_are_bare = all(line == line.strip(" ") for line in text.split("\n"))
    return lines_are_bare and "\t" not in text and "  " not in text and not _ESCAPED.search(text)


def _folded(text: str, indent: int) -> Iterator[str]:
    """Yield the lines of a folded block (YAML 1.2, section 8.1.3).

    In such a block, one line break is read as a space, and n + 1 line breaks are read as n.
    """
    margin = " " * indent
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number and line:
            yield ""
        if not line:
            yield ""
        for part in textwrap.wrap(
            line, _WIDTH - indent, break_long_words=False, break_on_hyphens=False
        ):
            yield margin + part
