"""Read YAML as plain texts, with the line of each: no type is guessed and nothing is executed.

A file of events is written by hand, so it uses only the simple part of YAML: keys, lists and
texts. Aliases, anchors, tags and merge keys are refused: they surprise the next editor, and a
324-byte file of aliases can stand for twenty million values. This module reads the events of the
parser instead of its values, so that an alias is seen and never followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from calendar_app.catalogue.files.problems import Path, Problems

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20

#: A text, None (an empty value, ``null`` or ``~``), a list or a dict with text keys.
Node = Any
Progress = Callable[[int, int], None]

# YAML 1.2 section 5.1 allows only these characters. U+0085, U+2028 and U+2029 are allowed there,
# but they end a line in some programs and not in others, so line numbers would differ.
_FORBIDDEN = re.compile(
    "[^\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")

_UNREADABLE = "cette ligne ne se lit pas comme du YAML"
# Both messages name the line of the opening quote or bracket.
_QUOTES = "des guillemets droits ouverts ici ne sont pas fermés"
_BRACKETS = "il manque une virgule, ou le crochet ou l'accolade qui ferme"
_BACKSLASH = "dans un texte entre guillemets droits, « \\ » s'écrit « \\\\ »"

# Part of a message of ruamel.yaml → what it means in the file. The first match wins.
_SYNTAX = (
    ("'\\t'", "une tabulation : mettez des espaces à la place"),
    (
        "mapping values are not allowed",
        "un « : » de trop, ou un retrait qui ne s'aligne pas ; "
        'un texte qui contient « : » se met entre guillemets droits ("…")',
    ),
    ("unexpected end of stream", _QUOTES),
    ("unknown escape", _BACKSLASH),
    ("expected escape sequence", _BACKSLASH),
    ("could not find expected ':'", "il manque « : » après une clé"),
    ("expected ',' or", _BRACKETS),
    ("expected <block end>", "le retrait de cette ligne ne s'aligne pas sur les précédentes"),
    ("cannot start any token", "un texte qui commence ainsi se met entre guillemets droits"),
)


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a file.

    :param value: its dicts, lists and texts.
    :param lines: path → line, from 1, of the value (in a dict, of its key).
    """

    value: Node
    lines: dict[Path, int]


class UnreadableError(Exception):
    """The file cannot be read further. The problems that were noted say why."""


def read_tree(data: bytes, problems: Problems, progress: Progress | None = None) -> Tree:
    """Read *data* as YAML, and add everything that is refused to *problems*.

    :param data: UTF-8, at most ``MAX_BYTES``.
    :param progress: called with the characters read so far and their total.
    :raises UnreadableError: when the rest of the file cannot be checked; *problems* says why.
    """
    text = _text(data, problems)
    builder = _Builder(problems)
    line = told = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line = event.start_mark.line
            builder.take(event, line + 1)
            if progress and event.start_mark.index - told >= 2000:
                told = event.start_mark.index
                progress(told, len(text))
    except (YAMLError, ValueError) as error:
        # ValueError: ruamel.yaml passes the code of "\U00110000" to chr(), which refuses it.
        _note_syntax(error, problems, line)
        raise UnreadableError from error
    if progress:
        progress(len(text), len(text))
    return Tree(builder.root, builder.lines)


def _text(data: bytes, problems: Problems) -> str:
    """Return *data* as text with LF line ends and without a byte order mark."""
    if len(data) > MAX_BYTES:
        problems.add(1, (), "le fichier dépasse 1 Mio : coupez-le en plusieurs")
        raise UnreadableError
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1
        problems.add(line, (), "ce n'est pas de l'UTF-8 : enregistrez le fichier en UTF-8")
        raise UnreadableError from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for line, content in enumerate(text.split("\n"), start=1):
        if found := _FORBIDDEN.search(content):
            code = f"U+{ord(found[0]):04X}"
            problems.add(line, (), f"le caractère invisible {code} n'est pas accepté : effacez-le")
    if problems:
        raise UnreadableError
    return text


def _note_syntax(error: Exception, problems: Problems, line: int) -> None:
    said = str(getattr(error, "problem", error))
    message = next((french for english, french in _SYNTAX if english in said), _UNREADABLE)
    where = "context_mark" if message in (_QUOTES, _BRACKETS) else "problem_mark"
    mark = getattr(error, where, None)
    problems.add((mark.line if mark else line) + 1, (), message)


@dataclass(slots=True)
class _Open:
    """A list or a dict that is being read."""

    value: list[Node] | dict[str, Node]
    path: Path
    key: str | None = None  # in a dict: the key whose value comes next
    keep: bool = True  # False for the second value of a key that is written twice
    lines_of_keys: dict[str, int] = field(default_factory=dict)


class _Builder:
    """Builds values from the parser's events; ``take`` is called for each event in order."""

    def __init__(self, problems: Problems) -> None:
        self.root: Node = None
        self.lines: dict[Path, int] = {}
        self._problems = problems
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Event, line: int) -> None:
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(line, (), "un seul document par fichier : retirez la ligne « --- »")
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, NodeEvent):
            self._take_node(event, line)

    def _take_node(self, event: NodeEvent, line: int) -> None:
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            self._take_key(parent, event, line)
            return
        path = _path_of_next(parent)
        self.lines.setdefault(path, line)
        self._refuse_decoration(event, line, path)
        value: Node = None
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, line, path)
        elif isinstance(event, CollectionStartEvent):
            value = {} if isinstance(event, MappingStartEvent) else []
        self._attach(parent, value)
        if isinstance(event, CollectionStartEvent):
            if len(self._open) == MAX_DEPTH:
                self._stop(line, path, f"plus de {MAX_DEPTH} niveaux imbriqués")
            self._open.append(_Open(value, path))

    def _take_key(self, parent: _Open, event: NodeEvent, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            self._stop(line, parent.path, "une clé est un mot : ni liste, ni clés, ni alias")
        key = self._scalar(event, line, parent.path) or ""
        path = (*parent.path, key)
        self._refuse_decoration(event, line, path)
        if key == "<<" and event.implicit[0]:
            self._problems.add(line, path, "« << » n'est pas accepté : répétez les clés")
            self._problems.lost.add(path)
        parent.key = key
        parent.keep = key not in parent.lines_of_keys
        if parent.keep:
            parent.lines_of_keys[key] = line
            self.lines.setdefault(path, line)
        else:
            first = parent.lines_of_keys[key]
            self._problems.add(
                line, path, f"la clé « {key} » est écrite deux fois, lignes {first} et {line}"
            )

    def _refuse_decoration(self, event: NodeEvent, line: int, path: Path) -> None:
        if isinstance(event, AliasEvent):
            self._problems.add(
                line, path, f"l'alias « *{event.anchor} » n'est pas accepté : répétez la valeur"
            )
            self._problems.lost.add(path)
        elif event.anchor is not None:
            self._problems.add(
                line, path, f"l'ancre « &{event.anchor} » n'est pas acceptée : retirez-la"
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            tag = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._problems.add(
                line, path, f"l'étiquette de type « {tag} » n'est pas acceptée : retirez-la"
            )

    def _scalar(self, event: ScalarEvent, line: int, path: Path) -> str | None:
        text: str = event.value
        # implicit[0] is true for a text without quotes.
        if event.implicit[0] and text in ("", "~", "null", "Null", "NULL"):
            return None
        if _SURROGATES.search(text):
            self._problems.add(line, path, "la moitié d'un caractère (\\ud800 à \\udfff)")
            return _SURROGATES.sub("\ufffd", text)
        return text

    def _attach(self, parent: _Open | None, value: Node) -> None:
        if parent is None:
            self.root = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not None:
            if parent.keep:
                parent.value[parent.key] = value
            parent.key = None

    def _stop(self, line: int, path: Path, message: str) -> NoReturn:
        self._problems.add(line, path, message)
        raise UnreadableError


def _path_of_next(parent: _Open | None) -> Path:
    if parent is None:
        return ()
    if isinstance(parent.value, list):
        return (*parent.path, len(parent.value))
    return (*parent.path, parent.key or "")
