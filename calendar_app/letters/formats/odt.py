"""The text of an OpenDocument text (.odt: ISO/IEC 26300), as light Markdown.

It holds what ``docx`` reads of a Word document. Footnotes, comments, hidden text, and the copy that
tracked changes keep of deleted text are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
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

#: Namespace → the prefix that it has here.
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
#: Elements whose text is no part of the letter as it reads today.
_LEFT_OUT = frozenset(
    "text:note text:tracked-changes office:annotation office:forms office:event-listeners"
    " svg:title svg:desc table:covered-table-cell text:hidden-paragraph".split()
)
_TITLES = {"Title": 1, "Subtitle": 2}
_HEADING = re.compile(r"Heading(?:_20_([1-9]))?")
#: How many parents of a style are followed: a hostile document may hold a circle.
_MAX_PARENTS = 20
#: From this many spaces on, a gap separates columns as a tab does.
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


def _shorten_name(name: str) -> str:
    """Return « prefix:local » for « namespace local »."""
    namespace, _, local = name.rpartition(" ")
    return f"{_NAMESPACES.get(namespace, '')}:{local}"


def _shorten_names(values: dict[str, str]) -> dict[str, str]:
    """Return attributes by their short names."""
    return {_shorten_name(name): value for name, value in values.items()}


@dataclass(slots=True)
class _TextStyle:
    """What a style says itself; None where its parent says it.

    :param parent: name of the style that it is based on, or nothing.
    """

    parent: str = ""
    bold: bool | None = None
    struck: bool | None = None
    hidden: bool | None = None


class _Styles(XmlHandler):
    """Collects the styles by their names; those of content.xml replace those of styles.xml."""

    def __init__(self, styles: dict[str, _TextStyle]) -> None:
        self._styles = styles
        self._open: _TextStyle | None = None

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _shorten_name(name)
        if short == "style:style":
            named = _shorten_names(values)
            self._open = _TextStyle(named.get("style:parent-style-name", ""))
            self._styles[named.get("style:name", "")] = self._open
        elif short == "style:text-properties" and self._open:
            _read_text_properties(_shorten_names(values), self._open)

    def end(self, name: str) -> None:
        if _shorten_name(name) == "style:style":
            self._open = None


def _read_text_properties(named: dict[str, str], style: _TextStyle) -> None:
    """Set what the attributes of ``style:text-properties`` say of a style."""
    weight = named.get("fo:font-weight")
    if weight:
        style.bold = weight in ("bold", "600", "700", "800", "900")
    line = named.get("style:text-line-through-style") or named.get("style:text-line-through-type")
    if line:
        style.struck = line != "none"
    if "text:display" in named:
        style.hidden = named["text:display"] == "none"


class _Document(XmlHandler):
    """Writes the text of the document.

    A table says which method reads the start, or the end, of which element.
    """

    def __init__(self) -> None:
        self.writer = MarkdownWriter()
        self.styles: dict[str, _TextStyle] = {}
        self._styles_reader = _Styles(self.styles)
        #: How many elements are open from the outermost one that is left out on.
        self._skipped = 0
        #: The look of each paragraph, span and link that is open, innermost last.
        self._looks: list[Style] = []
        #: For each list item, text box and cell that is open, whether its next paragraph is the
        #: first one of a list item.
        self._at_item_start: list[bool] = []
        self._tables: list[Table] = []
        #: How many rows and columns each open cell spans.
        self._cells: list[tuple[int, int]] = []
        #: For each open paragraph, the blocks of its text boxes, which are written after it.
        self._boxes: list[list[MarkdownBlock]] = []
        self._on_start: dict[str, Callable[[dict[str, str]], None]] = {
            "text:p": self._start_paragraph,
            "text:h": self._start_heading,
            "text:span": self._start_span,
            "text:a": self._start_link,
            "draw:frame": self._start_frame,
            "text:s": self._write_spaces,
            "text:tab": self._write_tab,
            "text:line-break": self._write_line_break,
            "text:list-item": self._start_list_item,
            "text:list-header": self._start_list_header,
            "draw:text-box": self._start_text_box,
            "table:table": self._start_table,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
        }
        self._on_end: dict[str, Callable[[], None]] = {
            "text:p": self._end_paragraph,
            "text:h": self._end_paragraph,
            "text:span": self._end_look,
            "text:a": self._end_look,
            "draw:frame": self._end_look,
            "text:list-item": self._end_list_item,
            "text:list-header": self._end_list_item,
            "draw:text-box": self._end_text_box,
            "table:table": self._end_table,
            "table:table-cell": self._end_cell,
        }

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _shorten_name(name)
        if self._skipped or short in _LEFT_OUT:
            self._skipped += 1
        elif short.startswith("style:"):
            self._styles_reader.start(name, values)
        elif read := self._on_start.get(short):
            read(_shorten_names(values))

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        short = _shorten_name(name)
        if short.startswith("style:"):
            self._styles_reader.end(name)
        elif read := self._on_end.get(short):
            read()

    def text(self, text: str) -> None:
        if not self._skipped:
            self._write(clean(text).replace("\n", " "))

    # -- text and its looks ----------------------------------------------------------------------

    @property
    def _look(self) -> Style:
        """The innermost look that is open."""
        return self._looks[-1] if self._looks else PLAIN

    def _write(self, text: str) -> None:
        """Write text, if a paragraph is open: between paragraphs, there is only indentation."""
        if self._looks:
            self.writer.text(text, self._look)

    def _write_spaces(self, named: dict[str, str]) -> None:
        self._write(" " if _read_count(named.get("text:c")) < _WIDE_GAP else "\t")

    def _write_tab(self, _: dict[str, str]) -> None:
        self._write("\t")

    def _write_line_break(self, _: dict[str, str]) -> None:
        self._write("\n")

    def _start_span(self, named: dict[str, str]) -> None:
        self._looks.append(self._find_look(named.get("text:style-name", ""), self._look))

    def _start_link(self, named: dict[str, str]) -> None:
        address = web_address(named.get("xlink:href"))
        self._looks.append(self._look._replace(address=address or self._look.address))

    def _start_frame(self, _: dict[str, str]) -> None:
        # Only the paragraphs in it are text; each of them starts with a look of its own.
        self._looks.append(self._look._replace(hidden=True))

    def _end_look(self) -> None:
        self._looks.pop()

    def _find_look(self, style: str, outer: Style) -> Style:
        """Return how text in *style* looks inside *outer*.

        The style itself counts first, then its parents.
        """
        bold = struck = hidden = None
        for _ in range(_MAX_PARENTS):
            if style not in self.styles:
                break
            found = self.styles[style]
            bold = found.bold if bold is None else bold
            struck = found.struck if struck is None else struck
            hidden = found.hidden if hidden is None else hidden
            style = found.parent
        return outer._replace(
            bold=outer.bold if bold is None else bold,
            struck=outer.struck if struck is None else struck,
            hidden=outer.hidden or bool(hidden),
        )

    # -- paragraphs and lists --------------------------------------------------------------------

    def _start_paragraph(self, named: dict[str, str]) -> None:
        is_item = bool(self._at_item_start) and self._at_item_start[-1]
        style = named.get("text:style-name", "")
        self._begin_block("- " if is_item else self._find_heading_prefix(style), style)

    def _start_heading(self, named: dict[str, str]) -> None:
        level = min(_read_count(named.get("text:outline-level")), 6)
        self._begin_block("#" * level + " ", named.get("text:style-name", ""))

    def _begin_block(self, prefix: str, style: str) -> None:
        if self._at_item_start:
            self._at_item_start[-1] = False
        self._boxes.append([])
        self._looks.append(self._find_look(style, PLAIN))
        self.writer.start_block(prefix)

    def _end_paragraph(self) -> None:
        self._looks.pop()
        self.writer.drop_prefix()
        self.writer.add_blocks(self._boxes.pop())

    def _find_heading_prefix(self, style: str) -> str:
        """Return « # » (up to six) for the style of a heading or a title, or one that is based on
        it; else nothing."""
        for _ in range(_MAX_PARENTS):
            found = _HEADING.fullmatch(style)
            level = int(found[1] or 1) if found else _TITLES.get(style)
            if level:
                return "#" * min(level, 6) + " "
            if style not in self.styles:
                break
            style = self.styles[style].parent
        return ""

    def _start_list_item(self, _: dict[str, str]) -> None:
        self._at_item_start.append(True)

    def _start_list_header(self, _: dict[str, str]) -> None:
        self._at_item_start.append(False)

    def _end_list_item(self) -> None:
        self._at_item_start.pop()

    # -- text boxes and tables -------------------------------------------------------------------

    def _start_text_box(self, _: dict[str, str]) -> None:
        self.writer.start_frame()
        self._at_item_start.append(False)

    def _end_text_box(self) -> None:
        self._at_item_start.pop()
        blocks = self.writer.end_frame()
        if self._boxes:
            self._boxes[-1] += blocks
        else:
            self.writer.add_blocks(blocks)

    def _start_table(self, _: dict[str, str]) -> None:
        self._tables.append(Table())

    def _end_table(self) -> None:
        self.writer.add_blocks(self._tables.pop().blocks())

    def _start_row(self, _: dict[str, str]) -> None:
        if self._tables:
            self._tables[-1].start_row()

    def _start_cell(self, named: dict[str, str]) -> None:
        if self._tables:
            self.writer.start_frame()
            self._at_item_start.append(False)
            rows = _read_count(named.get("table:number-rows-spanned"))
            self._cells.append((rows, _read_count(named.get("table:number-columns-spanned"))))

    def _end_cell(self) -> None:
        if self._cells:
            self._at_item_start.pop()
            rows, columns = self._cells.pop()
            self._tables[-1].add_cell(self.writer.end_frame(), rows, columns)


def _read_count(text: str | None) -> int:
    """Return the number that an attribute holds; 1 where it is missing or senseless."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 1
