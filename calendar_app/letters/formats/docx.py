"""The text of a Word document (.docx: ECMA-376, WordprocessingML).

Read: headings by style, lists, links, struck and bold text, tables, text boxes, tracked changes as
if they were accepted. Left out: footnotes, headers, hidden text, the copy of a drawing for old
readers (``mc:Fallback``).
"""

from __future__ import annotations

import re
import zipfile
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

#: Both the usual and the « strict » namespaces.
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
_MAX_BASED_ON = 20
# What holds no text of the letter as it reads today.
_LEFT_OUT = frozenset(("mc:Fallback", "w:moveFrom", "w:del", "w:rPrChange", "w:pPrChange"))


def docx_part(names: list[str]) -> str | None:
    """Return the name of the document among the parts of a zip (some number it), or None."""
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


def _short(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{_NAMESPACES.get(namespace, '')}:{local}"


def _value(values: dict[str, str], local: str) -> str | None:
    """Return an attribute by its local name: Word always gives it a namespace, others do not."""
    for name, value in values.items():
        if name.rpartition(" ")[2] == local:
            return value
    return None


def _is_on(values: dict[str, str]) -> bool:
    return (_value(values, "val") or "true").lower() not in ("0", "false", "off", "none")


class _Links(XmlHandler):
    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, values: dict[str, str]) -> None:
        if _short(name) == "rels:Relationship" and values.get("TargetMode") == "External":
            address = web_address(values.get("Target"))
            if address:
                self.targets[values.get("Id", "")] = address


@dataclass(slots=True)
class _ParagraphStyle:
    name: str = ""
    based_on: str = ""
    level: int | None = None
    in_list: bool | None = None


class _Styles(XmlHandler):
    """What each paragraph style means: its identifier depends on the language of Word."""

    def __init__(self) -> None:
        self._styles: dict[str, _ParagraphStyle] = {}
        self._open = _ParagraphStyle()

    def start(self, name: str, values: dict[str, str]) -> None:
        value = _value(values, "val") or ""
        match _short(name):
            case "w:style":
                self._open = _ParagraphStyle()
                if _value(values, "type") == "paragraph":
                    self._styles[_value(values, "styleId") or ""] = self._open
            case "w:name":
                self._open.name = value
            case "w:basedOn":
                self._open.based_on = value
            case "w:outlineLvl":
                self._open.level = _outline_level(value)
            case "w:numId":
                self._open.in_list = value != "0"

    def prefix(self, identifier: str) -> str:
        """Return what a paragraph of this style starts with: « # », « - » or nothing."""
        for _ in range(_MAX_BASED_ON):
            style = self._styles.get(identifier, _ParagraphStyle(name=identifier))
            heading = _HEADING.fullmatch(style.name)
            level = int(heading[1]) if heading else _TITLES.get(style.name.lower())
            if level or style.level:
                return _heading_prefix(level or style.level or 0)
            if style.in_list is not None:
                return "- " if style.in_list else ""
            if not style.based_on:
                break
            identifier = style.based_on
        return ""


def _outline_level(value: str) -> int:
    """Return the level from 1 of an outline level from 0, or 0: 9 is body text."""
    return int(value) + 1 if value in tuple("012345678") else 0


def _heading_prefix(level: int) -> str:
    return "#" * min(level, 6) + " " if level else ""


@dataclass(slots=True)
class _Paragraph:
    """A paragraph that is open, with its text boxes; they are told after it."""

    by_style: str = ""
    by_level: str = ""
    in_list: bool | None = None
    begun: bool = False
    run: Style = PLAIN
    boxes: list[MarkdownBlock] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """A numbered heading is a heading; else what the paragraph says goes before its style."""
        if self.by_level or self.by_style.startswith("#"):
            return self.by_level or self.by_style
        if self.in_list is not None:
            return "- " if self.in_list else ""
        return self.by_style


class _Document(XmlHandler):
    def __init__(self, targets: dict[str, str], styles: _Styles) -> None:
        self.writer = MarkdownWriter()
        self._targets, self._styles = targets, styles
        self._skipped = 0
        self._paragraphs: list[_Paragraph] = []
        self._in_text = self._in_run_look = self._in_properties = False
        self._links: list[str | None] = []
        # Fields (« HYPERLINK "…" »), innermost last: what they say, and the link they show.
        self._fields: list[tuple[str, str | None]] = []
        self._in_instruction = False
        self._tables: list[Table] = []
        self._cells: list[tuple[int, bool]] = []

    def start(self, name: str, values: dict[str, str]) -> None:
        short = _short(name)
        if self._skipped or short in _LEFT_OUT:
            self._skipped += 1
            return
        match short:
            case "w:p":
                self._paragraphs.append(_Paragraph())
            case "w:pStyle" if self._paragraphs:
                prefix = self._styles.prefix(_value(values, "val") or "")
                self._paragraphs[-1].by_style = prefix
            case "w:outlineLvl" if self._paragraphs:
                level = _outline_level(_value(values, "val") or "")
                self._paragraphs[-1].by_level = _heading_prefix(level)
            case "w:numId" if self._paragraphs:
                self._paragraphs[-1].in_list = _value(values, "val") != "0"
            case "w:pPr":
                self._in_properties = True
            case "w:r":
                self._look(PLAIN)
            case "w:rPr":
                self._in_run_look = True
            case "w:strike" | "w:dstrike" if self._in_run_look and self._paragraphs:
                run = self._paragraphs[-1].run
                self._look(run._replace(struck=run.struck or _is_on(values)))
            case "w:b" if self._in_run_look and self._paragraphs:
                self._look(self._paragraphs[-1].run._replace(bold=_is_on(values)))
            case "w:vanish" if self._in_run_look and self._paragraphs:
                self._look(self._paragraphs[-1].run._replace(hidden=_is_on(values)))
            case "w:t":
                self._in_text = True
            case "w:instrText":
                self._in_instruction = True
            case "w:tab" if not self._in_properties:
                self._write("\t")
            case "w:br" | "w:cr":
                self._write("\n")
            case "w:noBreakHyphen":
                self._write("-")
            case "w:hyperlink":
                self._links.append(self._targets.get(_value(values, "id") or ""))
            case "w:fldSimple":
                found = _FIELD_LINK.match(_value(values, "instr") or "")
                self._links.append(web_address(found[1]) if found else None)
            case "w:fldChar":
                self._field(_value(values, "fldCharType"))
            case "w:txbxContent":
                self._begin()
                self.writer.start_frame()
            case "w:tbl":
                self._tables.append(Table())
            case "w:tr" if self._tables:
                self._tables[-1].start_row()
            case "w:tc" if self._tables:
                self.writer.start_frame()
                self._cells.append((1, False))
            case "w:gridSpan" if self._cells:
                span = _value(values, "val") or ""
                columns = int(span) if span.isdecimal() and len(span) < 4 else 1
                self._cells[-1] = (columns, self._cells[-1][1])
            case "w:vMerge" if self._cells:
                goes_on = (_value(values, "val") or "continue") == "continue"
                self._cells[-1] = (self._cells[-1][0], goes_on)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        match _short(name):
            case "w:p" if self._paragraphs:
                self._begin()
                paragraph = self._paragraphs.pop()
                self.writer.drop_prefix()
                self.writer.add_blocks(paragraph.boxes)
            case "w:pPr":
                self._in_properties = False
            case "w:rPr":
                self._in_run_look = False
            case "w:t":
                self._in_text = False
            case "w:instrText":
                self._in_instruction = False
            case "w:hyperlink" | "w:fldSimple" if self._links:
                self._links.pop()
            case "w:txbxContent":
                blocks = self.writer.end_frame()
                if self._paragraphs:
                    self._paragraphs[-1].boxes += blocks
                else:
                    self.writer.add_blocks(blocks)
            case "w:tbl":
                self.writer.add_blocks(self._tables.pop().blocks())
            case "w:tc" if self._cells:
                columns, goes_on = self._cells.pop()
                blocks = self.writer.end_frame()
                self._tables[-1].add_cell(blocks, columns=columns, continues=goes_on)

    def text(self, text: str) -> None:
        if self._skipped:
            return
        if self._in_text:
            self._write(clean(text).replace("\n", " "))
        elif self._in_instruction and self._fields:
            said, link = self._fields[-1]
            self._fields[-1] = (said + text, link)

    def _look(self, run: Style) -> None:
        if self._paragraphs:
            self._paragraphs[-1].run = run

    def _begin(self) -> None:
        """Start the paragraph, now that its properties are read."""
        if self._paragraphs and not self._paragraphs[-1].begun:
            self._paragraphs[-1].begun = True
            self.writer.start_block(self._paragraphs[-1].prefix)

    def _write(self, text: str) -> None:
        if self._paragraphs:
            self._begin()
            shown = [link for _, link in self._fields if link] + [
                link for link in self._links if link
            ]
            run = self._paragraphs[-1].run
            self.writer.text(text, run._replace(address=shown[-1] if shown else None))

    def _field(self, kind: str | None) -> None:
        """A field is its instruction, a separator, and what it shows."""
        if kind == "begin":
            self._fields.append(("", None))
        elif kind == "separate" and self._fields:
            found = _FIELD_LINK.match(self._fields[-1][0])
            self._fields[-1] = ("", web_address(found[1]) if found else None)
        elif kind == "end" and self._fields:
            self._fields.pop()
