"""Writing the text of a letter as light Markdown, whatever format it came in.

Headings ``# …``, list items ``- …``, links ``[words](address)``, struck ``~~words~~``, bold
``**words**``, table rows ``| a | b |``, paragraphs separated by a blank line. Nothing is escaped:
people and rules of ours read it, no Markdown processor.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_SPACES = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)
#: Characters that would end ``[words](address)`` too early.
_ADDRESS_ESCAPES = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})

# A row of two columns of articles is layout; a date beside what happens on it is one row of data.
_MAX_ROW_CELL = 600
_MAX_ROW_BLOCKS = 6
_MAX_SHORT_CELL = 120
_MAX_SPAN = 100


class Style(NamedTuple):
    """How a run of text looks, as far as it means something."""

    bold: bool = False
    struck: bool = False
    address: str | None = None
    hidden: bool = False


PLAIN = Style()


@dataclass(slots=True)
class MarkdownBlock:
    """A paragraph (no prefix), a heading (« # ») or a list item (« - »), or rows of a table."""

    prefix: str
    text: str

    @property
    def is_tight(self) -> bool:
        """Whether no blank line stands between it and the next block of its kind."""
        return self.prefix in ("- ", "| ")


def web_address(text: str | None) -> str | None:
    """Return *text* as the address of a link, or None when a reader cannot go there (« #top »)."""
    text = re.sub(r"[\x00-\x1f\x7f]", "", text or "").strip()
    return text.translate(_ADDRESS_ESCAPES) if _ADDRESS.match(text) else None


def collapsed(text: str) -> str:
    """Return *text* with each run of blanks as one space, as HTML shows it."""
    return _SPACES.sub(" ", text)


def joined(blocks: Iterable[MarkdownBlock]) -> str:
    """Return the text of a letter made of *blocks*."""
    pieces: list[str] = []
    before: MarkdownBlock | None = None
    for block in blocks:
        if before is not None:
            together = block.is_tight and block.prefix == before.prefix
            pieces.append("\n" if together else "\n\n")
        pieces.append(block.text if block.prefix == "| " else block.prefix + block.text)
        before = block
    return "".join(pieces)


@dataclass(slots=True)
class _Cell:
    blocks: list[MarkdownBlock]
    rows: int
    columns: int
    is_header: bool
    continues: bool

    @property
    def line(self) -> str:
        """Its blocks on one line.

        Numbers of two blocks would become one date: « ; » keeps « 3 mai » and « 12 classes » apart,
        while « 5 » over « JUIN » is put together.
        """
        text = ""
        for block in self.blocks:
            piece = " ".join(line.strip() for line in block.text.split("\n")).strip()
            if text and piece:
                text += " ; " if text[-1].isdigit() and piece[0].isdigit() else " "
            text += piece
        return text


class Table:
    """A table as it is read, row by row; only at its end is it known to hold data or layout."""

    def __init__(self) -> None:
        self._rows: list[list[_Cell]] = []

    def start_row(self) -> None:
        self._rows.append([])

    def add_cell(
        self,
        blocks: list[MarkdownBlock],
        rows: int = 1,
        columns: int = 1,
        *,
        is_header: bool = False,
        continues: bool = False,
    ) -> None:
        """Add a cell to the last row.

        :param rows: how many rows it spans (HTML, ODF).
        :param continues: whether it is the one above that goes on (Word).
        """
        if not self._rows:
            self.start_row()
        rows, columns = min(max(rows, 1), _MAX_SPAN), min(max(columns, 1), _MAX_SPAN)
        self._rows[-1].append(_Cell(blocks, rows, columns, is_header, continues))

    def blocks(self) -> list[MarkdownBlock]:
        """Return what it says: rows ``| a | b |`` where cells belong together, else its blocks."""
        full = [row for row in self._rows if sum(bool(cell.blocks) for cell in row) > 1]
        cells = [cell for row in self._rows for cell in row if cell.blocks]
        holds_data = len(full) > 1 and any(cell.is_header for cell in cells)
        found: list[MarkdownBlock] = []
        # column → (the text of the cell that spans rows there, how many rows are left)
        above: dict[int, tuple[str, int]] = {}
        for row in self._rows:
            lines = _row_lines(row, above)
            if sum(map(bool, lines)) > 1 and (holds_data or _belongs_together(row)):
                found.append(MarkdownBlock("| ", f"| {' | '.join(lines)} |"))
            else:
                found += [block for cell in row for block in cell.blocks]
        return found


def _row_lines(row: list[_Cell], above: dict[int, tuple[str, int]]) -> list[str]:
    """Return the text of each cell, that of the short ones which span from rows above included."""
    lines: list[str] = []
    column = 0

    def take_above() -> None:
        nonlocal column
        while column in above and above[column][1]:
            text, left = above[column]
            above[column] = (text, left - 1)
            lines.append(text)
            column += 1

    for cell in row:
        take_above()
        line = above.get(column, ("", 0))[0] if cell.continues else cell.line
        # A long one is a column of the page: said once.
        above[column] = (line if len(line) <= _MAX_SHORT_CELL else "", cell.rows - 1)
        lines.append(line)
        column += cell.columns
    take_above()
    return lines


def _belongs_together(row: list[_Cell]) -> bool:
    """Whether the cells say one thing together, like a date and what happens on it."""
    cells = [cell for cell in row if cell.blocks]
    sizes = [(sum(len(block.text) for block in c.blocks), len(c.blocks)) for c in cells]
    short = sum(size <= _MAX_SHORT_CELL and blocks <= 2 for size, blocks in sizes)
    titled = sum(any(block.prefix.startswith("#") for block in cell.blocks) for cell in cells)
    return (
        short >= len(sizes) - 1
        and titled < 2
        and all(size <= _MAX_ROW_CELL and blocks <= _MAX_ROW_BLOCKS for size, blocks in sizes)
        and not any(block.prefix == "| " for cell in cells for block in cell.blocks)
    )


@dataclass(slots=True)
class _Frame:
    """What is being written in one place: the letter, a cell, a text box."""

    blocks: list[MarkdownBlock] = field(default_factory=list)
    runs: list[tuple[str, Style]] = field(default_factory=list)
    prefix: str = ""


class MarkdownWriter:
    """Takes text and the ends of paragraphs, in order; gives blocks.

    Cells and text boxes are written in a frame of their own, because their text stands inside a
    paragraph or a table whose own text goes on after them.
    """

    def __init__(self) -> None:
        self._frames = [_Frame()]

    def text(self, text: str, style: Style = PLAIN) -> None:
        if text and not style.hidden:
            self._frames[-1].runs.append((text, style))

    def start_block(self, prefix: str = "") -> None:
        """End the paragraph that is open and start another (« # », « - » or nothing before it)."""
        self.end_block()
        self._frames[-1].prefix = prefix

    def end_block(self) -> None:
        frame = self._frames[-1]
        if frame.runs:
            text = _written(frame.runs, in_heading=frame.prefix.startswith("#"))
            frame.runs = []
            if text:
                frame.blocks.append(MarkdownBlock(frame.prefix, text))
                frame.prefix = ""

    def drop_prefix(self) -> None:
        """End the paragraph; what follows is no longer of its heading or item."""
        self.end_block()
        self._frames[-1].prefix = ""

    def start_frame(self) -> None:
        self._frames.append(_Frame())

    def end_frame(self) -> list[MarkdownBlock]:
        self.end_block()
        return self._frames.pop().blocks

    def add_blocks(self, blocks: list[MarkdownBlock]) -> None:
        """Add what a frame or a table gave, after the paragraph that is open."""
        self.end_block()
        self._frames[-1].blocks += blocks

    def letter(self) -> str:
        """Return all that was written."""
        while len(self._frames) > 1:
            self.add_blocks_of_frame()
        self.end_block()
        return joined(self._frames[0].blocks)

    def add_blocks_of_frame(self) -> None:
        self.add_blocks(self.end_frame())


def _written(runs: list[tuple[str, Style]], *, in_heading: bool) -> str:
    """Return a paragraph: blanks trimmed, marks around words and never around blanks."""
    merged: list[tuple[str, Style]] = []
    for text, style in _without_extra_spaces(runs):
        if in_heading:
            style = style._replace(bold=False)
            text = text.replace("\n", " ")
        # Blanks take the look of what they follow, or « **17** **mai** » would be two words.
        if merged and (merged[-1][1] == style or not text.strip()):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        elif merged and not merged[-1][0].strip():
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    pieces = []
    for address, group in itertools.groupby(merged, lambda run: run[1].address):
        words = "".join(_marked(text, style) for text, style in group)
        core = words.strip()
        if core and address and core not in (address, address.removeprefix("mailto:")):
            start = words.index(core)
            link = f"[{core}]({address})".replace("\n", " ")
            words = words[:start] + link + words[start + len(core) :]
        pieces.append(words)
    text = re.sub(r" *\n *", "\n", "".join(pieces)).strip()
    return re.sub(r"\n{3,}", "\n\n", text)


def _marked(text: str, style: Style) -> str:
    """Return *text* with its marks, around the words of each of its paragraphs."""
    bold, struck = "**" if style.bold else "", "~~" if style.struck else ""
    if not bold and not struck:
        return text
    pieces = []
    for piece in re.split(r"(\n{2,})", text):
        core = piece.strip()
        start = piece.index(core)
        marked = f"{struck}{bold}{core}{bold}{struck}" if core else ""
        pieces += [piece[:start], marked, piece[start + len(core) :]]
    return "".join(pieces)


def _without_extra_spaces(runs: list[tuple[str, Style]]) -> Iterable[tuple[str, Style]]:
    """Yield the runs without a space after a space, whichever runs they are in."""
    after_space = True
    for text, style in runs:
        text = re.sub(r" {2,}", " ", text)
        if after_space:
            text = text.lstrip(" ")
        if text:
            after_space = text[-1] in " \n"
            yield text, style
