"""Writing the text of a letter of any format as light Markdown.

Headings are ``# …``, list items ``- …``, links ``[words](address)``, struck words ``~~words~~``,
bold words ``**words**`` and table rows ``| a | b |``; a blank line separates paragraphs. Nothing is
escaped, because only people and our own rules read the text, and no Markdown processor.
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

# These limits (in characters, blocks and cells) tell a row of data, such as a date and its event,
# from a row of layout, such as two columns of articles.
_MAX_ROW_CELL = 600
_MAX_ROW_BLOCKS = 6
_MAX_SHORT_CELL = 120
_MAX_SPAN = 100


class Style(NamedTuple):
    """The part of a text's formatting that has a meaning.

    :param address: the address of the link that the text belongs to, or None.
    :param hidden: whether readers of the letter do not see the text.
    """

    bold: bool = False
    struck: bool = False
    address: str | None = None
    hidden: bool = False


PLAIN = Style()


@dataclass(slots=True)
class MarkdownBlock:
    """A paragraph, a heading, a list item or a table row.

    :param prefix: empty for a paragraph, « # » to « ###### », « - » or « | », with a space.
    :param text: without the prefix; but the text of a row includes all its bars.
    """

    prefix: str
    text: str

    @property
    def is_tight(self) -> bool:
        """Whether no blank line separates the block from the next block of its kind."""
        return self.prefix in ("- ", "| ")


def web_address(text: str | None) -> str | None:
    """Return *text* as the address of a link: http, https or mailto; None for all others."""
    text = re.sub(r"[\x00-\x1f\x7f]", "", text or "").strip()
    return text.translate(_ADDRESS_ESCAPES) if _ADDRESS.match(text) else None


def collapsed(text: str) -> str:
    """Return *text* with one space for each run of white space, as a browser shows HTML."""
    return _SPACES.sub(" ", text)


def joined(blocks: Iterable[MarkdownBlock]) -> str:
    """Return the text of a letter that consists of *blocks*."""
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
        """Return the blocks of the cell on one line.

        « ; » separates two blocks where digits meet, which could otherwise be read as one date
        (« 3 mai 2021 » above « 12 classes »). « 5 » above « JUIN » is joined.
        """
        text = ""
        for block in self.blocks:
            piece = " ".join(line.strip() for line in block.text.split("\n")).strip()
            if text and piece:
                text += " ; " if text[-1].isdigit() and piece[0].isdigit() else " "
            text += piece
        return text


class Table:
    """A table, built row by row; :meth:`blocks` decides whether it holds data or layout."""

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

        :param rows: how many rows the cell spans (HTML, ODF).
        :param columns: how many columns the cell spans.
        :param is_header: whether the format marks the cell as a header.
        :param continues: whether the cell continues the cell above (Word).
        """
        if not self._rows:
            self.start_row()
        rows, columns = min(max(rows, 1), _MAX_SPAN), min(max(columns, 1), _MAX_SPAN)
        self._rows[-1].append(_Cell(blocks, rows, columns, is_header, continues))

    def blocks(self) -> list[MarkdownBlock]:
        """Return rows ``| a | b |`` where cells belong together, else the blocks of the cells."""
        full = [row for row in self._rows if sum(bool(cell.blocks) for cell in row) > 1]
        cells = [cell for row in self._rows for cell in row if cell.blocks]
        holds_data = len(full) > 1 and any(cell.is_header for cell in cells)
        found: list[MarkdownBlock] = []
        # column → (the text of the cell that spans rows in it, the number of rows left)
        above: dict[int, tuple[str, int]] = {}
        for row in self._rows:
            lines = _row_lines(row, above)
            if sum(map(bool, lines)) > 1 and (holds_data or _belongs_together(row)):
                found.append(MarkdownBlock("| ", f"| {' | '.join(lines)} |"))
            else:
                found += [block for cell in row for block in cell.blocks]
        return found


def _row_lines(row: list[_Cell], above: dict[int, tuple[str, int]]) -> list[str]:
    """Return the text of each cell of a row, with the short cells that span from rows above.

    :param above: the cells that span rows, by column; updated.
    """
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
        # A long cell is a column of the page layout: its text is not repeated.
        above[column] = (line if len(line) <= _MAX_SHORT_CELL else "", cell.rows - 1)
        lines.append(line)
        column += cell.columns
    take_above()
    return lines


def _belongs_together(row: list[_Cell]) -> bool:
    """Whether the cells of a row are data that belong together, such as a date and its event."""
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
    """The open blocks and text of one place: the letter, a cell or a text box."""

    blocks: list[MarkdownBlock] = field(default_factory=list)
    runs: list[tuple[str, Style]] = field(default_factory=list)
    prefix: str = ""


class MarkdownWriter:
    """Builds blocks from text and the ends of paragraphs, given in the order of the letter.

    Each cell and each text box has a frame of its own, because it stands inside a paragraph or a
    table that continues after it.
    """

    def __init__(self) -> None:
        self._frames = [_Frame()]

    def text(self, text: str, style: Style = PLAIN) -> None:
        """Add text to the open paragraph; hidden text is left out."""
        if text and not style.hidden:
            self._frames[-1].runs.append((text, style))

    def start_block(self, prefix: str = "") -> None:
        """End the open paragraph and start another one.

        :param prefix: as in :class:`MarkdownBlock`.
        """
        self.end_block()
        self._frames[-1].prefix = prefix

    def end_block(self) -> None:
        """End the open paragraph. A paragraph without words leaves its prefix to the next one."""
        frame = self._frames[-1]
        if frame.runs:
            text = _written(frame.runs, in_heading=frame.prefix.startswith("#"))
            frame.runs = []
            if text:
                frame.blocks.append(MarkdownBlock(frame.prefix, text))
                frame.prefix = ""

    def drop_prefix(self) -> None:
        """End the open paragraph. The text that follows does not belong to its heading or item."""
        self.end_block()
        self._frames[-1].prefix = ""

    def start_frame(self) -> None:
        """Start a frame for a cell or a text box."""
        self._frames.append(_Frame())

    def end_frame(self) -> list[MarkdownBlock]:
        """End the innermost frame and return its blocks."""
        self.end_block()
        return self._frames.pop().blocks

    def add_blocks(self, blocks: list[MarkdownBlock]) -> None:
        """Add the blocks of a frame or a table after the open paragraph, which ends."""
        self.end_block()
        self._frames[-1].blocks += blocks

    def letter(self) -> str:
        """Return the text of the letter; frames that are still open end."""
        while len(self._frames) > 1:
            self.add_blocks_of_frame()
        self.end_block()
        return joined(self._frames[0].blocks)

    def add_blocks_of_frame(self) -> None:
        """End the innermost frame and add its blocks to the frame around it."""
        self.add_blocks(self.end_frame())


def _written(runs: list[tuple[str, Style]], *, in_heading: bool) -> str:
    """Return the text of a paragraph, trimmed; marks enclose words, never white space."""
    merged: list[tuple[str, Style]] = []
    for text, style in _without_extra_spaces(runs):
        if in_heading:
            style = style._replace(bold=False)
            text = text.replace("\n", " ")
        # White space takes the style of the text before it; otherwise « 17 mai » in bold would
        # become « **17** **mai** ».
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
    """Return *text* with the marks of its style around the words of each paragraph."""
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
    """Yield the runs with single spaces, also where one run ends and the next one starts."""
    after_space = True
    for text, style in runs:
        text = re.sub(r" {2,}", " ", text)
        if after_space:
            text = text.lstrip(" ")
        if text:
            after_space = text[-1] in " \n"
            yield text, style
