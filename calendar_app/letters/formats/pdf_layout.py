"""The text of a PDF page with what its look says: headings by size and weight, tables by position,
dates that a line strikes out.

pypdf gives the text in pieces, each with its place, size and font, in the order of the file. Where
pieces stand side by side in rows, they are the cells of a table; the rest of the text stays as
pypdf orders it, which follows the columns of a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypdf import PageObject

#: How far apart, in points, two things may be that stand on one line or under each other.
_SAME = 3.0
#: Lines of one cell follow each other within this many times their size.
_LINE_STEP = 1.7
#: A gap of at least this many times the size of the letters separates two cells.
_GAP = 1.5
#: A heading is larger than the body of the text by this factor, and no longer than this.
_LARGER, _HEADING_LENGTH = 1.2, 120
#: Letters in bold need less.
_LARGER_BOLD = 1.08
#: The level of a heading that only its weight marks.
_BOLD = 3
#: The share of the characters that the body of a text has; in a poster no size is the body.
_BODY = 0.5
#: How many cells, lines and strokes of a page are read, so that a hostile page takes linear time.
_MOST_CELLS, _MOST_STROKES = 12, 2_000
#: Widths of letters, in parts of their size.
_NARROW, _WIDE = frozenset("iljtfrI.,;:!'’|()[] "), frozenset("mwMW@—…")


@dataclass(slots=True)
class Piece:
    """A piece of text as it is drawn. Places and sizes are in points, from the lower left corner.

    :param text: as pypdf gives it, with the line break or the space before it.
    """

    text: str
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    bold: bool = False
    struck: bool = False

    @property
    def words(self) -> str:
        return self.text.strip()

    @property
    def end(self) -> float:
        """About where its last letter ends."""
        width = sum(0.28 if c in _NARROW else 0.85 if c in _WIDE else 0.54 for c in self.words)
        return self.x + width * self.size


@dataclass(slots=True)
class Cell:
    """Pieces under and beside each other that may be one cell of a table."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def x(self) -> float:
        return self.pieces[0].x

    @property
    def top(self) -> float:
        return self.pieces[0].y

    @property
    def words(self) -> str:
        return " ".join(_shown(piece) for piece in self.pieces).replace("|", "/")


def page_pieces(page: PageObject) -> list[Piece]:
    """Return the pieces of a page in the order of the file; joined, they are its text."""
    found: list[Piece] = []
    strokes: list[tuple[float, float, float]] = []

    def keep(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        if text:
            x, y = _placed(cm, tm[4], tm[5])
            scale = abs(tm[3] * cm[3]) or abs(tm[1] * cm[2]) or 1.0
            name = str(font.get("/BaseFont", "")) if isinstance(font, dict) else ""
            found.append(Piece(text, x, y, round(size * scale, 1), _is_bold(name)))

    def draw(operator: Any, operands: Any, cm: Sequence[float], tm: Sequence[float]) -> None:
        if operator == b"re" and len(operands) == 4 and len(strokes) < _MOST_STROKES:
            x, y, width, height = (float(number) for number in operands)
            if abs(height * cm[3]) < 2 < abs(width * cm[0]):
                left, level = _placed(cm, x, y + height / 2)
                strokes.append((left, level, left + width * cm[0]))

    page.extract_text(visitor_text=keep, visitor_operand_before=draw)
    _strike(found, strokes)
    return found


def _placed(cm: Sequence[float], x: float, y: float) -> tuple[float, float]:
    """Return a place of the text on the page."""
    return x * cm[0] + y * cm[2] + cm[4], x * cm[1] + y * cm[3] + cm[5]


def _is_bold(font: str) -> bool:
    return any(word in font.lower() for word in ("bold", "black", "heavy", "semibold", "demi"))


def _strike(pieces: Sequence[Piece], strokes: Sequence[tuple[float, float, float]]) -> None:
    """Mark the pieces that a stroke crosses in the middle of their letters."""
    levels: dict[int, list[tuple[float, float, float]]] = {}
    for stroke in strokes:
        levels.setdefault(round(stroke[1] / 4), []).append(stroke)
    for piece in pieces:
        middle = piece.y + 0.3 * piece.size
        near = (levels.get(round(middle / 4) + step, ()) for step in (-1, 0, 1))
        piece.struck = bool(piece.words) and any(
            left <= piece.x + _SAME
            and right >= piece.x + 0.8 * (piece.end - piece.x)
            and abs(level - middle) < 0.2 * piece.size
            for strokes_near in near
            for left, level, right in strokes_near
        )


def _shown(piece: Piece) -> str:
    return f"~~{piece.words}~~" if piece.struck else piece.words


# -- tables ----------------------------------------------------------------------------------------


def with_tables(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces, with the pieces of each table as one piece of Markdown rows."""
    cells = list(_cells(pieces))
    rows: list[list[Cell]] = []
    at = 0
    while at < len(cells):
        row = _row(cells, at)
        if len(row) > 1 and (not rows or abs(row[0].x - rows[0][0].x) < _SAME):
            rows.append(row)
        else:
            yield from _table(rows)
            rows = [row] if len(row) > 1 else []
            if len(row) < 2:
                yield from cells[at].pieces
        at += len(row)
    yield from _table(rows)


def _cells(pieces: Sequence[Piece]) -> Iterator[Cell]:
    """Yield the cells of a page: pieces that follow each other on a line, or line under line.

    A line break of pypdf alone belongs to no cell; it is added to the piece after it.
    """
    cell: Cell | None = None
    blank = ""
    for piece in pieces:
        if not piece.words:
            blank += piece.text
            continue
        piece.text, blank = blank + piece.text, ""
        last = cell.pieces[-1] if cell else None
        if cell and last and (_goes_on(last, piece) or _is_under(cell, last, piece)):
            cell.pieces.append(piece)
            continue
        if cell:
            yield cell
        cell = Cell([piece])
    if cell:
        yield cell


def _goes_on(last: Piece, piece: Piece) -> bool:
    """Whether a piece goes on with the line of the piece before it."""
    if abs(piece.y - last.y) > _SAME or piece.x < last.x:
        return False
    return piece.x - last.end < max(_GAP * piece.size, 0.1 * (last.end - last.x))


def _is_under(cell: Cell, last: Piece, piece: Piece) -> bool:
    """Whether a piece is the next line of a cell."""
    step = last.y - piece.y
    return abs(piece.x - cell.x) < _SAME and 0 < step <= _LINE_STEP * max(piece.size, 1)


def _row(cells: list[Cell], at: int) -> list[Cell]:
    """Return the cells of a row that starts with a cell; the cell alone when it starts none.

    Lines of a paragraph right above the row are split from its first cell.
    """
    row = [cells[at]]
    for cell in cells[at + 1 : at + _MOST_CELLS]:
        if cell.x <= row[-1].x + _SAME:
            break
        if abs(cell.top - row[0].top) > _SAME:
            above = [p for p in row[0].pieces if p.y > cell.top + _SAME]
            beside = [p for p in row[0].pieces if abs(p.y - cell.top) <= _SAME]
            if len(row) > 1 or not above or not beside:
                break
            rest = row[0].pieces[len(above) :]
            cells[at : at + 1] = [Cell(above), Cell(rest)]
            return [cells[at]]
        row.append(cell)
    return row


def _table(rows: Sequence[list[Cell]]) -> Iterator[Piece]:
    """Yield the rows as one piece when they are a table: two at least."""
    if len(rows) < 2:
        for row in rows:
            for cell in row:
                yield from cell.pieces
        return
    columns = [cell.x for cell in max(rows, key=len)]
    lines = []
    for row in rows:
        said = [""] * len(columns)
        for cell in row:
            column = max((n for n, x in enumerate(columns) if x <= cell.x + _SAME), default=0)
            said[column] = f"{said[column]} {cell.words}".strip()
        lines.append(f"| {' | '.join(said)} |")
    yield Piece("\n\n" + "\n".join(lines) + "\n\n")


# -- headings --------------------------------------------------------------------------------------


def body_size(pages: Iterable[Sequence[Piece]]) -> float | None:
    """Return the size of most letters of a text, in points; None when no size has most of them."""
    sizes: Counter[float] = Counter()
    for pieces in pages:
        for piece in pieces:
            sizes[piece.size] += len(piece.words)
    if not sizes:
        return None
    size, letters = sizes.most_common(1)[0]
    return size if letters >= _BODY * sum(sizes.values()) else None


def marked_text(pieces: Iterable[Piece], body: float | None) -> str:
    """Return the text of pieces, with « ## » before each line whose look is that of a heading.

    :param body: the size of the body of the text, in points, or None when it has none.
    """
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *more = piece.text.split("\n")
        lines[-1].append(_with_text(piece, first))
        lines += [[_with_text(piece, part)] for part in more]
    result: list[str] = []
    last = 0
    for line in lines:
        said = "".join(
            piece.text.replace(piece.words, _shown(piece)) if piece.struck else piece.text
            for piece in line
        )
        level = _level(line, said, body, last) if body else 0
        if level and level == last:
            result[-1] += f" {said.strip()}"  # a heading of several lines
        else:
            result.append(f"{'#' * level} {said.strip()}" if level else said)
        last = level
    return "\n".join(result)


def _with_text(piece: Piece, text: str) -> Piece:
    return Piece(text, piece.x, piece.y, piece.size, piece.bold, piece.struck)


def _level(line: Sequence[Piece], said: str, body: float, last: int) -> int:
    """Return the level of the heading that a line is, from 1, or 0 for another line.

    :param last: the level of the line before it.
    """
    told = [piece for piece in line if piece.words]
    said = said.strip()
    if not told or len(said) > _HEADING_LENGTH or said.startswith("|"):
        return 0
    if sum(map(str.isalpha, said)) < 3 or said.endswith((".", ";", ",", ":")):
        return 0
    least = min(piece.size for piece in told)
    bold = all(piece.bold for piece in told)
    if least >= (_LARGER_BOLD if bold else _LARGER) * body:
        return 1 if least >= 1.7 * body else 2
    # A date in bold is no heading; another line in bold is one, and what goes on with it.
    plain = last != _BOLD and any(map(str.isdigit, said))
    return _BOLD if bold and not plain and least >= 0.95 * body else 0
