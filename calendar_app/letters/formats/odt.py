"""The text of an OpenDocument text (.odt: ISO/IEC 26300), with the same care as a Word document.

Left out: footnotes, comments, the copy that tracked changes keep of what was deleted, hidden text.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from calendar_app.letters.formats.markdown import (
    PLAIN,
    MarkdownBlock,
    MarkdownWriter,
    Style,
    Table,
    web_address,
)
from calendar_app.letters.formats.zip import XmlHandler, read_part
from calendar_app.words.text import clean

_NAMESPACES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "http://www.w3.org/1999/xlink": "xlink",
}
_LEFT_OUT = frozenset(
    "text:note text:tracked-changes office:annotation office:forms office:event-listeners"
    " svg:title svg:desc table:covered-table-cell text:hidden-paragraph".split()
)
_TITLES = {"Title": 1, "Subtitle": 2}
_HEADING = re.compile(r"Heading(?:_20_([1-9]))?")
_MAX_PARENTS = 20
_WIDE_GAP = 4


def odt_text(archive: zipfile.ZipFile) -> str:
    """Return the text of an OpenDocument text as light Markdown.

    :raises UnreadableLetterError: when a part that is needed is damaged, too large or hostile.
    """
    document = _Document()
    if "styles.xml" in archive.namelist():
        read_part(archive, "styles.xml", _Styles(document.styles))
    read_part(archive, "content.xml", document)
    return document.writer.letter()


def _named(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{_NAMESPACES.get(namespace, '')}:{local}"


@dataclass(slots=True)
class _StyleOf:
    """What a style says itself; None where its parent says it."""

    parent: str = ""
    bold: bool | None = None
    struck: bool | None = None
    hidden: bool | None = None


class _Styles(XmlHandler):
    """Collects the styles by their name; those of content.xml come after those of styles.xml."""

    def __init__(self, styles: dict[str, _StyleOf]) -> None:
        self._styles = styles
        self._open: _StyleOf | None = None

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _named(name)
        if short == "style:style":
            named = {_named(key): value for key, value in values.items()}
            self._open = _StyleOf(named.get("style:parent-style-name", ""))
            self._styles[named.get("style:name", "")] = self._open
        elif short == "style:text-properties" and self._open:
            named = {_named(key): value for key, value in values.items()}
            weight = named.get("fo:font-weight")
            if weight:
                self._open.bold = weight in ("bold", "600", "700", "800", "900")
            line = named.get("style:text-line-through-style") or named.get(
                "style:text-line-through-type"
            )
            if line:
                self._open.struck = line != "none"
            if "text:display" in named:
                self._open.hidden = named["text:display"] == "none"

    def end(self, name: str) -> None:
        if _named(name) == "style:style":
            self._open = None


class _Document(XmlHandler):
    def __init__(self) -> None:
        self.writer = MarkdownWriter()
        self.styles: dict[str, _StyleOf] = {}
        self._reader_of_styles = _Styles(self.styles)
        self._skipped = 0
        #: Style of the paragraphs, spans and links that are open, innermost last.
        self._looks: list[Style] = []
        #: Whether an item's first paragraph is still to come, for each item that is open.
        self._items: list[bool] = []
        self._tables: list[Table] = []
        self._cells: list[tuple[int, int]] = []
        #: The text boxes of each open paragraph: they are told after it.
        self._boxes: list[list[MarkdownBlock]] = []

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _named(name)
        if self._skipped or short in _LEFT_OUT:
            self._skipped += 1
            return
        if short.startswith("style:"):
            self._reader_of_styles.start(name, values)
            return
        named = {_named(key): value for key, value in values.items()}
        match short:
            case "text:p" | "text:h":
                self._start_paragraph(short, named)
            case "text:span":
                self._looks.append(self._look(named.get("text:style-name", ""), self._last))
            case "text:a":
                address = web_address(named.get("xlink:href"))
                self._looks.append(self._last._replace(address=address or self._last.address))
            case "draw:frame":
                # Only the paragraphs in it are text; each starts with its own look.
                self._looks.append(self._last._replace(hidden=True))
            case "text:s":
                # Several spaces make a gap as wide as a tab.
                self._write(" " if _count(named.get("text:c")) < _WIDE_GAP else "\t")
            case "text:tab":
                self._write("\t")
            case "text:line-break":
                self._write("\n")
            case "text:list-item":
                self._items.append(True)
            case "text:list-header":
                self._items.append(False)
            case "draw:text-box":
                self.writer.start_frame()
                self._items.append(False)
            case "table:table":
                self._tables.append(Table())
            case "table:table-row" if self._tables:
                self._tables[-1].start_row()
            case "table:table-cell" if self._tables:
                self.writer.start_frame()
                self._items.append(False)
                rows = _count(named.get("table:number-rows-spanned"))
                self._cells.append((rows, _count(named.get("table:number-columns-spanned"))))

    def end(self, name: str) -> None:
        short = _named(name)
        if self._skipped:
            self._skipped -= 1
            return
        match short:
            case "style:style":
                self._reader_of_styles.end(name)
            case "text:p" | "text:h":
                self._looks.pop()
                self.writer.drop_prefix()
                self.writer.add_blocks(self._boxes.pop())
            case "text:span" | "text:a" | "draw:frame":
                self._looks.pop()
            case "text:list-item" | "text:list-header":
                self._items.pop()
            case "draw:text-box":
                self._items.pop()
                blocks = self.writer.end_frame()
                if self._boxes:
                    self._boxes[-1] += blocks
                else:
                    self.writer.add_blocks(blocks)
            case "table:table":
                self.writer.add_blocks(self._tables.pop().blocks())
            case "table:table-cell" if self._cells:
                self._items.pop()
                rows, columns = self._cells.pop()
                self._tables[-1].add_cell(self.writer.end_frame(), rows, columns)

    def text(self, text: str) -> None:
        # Between paragraphs there is only indentation.
        if not self._skipped:
            self._write(clean(text).replace("\n", " "))

    @property
    def _last(self) -> Style:
        return self._looks[-1] if self._looks else PLAIN

    def _write(self, text: str) -> None:
        if self._looks:
            self.writer.text(text, self._last)

    def _start_paragraph(self, short: str, named: dict[str, str]) -> None:
        style = named.get("text:style-name", "")
        prefix = self._heading(style)
        if short == "text:h":
            prefix = "#" * min(_count(named.get("text:outline-level")), 6) + " "
        elif self._items and self._items[-1]:
            prefix = "- "
        if self._items:
            self._items[-1] = False
        self._boxes.append([])
        self._looks.append(self._look(style, PLAIN))
        self.writer.start_block(prefix)

    def _heading(self, style: str) -> str:
        """Return « # » for a paragraph whose style is, or comes from, a heading's or a title's."""
        for _ in range(_MAX_PARENTS):
            found = _HEADING.fullmatch(style)
            level = int(found[1] or 1) if found else _TITLES.get(style)
            if level:
                return "#" * min(level, 6) + " "
            if style not in self.styles:
                break
            style = self.styles[style].parent
        return ""

    def _look(self, style: str, outer: Style) -> Style:
        """Return how text in *style* looks inside *outer*; the nearest style that says wins."""
        bold = struck = hidden = None
        for _ in range(_MAX_PARENTS):
            if style not in self.styles:
                break
            said = self.styles[style]
            bold = said.bold if bold is None else bold
            struck = said.struck if struck is None else struck
            hidden = said.hidden if hidden is None else hidden
            style = said.parent
        return outer._replace(
            bold=outer.bold if bold is None else bold,
            struck=outer.struck if struck is None else struck,
            hidden=outer.hidden or bool(hidden),
        )


def _count(text: str | None) -> int:
    """Return a count of an attribute, 1 where it is missing or senseless."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 1
