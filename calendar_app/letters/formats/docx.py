"""The text of a Word document (.docx: ECMA-376, WordprocessingML), as light Markdown.

It holds the headings (known by their styles), lists, links, struck and bold text, tables and text
boxes, and the tracked changes as if they were accepted. Footnotes, headers, footers, hidden text
and the copy of a drawing for old programs (``mc:Fallback``) are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

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

#: Namespace → the prefix that it has here; those of the transitional and of the strict format.
_NAMESPACES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/package/2006/relationships": "rels",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
_HEADING = re.compile(r"(?:heading|titre) ?([1-9])", re.IGNORECASE)
_TITLES = {"title": 1, "titre": 1, "subtitle": 2, "sous-titre": 2}
_FIELD_LINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)
#: How many parents of a style are followed: a hostile document may hold a circle.
_MAX_BASED_ON = 20
#: Elements whose text is no part of the letter as it reads today.
_LEFT_OUT = frozenset(("mc:Fallback", "w:moveFrom", "w:del", "w:rPrChange", "w:pPrChange"))
#: Elements that change what others mean while they are open.
_REMEMBERED = frozenset(("w:t", "w:instrText", "w:pPr", "w:rPr"))


def docx_part(names: list[str]) -> str | None:
    """Return the name of the main document among the parts of a zip archive, or None.

    Some programs number it: ``word/document2.xml``.
    """
    found = sorted(name for name in names if re.fullmatch(r"word/document\d*\.xml", name))
    return found[0] if found else None


def docx_text(archive: zipfile.ZipFile) -> str:
    """Return the text of a Word document as light Markdown.

    :raises UnreadableLetterError: when a part that is needed is damaged, too large or hostile.
    """
    names = archive.namelist()
    name = docx_part(names) or "word/document.xml"
    links, styles = _Links(), _Styles()
    relations = f"word/_rels/{name.removeprefix('word/')}.rels"
    if relations in names:
        read_part(archive, relations, links)
    if "word/styles.xml" in names:
        read_part(archive, "word/styles.xml", styles)
    document = _Document(links.targets, styles)
    read_part(archive, name, document)
    return document.writer.letter()


def _shorten_name(name: str) -> str:
    """Return « prefix:local » for « namespace local »."""
    namespace, _, local = name.rpartition(" ")
    return f"{_NAMESPACES.get(namespace, '')}:{local}"


def _get_value(values: dict[str, str], local: str) -> str | None:
    """Return the value of an attribute by its local name, or None when there is none.

    Word always gives an attribute a namespace, and other programs do not.
    """
    for name, value in values.items():
        if name.rpartition(" ")[2] == local:
            return value
    return None


def _is_on(values: dict[str, str]) -> bool:
    """Whether a property with these attributes is switched on: it is when it has no value."""
    return (_get_value(values, "val") or "true").lower() not in ("0", "false", "off", "none")


class _Links(XmlHandler):
    """Collects the addresses of a document's links by their identifiers."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, values: dict[str, str]) -> None:
        if _shorten_name(name) == "rels:Relationship" and values.get("TargetMode") == "External":
            address = web_address(values.get("Target"))
            if address:
                self.targets[values.get("Id", "")] = address


@dataclass(slots=True)
class _ParagraphStyle:
    """What a paragraph style says itself; None where its parent says it.

    :param name: in English or in the language of Word.
    :param based_on: identifier of its parent.
    :param level: of its heading, from 1; 0 for body text.
    :param in_list: whether its paragraphs are items of a list.
    """

    name: str = ""
    based_on: str = ""
    level: int | None = None
    in_list: bool | None = None


class _Styles(XmlHandler):
    """Collects what each paragraph style means.

    The identifier of a style says nothing: it depends on the language of Word.
    """

    def __init__(self) -> None:
        self._styles: dict[str, _ParagraphStyle] = {}
        self._open = _ParagraphStyle()

    def start(self, name: str, values: dict[str, str]) -> None:
        value = _get_value(values, "val") or ""
        match _shorten_name(name):
            case "w:style":
                self._open = _ParagraphStyle()
                if _get_value(values, "type") == "paragraph":
                    self._styles[_get_value(values, "styleId") or ""] = self._open
            case "w:name":
                self._open.name = value
            case "w:basedOn":
                self._open.based_on = value
            case "w:outlineLvl":
                self._open.level = _read_outline_level(value)
            case "w:numId":
                self._open.in_list = value != "0"

    def find_prefix(self, identifier: str) -> str:
        """Return what a paragraph of this style starts with: « # » (up to six), « - » or nothing.

        The style itself counts first, then its parents.
        """
        for _ in range(_MAX_BASED_ON):
            style = self._styles.get(identifier, _ParagraphStyle(name=identifier))
            heading = _HEADING.fullmatch(style.name)
            level = int(heading[1]) if heading else _TITLES.get(style.name.lower())
            if level or style.level:
                return _make_heading_prefix(level or style.level or 0)
            if style.in_list is not None:
                return "- " if style.in_list else ""
            if not style.based_on:
                break
            identifier = style.based_on
        return ""


def _read_outline_level(value: str) -> int:
    """Return the level of a heading, from 1, or 0 for body text.

    Word counts levels from 0, and 9 is body text.
    """
    return int(value) + 1 if value in tuple("012345678") else 0


def _make_heading_prefix(level: int) -> str:
    """Return what a heading of this level starts with; nothing for level 0."""
    return "#" * min(level, 6) + " " if level else ""


@dataclass(slots=True)
class _Paragraph:
    """A paragraph that is open.

    :param by_style: the prefix that its style gives it.
    :param by_level: the prefix that its own outline level gives it.
    :param in_list: whether it says itself that it is an item of a list; None when it does not say.
    :param begun: whether its block is started.
    :param look: how the text of its current run looks.
    :param boxes: the blocks of its text boxes, which are written after it.
    """

    by_style: str = ""
    by_level: str = ""
    in_list: bool | None = None
    begun: bool = False
    look: Style = PLAIN
    boxes: list[MarkdownBlock] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """What the paragraph starts with: « # », « - » or nothing.

        A heading with a number is a heading, not an item. Otherwise, what the paragraph says itself
        goes before what its style says.
        """
        if self.by_level or self.by_style.startswith("#"):
            return self.by_level or self.by_style
        if self.in_list is not None:
            return "- " if self.in_list else ""
        return self.by_style


@dataclass(slots=True)
class _Field:
    """A field that is open: its instruction, then, after a separator, the text that it shows.

    :param instruction: what is read of it (« HYPERLINK "…" »).
    :param link: the address that the text shown leads to.
    """

    instruction: str = ""
    link: str | None = None


@dataclass(slots=True)
class _Cell:
    """A cell of a table that is open.

    :param columns: how many columns it spans.
    :param continues: whether it is the rest of the cell above.
    """

    columns: int = 1
    continues: bool = False


class _Document(XmlHandler):
    """Writes the text of the main document.

    A table says which method reads the start, or the end, of which element.

    :param targets: the addresses of the links, by their identifiers.
    """

    def __init__(self, targets: dict[str, str], styles: _Styles) -> None:
        self.writer = MarkdownWriter()
        self._targets, self._styles = targets, styles
        #: How many elements are open from the outermost one that is left out on.
        self._skipped = 0
        #: The elements of ``_REMEMBERED`` that are open.
        self._open: set[str] = set()
        self._paragraphs: list[_Paragraph] = []
        #: The address of each link that is open, innermost last; None when it cannot be followed.
        self._links: list[str | None] = []
        self._fields: list[_Field] = []
        self._tables: list[Table] = []
        self._cells: list[_Cell] = []
        self._on_start: dict[str, Callable[[dict[str, str]], None]] = {
            "w:p": self._start_paragraph,
            "w:pStyle": self._set_style,
            "w:outlineLvl": self._set_outline_level,
            "w:numId": self._set_in_list,
            "w:r": self._start_run,
            "w:strike": self._set_struck,
            "w:dstrike": self._set_struck,
            "w:b": self._set_bold,
            "w:vanish": self._set_hidden,
            "w:tab": self._write_tab,
            "w:br": self._write_line_break,
            "w:cr": self._write_line_break,
            "w:noBreakHyphen": self._write_hyphen,
            "w:hyperlink": self._start_hyperlink,
            "w:fldSimple": self._start_simple_field,
            "w:fldChar": self._read_field_mark,
            "w:txbxContent": self._start_text_box,
            "w:tbl": self._start_table,
            "w:tr": self._start_row,
            "w:tc": self._start_cell,
            "w:gridSpan": self._set_columns,
            "w:vMerge": self._set_continues,
        }
        self._on_end: dict[str, Callable[[], None]] = {
            "w:p": self._end_paragraph,
            "w:hyperlink": self._end_link,
            "w:fldSimple": self._end_link,
            "w:txbxContent": self._end_text_box,
            "w:tbl": self._end_table,
            "w:tc": self._end_cell,
        }

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _shorten_name(name)
        if self._skipped or short in _LEFT_OUT:
            self._skipped += 1
        elif short in _REMEMBERED:
            self._open.add(short)
        elif read := self._on_start.get(short):
            read(values)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        short = _shorten_name(name)
        self._open.discard(short)
        if read := self._on_end.get(short):
            read()

    def text(self, text: str) -> None:
        if self._skipped:
            return
        if "w:t" in self._open:
            self._write(clean(text).replace("\n", " "))
        elif "w:instrText" in self._open and self._fields:
            self._fields[-1].instruction += text

    # -- paragraphs and their looks --------------------------------------------------------------

    @property
    def _paragraph(self) -> _Paragraph:
        """The innermost paragraph that is open; outside of any, one that nobody keeps."""
        return self._paragraphs[-1] if self._paragraphs else _Paragraph()

    def _start_paragraph(self, _: dict[str, str]) -> None:
        self._paragraphs.append(_Paragraph())

    def _set_style(self, values: dict[str, str]) -> None:
        self._paragraph.by_style = self._styles.find_prefix(_get_value(values, "val") or "")

    def _set_outline_level(self, values: dict[str, str]) -> None:
        level = _read_outline_level(_get_value(values, "val") or "")
        self._paragraph.by_level = _make_heading_prefix(level)

    def _set_in_list(self, values: dict[str, str]) -> None:
        self._paragraph.in_list = _get_value(values, "val") != "0"

    def _begin_block(self) -> None:
        """Start the block of the open paragraph, once all its properties are read."""
        if self._paragraphs and not self._paragraphs[-1].begun:
            self._paragraphs[-1].begun = True
            self.writer.start_block(self._paragraphs[-1].prefix)

    def _end_paragraph(self) -> None:
        if self._paragraphs:
            self._begin_block()
            paragraph = self._paragraphs.pop()
            self.writer.drop_prefix()
            self.writer.add_blocks(paragraph.boxes)

    def _start_run(self, _: dict[str, str]) -> None:
        self._paragraph.look = PLAIN

    def _set_struck(self, values: dict[str, str]) -> None:
        look = self._paragraph.look
        self._set_run_look(look._replace(struck=look.struck or _is_on(values)))

    def _set_bold(self, values: dict[str, str]) -> None:
        self._set_run_look(self._paragraph.look._replace(bold=_is_on(values)))

    def _set_hidden(self, values: dict[str, str]) -> None:
        self._set_run_look(self._paragraph.look._replace(hidden=_is_on(values)))

    def _set_run_look(self, look: Style) -> None:
        """Set the look of the current run, if it is its properties that are read."""
        if "w:rPr" in self._open:
            self._paragraph.look = look

    # -- text and links --------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        """Write text into the open paragraph, with the innermost link that is open there."""
        if self._paragraphs:
            self._begin_block()
            links = [*(each.link for each in self._fields if each.link), *filter(None, self._links)]
            look = self._paragraphs[-1].look
            self.writer.text(text, look._replace(address=links[-1] if links else None))

    def _write_tab(self, _: dict[str, str]) -> None:
        # Among the properties of a paragraph, it is a tab stop.
        if "w:pPr" not in self._open:
            self._write("\t")

    def _write_line_break(self, _: dict[str, str]) -> None:
        self._write("\n")

    def _write_hyphen(self, _: dict[str, str]) -> None:
        self._write("-")

    def _start_hyperlink(self, values: dict[str, str]) -> None:
        self._links.append(self._targets.get(_get_value(values, "id") or ""))

    def _start_simple_field(self, values: dict[str, str]) -> None:
        self._links.append(_find_field_link(_get_value(values, "instr") or ""))

    def _end_link(self) -> None:
        if self._links:
            self._links.pop()

    def _read_field_mark(self, values: dict[str, str]) -> None:
        """Read the beginning of a field, its separator or its end."""
        kind = _get_value(values, "fldCharType")
        if kind == "begin":
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1] = _Field(link=_find_field_link(self._fields[-1].instruction))
        elif kind == "end" and self._fields:
            self._fields.pop()

    # -- text boxes and tables -------------------------------------------------------------------

    def _start_text_box(self, _: dict[str, str]) -> None:
        self._begin_block()
        self.writer.start_frame()

    def _end_text_box(self) -> None:
        blocks = self.writer.end_frame()
        if self._paragraphs:
            self._paragraphs[-1].boxes += blocks
        else:
            self.writer.add_blocks(blocks)

    def _start_table(self, _: dict[str, str]) -> None:
        self._tables.append(Table())

    def _end_table(self) -> None:
        self.writer.add_blocks(self._tables.pop().blocks())

    def _start_row(self, _: dict[str, str]) -> None:
        if self._tables:
            self._tables[-1].start_row()

    def _start_cell(self, _: dict[str, str]) -> None:
        if self._tables:
            self.writer.start_frame()
            self._cells.append(_Cell())

    def _set_columns(self, values: dict[str, str]) -> None:
        if self._cells:
            span = _get_value(values, "val") or ""
            self._cells[-1].columns = int(span) if span.isdecimal() and len(span) < 4 else 1

    def _set_continues(self, values: dict[str, str]) -> None:
        if self._cells:
            value = _get_value(values, "val") or "continue"
            self._cells[-1].continues = value == "continue"

    def _end_cell(self) -> None:
        if self._cells:
            cell = self._cells.pop()
            blocks = self.writer.end_frame()
            self._tables[-1].add_cell(blocks, columns=cell.columns, continues=cell.continues)


def _find_field_link(instruction: str) -> str | None:
    """Return the address that the instruction of a field leads to, or None."""
    found = _FIELD_LINK.match(instruction)
    return web_address(found[1]) if found else None
